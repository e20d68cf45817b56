// One document under an administrator's hands: its text, what the check said, and the way into force.
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { OfflineError, ProblemError } from '@/api/client'
import { useLoad, type Load } from '@/composables/useLoad'
import { useAdmin, type AdminHistory, type AdminVersion, type Finding } from '@/stores/admin'

export interface DocumentWork {
  load: Load<{ history: AdminHistory; text: string }>
  text: Ref<string>
  dirty: ComputedRef<boolean>
  reason: Ref<string>
  busy: Ref<boolean>
  problem: Ref<string>
  findings: ShallowRef<Finding[]>
  /** The checked version that waits for its publication. */
  draft: ShallowRef<AdminVersion | null>
  check: () => Promise<void>
  restore: (number: number, reason: string) => Promise<void>
  publish: (adopt: boolean) => Promise<boolean>
  open: (number: number) => Promise<void>
  discard: () => void
}

export function useDocument(document: string): DocumentWork {
  const admin = useAdmin()
  const text = ref(admin.drafts.get(document) ?? '')
  const [reason, busy, problem] = [ref(''), ref(false), ref('')]
  const findings = shallowRef<Finding[]>([])
  const draft = shallowRef<AdminVersion | null>(null)
  const load = useLoad(async () => {
    const [history, published] = await Promise.all([admin.history(document), admin.text(document)])
    if (!admin.drafts.has(document)) text.value = published
    return { history, text: published }
  })
  const dirty = computed(() => load.data.value !== undefined && text.value !== load.data.value.text)
  watch(text, (next) => {
    if (load.data.value === undefined) return
    if (next === load.data.value.text) admin.drafts.delete(document)
    else admin.drafts.set(document, next)
    // What was checked is another text now.
    draft.value = null
  }, { flush: 'sync' })

  async function run(act: () => Promise<void>): Promise<boolean> {
    busy.value = true
    problem.value = ''
    findings.value = []
    try {
      await act()
      return true
    } catch (error) {
      tell(error)
      return false
    } finally {
      busy.value = false
    }
  }

  function tell(error: unknown): void {
    if (error instanceof ProblemError && error.code === 'config_refused') findings.value = error.fields.findings as Finding[]
    if (error instanceof ProblemError && error.status === 422 && error.code === 'invalid') problem.value = Object.values(error.fields).map(String).join('；')
    else problem.value = error instanceof OfflineError || !(error instanceof Error) ? 'offline' : error.message
    // Somebody else published meanwhile: what the check said is about a text that is no longer in force.
    if (error instanceof ProblemError && error.status === 409) {
      draft.value = null
      void load.reload()
    }
  }

  const check = async (): Promise<void> => {
    await run(async () => {
      const made = await admin.check({ document, text: text.value, reason: reason.value })
      await load.reload()
      draft.value = made
    })
  }

  const restore = async (number: number, why: string): Promise<void> => {
    await run(async () => {
      const made = await admin.check({ document, restores: number, reason: why })
      await load.reload()
      await show(made)
    })
  }

  const publish = (adopt: boolean): Promise<boolean> =>
    run(async () => {
      if (draft.value === null) return
      await admin.publish(document, draft.value.number, adopt)
      draft.value = null
      reason.value = ''
      admin.drafts.delete(document)
      await load.reload()
    })

  const open = async (number: number): Promise<void> => {
    await run(async () => {
      const found = load.data.value?.history.versions.find((each) => each.number === number)
      const waits = found && !found.published_at && found.based_on === load.data.value?.history.number
      if (waits) await show(found)
      else text.value = await admin.text(document, number)
    })
  }

  async function show(made: AdminVersion): Promise<void> {
    text.value = await admin.text(document, made.number)
    draft.value = made
  }

  function discard(): void {
    if (load.data.value) text.value = load.data.value.text
    findings.value = []
    problem.value = ''
  }

  return { load, text, dirty, reason, busy, problem, findings, draft, check, restore, publish, open, discard }
}
