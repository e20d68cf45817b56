// Chinese texts of what partners could not be told.
export default {
  partnerEvents: {
    empty: '没有未送达的通知：协作单位都已收到', hint: '自动重试用完或被对方拒绝的通知；查明原因后重发', choose: '选择', chooseAll: '全选', chooseNone: '全不选', chooseOne: '选择 {number}',
    resend: '重发（{n}）', resent: '{number}：已重新排队', notResent: '{number}：没有重发，{why}',
    partner: '协作单位', number: '工单', what: '通知内容', state: '结果', attempts: '已试次数', why: '原因', at: '发生时间',
    states: { failed: '对方拒收或无法送达', unknown: '结果不明', expired: '已过期' },
    kinds: { created: '移交', appended: '补充', accepted: '受理', rejected: '不予受理', progress: '进展', extended: '延期', result: '结果', callback: '回访', withdrawn: '撤回' },
  },
}
