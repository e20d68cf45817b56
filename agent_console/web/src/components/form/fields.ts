// What the intake form edits, and how it travels to and from the API.
import type { Accused, EmployerOnTicket, Ticket, TicketEdit } from '@/api/types'

export interface FormFields {
  category: string | null
  urgency: Ticket['urgency']
  headcount: number | null
  amount_cents: number | null
  wish: string
  text: string
  employers: EmployerOnTicket[]
  /** Whom the caller complains about. */
  accused: Accused[]
  region_code: string | null
  confidentiality: Ticket['confidentiality']
  disclosure: Ticket['disclosure']
  contact_mode: Ticket['contact_mode']
  callback_wanted: boolean | null
  /** Written, never read back: the server returns it masked. */
  caller_name: string
  /** The same: a member's, an identity or a bank card. */
  member_card_no: string
}

export function fieldsOf(ticket: Ticket): FormFields {
  return {
    category: ticket.category ?? null,
    urgency: ticket.urgency,
    headcount: ticket.headcount ?? null,
    amount_cents: ticket.amount_cents ?? null,
    wish: ticket.wish,
    text: ticket.text,
    employers: ticket.employers,
    accused: ticket.accused,
    region_code: ticket.region_code ?? null,
    confidentiality: ticket.confidentiality ?? null,
    disclosure: ticket.disclosure ?? null,
    contact_mode: ticket.contact_mode ?? null,
    callback_wanted: ticket.callback_wanted ?? null,
    caller_name: '',
    member_card_no: '',
  }
}

export function editOf(changes: Partial<FormFields>, version: number): TicketEdit {
  const { caller_name: name, member_card_no: card, accused, ...fields } = changes
  const caller = { ...(name ? { name } : {}), ...(card ? { member_card_no: card } : {}) }
  const ids = (kind: Accused['kind']): number[] => (accused ?? []).filter((each) => each.kind === kind).map((each) => each.id)
  const complaint = accused ? { accused_union_ids: ids('union'), accused_user_ids: ids('person') } : {}
  return { ...fields, ...complaint, ...(name || card ? { caller } : {}), version } as TicketEdit
}

/** Without these the ticket cannot be accepted; P0 needs less (the phone comes first). */
export function missingFields(form: FormFields): (keyof FormFields)[] {
  const needed: (keyof FormFields)[] =
    form.urgency === 'P0'
      ? ['region_code', 'text', 'contact_mode']
      : ['category', 'region_code', 'employers', 'wish', 'confidentiality', 'disclosure', 'contact_mode', 'callback_wanted']
  return needed.filter((field) => {
    const value = form[field]
    return value === null || value === '' || (Array.isArray(value) && value.length === 0)
  })
}
