// The sandbox carrier's browser telephone: voices from browser to browser, and captions beside them (docs/sandbox.md).
import { Turn, type Caption, type Device, type DeviceListener } from './device'
import { Mesh, type Peer, type Signal } from './mesh'

interface DeviceEvent {
  event: string
  at?: string
  who?: Caption['who']
  text?: string
  code?: string
  message?: string
  peers?: Peer[]
  from?: string
  data?: Signal
}

const UNAUTHORISED = 4401
const AGAIN_MS = 1500
/** Another tab was quicker. */
const TOO_LATE = 'not_ringing'

export class SandboxDevice implements Device {
  private socket: WebSocket | null = null
  private token = ''
  private again: ReturnType<typeof setTimeout> | undefined
  private answering: ReturnType<typeof setTimeout> | undefined
  private muted = false
  private readonly turn = new Turn()
  private readonly mesh: Mesh

  constructor(private readonly listener: DeviceListener) {
    this.mesh = new Mesh((to, data) => this.send({ signal: { to, data } }), listener.sound)
  }

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
    socket.onmessage = (message: MessageEvent<string>) => this.hear(JSON.parse(message.data) as DeviceEvent)
    socket.onclose = (event) => this.closed(socket, event.code)
  }

  expect(): void {
    this.turn.expect()
  }

  prepare(): void {
    this.mesh.prepare()
  }

  say(text: string): void {
    this.send({ speak: text })
  }

  mute(on: boolean): void {
    this.muted = on
    this.mesh.mute(on)
    this.send({ mute: on })
  }

  close(): void {
    clearTimeout(this.again)
    clearTimeout(this.answering)
    this.mesh.close()
    const socket = this.socket
    this.socket = null
    socket?.close()
    this.listener.state('off')
  }

  private send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  private hear(event: DeviceEvent): void {
    if (event.event === 'registered') this.listener.state('registered')
    else if (event.event === 'ended') {
      clearTimeout(this.answering)
      this.listener.state('registered')
    } else if (event.event === 'ringing') this.ring()
    else if (event.event === 'connected') {
      // The exchange knows nothing of what a telephone did before it came back.
      if (this.muted) this.send({ mute: true })
      this.listener.state('talking')
    }
    else if (event.event === 'media') this.mesh.peers(event.peers ?? [])
    else if (event.event === 'signal' && event.from && event.data) this.mesh.hear(event.from, event.data)
    else if (event.event === 'error' && event.code !== TOO_LATE) this.listener.problem(event.message ?? '')
    else if (event.event === 'caption' && event.text) {
      this.listener.caption({ who: event.who ?? 'machine', text: event.text, at: event.at ?? new Date().toISOString() })
    }
  }

  /** The console asked before it took the call (the offer); the telephone itself need not be answered again. */
  private ring(): void {
    this.listener.state('ringing')
    clearTimeout(this.answering)
    this.answering = setTimeout(() => this.send({ answer: true }), this.turn.delay())
  }

  private closed(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return
    this.socket = null
    clearTimeout(this.answering)
    this.mesh.close()
    if (code === UNAUTHORISED) {
      this.listener.state('refused')
      return
    }
    this.listener.state('connecting')
    this.again = setTimeout(() => this.connect(this.token), AGAIN_MS)
  }
}
