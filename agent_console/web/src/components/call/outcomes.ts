// What a call was when it leaves no ticket, and when that still has to be said.
import type { Call, OutcomeIn, Ticket } from '@/api/types'

export type Outcome = OutcomeIn['outcome']

export const OUTCOMES: readonly Outcome[] = ['answered', 'query_only', 'wrong_number', 'silent', 'prank', 'test']
/** A draft can be void for these; what was answered needs the answer, which has a form of its own. */
export const VOID_OUTCOMES: readonly Outcome[] = OUTCOMES.filter((outcome) => outcome !== 'answered')

/** Whether a person has said what the call was; the line's own words for an end are no such thing. */
export const isRecorded = (call: Call): boolean => OUTCOMES.some((outcome) => outcome === call.outcome)

/** A draft that was opened with the call and in which nobody wrote anything. */
export const isBlank = (ticket: Pick<Ticket, 'state' | 'wish' | 'text' | 'employers'>): boolean =>
  ticket.state === 'draft' && ticket.wish.trim() === '' && ticket.text.trim() === '' && ticket.employers.length === 0
