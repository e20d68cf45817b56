// The floor: who is there, who waits, who asks for help; and a supervisor's ways into a conversation.
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { ask, http } from '@/api/client'
import type { Floor, HelpRequest } from '@/api/types'

export type ComeIn = 'listen' | 'whisper' | 'barge' | 'take_over'

export const useFloorStore = defineStore('floor', () => {
  const floor = shallowRef<Floor | null>(null)
  const help = shallowRef<HelpRequest[]>([])

  async function load(): Promise<void> {
    floor.value = await ask(http.GET('/api/floor'))
  }

  async function loadHelp(): Promise<void> {
    help.value = await ask(http.GET('/api/help-requests'))
  }

  async function answerHelp(id: number): Promise<void> {
    await ask(http.POST('/api/help-requests/{id}/answer', { params: { path: { id } } }))
  }

  async function comeIn(sid: string, mode: ComeIn): Promise<void> {
    const params = { params: { path: { sid } } }
    if (mode === 'listen') await ask(http.POST('/api/calls/{sid}/listen', params))
    else await ask(http.POST('/api/calls/{sid}/supervise', { ...params, body: { mode } }))
  }

  async function leave(sid: string): Promise<void> {
    await ask(http.POST('/api/calls/{sid}/leave', { params: { path: { sid } } }))
  }

  return { floor, help, load, loadHelp, answerHelp, comeIn, leave }
})
