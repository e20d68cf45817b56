// English: for whoever chose it; the same keys as Chinese.
import inbox from './inbox.en'
import kb from './kb.en'
import core from './core.en'
import desk from './desk.en'
import admin from './admin.en'
import carrier from './carrier.en'
import lists from './lists.en'
import partners from './partners.en'
import reports from './reports.en'
import phone from './phone.en'
import voice from './voice.en'
import worker from './worker.en'
import type zhCN from './zh-CN'

const en: typeof zhCN = {
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
  app: { name: '12351 union service line', close: 'Close', notices: 'Notices', offline: 'You are offline. The page reconnects by itself; unsaved text stays here', pages: 'Pages', skip: 'Skip to content' },
  page: { reports: 'Reports', wallboard: 'Wall', sla: 'Deadlines', partnerEvents: 'Undelivered', workbench: 'Workbench', tickets: 'Tickets', ticket: 'Ticket', callbacks: 'Callbacks', returnCalls: 'Return calls', floor: 'Floor', inbox: 'Inbox', phone: 'Test phone', signIn: 'Sign in', notFound: 'No such page', users: 'Accounts', link: 'Ticket link', password: 'Password', knowledge: 'Knowledge', quality: 'Quality', admin: 'Administration' },
  signIn: { name: 'Account', password: 'Password', enter: 'Sign in', out: 'Sign out' },
  notFound: { title: 'No such page', text: 'The address may be wrong, or the content has moved.', home: 'Home' },
  state: { empty: 'Nothing here yet', error: 'Could not be read', loading: 'Loading…', noMatch: 'No match', offline: 'The server cannot be reached; check the network and retry', retry: 'Retry' },
  day: { today: 'today', tomorrow: 'tomorrow', yesterday: 'yesterday' },
  span: { dh: '{d} d {h} h', hm: '{h} h {m} min', ms: '{m}:{s}' },
  keys: { title: 'Shortcuts', on: 'Use shortcuts', sheet: 'Show shortcuts', submit: 'Submit' },
  presence: { mine: 'My state', unknown: 'Unknown', goReady: 'Ready', ready: 'Ready', not_ready: 'Not ready', on_break: 'On break', offline: 'Offline' },
  call: { bar: 'Call', mute: 'Mute', unmute: 'Unmute', hold: 'Hold', unhold: 'Resume', hangUp: 'Hang up' },
  conversation: { in_menu: 'In menu', waiting: 'Waiting', offered: 'Connecting', connected: 'Connected', on_hold: 'On hold', consulting: 'Consulting', in_voicemail: 'Voicemail', in_survey: 'Survey', ended: 'Ended' },
  line: { waiting: 'Waiting {n}', longest: 'longest {time}' },
  offer: { title: 'Call: {line}', announce: 'A call on {line} from {from}', answer: 'Answer', decline: 'Decline', left: '{s} s left', waited: 'waited {s} s' },
  outcome: {
    title: 'What the call was', first: 'This call has no outcome yet; please record it first', none: 'Record what this call was', orTicket: 'This call has no ticket: record what it was, or open one', recorded: 'Recorded: {outcome} (may be changed)', blank: 'Nothing was written. If no ticket is needed, choose why; the draft becomes void', note: 'Note (optional)', openTicket: 'Open a ticket',
    value: { answered: 'Answered at once', query_only: 'Query only', wrong_number: 'Wrong number', silent: 'Silent', prank: 'Prank', test: 'Test' },
  },
  wrapUp: { left: 'Wrap-up {time} left', extend: 'Extend', finish: 'Ready' },
  device: { off: 'Phone off', connecting: 'Phone connecting', registered: 'Phone ready', ringing: 'Phone rings', talking: 'Talking', refused: 'Phone refused, sign in again' },
  talk: { title: 'Captions', log: 'Captions', say: 'Say', placeholder: 'Type what you say, Enter sends', machine: 'System', operator: 'Operator', caller: 'Caller', note: 'Note' },
  caller: { title: 'Caller', none: 'No call', path: 'Keys', said: 'Said', open: 'Open tickets {n}', month: '{n} calls in 30 days', noMessages: 'Wants no text messages: tell the query code by voice', history: 'History' },
  workbench: { noCall: 'The draft appears here once you have taken a call. Set your state to ready first.', coming: 'Connecting, please wait' },
  draft: { clean: 'Unchanged', dirty: 'Unsaved changes', saving: 'Saving…', saved: 'Saved {time}', offline: 'Offline; saves when the network is back', conflict: 'Conflicts with another edit, please choose', refused: 'Not saved: {problem}' },
  conflict: { title: 'Somebody changed this at the same time', changed: 'Somebody changed this; check before you submit', field: 'Field', mine: 'Mine', theirs: 'Theirs', seen: 'I saw', now: 'Now', keepMine: 'Keep mine', takeTheirs: 'Take theirs', empty: '(empty)', again: 'Submit on the current content' },
  field: {
    category: 'Category', secondary_categories: 'More categories', nature: 'Nature', urgency: 'Urgency', headcount: 'People', amount: 'Amount (yuan)', amount_cents: 'Amount (yuan)', amount_state: 'Money', payment_on: 'Paid on', caller_name: 'Name', member_card_no: 'Member card number', caller: 'Caller', wish: 'Wish in one line', text: 'What happened', employers: 'Employer', region_code: 'Region', confidentiality: 'Confidentiality', disclosure: 'Identity may be told to', contact_mode: 'Contact', callback_wanted: 'Callback wanted', accused_union_ids: 'Accused union', reason: 'Reason', reason_code: 'Reason code', basis: 'Basis', union_id: 'Union', override_reason: 'Why not the recommended one', due_at: 'Due', upheld: 'Upheld', handler_id: 'Handler', deputy_id: 'Deputy', at: 'When', means: 'Means', outcome: 'Outcome', true_claim: 'Claim is true', done: 'What was done', solved: 'Solved', reply_text: 'Reply', approved: 'Approved', reached: 'Reached', satisfied: 'Satisfied', answer: 'Answer', knowledge_id: 'Knowledge item', route_told: 'Route told', parent_number: 'Merge into', missing: 'What is missing', reference: 'Reference', version: 'Version', state: 'State', evidence: 'Evidence', caller_told: 'Caller has been told', difficulty: 'Difficulty', procedure: 'Legal procedure', begins_on: 'Counts from', leader_id: 'Leader', letter_kind: 'Letter', letter_id: 'Letter', addressee: 'Addressee', paid_on: 'Arrived on', petition_kind: 'Kind of petition', article: 'Item of Article 31 (claims)', signed_on: 'Signed on', pending_note: 'Why co-handlers are not waited for', instalments: 'Instalments', linked: 'Tickets that follow', money_received: 'Money received', caller_id: 'Which caller', dual_dispatch: 'Dual dispatch',
  },
  commandField: {
    withdraw: { reason: 'The wish, in the caller\'s words', means: 'How it was said' },
    add_co_handler: { union_id: 'Which union helps' },
    remove_co_handler: { union_id: 'Which union is let go' },
    sign_for: { text: 'Who signed by voice', at: 'When' },
    petition: { reference: 'Number of the written notice', at: 'When it was given', reason: 'Why a review' },
    petition_agency: { handler_id: 'Agent', reference: 'Number of the authority' },
    send_letter: { text: 'Letter', due_at: 'Answer by' },
    record_reply: { text: 'Answer' },
    report_result: { reference: 'Number of the written opinion' },
    request_extension: { due_at: 'Until' },
    return_ticket: { union_id: 'Suggested union' },
    record_callback: { text: 'Notes' },
    add_progress: { text: 'Progress' },
    record_first_contact: { text: 'What was said', at: 'When' },
  },
  urgency: { P0: 'critical', P1: 'urgent', P2: 'ordinary', P3: 'enquiry' },
  confidentiality: { open: 'Open', confidential: 'Kept from employer', anonymous: 'Anonymous' },
  disclosure: { none: 'Nobody', union: 'The union', employer: 'The employer' },
  contactMode: { phone: 'Phone', query_code: 'Query code only', anonymous: 'None' },
  region: { any: 'Choose', 0: 'Province', 1: 'City', 2: 'County', 3: 'Town' },
  form: {
    title: 'Draft', addRow: 'Add a row', removeRow: 'Remove this row', optional: 'optional', optionalMark: ' (optional)', yes: 'Yes', no: 'No', choose: 'Choose', wishPlaceholder: 'e.g. three months of wages', categoryPlaceholder: 'Choose a category', unionPlaceholder: 'Find a union by name', adoptCategory: 'Take the suggested category', adoptUrgency: 'Take the suggested urgency', suggestCategory: 'Suggested: {words} → {name}', suggestUrgency: 'Suggested {urgency}: {reasons}', crisis: 'Possible crisis words: {words}. Attend at once; a person confirms', employerName: 'Employer', employerPlaceholder: 'Find by name, or type it', employerUnknown: 'Employer unknown', noUnion: 'no union', openTickets: '{n} open', group: 'Group', maybeCollective: 'may be collective', uscc: 'Credit code', missing: 'Missing: {fields}', dispatch: 'Dispatch', toPool: 'To the dispatcher', directAnswer: 'Direct answer', void: 'Void', done: '{number} {state}', write: 'Write the ticket', inPool: '{number} is with the dispatcher', tellQuery: 'Tell the caller the query number', openTicket: 'Open ticket',
  },
  attachment: {
    title: 'Files and evidence', none: 'No files yet', add: 'Add a photo, a recording or a document (at most 10 MB each)', forUnion: 'visible to unions', release: 'Give to the union', remove: 'Remove', why: 'Why remove it', removeConfirm: 'Remove', again: 'Send again',
    by: { user: 'staff', caller: 'caller', partner: 'partner', machine: 'system' },
  },
  recording: { voicemail: 'Voicemail', conversation: 'Recording', seconds: '{n} s', logged: 'Each hearing is on record', coming: 'Being fetched' },
  dispatch: { title: 'Dispatch', ranked: 'Recommended unions', recommended: 'recommended', load: '{n} open', duty: 'On duty: {names}', noDuty: 'Nobody on duty now', signDue: 'Sign by', resolveDue: 'Resolve by', excluded: '{n} unions recused', other: 'Another union', why: 'Why not the recommended one', preview: 'They will see', withheld: 'Withheld: {fields}', confirm: 'Dispatch' },
  command: { sure: '{name}: are you sure?', offline: 'Offline. Your text is still here; submit again when the network is back', dispatch: 'Dispatch', accept: 'Accept', void: 'Void', direct_answer: 'Direct answer' },
  choice: {
    silent: 'Silent', wrong_number: 'Wrong number', prank: 'Prank', test: 'Test', query_only: 'Query only', wrong_region: 'Wrong region', wrong_union: 'Another union', not_union_matter: 'No union matter', duplicate: 'Duplicate', recusal: 'Recusal', incomplete: 'Incomplete', other: 'Other', phone: 'Phone', visit: 'Visit', message: 'Message', site_check: 'Site check', reached: 'Reached', no_answer: 'No answer', solved: 'Solved', partly: 'Partly', unsolved: 'Unsolved', promised: 'Promised', paid: 'Paid', instalments: 'Instalments', satisfied: 'Satisfied', basically: 'Basically', dissatisfied: 'Dissatisfied', caller_refuses: 'Caller does not cooperate', statutory_procedure: 'In a legal procedure', difficult: 'Difficult', very_complex: 'Very complex', reminder_letter: 'Reminder letter', opinion_letter: 'Opinion letter', recommendation_letter: 'Recommendation letter', suggestion: 'Suggestion', report: 'Report on an official', claim: 'Claim', arbitration_acceptance: 'Arbitration: acceptance', arbitration_award: 'Arbitration: award', arbitration_award_extended: 'Arbitration: award, extended', lawsuit: 'Lawsuit', injury_decision: 'Injury: decision', injury_decision_clear: 'Injury: decision, clear case', inspection_case: 'Labour inspection', inspection_case_extended: 'Labour inspection, extended', legal_aid_decision: 'Legal aid: decision',
  },
  sla: { none: 'No deadline', left: '{label} {span} left', late: '{label} {span} late', next: 'Next: {step}', running: 'running', paused: 'paused', met: 'met', missed: 'missed', cancelled: 'cancelled', card: { yellow: 'Yellow card', red: 'Red card' } },
  list: {
    all: 'all', due: 'Due', number: 'Number', state: 'State', bucket: 'Range', urgency: 'Urgency', people: '{n} people', filter: 'Filter', search: 'Number, query number or words', mine: 'Mine only', more: 'More', empty: 'No ticket fits',
    bucketValues: { open: 'Open', closed: 'Closed', all: 'All' },
    dueValues: { overdue: 'Overdue', '15m': '15 minutes', '1h': '1 hour', today: 'Today' },
    stateValues: { draft: 'Draft', pending_dispatch: 'To dispatch', dispatched: 'To sign', in_progress: 'In progress', returned: 'Returned', awaiting_caller: 'Awaiting caller', suspended: 'Suspended', reported: 'To review', pending_callback: 'To call back', reopened: 'Reopened' },
  },
  ticket: { nothingToDo: 'Nothing for you to do now', notNow: 'Not possible now ({n})', facts: 'Facts', actions: 'Actions', clocks: 'Clocks', handlings: 'Unions', handler: 'Handler', deputy: 'Deputy', timeline: 'Timeline', calls: 'Calls', leadUnion: 'Lead union', noCategory: 'No category', sealed: 'Sealed', supervised: 'Supervised', queryNumber: 'Query number', outcome: 'Outcome', watchers: 'Looking: {names}' },
  beside: { title: 'Beside the case', hardCase: 'Hard case', leader: 'Taken by {name}', noLeader: 'No leader yet', article: 'Article 31, item {n}', repeats: 'Called again {n} times', received: 'Received {sum}', answered: 'Answered:', answerDue: 'Answer due' },
  handlingRole: { lead: 'Lead', co: 'Co-handler' },
  relation: { origin: 'Call', nudge: 'Nudge', note: 'Spoken note', return_call: 'Return call', callback: 'Callback' },
  identity: { title: 'Caller', relay: 'Relay number', view: 'Show identity', viewTitle: 'Show identity', logged: 'Each view is recorded; give a reason.', noName: 'No name', noPhone: 'No number' },
  callbacks: { empty: 'Nobody to call back now', choose: 'Choose a ticket on the left', script: 'Script', attempts: '{n} attempts', record: 'Save', reopen: 'Reopen', notSolved: 'Not solved: reopen', back: 'Back to the outcome' },
  returnCalls: { label: 'Return call', due: 'Due', done: 'Done', all: 'All', empty: 'No call is owed', number: 'Number', reason: 'Reason', since: 'Since', known: 'What is known', calling: 'Being called', away: 'Set your state to ready or not ready first, so that your phone can call', attempts: 'Attempts', outcome: 'Outcome', note: 'Note', call: 'Call', save: 'Done' },
  returnOutcome: { reached: 'Reached', no_answer: 'No answer', wrong_number: 'Wrong number', refused: 'Refused', given_up: 'Given up' },
  inbox: { back: 'Back to inbox', open: 'Open' },
  phone: {
    digits: 'Keys pressed for you: {keys}', from: 'This number', to: 'Dial', dial: 'Dial', answer: 'Answer', decline: 'Decline', hangUp: 'Hang up', keys: 'Keys', star: 'star', hash: 'pound', speak: 'Words or message', say: 'Say', aloud: 'Read aloud', recording: 'Recording', recordingOn: 'Recording begins', recordingOff: 'Recording ends', inTalk: 'In conversation', outOfTalk: 'Conversation over', held: 'On hold', unheld: 'Off hold', listens: 'Listening', listensKeys: 'Press a key', listensWords: 'Press a key or speak', turns: 'Turns', noTurns: 'No turns yet',
    state: { offline: 'Not connected', idle: 'Idle', calling: 'Calling', ringing: 'Rings', talking: 'Talking' },
    ended: { completed: 'Call ended', busy: 'Busy', no_answer: 'No answer', failed: 'Failed', canceled: 'Cancelled', answered_elsewhere: 'Answered elsewhere' },
  },
  guide: {
    title: 'Reference', ask: 'Ask', papers: 'Papers', sealed: 'Sealed: note only what is needed', source: 'Common questions for guidance; the law and local rules decide.',
    any: { ask: ['What happened, and when', 'Where, and which employer', 'What help is wanted'], papers: [] },
    '01': { ask: ['How many months, how much', 'How many people', 'Employer and site', 'Last payday', 'Still employed?'], papers: ['Payslips or transfers', 'Attendance', 'Messages', 'Contract'] },
    '02': { ask: ['Was a contract signed', 'How and why was notice given', 'First and last day', 'Job back or compensation'], papers: ['Contract', 'Notice', 'Pay records'] },
    '03': { ask: ['Hours a week', 'Time off in lieu', 'Since when'], papers: ['Attendance', 'Rosters'] },
    '04': { ask: ['Insured? Since when not', 'When, where and how injured', 'Recognition asked for?'], papers: ['Diagnosis', 'Proof of employment', 'Witnesses'] },
    '05': { ask: ['Is anybody in danger now', 'Where exactly', 'Which hazard, how long'], papers: ['Photos or video'] },
    '06': { ask: ['Safe, and free to talk?', 'What happened', 'How to keep in touch'], papers: ['Messages', 'Medical records'] },
    '09': { ask: ['Which scheme', 'When and which hospital', 'Claim handed in?'], papers: ['Identity', 'Discharge summary', 'Invoices'] },
    '10': { ask: ['Listen first, do not judge', 'Safe now, somebody near?', 'Willing to talk to a counsellor?'], papers: [] },
  },
}

export default en
