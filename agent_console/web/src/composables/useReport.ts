// One report: which period is asked for, what came, and its workbook.
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { OfflineError } from '@/api/client'
import { serverNow } from '@/lib/clock'
import { daysOf, grainFor, type Preset } from '@/lib/period'
import { saveFile } from '@/lib/saveFile'
import { useReports, type Figure, type Grain, type Report, type ReportChoice } from '@/stores/reports'
import { attempt } from './useFloor'
import type { LoadState } from './useLoad'

export interface ReportState {
  preset: Ref<Preset>
  grain: Ref<Grain>
  own: Ref<{ first: string; last: string }>
  choice: ComputedRef<ReportChoice>
  report: ShallowRef<Report | null>
  state: Ref<LoadState>
  problem: Ref<string>
  saving: Ref<boolean>
  chosen: ComputedRef<Figure | null>
  choose: (key: string) => void
  reload: () => Promise<void>
  save: () => Promise<void>
}

/** `wholeMonths`: a union reads by whole months only. */
export function useReport(wholeMonths: boolean): ReportState {
  const store = useReports()
  const preset = ref<Preset>('thisMonth')
  const grain = ref<Grain>(wholeMonths ? 'month' : 'day')
  const own = ref(daysOf('thisMonth', serverNow()))
  const report = shallowRef<Report | null>(null)
  const state = ref<LoadState>('loading')
  const problem = ref('')
  const saving = ref(false)
  const key = ref<string | null>(null)
  const choice = computed<ReportChoice>(() => {
    const days = preset.value === 'own' ? own.value : daysOf(preset.value, serverNow())
    return { ...days, grain: grainFor(days, grain.value) }
  })
  const chosen = computed(() => report.value?.figures.find((each) => each.key === key.value) ?? report.value?.figures[0] ?? null)
  let turn = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    if (report.value === null) state.value = 'loading'
    try {
      const found = await store.get(choice.value)
      if (mine !== turn) return
      report.value = found
      state.value = 'ready'
      problem.value = ''
    } catch (error) {
      if (mine !== turn) return
      // Figures of another period must not stand under this one's name.
      report.value = null
      problem.value = error instanceof Error ? error.message : String(error)
      state.value = error instanceof OfflineError ? 'offline' : 'error'
    }
  }

  async function save(): Promise<void> {
    const { first, last, grain: by } = choice.value
    saving.value = true
    await attempt(async () => saveFile(`report-${by}-${first}-${last}.xlsx`, await store.workbook(choice.value)))
    saving.value = false
  }

  const choose = (wanted: string): void => {
    key.value = wanted
  }

  watch(() => JSON.stringify(choice.value), () => {
    // A date that is being typed is none yet.
    if (choice.value.first && choice.value.last) void reload()
  }, { immediate: true })
  onScopeDispose(() => {
    turn += 1
  })
  return { preset, grain, own, choice, report, state, problem, saving, chosen, choose, reload, save }
}
