// One command on a ticket: its fields, its sending, and what to say when it is refused.
import { computed, reactive, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { OfflineError, ProblemError } from '@/api/client'
import type { Ticket } from '@/api/types'
import { formOf, isoToShanghai, shanghaiToIso, type FieldName, type FieldSpec } from '@/components/ticket/commandForms'
import { serverNow } from '@/lib/clock'
import { useSession } from '@/stores/session'
import { useTickets, type CommandBody } from '@/stores/tickets'
import { same, type FieldConflict } from './useConflict'

export type RowValue = Record<string, string | number | null>
export type CommandValue = string | number | boolean | null | RowValue[]
export type CommandValues = Partial<Record<FieldName, CommandValue>>

export interface CommandRun {
  specs: ComputedRef<readonly FieldSpec[]>
  values: CommandValues
  busy: Ref<boolean>
  problem: Ref<string>
  offline: Ref<boolean>
  fieldProblems: ShallowRef<Record<string, string>>
  conflicts: ShallowRef<FieldConflict<string>[]>
  /** The ticket after the command, or null when it was refused; what was typed stays. */
  send: () => Promise<Ticket | null>
  /** After reading the difference: send again on top of what the server holds. */
  sendAgain: () => Promise<Ticket | null>
}

/** How a command is sent; a phone's goes through its outbox. */
export type Through = (ticket: Ticket, command: string, version: number, body: CommandBody, typed: CommandValues) => Promise<Ticket>

export function useCommand(ticket: () => Ticket, command: () => string, through?: Through, initial?: CommandValues): CommandRun {
  const tickets = useTickets()
  const user = useSession().user
  const specs = computed(() => formOf(command(), ticket(), { ofUnion: Boolean(user?.union_id), role: user?.role ?? '' }))
  const values = reactive<CommandValues>({ ...startValues(specs.value), ...initial })
  const busy = ref(false)
  const problem = ref('')
  const offline = ref(false)
  const fieldProblems = shallowRef<Record<string, string>>({})
  const conflicts = shallowRef<FieldConflict<string>[]>([])

  async function send(version = ticket().version): Promise<Ticket | null> {
    if (busy.value) return null
    // What was on the screen when it was sent: the page may have the newer ticket before the refusal is here.
    const seen = ticket()
    busy.value = true
    problem.value = ''
    offline.value = false
    fieldProblems.value = {}
    try {
      const body = bodyOf(specs.value, values)
      return await (through ? through(ticket(), command(), version, body, { ...values }) : tickets.command(ticket().number, command(), version, body))
    } catch (error) {
      explain(error, seen)
      return null
    } finally {
      busy.value = false
    }
  }

  function explain(error: unknown, seen: Ticket): void {
    offline.value = error instanceof OfflineError
    if (!(error instanceof ProblemError)) {
      problem.value = error instanceof Error ? error.message : String(error)
      return
    }
    problem.value = error.message
    conflicts.value = differencesOf(error, seen)
    if (error.status === 422) {
      fieldProblems.value = Object.fromEntries(Object.entries(error.fields).map(([field, text]) => [field, String(text)]))
    }
  }

  async function sendAgain(): Promise<Ticket | null> {
    conflicts.value = []
    const current = await tickets.get(ticket().number)
    return send(current.version)
  }

  return { specs, values, busy, problem, offline, fieldProblems, conflicts, send: () => send(), sendAgain }
}

/** Each field with what was seen and what it is now; the version alone only where nothing else tells the difference. */
export function differencesOf(error: ProblemError, seen: Ticket): FieldConflict<string>[] {
  const all = Object.entries(error.conflicts).map(([field, difference]) => ({
    field, mine: difference.seen === undefined ? (seen as unknown as Record<string, unknown>)[field] : difference.seen, theirs: difference.current,
  }))
  const telling = all.filter((each) => each.field !== 'version' && !same(each.mine ?? null, each.theirs ?? null))
  return telling.length ? telling : all
}

const cents = (yuan: unknown): number => Math.round(Number(yuan) * 100)

function startValues(specs: readonly FieldSpec[]): CommandValues {
  return Object.fromEntries(specs.map((spec) => [spec.name, spec.name === 'at' ? isoToShanghai(serverNow()) : null]))
}

export function bodyOf(specs: readonly FieldSpec[], values: CommandValues): CommandBody {
  const body: Record<string, unknown> = {}
  for (const spec of specs) {
    const value = values[spec.name]
    if (value === null || value === undefined || value === '') continue
    if (spec.kind === 'moment') body[spec.name] = shanghaiToIso(String(value))
    else if (spec.kind === 'money') body[spec.name] = cents(value)
    else if (spec.kind === 'number') body[spec.name] = Number(value)
    else if (Array.isArray(value)) {
      const rows = value.filter((row) => Object.values(row).every((each) => each !== null && each !== ''))
      if (rows.length) body[spec.name] = rows.map((row) => ('amount_cents' in row ? { ...row, amount_cents: cents(row.amount_cents) } : row))
    }
    else body[spec.name] = value
  }
  return body as CommandBody
}
