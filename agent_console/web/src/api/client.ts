// The one way to the API: typed by its schema, with problem details turned into errors that speak.
import createClient from 'openapi-fetch'
import { noteServerTime } from '@/lib/clock'
import type { paths } from './types.gen'

const TIMEOUT_MS = 15_000

export const http = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  // Looked up at each call, so that what wraps fetch later (tests, tracing) is used.
  fetch: (request: Request) => globalThis.fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
})

export interface FieldDifference { seen?: unknown; current: unknown }

/** Files take their time on a poor network. */
const UPLOAD_TIMEOUT_MS = 120_000

/** Send one file as a form; raises ProblemError or OfflineError. */
export async function sendFile(address: string, file: Blob, name?: string): Promise<void> {
  const body = new FormData()
  body.append('file', file, name ?? (file instanceof File ? file.name : 'file'))
  await ask(
    globalThis
      .fetch(address, { method: 'POST', body, credentials: 'same-origin', signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS) })
      .then(async (response) => {
        const answer: unknown = await response.json().catch(() => undefined)
        return response.ok ? { data: answer, response } : { error: answer, response }
      }),
  )
}

/** The server refused: RFC 9457 problem details. */
export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    title: string,
    readonly detail: string | null,
    readonly fields: Record<string, unknown>,
  ) {
    super(detail ? `${title}：${detail}` : title)
    this.name = 'ProblemError'
  }

  get conflicts(): Record<string, FieldDifference> {
    return this.status === 409 ? (this.fields as Record<string, FieldDifference>) : {}
  }
}

/** The server could not be reached; nothing is known about whether the request arrived. */
export class OfflineError extends Error {
  constructor() {
    super('offline')
    this.name = 'OfflineError'
  }
}

type Reply<T> = { data?: T; error?: unknown; response: Response }

let onUnauthorised: () => void = () => undefined
export function whenUnauthorised(act: () => void): void {
  onUnauthorised = act
}

/** Await an answer of `http`; raises ProblemError or OfflineError. */
export async function ask<T>(request: Promise<Reply<T>>): Promise<T> {
  const sentAt = Date.now()
  let reply: Reply<T>
  try {
    reply = await request
  } catch (cause) {
    // A body that is no JSON (a proxy's page) is as good as no answer.
    if (cause instanceof TypeError || cause instanceof DOMException || cause instanceof SyntaxError) {
      throw new OfflineError()
    }
    throw cause
  }
  if (reply.response.ok) {
    noteTime(reply.data, sentAt)
    return reply.data as T
  }
  if (reply.response.status === 401) onUnauthorised()
  if ([502, 503, 504].includes(reply.response.status) && typeof reply.error !== 'object') throw new OfflineError()
  throw problemOf(reply.response.status, reply.error)
}

export function problemOf(status: number, body: unknown): ProblemError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>
  const text = (name: string): string | null => (typeof problem[name] === 'string' ? problem[name] : null)
  return new ProblemError(
    status,
    text('code') ?? String(status),
    text('title') ?? `HTTP ${status}`,
    text('detail'),
    (problem.fields ?? {}) as Record<string, unknown>,
  )
}

function noteTime(data: unknown, sentAt: number): void {
  if (typeof data !== 'object' || data === null || !('server_time' in data)) return
  if (typeof data.server_time === 'string') noteServerTime(data.server_time, (sentAt + Date.now()) / 2)
}
