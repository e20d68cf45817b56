// What a union's phone asks and gives beside the commands of a ticket.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { components, paths } from '@/api/types.gen'
import type { Ticket } from '@/api/types'

type Schemas = components['schemas']
export type Inbox = Schemas['InboxOut']
export type InboxItem = Schemas['InboxItemOut']
export type Section = InboxItem['section']
export type Absence = Schemas['AbsenceOut']
export type Oversight = Schemas['OversightOut']
export type Preferences = Schemas['PreferencesOut']
export type LinkLine = Schemas['LinkLineOut']
export type LinkTicket = Schemas['LinkTicketOut']
export type RelayCall = Schemas['RelayOut']
export type Account = Schemas['AccountOut']
export type NewAccount = Schemas['NewAccountOut']
export type Robot = Schemas['RobotOut']
export type Delivery = Schemas['DeliveryOut']
export type TicketCreate = NonNullable<paths['/api/tickets']['post']['requestBody']>['content']['application/json']

const keyed = (key: string): { header: { 'Idempotency-Key': string } } => ({ header: { 'Idempotency-Key': key } })

export const useUnion = defineStore('union', () => {
  const inbox = (section: Section, cursor: string | null): Promise<Inbox> =>
    ask(http.GET('/api/inbox', { params: { query: { section, cursor } } }))

  const command = (number: string, name: string, version: number, body: object, key: string): Promise<Ticket> =>
    // Each command has a path of its own; which one is known only here, and all answer alike.
    ask(http.POST(`/api/tickets/{number}/${name as 'add_progress'}`, { params: { path: { number }, ...keyed(key) }, body: { ...body, version } }))

  const create = (body: TicketCreate, key: string): Promise<Ticket> => ask(http.POST('/api/tickets', { params: keyed(key), body }))

  const takeOver = (number: string, body: Schemas['TakeOverIn'], key: string): Promise<Ticket> =>
    ask(http.POST('/api/inbox/{number}/take_over', { params: { path: { number }, ...keyed(key) }, body }))

  const relay = (number: string): Promise<RelayCall[]> => ask(http.GET('/api/inbox/{number}/relay_calls', { params: { path: { number } } }))
  const callCaller = (number: string, callerId: number | null): Promise<RelayCall[]> =>
    ask(http.POST('/api/inbox/{number}/relay_calls', { params: { path: { number } }, body: { caller_id: callerId } }))

  const absences = (): Promise<Absence[]> => ask(http.GET('/api/absences'))
  const enterAbsence = (body: Schemas['AbsenceIn']): Promise<Absence[]> => ask(http.POST('/api/absences', { body }))
  const endAbsence = (id: number): Promise<Absence[]> => ask(http.DELETE('/api/absences/{absence_id}', { params: { path: { absence_id: id } } }))

  const oversight = (unionId: number | null): Promise<Oversight> => ask(http.GET('/api/oversight', { params: { query: { union_id: unionId } } }))

  const preferences = (): Promise<Preferences> => ask(http.GET('/api/notice-preferences'))
  const prefer = (body: Schemas['Preferences']): Promise<Preferences> => ask(http.PUT('/api/notice-preferences', { body }))
  const links = (): Promise<LinkLine[]> => ask(http.GET('/api/access-links'))
  const revoke = (id: number | null): Promise<LinkLine[]> =>
    id === null ? ask(http.POST('/api/access-links/revoke')) : ask(http.POST('/api/access-links/{link_id}/revoke', { params: { path: { link_id: id } } }))

  return { inbox, command, create, takeOver, relay, callCaller, absences, enterAbsence, endAbsence, oversight, preferences, prefer, links, revoke }
})
