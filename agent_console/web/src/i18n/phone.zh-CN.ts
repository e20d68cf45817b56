// Chinese texts of the recording in the call bar, and of lines, seats and shifts on the floor.
export default {
  recordingBar: {
    called: '拨打：{name}',
    recording: '录音中', pausing: '正在暂停', paused: '录音暂停', starting: '准备录音', off: '未录音', pause: '按下暂停', resume: '按下继续', toggle: '暂停或继续录音', then: '；',
    cardHint: '选填，填写时录音自动暂停',
    why: { declined: '来电人不同意录音，本次通话不录音', policy: '本专线不录音', no_notice: '来电人未听到录音告知，不录音', alone: '没有在与来电人通话', hold: '保持中不录音', identity: '正在登记证件或卡号，录音已暂停', operator: '已由您暂停' },
    decline: '来电人不同意录音', declineHint: '本次通话不再录音，已录的内容会删除，并记入工单。确认后不能恢复。', declineConfirm: '停止并删除录音',
  },
  acd: {
    tabs: { now: '现场', lines: '线路', seats: '坐席状态', shifts: '排班与交接' },
    line: '专线', state: '状态', waiting: '等待', longest: '最长等待', ready: '示闲', strategy: '分配方式', reason: '原因', save: '保存',
    open: '开放', closed: '已关闭', unstaffed: '无人值守', diverted: '转到{line}', switch: '开关或转移', switchTitle: '{line}：开放、关闭或转移', divertTo: '转到哪条专线', switchHint: '转移时排队的人一起过去，次序不变；关闭后已在排队的人继续接待。',
    ways: { open: '开放', closed: '关闭', divert: '转移到其他专线' },
    strategies: { longest_idle: '最久空闲', round_robin: '轮流', fewest_calls: '接听最少', by_skill: '按技能' },
    incident: '突发事件公告', incidentOn: '正在播放', incidentOff: '没有播放公告', incidentText: '来电人首先听到的话', incidentEnglish: '英文（选填）', incidentAnnounce: '开始播放', incidentEnd: '停止播放',
    person: '人员', since: '时长', means: '接听方式', taken: '今日接听', misses: '未接', byTelephone: '电话', byBrowser: '网页', noSeats: '还没有人入席', setSeat: '改状态', setSeatTitle: '修改“{name}”的状态',
    own: '我的接听方式', ownHint: '夜间值班可用手机或座机接听：接起后按1才接入来电人。', ownNumber: '电话号码', ownSave: '用电话接听', ownBrowser: '改回网页接听',
    roster: '未来七天排班', post: 'A岗', deputy: 'B岗（替班）', begins: '开始', ends: '结束', note: '备注', plan: '排班', cancel: '取消', choose: '请选择', nobody: '无', anyLine: '全部专线', present: '在岗', noShifts: '还没有排班',
    handover: '交接班', handoverTo: '接班人', nextShift: '下一班', handoverText: '交接事项', handoverGive: '交班', noHandovers: '还没有交接班记录', stood: '当时等待{waiting}人，待回电{owed}个', takenBy: '{name}已确认', take: '确认接班',
  },
}
