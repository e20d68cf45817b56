"""Who may learn who called: masked by default, revealed with a reason, and every reveal is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatch.access import can, find_ticket
from dispatch.actors import Actor
from dispatch.callbacks import callers_of_case
from dispatch.errors import Missing, NotAllowed, NotFound
from dispatch.events import record, ticket_stream
from dispatch.models.tickets import Caller, Ticket
from dispatch.rules.masking import mask_name, mask_phone
from dispatch.rules.permissions import Action
from dispatch.rules.working_time import SHANGHAI


@dataclass(frozen=True, slots=True)
class CallerView:
    """A caller as shown to everybody: masked, with the number under which the centre reaches him."""

    id: int
    name_masked: str | None
    phone_masked: str | None
    relay_no: str
    can_reveal: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """An identity in clear, and the line that marks the screen on which it is shown."""

    name: str | None
    phone: str | None
    watermark: str


def reveal(
    session: Session,
    actor: Actor,
    number: str,
    *,
    reason: str,
    now: datetime,
    caller_id: int | None = None,
) -> Revealed:
    """Return a caller's name and number and write down who looked and why; raises NotFound, NotAllowed.

    Without `caller_id` it is the first caller; callers of tickets merged into this one are among them.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    if not reason.strip():
        raise Missing("reveal", {"reason": "请填写查看身份的理由"})
    if not can(session, actor, Action.IDENTITY_REVEAL, ticket):
        raise NotAllowed("reveal", f"“{actor.role.label}”不能查看此单诉求人身份，请使用工单联系号")
    caller = _caller_named(session, ticket, caller_id)
    record(
        session,
        "IdentityRevealed",
        stream=ticket_stream(ticket.id),
        by=actor.by,
        now=now,
        personal={"reason": reason.strip()},
        ticket_id=ticket.id,
        ticket_version=ticket.version,
    )
    moment = now.astimezone(SHANGHAI)
    return Revealed(
        name=caller.name if caller is not None else None,
        phone=caller.phone if caller is not None else None,
        watermark=f"{actor.name} {moment:%Y-%m-%d %H:%M} {ticket.number}",
    )


def _caller_named(session: Session, ticket: Ticket, caller_id: int | None) -> Caller | None:
    callers = callers_of_case(session, ticket)
    if caller_id is None:
        return callers[0] if callers else None
    found = next((each for each in callers if each.id == caller_id), None)
    if found is None:
        raise NotFound("caller", caller_id)
    return found


def caller_views(
    session: Session, ticket: Ticket, *, can_reveal: bool, relay_only: bool = False, merged: bool = True
) -> tuple[CallerView, ...]:
    """Return the ticket's callers, masked; `relay_only` keeps back even a surname."""
    return tuple(
        CallerView(
            id=row.id,
            name_masked=mask_name(row.name) if row.name and not relay_only else None,
            phone_masked=mask_phone(row.phone) if row.phone and not relay_only else None,
            relay_no=row.relay_no,
            can_reveal=can_reveal and bool(row.name or row.phone),
        )
        for row in callers_of_case(session, ticket, merged=merged)
    )


_CALLERS: Final = select(Caller).where(Caller.ticket_id == bindparam("ticket")).order_by(Caller.ordinal)
