// 统计报表与大屏的文字。
export default {
  report: {
    title: '统计报表', period: '期间', first: '从', last: '至', days: '{first} 至 {last}', grain: '粒度', save: '下载 XLSX', figures: '各项指标', figure: '指标与定义', total: '合计', before: '上期', change: '变化', numerator: '分子', base: '分母', byColumn: '{name}，按期', name: '名称', cases: '件数', growth: '增长', seconds: '{n} 秒', hidden: '少于5',
    preset: { today: '今天', thisWeek: '本周', lastWeek: '上周', thisMonth: '本月', lastMonth: '上月', quarter: '近三个月', year: '近十二个月', own: '自选日期' },
    grains: { day: '按日', week: '按周', month: '按月' },
    hot: { category: '热点类别', region: '热点地区', employer: '热点用人单位' }, hotNone: '这段时间没有可显示的热点。', open: '{name}：打开 {n} 件工单', tickets: '{name}的工单', noTickets: '没有您可以查看的工单',
    leftOut: '不计入考核的件数', leftOutWhy: '派单有误、经查无依据和依法进入法定程序的，不算工会的分母。', leftOutNone: '这段时间没有。', ofHandling: '派到工会的办理', ofClosed: '办结的工单',
  },
  wall: {
    title: '12351 运行大屏', open: '未结 {n}', openOf: '共未结 {n}', full: '全屏', stale: '数据未更新', waiting: '排队等待', nobody: '无人等待', longest: '最长 {time}', signedIn: '在岗', states: '示闲 {ready} · 通话 {talking}', calls: '今日来电', queued: '请求人工 {n}', answered: '15秒接通', of: '{n} / {of}', received: '今日诉求', overdue: '超时未结', byHour: '今日请求人工（时）', byDay: '近七日工单（日）', hour: '时', day: '日', talked: '接通', abandoned: '弃呼', came: '登记', closed: '办结',
  },
}
