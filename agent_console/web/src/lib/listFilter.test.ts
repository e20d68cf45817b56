// A list's filter: the same cut in the address, in the query and in a kept view.
import { describe, expect, it } from 'vitest'
import { fromAddress, fromView, sameFilter, toAddress, toQuery, type ListFilter } from './listFilter'

const full: ListFilter = { bucket: 'all', state: 'in_progress', category: 'wage_arrears', urgency: 'P1', employer: '某建筑', q: '欠薪', mine: 'true', due: '1h', union: '12', level: 'county', card: 'red', channel: 'web', supervised: 'true' }

describe('the filter of a list', () => {
  it('survives its address, and leaves out what it does not know', () => {
    expect(fromAddress(toAddress(full))).toEqual(full)
    expect(fromAddress({ password: 'x', state: ['a', 'b'], urgency: '' })).toEqual({ bucket: 'open' })
  })

  it('survives being kept as a view', () => {
    const query = toQuery(full)
    expect(query).toMatchObject({ union_id: 12, mine: true, due: '1h' })
    expect(JSON.parse(query.where ?? '')).toEqual({
      all: [
        { field: 'lead_level', op: 'eq', value: 'county' },
        { field: 'card', op: 'eq', value: 'red' },
        { field: 'channel', op: 'eq', value: 'web' },
        { field: 'supervised', op: 'eq', value: true },
      ],
    })
    expect(sameFilter(fromView(query as Record<string, unknown>), full)).toBe(true)
    expect(toQuery({ bucket: 'open' })).toEqual({ bucket: 'open' })
    expect(JSON.parse(toQuery({ card: 'red' }).where ?? '')).toEqual({ field: 'card', op: 'eq', value: 'red' })
  })

  it('keeps a condition that the page has no field for, beside those it has', () => {
    const amount = { field: 'amount_cents', op: 'ge', value: 100 }
    const kept = fromView({ where: JSON.stringify({ all: [{ field: 'card', op: 'eq', value: 'red' }, amount] }) })
    expect(kept).toEqual({ bucket: 'open', card: 'red', other: JSON.stringify(amount) })
    expect(JSON.parse(toQuery(kept).where ?? '')).toEqual({ all: [{ field: 'card', op: 'eq', value: 'red' }, amount] })
    const any = { any: [amount, { field: 'card', op: 'eq', value: 'red' }] }
    expect(fromView({ where: JSON.stringify(any) }).other).toBe(JSON.stringify(any))
    expect(fromView({ where: JSON.stringify({ field: 'card', op: 'ne', value: 'red' }) }).card).toBeUndefined()
    expect(toQuery({ other: 'no json' }).where).toBe('no json')
  })
})
