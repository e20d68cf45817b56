// Chinese texts of conversations, the floor and the browser telephone.
export default {
  talkbar: {
    transfer: '转接', threeWay: '三方', keypad: '键盘', help: '求助', helpOn: '已求助', title: '通话中的各方', held: '已保持 {time}', recall: '请接回来电人',
  },
  transfer: {
    title: '转接', threeWayTitle: '三方通话', kind: '转给谁', colleague: '同事', line: '专线', outside: '外部单位', number: '其他号码', free: '空闲', busy: '不空闲', closed: '无人值守', noDial: '线路不能拨打',
    warm: '先咨询', cold: '直接转', join: '接入三方', none: '现在没有可选的', numberHint: '以+86开头，声讯和付费号码不能拨打', choose: '请选择转接对象', warmHint: '先咨询：来电人听音乐，您先与对方说明；直接转：您立即退出，无人接听时来电人回到队列',
    state: { ringing: '正在呼叫', accepted: '正在接入', talking: '咨询中', done: '已接入', returned: '对方已挂断，来电人已接回', failed: '对方没有接听，来电人已接回', cancelled: '已取消' },
    reason: { busy: '对方忙', no_answer: '无人接听', declined: '对方谢绝', failed: '呼叫失败', left: '对方已挂断', operator_left: '话务员已离开', over: '通话已结束' },
    complete: '完成转接', merge: '三方通话', cancel: '取回来电人', remove: '请其退出', leave: '我退出，双方继续',
  },
  party: { operator: '话务员', consulted: '同事', third_party: '外部', supervisor: '值班长', former: '已转出' },
  askedIn: { title: '{name} 请您加入通话', warm: '先与您商量，再决定是否转给您', three_way: '请您参加三方通话', accept: '加入', decline: '谢绝' },
  keypad: { title: '键盘', sent: '已按 {keys}', hint: '向外部一方发送按键；也可用键盘输入' },
  help: { title: '求助', text: '情况（选填）', send: '请值班长协助', withdraw: '撤回求助', alarm: '{name} 求助', held: '{name} 的来电人保持过久', since: '已 {time}', go: '去处理', seen: '我来处理' },
  sound: {
    carrier: '网页电话没有连上运营商，正在重试（{code}）', idle: '', asking: '正在请求麦克风', on: '声音已接通', denied: '麦克风未获允许，本次通话只有字幕。请在浏览器地址栏允许麦克风后重新示闲。', missing: '没有找到麦克风，本次通话只有字幕。', insecure: '网页不是通过 https 打开的，浏览器不提供麦克风，只有字幕。', failed: '声音没有接通，请看字幕。',
  },
  floor: {
    title: '现场', operators: '坐席', waiting: '排队', nobody: '现在无人在岗', noWaiting: '没有人在等待', help: '求助', noHelp: '没有求助', longest: '最长等待 {time}', since: '{time}', held: '保持中', closed: '心理关怀，不可介入', line: '专线', priority: '级别', category: '事项', waited: '已等',
    coming: '接入中', listen: '监听', whisper: '耳语', barge: '插话', take_over: '接管', leave: '退出', mode: { listen: '监听中', whisper: '耳语中', barge: '插话中', take_over: '接管中' }, sure: '接管后，原话务员退出通话。确认接管“{name}”的通话？', confirm: '接管', count: '{n} 人',
  },
}
