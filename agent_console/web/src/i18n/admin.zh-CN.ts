// Chinese texts of administration.
export default {
  admin: {
    title: '管理', sections: '管理项目',
    section: { calendar: '日历', sla: '时限', routing_rules: '派单规则', categories: '诉求类别', flows: '语音流程', messages: '短信与警示语', readings: '播报内容', import: '工会与单位导入', people: '岗位、请假与排班' },
    flow: { day: '日间', night: '夜间', full: '线路占满', blocked: '已拦截', followup: '自动回访', 'parts~exits': '共用：出口', 'parts~care': '共用：心理关怀', 'parts~progress': '共用：查进度' },
    sheets: { unions: '工会', employers: '用人单位', service_points: '服务点', court_districts: '法院片区', employer_ties: '关联人员', posts: '岗位', absences: '请假', rosters: '排班' },
    column: { code: '代码', name: '名称', union_code: '工会代码', service_point_code: '服务点代码', holder: 'A岗账号', deputy: 'B岗账号', user: '账号', begins_at: '开始', ends_at: '结束', reason: '原因', phone: '电话', employer_uscc: '单位统一代码', court: '法院', regions: '区划', kind: '种类', region_code: '区划代码', address: '地址', calendar: '日历', skills: '服务', facilities: '设施', open: '开放' },
    textOf: '{label}的内容', line: '第{n}行', reason: '依据或修改原因', check: '检查', publish: '发布', checked: '检查结果', checkedTitle: '第{n}版已通过检查，尚未发布', isPublished: '{label}第{n}版已发布',
    dirty: '已修改', discard: '放弃修改', difference: '与现行版本的差别', noDifference: '与现行版本没有差别', gone: '删去', new: '新增',
    effects: '在办工单{open}张，查看了{looked}项，其中{changed}项会有变化', sample: '会有变化的例子', what: '内容', before: '现在', after: '发布后', route: '推荐工会', adopt: '在办工单的时限也按新规定重算',
    versions: '版本', version: '第{n}版', inForce: '现行', draft: '未发布', restores: '恢复第{n}版', file: '随程序附带的文件', open: '查看', rollBack: '恢复', checkBack: '检查后恢复', published: '{name}发布', until: '用到', numberInForce: '现行第{n}版', fileInForce: '现行：附带的文件',
    tryCase: '试派一件', tryTime: '试算时限', try: '试一试', byDraft: '按修改后', byForce: '按现行', category: '诉求类别', region: '行政区划代码', employer: '用人单位或统一代码', headcount: '人数', consent: '诉求人书面同意不回避', excluded: '排除 {name}：{reason}',
    calendarCode: '日历', start: '开始时间', amount: '数量', unit: '单位', workingDays: '工作日', workingHours: '工作小时',
    draw: '画出流程', drawDraft: '画出修改后的流程', call: '试打', callDraft: '按修改后试打', drawing: '流程图', drawingOf: '流程图 {flow}，文字内容见试打', drawIn: '画在哪个流程里', trial: '试打电话', said: '通话内容', ended: '已挂机', standsAt: '现在：{node}', speak: '来电人说的话', say: '说', silence: '不作声', undo: '退一步', flowUnsound: '流程有错误，请先点“检查”看是哪一行',
    days: '单日调整（放假、调休）', day: '日期', how: '安排', rest: '休息', work: '上班', takeBack: '取消调整', everyCalendar: '全部日历', hours: '时段（可不填）', noDays: '没有单日调整', publishDay: '发布这一天', dayEffects: '在办时限{clocks}个，其中延后{later}个，提前{earlier}个，{overdue}个因此逾期', missingYear: '{year}年放假安排尚未公布或补录', notice: '{year}年放假通知的文号', confirmYear: '已补录完毕', recomputed: '最近一次重算完成：{tickets}张工单，{moved}个时限有变动', recomputing: '正在重算：已完成{tickets}张工单，{moved}个时限有变动',
    download: '导出', fileHint: 'CSV文件（UTF-8或GBK），先检查，不写入', checkFile: '检查文件', import: '导入', wouldImport: '将新增{created}个，更新{updated}个，未变{unchanged}个', imported: '已新增{created}个，更新{updated}个，未变{unchanged}个', noRows: '还没有内容', moreRows: '还有{n}行，请导出查看', edit: '修改', remove: '删除', removeSure: '确认删除', addRow: '新增一行', save: '保存', cancel: '取消',
  },
}
