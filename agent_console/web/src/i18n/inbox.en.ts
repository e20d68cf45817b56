// What a union's people read: inbox, outbox, absences, oversight, messages, links, accounts.
export default {
  union: {
    more: 'More', write: 'New request', sections: 'Parts of the inbox',
    section: { to_sign: 'To sign', to_approve: 'To approve', overdue: 'Overdue', today: 'Due today', in_hand: 'In hand', waiting: 'Waiting', drafts: 'Drafts' },
    none: { to_sign: 'Nothing to sign for', to_approve: 'No report waits for a signature', overdue: 'Nothing is overdue', today: 'Nothing is due today', in_hand: 'Nothing else in hand', waiting: 'Nothing waits for others', drafts: 'No drafts' },
    signAs: '{handler} will handle it, {deputy} is deputy', signed: '{number} signed for', co: 'Co-handling', people: 'Handler: {handler} · deputy: {deputy}',
    step: { sign_for: 'Sign for it', record_first_contact: 'Record first contact', report_result: 'Report the result', review: 'Approve', accept: 'Check and submit' },
    takeOver: 'Hand over', takeOverNow: 'Take it over', takeOverDone: '{number} handed over', takeOverWhy: 'Why', takeOverSend: 'Hand over',
    call: 'Call the caller', callNow: 'Call by my telephone', callHint: 'Your registered telephone rings first; press 1 to be connected. Both see only 12351.', callStarted: 'Answer your telephone and press 1',
    callState: { ringing_union: 'Ringing you', ringing_caller: 'Ringing the caller', talking: 'Talking', ended: 'Ended' },
    voice: 'Voice note', voiceStart: 'Record', voiceStop: 'Stop', voiceSend: 'Send recording', voiceDrop: 'Drop it', voiceLeft: 'Recorded {time}', voiceDenied: 'No microphone: allow it in the browser, or choose a sound file', photo: 'Photo or file',
  },
  outbox: {
    title: 'Outbox', waiting: 'Poor network: {n} waiting, sent by itself later', sending: 'Sending…', refused: 'Not done; what you typed is kept:', again: 'Try again', drop: 'Do not send', open: 'Open', leave: 'Something has not been sent',
    stale: 'The ticket has changed; look at it and try again',
  },
  intake: {
    title: 'New request', channel: 'From', walk_in: 'Visit', letter: 'Letter', union_phone: "Union's telephone", caller: "Caller's name", phone: "Caller's telephone", employer: 'Employer', save: 'Keep as draft', submit: 'Keep and submit', saved: '{number} kept as draft', submitted: '{number} submitted', how: 'The hotline dispatches it; follow it under “Waiting”.',
  },
  away: { title: 'Absences', mine: 'Enter my absence', who: 'Who', me: 'Myself', from: 'From', until: 'Until', reason: 'Reason (optional)', enter: 'Enter', list: 'Away in this union', none: 'Nobody is or will be away', back: 'I am back', cancel: 'Cancel', hint: 'New tickets go to others meanwhile; deputies look after those in hand.' },
  oversight: {
    title: 'Unions and people', unions: 'This union and those below', union: 'Union', open: 'Open', toSign: 'To sign', overdue: 'Overdue', today: 'Due today', kept: 'In time (90 days)', few: 'Too few to show', people: 'People', person: 'Name', role: 'Post', deputy: 'Deputy', away: 'Away until {time}', shares: 'In time by step', look: 'Look below', up: 'Back to my union',
    kind: { sign: 'Signature', first_contact: 'First contact', progress: 'Progress', resolve: 'Result', await_caller: 'Caller', payment: 'Payment', statutory: 'Legal procedure', letter: 'Letter', petition_notice: 'Petition notice', petition: 'Petition', petition_review: 'Petition review' },
  },
  tell: {
    title: 'How I am told', sms: 'Text message', email: 'E-mail', robocall: 'Telephone (always for P0)', robot: 'WeCom, DingTalk robots', digest: 'Daily list of what is due', to: 'To {to}', noPhone: 'No mobile registered; ask an administrator', noMail: 'No mailbox registered; ask an administrator', saved: 'Saved', hint: 'All but P0 comes in working hours only.',
    links: 'Ticket links', linksHint: 'A link works on the device that opened it. If a telephone is lost, shut all of them.', noLinks: 'No live links', revoke: 'Shut', revokeAll: 'Shut all', redeemed: 'Opened on a device', unused: 'Not opened yet', until: 'Until {time}',
  },
  link: {
    title: 'Open the ticket', hello: 'Press the button to open this ticket. The link works once, on this device.', openIt: 'Open the ticket', none: 'The link is not complete; open it from the message again', shut: 'The link is shut', again: 'Send a new link to my telephone', sent: 'If the link was yours, a new one is on its way to your registered telephone', signIn: 'Sign in for more', needs: 'Ask to sign in: {what}', relay: 'Contact number', person: '{union} · {person}', done: 'Done', contact: 'Record first contact', progress: 'Record progress', text: 'Details (optional)', note: 'Progress', sign: 'Sign for it', send: 'Send', means: 'Means', outcome: 'Outcome', handler: 'Handler: {name}', confirmSign: 'You will handle it',
  },
  users: {
    title: 'Accounts', find: 'Account or name', add: 'New account', name: 'Account', displayName: 'Name', role: 'Role', union: 'Union', deputy: 'Deputy', phone: 'Telephone', email: 'E-mail', extension: 'Extension', disabled: 'Disabled', temporary: 'Password to change', posts: 'Posts', open: '{n} open', edit: 'Change', save: 'Save', create: 'Create', disable: 'Disable', enable: 'Enable', reset: 'Reset password', why: 'Why', password: 'Temporary password: {password} (shown this once; it must be changed at the first sign-in)', none: 'No such accounts', noDeputy: '(none)',
    roles: { operator: 'Operator', callback_operator: 'Callback operator', counsellor: 'Counsellor', lawyer: 'Lawyer', dispatcher: 'Dispatcher', supervisor: 'Supervisor', duty_leader: 'Duty leader', inspector: 'Inspector', union_handler: 'Union handler', union_leader: 'Union leader', union_administrator: 'Union administrator', administrator: 'Administrator', auditor: 'Auditor', partner: 'Partner' },
  },
  robots: { title: 'Group robots', add: 'Add', kind: 'Kind', wecom: 'WeCom', dingtalk: 'DingTalk', name: 'Name', address: "The robot's address (webhook)", secret: 'Signing secret (DingTalk, optional)', personal: "One person's own group", group: "The union's group", test: 'Test', remove: 'Remove', none: 'No robots yet', tested: 'Sent; look into the group', hint: 'Groups get an address to sign in at; only a personal group gets links that open a ticket.' },
  delivery: { title: 'Messages', unsettled: 'To decide', all: 'All', none: 'Nothing to decide', arrived: 'It arrived', givenUp: 'Leave it', again: 'Send again', never: 'A message without a known end is never sent again by itself', to: 'To {to}', attempts: '{n} tries' },
  told: { title: 'Notices', none: 'No news', seen: 'Mark all as seen', unseen: '{n} unseen', open: 'Open the ticket' },
  password: { title: 'Change password', first: 'An administrator gave you this password: change it first (12 characters or more)', current: 'Present password', fresh: 'New password', repeat: 'Once more', differ: 'The two differ', save: 'Save', saved: 'Password changed' },
}
