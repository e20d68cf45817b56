// Words of the pages for workers: progress, request, the check of a claim record.
export default {
  worker: {
    hotline: '12351 工会服务职工热线', call: '拨打 12351', callNow: '需要人工帮助，请拨打 12351', skip: '跳到正文', busy: '正在处理…', offline: '网络不通，您填的内容还在，请稍后再试。', cancel: '取消', close: '退出查询',
    progress: {
      title: '查询进度', intro: '请输入您收到的十位查询号和六位查询码。', number: '查询号（10位数字）', code: '查询码（6位数字）', open: '查询', lost: '没有查询号？请拨打12351，由话务员核实后告诉您。', ask: '还没有提交过？在这里提交诉求',
      of: '查询号 {number}', sealed: '这件诉求按保密要求办理，网上不显示内容。请拨打12351按0，由专人为您说明。', union: '由谁办理', expected: '预计答复', answerBy: '请在此前补充', next: '接下来', reply: '办理答复', steps: '办理经过', actions: '您可以',
    },
    act: {
      note: '补充情况', noteText: '要补充的情况', noteSend: '提交补充', noteDone: '已记入您的诉求。',
      files: '提交照片、录音或文件', filesHint: '照片、语音、PDF，每个不超过 {mb} MB。', filesDone: '已收到“{name}”。', filesFailed: '“{name}”没有收到：{why}', filesList: '已提交的材料', filesAgain: '再试一次',
      nudge: '催办', nudgeDone: '已替您催办。', nudged: '今天已经催办过，明天可以再催。',
      rate: '评价办理结果', solved: '问题解决了吗', satisfied: '您满意吗', money: '应得的钱收到了吗', moneyYes: '收到了', moneyNo: '没有收到', moneyNone: '不涉及', rateText: '还想说的（可不填）', rateSend: '提交评价', rateDone: '感谢您的评价，这件诉求已办结。', calledFirst: '已记下，12351会给您打电话，了解情况后再决定怎样办。',
      redo: '要求重新办理', redoText: '为什么要重新办理', redoSend: '提交要求', redoDone: '已重新受理。',
      withdraw: '撤回诉求', withdrawText: '为什么撤回', withdrawSend: '确认撤回', withdrawWarn: '撤回后不再办理。', withdrawDone: '已撤回。',
      record: '下载办理记录（PDF）', recordHint: '记录上有日期、经过和核验码，不写您的姓名和电话。',
      answers: { solved: '已解决', partly: '部分解决', unsolved: '没有解决', satisfied: '满意', basically: '基本满意', dissatisfied: '不满意' },
    },
    request: {
      title: '提交诉求', intro: '写清楚发生了什么、希望怎样解决。提交后会得到查询号和查询码。', danger: '有生命危险，请立即拨打110或120。', crisis: '您不是一个人。心里难受，请现在拨打12351按9，随时有人倾听；有生命危险，请拨打110或120。',
      what: '发生了什么事', text: '请写明时间、地点、经过', wish: '您希望怎样解决', category: '属于哪一类（可不选）', none: '不清楚', suggested: '是不是这一类？', where: '单位和地点', employer: '单位名称', employerHint: '不知道或不想说可以不填。', uscc: '统一社会信用代码（可不填）', place: '在哪里发生', choose: '请选择', headcount: '涉及多少人', amount: '涉及金额（元，可不填）',
      privacy: '保密和联系', confidentiality: '保密要求', open: '可以公开', confidential: '对单位保密', anonymous: '匿名，不留姓名', disclosure: '可以向谁说明您的身份', discloseNone: '谁都不说', discloseUnion: '只告诉承办工会', discloseEmployer: '可以告诉单位', discloseHint: '讨要本人工资，多数情况要让单位知道是谁。',
      contact: '怎样与您联系', byPhone: '打电话', byCode: '不打电话，我凭查询码查询', phone: '电话号码', name: '姓名或称呼（可不填）', card: '工会会员卡号（可不填，不是会员也受理）', callback: '办完后给我打电话回访', others: '其他代表（最多4人）', addOther: '增加一名代表', removeOther: '删除这名代表', otherName: '代表姓名', otherPhone: '代表电话',
      evidence: '照片、录音等材料', evidenceHint: '材料和草稿一起保存，提交诉求时一并交来。现在没有，以后可以在“查询进度”里补交。', remove: '去掉',
      notice: '您填写的内容只用于办理这件诉求。未经您同意，不会把您的姓名和电话告诉单位。需要转交工会办理时，按您选择的保密要求处理。您可以随时撤回诉求，或拨打12351要求更正、删除个人信息。', agree: '我已阅读并同意以上说明', send: '提交诉求', sending: '正在提交…', check: '请补充标出的项目：',
      draft: { new: '填写的内容会自动保存', saving: '正在保存…', saved: '已保存', unsaved: '没有存上，正在重试', conflict: '这份草稿在另一个页面改过。' }, takeTheirs: '用那一页的内容', keepMine: '用这一页的内容', discard: '清空重填', discardSure: '确定清空吗？填写的内容会删除。', discardYes: '确定清空',
      done: '已收到您的诉求', number: '查询号', code: '查询码', once: '查询码只显示这一次，请抄下来或截图保存，不要告诉别人。', texted: '已发短信到您的手机。', see: '查看进度', another: '离开并清除本页',
    },
    verify: { title: '核验办理记录', intro: '请输入办理记录上的16位核验码。', code: '核验码', check: '核验', found: '这份记录由12351出具', number: '查询号', issued: '出具时间', state: '当时状态', steps: '当时的历史条数', intact: '出具前的办理历史与存档一致', broken: '办理历史与存档不一致，请联系12351', file: '核对文件（可不选）', fileHint: '文件只在您的浏览器里核对，不会上传。', same: '文件与12351出具的一致', differs: '文件与12351出具的不一致，可能被改动', unknown: '没有这个核验码对应的记录。' },
    text: { title: '发短信', body: '短信内容' },
  },
}
