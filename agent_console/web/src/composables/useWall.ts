// What is on the wall, live: facts ask for it anew, but not more often than a wall is read.
import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { onFact, onResync } from '@/socket'
import { useReports, type Wall } from '@/stores/reports'

/** Many screens may hang in many rooms: each asks at most so often, however busy the floor. */
export const SETTLE_MS = 3_000
/** Time passes without facts: a caller waits longer, a deadline is missed. */
export const EVERY_MS = 15_000

export interface WallState { wall: ShallowRef<Wall | null>; stale: Ref<boolean> }

export function useWall(): WallState {
  const store = useReports()
  const wall = shallowRef<Wall | null>(null)
  const stale = ref(false)
  let over = false
  let asking = false

  async function load(): Promise<void> {
    if (asking) return
    asking = true
    try {
      const found = await store.wall()
      if (over) return
      wall.value = found
      stale.value = false
    } catch {
      // What hangs there stays, and says that it is old.
      stale.value = true
    } finally {
      asking = false
    }
  }

  let soon: ReturnType<typeof setTimeout> | undefined
  const later = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined
      void load()
    }, SETTLE_MS)
  }
  const stops = [onFact(['line', 'presence', 'call', 'ticket'], later), onResync(later)]
  const beat = setInterval(() => void load(), EVERY_MS)
  onScopeDispose(() => {
    over = true
    clearTimeout(soon)
    clearInterval(beat)
    for (const stop of stops) stop()
  })
  void load()
  return { wall, stale }
}
