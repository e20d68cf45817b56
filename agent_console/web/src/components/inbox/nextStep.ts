// The one next step of a union's ticket: sign, first contact, report.
import type { Ticket, TicketSummary } from '@/api/types'

export type NextStep = 'sign_for' | 'record_first_contact' | 'report_result'

/** On the list the next clock tells whether the caller was contacted; null when nothing waits for this union. */
export function stepOf(ticket: TicketSummary): NextStep | null {
  if (ticket.state === 'dispatched') return 'sign_for'
  if (ticket.state !== 'in_progress') return null
  return ticket.clock?.kind === 'first_contact' ? 'record_first_contact' : 'report_result'
}

/** On the ticket all clocks are known: first contact is open while its clock runs. */
export function stepOfTicket(ticket: Ticket): NextStep | null {
  const waiting = ticket.clocks.some((clock) => clock.kind === 'first_contact' && clock.state === 'running')
  const step = stepOf(ticket)
  if (step === null || step === 'sign_for') return step
  return waiting ? 'record_first_contact' : 'report_result'
}
