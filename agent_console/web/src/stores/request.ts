// The web form: kept on the server while it is written, so that a reload or a dead battery loses nothing.
import { defineStore } from 'pinia'
import { reactive, ref, shallowRef } from 'vue'
import { ask, http, ProblemError } from '@/api/client'
import type { components } from '@/api/types.gen'
import { uploadOf } from '@/lib/upload'

export type RequestForm = Required<components['schemas']['RequestForm']>
export type Sent = components['schemas']['SentOut']
export type Suggested = components['schemas']['SuggestedOut']
export type Choice = components['schemas']['ChoiceOut']
export type Place = components['schemas']['PlaceOut']
export type DraftStatus = 'new' | 'saving' | 'saved' | 'unsaved' | 'conflict'
export type DraftFile = components['schemas']['DraftFileOut']
type Draft = components['schemas']['DraftOut']

export const SAVE_AFTER_MS = 900
const AGAIN_AFTER_MS = 5000

export function blankForm(): RequestForm {
  return {
    text: '', wish: '', category: null, region_code: null, employer: '', employer_uscc: '', headcount: null, amount_cents: null,
    confidentiality: 'confidential', disclosure: null, contact_mode: null, callback_wanted: true, name: '', phone: '', member_card_no: '',
    representatives: [], notice_read: false,
  }
}

export const useRequest = defineStore('request', () => {
  const form = reactive<RequestForm>(blankForm())
  const version = ref(0)
  const status = ref<DraftStatus>('new')
  const suggestions = shallowRef<readonly Suggested[]>([])
  const crisis = ref(false)
  const sent = shallowRef<Sent | null>(null)
  const categories = shallowRef<readonly Choice[]>([])
  const province = ref('')
  const files = shallowRef<readonly DraftFile[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined
  let changed = false
  let running: Promise<void> | null = null

  function take(draft: Draft): void {
    version.value = draft.version
    suggestions.value = draft.suggestions
    crisis.value = draft.crisis
    files.value = draft.files
    status.value = changed ? 'saving' : 'saved'
  }

  async function load(): Promise<void> {
    const choices = await ask(http.GET('/api/public/choices'))
    categories.value = choices.categories
    province.value = choices.province
    try {
      const draft = await ask(http.GET('/api/public/request'))
      Object.assign(form, blankForm(), draft.form)
      take(draft)
    } catch (error) {
      if (!(error instanceof ProblemError && error.status === 401)) throw error
    }
  }

  /** Note that something was typed; it is on the server a moment later. */
  function touch(): void {
    changed = true
    if (status.value === 'conflict') return
    // "Saved" is said of what is on the page now, never of what was there a moment ago.
    status.value = 'saving'
    clearTimeout(timer)
    timer = setTimeout(() => void save(), SAVE_AFTER_MS)
  }

  /** Bring what was typed to the server; one request at a time. */
  async function save(): Promise<void> {
    clearTimeout(timer)
    while (running) await running
    running = write().finally(() => { running = null })
    await running
  }

  async function write(): Promise<void> {
    changed = false
    status.value = 'saving'
    try {
      const begun = version.value > 0
      take(begun ? await ask(http.PUT('/api/public/request', { body: { version: version.value, form } })) : await ask(http.POST('/api/public/request', { body: { form } })))
    } catch (error) {
      changed = true
      if (error instanceof ProblemError && error.status === 409) {
        status.value = 'conflict'
      } else if (error instanceof ProblemError && error.status === 401) {
        // Erased meanwhile: the next save begins a new draft.
        version.value = 0
        touch()
      } else {
        status.value = 'unsaved'
        timer = setTimeout(() => void save(), AGAIN_AFTER_MS)
      }
    }
  }

  /** Two tabs have written: keep this one's words, or take the other's. */
  async function settle(mine: boolean): Promise<void> {
    const draft = await ask(http.GET('/api/public/request'))
    if (!mine) Object.assign(form, blankForm(), draft.form)
    take(draft)
    if (mine) await save()
  }

  /** Send the request; a lost answer is asked for again with the same draft, and comes once. */
  async function send(website: string): Promise<Sent> {
    if (changed || version.value === 0) await save()
    const answer = await ask(http.POST('/api/public/request/send', { body: { version: version.value, website } }))
    sent.value = answer
    return answer
  }

  /** Keep a file with the draft, which is begun for it where there is none yet. */
  async function sendFile(file: File): Promise<void> {
    if (version.value === 0) await save()
    const kept = await ask(http.POST('/api/public/request/attachments', uploadOf(file)))
    files.value = [...files.value.filter((each) => each.key !== kept.key), kept]
  }

  async function removeFile(key: string): Promise<void> {
    await ask(http.DELETE('/api/public/request/attachments/{key}', { params: { path: { key } } }))
    files.value = files.value.filter((each) => each.key !== key)
  }

  async function discard(): Promise<void> {
    clearTimeout(timer)
    while (running) await running
    await ask(http.DELETE('/api/public/request'))
    Object.assign(form, blankForm())
    suggestions.value = []
    files.value = []
    version.value = 0
    crisis.value = false
    changed = false
    sent.value = null
    status.value = 'new'
  }

  const places = (parent: string | null): Promise<Place[]> => ask(http.GET('/api/public/regions', { params: { query: parent ? { parent } : {} } }))

  return { form, version, status, suggestions, crisis, sent, categories, province, files, load, touch, save, settle, send, sendFile, removeFile, discard, places }
})
