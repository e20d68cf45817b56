// The microphone of this page: asked for once, given back when nobody needs it, and why there is none.
import type { SoundState } from './device'

const WANTED: MediaStreamConstraints = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } }

export class Microphone {
  private asked: Promise<MediaStreamTrack | null> | null = null
  private given: MediaStreamTrack | null = null
  private muted = false

  constructor(private readonly tell: (state: SoundState) => void) {}

  /** The track, or null where there will be none; the reason has been told. */
  track(): Promise<MediaStreamTrack | null> {
    this.asked ??= this.ask()
    return this.asked
  }

  /** Send silence from now on, or sound again. */
  mute(on: boolean): void {
    this.muted = on
    if (this.given) this.given.enabled = !on
  }

  release(): void {
    void this.asked?.then((track) => track?.stop())
    this.asked = null
    this.given = null
  }

  private async ask(): Promise<MediaStreamTrack | null> {
    // Browsers give a microphone only to https and to this machine itself.
    if (!('mediaDevices' in navigator)) {
      this.tell('insecure')
      return null
    }
    this.tell('asking')
    try {
      const stream = await navigator.mediaDevices.getUserMedia(WANTED)
      this.tell('on')
      this.given = stream.getAudioTracks()[0] ?? null
      this.mute(this.muted)
      return this.given
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      this.tell(name === 'NotAllowedError' ? 'denied' : 'missing')
      this.asked = null
      return null
    }
  }
}
