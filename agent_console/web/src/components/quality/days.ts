// Days as Shanghai counts them, wherever the browser stands.
export const shanghaiDay = (ms: number, plus = 0): string => new Date(ms + 8 * 3_600_000 + plus * 86_400_000).toISOString().slice(0, 10)
