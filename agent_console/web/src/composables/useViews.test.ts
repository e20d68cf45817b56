// @vitest-environment jsdom
// Kept lists: which one is shown, whether it was changed since, and what is sent to keep it.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, type EffectScope } from 'vue'
import { ProblemError } from '@/api/client'
import type { KeptView } from '@/api/types'
import type { ListFilter } from '@/lib/listFilter'
import { useLists } from '@/stores/lists'
import { useViews, type Views } from './useViews'

vi.mock('@/socket', () => ({ onFact: () => () => undefined, onResync: () => () => undefined }))

const view = (id: number, name: string, filter: Record<string, unknown>, mine = true): KeptView => ({ id, name, filter, mine, owner: '某', shared_role: null })
let scope: EffectScope
let held: KeptView[]
const filter = ref<ListFilter>({ bucket: 'open' })

async function opened(): Promise<Views> {
  vi.spyOn(useLists(), 'views').mockImplementation(() => Promise.resolve([...held]))
  const found = scope.run(() => useViews(() => filter.value))
  await vi.waitFor(() => expect(found?.load.state.value).toBe('ready'))
  return found as Views
}

beforeEach(() => {
  setActivePinia(createPinia())
  scope = effectScope()
  filter.value = { bucket: 'open' }
  held = [view(1, '紧急', { bucket: 'open', urgency: 'P1' }), view(2, '网上', { bucket: 'open', where: '{"field":"channel","op":"eq","value":"web"}' }, false)]
})
afterEach(() => scope.stop())

describe('kept lists', () => {
  it('are told apart, chosen, and known again by what they show', async () => {
    const views = await opened()
    expect([views.own.value.length, views.shared.value.length]).toEqual([1, 1])
    expect(views.chosen.value).toBeNull()
    filter.value = { bucket: 'open', channel: 'web' }
    expect(views.chosen.value?.id).toBe(2)
    const first = views.choose(1)
    expect(first).toEqual({ bucket: 'open', urgency: 'P1' })
    filter.value = { ...first, q: '欠薪' }
    expect([views.chosen.value?.id, views.changed.value]).toEqual([1, true])
  })

  it('are kept as they are on the screen, and a refusal says why', async () => {
    const views = await opened()
    filter.value = { bucket: 'all', card: 'red' }
    const sent = vi.spyOn(useLists(), 'keep').mockImplementation((name) => {
      held = [...held, view(3, name, { bucket: 'all', where: '{"field":"card","op":"eq","value":"red"}' })]
      return Promise.resolve(held[2] as KeptView)
    })
    expect(await views.keep('红牌', 'supervisor')).toBe(true)
    expect(sent).toHaveBeenCalledWith('红牌', { bucket: 'all', where: '{"field":"card","op":"eq","value":"red"}' }, 'supervisor')
    expect([views.chosen.value?.name, views.changed.value]).toEqual(['红牌', false])
    vi.spyOn(useLists(), 'rename').mockRejectedValue(new ProblemError(422, 'invalid', '填写有误', null, { name: '已有同名的列表' }))
    expect(await views.rename('紧急')).toBe(false)
    expect(views.attempt.fields.value.name).toBe('已有同名的列表')
    expect(views.chosen.value?.name).toBe('红牌')
  })

  it('are thrown away, and the list stays', async () => {
    const views = await opened()
    views.choose(1)
    vi.spyOn(useLists(), 'drop').mockImplementation((id) => {
      held = held.filter((each) => each.id !== id)
      return Promise.resolve()
    })
    expect(await views.drop()).toBe(true)
    expect(views.own.value).toEqual([])
    expect(views.chosen.value).toBeNull()
  })
})
