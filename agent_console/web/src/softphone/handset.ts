// The test phone's line to the sandbox carrier (docs/sandbox.md).

import type { Peer, Signal } from './mesh'

export interface Turn {
  request: { url: string; method: string; parameters: Record<string, string> }
  status: number
  twiml: string
  ms: number
}

export interface HandsetEvent {
  event: string
  at: string
  call_sid?: string
  numbers?: string[]
  number?: string
  direction?: 'incoming' | 'outgoing'
  from?: string
  to?: string
  who?: 'machine' | 'operator' | 'caller'
  text?: string
  language?: string
  on?: boolean
  input?: string
  peers?: Peer[]
  data?: Signal
  digits?: string
  reason?: string
  code?: string
  message?: string
}

export type HandsetMessage =
  | { plug_in: { number: string } }
  | { dial: { from: string; to: string } }
  | { text: { from: string; to: string; body: string } }
  | { answer: true }
  | { decline: true }
  | { press: string }
  | { speak: string }
  | { hangup: true }
  | { signal: { to: string; data: Signal } }

export class Handset {
  private socket: WebSocket | null = null
  private again: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly hear: (event: HandsetEvent & Partial<Turn>) => void,
    private readonly connection: (open: boolean) => void,
  ) {}

  open(): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}/sandbox/phone`)
    this.socket = socket
    socket.onopen = () => this.connection(true)
    socket.onmessage = (message: MessageEvent<string>) => this.hear(JSON.parse(message.data) as HandsetEvent)
    socket.onclose = () => {
      if (this.socket !== socket) return
      this.connection(false)
      this.again = setTimeout(() => this.open(), 2000)
    }
  }

  send(message: HandsetMessage): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  close(): void {
    clearTimeout(this.again)
    const socket = this.socket
    this.socket = null
    socket?.close()
  }
}
