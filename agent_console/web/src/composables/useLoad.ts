// Loads something and keeps the four states that every list shows.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { OfflineError } from '@/api/client'
import { onFact, onResync, type FactKind } from '@/socket'

export type LoadState = 'loading' | 'ready' | 'error' | 'offline'

export interface Load<T> {
  data: ShallowRef<T | undefined>
  state: Ref<LoadState>
  problem: Ref<string>
  reload: () => Promise<void>
}

/** Reload on facts of these kinds and after a reconnect; what is shown stays until the new answer is here. */
export function useLoad<T>(load: () => Promise<T>, facts: readonly FactKind[] = []): Load<T> {
  const data = shallowRef<T>()
  const state = ref<LoadState>('loading')
  const problem = ref('')
  let turn = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    if (data.value === undefined) state.value = 'loading'
    try {
      const answer = await load()
      if (mine !== turn) return
      data.value = answer
      state.value = 'ready'
    } catch (error) {
      if (mine !== turn) return
      state.value = error instanceof OfflineError ? 'offline' : 'error'
      problem.value = error instanceof Error ? error.message : String(error)
    }
  }

  let pending: ReturnType<typeof setTimeout> | undefined
  const soon = (): void => {
    // A burst of facts (a batch import) is one question.
    clearTimeout(pending)
    pending = setTimeout(() => void reload(), 150)
  }
  const stops = [onResync(soon), ...(facts.length > 0 ? [onFact(facts, soon)] : [])]
  onScopeDispose(() => {
    turn += 1
    clearTimeout(pending)
    for (const stop of stops) stop()
  })
  void reload()
  return { data, state, problem, reload }
}
