// The call at hand: who calls, how the lines stand, what may be done with it.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import type { Call, Ticket, OutcomeIn } from '@/api/types'
import { useDevice } from './device'

const TALKING = ['connected', 'on_hold', 'consulting']

export type CallAction = 'hold' | 'unhold' | 'mute' | 'unmute' | 'hang_up'

export const useCall = defineStore('call', () => {
  const call = shallowRef<Call | null>(null)
  const busy = ref(false)
  /** Whether a person speaks with the caller now; only then is there something to hold, mute or hang up. */
  const live = computed(() => TALKING.includes(call.value?.conversation_state ?? ''))
  const device = useDevice()

  const read = (sid: string): Promise<Call> => ask(http.GET('/api/calls/{sid}', { params: { path: { sid } } }))

  let turn = 0

  /** Show a call; an answer that comes after a later question, or after the call was put away, is not shown. */
  async function show(sid: string): Promise<void> {
    const mine = ++turn
    const answer = await read(sid)
    if (mine === turn) call.value = answer
  }

  async function accept(offerId: number): Promise<void> {
    call.value = await ask(http.POST('/api/offers/{id}/accept', { params: { path: { id: offerId } } }))
  }

  async function decline(offerId: number): Promise<void> {
    await ask(http.POST('/api/offers/{id}/decline', { params: { path: { id: offerId } } }))
  }

  const COMMANDS = {
    hold: '/api/calls/{sid}/hold',
    unhold: '/api/calls/{sid}/unhold',
    mute: '/api/calls/{sid}/mute',
    unmute: '/api/calls/{sid}/unmute',
    hang_up: '/api/calls/{sid}/hang_up',
  } as const
  let underWay: Promise<unknown> = Promise.resolve()

  /** Give a command about the call at hand, after those that are still under way: a key is never lost. */
  async function act(action: CallAction): Promise<void> {
    const sid = call.value?.sid
    if (!sid) return
    busy.value = true
    // Nobody hears what is said after the key; the carrier's own mute takes its time.
    if (action === 'mute') device.mute(true)
    const mine = underWay.catch(() => undefined).then(async () => {
      const answer = await ask(http.POST(COMMANDS[action], { params: { path: { sid } } }))
      if (call.value?.sid === sid) {
        turn += 1
        call.value = answer
      }
    })
    underWay = mine
    try {
      await mine
    } catch (error) {
      if (action === 'mute') device.mute(call.value?.muted ?? false)
      throw error
    } finally {
      if (underWay === mine) busy.value = false
    }
  }

  /** Open the draft of this call, or return the one that is open. */
  async function openTicket(): Promise<Ticket> {
    const sid = call.value?.sid ?? ''
    return ask(http.POST('/api/calls/{sid}/ticket', { params: { path: { sid } } }))
  }

  async function recordOutcome(outcome: OutcomeIn['outcome'], note: string): Promise<void> {
    const sid = call.value?.sid ?? ''
    call.value = await ask(http.POST('/api/calls/{sid}/outcome', { params: { path: { sid } }, body: { outcome, note: note || null } }))
  }

  function clear(): void {
    turn += 1
    call.value = null
  }

  return { call, busy, live, read, show, accept, decline, act, openTicket, recordOutcome, clear }
})
