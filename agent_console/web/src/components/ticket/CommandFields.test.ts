// @vitest-environment jsdom
// Fields that offer only what can be chosen: who helps already, what may be the same, who may take a case.
import { mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { i18n } from '@/i18n'
import type { Duplicate, Session, Ticket, User } from '@/api/types'
import { useReference } from '@/stores/reference'
import { useSession } from '@/stores/session'
import { useTickets } from '@/stores/tickets'
import CommandFields from './CommandFields.vue'
import { formOf } from './commandForms'

// Its style sheets are nothing that these tests could read; no field here is a union's.
vi.mock('./UnionPicker.vue', () => ({ default: { render: () => null } }))

const handling = (id: number, role: string, union: string, ended: string | null = null): unknown => ({ id, role, union_id: id, union_name: union, ended_at: ended })
const ticket = {
  number: '37-1', state: 'reopened', letters: [], callers: [], links: [], category: null, region_code: null,
  handlings: [handling(1, 'lead', '历下区总工会', '2026-11-01T00:00:00Z'), handling(2, 'co', '市中区总工会'), handling(3, 'co', '槐荫区总工会', '2026-11-01T00:00:00Z')],
} as unknown as Ticket

function shown(command: string): VueWrapper {
  const specs = formOf(command, ticket, { ofUnion: false, role: '' })
  return mount(CommandFields, { props: { ticket, command, specs, problems: {}, modelValue: {} }, global: { plugins: [i18n] } })
}

beforeEach(() => {
  setActivePinia(createPinia())
  useSession().session = { user: { id: 9, display_name: '带班领导', role: 'duty_leader', union_id: null }, actions: ['ticket.route'] } as unknown as Session
})

describe('fields of a command', () => {
  it('take away only a union that helps now', () => {
    expect(shown('remove_co_handler').findAll('option').map((each) => each.text())).toEqual([i18n.global.t('form.choose'), '市中区总工会'])
  })

  it('offer the tickets that may be the same, with their reasons', async () => {
    vi.spyOn(useTickets(), 'duplicates').mockResolvedValue([{ number: '37-2', state_label: '办理中', reasons: ['同一号码来电'] } as Duplicate])
    const fields = shown('merge')
    await vi.waitFor(() => expect(fields.find('[data-test=duplicate]').text()).toContain('同一号码来电'))
    await fields.find('[data-test=duplicate] button').trigger('click')
    expect(fields.emitted('update:modelValue')?.[0]).toEqual([{ parent_number: '37-2' }])
  })

  it('name as leader of a hard case oneself or a leader of the union that had it', async () => {
    const people = vi.spyOn(useReference(), 'people').mockResolvedValue([{ id: 5, display_name: '区总负责人', role: 'union_leader' }, { id: 6, display_name: '经办', role: 'union_handler' }] as User[])
    const fields = shown('leader_takes_case')
    await vi.waitFor(() => expect(fields.findAll('option').map((each) => each.text()).slice(1)).toEqual(['带班领导', '区总负责人']))
    expect(people).toHaveBeenCalledWith(1)
  })
})
