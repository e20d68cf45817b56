// What a union's people read: inbox, outbox, absences, oversight, messages, links, accounts.
export default {
  union: {
    more: '更多', write: '登记诉求', sections: '收件箱分类',
    section: { to_sign: '待签收', to_approve: '待签发', overdue: '已超期', today: '今天到期', in_hand: '办理中', waiting: '等待他人', drafts: '草稿' },
    none: { to_sign: '没有待签收的工单', to_approve: '没有待签发的反馈', overdue: '没有超期的工单', today: '今天没有到期的工单', in_hand: '没有其他办理中的工单', waiting: '没有在等他人的工单', drafts: '没有草稿' },
    signAs: '签收后由{handler}主办，{deputy}为B岗', signed: '{number} 已签收', co: '协办', people: '主办：{handler} · B岗：{deputy}',
    step: { sign_for: '签收', record_first_contact: '登记首次联系', report_result: '反馈结果', review: '签发', accept: '核对并提交' },
    takeOver: '交接给同事', takeOverNow: '我来接手', takeOverDone: '{number} 已交接', takeOverWhy: '为何交接', takeOverSend: '确认交接',
    call: '联系诉求人', callNow: '用我的电话拨打', callHint: '先响您登记的电话，按1后接通诉求人；双方都只看到12351。', callStarted: '请接听您的电话，按1接通',
    callState: { ringing_union: '正在呼叫您', ringing_caller: '正在呼叫诉求人', talking: '通话中', ended: '已结束' },
    voice: '语音记录', voiceStart: '开始录音', voiceStop: '停止', voiceSend: '发送录音', voiceDrop: '不要这段', voiceLeft: '已录 {time}', voiceDenied: '不能使用话筒，请在浏览器里允许，或选择录音文件', photo: '拍照或选文件',
  },
  outbox: {
    title: '待发送', waiting: '网络不好，{n} 项在等待发送，恢复后自动发送', sending: '正在发送…', refused: '没有成功，内容还在：', again: '再试一次', drop: '不发送了', open: '打开修改', leave: '还有内容没有发出',
    stale: '工单已有变化，请核对后再试',
  },
  intake: {
    title: '登记诉求', channel: '来自', walk_in: '来访', letter: '来信', union_phone: '本会电话', caller: '诉求人称呼', phone: '诉求人电话', employer: '用人单位', save: '保存草稿', submit: '保存并提交中心', saved: '{number} 已保存为草稿', submitted: '{number} 已提交，待派单', how: '登记后由热线中心派单，进度在“等待他人”里看。',
  },
  away: { title: '不在岗', mine: '登记我的不在岗时间', who: '谁', me: '我自己', from: '从', until: '到', reason: '原因（选填）', enter: '登记', list: '本会不在岗', none: '现在和将来都没有人不在岗', back: '我回来了', cancel: '取消', hint: '不在岗期间新工单给其他人，在办工单由B岗留意。' },
  oversight: {
    title: '下级与人员', unions: '本会和直接下级', union: '工会', open: '在办', toSign: '待签收', overdue: '超期', today: '今天到期', kept: '90天按时率', few: '件数太少，不显示', people: '人员', person: '姓名', role: '岗位', deputy: 'B岗', away: '不在岗至 {time}', shares: '各环节按时率', look: '看下级', up: '回到本会',
    kind: { sign: '签收', first_contact: '首联', progress: '进展', resolve: '办结', await_caller: '待补充', payment: '到账', statutory: '法定程序', letter: '回函', petition_notice: '信访告知', petition: '信访办理', petition_review: '信访复查' },
  },
  tell: {
    title: '通知方式', sms: '短信', email: '邮件', robocall: '电话（特急必响）', robot: '企业微信、钉钉机器人', digest: '每天早上的到期清单', to: '发到 {to}', noPhone: '没有登记手机号，请管理员补充', noMail: '没有登记邮箱，请管理员补充', saved: '已保存', hint: '非特急通知只在本会工作时间发送。',
    links: '工单链接', linksHint: '短信里的链接只在打开它的那台设备上有效。手机丢了请全部作废。', noLinks: '没有有效的链接', revoke: '作废', revokeAll: '全部作废', redeemed: '已在一台设备上打开', unused: '还没有打开', until: '有效至 {time}',
  },
  link: {
    title: '打开工单', hello: '点下面的按钮打开这张工单。链接只能用一次，只在这台设备上有效。', openIt: '打开工单', none: '链接不完整，请从短信里重新打开', shut: '链接已失效', again: '发新的链接到我的手机', sent: '如果链接原来是您的，新的链接会发到您登记的手机上', signIn: '登录后办理更多', needs: '需要登录：{what}', relay: '工单联系号', person: '{union} · {person}', done: '已完成', contact: '登记首次联系', progress: '登记进展', text: '情况（选填）', note: '进展', sign: '签收', send: '提交', means: '方式', outcome: '结果', handler: '主办：{name}', confirmSign: '签收后由您主办',
  },
  users: {
    title: '账号', find: '账号或姓名', add: '新增账号', name: '账号', displayName: '姓名', role: '岗位', union: '所属工会', deputy: 'B岗', phone: '电话', email: '邮箱', extension: '分机', disabled: '已停用', temporary: '待改口令', posts: '岗位安排', open: '在办 {n}', edit: '修改', save: '保存', create: '新增', disable: '停用', enable: '恢复', reset: '重置口令', why: '停用原因', password: '临时口令：{password}（只显示这一次，请当面告知，首次登录须修改）', none: '没有符合条件的账号', noDeputy: '（无）',
    roles: { operator: '话务员', callback_operator: '回访员', counsellor: '心理老师', lawyer: '值班律师', dispatcher: '派单员', supervisor: '值班长', duty_leader: '带班领导', inspector: '质检员', union_handler: '工会经办人', union_leader: '工会负责人', union_administrator: '工会管理员', administrator: '系统管理员', auditor: '审计员', partner: '协作单位' },
  },
  robots: { title: '群机器人', add: '添加', kind: '种类', wecom: '企业微信', dingtalk: '钉钉', name: '名称', address: '机器人地址（Webhook）', secret: '加签密钥（钉钉，选填）', personal: '只属于某个人的群', group: '工会的群', test: '试发', remove: '删除', none: '还没有机器人', tested: '已发出，请到群里看', hint: '群里的通知只带登录地址；只有个人群才带免登录的链接。' },
  delivery: { title: '消息送达', unsettled: '待处理', all: '全部', none: '没有需要处理的消息', arrived: '已送到', givenUp: '不再发送', again: '重新发送', never: '结果不明的消息不会自动重发，请核实后处理', to: '给 {to}', attempts: '尝试 {n} 次' },
  told: { title: '通知', none: '没有新的通知', seen: '全部标为已读', unseen: '{n} 条未读', open: '打开工单' },
  password: { title: '修改口令', first: '这是管理员给的临时口令，请先换成自己的（至少12位）', current: '现在的口令', fresh: '新口令', repeat: '再输一次', differ: '两次输入不一致', save: '保存', saved: '口令已修改' },
}
