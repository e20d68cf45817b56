// English texts of conversations, the floor and the browser telephone.
export default {
  talkbar: {
    transfer: 'Transfer', threeWay: 'Three-way', keypad: 'Keypad', help: 'Help', helpOn: 'Help asked', title: 'In this conversation', held: 'On hold {time}', recall: 'Please take the caller back',
  },
  transfer: {
    title: 'Transfer', threeWayTitle: 'Three-way call', kind: 'To whom', colleague: 'Colleague', line: 'Line', outside: 'Outside', number: 'Other number', free: 'free', busy: 'not free', closed: 'nobody on duty', noDial: 'cannot be dialled',
    warm: 'Ask first', cold: 'Put through', join: 'Bring in', none: 'Nothing to choose now', numberHint: 'Begins with +86; premium numbers are refused', choose: 'Choose whom', warmHint: 'Ask first: the caller hears music while you explain. Put through: you leave at once; if nobody answers, the caller goes back to the line',
    state: { ringing: 'Ringing', accepted: 'Connecting', talking: 'Consulting', done: 'In', returned: 'Hung up; the caller is back', failed: 'Not answered; the caller is back', cancelled: 'Cancelled' },
    reason: { busy: 'busy', no_answer: 'no answer', declined: 'declined', failed: 'call failed', left: 'hung up', operator_left: 'operator left', over: 'call over' },
    complete: 'Hand over', merge: 'All three', cancel: 'Back to caller', remove: 'Send away', leave: 'Leave the two together',
  },
  party: { operator: 'Operator', consulted: 'Colleague', third_party: 'Outside', supervisor: 'Supervisor', former: 'Handed over' },
  askedIn: { title: '{name} asks you to join', warm: 'to talk it over first', three_way: 'for a three-way call', accept: 'Join', decline: 'Decline' },
  keypad: { title: 'Keypad', sent: 'Sent {keys}', hint: 'Keys go to the party outside; typing works too' },
  help: { title: 'Help', text: 'What is it (optional)', send: 'Call a supervisor', withdraw: 'Withdraw', alarm: '{name} asks for help', held: '{name}: caller on hold for too long', since: 'for {time}', go: 'Go there', seen: 'I will take it' },
  sound: {
    carrier: 'The browser telephone could not reach the carrier; trying again ({code})', idle: '', asking: 'Asking for the microphone', on: 'Sound is on', denied: 'The microphone was not allowed: captions only. Allow it in the address bar and go ready again.', missing: 'No microphone was found: captions only.', insecure: 'The page was not opened over https, so there is no microphone: captions only.', failed: 'The sound could not be connected: please read the captions.',
  },
  floor: {
    title: 'Floor', operators: 'Seats', waiting: 'Waiting', nobody: 'Nobody is on duty', noWaiting: 'Nobody is waiting', help: 'Help', noHelp: 'No request', longest: 'Longest wait {time}', since: '{time}', held: 'on hold', closed: 'Counselling: closed', line: 'Line', priority: 'Class', category: 'Subject', waited: 'Waited',
    coming: 'coming in', listen: 'Listen', whisper: 'Whisper', barge: 'Barge in', take_over: 'Take over', leave: 'Leave', mode: { listen: 'listening', whisper: 'whispering', barge: 'barged in', take_over: 'taking over' }, sure: 'The operator leaves the call when you take it over. Take over the call of “{name}”?', confirm: 'Take over', count: '{n} people',
  },
}
