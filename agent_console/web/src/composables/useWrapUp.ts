// Leaves the time after a call, but not before it is known what the call was.
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import type { PresenceChoice } from '@/api/types'
import { isBlank, isRecorded } from '@/components/call/outcomes'
import { useCall } from '@/stores/call'
import { useNotices } from '@/stores/notices'
import { usePresence } from '@/stores/presence'
import { useTickets } from '@/stores/tickets'
import { attempt } from './useFloor'

/** The state that was asked for while the call had neither ticket nor outcome; taken once it has. */
export const wanted = ref<PresenceChoice | null>(null)

export interface WrapUp {
  /** Take another state, or lead to what is missing first. */
  leave: (to: PresenceChoice) => Promise<void>
  /** The call has its outcome: take the state that was asked for, if one was. */
  decided: () => Promise<void>
}

export function useWrapUp(): WrapUp {
  const { t } = useI18n()
  const router = useRouter()
  const presence = usePresence()
  const calls = useCall()
  const tickets = useTickets()
  const notices = useNotices()

  async function isUndecided(): Promise<boolean> {
    const sid = presence.callSid
    if (!sid) return false
    await calls.show(sid)
    const call = calls.call
    if (call === null) return false
    if (call.tickets.length === 0) return !isRecorded(call)
    return call.draft !== null && isBlank(await tickets.get(call.draft))
  }

  async function take(state: PresenceChoice): Promise<void> {
    wanted.value = null
    await attempt(() => (state === 'ready' ? presence.finishWrapUp() : presence.choose(state)))
  }

  async function leave(to: PresenceChoice): Promise<void> {
    await attempt(async () => {
      if (!(await isUndecided())) return take(to)
      wanted.value = to
      notices.tell(t('outcome.first'))
      await router.push('/workbench')
    })
  }

  async function decided(): Promise<void> {
    if (wanted.value !== null) await take(wanted.value)
  }

  return { leave, decided }
}
