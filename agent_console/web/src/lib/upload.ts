// What a request needs to carry a file: a form instead of JSON, and the patience that a weak signal asks for.

/** Milliseconds for ten megabytes. */
const UPLOAD_MS = 300_000

export function uploadOf(file: File) {
  const form = new FormData()
  form.append('file', file)
  return {
    // The generated type speaks of a string where a form carries a file.
    body: form as never,
    bodySerializer: (body: unknown): FormData => body as FormData,
    fetch: (request: Request): Promise<Response> => globalThis.fetch(request, { signal: AbortSignal.timeout(UPLOAD_MS) }),
  }
}
