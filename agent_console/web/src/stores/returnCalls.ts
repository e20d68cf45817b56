// Callers who are owed a call: missed calls (return calls) and finished tickets (callbacks).
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { CallbackDue, ReturnCallOutcome } from '@/api/types'
import type { paths } from '@/api/types.gen'

type ReturnCallList = paths['/api/return-calls']['get']['responses'][200]['content']['application/json']

export const useReturnCalls = defineStore('returnCalls', () => {
  const list = (state: 'due' | 'done' | 'all', cursor: string | null): Promise<ReturnCallList> =>
    ask(http.GET('/api/return-calls', { params: { query: { state, cursor } } }))

  const callbacks = (): Promise<CallbackDue[]> => ask(http.GET('/api/callbacks'))

  async function call(id: number): Promise<void> {
    await ask(http.POST('/api/return-calls/{id}/call', { params: { path: { id } } }))
  }

  async function done(id: number, version: number, outcome: ReturnCallOutcome, note: string): Promise<void> {
    await ask(
      http.POST('/api/return-calls/{id}/done', { params: { path: { id } }, body: { version, outcome, note: note || null } }),
    )
  }

  return { list, callbacks, call, done }
})
