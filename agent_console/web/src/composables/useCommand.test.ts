// A refused command: each field with what was seen beside what it is now, and nothing that does not differ.
import { describe, expect, it } from 'vitest'
import { ProblemError } from '@/api/client'
import type { Ticket } from '@/api/types'
import { differencesOf } from './useCommand'

const refused = (fields: Record<string, unknown>): ProblemError => new ProblemError(409, 'conflict', '内容已被他人修改', null, fields)
const seen = { state: 'dispatched', headcount: null, wish: '要回工资', version: 2 } as unknown as Ticket

describe('a conflict', () => {
  it('shows what was on the screen where the server does not say it', () => {
    const fields = { headcount: { current: 3 }, state: { current: 'dispatched' }, wish: { seen: '旧', current: '新' }, version: { seen: 2, current: 3 } }
    expect(differencesOf(refused(fields), seen)).toEqual([
      { field: 'headcount', mine: null, theirs: 3 },
      { field: 'wish', mine: '旧', theirs: '新' },
    ])
  })

  it('shows the version where nothing else tells the difference', () => {
    expect(differencesOf(refused({ state: { current: 'dispatched' }, version: { seen: 2, current: 3 } }), seen)).toEqual([
      { field: 'state', mine: 'dispatched', theirs: 'dispatched' },
      { field: 'version', mine: 2, theirs: 3 },
    ])
    expect(differencesOf(new ProblemError(422, 'missing', '', null, { reason: '请填写' }), seen)).toEqual([])
  })
})
