// The recording of the conversation at hand: pause, go on, the caller declines; and the fields that pause it.
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { ask, http } from '@/api/client'
import { attempt } from '@/composables/useFloor'
import { useTalk } from './talk'

const COMMANDS = {
  pause: '/api/calls/{sid}/recording/pause',
  resume: '/api/calls/{sid}/recording/resume',
  decline: '/api/calls/{sid}/recording/decline',
} as const

export type RecordingLook = 'recording' | 'pausing' | 'paused' | 'starting' | 'off'

export const useRecording = defineStore('recording', () => {
  const talks = useTalk()
  const busy = ref(false)
  const why = computed(() => talks.talk?.recording_why ?? null)
  /** What the carrier has been brought to, and what is on its way. */
  const look = computed<RecordingLook>(() => {
    const at = talks.talk?.recording ?? 'off'
    if (at === 'recording') return why.value === null ? 'recording' : 'pausing'
    return why.value === null ? 'starting' : at
  })
  /** What the button does now; nothing where something else than the operator stands against the recording. */
  const next = computed<'pause' | 'resume' | null>(() => {
    if (why.value === null) return 'pause'
    return why.value === 'operator' || why.value === 'identity' ? 'resume' : null
  })

  async function act(sid: string, command: keyof typeof COMMANDS): Promise<void> {
    busy.value = true
    try {
      talks.take(await ask(http.POST(COMMANDS[command], { params: { path: { sid } } })))
    } finally {
      busy.value = false
    }
  }

  let wanted = { sid: '', on: false }
  let told = { sid: '', on: false }
  let running = false

  /** Pause while a number is being written down; of quick changes the last one counts, one request at a time. */
  async function hideIdentity(sid: string, on: boolean): Promise<void> {
    wanted = { sid, on }
    if (running) return
    running = true
    while (wanted.sid !== told.sid ? wanted.on : wanted.on !== told.on) {
      const asked = wanted
      await attempt(() => ask(http.PUT('/api/calls/{sid}/recording/identity', { params: { path: { sid: asked.sid } }, body: { on: asked.on } })))
      told = asked
    }
    running = false
  }

  return { busy, why, look, next, act, hideIdentity }
})
