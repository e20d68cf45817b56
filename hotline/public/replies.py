"""What the public side answers by short message, read when it is sent: a number, a code, a state, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from dispatch.models.tickets import Caller, Ticket
from dispatch.policy import Policy
from dispatch.progress import told
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.phones import PhoneKind, normalise
from hotline.calls.outbound import OutboundPolicy
from hotline.public.messages import Kind
from hotline.public.models import IncomingMessage
from hotline.public.policy import PublicPolicy
from hotline.public.quiet import is_quiet

logger = structlog.get_logger(__name__)

_OF_A_TICKET: Final = frozenset({Kind.RECEIVED, Kind.ADDED, Kind.PROGRESS, Kind.SEALED})


@dataclass(frozen=True, slots=True)
class Reply:
    """One message on its way."""

    to: str
    body: str
    ticket_id: int | None


def compose(
    session: Session,
    payload: Mapping[str, Any],
    *,
    policy: Policy,
    public: PublicPolicy,
    outbound: OutboundPolicy,
) -> Reply | None:
    """Return what is to be sent now; None where nothing may be sent any more."""
    if "caller_id" in payload:
        caller = session.get(Caller, payload["caller_id"])
        raw, kind = (caller.phone if caller is not None else None), Kind.RECEIVED
        if caller is not None and is_quiet(session, caller.phone_key):
            return None
        ticket = session.get(Ticket, caller.ticket_id) if caller is not None else None
    else:
        message = session.get_one(IncomingMessage, payload["message_id"])
        raw, kind = message.from_raw, Kind(message.kind)
        ticket = session.get(Ticket, message.ticket_id) if message.ticket_id is not None else None
    phone = normalise(raw)
    if phone.kind is not PhoneKind.MOBILE or phone.e164 is None:
        return None
    refusal = outbound.why_refused(phone.e164)
    if refusal is not None:
        logger.warning("no message to this number", reason=refusal)
        return None
    body = _body(session, kind, ticket, policy=policy, public=public)
    return Reply(phone.e164, body, ticket.id if ticket is not None else None) if body is not None else None


def _body(
    session: Session, kind: Kind, ticket: Ticket | None, *, policy: Policy, public: PublicPolicy
) -> str | None:
    if kind not in _OF_A_TICKET:
        return public.texts[kind.value]
    if ticket is None:
        return None
    if ticket.sealed:
        # Sealed since: a request that has just come is then not spoken of at all.
        if kind is Kind.RECEIVED:
            return None
        kind = Kind.SEALED
    number = TicketNumber.parse(ticket.number).spoken
    values = {"number": number}
    if kind is Kind.RECEIVED:
        values["code"] = query_code(policy.secret, ticket.number, ticket.query_code_generation)
    if kind is Kind.PROGRESS:
        said = told(session, ticket.id, language="zh-CN")
        day = said.get("expected")
        values |= {"state": said.get("state", ""), "until": f"，预计{day}前答复" if day else ""}
    return public.texts[kind.value].format(**values)
