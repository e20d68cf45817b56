// The operator's own state on the floor, and the offer that rings.
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import type { Offer, Presence, PresenceChoice } from '@/api/types'

const AT_DESK = ['ready', 'not_ready', 'on_break', 'wrap_up']

export const usePresence = defineStore('presence', () => {
  const presence = shallowRef<Presence | null>(null)
  const gone = shallowRef(new Set<number>())
  const offer = computed<Offer | null>(() => {
    const current = presence.value?.offer ?? null
    return current && !gone.value.has(current.id) ? current : null
  })

  /** The call at hand; a call-out has only a name of our own, and nothing to show, until the carrier has dialled. */
  const dialling = computed(() => presence.value?.call_sid?.startsWith('out-') ?? false)
  const callSid = computed(() => (dialling.value ? null : (presence.value?.call_sid ?? null)))
  /** In these states one's own telephone can be rung for a call that one makes. */
  const atDesk = computed(() => AT_DESK.includes(presence.value?.state ?? ''))

  /** Several questions may be under way; an answer older than what is shown says nothing any more. */
  function take(answer: Presence): void {
    const shown = presence.value?.server_time
    if (!shown || Date.parse(answer.server_time) >= Date.parse(shown)) presence.value = answer
  }

  async function load(): Promise<void> {
    take(await ask(http.GET('/api/presence')))
  }

  async function beat(): Promise<void> {
    take(await ask(http.POST('/api/presence/heartbeat')))
  }

  async function choose(state: PresenceChoice, reason?: string): Promise<void> {
    take(await ask(http.PUT('/api/presence', { body: { state, reason: reason ?? null } })))
  }

  async function extendWrapUp(): Promise<void> {
    take(await ask(http.POST('/api/presence/wrap-up', { body: { seconds: 60 } })))
  }

  async function finishWrapUp(): Promise<void> {
    take(await ask(http.POST('/api/presence/finish')))
  }

  /** Stop showing an offer at once: answered or declined here, in another tab, or too late. */
  function drop(id: number): void {
    gone.value = new Set([...gone.value, id])
  }

  function clear(): void {
    presence.value = null
  }

  return { presence, offer, dialling, callSid, atDesk, load, beat, choose, extendWrapUp, finishWrapUp, drop, clear }
})
