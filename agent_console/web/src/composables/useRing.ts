// One quiet ring for all tabs of a browser, a title and a notification where the tab is hidden.
import { onScopeDispose, watch, type Ref } from 'vue'
import { pageTitle } from './usePageTitle'

const CHANNEL = 'hotline.offers'
const RING_EVERY_MS = 2500

/** Something that rings: an offer, a colleague who asks one in, a request for help. */
export interface Rings { id: number }
interface RingWords<T extends Rings> { title: (of: T) => string; body: (of: T) => string }
const nothing = (): void => undefined

/** Ring while there is an offer; `drop` is called when another tab answered or declined it. */
export function useRing<T extends Rings>(offer: Ref<T | null>, words: RingWords<T>, drop: (id: number) => void = nothing): (id: number) => void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.onmessage = (message: MessageEvent<{ done: number }>) => drop(message.data.done)
  let stop: () => void = () => undefined

  watch(
    () => offer.value?.id ?? null,
    () => {
      stop()
      stop = offer.value ? ring(offer.value, words) : () => undefined
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    stop()
    channel.close()
  })
  return (id) => channel.postMessage({ done: id })
}

function ring<T extends Rings>(offer: T, words: RingWords<T>): () => void {
  const released = new AbortController()
  pageTitle.value = words.title(offer)
  const notification = document.hidden ? notify(words.title(offer), words.body(offer)) : null
  void alone(`hotline.ring.${offer.id}`, released.signal, chime)
  return () => {
    released.abort()
    notification?.close()
    pageTitle.value = ''
  }
}

function notify(title: string, body: string): Notification | null {
  if (!('Notification' in window) || Notification.permission !== 'granted') return null
  const notification = new Notification(title, { body, tag: 'hotline-offer', silent: true })
  notification.onclick = () => window.focus()
  return notification
}

/** Of all tabs of this browser, run in the first one only, until the signal. */
async function alone(name: string, signal: AbortSignal, run: (signal: AbortSignal) => void): Promise<void> {
  if (!('locks' in navigator)) {
    run(signal) // plain HTTP on another machine: no locks; two tabs may ring
    return
  }
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (!lock || signal.aborted) return
    run(signal)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  })
}

function chime(signal: AbortSignal): void {
  document.documentElement.dataset.ringing = 'true'
  const audio = new AudioContext()
  const once = (): void => {
    for (const [delay, pitch] of [[0, 660], [0.18, 880]] as const) tone(audio, audio.currentTime + delay, pitch)
  }
  once()
  const timer = setInterval(once, RING_EVERY_MS)
  signal.addEventListener('abort', () => {
    clearInterval(timer)
    void audio.close()
    delete document.documentElement.dataset.ringing
  })
}

function tone(audio: AudioContext, at: number, pitch: number): void {
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()]
  oscillator.frequency.value = pitch
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.08, at + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.35)
  oscillator.connect(gain).connect(audio.destination)
  oscillator.start(at)
  oscillator.stop(at + 0.4)
}
