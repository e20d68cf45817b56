// English texts of what partners could not be told.
export default {
  partnerEvents: {
    empty: 'Nothing is undelivered: every partner has been told', hint: 'Out of tries, or refused by the other side; find the cause, then send again', choose: 'Choose', chooseAll: 'Choose all', chooseNone: 'Choose none', chooseOne: 'Choose {number}',
    resend: 'Send again ({n})', resent: '{number}: queued again', notResent: '{number}: not sent, {why}',
    partner: 'Partner', number: 'Ticket', what: 'What it says', state: 'Outcome', attempts: 'Tries', why: 'Cause', at: 'When',
    states: { failed: 'Refused or not deliverable', unknown: 'Outcome unknown', expired: 'Expired' },
    kinds: { created: 'Case given', appended: 'Addition', accepted: 'Accepted', rejected: 'Rejected', progress: 'Progress', extended: 'More time', result: 'Result', callback: 'Callback', withdrawn: 'Withdrawn' },
  },
}
