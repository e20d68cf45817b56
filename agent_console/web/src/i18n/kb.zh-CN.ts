// Chinese texts of the knowledge base and of quality checks.
export default {
  knowledge: {
    title: '知识库', search: '搜索标题、正文、法律名称，每个词至少两个字', find: '搜索', none: '没有符合的条目。换个词，或去掉类别再试。', choose: '从左边选一条', write: '新建条目', anyCategory: '全部类别', stale: '只看须复核的', state: '状态',
    states: { published: '已发布', proposed: '待发布', draft: '未发布', withdrawn: '已撤下' }, versionStates: { proposed: '待发布', published: '已发布', refused: '已退回', replaced: '被新稿取代' },
    national: '全国', proposedChip: '有待发布的稿件', laws: '法律依据', law: '《{law}》{article}', ask: '请问清', evidence: '证据和材料', body: '正文', source: '来源', validity: '有效期', always: '长期', from: '自 {day}', to: '至 {day}', reviewed: '上次复核 {day}', version: '第 {n} 版', never: '从未复核',
    banner: { not_yet: '本条尚未生效，不能引用。', ended: '本条已过有效期，不能引用，只供了解过去的规定。', unreviewed: '本条久未复核，引用前请核对现行规定。' },
    oldVersion: '您看到的是第 {n} 版，现在发布的是第 {current} 版。', notCurrent: '您看到的是第 {n} 版，本条已撤下。', showCurrent: '看现在的版本', withdrawn: '已撤下：{reason}',
    edit: '修订', code: '编号（字母、数字、连字符）', articleTitle: '标题', categories: '适用类别（不选则适用全部）', region: '地区（行政区划代码前缀，空为全国）', lawsInput: '法律依据，每行一条：法律名称 空格 条文号', askInput: '要问的问题，每行一个', evidenceInput: '证据和材料，每行一项', validFrom: '生效日期', validTo: '失效日期', propose: '提交待发布', cancel: '不改了', lawLine: '第 {line} 行应为“法律名称 条文号”',
    history: '版本', proposal: '待发布的稿件', see: '看稿件', publish: '发布', refuse: '退回', reason: '理由', own: '自己写的稿件须由他人发布', confirm: '通读过，仍然有效', withdraw: '撤下', importFile: '导入文件', export: '导出全部', importing: '将新增 {created} 条，更新 {updated} 条，未变 {unchanged} 条。导入后须由他人逐条发布。', imported: '已提交 {created} 条新增、{updated} 条更新，待发布。', doImport: '确认导入', line: '第 {line} 行：{why}',
    column: '知识', from_article: '来自《{title}》', more: '在知识库中查找', pick: '引用的知识条目', pickFind: '按词查找', noneFits: '没有找到；可引用“没有对应条目时怎样答复”', cited: '答复依据', citedOld: '条目现为第 {n} 版', citedGone: '条目已撤下', saved: '已保存',
  },
  quality: {
    title: '质检', tabs: { samples: '评分', results: '我的质检', appeals: '申诉复核', figures: '统计' }, draw: '抽取', first: '起', last: '止', drawHint: '按工单号抽取，比例见配置；密件不抽；重复抽取不会增加。', drawn: '看了 {looked} 张已办结的工单，新抽到 {drawn} 张。', none: '没有待评的工单。选日期后点“抽取”。', noResults: '还没有质检结果。', noAppeals: '没有待复核的申诉。', noFigures: '这段时间没有评分。', choose: '从左边选一张',
    states: { open: '待评', scored: '已评', appealed: '已申诉', settled: '已复核' }, subject: '话务员', ended: '结束于', drawnAt: '抽取于', calls: '录音', noCalls: '这张工单没有可听的录音。', points: '{given} / {weight} 分', remark: '评语', itemRemark: '{name}：说明', vetoes: '一票否决', fact: '事实', total: '合计 {total} 分', submit: '提交评分', openTicket: '看工单',
    by: '质检员 {name}', sheet: '{title}（{version}）', given: '原评 {total} 分', vetoed: '一票否决', until: '可申诉至', appeal: '申诉', appealReason: '申诉理由', appealOnce: '每次评分只能申诉一次。', appealed: '申诉：{reason}', waiting: '等待复核', upheld: '申诉成立', denied: '申诉不成立', decide: '复核', decision: '复核意见', newTotal: '新分数', uphold: '成立', deny: '不成立',
    columns: { name: '姓名', scored: '评分数', average: '平均分', vetoes: '一票否决', appeals: '申诉', upheld: '申诉成立' }, done: '已提交', filter: '状态', all: '全部',
  },
}
