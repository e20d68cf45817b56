// Twilio's telephone in the browser; its code is loaded by whoever has such a carrier.
import type { Call, Device as VoiceDevice } from '@twilio/voice-sdk'
import { i18n } from '@/i18n'
import { Turn, type Device, type DeviceListener } from './device'

/** docs: twilio.com/docs/api/errors/31401: the microphone was refused. */
const NO_PERMISSION = 31401

export class TwilioDevice implements Device {
  private device: VoiceDevice | null = null
  private loading: Promise<void> | null = null
  private token = ''
  private closed = false
  private muted = false
  private call: Call | null = null
  private readonly turn = new Turn()

  constructor(private readonly listener: DeviceListener) {}

  connect(token: string): void {
    this.token = token
    this.closed = false
    if (this.device) this.renew()
    else this.loading ??= this.begin().catch((error: unknown) => this.refused(error))
  }

  expect(): void {
    this.turn.expect()
  }

  prepare(): void {
    void navigator.mediaDevices?.getUserMedia({ audio: true }).then(
      (stream) => {
        for (const track of stream.getTracks()) track.stop()
      },
      () => this.listener.sound('denied'),
    )
  }

  mute(on: boolean): void {
    this.muted = on
    this.call?.mute(on)
  }

  close(): void {
    this.closed = true
    this.loading = null
    this.device?.destroy()
    this.device = null
    this.listener.state('off')
  }

  private async begin(): Promise<void> {
    this.listener.state('connecting')
    const { Device: Voice } = await import('@twilio/voice-sdk')
    if (this.closed) return
    // The page itself says before closing that a call is going on.
    const device = new Voice(this.token, { closeProtection: true, logLevel: 'error' })
    this.device = device
    // The console rings by itself, in one tab.
    device.audio?.incoming(false)
    device.on('registered', () => this.listener.state(device.isBusy ? 'talking' : 'registered'))
    device.on('unregistered', () => this.listener.state('connecting'))
    device.on('error', (error: { code?: number; message?: string }) => this.refused(error))
    device.on('incoming', (call: Call) => this.ring(call))
    await device.register()
  }

  /** A new token in the middle of a call makes the sound stumble: it is taken when the call is over. */
  private renew(): void {
    if (!this.device?.isBusy) this.device?.updateToken(this.token)
  }

  private ring(call: Call): void {
    this.listener.state('ringing')
    const answering = setTimeout(() => call.accept(), this.turn.delay())
    const over = (): void => {
      clearTimeout(answering)
      if (this.call === call) this.call = null
      this.listener.sound('idle')
      if (this.closed) return
      this.listener.state('registered')
      this.renew()
    }
    call.on('accept', () => {
      this.call = call
      call.mute(this.muted)
      this.listener.state('talking')
      this.listener.sound('on')
    })
    // Another tab was quicker, or the caller was gone.
    call.on('cancel', over)
    call.on('disconnect', over)
    call.on('reject', over)
    call.on('error', (error: { code?: number; message?: string }) => this.refused(error))
  }

  private refused(error: unknown): void {
    const { code, message } = error as { code?: number; message?: string }
    this.loading = null
    if (code === NO_PERMISSION) this.listener.sound('denied')
    else if (code !== undefined && code >= 20101 && code <= 20104) this.listener.state('refused')
    else this.listener.problem(i18n.global.t('sound.carrier', { code: code ?? message ?? String(error) }))
  }
}
