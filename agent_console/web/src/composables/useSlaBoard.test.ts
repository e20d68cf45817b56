// @vitest-environment jsdom
// The board of deadlines: facts are heard, but what somebody points at does not move.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'
import { OfflineError } from '@/api/client'
import type { SlaBoard, SlaCard } from '@/api/types'
import { useSla, type BoardChoice } from '@/stores/sla'
import { useSlaBoard, type SlaBoardState } from './useSlaBoard'

const facts: (() => void)[] = []
vi.mock('@/socket', () => ({
  onFact: (_: string[], act: () => void) => {
    facts.push(act)
    return () => undefined
  },
  onResync: () => () => undefined,
}))

const card = (number: string): SlaCard => ({ ticket: { number }, handler: null, ladder: [] }) as unknown as SlaCard
const boardOf = (numbers: string[], next: string | null = null): SlaBoard =>
  ({ columns: [{ column: 'overdue', count: numbers.length, more: false, cards: numbers.map(card), next }], rows: [], server_time: '' })
const numbersOf = (state: SlaBoardState): string[] => state.board.value?.columns.flatMap((each) => each.cards.map((one) => one.ticket.number)) ?? []

let answer: () => Promise<SlaBoard>
let scope: EffectScope

async function opened(choice: () => BoardChoice = () => ({ by: 'union', row: null })): Promise<SlaBoardState> {
  vi.spyOn(useSla(), 'board').mockImplementation(() => answer())
  const state = scope.run(() => useSlaBoard(choice))
  if (!state) throw new Error('no scope')
  await vi.advanceTimersByTimeAsync(0)
  return state
}

async function fact(): Promise<void> {
  for (const act of facts) act()
  await vi.advanceTimersByTimeAsync(400)
}

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  facts.length = 0
  scope = effectScope()
  answer = () => Promise.resolve(boardOf(['1']))
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
})

describe('the board of deadlines', () => {
  it('shows what a fact brings, unless somebody points at it', async () => {
    const state = await opened()
    answer = () => Promise.resolve(boardOf(['2', '1']))
    await fact()
    expect(numbersOf(state)).toEqual(['2', '1'])
    state.hold(true)
    answer = () => Promise.resolve(boardOf(['3', '2', '1']))
    await fact()
    expect(numbersOf(state)).toEqual(['2', '1'])
    expect(state.waiting.value).toBe(true)
    state.hold(false)
    expect(numbersOf(state)).toEqual(['3', '2', '1'])
    expect(state.waiting.value).toBe(false)
  })

  it('asks again as time passes, and brings figures at once where no card moves', async () => {
    const state = await opened()
    state.hold(true)
    const later = boardOf(['1'])
    answer = () => Promise.resolve({ ...later, server_time: 'later' })
    await vi.advanceTimersByTimeAsync(30_000)
    expect(state.waiting.value).toBe(false)
    expect(state.board.value?.server_time).toBe('later')
  })

  it('keeps what it shows when the server cannot be reached, and says so', async () => {
    const state = await opened()
    answer = () => Promise.reject(new OfflineError())
    await fact()
    expect(state.state.value).toBe('offline')
    expect(numbersOf(state)).toEqual(['1'])
  })

  it('adds a page, but not to a board that was chosen meanwhile', async () => {
    const choice = ref<BoardChoice>({ by: 'union', row: null })
    answer = () => Promise.resolve(boardOf(['1'], 'mark'))
    const state = await opened(() => choice.value)
    const first = state.board.value?.columns[0]
    if (!first) throw new Error('no column')
    let arrive: (found: { cards: SlaCard[]; next: null }) => void = () => undefined
    vi.spyOn(useSla(), 'page').mockImplementation(() => new Promise((resolve) => (arrive = resolve)))
    let asked = state.more(first)
    arrive({ cards: [card('2')], next: null })
    await asked
    expect(numbersOf(state)).toEqual(['1', '2'])
    asked = state.more(first)
    choice.value = { by: 'category', row: null }
    await nextTick()
    answer = () => Promise.resolve(boardOf(['9']))
    arrive({ cards: [card('3')], next: null })
    await asked
    await vi.advanceTimersByTimeAsync(0)
    expect(numbersOf(state)).not.toContain('3')
  })
})
