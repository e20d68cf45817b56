"""What a short message says, read when it is sent: a number and a code, and nothing of any person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy.orm import Session

from dispatch.models.tickets import Caller, Ticket
from dispatch.policy import Policy
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.unit_of_work import unit_of_work
from hotline.calls.outbound import OutboundPolicy
from hotline.channels.sms import receipts_url
from hotline.public import replies
from hotline.public.quiet import is_quiet
from hotline.public.receipts import note_sent
from hotline.services import Services
from hotline.voice.service_policy import Messages

logger = structlog.get_logger(__name__)


def send_sms(services: Services, payload: Mapping[str, Any]) -> None:
    """Send one message; what it says is read now, so that a ticket sealed meanwhile sends nothing."""
    with services.database.reading() as session:
        message = compose(
            session,
            payload["caller_id"],
            messages=services.messages,
            outbound=services.outbound,
            policy=services.policy,
        )
    if message is not None:
        _send(services, message, purpose="accepted")


def send_public_text(services: Services, payload: Mapping[str, Any]) -> None:
    """Send an answer of the public side; like every message it is read now."""
    with services.database.reading() as session:
        reply = replies.compose(
            session, payload, policy=services.policy, public=services.public, outbound=services.outbound
        )
    if reply is not None:
        _send(services, Sms(reply.to, reply.body, reply.ticket_id), purpose="reply")


def _send(services: Services, message: Sms, *, purpose: str) -> None:
    sid = services.carrier.send_sms(
        message.to,
        from_=services.numbers[0],
        body=message.body,
        status_callback=receipts_url(services.public_url),
    )
    with unit_of_work(services.database, publish=services.publish) as session:
        note_sent(session, sid[:64], purpose=purpose, ticket_id=message.ticket_id, now=services.now())


@dataclass(frozen=True, slots=True)
class Sms:
    """One message on its way."""

    to: str
    body: str
    ticket_id: int | None


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
    if is_quiet(session, caller.phone_key):
        logger.info("this number wants no messages", ticket=ticket.number)
        return None
    return Sms(phone.e164, messages.accepted_sms.format(number=number, code=code), ticket.id)
