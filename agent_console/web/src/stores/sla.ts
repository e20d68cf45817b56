// The board of deadlines; commands go through the tickets' own store.
import { defineStore } from 'pinia'
import { ask, http } from '@/api/client'
import type { SlaBoard, SlaCard, SlaColumn } from '@/api/types'

export type Grouping = 'union' | 'category' | 'handler'
export interface BoardChoice { by: Grouping; row: string | null }

export const useSla = defineStore('sla', () => {
  const query = ({ by, row }: BoardChoice): { by: Grouping; row?: string } => (row === null ? { by } : { by, row })

  const board = (choice: BoardChoice, limit: number): Promise<SlaBoard> =>
    ask(http.GET('/api/sla/board', { params: { query: { ...query(choice), limit } } }))

  const page = (column: SlaColumn['column'], choice: BoardChoice, after: string): Promise<{ cards: SlaCard[]; next: string | null }> =>
    ask(http.GET('/api/sla/board/{column}', { params: { path: { column }, query: { ...query(choice), after } } }))

  return { board, page }
})
