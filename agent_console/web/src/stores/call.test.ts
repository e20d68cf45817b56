// The commands of the call bar: none is lost while another is under way, and late answers are not shown.
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useCall } from './call'
import { useDevice } from './device'

interface Asked { path: string; answer: (body: object) => void; refuse: () => void }

let asked: Asked[] = []

/** Let the next turns of the event loop pass. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

function last(): Asked {
  const found = asked.at(-1)
  if (!found) throw new Error('nothing was asked')
  return found
}

const call = (told: object): object => ({ sid: 'CA1', conversation_state: 'connected', on_hold: false, muted: false, ...told })

beforeEach(() => {
  setActivePinia(createPinia())
  asked = []
  globalThis.fetch = ((request: Request) =>
    new Promise<Response>((resolve) => {
      asked.push({
        path: new URL(request.url).pathname,
        answer: (body) => resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } })),
        refuse: () => resolve(new Response('{}', { status: 409, headers: { 'Content-Type': 'application/problem+json' } })),
      })
    })) as typeof fetch
})

async function shown(): Promise<ReturnType<typeof useCall>> {
  const calls = useCall()
  const done = calls.show('CA1')
  await settle()
  last().answer(call({}))
  await done
  return calls
}

describe('the call bar', () => {
  it('gives a command that is pressed while another is under way after it', async () => {
    const calls = await shown()
    const hold = calls.act('hold')
    const unhold = calls.act('unhold')
    await settle()
    expect(asked.map((each) => each.path)).toEqual(['/api/calls/CA1', '/api/calls/CA1/hold'])
    expect(calls.busy).toBe(true)
    last().answer(call({ on_hold: true, conversation_state: 'on_hold' }))
    await hold
    await settle()
    expect(last().path).toBe('/api/calls/CA1/unhold')
    expect(calls.busy).toBe(true)
    last().answer(call({}))
    await unhold
    expect(calls.busy).toBe(false)
    expect(calls.call?.on_hold).toBe(false)
  })

  it('closes the microphone before the server has answered, and opens it again if the server would not', async () => {
    const calls = await shown()
    const mute = vi.spyOn(useDevice(), 'mute')
    const muting = calls.act('mute')
    expect(mute.mock.calls).toEqual([[true]])
    await settle()
    last().refuse()
    await expect(muting).rejects.toThrow()
    expect(mute.mock.calls).toEqual([[true], [false]])
  })

  it('shows the newest answer, not the slowest', async () => {
    const calls = await shown()
    const slow = calls.show('CA1')
    await settle()
    const first = last()
    const quick = calls.show('CA1')
    await settle()
    last().answer(call({ muted: true }))
    await quick
    first.answer(call({ muted: false }))
    await slow
    expect(calls.call?.muted).toBe(true)
  })

  it('shows nothing of a call that was put away meanwhile', async () => {
    const calls = await shown()
    const asking = calls.show('CA1')
    await settle()
    calls.clear()
    last().answer(call({}))
    await asking
    expect(calls.call).toBeNull()
  })
})
