// What a list is cut to: as fields on the page, as the address's words, as the API's query, as a kept view.
import type { TicketFilter } from '@/stores/tickets'

/** Columns that the API knows by name. */
const PLAIN = ['bucket', 'state', 'category', 'urgency', 'employer', 'q', 'mine', 'due'] as const
/** What is said in `where`, as field, operator, value. */
const SAID = {
  level: 'lead_level',
  card: 'card',
  channel: 'channel',
  supervised: 'supervised',
} as const

export const NAMES = [...PLAIN, 'union', ...(Object.keys(SAID) as Said[]), 'other'] as const
export type Said = keyof typeof SAID
export type FilterName = (typeof NAMES)[number]
/** `other` is a condition that this page has no field for, as JSON: kept, shown, and taken away as a whole. */
export type ListFilter = Partial<Record<FilterName, string>>

interface Condition { field: string; op: string; value: unknown }

export const DEFAULT: ListFilter = { bucket: 'open' }

const isCondition = (node: unknown): node is Condition =>
  typeof node === 'object' && node !== null && 'field' in node && 'op' in node && 'value' in node

/** The filter in an address; unknown words are left out. */
export function fromAddress(query: Record<string, unknown>): ListFilter {
  const found: ListFilter = { ...DEFAULT }
  for (const name of NAMES) {
    const value = query[name]
    if (typeof value === 'string' && value) found[name] = value
  }
  return found
}

/** Only what says something. */
export function toAddress(filter: ListFilter): Record<string, string> {
  return Object.fromEntries(NAMES.flatMap((name) => (filter[name] ? [[name, filter[name]]] : [])))
}

export function toQuery(filter: ListFilter): TicketFilter {
  const query: Record<string, unknown> = {}
  for (const name of PLAIN) if (filter[name]) query[name] = name === 'mine' ? true : filter[name]
  if (filter.union) query.union_id = Number(filter.union)
  const where = whereOf(filter)
  if (where) query.where = where
  return query as TicketFilter
}

/** The fields of a kept view. */
export function fromView(kept: Record<string, unknown>): ListFilter {
  const found: ListFilter = { ...DEFAULT }
  for (const name of PLAIN) {
    const value = kept[name]
    if (value !== undefined && value !== null && value !== false) found[name] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  if (typeof kept.union_id === 'number') found.union = String(kept.union_id)
  return typeof kept.where === 'string' ? { ...found, ...readWhere(kept.where) } : found
}

export const sameFilter = (a: ListFilter, b: ListFilter): boolean => NAMES.every((name) => (a[name] ?? '') === (b[name] ?? ''))

function whereOf(filter: ListFilter): string | undefined {
  const parts: unknown[] = (Object.keys(SAID) as Said[]).flatMap((name) => {
    const value = filter[name]
    return value ? [{ field: SAID[name], op: 'eq', value: name === 'supervised' ? value === 'true' : value }] : []
  })
  const other = parsed(filter.other)
  if (other !== undefined) parts.push(other)
  // What was typed into an address and is no JSON goes to the server as it is, which says what is wrong with it.
  else if (filter.other) return filter.other
  if (parts.length === 0) return undefined
  return JSON.stringify(parts.length === 1 ? parts[0] : { all: parts })
}

function readWhere(where: string): ListFilter {
  const node = parsed(where)
  const all = typeof node === 'object' && node !== null && 'all' in node && Array.isArray(node.all) ? (node.all as unknown[]) : [node]
  const found: ListFilter = {}
  const others: unknown[] = []
  for (const part of all) {
    const name = isCondition(part) && part.op === 'eq' ? (Object.keys(SAID) as Said[]).find((each) => SAID[each] === part.field) : undefined
    const value = isCondition(part) ? part.value : undefined
    const simple = name === 'supervised' ? value === true : typeof value === 'string'
    if (name && simple && found[name] === undefined) found[name] = String(value)
    else others.push(part)
  }
  if (others.length) found.other = JSON.stringify(others.length === 1 ? others[0] : { all: others })
  return found
}

function parsed(text: string | undefined): unknown {
  if (!text) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
