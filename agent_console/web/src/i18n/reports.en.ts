// English texts of reports and of the wall.
export default {
  report: {
    title: 'Reports', period: 'Period', first: 'From', last: 'Until', days: '{first} to {last}', grain: 'By', save: 'Download XLSX', figures: 'Figures', figure: 'Figure and definition', total: 'Total', before: 'Before', change: 'Change', numerator: 'Counted', base: 'Of', byColumn: '{name} by period', name: 'Name', cases: 'Cases', growth: 'Growth', seconds: '{n} s', hidden: 'under 5',
    preset: { today: 'Today', thisWeek: 'This week', lastWeek: 'Last week', thisMonth: 'This month', lastMonth: 'Last month', quarter: 'Three months', year: 'Twelve months', own: 'Own dates' },
    grains: { day: 'Day', week: 'Week', month: 'Month' },
    hot: { category: 'Hot categories', region: 'Hot regions', employer: 'Hot employers' }, hotNone: 'Nothing to show in this period.', open: '{name}: open {n} tickets', tickets: 'Tickets: {name}', noTickets: 'No tickets that you may open',
    leftOut: 'Not scored', leftOutWhy: 'What was wrongly dispatched, unfounded, or barred by a legal procedure is in no denominator of a union.', leftOutNone: 'None in this period.', ofHandling: 'Given to unions', ofClosed: 'Closed tickets',
  },
  wall: {
    title: '12351', open: 'Open {n}', openOf: 'of {n} open', full: 'Full screen', stale: 'Not up to date', waiting: 'Waiting', nobody: 'Nobody waits', longest: 'Longest {time}', signedIn: 'On duty', states: 'Ready {ready} · Busy {talking}', calls: 'Calls today', queued: 'For a person {n}', answered: 'In 15 s', of: '{n} / {of}', received: 'New today', overdue: 'Overdue', byHour: 'Callers today, by hour', byDay: 'Tickets of seven days', hour: 'Hour', day: 'Day', talked: 'Answered', abandoned: 'Abandoned', came: 'New', closed: 'Closed',
  },
}
