// Which fields each command asks for. The server decides what it accepts; this only draws the dialog.
import type { TicketCommand } from '@/api/types'

export type FieldName = Exclude<keyof TicketCommand, 'version'>
export type FieldKind = 'line' | 'area' | 'union' | 'person' | 'moment' | 'day' | 'choice' | 'yesno' | 'money'
export interface FieldSpec { name: FieldName; kind: FieldKind; required: boolean; choices?: readonly string[] }

const must = (name: FieldName, kind: FieldKind, choices?: readonly string[]): FieldSpec => ({ name, kind, required: true, choices })
const may = (name: FieldName, kind: FieldKind, choices?: readonly string[]): FieldSpec => ({ name, kind, required: false, choices })

const VOID_REASONS = ['silent', 'wrong_number', 'prank', 'test', 'query_only']
const RETURN_REASONS = ['wrong_region', 'wrong_union', 'not_union_matter', 'duplicate', 'recusal', 'incomplete', 'other']
const SOLVED = ['solved', 'partly', 'unsolved']
const REASON = [must('reason', 'area')]

export const COMMAND_FORMS: Record<string, readonly FieldSpec[]> = {
  accept: [],
  void: [must('reason_code', 'choice', VOID_REASONS), may('reason', 'line')],
  direct_answer: [must('answer', 'area'), must('knowledge_id', 'line')],
  decline: [must('reason', 'area'), must('route_told', 'area')],
  dispatch: [must('union_id', 'union'), may('reason', 'line'), may('override_reason', 'line')],
  assign_down: [must('union_id', 'union'), must('due_at', 'moment'), may('reason', 'line')],
  return_ticket: [must('reason_code', 'choice', RETURN_REASONS), must('basis', 'area'), must('union_id', 'union')],
  decide_objection: [must('upheld', 'yesno'), must('reason', 'area'), may('union_id', 'union')],
  sign_for: [must('handler_id', 'person'), must('deputy_id', 'person')],
  record_first_contact: [
    must('at', 'moment'),
    must('means', 'choice', ['phone', 'visit', 'message', 'site_check']),
    must('outcome', 'choice', ['reached', 'no_answer', 'site_check']),
    may('text', 'area'),
  ],
  add_progress: [must('text', 'area')],
  await_caller: [must('missing', 'area'), must('due_at', 'moment')],
  suspend: [must('reason', 'area'), must('reference', 'line')],
  resume: REASON,
  request_extension: [must('reason', 'area'), must('due_at', 'moment')],
  decide_extension: [must('approved', 'yesno'), must('reason', 'area'), may('due_at', 'moment')],
  report_result: [
    must('true_claim', 'yesno'),
    must('done', 'area'),
    must('solved', 'choice', SOLVED),
    may('amount_cents', 'money'),
    may('amount_state', 'choice', ['promised', 'paid', 'instalments']),
    may('payment_on', 'day'),
    must('reply_text', 'area'),
  ],
  review: [must('approved', 'yesno'), may('reason', 'area')],
  record_callback: [
    must('reached', 'yesno'),
    may('solved', 'choice', SOLVED),
    may('satisfied', 'choice', ['satisfied', 'basically', 'dissatisfied']),
    may('text', 'area'),
  ],
  reopen: REASON,
  terminate: [must('reason', 'area'), may('basis', 'area'), may('approved', 'yesno')],
  nudge: [may('reason', 'line')],
  supervise: REASON,
  escalate_level: [must('union_id', 'union'), must('reason', 'area')],
  add_co_handler: [must('union_id', 'union'), must('reason', 'area')],
  merge: [must('parent_number', 'line')],
  withdraw: REASON,
}

/** What a datetime-local field holds is Shanghai time, wherever the browser stands. */
export const shanghaiToIso = (local: string): string => new Date(`${local}:00+08:00`).toISOString()

export function isoToShanghai(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 16)
}
