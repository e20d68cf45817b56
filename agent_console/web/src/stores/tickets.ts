// Reads and commands of tickets; pages keep what they show.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { paths } from '@/api/types.gen'
import type { BreakGlass, CommandFields, Duplicate, CommandName, Ranking, Reveal, Suggestions, Ticket, TicketEdit, TicketPage, UnionPreview } from '@/api/types'

export type TicketFilter = NonNullable<paths['/api/tickets']['get']['parameters']['query']>
export type CommandBody = { [Name in CommandName]: CommandFields<Name> }[CommandName]

/** Browsers allow 64 kB for all such requests together; a Chinese character takes three bytes. */
const KEPT_CHARACTERS = 20_000

const at = <T extends object>(path: T): { params: { path: T } } => ({ params: { path } })

export const useTickets = defineStore('tickets', () => {
  const list = (query: TicketFilter): Promise<TicketPage> => ask(http.GET('/api/tickets', { params: { query } }))

  const get = (number: string): Promise<Ticket> => ask(http.GET('/api/tickets/{number}', at({ number })))

  const create = (body: { channel: 'operator' | 'walk_in' | 'letter' | 'union_phone' }): Promise<Ticket> =>
    ask(http.POST('/api/tickets', { body }))

  const edit = (number: string, body: TicketEdit): Promise<Ticket> =>
    // What was typed outlives its page; browsers carry so much and no more for a page that is gone.
    ask(http.PATCH('/api/tickets/{number}', { ...at({ number }), body, keepalive: JSON.stringify(body).length < KEPT_CHARACTERS }))

  const command = (number: string, name: string, version: number, body: CommandBody = {}): Promise<Ticket> =>
    // Each command has a path of its own; which one is known only here, and all answer alike.
    ask(http.POST(`/api/tickets/{number}/${name as 'add_progress'}`, { ...at({ number }), body: { ...body, version } }))

  const ranking = (number: string): Promise<Ranking> =>
    ask(http.GET('/api/tickets/{number}/unions', at({ number })))

  const preview = (number: string, unionId: number): Promise<UnionPreview> =>
    ask(http.GET('/api/tickets/{number}/preview', { params: { path: { number }, query: { union_id: unionId } } }))

  const duplicates = (number: string): Promise<Duplicate[]> =>
    ask(http.GET('/api/tickets/{number}/duplicates', at({ number })))

  const breakSeal = (number: string, reason: string): Promise<BreakGlass> =>
    ask(http.POST('/api/tickets/{number}/break_glass', { ...at({ number }), body: { reason, caller_id: null } }))

  const nameReader = (number: string, userId: number, reason: string): Promise<unknown> =>
    ask(http.POST('/api/tickets/{number}/readers', { ...at({ number }), body: { user_id: userId, reason } }))

  const reveal = (number: string, reason: string, callerId: number | null = null): Promise<Reveal> =>
    ask(http.POST('/api/tickets/{number}/reveal', { ...at({ number }), body: { reason, caller_id: callerId } }))

  const suggest = (text: string, headcount: number | null, category: string | null): Promise<Suggestions> =>
    ask(http.POST('/api/suggest', { body: { text, headcount, category } }))

  return { list, get, create, edit, command, ranking, preview, duplicates, breakSeal, nameReader, reveal, suggest }
})
