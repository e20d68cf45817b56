// Chinese texts of lists: filters, kept views, one command for many tickets, files, the dispatcher's pool.
export default {
  lists: {
    more: '更多筛选', clear: '清除筛选', level: '主办工会级别', card: '黄牌/红牌', channel: '来源', other: '自定义条件', dropOther: '去掉自定义条件', dropUnion: '去掉工会条件',
    empty: '现在没有未结的工单。', emptyCut: '没有符合条件的工单。减少筛选条件，或点“清除筛选”再看。', stale: '更新失败，显示的是先前的内容：{problem}', failed: '没有读到工单：{problem}',
    choose: '选择 {number}', chooseAll: '选择已显示的全部工单',
    export: '导出', exportWhat: '按现在的筛选条件导出全部结果。导出会留下记录；文件不含诉求人姓名和号码。', exporting: '正在生成文件…',
    levelValues: { province: '省级', city: '市级', county: '区县级', town: '乡镇（街道）级', village: '村（社区）级', enterprise: '用人单位' },
    cardValues: { yellow: '有黄牌', red: '有红牌' },
    channelValues: { phone: '电话', operator: '话务员登记', voicemail: '语音留言', web: '网上', sms: '短信', walk_in: '来访', letter: '来信', union_phone: '工会自有电话', partner: '协作单位', upper_12351: '上级12351转来', line_12345: '12345转来', line_12348: '12348转来', inspection: '劳动监察转来' },
    stateValues: { closed: '已办结', answered: '已直接答复', declined: '不予受理', void: '无效', merged: '已合并', withdrawn: '已撤回', terminated: '已终止', archived: '已归档' },
    keys: { search: '搜索工单' },
  },
  views: {
    title: '保存的列表', own: '我的', shared: '共享给我的', changed: '（已改动）', keep: '保存', rename: '改名', drop: '删除', name: '名称', share: '共享给', nobody: '不共享，只给自己', replaces: '与已有的列表同名时，会替换它。', sure: '删除列表“{name}”？工单不受影响。',
    role: { operator: '话务员', callback_operator: '回访员', counsellor: '心理老师', lawyer: '律师', dispatcher: '派单员', supervisor: '值班长', duty_leader: '带班领导', inspector: '质检员', auditor: '审计员' },
  },
  pool: {
    title: '派单池', tabs: { returned: '已退单', objected: '派单异议', unroutable: '待人工派单' }, about: { returned: '签收前首次退回的工单：核对理由，改派或退回原工会。', objected: '签收后附证据退回、或裁定后再次退回的工单：须看证据裁定，再次退回的裁定为终局。', unroutable: '没有规则可匹配、由人转来或重办的工单。' },
    empty: { returned: '没有退回的工单。', objected: '没有待裁定的派单异议。', unroutable: '没有等待人工派单的工单。' }, count: '{n}', more: '{n}+', list: '派单池工单', choose: '从左边选择一张工单', bulk: '在工单列表中批量派单', openTicket: '查看工单', stale: '更新失败，显示的是先前的内容：{problem}',
    returnedBy: '{union} 退单：{reason}', suggests: '建议转派：{union}', basis: '依据', evidence: '证据', final: '终局裁定', hardCase: '疑难工单，须先由带班领导指定包案领导', waits: '等待派单员选择工会', noMatch: '没有可推荐的工会：{reason}',
    decide: '裁定', upheld: '异议成立，改派', denied: '异议不成立，退回{union}', agree: '同意退单：{reason}', to: '派往', suggestion: '退单工会建议', reason: '裁定理由', why: '不按推荐的理由', send: '派单', sendDenied: '退回原工会', next: '下一张', previous: '上一张', done: '{number} {state}', previewFailed: '不能派往这个工会：{problem}',
  },
  seal: { open: '启封密件', what: '启封后一小时内可以查阅这张密件。启封和理由会留下记录，并立即告知其他领导和审计。', maybe: '没有这张工单，或者它是密件。如果确有必要，可以启封。', opened: '已启封，{until} 自动关闭' },
  statutes: { title: '法定时效', left: '剩 {n} 天', over: '已过 {n} 天', day: '自 {from}（{why}）至 {to}' },
  before: { report: '工会反馈的结果', attempts: '以前的回访', none: '还没有拨过' },
  bulk: {
    title: '批量操作', chosen: '已选 {n} 张', nudge: '批量催办', dispatch: '批量派单', clear: '取消选择', busy: '正在逐张办理…', done: '成功 {n} 张', failed: '，{n} 张没有成功，原因见各行，仍保持选中', each: '将对选中的 {n} 张工单逐张办理，每张各有结果。', recommended: '各派往推荐的工会', one: '都派往同一个工会', broken: '没有全部送达，未办的仍保持选中：{problem}',
  },
}
