// Who else has which ticket open; asked now and then while somebody looks at the list.
import { onScopeDispose, shallowRef, type ShallowRef } from 'vue'
import { onResync } from '@/socket'
import { useLists } from '@/stores/lists'

export const EVERY_MS = 10_000

export function useWatched(): ShallowRef<Readonly<Record<string, string[]>>> {
  const lists = useLists()
  const names = shallowRef<Readonly<Record<string, string[]>>>({})
  let over = false

  async function ask(): Promise<void> {
    if (document.hidden) return
    try {
      const found = await lists.watchers()
      if (!over) names.value = found
    } catch {
      // Better no names than those of people who may have left long ago.
      names.value = {}
    }
  }

  const beat = setInterval(() => void ask(), EVERY_MS)
  const look = (): void => void ask()
  document.addEventListener('visibilitychange', look)
  const stop = onResync(look)
  onScopeDispose(() => {
    over = true
    clearInterval(beat)
    document.removeEventListener('visibilitychange', look)
    stop()
  })
  void ask()
  return names
}
