// Writes instants and durations the way people on the floor read them, always in Shanghai time.
const ZONE = 'Asia/Shanghai'

const clock = new Intl.DateTimeFormat('zh-CN', { timeZone: ZONE, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const clockSeconds = new Intl.DateTimeFormat('zh-CN', {
  timeZone: ZONE, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
})
const dayKey = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE })

export interface DayWords { today: string; tomorrow: string; yesterday: string }

const pad = (n: number): string => String(n).padStart(2, '0')

/** 03:41, or 1:03:41 from the first hour on; never negative. */
export function stopwatch(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000))
  const [h, m] = [Math.floor(s / 3600), Math.floor((s % 3600) / 60)]
  return h > 0 ? `${h}:${pad(m)}:${pad(s % 60)}` : `${pad(m)}:${pad(s % 60)}`
}

export function timeOfDay(at: string | number, seconds = false): string {
  return (seconds ? clockSeconds : clock).format(new Date(at))
}

/** "今天 12:00", "明天 09:00", "11-25 17:30", with the year when it is another one. */
export function momentOf(at: string | number, now: number, words: DayWords): string {
  const date = new Date(at)
  const key = dayKey.format(date)
  const time = clock.format(date)
  const day = (shift: number): string => dayKey.format(new Date(now + shift * 86_400_000))
  if (key === day(0)) return `${words.today} ${time}`
  if (key === day(1)) return `${words.tomorrow} ${time}`
  if (key === day(-1)) return `${words.yesterday} ${time}`
  return key.slice(0, 4) === day(0).slice(0, 4) ? `${key.slice(5)} ${time}` : `${key} ${time}`
}

export interface Span { days: number; hours: number; minutes: number; seconds: number }

export function spanOf(ms: number): Span {
  const s = Math.floor(Math.abs(ms) / 1000)
  return {
    days: Math.floor(s / 86_400),
    hours: Math.floor((s % 86_400) / 3600),
    minutes: Math.floor((s % 3600) / 60),
    seconds: s % 60,
  }
}

export type SlaLevel = 'none' | 'paused' | 'ok' | 'soon' | 'urgent' | 'late'

/** How pressing a deadline is: late, within 15 minutes, within the hour, or later. */
export function slaLevel(dueAt: string | null, now: number): SlaLevel {
  if (dueAt === null) return 'paused'
  const left = Date.parse(dueAt) - now
  if (left < 0) return 'late'
  if (left < 15 * 60_000) return 'urgent'
  return left < 3_600_000 ? 'soon' : 'ok'
}
