// One act at a time: whether it runs, and what the server said of it.
import { ref, type Ref } from 'vue'
import { ProblemError } from '@/api/client'

export interface Attempt {
  busy: Ref<boolean>
  problem: Ref<string>
  /** What concerns single fields, as sentences. */
  fields: Ref<Record<string, string>>
  run: (act: () => Promise<void>) => Promise<boolean>
}

export function useAttempt(): Attempt {
  const busy = ref(false)
  const problem = ref('')
  const fields = ref<Record<string, string>>({})

  async function run(act: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = ''
    fields.value = {}
    try {
      await act()
      return true
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
      if (error instanceof ProblemError && error.status === 422) fields.value = Object.fromEntries(Object.entries(error.fields).map(([name, why]) => [name, String(why)]))
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, problem, fields, run }
}
