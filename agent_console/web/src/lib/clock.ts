// The server's time: an offset measured on answers, and one shared second hand.
import { computed, onScopeDispose, ref, shallowRef, type ComputedRef } from 'vue'

const offsetMs = ref(0)
const tick = shallowRef(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

export function noteServerTime(iso: string, receivedAt = Date.now()): void {
  const server = Date.parse(iso)
  if (!Number.isNaN(server)) offsetMs.value = server - receivedAt
}

export function serverNow(): number {
  return Date.now() + offsetMs.value
}

/** Milliseconds of server time, renewed each half second while somebody looks. */
export function useServerNow(): ComputedRef<number> {
  users += 1
  timer ??= setInterval(() => {
    tick.value = Date.now()
  }, 500)
  onScopeDispose(() => {
    users -= 1
    if (users > 0) return
    clearInterval(timer)
    timer = undefined
  })
  tick.value = Date.now()
  return computed(() => tick.value + offsetMs.value)
}
