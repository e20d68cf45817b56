// English texts of the health of numbers and carrier.
export default {
  lineHealth: {
    title: 'Health of the line', number: 'Number', state: 'State', lastSuccess: 'Last success', roundTrip: 'Test took',
    proven: 'Working', deaf: 'Cannot be reached', unproven: 'Not tested', never: '—', seconds: '{s} s',
    hour: 'Last hour: {calls} calls, {failed} failed, {fallbacks} to the fallback, {turns} answers failed, {commands} carrier commands failed',
  },
}
