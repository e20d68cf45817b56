// @vitest-environment jsdom
// A decision on a ticket of the pool: never back to where it came from by default, and never without a reason.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, type EffectScope } from 'vue'
import type { PoolItem, Ranking, Ticket, UnionPreview } from '@/api/types'
import { ProblemError } from '@/api/client'
import { useTickets } from '@/stores/tickets'
import { usePoolDecision, type PoolDecision } from './usePoolDecision'

vi.mock('@/socket', () => ({ onFact: () => () => undefined, onResync: () => () => undefined }))

const ticket = { number: '37-1', version: 4 }
const back = { union_id: 7, union_name: '历下', reason_label: '不属本地区', suggested_union_id: 9, suggested_union: '市中', final: false }
const itemOf = (returned: typeof back | null): PoolItem => ({ ticket, returned, pool_reason: null, hard_case: false }) as unknown as PoolItem
const rankingOf = (...ids: number[]): Ranking => ({ recommendations: ids.map((id) => ({ union_id: id, union_name: `工会${id}` })) }) as unknown as Ranking
let scope: EffectScope

async function opened(item: PoolItem, ...ids: number[]): Promise<PoolDecision> {
  vi.spyOn(useTickets(), 'ranking').mockResolvedValue(rankingOf(...ids))
  vi.spyOn(useTickets(), 'preview').mockResolvedValue({ withheld: [] } as unknown as UnionPreview)
  const found = scope.run(() => usePoolDecision(() => item, (reason) => `同意退单：${reason}`)) as PoolDecision
  await vi.waitFor(() => expect(found.ranking.state.value).toBe('ready'))
  await nextTick()
  return found
}

beforeEach(() => {
  setActivePinia(createPinia())
  scope = effectScope()
})
afterEach(() => scope.stop())

describe('a decision on the pool', () => {
  it('follows the suggestion of whoever returned it, and leaves that union out', async () => {
    const decision = await opened(itemOf(back), 7, 8)
    expect(decision.choices.value.map((each) => each.union_id)).toEqual([8])
    expect(decision.suggestion.value).toEqual({ id: 9, name: '市中' })
    expect([decision.target.value, decision.ready.value]).toEqual([9, true])
    const sent = vi.spyOn(useTickets(), 'command').mockResolvedValue({ number: '37-1' } as Ticket)
    expect(await decision.send()).not.toBeNull()
    expect(sent).toHaveBeenCalledWith('37-1', 'decide_objection', 4, { upheld: true, reason: '同意退单：不属本地区', union_id: 9 })
  })

  it('needs a reason of its own where the return is denied', async () => {
    const decision = await opened(itemOf(back), 7, 9)
    expect(decision.suggestion.value).toBeNull()
    decision.upheld.value = false
    await nextTick()
    expect([decision.reason.value, decision.target.value, decision.ready.value]).toEqual(['', null, false])
    expect(await decision.send()).toBeNull()
    decision.reason.value = '注册地在本区'
    const sent = vi.spyOn(useTickets(), 'command').mockResolvedValue({ number: '37-1' } as Ticket)
    await decision.send()
    expect(sent).toHaveBeenCalledWith('37-1', 'decide_objection', 4, { upheld: false, reason: '注册地在本区' })
  })

  it('dispatches to the recommended union with one key, to another only with a reason', async () => {
    const decision = await opened(itemOf(null), 8, 9)
    const sent = vi.spyOn(useTickets(), 'command').mockRejectedValueOnce(new ProblemError(409, 'conflict', '已被他人修改', null, {})).mockResolvedValue({ number: '37-1' } as Ticket)
    expect(await decision.send()).toBeNull()
    expect(decision.attempt.problem.value).toBe('已被他人修改')
    expect(sent).toHaveBeenCalledWith('37-1', 'dispatch', 4, { union_id: 8 })
    decision.other.value = 11
    await nextTick()
    expect([decision.needsReason.value, decision.ready.value]).toEqual([true, false])
    decision.reason.value = '单位在该区'
    expect(await decision.send()).not.toBeNull()
    expect(sent).toHaveBeenLastCalledWith('37-1', 'dispatch', 4, { union_id: 11, override_reason: '单位在该区' })
  })

  it('asks for no reason where nothing is recommended', async () => {
    const decision = await opened(itemOf(null))
    expect(decision.ready.value).toBe(false)
    decision.other.value = 11
    await nextTick()
    expect([decision.needsReason.value, decision.ready.value]).toEqual([false, true])
  })
})
