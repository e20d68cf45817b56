// Chinese texts of the board of deadlines.
export default {
  slaBoard: {
    column: { overdue: '已超', '15m': '15 分钟内', '1h': '1 小时内', today: '今天' },
    by: '按', grouping: { union: '工会', category: '类别', handler: '经办人' }, rows: '分组', row: '{name}：只看这一组', all: '全部', none: { union: '未派单', category: '未定类别', handler: '尚无经办人' },
    empty: '今天没有到期的工单。', nothing: '没有', more: '再看 20 张', count: '{n} 张', handler: '经办 {name}', nextStep: '下一步：{step} · {at}', noStep: '没有后续的升级步骤', ladder: '升级步骤', done: '已执行', toCome: '待执行', nudge: '催办', supervise: '督办', of: '{label} {number}', whyNot: '现在不能{label}：{reason}', sent: '{number} 已{label}', changed: '有变化，指针离开看板后更新', now: '现在更新', stale: '更新失败，显示的是先前的内容：{problem}',
  },
}
