// @vitest-environment jsdom
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { ProblemError } from '@/api/client'
import { useAdmin, type AdminVersion } from '@/stores/admin'
import { useDocument, type DocumentWork } from './useDocument'

vi.mock('@/socket', () => ({ onFact: () => () => undefined, onResync: () => () => undefined }))

const version = (number: number, more: Partial<AdminVersion> = {}): AdminVersion => ({
  number, reason: '', digest: '', based_on: 0, restores: null, written_at: '', written_by: '', effects: {}, published_at: null, published_by: null, superseded_at: null, ...more,
} as AdminVersion)

/** A server with one document: what is in force, and what was checked. */
function server() {
  const admin = useAdmin()
  const texts = ['a: 1\n']
  let number = 0
  vi.spyOn(admin, 'history').mockImplementation(() => Promise.resolve({ document: 'sla.yaml', label: '', number, versions: texts.slice(1).map((_, i) => version(i + 1, { based_on: 0 })).reverse() }))
  vi.spyOn(admin, 'text').mockImplementation((_, asked) => Promise.resolve(texts[asked ?? number] ?? ''))
  vi.spyOn(admin, 'check').mockImplementation((body) => {
    if (body.text?.includes('?')) return Promise.reject(new ProblemError(422, 'config_refused', '内容有误', null, { findings: [{ document: 'sla.yaml', line: 1, reason: '应是整数' }] }))
    texts.push(body.text ?? texts[body.restores ?? 0] ?? '')
    return Promise.resolve(version(texts.length - 1, { based_on: number, restores: body.restores ?? null }))
  })
  vi.spyOn(admin, 'publish').mockImplementation((_, asked) => {
    number = asked
    return Promise.resolve(version(asked))
  })
  return { admin, overtake: () => vi.mocked(admin.publish).mockRejectedValueOnce(new ProblemError(409, 'conflict', '内容已被他人修改', null, {})) }
}

async function opened(): Promise<DocumentWork> {
  const work = effectScope().run(() => useDocument('sla.yaml'))
  if (!work) throw new Error('no scope')
  await vi.waitFor(() => expect(work.load.state.value).toBe('ready'))
  return work
}

describe('a document under an administrator', () => {
  beforeEach(() => setActivePinia(createPinia()))

  it('is refused with its lines, mended, checked and published', async () => {
    const { admin } = server()
    const work = await opened()
    expect(work.dirty.value).toBe(false)
    work.text.value = 'a: ?\n'
    await work.check()
    expect(work.findings.value).toEqual([{ document: 'sla.yaml', line: 1, reason: '应是整数' }])
    expect(work.draft.value).toBeNull()
    work.text.value = 'a: 2\n'
    await work.check()
    expect([work.draft.value?.number, work.findings.value.length]).toEqual([1, 0])
    expect(await work.publish(true)).toBe(true)
    expect(admin.publish).toHaveBeenCalledWith('sla.yaml', 1, true)
    expect([work.dirty.value, work.load.data.value?.history.number]).toEqual([false, 1])
  })

  it('is not published as something else than what was checked', async () => {
    server()
    const work = await opened()
    work.text.value = 'a: 2\n'
    await work.check()
    work.text.value = 'a: 3\n'
    expect(work.draft.value).toBeNull()
  })

  it('keeps what was written while another page is looked at, until it is discarded', async () => {
    server()
    const work = await opened()
    work.text.value = 'a: 2\n'
    const again = await opened()
    expect([again.text.value, again.dirty.value]).toEqual(['a: 2\n', true])
    again.discard()
    expect((await opened()).dirty.value).toBe(false)
  })

  it('shows an older text with what it would change before it comes back', async () => {
    server()
    const work = await opened()
    work.text.value = 'a: 2\n'
    await work.check()
    await work.publish(false)
    await work.restore(0, '撤回')
    expect([work.text.value, work.draft.value?.restores]).toEqual(['a: 1\n', 0])
    await work.publish(false)
    expect(work.load.data.value?.text).toBe('a: 1\n')
  })

  it('asks for another check when somebody else published meanwhile', async () => {
    const { overtake } = server()
    const work = await opened()
    work.text.value = 'a: 2\n'
    await work.check()
    overtake()
    expect(await work.publish(false)).toBe(false)
    expect([work.draft.value, work.text.value]).toEqual([null, 'a: 2\n'])
    expect(work.problem.value).toContain('他人')
  })
})
