// Money in yuan, from cents.
const yuan = new Intl.NumberFormat('zh-CN', { style: 'currency', currency: 'CNY' })
export const yuanText = (cents: number): string => yuan.format(cents / 100)
