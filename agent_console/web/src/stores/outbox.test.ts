// The outbox: one key a command whatever the network does, and nothing lost without a word.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { OfflineError, ProblemError } from '@/api/client'
import { useOutbox } from './outbox'

const what = { label: '登记进展', ticket: '37-1', command: 'add_progress', typed: { text: '已约谈' } }

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
})
afterEach(() => vi.useRealTimers())

describe('the outbox', () => {
  it('tries again with the same key until the server answers', async () => {
    const outbox = useOutbox()
    const keys: string[] = []
    const send = vi.fn(async (key: string) => {
      keys.push(key)
      if (keys.length < 3) throw new OfflineError()
      return 'done'
    })
    const sent = outbox.post(what, send)
    await vi.advanceTimersByTimeAsync(0)
    expect(outbox.waiting.map((parcel) => parcel.typed)).toEqual([what.typed])
    await vi.advanceTimersByTimeAsync(3000)
    window.dispatchEvent(new Event('online'))
    expect(await sent).toBe('done')
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[A-Za-z0-9_-]{8,64}$/)
    expect(outbox.parcels).toEqual([])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(send).toHaveBeenCalledTimes(3)
  })

  it('keeps what was typed where the server says no, and gives it up only when told', async () => {
    const outbox = useOutbox()
    const no = new ProblemError(422, 'missing', '还有必填项', null, { text: '请填写进展' })
    await expect(outbox.post(what, () => Promise.reject(no))).rejects.toBe(no)
    expect(outbox.refused.map((parcel) => parcel.problem)).toEqual(['请填写进展'])
    expect(outbox.typedFor('37-1', 'add_progress')).toEqual(what.typed)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(outbox.refused.length).toBe(1)
    outbox.forget(outbox.refused[0]?.key ?? '')
    expect(outbox.parcels).toEqual([])
  })

  it('lets a new try of the same form take the place of the refused one', async () => {
    const outbox = useOutbox()
    await outbox.post(what, () => Promise.reject(new ProblemError(409, 'conflict', '已被他人修改', null, {}))).catch(() => undefined)
    await outbox.post(what, () => Promise.resolve('done'))
    expect(outbox.parcels).toEqual([])
  })

  it('writes nothing into the browser', async () => {
    const outbox = useOutbox()
    void outbox.post(what, () => Promise.reject(new OfflineError()))
    await vi.advanceTimersByTimeAsync(0)
    expect(outbox.waiting.length).toBe(1)
    expect(localStorage.length + sessionStorage.length).toBe(0)
  })
})
