// What stands around a list: kept views, one command for many tickets, files, the dispatcher's pool.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { BulkData, BulkResult, KeptView, Pool, PoolTab, ShareRole } from '@/api/types'
import type { TicketFilter } from './tickets'

export type BulkCommand = 'nudge' | 'dispatch'
export interface BulkItem { number: string; version: number }

/** A file of 50,000 rows takes longer than a page. */
const FILE_TIMEOUT_MS = 120_000

export const useLists = defineStore('lists', () => {
  const views = (): Promise<KeptView[]> => ask(http.GET('/api/views'))

  const keep = (name: string, filter: TicketFilter, role: ShareRole | null): Promise<KeptView> =>
    ask(http.PUT('/api/views', { body: { name, filter: { bucket: 'open', mine: false, ...filter }, shared_role: role } }))

  const rename = (id: number, name: string): Promise<KeptView> =>
    ask(http.PATCH('/api/views/{id}', { params: { path: { id } }, body: { name } }))

  async function drop(id: number): Promise<void> {
    await ask(http.DELETE('/api/views/{id}', { params: { path: { id } } }))
  }

  async function bulk(command: BulkCommand, items: BulkItem[], data: BulkData): Promise<BulkResult[]> {
    return (await ask(http.POST('/api/tickets/bulk', { body: { command, items, data } }))).results
  }

  /** The whole list as a file, and the name that the server gives it. */
  async function file(query: TicketFilter, format: 'csv' | 'xlsx'): Promise<{ name: string; content: Blob }> {
    const words = new URLSearchParams({ format })
    for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined) words.set(name, String(value))
    let name = `tickets.${format}`
    const content = await ask<Blob>(
      globalThis.fetch(`/api/tickets/export?${words}`, { credentials: 'same-origin', signal: AbortSignal.timeout(FILE_TIMEOUT_MS) }).then(async (response) => {
        name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? name
        return response.ok ? { data: await response.blob(), response } : { error: (await response.json()) as unknown, response }
      }),
    )
    return { name, content }
  }

  const pool = (tab: PoolTab): Promise<Pool> => ask(http.GET('/api/pool', { params: { query: { tab } } }))

  const watchers = (): Promise<Record<string, string[]>> => ask(http.GET('/api/watchers'))

  return { views, keep, rename, drop, bulk, file, pool, watchers }
})
