// Saves what is typed: soon after the last key, never later than two seconds, never two requests at once.
import { onScopeDispose, ref, shallowRef, toRaw, watch, type Ref, type ShallowRef } from 'vue'
import { OfflineError, ProblemError } from '@/api/client'
import { changedFields, mergeFields, same, type FieldConflict } from './useConflict'

const QUIET_MS = 700
const LONGEST_MS = 1600
const RETRY_MS = 2500

export type DraftState = 'clean' | 'dirty' | 'saving' | 'saved' | 'offline' | 'refused' | 'conflict'

export interface Saved<T> { fields: T; version: number }
export interface DraftSource<T> {
  /** Write these fields on top of that version; returns what the server holds now. */
  save: (changes: Partial<T>, version: number) => Promise<Saved<T>>
  /** What the server holds now; asked after a conflict. */
  fetch: () => Promise<Saved<T>>
}

export interface Draft<T> {
  state: Ref<DraftState>
  savedAt: Ref<number | null>
  problem: Ref<string>
  conflicts: ShallowRef<FieldConflict<keyof T>[]>
  version: () => number
  /** Save what is pending and wait until the server has all of it; false when it could not. */
  flush: () => Promise<boolean>
  /** The server's copy changed elsewhere: take over what is not being edited here. */
  adopt: (current: Saved<T>) => void
  settle: (field: keyof T, value: unknown) => void
}

export function useDraft<T extends object>(form: T, start: Saved<T>, source: DraftSource<T>): Draft<T> {
  let base = copy(start)
  const state = ref<DraftState>('clean')
  const savedAt = ref<number | null>(null)
  const problem = ref('')
  const conflicts = shallowRef<FieldConflict<keyof T>[]>([])
  let quiet: ReturnType<typeof setTimeout> | undefined
  let dirtySince: number | null = null
  let running: Promise<void> | null = null
  let disposed = false

  const pending = (): (keyof T)[] => changedFields(base.fields, toRaw(form))

  function schedule(delay: number): void {
    clearTimeout(quiet)
    if (!disposed) quiet = setTimeout(() => void run(), delay)
  }

  function touched(): void {
    if (pending().length === 0 || conflicts.value.length > 0) return
    dirtySince ??= Date.now()
    if (running === null) state.value = 'dirty'
    schedule(Math.max(0, Math.min(QUIET_MS, dirtySince + LONGEST_MS - Date.now())))
  }

  async function run(): Promise<void> {
    if (running !== null) return running
    running = saveOnce().finally(() => {
      running = null
    })
    return running
  }

  async function saveOnce(): Promise<void> {
    clearTimeout(quiet)
    const fields = pending()
    if (fields.length === 0 || conflicts.value.length > 0) return
    const sent = copyFields(form, fields)
    state.value = 'saving'
    dirtySince = null
    try {
      const answer = await source.save(sent, base.version)
      // The server may have changed other fields (urgency by headcount): take those, keep what was typed meanwhile.
      const known = { ...base.fields, ...sent }
      const current = { ...copy(answer.fields), ...sent }
      const { merged } = mergeFields(known, copyFields(form, keys(form)) as T, current)
      base = { version: answer.version, fields: current }
      for (const field of keys(form)) if (!same(form[field], merged[field])) form[field] = merged[field]
      savedAt.value = Date.now()
      state.value = 'saved'
      problem.value = ''
      touched()
    } catch (error) {
      await failed(error)
    }
  }

  async function failed(error: unknown): Promise<void> {
    if (error instanceof ProblemError && error.status === 409) {
      try {
        adopt(await source.fetch())
        if (conflicts.value.length === 0) touched()
        return
      } catch (again) {
        error = again
      }
    }
    problem.value = error instanceof Error ? error.message : String(error)
    const reachable = !(error instanceof OfflineError)
    state.value = reachable ? 'refused' : 'offline'
    if (!reachable) schedule(RETRY_MS)
  }

  function adopt(current: Saved<T>): void {
    const { merged, conflicts: found } = mergeFields(base.fields, copyFields(form, keys(form)) as T, current.fields)
    base = copy(current)
    for (const field of keys(form)) form[field] = merged[field]
    conflicts.value = found
    if (found.length > 0) state.value = 'conflict'
  }

  function settle(field: keyof T, value: unknown): void {
    form[field] = value as T[keyof T]
    conflicts.value = conflicts.value.filter((conflict) => conflict.field !== field)
    if (conflicts.value.length === 0) {
      state.value = pending().length > 0 ? 'dirty' : 'saved'
      touched()
    }
  }

  async function flush(): Promise<boolean> {
    for (let round = 0; round < 3 && (running !== null || pending().length > 0); round += 1) await run()
    return pending().length === 0 && conflicts.value.length === 0
  }

  const leaving = (): void => void run()
  window.addEventListener('pagehide', leaving)
  watch(form, touched, { deep: true })
  onScopeDispose(() => {
    clearTimeout(quiet)
    window.removeEventListener('pagehide', leaving)
    disposed = true
    if (pending().length > 0) void run()
  })
  return { state, savedAt, problem, conflicts, version: () => base.version, flush, adopt, settle }
}

const keys = <T extends object>(value: T): (keyof T)[] => Object.keys(value) as (keyof T)[]
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

function copyFields<T extends object>(form: T, fields: (keyof T)[]): Partial<T> {
  return copy(Object.fromEntries(fields.map((field) => [field, form[field]])) as Partial<T>)
}
