// Figures as they are read, and periods as Shanghai counts them.
import { describe, expect, it } from 'vitest'
import type { ReportCell } from '@/stores/reports'
import { cellText, growthText, plotted } from './figures'
import { daysOf, grainFor, grainsOf } from './period'

const words = { hidden: '少于5', seconds: (n: string) => `${n} 秒` }
const cell = (value: number | null, hidden = false): ReportCell => ({ numerator: 1, base: 1, value, hidden })

describe('a figure', () => {
  it('is written in its unit; hidden and missing are two things', () => {
    expect(cellText(cell(0.9384), 'rate', words)).toBe('93.8%')
    expect(cellText(cell(1234), 'count', words)).toBe('1,234')
    expect(cellText(cell(900_000), 'cents', words)).toBe('¥9,000.00')
    expect(cellText(cell(62.5), 'seconds', words)).toBe('63 秒')
    expect(cellText(cell(null, true), 'count', words)).toBe('少于5')
    expect(cellText(cell(null), 'rate', words)).toBe('–')
    expect([growthText(0.125), growthText(-1), growthText(0), growthText(null)]).toEqual(['+12.5%', '−100.0%', '0.0%', '–'])
  })

  it('is drawn as a gap where it may not be shown', () => {
    expect([cell(0.5), cell(null, true), cell(null)].map((each) => plotted(each, 'rate'))).toEqual([50, null, null])
    expect(plotted(cell(12_345), 'cents')).toBe(123.45)
  })
})

describe('a period', () => {
  it('is of days in Shanghai, weeks from Monday, months whole', () => {
    // Sunday evening in UTC is Monday in Shanghai.
    const monday = Date.parse('2026-11-22T17:00:00Z')
    expect(daysOf('today', monday)).toEqual({ first: '2026-11-23', last: '2026-11-23' })
    expect(daysOf('thisWeek', monday)).toEqual({ first: '2026-11-23', last: '2026-11-29' })
    expect(daysOf('lastWeek', monday)).toEqual({ first: '2026-11-16', last: '2026-11-22' })
    expect(daysOf('thisMonth', monday)).toEqual({ first: '2026-11-01', last: '2026-11-30' })
    expect(grainsOf(daysOf('quarter', monday))).toEqual(['day', 'week', 'month'])
    expect(grainsOf(daysOf('year', monday))).toEqual(['week', 'month'])
    expect([grainFor(daysOf('year', monday), 'day'), grainFor(daysOf('today', monday), 'month')]).toEqual(['week', 'month'])
    const january = Date.parse('2027-01-31T04:00:00Z')
    expect(daysOf('thisWeek', january)).toEqual({ first: '2027-01-25', last: '2027-01-31' })
    expect(daysOf('lastMonth', january)).toEqual({ first: '2026-12-01', last: '2026-12-31' })
    expect(daysOf('quarter', january)).toEqual({ first: '2026-11-01', last: '2027-01-31' })
    expect(daysOf('year', january)).toEqual({ first: '2026-02-01', last: '2027-01-31' })
  })
})
