// The conversation at hand beside the caller: who else is in it, what is under way, and the buttons for it.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import type { AskedIn, Talk, TransferIn, TransferTargets } from '@/api/types'
import { useSession } from './session'

export type TalkDialog = 'transfer' | 'three_way' | 'keypad' | 'help'

export const useTalk = defineStore('talk', () => {
  const talk = shallowRef<Talk | null>(null)
  const asked = shallowRef<AskedIn | null>(null)
  const dialog = ref<TalkDialog | null>(null)
  const gone = new Set<number>()
  /** Whether the conversation is one's own; a colleague who was asked in only sees it. */
  const mine = computed(() => talk.value !== null && talk.value.operator_id === useSession().user?.id)

  const path = (sid: string): { params: { path: { sid: string } } } => ({ params: { path: { sid } } })

  /** Of two answers about one conversation the later one counts. */
  function take(answer: Talk): void {
    const shown = talk.value
    if (!shown || shown.sid !== answer.sid || answer.version >= shown.version) talk.value = answer
  }

  async function load(sid: string): Promise<void> {
    take(await ask(http.GET('/api/calls/{sid}/talk', path(sid))))
  }

  async function targets(): Promise<TransferTargets> {
    return ask(http.GET('/api/transfer-targets'))
  }

  async function begin(sid: string, wanted: TransferIn): Promise<void> {
    await ask(http.POST('/api/calls/{sid}/transfer', { ...path(sid), body: wanted }))
  }

  async function complete(sid: string): Promise<void> {
    await ask(http.POST('/api/calls/{sid}/transfer/complete', path(sid)))
  }

  async function merge(sid: string): Promise<void> {
    take(await ask(http.POST('/api/calls/{sid}/transfer/merge', path(sid))))
  }

  async function cancel(sid: string): Promise<void> {
    take(await ask(http.POST('/api/calls/{sid}/transfer/cancel', path(sid))))
  }

  /** Leave a conversation into which one was asked. */
  async function goOut(sid: string): Promise<void> {
    await ask(http.POST('/api/calls/{sid}/transfer/leave', path(sid)))
  }

  async function remove(sid: string, leg: number): Promise<void> {
    take(await ask(http.DELETE('/api/calls/{sid}/parties/{leg_id}', { params: { path: { sid, leg_id: leg } } })))
  }

  async function press(sid: string, digits: string): Promise<void> {
    await ask(http.POST('/api/calls/{sid}/digits', { ...path(sid), body: { digits } }))
  }

  async function help(sid: string, text: string): Promise<void> {
    take(await ask(http.POST('/api/calls/{sid}/help', { ...path(sid), body: { text } })))
  }

  async function withdrawHelp(sid: string): Promise<void> {
    take(await ask(http.DELETE('/api/calls/{sid}/help', path(sid))))
  }

  async function loadAsked(): Promise<void> {
    const answer = await ask(http.GET('/api/transfers/current'))
    asked.value = answer && !gone.has(answer.id) ? answer : null
  }

  async function answer(id: number, comes: boolean): Promise<void> {
    gone.add(id)
    asked.value = null
    const params = { params: { path: { id } } }
    if (comes) await ask(http.POST('/api/transfers/{id}/accept', params))
    else await ask(http.POST('/api/transfers/{id}/decline', params))
  }

  function clear(): void {
    talk.value = null
    dialog.value = null
  }

  return { talk, mine, asked, dialog, take, load, targets, begin, complete, merge, cancel, goOut, remove, press, help, withdrawHelp, loadAsked, answer, clear }
})
