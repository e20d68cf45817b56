// What the console needs of a telephone in the browser, whatever the carrier.

export type DeviceState = 'off' | 'connecting' | 'registered' | 'ringing' | 'talking' | 'refused'
export interface Caption { who: 'machine' | 'operator' | 'caller'; text: string; at: string }

export interface DeviceListener {
  state: (state: DeviceState) => void
  caption: (caption: Caption) => void
  /** Something the operator should read, in Chinese. */
  problem: (text: string) => void
}

export interface Device {
  connect: (token: string) => void
  /** Speak without a microphone; carriers with sound have no such thing. */
  say?: (text: string) => void
  close: () => void
}
