// Lines, seats, the roster and the handover, as a supervisor keeps them and everybody at a desk reads them.
import { ask, http } from '@/api/client'
import type { components } from '@/api/types.gen'

type Schemas = components['schemas']
export type LineState = Schemas['LineStateOut']
export type LineSwitch = Schemas['LineSwitchIn']
export type Seat = Schemas['SeatOut']
export type SeatChoice = Schemas['SeatStateIn']['state']
export type Shift = Schemas['ShiftOut']
export type ShiftIn = Schemas['ShiftIn']
export type ShiftPerson = Schemas['ShiftPersonOut']
export type Handover = Schemas['HandoverOut']
export type Incident = Schemas['IncidentOut']

export const acd = {
  lines: (): Promise<LineState[]> => ask(http.GET('/api/lines')),
  switchLine: (code: string, body: LineSwitch): Promise<LineState[]> => ask(http.PUT('/api/lines/{code}', { params: { path: { code } }, body })),
  seats: (): Promise<Seat[]> => ask(http.GET('/api/seats')),
  setSeat: (id: number, state: SeatChoice, reason: string): Promise<Seat> => ask(http.PUT('/api/seats/{id}', { params: { path: { id } }, body: { state, reason } })),
  ownSeat: (): Promise<Seat | null> => ask(http.GET('/api/presence/telephone')),
  useTelephone: (number: string | null): Promise<Seat> => ask(http.PUT('/api/presence/telephone', { body: { number } })),
  incident: (): Promise<Incident | null> => ask(http.GET('/api/incident')),
  announce: (text: string, english: string): Promise<Incident> => ask(http.PUT('/api/incident', { body: { text, text_en: english } })),
  endIncident: (): Promise<unknown> => ask(http.DELETE('/api/incident')),
  shifts: (): Promise<Shift[]> => ask(http.GET('/api/shifts')),
  people: (): Promise<ShiftPerson[]> => ask(http.GET('/api/shifts/people')),
  plan: (body: ShiftIn): Promise<Shift[]> => ask(http.POST('/api/shifts', { body })),
  cancel: (id: number, version: number): Promise<unknown> => ask(http.POST('/api/shifts/{id}/cancel', { params: { path: { id } }, body: { version } })),
  handovers: (): Promise<Handover[]> => ask(http.GET('/api/handovers')),
  handOver: (to: number | null, text: string): Promise<Handover[]> => ask(http.POST('/api/handovers', { body: { to_id: to, text } })),
  takeOver: (id: number): Promise<Handover[]> => ask(http.POST('/api/handovers/{id}/take', { params: { path: { id } } })),
}
