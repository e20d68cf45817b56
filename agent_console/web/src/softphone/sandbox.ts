// The sandbox carrier's browser telephone: captions in place of sound (docs/sandbox.md).
import type { Caption, Device, DeviceListener } from './device'

interface DeviceEvent { event: string; at?: string; who?: Caption['who']; text?: string; message?: string }

const UNAUTHORISED = 4401
const AGAIN_MS = 1500

export class SandboxDevice implements Device {
  private socket: WebSocket | null = null
  private token = ''
  private again: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly listener: DeviceListener) {}

  connect(token: string): void {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) {
      // A renewed token is for the next connection: reconnecting would drop the call at hand.
      this.token = token
      return
    }
    this.token = token
    this.listener.state('connecting')
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const socket = new WebSocket(`${scheme}://${location.host}/sandbox/device?token=${encodeURIComponent(token)}`)
    this.socket = socket
    // The console asks before it takes a call (the offer); the leg itself need not be answered again.
    socket.onopen = () => socket.send(JSON.stringify({ auto_answer: true }))
    socket.onmessage = (message: MessageEvent<string>) => this.hear(JSON.parse(message.data) as DeviceEvent)
    socket.onclose = (event) => this.closed(socket, event.code)
  }

  say(text: string): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ speak: text }))
  }

  close(): void {
    clearTimeout(this.again)
    const socket = this.socket
    this.socket = null
    socket?.close()
    this.listener.state('off')
  }

  private hear(event: DeviceEvent): void {
    if (event.event === 'registered' || event.event === 'ended') this.listener.state('registered')
    else if (event.event === 'ringing') this.listener.state('ringing')
    else if (event.event === 'connected') this.listener.state('talking')
    else if (event.event === 'error') this.listener.problem(event.message ?? '')
    else if (event.event === 'caption' && event.text) {
      this.listener.caption({ who: event.who ?? 'machine', text: event.text, at: event.at ?? new Date().toISOString() })
    }
  }

  private closed(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return
    this.socket = null
    if (code === UNAUTHORISED) {
      this.listener.state('refused')
      return
    }
    this.listener.state('connecting')
    this.again = setTimeout(() => this.connect(this.token), AGAIN_MS)
  }
}
