// English words of the pages for workers.
export default {
  worker: {
    hotline: '12351 Trade union service line', call: 'Call 12351', callNow: 'To speak to a person, call 12351', skip: 'Skip to content', busy: 'Working…', offline: 'No connection. What you typed is still here; try again later.', cancel: 'Cancel', close: 'Close',
    progress: {
      title: 'Where my request stands', intro: 'Enter the ten-digit number and the six-digit code you were given.', number: 'Query number (10 digits)', code: 'Query code (6 digits)', open: 'Look up', lost: 'No number? Call 12351; an operator will verify and tell you.', ask: 'Nothing sent yet? Send a request here',
      of: 'Number {number}', sealed: 'This request is confidential and is not shown online. Call 12351 and press 0.', union: 'Who handles it', expected: 'Answer expected', answerBy: 'Please add before', next: 'What happens now', reply: 'Answer', steps: 'What has happened', actions: 'You can',
    },
    act: {
      note: 'Add information', noteText: 'What you want to add', noteSend: 'Send', noteDone: 'Added to your request.',
      files: 'Send photos, recordings or documents', filesHint: 'Photos, voice, PDF; {mb} MB each at most.', filesDone: '“{name}” has arrived.', filesFailed: '“{name}” has not arrived: {why}', filesList: 'What you have sent', filesAgain: 'Try again',
      nudge: 'Remind them', nudgeDone: 'They have been reminded.', nudged: 'Reminded today; you can again tomorrow.',
      rate: 'Rate the result', solved: 'Is it solved?', satisfied: 'Are you satisfied?', money: 'Has the money arrived?', moneyYes: 'Yes', moneyNo: 'No', moneyNone: 'No money involved', rateText: 'Anything else (optional)', rateSend: 'Send rating', rateDone: 'Thank you. The request is closed.', calledFirst: 'Noted. 12351 will call you before anything is decided.',
      redo: 'Ask that it be handled again', redoText: 'Why', redoSend: 'Send', redoDone: 'It has been taken up again.',
      withdraw: 'Withdraw the request', withdrawText: 'Why', withdrawSend: 'Withdraw', withdrawWarn: 'A withdrawn request is handled no further.', withdrawDone: 'Withdrawn.',
      record: 'Download the claim record (PDF)', recordHint: 'With dates, steps and a verification code; without your name and number.',
      answers: { solved: 'Solved', partly: 'Partly', unsolved: 'Not solved', satisfied: 'Satisfied', basically: 'Fairly satisfied', dissatisfied: 'Dissatisfied' },
    },
    request: {
      title: 'Send a request', intro: 'Say what happened and what you want. You will get a number and a code.', danger: 'In danger, call 110 or 120 at once.', crisis: 'You are not alone. Call 12351 and press 9 now; somebody listens day and night. In danger, call 110 or 120.',
      what: 'What happened', text: 'When, where and how', wish: 'What do you want to be done', category: 'Which kind (optional)', none: 'Not sure', suggested: 'Is it this kind?', where: 'Employer and place', employer: 'Employer', employerHint: 'Leave empty if you do not know or do not want to say.', uscc: 'Unified social credit code (optional)', place: 'Where it happened', choose: 'Choose', headcount: 'How many people', amount: 'Amount in yuan (optional)',
      privacy: 'Confidentiality and contact', confidentiality: 'Confidentiality', open: 'May be public', confidential: 'Not to my employer', anonymous: 'Anonymous', disclosure: 'Who may know who you are', discloseNone: 'Nobody', discloseUnion: 'The handling union only', discloseEmployer: 'The employer too', discloseHint: 'To claim your own wages the employer usually must know whose.',
      contact: 'How to reach you', byPhone: 'By telephone', byCode: 'No calls; I use my code', phone: 'Telephone number', name: 'Name (optional)', card: 'Union card number (optional; members and others alike)', callback: 'Call me when it is done', others: 'Other representatives (at most 4)', addOther: 'Add a representative', removeOther: 'Remove', otherName: 'Name', otherPhone: 'Telephone',
      evidence: 'Photos, recordings and other material', evidenceHint: 'Kept with the draft and sent with the request. You can add more later.', remove: 'Remove',
      notice: 'What you write is used for this request only. Without your consent your name and number are not told to your employer. The union that handles it sees what you allow. You may withdraw at any time, or call 12351 to have your data corrected or erased.', agree: 'I have read this and agree', send: 'Send the request', sending: 'Sending…', check: 'Please fill in:',
      draft: { new: 'What you type is kept by itself', saving: 'Saving…', saved: 'Saved', unsaved: 'Not saved, trying again', conflict: 'This draft was changed in another tab.' }, takeTheirs: 'Use that one', keepMine: 'Use this one', discard: 'Clear the form', discardSure: 'Clear it? What you typed is erased.', discardYes: 'Clear it',
      done: 'Your request has arrived', number: 'Query number', code: 'Query code', once: 'The code is shown only once. Write it down and tell nobody.', texted: 'It was sent to your mobile too.', see: 'See progress', another: 'Leave and clear this page',
    },
    verify: { title: 'Check a claim record', intro: 'Enter the 16-character code of the record.', code: 'Verification code', check: 'Check', found: 'This record was issued by 12351', number: 'Query number', issued: 'Issued', state: 'State then', steps: 'Entries of the history then', intact: 'The history up to then is unchanged', broken: 'The history has changed; contact 12351', file: 'Compare the file (optional)', fileHint: 'Compared in your browser; it is not uploaded.', same: 'The file is the one that was issued', differs: 'The file is not the one that was issued', unknown: 'No record has this code.' },
    text: { title: 'Send text', body: 'Message' },
  },
}
