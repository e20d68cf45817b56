// Every command has a form for whoever may give it, and every field and choice of it has a name in both languages.
import { describe, expect, it } from 'vitest'
import type { Ticket } from '@/api/types'
import openapi from '../../../openapi.json'
import en from '@/i18n/en'
import zhCN from '@/i18n/zh-CN'
import { COMMANDS, formOf, type FieldSpec } from './commandForms'

const named = (part: Record<string, Partial<Ticket>>): [string, Ticket][] =>
  Object.entries(part).map(([name, some]) => [name, { state: 'in_progress', urgency: 'P2', category: 'wage_arrears', callers: [], handlings: [], links: [], letters: [], petition_kind: null, ...some } as unknown as Ticket])

const TICKETS = named({
  plain: {},
  p0: { urgency: 'P0' },
  suspended: { state: 'suspended' },
  closed: { state: 'closed' },
  petition: { petition_kind: 'claim' },
  crisis: { category: 'crisis' },
  group: { callers: [{ id: 1 }, { id: 2 }] as Ticket['callers'], links: [{ relation: 'child' }] as Ticket['links'] },
})

const cases = COMMANDS.flatMap((command) =>
  TICKETS.flatMap(([, ticket]) => [true, false].map((ofUnion) => [command, formOf(command, ticket, { ofUnion, role: '' })] as const)),
)

describe('command forms', () => {
  it('are there for every command of the API', () => {
    const routes = Object.keys(openapi.paths).filter((path) => path.startsWith('/api/tickets/{number}/') && 'post' in ((openapi.paths as Record<string, object>)[path] ?? {}))
    const noCommand = /^(reveal|break_glass|readers|referrals|(proposals|attachments)(\/.*)?)$/
    const commands = routes.map((path) => path.replace('/api/tickets/{number}/', '')).filter((name) => !noCommand.test(name))
    expect([...COMMANDS].sort()).toEqual(commands.sort())
  })

  it('ask for nothing twice', () => {
    for (const [command, specs] of cases) {
      const names = specs.map((spec: FieldSpec) => spec.name)
      expect(new Set(names).size, command).toBe(names.length)
    }
  })

  it.each([['zh-CN', zhCN], ['en', en]] as const)('name every field and choice in %s', (_, words) => {
    const fields = words.field as Record<string, string>
    const choices = words.choice as Record<string, string>
    const missing = cases.flatMap(([, specs]) => specs.flatMap((spec) => [...(spec.name in fields ? [] : [spec.name]), ...(spec.choices ?? []).filter((choice) => !(choice in choices))]))
    expect([...new Set(missing)]).toEqual([])
  })
})
