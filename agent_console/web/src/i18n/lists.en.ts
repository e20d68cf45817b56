// English texts of lists: filters, kept views, one command for many tickets, files, the dispatcher's pool.
export default {
  lists: {
    more: 'More filters', clear: 'Clear filters', level: 'Level of the lead union', card: 'Cards', channel: 'Source', other: 'Custom condition', dropOther: 'Remove the custom condition', dropUnion: 'Remove the union',
    empty: 'There are no open tickets now.', emptyCut: 'No ticket matches. Use fewer filters, or press “Clear filters”.', stale: 'Could not update; what you see is from before: {problem}', failed: 'The tickets could not be read: {problem}',
    choose: 'Choose {number}', chooseAll: 'Choose all tickets shown',
    export: 'Export', exportWhat: 'Everything that the filters let through goes into the file. The export is on record; the file holds no caller’s name or number.', exporting: 'Writing the file…',
    levelValues: { province: 'Province', city: 'City', county: 'County', town: 'Town or street', village: 'Village or community', enterprise: 'Employer' },
    cardValues: { yellow: 'Yellow card', red: 'Red card' },
    channelValues: { phone: 'Telephone', operator: 'Operator', voicemail: 'Voicemail', web: 'Web', sms: 'SMS', walk_in: 'Walk-in', letter: 'Letter', union_phone: 'Union’s own phone', partner: 'Partner', upper_12351: 'From an upper 12351', line_12345: 'From 12345', line_12348: 'From 12348', inspection: 'From labour inspection' },
    stateValues: { closed: 'Closed', answered: 'Answered', declined: 'Declined', void: 'Void', merged: 'Merged', withdrawn: 'Withdrawn', terminated: 'Terminated', archived: 'Archived' },
    keys: { search: 'Search tickets' },
  },
  views: {
    title: 'Kept lists', own: 'Mine', shared: 'Shared with me', changed: '(changed)', keep: 'Keep', rename: 'Rename', drop: 'Delete', name: 'Name', share: 'Share with', nobody: 'Nobody, only me', replaces: 'A list of the same name is replaced.', sure: 'Delete the list “{name}”? The tickets stay as they are.',
    role: { operator: 'Operators', callback_operator: 'Callback operators', counsellor: 'Counsellors', lawyer: 'Lawyers', dispatcher: 'Dispatchers', supervisor: 'Supervisors', duty_leader: 'Duty leaders', inspector: 'Inspectors', auditor: 'Auditors' },
  },
  pool: {
    title: 'Dispatch pool', tabs: { returned: 'Returned', objected: 'Objections', unroutable: 'To be dispatched' }, about: { returned: 'Sent back before signing, for the first time: check the reason, send elsewhere or back.', objected: 'Sent back after signing, with evidence, or again after a decision: decide on the papers; the second decision is final.', unroutable: 'No rule matched, somebody asked for a dispatcher, or the case was reopened.' },
    empty: { returned: 'Nothing was returned.', objected: 'No objection waits for a decision.', unroutable: 'No ticket waits for a dispatcher.' }, count: '{n}', more: '{n}+', list: 'Tickets in the pool', choose: 'Choose a ticket on the left', bulk: 'Dispatch many from the ticket list', openTicket: 'Open ticket', stale: 'Could not update; what you see is from before: {problem}',
    returnedBy: '{union} returned it: {reason}', suggests: 'Suggests {union}', basis: 'Basis', evidence: 'Evidence', final: 'Final decision', hardCase: 'Hard case: the duty leader names who takes it first', waits: 'Waits for a dispatcher’s choice', noMatch: 'No union to recommend: {reason}',
    decide: 'Decision', upheld: 'Upheld: send elsewhere', denied: 'Denied: back to {union}', agree: 'Return agreed: {reason}', to: 'Send to', suggestion: 'Suggested by the returning union', reason: 'Reason of the decision', why: 'Why not the recommended union', send: 'Dispatch', sendDenied: 'Send back', next: 'Next', previous: 'Previous', done: '{number} {state}', previewFailed: 'Cannot go to this union: {problem}',
  },
  seal: { open: 'Break the seal', what: 'The sealed ticket can be read for one hour. The opening and its reason are on record, and other leaders and the auditors are told at once.', maybe: 'There is no such ticket, or it is sealed. If you must, you can break the seal.', opened: 'Open until {until}' },
  statutes: { title: 'Terms of law', left: '{n} days left', over: '{n} days over', day: 'From {from} ({why}) to {to}' },
  before: { report: 'What the union reported', attempts: 'Earlier callbacks', none: 'Nobody has called yet' },
  bulk: {
    title: 'Many tickets at once', chosen: '{n} chosen', nudge: 'Nudge', dispatch: 'Dispatch', clear: 'Choose none', busy: 'One after the other…', done: '{n} done', failed: ', {n} not; each row says why and stays chosen', each: 'The {n} chosen tickets are done one by one, each with its own result.', recommended: 'Each to the union recommended for it', one: 'All to one union', broken: 'Not everything was sent; what was not done stays chosen: {problem}',
  },
}
