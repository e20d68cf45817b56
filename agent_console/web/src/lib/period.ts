// Periods of a report as days in Shanghai, written YYYY-MM-DD; weeks begin on Monday.
export type Preset = 'today' | 'thisWeek' | 'lastWeek' | 'thisMonth' | 'lastMonth' | 'quarter' | 'year' | 'own'
export interface Days { first: string; last: string }
export type Grain = 'day' | 'week' | 'month'

/** Days that a report of each grain may have: the server refuses more. */
const LONGEST: [Grain, number][] = [['day', 93], ['week', 371], ['month', 1101]]

const dayKey = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' })
const DAY_MS = 86_400_000

/** Noon in UTC: whole days are added without crossing a border. */
const dateOf = (day: string): Date => new Date(`${day}T12:00:00Z`)
const keyOf = (date: Date): string => date.toISOString().slice(0, 10)
const shifted = (day: string, days: number): string => keyOf(new Date(dateOf(day).getTime() + days * DAY_MS))
const monthBegin = (day: string, months: number): string => {
  const date = dateOf(day)
  return keyOf(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1, 12)))
}

export function daysOf(preset: Exclude<Preset, 'own'>, now: number): Days {
  const today = dayKey.format(new Date(now))
  const monday = shifted(today, -((dateOf(today).getUTCDay() + 6) % 7))
  const monthEnd = (months: number): string => shifted(monthBegin(today, months + 1), -1)
  switch (preset) {
    case 'today': return { first: today, last: today }
    case 'thisWeek': return { first: monday, last: shifted(monday, 6) }
    case 'lastWeek': return { first: shifted(monday, -7), last: shifted(monday, -1) }
    case 'thisMonth': return { first: monthBegin(today, 0), last: monthEnd(0) }
    case 'lastMonth': return { first: monthBegin(today, -1), last: monthEnd(-1) }
    case 'quarter': return { first: monthBegin(today, -2), last: monthEnd(0) }
    case 'year': return { first: monthBegin(today, -11), last: monthEnd(0) }
  }
}

/** The grains whose columns can still be read over so many days. */
export function grainsOf({ first, last }: Days): Grain[] {
  const days = Math.round((dateOf(last).getTime() - dateOf(first).getTime()) / DAY_MS) + 1
  return LONGEST.filter(([, longest]) => days <= longest).map(([grain]) => grain)
}

/** The wanted grain, or the finest one that the period allows. */
export function grainFor(days: Days, wanted: Grain): Grain {
  const possible = grainsOf(days)
  return possible.includes(wanted) ? wanted : (possible[0] ?? 'month')
}
