// The telephone of this tab: its state, its sound, and what was said in the call at hand.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { ask, http, OfflineError, ProblemError } from '@/api/client'
import type { Caption, Device, DeviceListener, DeviceState, SoundState } from '@/softphone/device'
import { SandboxDevice } from '@/softphone/sandbox'
import { useNotices } from './notices'

const RENEW_AT = 0.75
const AGAIN_MS = 5000

async function deviceOf(kind: 'sandbox' | 'twilio', listener: DeviceListener): Promise<Device> {
  if (kind === 'sandbox') return new SandboxDevice(listener)
  const { TwilioDevice } = await import('@/softphone/twilio')
  return new TwilioDevice(listener)
}

export const useDevice = defineStore('device', () => {
  const state = ref<DeviceState>('off')
  const sound = ref<SoundState>('idle')
  const speaks = ref(false)
  const captions = ref<Caption[]>([])
  let device: Device | null = null
  let muted = false
  let wanted = false
  let asking: Promise<void> | null = null
  let renewal: ReturnType<typeof setTimeout> | undefined

  const listener: DeviceListener = {
    state: (next) => {
      if (next === 'talking') captions.value = []
      state.value = next
      if (next === 'refused') later(0, AGAIN_MS)
    },
    caption: (caption) => {
      captions.value = [...captions.value, caption].slice(-200)
    },
    sound: (next) => {
      sound.value = next
    },
    problem: (text) => useNotices().tell(text, 'error'),
  }

  /** Be there to be rung; a token is asked for in time before the last one ends. */
  function ensure(): Promise<void> {
    wanted = true
    if (device && state.value !== 'refused') return asking ?? Promise.resolve()
    asking ??= renew().finally(() => {
      asking = null
    })
    return asking
  }

  async function renew(): Promise<void> {
    try {
      const made = await ask(http.POST('/api/device-token'))
      if (!wanted) return
      device ??= await deviceOf(made.kind, listener)
      device.mute(muted)
      speaks.value = device.say !== undefined
      device.connect(made.token)
      later((Date.parse(made.expires_at) - Date.parse(made.server_time)) * RENEW_AT, AGAIN_MS)
    } catch (error) {
      // Without keys for it such a centre answers on desk telephones.
      if (error instanceof ProblemError && error.status < 500) return
      if (error instanceof OfflineError || error instanceof ProblemError) later(0, AGAIN_MS)
      else throw error
    }
  }

  function later(ms: number, least: number): void {
    clearTimeout(renewal)
    renewal = setTimeout(() => {
      if (wanted) void renew()
    }, Math.max(ms, least))
  }

  function say(text: string): void {
    device?.say?.(text)
    captions.value = [...captions.value, { who: 'operator', text, at: new Date().toISOString() }]
  }

  function mute(on: boolean): void {
    muted = on
    device?.mute(on)
  }

  const expect = (): void => device?.expect()
  const prepare = (): void => device?.prepare()

  function close(): void {
    wanted = false
    clearTimeout(renewal)
    device?.close()
    device = null
    sound.value = 'idle'
  }

  return { state, sound, speaks, captions, ensure, expect, prepare, say, mute, close }
})
