// The microphone of this page: asked for once, given back when nobody needs it, and why there is none.
import type { SoundState } from './device'

const WANTED: MediaStreamConstraints = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } }

export class Microphone {
  private asked: Promise<MediaStreamTrack | null> | null = null

  constructor(private readonly tell: (state: SoundState) => void) {}

  /** The track, or null where there will be none; the reason has been told. */
  track(): Promise<MediaStreamTrack | null> {
    this.asked ??= this.ask()
    return this.asked
  }

  release(): void {
    void this.asked?.then((track) => track?.stop())
    this.asked = null
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
      return stream.getAudioTracks()[0] ?? null
    } catch (error) {
      const name = error instanceof DOMException ? error.name : ''
      this.tell(name === 'NotAllowedError' ? 'denied' : 'missing')
      this.asked = null
      return null
    }
  }
}
