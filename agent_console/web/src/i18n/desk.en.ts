// English texts of the board of deadlines.
export default {
  slaBoard: {
    column: { overdue: 'Overdue', '15m': 'Within 15 min', '1h': 'Within 1 hour', today: 'Today' },
    by: 'By', grouping: { union: 'Union', category: 'Category', handler: 'Handler' }, rows: 'Groups', row: '{name}: only this group', all: 'All', none: { union: 'Not dispatched', category: 'No category yet', handler: 'No handler yet' },
    empty: 'Nothing is due today.', nothing: 'None', more: '20 more', count: '{n} tickets', handler: 'Handler {name}', nextStep: 'Next: {step} · {at}', noStep: 'No further step of escalation', ladder: 'Escalation ladder', done: 'Done', toCome: 'To come', nudge: 'Nudge', supervise: 'Supervise', of: '{label} {number}', whyNot: 'Cannot {label} now: {reason}', sent: '{number}: {label} done', changed: 'There are changes; they appear once the pointer leaves the board', now: 'Update now', stale: 'Could not update; what you see is from before: {problem}',
  },
}
