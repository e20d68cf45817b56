"""What a short message says, read when it is sent: a number and a code, and nothing of any person."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session

from dispatch.models.tickets import Caller, Ticket
from dispatch.policy import Policy
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.phones import PhoneKind, normalise
from hotline.calls.outbound import OutboundPolicy
from hotline.voice.service_policy import Messages

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sms:
    """One message on its way."""

    to: str
    body: str


def compose(
    session: Session, caller_id: int, *, messages: Messages, outbound: OutboundPolicy, policy: Policy
) -> Sms | None:
    """Return what this caller is told about the accepted ticket; None where nothing may be sent any more."""
    caller = session.get(Caller, caller_id)
    ticket = session.get(Ticket, caller.ticket_id) if caller is not None else None
    if caller is None or ticket is None or ticket.sealed:
        return None
    phone = normalise(caller.phone)
    if phone.kind is not PhoneKind.MOBILE or phone.e164 is None:
        return None
    refusal = outbound.why_refused(phone.e164)
    if refusal is not None:
        logger.warning("no message to this number", ticket=ticket.number, reason=refusal)
        return None
    code = query_code(policy.secret, ticket.number, ticket.query_code_generation)
    number = TicketNumber.parse(ticket.number).spoken
    return Sms(phone.e164, messages.accepted_sms.format(number=number, code=code))
