// What administrators ask and give: documents and their versions, tries, and tables as files.
import { defineStore } from 'pinia'
import { reactive } from 'vue'
import { ask, http, OfflineError, problemOf } from '@/api/client'
import type { components, paths } from '@/api/types.gen'

type Schemas = components['schemas']
export type AdminDocument = Schemas['DocumentOut']
export type AdminVersion = Schemas['ConfigVersionOut']
export type AdminHistory = Schemas['DocumentHistoryOut']
export type Effects = Schemas['EffectsOut']
export type RouteTried = Schemas['RouteTriedOut']
export type RouteTry = Schemas['RouteTryIn']
export type FlowTried = Schemas['FlowTriedOut']
export type Calendars = Schemas['CalendarsOut']
export type DayIn = Schemas['CalendarTry']['days'][number]
export type Sheet = paths['/api/tables/{sheet}']['get']['parameters']['path']['sheet']
export type Imported = Schemas['ImportOut']
export interface Finding { document: string; line: number | null; reason: string }

export const useAdmin = defineStore('admin', () => {
  /** What somebody is writing, by document, until the tab is closed: a look at another section loses nothing. */
  const drafts = reactive(new Map<string, string>())

  const documents = (): Promise<AdminDocument[]> => ask(http.GET('/api/configuration'))
  const history = (document: string): Promise<AdminHistory> => ask(http.GET('/api/configuration/versions', { params: { query: { document } } }))
  const text = async (document: string, number?: number): Promise<string> =>
    (await ask(http.GET('/api/configuration/text', { params: { query: { document, number } } }))).text
  const check = (body: Schemas['VersionCheckIn']): Promise<AdminVersion> => ask(http.POST('/api/configuration/check', { body }))
  const publish = (document: string, number: number, adopt: boolean): Promise<AdminVersion> =>
    ask(http.POST('/api/configuration/publish', { body: { document, number, adopt } }))

  const tryRoute = (body: RouteTry): Promise<RouteTried> => ask(http.POST('/api/configuration/try-route', { body }))
  const tryDeadline = (body: Schemas['DeadlineTryIn']): Promise<Schemas['DeadlineTriedOut']> => ask(http.POST('/api/configuration/try-deadline', { body }))
  const tryFlow = (body: Schemas['FlowTryIn']): Promise<FlowTried> => ask(http.POST('/api/configuration/try-flow', { body }))
  const drawFlow = (body: Schemas['FlowTryIn']): Promise<Schemas['FlowDrawingOut']> => ask(http.POST('/api/configuration/draw-flow', { body }))

  const calendars = (): Promise<Calendars> => ask(http.GET('/api/calendars'))
  const tryDays = (days: DayIn[]): Promise<Schemas['CalendarPreview']> => ask(http.POST('/api/calendars/preview', { body: { days } }))
  const changeDays = (days: DayIn[], years: number[], revision: number, reason: string): Promise<Calendars> =>
    ask(http.POST('/api/calendars/change', { body: { days, revision, reason, years } }))

  const table = (sheet: Sheet): Promise<string> => ask(http.GET('/api/tables/{sheet}', { params: { path: { sheet } }, parseAs: 'text' })) as Promise<string>
  /** A large file takes longer than other requests may. */
  async function load(sheet: Sheet, file: Blob, dryRun: boolean): Promise<Imported> {
    let response: Response
    try {
      response = await fetch(`/api/tables/${sheet}?dry_run=${dryRun}`, { method: 'POST', credentials: 'same-origin', headers: { 'Content-Type': 'text/csv' }, body: file })
    } catch {
      throw new OfflineError()
    }
    const answer: unknown = await response.json().catch(() => undefined)
    if (!response.ok) throw problemOf(response.status, answer)
    return answer as Imported
  }

  return { drafts, documents, history, text, check, publish, tryRoute, tryDeadline, tryFlow, drawFlow, calendars, tryDays, changeDays, table, load }
})
