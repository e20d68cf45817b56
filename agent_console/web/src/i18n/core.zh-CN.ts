// 受理核心的文字。
export default {
  accused: { label: '被投诉的工会或人员', placeholder: '输入工会名称、热线人员姓名或工号', remove: '移除{name}', person: '热线人员' },
}
