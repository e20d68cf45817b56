// Keeps presence, call, line and telephone in step with the server while an operator is signed in.
import { onScopeDispose, watch } from 'vue'
import { OfflineError, ProblemError } from '@/api/client'
import { onFact, onResync } from '@/socket'
import { useCall } from '@/stores/call'
import { useDevice } from '@/stores/device'
import { useLine } from '@/stores/line'
import { useNotices } from '@/stores/notices'
import { usePresence } from '@/stores/presence'

const WITH_CALL = ['talking', 'wrap_up', 'reserved']

/** Do something whose failure the operator should read, but which must not break the page. */
export async function attempt(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act()
    return true
  } catch (error) {
    const silent = error instanceof OfflineError || (error instanceof ProblemError && error.status === 401)
    if (!silent) useNotices().tell(error instanceof Error ? error.message : String(error), 'error')
    return false
  }
}

export function useFloor(): void {
  const presence = usePresence()
  const call = useCall()
  const line = useLine()
  const device = useDevice()

  const refetch = (): void => {
    void attempt(presence.load)
    void attempt(line.load)
    const sid = presence.callSid
    if (sid) void attempt(() => call.show(sid))
  }

  watch(
    () => presence.callSid,
    (sid) => {
      if (sid) void attempt(() => call.show(sid))
    },
    { immediate: true },
  )
  watch(
    () => presence.presence?.state,
    (state) => {
      if (state && !WITH_CALL.includes(state)) call.clear()
    },
  )
  watch(
    () => (presence.presence?.state ?? 'offline') !== 'offline',
    (there) => {
      if (there) void attempt(device.ensure)
    },
    { immediate: true },
  )

  const beats = new Worker(new URL('../lib/heartbeat.worker.ts', import.meta.url), { type: 'module' })
  beats.onmessage = () => void presence.beat().catch(() => undefined)
  const stops = [
    onResync(refetch),
    onFact(['offer', 'presence'], () => void attempt(presence.load)),
    onFact(['line'], () => void attempt(line.load)),
    onFact(['call'], (fact) => {
      if (fact.id === call.call?.sid) void attempt(() => call.show(fact.id))
      else if (presence.dialling) void attempt(presence.load)
    }),
  ]
  onScopeDispose(() => {
    beats.terminate()
    for (const stop of stops) stop()
    device.close()
    presence.clear()
    call.clear()
  })
  refetch()
}
