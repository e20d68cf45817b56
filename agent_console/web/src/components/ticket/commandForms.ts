// Which fields each command asks for. The server decides what it accepts; this only draws the dialog.
import type { CommandFields, CommandName, Ticket } from '@/api/types'

type FieldsOf<Name extends CommandName> = Name extends CommandName ? keyof CommandFields<Name> : never
export type FieldName = FieldsOf<CommandName>
export type FieldKind = 'line' | 'area' | 'union' | 'person' | 'moment' | 'day' | 'choice' | 'yesno' | 'money' | 'number' | 'letter' | 'caller' | 'leader' | 'co_handler' | 'duplicate' | 'instalments' | 'linked' | 'article'
export interface FieldSpec<Name extends PropertyKey = FieldName> { name: Name; kind: FieldKind; required: boolean; choices?: readonly string[] }
export interface Viewer { ofUnion: boolean; role: string }

const must = <Name extends string>(name: Name, kind: FieldKind, choices?: readonly string[]): FieldSpec<Name> => ({ name, kind, required: true, choices })
const may = <Name extends string>(name: Name, kind: FieldKind, choices?: readonly string[]): FieldSpec<Name> => ({ name, kind, required: false, choices })

const VOID_REASONS = ['silent', 'wrong_number', 'prank', 'test', 'query_only']
const RETURN_REASONS = ['wrong_region', 'wrong_union', 'not_union_matter', 'duplicate', 'recusal', 'incomplete', 'other']
const END_REASONS = ['caller_refuses', 'statutory_procedure']
const PROCEDURES = ['arbitration_acceptance', 'arbitration_award', 'arbitration_award_extended', 'lawsuit', 'injury_decision', 'injury_decision_clear', 'inspection_case', 'inspection_case_extended', 'legal_aid_decision']
const LETTERS = ['reminder_letter', 'opinion_letter', 'recommendation_letter']
const SOLVED = ['solved', 'partly', 'unsolved']
const MEANS = ['phone', 'visit', 'message', 'site_check']
const reason = must('reason', 'area')
const union = must('union_id', 'union')

type Form<Name extends CommandName> = readonly FieldSpec<keyof CommandFields<Name>>[]
type Forms = { [Name in CommandName]: Form<Name> | ((ticket: Ticket, viewer: Viewer) => Form<Name>) }

/** Some commands ask one thing of the union and another of the centre, or depend on where the ticket is. */
const FORMS: Forms = {
  accept: [],
  void: [must('reason_code', 'choice', VOID_REASONS), may('reason', 'line')],
  direct_answer: [must('answer', 'area'), must('knowledge_id', 'article')],
  decline: (_, viewer) => [reason, ...(viewer.ofUnion ? [] : [must('route_told', 'area')])],
  dispatch: [union, may('reason', 'line'), may('override_reason', 'line')],
  assign_down: [union, must('due_at', 'moment'), may('reason', 'line')],
  return_ticket: (ticket) => [must('reason_code', 'choice', RETURN_REASONS), must('basis', 'area'), union, ...(ticket.state === 'in_progress' ? [must('evidence', 'area')] : [])],
  decide_objection: [must('upheld', 'yesno'), reason, may('union_id', 'union')],
  sign_for: (_, viewer) => (viewer.ofUnion ? [must('handler_id', 'person'), must('deputy_id', 'person')] : [must('at', 'moment'), must('text', 'area')]),
  record_first_contact: [must('at', 'moment'), must('means', 'choice', MEANS), must('outcome', 'choice', ['reached', 'no_answer', 'site_check']), may('text', 'area')],
  add_progress: [must('text', 'area')],
  await_caller: [must('missing', 'area'), must('due_at', 'moment')],
  suspend: [reason, must('procedure', 'choice', PROCEDURES), must('reference', 'line'), may('begins_on', 'day')],
  resume: (ticket) => [reason, ...(ticket.state === 'suspended' ? [must('reference', 'line')] : [])],
  request_extension: [reason, may('due_at', 'moment'), may('difficulty', 'choice', ['difficult', 'very_complex']), must('caller_told', 'yesno')],
  decide_extension: [must('approved', 'yesno'), reason, may('due_at', 'moment')],
  report_result: (ticket) => [
    must('true_claim', 'yesno'),
    must('done', 'area'),
    must('solved', 'choice', SOLVED),
    may('amount_cents', 'money'),
    may('amount_state', 'choice', ['promised', 'paid', 'instalments']),
    may('payment_on', 'day'),
    may('instalments', 'instalments'),
    must('reply_text', 'area'),
    ...(ticket.petition_kind === 'claim' ? [may('reference', 'line')] : []),
    ...(ticket.handlings.some((each) => each.role === 'co' && !each.ended_at) || ticket.links.some((each) => each.relation === 'child') ? [may('pending_note', 'area')] : []),
  ],
  review: (ticket, viewer) => [must('approved', 'yesno'), may('reason', 'area'), ...(viewer.ofUnion ? [] : [may('override_reason', 'line')]), ...(!viewer.ofUnion && ticket.urgency === 'P0' ? [may('linked', 'linked')] : [])],
  record_callback: (ticket) =>
    ticket.category === 'crisis'
      ? [must('reached', 'yesno'), must('text', 'area')]
      : [
          ...(ticket.callers.length > 1 ? [may('caller_id', 'caller')] : []),
          must('reached', 'yesno'),
          may('solved', 'choice', SOLVED),
          may('satisfied', 'choice', ['satisfied', 'basically', 'dissatisfied']),
          may('money_received', 'yesno'),
          may('text', 'area'),
        ],
  reopen: [reason],
  terminate: (_, viewer) => (viewer.ofUnion ? [must('reason_code', 'choice', END_REASONS), reason, must('basis', 'area')] : [must('approved', 'yesno'), reason]),
  nudge: [may('reason', 'line')],
  supervise: [reason],
  escalate_level: [union, reason],
  add_co_handler: [union, reason],
  remove_co_handler: [must('union_id', 'co_handler'), reason],
  merge: [must('parent_number', 'duplicate'), may('reason', 'line')],
  withdraw: [reason, must('means', 'choice', ['phone', 'visit', 'message'])],
  archive: [],
  leader_takes_case: [must('leader_id', 'leader'), reason],
  send_letter: [must('letter_kind', 'choice', LETTERS), must('addressee', 'line'), must('text', 'area'), must('reference', 'line'), may('due_at', 'moment')],
  record_reply: [must('letter_id', 'letter'), must('text', 'area')],
  record_payment: [must('amount_cents', 'money'), must('paid_on', 'day')],
  petition: (ticket, viewer) => {
    if (ticket.state === 'closed') return [reason]
    const notice = [must('reference', 'line'), must('at', 'moment')]
    if (viewer.ofUnion || ticket.petition_kind) return notice
    return [must('petition_kind', 'choice', ['suggestion', 'report', 'claim']), may('article', 'number'), may('route_told', 'area')]
  },
  petition_agency: [must('handler_id', 'person'), must('reference', 'line'), must('signed_on', 'day')],
}

export const COMMANDS = Object.keys(FORMS) as CommandName[]

export function formOf(command: string, ticket: Ticket, viewer: Viewer): readonly FieldSpec[] {
  const form = FORMS[command as CommandName] as readonly FieldSpec[] | ((ticket: Ticket, viewer: Viewer) => readonly FieldSpec[]) | undefined
  return typeof form === 'function' ? form(ticket, viewer) : form ?? [{ name: 'reason', kind: 'area', required: false }]
}

/** What a datetime-local field holds is Shanghai time, wherever the browser stands. */
export const shanghaiToIso = (local: string): string => new Date(`${local}:00+08:00`).toISOString()

export function isoToShanghai(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16)
}
