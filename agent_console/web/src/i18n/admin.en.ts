// English texts of administration.
export default {
  admin: {
    title: 'Administration', sections: 'Sections',
    section: { calendar: 'Calendars', sla: 'Service levels', routing_rules: 'Routing rules', categories: 'Categories', flows: 'Voice flows', messages: 'Texts and warnings', readings: 'Read aloud', import: 'Import unions', people: 'Posts, absence, rosters' },
    flow: { day: 'Day', night: 'Night', full: 'Lines full', blocked: 'Blocked', followup: 'Follow-up', 'parts~exits': 'Part: exits', 'parts~care': 'Part: care', 'parts~progress': 'Part: progress' },
    sheets: { unions: 'Unions', employers: 'Employers', service_points: 'Service points', court_districts: 'Court districts', employer_ties: 'Tied persons', posts: 'Posts', absences: 'Absences', rosters: 'Rosters' },
    textOf: 'Content of {label}', line: 'Line {n}', reason: 'Basis or reason', check: 'Check', publish: 'Publish', checked: 'Result of the check', checkedTitle: 'Version {n} is checked and not published', isPublished: '{label}: version {n} is published',
    dirty: 'Edited', discard: 'Discard', difference: 'Difference from what is in force', noDifference: 'No difference from what is in force', gone: 'removed', new: 'added',
    effects: '{open} open tickets; {looked} looked at, {changed} would change', sample: 'Some that would change', what: 'What', before: 'Now', after: 'Then', route: 'Recommended union', adopt: 'Also count the deadlines of open tickets anew',
    versions: 'Versions', version: 'Version {n}', inForce: 'In force', draft: 'Not published', restores: 'Restores {n}', file: 'The file that came with the programme', open: 'View', rollBack: 'Restore', checkBack: 'Check and restore', published: 'published by {name}', until: 'until', numberInForce: 'Version {n} in force', fileInForce: 'In force: the file',
    tryCase: 'Try a case', tryTime: 'Try a deadline', try: 'Try', byDraft: 'As edited', byForce: 'As in force', category: 'Category', region: 'Region code', employer: 'Employer or USCC', headcount: 'People', consent: 'Caller waives recusal in writing', excluded: 'Not {name}: {reason}',
    calendarCode: 'Calendar', start: 'Begins', amount: 'Amount', unit: 'Unit', workingDays: 'working days', workingHours: 'working hours',
    draw: 'Draw', drawDraft: 'Draw as edited', call: 'Try a call', callDraft: 'Try a call as edited', drawing: 'Drawing', drawingOf: 'Drawing of {flow}; its words are heard in a trial call', drawIn: 'Draw in the flow', trial: 'Trial call', said: 'What was said', ended: 'Hung up', standsAt: 'Now at: {node}', speak: 'What the caller says', say: 'Say', silence: 'Silence', undo: 'Step back', flowUnsound: 'The flow has errors: press “Check” to see the lines',
    days: 'Single days (holidays, make-up days)', day: 'Day', how: 'How', rest: 'Rest', work: 'Work', takeBack: 'Take back', everyCalendar: 'All calendars', hours: 'Hours (optional)', noDays: 'No single day was changed', publishDay: 'Publish this day', dayEffects: '{clocks} open deadlines: {later} later, {earlier} earlier, {overdue} would be overdue', missingYear: 'The holidays of {year} are not published or entered',
    download: 'Export', fileHint: 'CSV file (UTF-8 or GBK); checked first, nothing is written', checkFile: 'Check file', import: 'Import', wouldImport: 'Would add {created}, update {updated}, leave {unchanged}', imported: 'Added {created}, updated {updated}, left {unchanged}', noRows: 'Nothing yet', moreRows: '{n} more rows: export to see them', edit: 'Edit', remove: 'Remove', addRow: 'Add a row', save: 'Save', cancel: 'Cancel',
  },
}
