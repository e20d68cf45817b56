// English texts of the recording in the call bar, and of lines, seats and shifts on the floor.
export default {
  recordingBar: {
    called: 'Called: {name}',
    recording: 'Recording', pausing: 'Pausing', paused: 'Paused', starting: 'Starting', off: 'Not recorded', pause: 'Press to pause', resume: 'Press to go on', toggle: 'Pause or resume the recording', then: '; ',
    cardHint: 'Optional; recording pauses meanwhile',
    why: { declined: 'The caller declined: this call is not recorded', policy: 'This line is not recorded', no_notice: 'The caller has not been told: not recorded', alone: 'Not in conversation with the caller', hold: 'Not recorded on hold', identity: 'Paused while an identity or card number is written down', operator: 'Paused by you' },
    decline: 'Caller declines recording', declineHint: 'This call is recorded no longer, what there is will be deleted, and the ticket says so. This cannot be undone.', declineConfirm: 'Stop and delete the recording',
  },
  acd: {
    tabs: { now: 'Now', lines: 'Lines', seats: 'Seats', shifts: 'Shifts and handover' },
    line: 'Line', state: 'State', waiting: 'Waiting', longest: 'Longest', ready: 'Ready', strategy: 'Strategy', reason: 'Reason', save: 'Save',
    open: 'Open', closed: 'Closed', unstaffed: 'Nobody there', diverted: 'Diverted to {line}', switch: 'Switch', switchTitle: '{line}: open, close or divert', divertTo: 'Divert to', switchHint: 'Whoever waits in a diverted line goes along and keeps the place; whoever waits in a closed one is still served.',
    ways: { open: 'Open', closed: 'Closed', divert: 'Divert to another line' },
    strategies: { longest_idle: 'Longest idle', round_robin: 'Round robin', fewest_calls: 'Fewest calls', by_skill: 'By skill' },
    incident: 'Incident announcement', incidentOn: 'On', incidentOff: 'No announcement is on', incidentText: 'What callers hear first', incidentEnglish: 'English (optional)', incidentAnnounce: 'Switch on', incidentEnd: 'Switch off',
    person: 'Person', since: 'For', means: 'Answers on', taken: 'Taken today', misses: 'Missed', byTelephone: 'Telephone', byBrowser: 'Browser', noSeats: 'Nobody has sat down yet', setSeat: 'Set state', setSeatTitle: 'Set the state of “{name}”',
    own: 'Where I answer', ownHint: 'At night a mobile or landline will do: after picking up, only pressing 1 takes the caller.', ownNumber: 'Telephone number', ownSave: 'Answer on this telephone', ownBrowser: 'Answer in the browser',
    roster: 'Roster of the next seven days', post: 'Post A', deputy: 'Post B (deputy)', begins: 'Begins', ends: 'Ends', note: 'Note', plan: 'Plan', cancel: 'Cancel', choose: 'Choose', nobody: 'None', anyLine: 'All lines', present: 'There', noShifts: 'No shifts yet',
    handover: 'Handover', handoverTo: 'To', nextShift: 'Next shift', handoverText: 'What they must know', handoverGive: 'Hand over', noHandovers: 'No handovers yet', stood: '{waiting} waiting, {owed} return calls owed then', takenBy: 'Taken by {name}', take: 'Take over',
  },
}
