// The board of deadlines, live; while a pointer or the keyboard is on it, changes wait, so that nothing jumps away.
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { OfflineError } from '@/api/client'
import type { SlaBoard, SlaColumn } from '@/api/types'
import { onFact, onResync } from '@/socket'
import { useSla, type BoardChoice } from '@/stores/sla'
import type { LoadState } from './useLoad'

const SETTLE_MS = 400
/** Time moves cards from column to column without any fact. */
const EVERY_MS = 30_000
const FIRST = 20

export interface SlaBoardState {
  board: ShallowRef<SlaBoard | null>
  state: Ref<LoadState>
  problem: Ref<string>
  /** An answer that waits until nobody points at the board. */
  waiting: ComputedRef<boolean>
  hold: (held: boolean) => void
  apply: () => void
  reload: () => Promise<void>
  more: (column: SlaColumn) => Promise<void>
}

export function useSlaBoard(choice: () => BoardChoice): SlaBoardState {
  const store = useSla()
  const board = shallowRef<SlaBoard | null>(null)
  const fresh = shallowRef<SlaBoard | null>(null)
  const state = ref<LoadState>('loading')
  const problem = ref('')
  const waiting = computed(() => fresh.value !== null)
  let held = false
  let turn = 0

  const show = (found: SlaBoard): void => {
    board.value = found
    fresh.value = null
  }

  function arrived(found: SlaBoard): void {
    state.value = 'ready'
    problem.value = ''
    if (held && board.value && cardsOf(found) !== cardsOf(board.value)) fresh.value = found
    else show(found)
  }

  function failed(error: unknown): void {
    problem.value = error instanceof Error ? error.message : String(error)
    state.value = error instanceof OfflineError ? 'offline' : 'error'
  }

  async function load(): Promise<void> {
    const mine = ++turn
    // Whoever has paged further keeps what he sees.
    const limit = Math.min(100, Math.max(FIRST, ...(board.value?.columns.map((each) => each.cards.length) ?? [])))
    try {
      const found = await store.board(choice(), limit)
      if (mine === turn) arrived(found)
    } catch (error) {
      if (mine === turn) failed(error)
    }
  }

  async function more(column: SlaColumn): Promise<void> {
    if (column.next === null) return
    const mine = turn
    try {
      const found = await store.page(column.column, choice(), column.next)
      // A board that came meanwhile begins anew.
      if (mine !== turn || !board.value) return
      const grown = (each: SlaColumn): SlaColumn => (each.column === column.column ? { ...each, cards: [...each.cards, ...found.cards], next: found.next } : each)
      board.value = { ...board.value, columns: board.value.columns.map(grown) }
    } catch (error) {
      failed(error)
    }
  }

  function apply(): void {
    if (fresh.value) show(fresh.value)
  }

  function hold(now: boolean): void {
    held = now
    if (!held) apply()
  }

  let soon: ReturnType<typeof setTimeout> | undefined
  const later = (): void => {
    // The first of many changes starts the wait, so that a busy floor cannot put it off for ever.
    soon ??= setTimeout(() => {
      soon = undefined
      void load()
    }, SETTLE_MS)
  }
  const stops = [onFact(['ticket'], later), onResync(later)]
  const beat = setInterval(() => void load(), EVERY_MS)
  onScopeDispose(() => {
    turn += 1
    clearTimeout(soon)
    clearInterval(beat)
    for (const stop of stops) stop()
  })
  watch(choice, () => {
    board.value = null
    fresh.value = null
    state.value = 'loading'
    void load()
  }, { immediate: true, deep: true })
  return { board, state, problem, waiting, hold, apply, reload: load, more }
}

/** What would move under a pointer: which cards stand where. */
export function cardsOf(board: SlaBoard): string {
  return board.columns.map((each) => `${each.column}:${each.cards.map((card) => card.ticket.number).join()}`).join(';')
}
