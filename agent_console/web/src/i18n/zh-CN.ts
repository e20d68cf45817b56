// Chinese: what users read unless they chose otherwise.
import inbox from './inbox.zh-CN'
import kb from './kb.zh-CN'
import core from './core.zh-CN'
import desk from './desk.zh-CN'
import admin from './admin.zh-CN'
import carrier from './carrier.zh-CN'
import lists from './lists.zh-CN'
import partners from './partners.zh-CN'
import reports from './reports.zh-CN'
import phone from './phone.zh-CN'
import voice from './voice.zh-CN'
import worker from './worker.zh-CN'

export default {
  ...inbox,
  ...kb,
  ...partners,
  ...reports,
  ...core,
  ...desk,
  ...voice,
  ...admin,
  ...carrier,
  ...lists,
  ...phone,
  ...worker,
  app: { name: '12351 工会服务职工热线', close: '关闭', notices: '通知', offline: '网络已断开，恢复后会自动重连；未保存的内容留在页面上', pages: '页面', skip: '跳到正文' },
  page: { reports: '报表', wallboard: '大屏', sla: '时限看板', partnerEvents: '未送达', workbench: '工作台', tickets: '工单', ticket: '工单', callbacks: '回访', returnCalls: '回电', floor: '现场', inbox: '收件箱', phone: '测试电话', signIn: '登录', notFound: '没有这个页面', users: '账号', link: '工单链接', password: '修改口令', knowledge: '知识库', quality: '质检', admin: '管理' },
  signIn: { name: '账号', password: '口令', enter: '登录', out: '退出' },
  notFound: { title: '没有这个页面', text: '地址可能有误，或者内容已经移走。', home: '回到首页' },
  state: { empty: '这里还没有内容', error: '没有读到内容', loading: '正在读取…', noMatch: '没有匹配的项目', offline: '连不上服务器，请检查网络后重试', retry: '重试' },
  day: { today: '今天', tomorrow: '明天', yesterday: '昨天' },
  span: { dh: '{d}天{h}小时', hm: '{h}小时{m}分', ms: '{m}分{s}秒' },
  keys: {
    title: '快捷键', on: '启用快捷键', sheet: '显示快捷键', submit: '提交',
  },
  presence: {
    mine: '我的状态', unknown: '未知', goReady: '示闲', ready: '示闲', not_ready: '示忙', on_break: '小休', offline: '离线',
  },
  call: { bar: '通话', mute: '静音', unmute: '取消静音', hold: '保持', unhold: '取回', hangUp: '挂断' },
  conversation: {
    in_menu: '语音菜单', waiting: '排队中', offered: '接通中', connected: '通话中', on_hold: '保持中', consulting: '咨询中', in_voicemail: '留言中', in_survey: '评价中', ended: '已结束',
  },
  line: { waiting: '等待 {n}', longest: '最长 {time}' },
  offer: {
    title: '来电：{line}', announce: '{line}有来电，号码{from}', answer: '接听', decline: '拒接', left: '剩 {s} 秒', waited: '已等 {s} 秒',
  },
  outcome: {
    title: '登记通话结果', first: '这通电话还没有登记结果，请先登记', none: '请登记这通电话的结果', orTicket: '这通电话没有工单：请登记结果，或者开工单', recorded: '已登记：{outcome}（可以改）', blank: '工单还没有填写。如果不需要工单，请选择原因，草稿将标为无效', note: '备注（选填）', openTicket: '开工单',
    value: { answered: '已当场解答', query_only: '仅查询', wrong_number: '打错', silent: '无声', prank: '骚扰', test: '测试' },
  },
  wrapUp: { left: '话后整理 剩 {time}', extend: '延长', finish: '示闲' },
  device: { off: '话机未连接', connecting: '话机连接中', registered: '话机就绪', ringing: '话机振铃', talking: '通话中', refused: '话机被拒绝，请重新登录' },
  talk: { title: '通话字幕', log: '字幕', say: '说', placeholder: '输入您说的话，回车发送', machine: '系统', operator: '话务员', caller: '来电人', note: '提示' },
  caller: { title: '来电', none: '没有来电', path: '按键', said: '说', open: '未结工单 {n}', month: '近30天 {n} 次', noMessages: '已退订短信，请口头告知查询码', history: '历史' },
  workbench: { noCall: '接听来电后，工单草稿会出现在这里。请先把状态设为示闲。', coming: '正在接通电话，请稍候' },
  draft: {
    clean: '未修改', dirty: '有未保存的修改', saving: '正在保存…', saved: '已保存 {time}', offline: '没有网络，恢复后自动保存', conflict: '与他人的修改冲突，请选择', refused: '没有保存：{problem}',
  },
  conflict: {
    title: '有人同时修改了这些内容', changed: '内容已被他人修改，请核对后再提交', field: '项目', mine: '我的', theirs: '对方的', seen: '我看到的', now: '现在的', keepMine: '用我的', takeTheirs: '用对方的', empty: '（空）', again: '按现在的内容再提交',
  },
  field: {
    category: '诉求类别', secondary_categories: '次要类别', nature: '性质', urgency: '紧急程度', headcount: '涉及人数', amount: '金额（元）', amount_cents: '金额（元）', amount_state: '款项状态', payment_on: '付款日期', caller_name: '称呼', member_card_no: '会员服务卡号', caller: '诉求人', wish: '诉求（一句话）', text: '情况说明', employers: '用人单位', region_code: '地区', confidentiality: '保密', disclosure: '可告知身份', contact_mode: '联系方式', callback_wanted: '需要回访', accused_union_ids: '被投诉工会', reason: '理由', reason_code: '原因', basis: '依据', union_id: '工会', override_reason: '不按推荐的理由', due_at: '期限', upheld: '异议成立', handler_id: '主办人', deputy_id: 'B岗', at: '时间', means: '方式', outcome: '结果', true_claim: '诉求属实', done: '办理情况', solved: '是否解决', reply_text: '答复内容', approved: '通过', reached: '已接通', satisfied: '满意程度', answer: '答复', knowledge_id: '知识条目', route_told: '已告知的途径', parent_number: '并入的工单号', missing: '需要补充什么', reference: '文书或案号', version: '版本', state: '状态', evidence: '证据', caller_told: '已告知诉求人', difficulty: '难度', procedure: '法定程序', begins_on: '起算日', leader_id: '包案领导', letter_kind: '函件种类', letter_id: '函件', addressee: '收函单位', paid_on: '到账日期', petition_kind: '信访种类', article: '第三十一条第几项（申诉求决）', signed_on: '签署日期', pending_note: '不等协办反馈的说明', instalments: '分期付款', linked: '后续工单', money_received: '款项已到账', caller_id: '哪位诉求人', dual_dispatch: '双派单',
  },
  commandField: {
    withdraw: { reason: '诉求人的撤回意愿（原话）', means: '以何种方式表示' },
    add_co_handler: { union_id: '请哪个工会协办' },
    remove_co_handler: { union_id: '撤销哪个工会的协办' },
    sign_for: { text: '谁以语音签收', at: '签收时间' },
    petition: { reference: '书面告知文号', at: '告知时间', reason: '复查理由' },
    petition_agency: { handler_id: '代理人', reference: '委托书文号' },
    send_letter: { text: '函件内容', due_at: '要求回复的期限' },
    record_reply: { text: '回复内容' },
    report_result: { reference: '信访处理意见书文号' },
    request_extension: { due_at: '延期至' },
    return_ticket: { union_id: '建议转派的工会' },
    record_callback: { text: '回访记录' },
    add_progress: { text: '进展' },
    record_first_contact: { text: '联系情况', at: '联系时间' },
  },
  urgency: { P0: '特急', P1: '紧急', P2: '一般', P3: '咨询' },
  confidentiality: { open: '公开', confidential: '对单位保密', anonymous: '匿名' },
  disclosure: { none: '不告知', union: '可告知工会', employer: '可告知单位' },
  contactMode: { phone: '电话', query_code: '仅凭查询码', anonymous: '不联系' },
  region: { any: '请选择', 0: '省', 1: '市', 2: '县（区）', 3: '街道（乡镇）' },
  form: {
    title: '工单草稿', addRow: '加一行', removeRow: '删除这一行', optional: '选填', optionalMark: '（选填）', yes: '是', no: '否', choose: '请选择', wishPlaceholder: '例如：要回三个月工资', categoryPlaceholder: '选择诉求类别', unionPlaceholder: '输入工会名称查找', adoptCategory: '采用建议的类别', adoptUrgency: '采用建议的紧急程度', suggestCategory: '建议：{words} → {name}', suggestUrgency: '建议 {urgency}：{reasons}', crisis: '可能的危机用语：{words}。请立即关注并由人工确认', employerName: '用人单位名称', employerPlaceholder: '输入名称查找，或直接填写', employerUnknown: '不清楚用人单位', noUnion: '未建工会', openTickets: '未结 {n} 件', group: '集团', maybeCollective: '可能是群体诉求', uscc: '统一社会信用代码', missing: '还缺：{fields}', dispatch: '派单', toPool: '转人工派单', directAnswer: '直接答复', void: '无效来电', done: '{number} {state}', write: '填写工单', inPool: '{number} 已转人工派单', tellQuery: '请告知来电人查询号', openTicket: '查看工单',
  },
  attachment: {
    title: '附件与证据', none: '还没有附件', add: '添加照片、录音或文件（每个最大10MB）', forUnion: '工会可见', release: '提供给工会', remove: '移除', why: '移除的理由', removeConfirm: '确认移除', again: '重新发送',
    by: { user: '工作人员', caller: '诉求人', partner: '协作单位', machine: '系统' },
  },
  recording: { voicemail: '语音留言', conversation: '通话录音', seconds: '{n}秒', logged: '播放会留下记录', coming: '录音正在取回' },
  dispatch: {
    title: '派单', ranked: '推荐的工会', recommended: '推荐', load: '在办 {n} 件', duty: '在岗：{names}', noDuty: '现在无人在岗', signDue: '签收截止', resolveDue: '办结截止', excluded: '已回避 {n} 个工会', other: '改派其他工会', why: '不按推荐的理由', preview: '对方将看到', withheld: '不提供：{fields}', confirm: '确认派单',
  },
  command: {
    sure: '确认“{name}”？', offline: '没有网络，内容仍在这里，恢复后请再提交', dispatch: '派单', accept: '受理', void: '无效来电', direct_answer: '直接答复',
  },
  choice: {
    silent: '无声', wrong_number: '打错', prank: '骚扰', test: '测试', query_only: '仅查询', wrong_region: '不属本地区', wrong_union: '应由其他工会办理', not_union_matter: '不属工会职责', duplicate: '重复工单', recusal: '需要回避', incomplete: '信息不全', other: '其他', phone: '电话', visit: '上门', message: '短信', site_check: '现场核查', reached: '已联系上', no_answer: '无人接听', solved: '已解决', partly: '部分解决', unsolved: '没有解决', promised: '承诺支付', paid: '已支付', instalments: '分期支付', satisfied: '满意', basically: '基本满意', dissatisfied: '不满意', caller_refuses: '诉求人不配合', statutory_procedure: '已进入法定程序', difficult: '疑难', very_complex: '特别复杂', reminder_letter: '提示函', opinion_letter: '意见书', recommendation_letter: '建议书', suggestion: '建议意见', report: '检举控告', claim: '申诉求决', arbitration_acceptance: '仲裁委受理决定', arbitration_award: '仲裁裁决', arbitration_award_extended: '仲裁裁决（延长）', lawsuit: '起诉', injury_decision: '工伤认定决定', injury_decision_clear: '工伤认定决定（事实清楚）', inspection_case: '劳动监察办结', inspection_case_extended: '劳动监察办结（延长）', legal_aid_decision: '法律援助审查',
  },
  sla: {
    none: '无时限', left: '{label} 剩{span}', late: '{label} 已超{span}', next: '下一步：{step}', running: '进行中', paused: '已暂停', met: '按时完成', missed: '超时完成', cancelled: '已取消', card: { yellow: '黄牌', red: '红牌' },
  },
  list: {
    all: '全部', due: '时限', number: '工单号', state: '状态', bucket: '范围', urgency: '紧急程度', people: '{n}人', filter: '筛选', search: '工单号、查询号或关键词', mine: '只看我的', more: '加载更多', empty: '没有符合条件的工单',
    bucketValues: { open: '未结', closed: '已结', all: '全部' },
    dueValues: { overdue: '已超时', '15m': '15分钟内', '1h': '1小时内', today: '今天' },
    stateValues: { draft: '草稿', pending_dispatch: '待派单', dispatched: '待签收', in_progress: '办理中', returned: '已退单', awaiting_caller: '待补充', suspended: '已挂起', reported: '待审核', pending_callback: '待回访', reopened: '重办' },
  },
  ticket: { nothingToDo: '现在没有您要做的', notNow: '现在不能做的（{n}）',
    facts: '基本情况', actions: '操作', clocks: '时限', handlings: '经办工会', handler: '主办', deputy: 'B岗', timeline: '时间线', calls: '通话', leadUnion: '主办工会', noCategory: '未分类', sealed: '密件', supervised: '督办', queryNumber: '查询号', outcome: '结果', watchers: '正在查看：{names}',
  },
  beside: { title: '相关事项', hardCase: '疑难工单', leader: '包案领导：{name}', noLeader: '尚未指定包案领导', article: '第三十一条第{n}项', repeats: '重复来电 {n} 次', received: '已到账 {sum}', answered: '已回复：', answerDue: '回复截止' },
  handlingRole: { lead: '主办', co: '协办' },
  relation: { origin: '来电', nudge: '催办', note: '补充情况', return_call: '回电', callback: '回访' },
  identity: {
    title: '诉求人', relay: '工单联系号', view: '查看身份', viewTitle: '查看诉求人身份', logged: '查看身份会留下记录，请填写理由。', noName: '未留姓名', noPhone: '未留号码',
  },
  callbacks: {
    empty: '现在没有要回访的工单', choose: '从左边选择一件工单', script: '回访用语', attempts: '已拨 {n} 次', record: '保存回访结果', reopen: '退回重办', notSolved: '没有解决，要求重办', back: '返回回访结果',
  },
  returnCalls: {
    label: '回电', due: '待回电', done: '已完成', all: '全部', empty: '没有要回的电话', number: '号码', reason: '原因', since: '自何时起', known: '已知情况', calling: '正在回拨', away: '请先把状态设为示闲或示忙，话机才能回拨', attempts: '已拨', outcome: '结果', note: '备注', call: '回拨', save: '完成',
  },
  returnOutcome: { reached: '已接通', no_answer: '无人接听', wrong_number: '号码有误', refused: '对方拒绝', given_up: '不再回拨' },
  inbox: { back: '返回收件箱', open: '查看' },
  phone: {
    digits: '对方为您按了 {keys}', from: '本机号码', to: '拨打', dial: '拨号', answer: '接听', decline: '拒接', hangUp: '挂断', keys: '按键', star: '星号', hash: '井号', speak: '说的话或留言', say: '说', aloud: '朗读提示音', recording: '录音中', recordingOn: '开始录音', recordingOff: '录音结束', inTalk: '已进入通话', outOfTalk: '通话结束', held: '对方已保持通话', unheld: '通话已恢复', listens: '等待输入', listensKeys: '请按键', listensWords: '请按键或说话', turns: '交互记录', noTurns: '还没有交互',
    state: { offline: '未连接', idle: '空闲', calling: '正在呼叫', ringing: '来电', talking: '通话中' },
    ended: { completed: '通话已结束', busy: '对方忙', no_answer: '无人接听', failed: '呼叫失败', canceled: '呼叫已取消', answered_elsewhere: '已由其他设备接听' },
  },
  guide: {
    title: '参考', ask: '请问清', papers: '可准备的材料', sealed: '密件：只登记必要内容，不复述，不外传', source: '常用问询要点，仅供参考；以法律法规和当地规定为准。',
    any: { ask: ['发生了什么，什么时候', '在哪里，涉及哪个单位', '希望得到什么帮助'], papers: [] },
    '01': { ask: ['欠了几个月，共多少钱', '涉及多少人', '单位名称和工地地点', '最后一次发工资的时间', '是否已离职，何时离职'], papers: ['工资条或转账记录', '考勤记录', '聊天记录', '劳动合同'] },
    '02': { ask: ['是否签了合同', '单位怎么通知的，什么理由', '入职和离职时间', '希望恢复关系还是补偿'], papers: ['劳动合同', '解除通知', '工资记录'] },
    '03': { ask: ['每周工作多少小时', '是否安排调休', '从何时开始'], papers: ['考勤记录', '排班表'] },
    '04': { ask: ['是否参保，从何时断缴', '受伤时间、地点和经过', '是否已申请工伤认定'], papers: ['诊断证明', '劳动关系证明', '证人联系方式'] },
    '05': { ask: ['现在是否有人有危险', '具体位置', '隐患是什么，持续多久'], papers: ['照片或视频'] },
    '06': { ask: ['是否安全，是否方便说话', '发生了什么', '希望怎样联系'], papers: ['聊天记录', '就诊记录'] },
    '09': { ask: ['参加了哪项互助', '就诊时间和医院', '是否已提交申请'], papers: ['身份证明', '出院小结', '发票和费用清单'] },
    '10': { ask: ['先倾听，不评判', '现在是否安全，身边是否有人', '是否愿意与心理老师通话'], papers: [] },
  },
}
