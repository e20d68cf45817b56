// Voices between the browsers of one conversation: each sends its own to those whom the exchange names (docs/sandbox.md).
import type { SoundState } from './device'
import { Microphone } from './microphone'

export interface Peer { id: string; who: string; send: boolean; offers: boolean }
export interface Signal { type: 'offer' | 'answer'; sdp: string }

const GATHER_MS = 1500

interface Link { connection: RTCPeerConnection; sender: RTCRtpSender | null; send: boolean; audio: HTMLAudioElement }

export class Mesh {
  private readonly links = new Map<string, Link>()
  private readonly microphone: Microphone
  /** One change after the other: an offer that comes while the microphone is asked for waits for it. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(
    private readonly signal: (to: string, data: Signal) => void,
    private readonly tell: (state: SoundState) => void,
  ) {
    this.microphone = new Microphone(tell)
  }

  prepare(): void {
    void this.microphone.track().then(() => {
      if (this.links.size === 0) this.microphone.release()
    })
  }

  /** Whom this telephone talks with now, and whom its voice may reach. */
  peers(list: readonly Peer[]): void {
    this.queue(() => this.connectTo(list))
  }

  hear(from: string, data: Signal): void {
    this.queue(() => this.answer(from, data))
  }

  mute(on: boolean): void {
    this.microphone.mute(on)
  }

  close(): void {
    this.queue(() => this.connectTo([]))
  }

  private queue(act: () => Promise<void>): void {
    this.last = this.last.then(act).catch(() => this.tell('failed'))
  }

  private async connectTo(list: readonly Peer[]): Promise<void> {
    const wanted = new Set(list.map((peer) => peer.id))
    for (const id of [...this.links.keys()]) if (!wanted.has(id)) this.drop(id)
    if (list.length === 0) {
      this.microphone.release()
      this.tell('idle')
      return
    }
    const track = await this.microphone.track()
    if (!track) return
    for (const peer of list) {
      const known = this.links.get(peer.id)
      const link = known ?? this.open(peer.id)
      link.send = peer.send
      if (!known && peer.offers) await this.offer(peer.id, link)
      await link.sender?.replaceTrack(link.send ? track : null)
    }
  }

  private open(id: string): Link {
    const connection = new RTCPeerConnection({ iceServers: [] })
    const link: Link = { connection, sender: null, send: false, audio: new Audio() }
    link.audio.autoplay = true
    connection.ontrack = (event) => {
      link.audio.srcObject = new MediaStream([event.track])
      void link.audio.play().catch(() => this.tell('failed'))
    }
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'failed') this.tell('failed')
      if (connection.connectionState === 'connected') this.tell('on')
    }
    this.links.set(id, link)
    return link
  }

  private async offer(id: string, link: Link): Promise<void> {
    link.sender = link.connection.addTransceiver('audio', { direction: 'sendrecv' }).sender
    await link.connection.setLocalDescription(await link.connection.createOffer())
    await gathered(link.connection)
    this.say(id, link, 'offer')
  }

  private async answer(from: string, data: Signal): Promise<void> {
    const link = this.links.get(from)
    if (!link) return
    await link.connection.setRemoteDescription(data)
    if (data.type === 'answer') return
    const transceiver = link.connection.getTransceivers()[0]
    if (!transceiver) return
    transceiver.direction = 'sendrecv'
    link.sender = transceiver.sender
    const track = await this.microphone.track()
    await link.sender.replaceTrack(link.send ? track : null)
    await link.connection.setLocalDescription(await link.connection.createAnswer())
    await gathered(link.connection)
    this.say(from, link, 'answer')
  }

  private say(id: string, link: Link, type: Signal['type']): void {
    const sdp = link.connection.localDescription?.sdp
    if (sdp) this.signal(id, { type, sdp })
  }

  private drop(id: string): void {
    const link = this.links.get(id)
    this.links.delete(id)
    if (!link) return
    link.connection.close()
    link.audio.srcObject = null
  }
}

/** Wait until every address of this machine is known: one word then says everything. */
function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, GATHER_MS)
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState !== 'complete') return
      clearTimeout(timer)
      resolve()
    })
  })
}
