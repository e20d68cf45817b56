// Suggestions for category and urgency while the story is being typed.
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import type { Suggestions } from '@/api/types'
import { useTickets } from '@/stores/tickets'

const QUIET_MS = 400

export interface Told { text: string; headcount: number | null; category: string | null }

/** Ask again when the story changes; a failure only means that there is no suggestion. */
export function useSuggest(told: () => Told): ShallowRef<Suggestions | null> {
  const tickets = useTickets()
  const suggestions = shallowRef<Suggestions | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let turn = 0

  async function suggest(): Promise<void> {
    const mine = ++turn
    const { text, headcount, category } = told()
    if (!text.trim() && headcount === null && category === null) {
      suggestions.value = null
      return
    }
    const answer = await tickets.suggest(text, headcount, category).catch(() => null)
    if (mine === turn) suggestions.value = answer
  }

  watch(
    told,
    () => {
      clearTimeout(timer)
      timer = setTimeout(() => void suggest(), QUIET_MS)
    },
    { deep: true, immediate: true },
  )
  onScopeDispose(() => {
    clearTimeout(timer)
    turn += 1
  })
  return suggestions
}
