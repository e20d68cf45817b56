// What a phone on a poor network still has to send: kept in memory only, sent once, and never lost without a word.
import { defineStore } from 'pinia'
import { computed, shallowRef, triggerRef } from 'vue'
import { OfflineError, ProblemError } from '@/api/client'
import { onResync } from '@/socket'

export type ParcelState = 'sending' | 'waiting' | 'refused'

export interface Parcel {
  /** The idempotency key: the same for every try, so that the server carries it out once. */
  key: string
  label: string
  ticket: string | null
  command: string
  /** What was typed, for the form that opens again. */
  typed: Record<string, unknown>
  state: ParcelState
  problem: string
}

interface Job<T> { parcel: Parcel; send: (key: string) => Promise<T>; done: (answer: T) => void; refused: (error: unknown) => void }

const AGAIN_MS = 3000
export const useOutbox = defineStore('outbox', () => {
  const parcels = shallowRef<Parcel[]>([])
  const jobs = new Map<string, Job<unknown>>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const waiting = computed(() => parcels.value.filter((parcel) => parcel.state === 'waiting'))
  const refused = computed(() => parcels.value.filter((parcel) => parcel.state === 'refused'))

  /** Send now, or as soon as the server can be reached; rejects only where the server says no. */
  function post<T>(what: Pick<Parcel, 'label' | 'ticket' | 'command' | 'typed'>, send: (key: string) => Promise<T>): Promise<T> {
    // What was refused before under the same form is overtaken by this.
    drop((parcel) => parcel.state === 'refused' && parcel.ticket === what.ticket && parcel.command === what.command)
    const parcel: Parcel = { ...what, key: crypto.randomUUID?.() ?? fallbackKey(), state: 'sending', problem: '' }
    parcels.value = [...parcels.value, parcel]
    return new Promise<T>((resolve, reject) => {
      const job: Job<T> = { parcel, send, done: resolve, refused: reject }
      jobs.set(parcel.key, job as Job<unknown>)
      void attempt(job as Job<unknown>)
    })
  }

  async function attempt(job: Job<unknown>): Promise<void> {
    job.parcel.state = 'sending'
    triggerRef(parcels)
    try {
      const answer = await job.send(job.parcel.key)
      jobs.delete(job.parcel.key)
      drop((parcel) => parcel.key === job.parcel.key)
      job.done(answer)
    } catch (error) {
      if (error instanceof OfflineError || (error instanceof ProblemError && error.status === 503)) {
        job.parcel.state = 'waiting'
        triggerRef(parcels)
        later()
        return
      }
      jobs.delete(job.parcel.key)
      job.parcel.state = 'refused'
      job.parcel.problem = reasonOf(error)
      triggerRef(parcels)
      job.refused(error)
    }
  }

  function drop(which: (parcel: Parcel) => boolean): void {
    parcels.value = parcels.value.filter((parcel) => !which(parcel))
  }

  /** Give up what was refused; what is on its way may have arrived and is not taken back. */
  const forget = (key: string): void => drop((parcel) => parcel.key === key && parcel.state === 'refused')

  const typedFor = (ticket: string | null, command: string): Record<string, unknown> | null =>
    refused.value.find((parcel) => parcel.ticket === ticket && parcel.command === command)?.typed ?? null

  function flush(): void {
    for (const job of [...jobs.values()]) if (job.parcel.state === 'waiting') void attempt(job)
  }

  function later(): void {
    clearTimeout(timer)
    timer = setTimeout(flush, AGAIN_MS)
  }

  window.addEventListener('online', flush)
  onResync(flush)
  window.addEventListener('beforeunload', (event) => {
    // The browser asks: nothing of it outlives the page.
    if (jobs.size > 0) event.preventDefault()
  })

  return { parcels, waiting, refused, post, forget, typedFor, flush }
})

function reasonOf(error: unknown): string {
  const fields = error instanceof ProblemError && error.status === 422 ? Object.values(error.fields).filter((each) => typeof each === 'string') : []
  return fields.length ? fields.join('；') : error instanceof Error ? error.message : String(error)
}

/** Where a page does not come over TLS there is no randomUUID. */
function fallbackKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
