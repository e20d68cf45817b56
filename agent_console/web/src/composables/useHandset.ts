// The test phone: its state, what was heard, and the developer's log.
import { onScopeDispose, reactive, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { SoundState } from '@/softphone/device'
import { Handset, type HandsetEvent, type HandsetMessage, type Turn } from '@/softphone/handset'
import { Mesh } from '@/softphone/mesh'

export type PhoneState = 'offline' | 'idle' | 'calling' | 'ringing' | 'talking'
export interface Bubble { id: number; who: 'machine' | 'operator' | 'caller' | 'note'; text: string }
export interface LoggedTurn extends Turn { id: number; at: string }

export interface PhoneView {
  state: PhoneState
  other: string
  listening: string
  recording: boolean
  held: boolean
  sound: SoundState
  numbers: string[]
  bubbles: Bubble[]
  turns: LoggedTurn[]
}

const LISTENING: Record<string, string> = { dtmf: 'phone.listensKeys', speech: 'phone.listensWords' }

export function useHandset(speaks: Ref<boolean>): { view: PhoneView; send: (message: HandsetMessage) => void; say: (text: string) => void } {
  const { t } = useI18n()
  const view = reactive<PhoneView>({ state: 'offline', other: '', listening: '', recording: false, held: false, sound: 'idle', numbers: [], bubbles: [], turns: [] })
  const counter = ref(0)

  function bubble(who: Bubble['who'], text: string): void {
    view.bubbles = [...view.bubbles, { id: ++counter.value, who, text }].slice(-300)
  }

  const rest = (): void => {
    Object.assign(view, { listening: '', recording: false, held: false })
  }

  function hear(event: HandsetEvent & Partial<Turn>): void {
    switch (event.event) {
      case 'ready': view.numbers = event.numbers ?? []; break
      case 'ringing':
        view.state = event.direction === 'incoming' ? 'ringing' : 'calling'
        view.other = (event.direction === 'incoming' ? event.from : event.to) ?? ''
        break
      case 'connected': view.state = 'talking'; break
      case 'caption':
        bubble(event.who ?? 'machine', event.text ?? '')
        if (speaks.value && event.text) speakAloud(event.text, event.language)
        break
      case 'listening': view.listening = event.on ? t(LISTENING[event.input ?? ''] ?? 'phone.listens') : ''; break
      case 'recording':
        view.recording = event.on === true
        bubble('note', t(event.on ? 'phone.recordingOn' : 'phone.recordingOff'))
        break
      case 'conference': bubble('note', t(event.on ? 'phone.inTalk' : 'phone.outOfTalk')); break
      case 'hold':
        view.held = event.on === true
        bubble('note', t(event.on ? 'phone.held' : 'phone.unheld'))
        break
      case 'texted': bubble('caller', `✉ ${event.text ?? ''}`); break
      case 'message': bubble('machine', `✉ ${event.text ?? ''}`); break
      case 'media': mesh.peers(event.peers ?? []); break
      case 'signal':
        if (event.from && event.data) mesh.hear(event.from, event.data)
        break
      case 'music':
        if (event.digits) bubble('note', t('phone.digits', { keys: event.digits }))
        break
      case 'warning':
      case 'error': bubble('note', `⚠ ${event.code ?? ''} ${event.message ?? ''}`); break
      case 'turn':
        if (event.request) view.turns = [{ id: ++counter.value, at: event.at, request: event.request, status: event.status ?? 0, twiml: event.twiml ?? '', ms: event.ms ?? 0 }, ...view.turns].slice(0, 200)
        break
      case 'ended':
        view.state = 'idle'
        rest()
        silence()
        bubble('note', t(`phone.ended.${event.reason ?? 'completed'}`))
        break
      default: break
    }
  }

  const mesh: Mesh = new Mesh((to, data) => handset.send({ signal: { to, data } }), (state) => { view.sound = state })
  const handset: Handset = new Handset(hear, (open) => {
    if (!open) mesh.close()
    view.state = open ? 'idle' : 'offline'
    rest()
  })
  handset.open()
  onScopeDispose(() => {
    mesh.close()
    handset.close()
    silence()
  })

  function say(text: string): void {
    bubble('caller', text)
    handset.send({ speak: text })
  }

  function send(message: HandsetMessage): void {
    if ('dial' in message) view.bubbles = []
    // Asked on a click, as browsers want it.
    if ('dial' in message || 'answer' in message) mesh.prepare()
    if ('press' in message || 'hangup' in message) silence()
    handset.send(message)
  }

  return { view, send, say }
}

function speakAloud(text: string, language = ''): void {
  if (!('speechSynthesis' in window)) return
  const utterance = new SpeechSynthesisUtterance(text)
  utterance.lang = language || 'zh-CN'
  speechSynthesis.speak(utterance)
}

function silence(): void {
  if ('speechSynthesis' in window) speechSynthesis.cancel()
}
