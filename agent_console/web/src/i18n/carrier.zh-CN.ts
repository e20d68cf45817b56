// Chinese texts of the health of numbers and carrier.
export default {
  lineHealth: {
    title: '线路健康', number: '号码', state: '状态', lastSuccess: '最近接通', roundTrip: '自检用时',
    proven: '正常', deaf: '打不进', unproven: '未自检', never: '—', seconds: '{s}秒',
    hour: '近一小时：来电{calls}，失败{failed}，转备用{fallbacks}，应答出错{turns}，运营商命令失败{commands}',
  },
}
