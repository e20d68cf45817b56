// A list that grows by cursor: the first page follows facts, further pages are added by hand.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { FactKind } from '@/socket'
import { attempt } from './useFloor'
import { useLoad, type Load } from './useLoad'

interface Page<T> { items: T[]; next?: string | null }

export interface Pages<T> {
  items: ShallowRef<T[]>
  next: Ref<string | null>
  load: Load<Page<T>>
  more: () => Promise<void>
  /** Another question: the first page of its answer, however far the last one was read. */
  restart: () => Promise<void>
  loadingMore: Ref<boolean>
}

export function usePages<T>(fetch: (cursor: string | null) => Promise<Page<T>>, facts: readonly FactKind[]): Pages<T> {
  const items = shallowRef<T[]>([])
  const next = ref<string | null>(null)
  const loadingMore = ref(false)
  let shown = 1
  let turn = 0

  const load = useLoad(async () => {
    // As many pages as are shown: a fact must not fold the list under the reader.
    const mine = ++turn
    let page = await fetch(null)
    const found = [...page.items]
    for (let i = 1; i < shown && page.next; i += 1) {
      page = await fetch(page.next)
      found.push(...page.items)
    }
    // An answer to an earlier question may come after that to a later one.
    if (mine !== turn) return page
    items.value = found
    next.value = page.next ?? null
    return page
  }, facts)

  async function more(): Promise<void> {
    if (!next.value || loadingMore.value) return
    loadingMore.value = true
    const mine = turn
    await attempt(async () => {
      const page = await fetch(next.value)
      if (mine !== turn) return
      items.value = [...items.value, ...page.items]
      next.value = page.next ?? null
      shown += 1
    })
    loadingMore.value = false
  }

  function restart(): Promise<void> {
    shown = 1
    return load.reload()
  }

  return { items, next, load, more, restart, loadingMore }
}
