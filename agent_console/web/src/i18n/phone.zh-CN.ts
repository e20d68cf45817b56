// Chinese texts of the recording in the call bar, and of lines, seats and shifts on the floor.
export default {
  recordingBar: {
    called: '拨打：{name}',
    recording: '录音中', pausing: '正在暂停', paused: '录音暂停', starting: '准备录音', off: '未录音', pause: '按下暂停', resume: '按下继续', toggle: '暂停或继续录音', then: '；',
    cardHint: '选填，填写时录音自动暂停',
    why: { declined: '来电人不同意录音，本次通话不录音', policy: '本专线不录音', no_notice: '来电人未听到录音告知，不录音', alone: '没有在与来电人通话', hold: '保持中不录音', identity: '正在登记证件或卡号，录音已暂停', operator: '已由您暂停' },
    decline: '来电人不同意录音', declineHint: '本次通话不再录音，已录的内容会删除，并记入工单。确认后不能恢复。', declineConfirm: '停止并删除录音',
  },
}
