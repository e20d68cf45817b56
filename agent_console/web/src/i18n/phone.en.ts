// English texts of the recording in the call bar, and of lines, seats and shifts on the floor.
export default {
  recordingBar: {
    called: 'Called: {name}',
    recording: 'Recording', pausing: 'Pausing', paused: 'Paused', starting: 'Starting', off: 'Not recorded', pause: 'Press to pause', resume: 'Press to go on', toggle: 'Pause or resume the recording', then: '; ',
    cardHint: 'Optional; recording pauses meanwhile',
    why: { declined: 'The caller declined: this call is not recorded', policy: 'This line is not recorded', no_notice: 'The caller has not been told: not recorded', alone: 'Not in conversation with the caller', hold: 'Not recorded on hold', identity: 'Paused while an identity or card number is written down', operator: 'Paused by you' },
    decline: 'Caller declines recording', declineHint: 'This call is recorded no longer, what there is will be deleted, and the ticket says so. This cannot be undone.', declineConfirm: 'Stop and delete the recording',
  },
}
