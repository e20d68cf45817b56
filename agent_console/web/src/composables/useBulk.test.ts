// @vitest-environment jsdom
// One command for many rows: in portions, with a reason for each that failed.
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { OfflineError } from '@/api/client'
import type { BulkResult, TicketSummary } from '@/api/types'
import { useLists } from '@/stores/lists'
import { AT_ONCE, useBulk } from './useBulk'

const rows = (count: number): TicketSummary[] => Array.from({ length: count }, (_, at) => ({ number: `37-${at}`, version: at })) as TicketSummary[]
const good = (number: string): BulkResult => ({ number, ok: true, state: 'dispatched', version: 2, problem: null })
const bad = (number: string, status: number, fields: Record<string, unknown>): BulkResult => ({
  number, ok: false, state: null, version: null,
  problem: { type: '', title: '没有成功', status, code: '', detail: null, fields },
})

beforeEach(() => setActivePinia(createPinia()))

describe('one command for many rows', () => {
  it('keeps what failed chosen and says why', async () => {
    const run = useBulk(() => rows(3))
    run.chooseAll(true)
    expect(run.all.value).toBe(true)
    vi.spyOn(useLists(), 'bulk').mockResolvedValue([good('37-0'), bad('37-1', 422, { union_id: '没有可推荐的工会' }), bad('37-2', 409, { version: { seen: 1, current: 2 } })])
    expect(await run.run('dispatch', {})).toBe(true)
    expect([...run.chosen.value]).toEqual(['37-1', '37-2'])
    expect(run.failures.value.get('37-1')).toBe('没有成功：没有可推荐的工会')
    expect(run.failures.value.get('37-2')).toBe('没有成功')
    expect(run.done.value).toBe(1)
  })

  it('goes in portions, and what was not answered stays chosen', async () => {
    const run = useBulk(() => rows(AT_ONCE + 5))
    run.chooseAll(true)
    const sent = vi.spyOn(useLists(), 'bulk')
      .mockImplementationOnce((_, items) => Promise.resolve(items.map((item) => good(item.number))))
      .mockRejectedValueOnce(new OfflineError())
    expect(await run.run('nudge', {})).toBe(false)
    expect(sent.mock.calls.map(([, items]) => items.length)).toEqual([AT_ONCE, 5])
    expect(run.done.value).toBe(AT_ONCE)
    expect(run.chosen.value.size).toBe(5)
    expect(run.problem.value).toBe('offline')
  })

  it('never sends a row that is no longer shown', async () => {
    const items = ref(rows(2))
    const run = useBulk(() => items.value)
    run.choose('37-0', true)
    run.choose('37-1', true)
    items.value = rows(1)
    const sent = vi.spyOn(useLists(), 'bulk').mockResolvedValue([good('37-0')])
    await run.run('nudge', {})
    expect(sent).toHaveBeenCalledWith('nudge', [{ number: '37-0', version: 0 }], {})
    expect(run.chosen.value.size).toBe(0)
    run.clear()
    expect(run.done.value).toBeNull()
  })
})
