// @vitest-environment jsdom
// A report that arrives late does not stand under another period's name; the wall asks no more often than it is read.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, type EffectScope } from 'vue'
import { OfflineError } from '@/api/client'
import { useReports, type Report, type ReportChoice, type Wall } from '@/stores/reports'
import { useReport, type ReportState } from './useReport'
import { EVERY_MS, SETTLE_MS, useWall } from './useWall'

const facts: (() => void)[] = []
vi.mock('@/socket', () => ({
  onFact: (_: string[], act: () => void) => {
    facts.push(act)
    return () => undefined
  },
  onResync: () => () => undefined,
}))

const reportOf = (choice: ReportChoice): Report => ({ ...choice, figures: [{ key: 'calls' }, { key: 'received' }] }) as unknown as Report
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-25T04:00:00Z') })
  setActivePinia(createPinia())
  facts.length = 0
  scope = effectScope()
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

function within<T>(make: () => T): T {
  const made = scope.run(make)
  if (made === undefined) throw new Error('no scope')
  return made
}

describe('a report', () => {
  it('shows only what belongs to the period that is chosen', async () => {
    const waiting: { choice: ReportChoice; answer: (found: Report) => void }[] = []
    vi.spyOn(useReports(), 'get').mockImplementation((choice) => new Promise((answer) => waiting.push({ choice, answer })))
    const state: ReportState = within(() => useReport(false))
    state.preset.value = 'today'
    await nextTick()
    expect(waiting.map(({ choice }) => `${choice.first} ${choice.grain}`)).toEqual(['2026-11-01 day', '2026-11-25 day'])
    for (const { choice, answer } of [...waiting].reverse()) answer(reportOf(choice))
    await vi.advanceTimersByTimeAsync(0)
    expect(state.report.value?.first).toBe('2026-11-25')
    state.choose('received')
    expect(state.chosen.value?.key).toBe('received')
  })

  it('keeps a union to months, and leaves nothing standing that failed', async () => {
    const get = vi.spyOn(useReports(), 'get').mockImplementation((choice) => Promise.resolve(reportOf(choice)))
    const state = within(() => useReport(true))
    await vi.advanceTimersByTimeAsync(0)
    expect([state.choice.value.grain, state.state.value]).toEqual(['month', 'ready'])
    get.mockRejectedValue(new OfflineError())
    state.preset.value = 'year'
    await vi.advanceTimersByTimeAsync(0)
    expect([state.report.value, state.state.value]).toEqual([null, 'offline'])
  })
})

describe('the wall', () => {
  it('follows facts in steps, time by itself, and says when it is old', async () => {
    const wall = vi.spyOn(useReports(), 'wall').mockResolvedValue({ waiting: 1 } as Wall)
    const state = within(() => useWall())
    await vi.advanceTimersByTimeAsync(0)
    expect(wall).toHaveBeenCalledTimes(1)
    for (let i = 0; i < 50; i += 1) for (const act of facts) act()
    await vi.advanceTimersByTimeAsync(SETTLE_MS)
    expect(wall).toHaveBeenCalledTimes(2)
    wall.mockRejectedValue(new OfflineError())
    await vi.advanceTimersByTimeAsync(EVERY_MS)
    expect([state.stale.value, state.wall.value?.waiting]).toEqual([true, 1])
    wall.mockResolvedValue({ waiting: 2 } as Wall)
    await vi.advanceTimersByTimeAsync(EVERY_MS)
    expect([state.stale.value, state.wall.value?.waiting]).toEqual([false, 2])
  })
})
