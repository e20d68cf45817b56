"""The tickets of a call: its one draft, and what else it has touched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Region
from dispatch.policy import Policy
from dispatch.rules.phones import normalise
from dispatch.tickets import CallerDetails, open_ticket
from dispatch.unit_of_work import Fact, tell
from hotline.calls.models import Call, TicketCall

ORIGIN: Final = "origin"
PROVINCE_DIGITS: Final = 2
"""Of a region's code. That a caller is somewhere in the province is what the centre knows anyway."""


def draft_of(session: Session, call: Call) -> Ticket | None:
    """Return the ticket which this call began, whatever became of it since."""
    return session.scalar(
        select(Ticket)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call.id, TicketCall.relation == ORIGIN)
        .order_by(TicketCall.ordinal)
    )


def open_draft(
    session: Session,
    call: Call,
    actor: Actor,
    *,
    channel: str,
    policy: Policy,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
) -> Ticket:
    """Return the call's draft, made now if there is none; the call is locked by whoever asks. Raises Invalid."""
    found = draft_of(session, call)
    if found is not None:
        return found
    values: dict[str, Any] = {"category": call.category} if policy.category(call.category) else {}
    region = _region_of(session, call)
    if region is not None:
        values["region_code"] = region
    ticket = open_ticket(
        session,
        actor,
        channel=channel,
        policy=policy,
        now=now,
        fields={**values, **(fields or {})},
        caller=CallerDetails(phone=_number_of(call)),
    )
    link(session, call, ticket, relation=ORIGIN, now=now)
    return ticket


def link(session: Session, call: Call, ticket: Ticket, *, relation: str, now: datetime) -> None:
    """Tie a call to a ticket, once; the call is locked by whoever asks."""
    known = session.scalar(
        select(TicketCall.id).where(TicketCall.call_id == call.id, TicketCall.ticket_id == ticket.id)
    )
    if known is not None:
        return
    last = session.scalar(select(func.max(TicketCall.ordinal)).where(TicketCall.call_id == call.id)) or 0
    session.add(TicketCall(call_id=call.id, ordinal=last + 1, ticket_id=ticket.id, relation=relation))
    session.flush()
    call.version += 1
    tell(session, Fact("call", call.sid, call.version, now, ("centre",)))


def is_linked(session: Session, call: Call) -> bool:
    """Return whether the call has any ticket."""
    return session.scalar(select(TicketCall.id).where(TicketCall.call_id == call.id).limit(1)) is not None


def _region_of(session: Session, call: Call) -> str | None:
    """Return the city or county that the called number stands for, unless the caller's own number is from elsewhere."""
    code = call.called_region
    if code is None or len(code) <= PROVINCE_DIGITS or session.get(Region, code) is None:
        return None
    own = normalise(call.from_raw).region
    return code if own is None or code.startswith(own) or own.startswith(code) else None


def _number_of(call: Call) -> str | None:
    """Return the number of the other side."""
    raw = call.from_raw if call.direction == "inbound" else call.to_raw
    return raw or None
