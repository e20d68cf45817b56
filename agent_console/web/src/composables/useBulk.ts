// One command for many rows: what is chosen, what became of each; what failed says why and stays chosen.
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { BulkData, TicketSummary } from '@/api/types'
import { useLists, type BulkCommand } from '@/stores/lists'

/** As many as the server takes at once. */
export const AT_ONCE = 100

export interface BulkRun {
  chosen: ComputedRef<ReadonlySet<string>>
  /** Why not, by number; of the rows that failed last. */
  failures: ShallowRef<ReadonlyMap<string, string>>
  done: Ref<number | null>
  busy: Ref<boolean>
  /** What kept the whole request from being answered. */
  problem: Ref<string>
  all: ComputedRef<boolean>
  choose: (number: string, on: boolean) => void
  chooseAll: (on: boolean) => void
  clear: () => void
  run: (command: BulkCommand, data: BulkData) => Promise<boolean>
}

export function useBulk(items: () => readonly TicketSummary[]): BulkRun {
  const lists = useLists()
  const marked = shallowRef<ReadonlySet<string>>(new Set())
  const failures = shallowRef<ReadonlyMap<string, string>>(new Map())
  const done = ref<number | null>(null)
  const busy = ref(false)
  const problem = ref('')
  // Never what is not on the screen: a row that has left the list is no longer chosen.
  const chosen = computed(() => new Set(items().flatMap((item) => (marked.value.has(item.number) ? [item.number] : []))))
  const all = computed(() => items().length > 0 && chosen.value.size === items().length)

  function choose(number: string, on: boolean): void {
    const next = new Set(marked.value)
    if (on) next.add(number)
    else next.delete(number)
    marked.value = next
  }

  function chooseAll(on: boolean): void {
    marked.value = new Set(on ? items().map((item) => item.number) : [])
  }

  function clear(): void {
    marked.value = new Set()
    failures.value = new Map()
    done.value = null
    problem.value = ''
  }

  /** True when every row has an answer of its own; after a failure on the way the rest stays chosen. */
  async function run(command: BulkCommand, data: BulkData): Promise<boolean> {
    if (busy.value) return false
    const rows = items().filter((item) => chosen.value.has(item.number)).map(({ number, version }) => ({ number, version }))
    const failed = new Map<string, string>()
    busy.value = true
    problem.value = ''
    failures.value = failed
    done.value = 0
    try {
      for (let start = 0; start < rows.length; start += AT_ONCE) {
        const results = await lists.bulk(command, rows.slice(start, start + AT_ONCE), data)
        const left = new Set(marked.value)
        for (const result of results) {
          if (result.ok) left.delete(result.number)
          else failed.set(result.number, reasonOf(result.problem))
        }
        done.value += results.filter((result) => result.ok).length
        marked.value = left
        failures.value = new Map(failed)
      }
      return true
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { chosen, failures, done, busy, problem, all, choose, chooseAll, clear, run }
}

type Problem = { title: string; status: number; detail?: string | null; fields?: Record<string, unknown> | null } | null

function reasonOf(problem: Problem): string {
  if (!problem) return ''
  // The fields of a conflict are values, those of a refusal sentences.
  const said = problem.status === 422 ? Object.values(problem.fields ?? {}).map(String) : []
  return [problem.title, problem.detail, ...said].filter(Boolean).join('：')
}
