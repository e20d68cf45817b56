// Kept lists: one's own and those shared with one's role; which of them is on the screen.
import { computed, ref, type ComputedRef, type Ref } from 'vue'
import type { KeptView, ShareRole } from '@/api/types'
import { fromView, sameFilter, toQuery, type ListFilter } from '@/lib/listFilter'
import { useLists } from '@/stores/lists'
import { useAttempt, type Attempt } from './useAttempt'
import { useLoad, type Load } from './useLoad'

export interface Views {
  load: Load<KeptView[]>
  own: ComputedRef<KeptView[]>
  shared: ComputedRef<KeptView[]>
  /** The one that was chosen last, as long as it is there. */
  chosen: ComputedRef<KeptView | null>
  /** Whether the list was cut differently since. */
  changed: ComputedRef<boolean>
  attempt: Attempt
  last: Ref<number | null>
  choose: (id: number | null) => ListFilter | null
  keep: (name: string, role: ShareRole | null) => Promise<boolean>
  rename: (name: string) => Promise<boolean>
  drop: () => Promise<boolean>
}

export function useViews(filter: () => ListFilter): Views {
  const lists = useLists()
  const load = useLoad(lists.views)
  const attempt = useAttempt()
  const last = ref<number | null>(null)
  const all = computed(() => load.data.value ?? [])
  const own = computed(() => all.value.filter((each) => each.mine))
  const shared = computed(() => all.value.filter((each) => !each.mine))
  // A list that is opened by its address is found again among the kept ones.
  const chosen = computed(() => all.value.find((each) => each.id === last.value) ?? all.value.find((each) => sameFilter(fromView(each.filter), filter())) ?? null)
  const changed = computed(() => chosen.value !== null && !sameFilter(fromView(chosen.value.filter), filter()))

  function choose(id: number | null): ListFilter | null {
    last.value = id
    const view = all.value.find((each) => each.id === id)
    return view ? fromView(view.filter) : null
  }

  const act = (what: () => Promise<number | null>): Promise<boolean> =>
    attempt.run(async () => {
      last.value = await what()
      await load.reload()
    })

  const keep = (name: string, role: ShareRole | null): Promise<boolean> => act(async () => (await lists.keep(name, toQuery(filter()), role)).id)
  const rename = (name: string): Promise<boolean> => act(async () => (chosen.value ? (await lists.rename(chosen.value.id, name)).id : null))
  const drop = (): Promise<boolean> => act(async () => {
    if (chosen.value) await lists.drop(chosen.value.id)
    return null
  })

  return { load, own, shared, chosen, changed, attempt, last, choose, keep, rename, drop }
}
