// What the console needs of a telephone in the browser, whatever the carrier.

export type DeviceState = 'off' | 'connecting' | 'registered' | 'ringing' | 'talking' | 'refused'
/** How it stands with the microphone; everything but `on` and `idle` leaves captions only. */
export type SoundState = 'idle' | 'asking' | 'on' | 'denied' | 'missing' | 'insecure' | 'failed'
export interface Caption { who: 'machine' | 'operator' | 'caller'; text: string; at: string }

export interface DeviceListener {
  state: (state: DeviceState) => void
  caption: (caption: Caption) => void
  sound: (state: SoundState) => void
  /** Something the operator should read, in Chinese. */
  problem: (text: string) => void
}

export interface Device {
  connect: (token: string) => void
  /** This tab took the call: its telephone answers at once, those of other tabs leave it the time. */
  expect: () => void
  /** Ask for the microphone before it is needed. */
  prepare: () => void
  /** Speak without a microphone; carriers with sound have no such thing. */
  say?: (text: string) => void
  /** Close this telephone's own microphone, or open it; at once, whatever the carrier is still doing. */
  mute: (on: boolean) => void
  close: () => void
}

const EXPECTED_MS = 25_000
const VISIBLE_MS = 300
const HIDDEN_MS = 1200

/** Of several tabs with one telephone: how long this one waits before it answers. */
export class Turn {
  private until = 0

  expect(): void {
    this.until = Date.now() + EXPECTED_MS
  }

  /** Milliseconds to wait; a tab that nobody sees is the last to answer. */
  delay(): number {
    if (Date.now() < this.until) return 0
    return document.hidden ? HIDDEN_MS : VISIBLE_MS
  }
}
