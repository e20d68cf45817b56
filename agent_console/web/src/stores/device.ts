// The telephone of this tab: its state and what was said in the call at hand.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Caption, DeviceState } from '@/softphone/device'
import { SandboxDevice } from '@/softphone/sandbox'
import { useNotices } from './notices'

export const useDevice = defineStore('device', () => {
  const state = ref<DeviceState>('off')
  const captions = ref<Caption[]>([])
  const device = new SandboxDevice({
    state: (next) => {
      if (next === 'talking') captions.value = []
      state.value = next
    },
    caption: (caption) => {
      captions.value = [...captions.value, caption].slice(-200)
    },
    problem: (text) => useNotices().tell(text, 'error'),
  })
  let known = ''

  function connect(token: string | null): void {
    if (token === null || (token === known && state.value !== 'refused')) return
    known = token
    device.connect(token)
  }

  function say(text: string): void {
    device.say(text)
    captions.value = [...captions.value, { who: 'operator', text, at: new Date().toISOString() }]
  }

  function close(): void {
    known = ''
    device.close()
  }

  return { state, captions, connect, say, close }
})
