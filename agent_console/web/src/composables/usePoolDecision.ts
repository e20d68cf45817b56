// What a dispatcher decides on one ticket of the pool: where it goes, or back to whom returned it, and why.
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { PoolItem, Ranking, Recommendation, Ticket, UnionPreview } from '@/api/types'
import { useTickets, type CommandBody } from '@/stores/tickets'
import { useAttempt, type Attempt } from './useAttempt'
import { useLoad, type Load } from './useLoad'

export interface PoolDecision {
  ranking: Load<Ranking>
  /** The recommended unions, without the one that has just returned it. */
  choices: ComputedRef<Recommendation[]>
  /** The union that the returning one suggests, where the recommendation does not list it anyway. */
  suggestion: ComputedRef<{ id: number; name: string } | null>
  upheld: Ref<boolean>
  chosen: Ref<number | null>
  other: Ref<number | null>
  reason: Ref<string>
  target: ComputedRef<number | null>
  /** A decision on a return always, a choice only where another union is recommended. */
  needsReason: ComputedRef<boolean>
  ready: ComputedRef<boolean>
  preview: ShallowRef<UnionPreview | null>
  previewProblem: Ref<string>
  attempt: Attempt
  /** The ticket after it, or null when it was refused; what was typed stays. */
  send: () => Promise<Ticket | null>
}

export function usePoolDecision(item: () => PoolItem, agreed: (reason: string) => string): PoolDecision {
  const tickets = useTickets()
  const attempt = useAttempt()
  const number = item().ticket.number
  const ranking = useLoad<Ranking>(() => tickets.ranking(number))
  const upheld = ref(true)
  const chosen = ref<number | null>(null)
  const other = ref<number | null>(null)
  const preview = shallowRef<UnionPreview | null>(null)
  const previewProblem = ref('')
  const returned = computed(() => item().returned ?? null)
  // Agreeing, a dispatcher takes over the union's own reason; refusing needs one of his own.
  const reason = ref(returned.value ? agreed(returned.value.reason_label) : '')

  const choices = computed(() => (ranking.data.value?.recommendations ?? []).filter((each) => each.union_id !== returned.value?.union_id))
  const suggestion = computed(() => {
    const { suggested_union_id: id = null, suggested_union: name = null } = returned.value ?? {}
    return id === null || name === null || choices.value.some((each) => each.union_id === id) ? null : { id, name }
  })
  const best = computed(() => choices.value[0]?.union_id ?? null)
  const target = computed(() => (upheld.value ? (other.value ?? chosen.value) : null))
  const overriding = computed(() => target.value !== null && target.value !== best.value)
  const needsReason = computed(() => returned.value !== null || (overriding.value && best.value !== null))
  const ready = computed(() => (!upheld.value || target.value !== null) && (!needsReason.value || reason.value.trim().length > 1))

  watch(ranking.data, () => { chosen.value ??= returned.value?.suggested_union_id ?? best.value })
  watch(upheld, (now) => {
    const own = returned.value ? agreed(returned.value.reason_label) : ''
    if (now && !reason.value) reason.value = own
    else if (!now && reason.value === own) reason.value = ''
  })
  watch(target, async (id) => {
    preview.value = null
    previewProblem.value = ''
    if (id === null) return
    try {
      const found = await tickets.preview(number, id)
      if (id === target.value) preview.value = found
    } catch (error) {
      if (id === target.value) previewProblem.value = error instanceof Error ? error.message : String(error)
    }
  })

  function body(): CommandBody {
    if (returned.value) return upheld.value ? { upheld: true, reason: reason.value, union_id: target.value } : { upheld: false, reason: reason.value }
    return { union_id: target.value, ...(needsReason.value ? { override_reason: reason.value } : {}) } as CommandBody
  }

  async function send(): Promise<Ticket | null> {
    if (!ready.value) return null
    const done = shallowRef<Ticket | null>(null)
    await attempt.run(async () => {
      done.value = await tickets.command(number, returned.value ? 'decide_objection' : 'dispatch', item().ticket.version, body())
    })
    return done.value
  }

  return { ranking, choices, suggestion, upheld, chosen, other, reason, target, needsReason, ready, preview, previewProblem, attempt, send }
}
