// The ticket that a worker has opened in this browser by number and code; nothing of it is kept by the browser itself.
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { ask, http, ProblemError } from '@/api/client'
import type { components } from '@/api/types.gen'
import { uploadOf } from '@/lib/upload'

export type OwnTicket = components['schemas']['OwnTicketOut']
export type Rating = components['schemas']['RatingIn']
export type ClaimRecord = components['schemas']['ClaimRecordOut']

export type OwnFile = components['schemas']['OwnFileOut']

export const useOwnTicket = defineStore('ownTicket', () => {
  const ticket = shallowRef<OwnTicket | null>(null)
  const asked = ref(false)
  const sentFiles = shallowRef<readonly OwnFile[]>([])

  /** Show what this browser has open; nothing where nothing is. */
  async function load(): Promise<void> {
    try {
      ticket.value = await ask(http.GET('/api/public/progress'))
    } catch (error) {
      if (!(error instanceof ProblemError && error.status === 401)) throw error
      ticket.value = null
    } finally {
      asked.value = true
    }
  }

  async function open(number: string, code: string): Promise<void> {
    ticket.value = await ask(http.POST('/api/public/progress', { body: { number, code } }))
  }

  async function close(): Promise<void> {
    ticket.value = null
    await ask(http.DELETE('/api/public/progress'))
  }

  /** Carry out one command and show what has become of the case; returns whether a person calls first. */
  async function settle(reply: Promise<components['schemas']['DoneOut']>): Promise<boolean> {
    try {
      const done = await reply
      ticket.value = done.ticket
      return done.called_first
    } catch (error) {
      if (error instanceof ProblemError && error.status === 401) ticket.value = null
      throw error
    }
  }

  const nudge = (): Promise<boolean> => settle(ask(http.POST('/api/public/progress/nudge')))
  const add = (text: string): Promise<boolean> => settle(ask(http.POST('/api/public/progress/add_progress', { body: { text } })))
  const withdraw = (reason: string): Promise<boolean> => settle(ask(http.POST('/api/public/progress/withdraw', { body: { reason } })))
  const reopen = (reason: string): Promise<boolean> => settle(ask(http.POST('/api/public/progress/reopen', { body: { reason } })))
  const rate = (rating: Rating): Promise<boolean> => settle(ask(http.POST('/api/public/progress/record_callback', { body: rating })))

  /** Fetch the claim record; the browser saves it under its own name. */
  async function record(): Promise<{ name: string; content: Blob }> {
    const content = await ask(http.POST('/api/public/progress/claim_record', { parseAs: 'blob' }))
    return { name: `12351-${ticket.value?.number ?? ''}.pdf`, content: content as unknown as Blob }
  }

  /** Send one file in and show what has become of the case; the same file sent again is the one that is there. */
  async function sendFile(file: File): Promise<void> {
    await ask(http.POST('/api/public/progress/attachments', uploadOf(file)))
    await Promise.all([load(), loadFiles()])
  }

  async function loadFiles(): Promise<void> {
    sentFiles.value = await ask(http.GET('/api/public/progress/attachments'))
  }

  const check = (code: string): Promise<ClaimRecord> => ask(http.POST('/api/public/claim_records/check', { body: { code } }))

  return { ticket, asked, sentFiles, load, open, close, nudge, add, withdraw, reopen, rate, record, loadFiles, sendFile, check }
})
