// Telephones in the browser as the console drives them, with a carrier's library that this test plays itself.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DeviceListener } from './device'
import { Turn } from './device'
import { TwilioDevice } from './twilio'

type Hear = (...given: never[]) => void

class Speaker {
  private readonly heard = new Map<string, Hear[]>()
  on(event: string, hear: Hear): void {
    this.heard.set(event, [...(this.heard.get(event) ?? []), hear])
  }
  tell(event: string, ...given: unknown[]): void {
    for (const hear of this.heard.get(event) ?? []) hear(...(given as never[]))
  }
}

class PlayedCall extends Speaker {
  accepted = 0
  mute = vi.fn()
  accept(): void {
    this.accepted += 1
    this.tell('accept')
  }
}

class PlayedDevice extends Speaker {
  static made: PlayedDevice[] = []
  isBusy = false
  tokens: string[]
  audio = { incoming: vi.fn() }
  destroy = vi.fn()
  constructor(token: string) {
    super()
    this.tokens = [token]
    PlayedDevice.made.push(this)
  }
  register(): Promise<void> {
    this.tell('registered')
    return Promise.resolve()
  }
  updateToken(token: string): void {
    this.tokens.push(token)
  }
}

vi.mock('@twilio/voice-sdk', () => ({ Device: PlayedDevice }))

const said: string[] = []
const listener: DeviceListener = {
  state: (state) => said.push(state),
  sound: (state) => said.push(`sound ${state}`),
  caption: () => undefined,
  problem: (text) => said.push(text),
}

async function registered(): Promise<[TwilioDevice, PlayedDevice]> {
  const device = new TwilioDevice(listener)
  device.connect('first')
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(0)
  const made = PlayedDevice.made.at(-1)
  if (!made) throw new Error('nothing was loaded')
  return [device, made]
}

beforeEach(() => {
  vi.useFakeTimers()
  said.length = 0
})
afterEach(() => vi.useRealTimers())

describe("Twilio's telephone", () => {
  it('registers once, silently, and is rung in its turn', async () => {
    const [device, made] = await registered()
    expect(said).toEqual(['connecting', 'registered'])
    expect(made.audio.incoming).toHaveBeenCalledWith(false)
    const call = new PlayedCall()
    device.expect()
    made.tell('incoming', call)
    await vi.advanceTimersByTimeAsync(0)
    expect(call.accepted).toBe(1)
    expect(said.slice(2)).toEqual(['ringing', 'talking', 'sound on'])
  })

  it('leaves a call to the tab that took it', async () => {
    const [, made] = await registered()
    const call = new PlayedCall()
    made.tell('incoming', call)
    await vi.advanceTimersByTimeAsync(200)
    call.tell('cancel')
    await vi.advanceTimersByTimeAsync(5000)
    expect(call.accepted).toBe(0)
    expect(said.at(-1)).toBe('registered')
  })

  it('closes its microphone at once, also for a call that it takes later', async () => {
    const [device, made] = await registered()
    device.mute(true)
    const call = new PlayedCall()
    device.expect()
    made.tell('incoming', call)
    await vi.advanceTimersByTimeAsync(0)
    expect(call.mute).toHaveBeenLastCalledWith(true)
    device.mute(false)
    expect(call.mute).toHaveBeenLastCalledWith(false)
    call.tell('disconnect')
    device.mute(true)
    expect(call.mute).toHaveBeenCalledTimes(2)
  })

  it('takes a new token when nobody is talking', async () => {
    const [device, made] = await registered()
    device.connect('second')
    expect(made.tokens).toEqual(['first', 'second'])
    const call = new PlayedCall()
    device.expect()
    made.tell('incoming', call)
    await vi.advanceTimersByTimeAsync(0)
    made.isBusy = true
    device.connect('third')
    expect(made.tokens).toEqual(['first', 'second'])
    made.isBusy = false
    call.tell('disconnect')
    expect(made.tokens).toEqual(['first', 'second', 'third'])
  })

  it('says why there is no sound, and that a token was refused', async () => {
    const [device, made] = await registered()
    made.tell('error', { code: 31401, message: 'denied' })
    made.tell('error', { code: 20104, message: 'expired' })
    made.tell('error', { code: 31005, message: 'gateway' })
    expect(said.slice(2)).toEqual(['sound denied', 'refused', '网页电话没有连上运营商，正在重试（31005）'])
    device.close()
    expect(made.destroy).toHaveBeenCalled()
  })
})

describe('whose turn it is', () => {
  it('is at once that of the tab which took the call, later that of one that is seen, last that of a hidden one', () => {
    const turn = new Turn()
    const visible = turn.delay()
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
    const hidden = turn.delay()
    turn.expect()
    expect([0 < visible, visible < hidden, turn.delay()]).toEqual([true, true, 0])
    vi.advanceTimersByTime(26_000)
    expect(turn.delay()).toBe(hidden)
    vi.restoreAllMocks()
  })
})
