"""Who may learn who called: masked by default, revealed with a reason, and every reveal is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.callbacks import callers_of_case
from dispatch.errors import Missing, NotAllowed, NotFound
from dispatch.events import record, ticket_stream
from dispatch.models.tickets import Caller, Handling, Ticket
from dispatch.rules.masking import mask_name, mask_phone
from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_state import State
from dispatch.rules.working_time import SHANGHAI

DISCLOSED: frozenset[str] = frozenset({"union", "employer"})
"""What the caller must have agreed to before a union learns a name (docs/domain.md, privacy)."""


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


def may_reveal(session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Whether this actor, who may see the ticket, may also learn who called."""
    if actor.role in (Role.SUPERVISOR, Role.DUTY_LEADER):
        return True
    if actor.role is Role.OPERATOR:
        return ticket.state == State.DRAFT.value and ticket.created_by_id in (None, actor.user_id)
    if actor.role is Role.CALLBACK_OPERATOR:
        return ticket.state == State.PENDING_CALLBACK.value
    if actor.role in (Role.COUNSELLOR, Role.LAWYER):
        return True
    if actor.role in UNION_ROLES and actor.union_id is not None:
        return _disclosed_to(session, actor.union_id, ticket)
    return False


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
    if not may_reveal(session, actor, ticket):
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
    session: Session, ticket: Ticket, *, can_reveal: bool, relay_only: bool = False
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
        for row in callers_of_case(session, ticket)
    )


def _disclosed_to(session: Session, union_id: int, ticket: Ticket) -> bool:
    if ticket.origin_union_id == union_id and ticket.state == State.DRAFT.value:
        # The union wrote the name down itself, at its own counter.
        return True
    if ticket.disclosure not in DISCLOSED:
        return False
    handling = select(Handling.id).where(
        Handling.ticket_id == ticket.id, Handling.union_id == union_id, Handling.ended_at.is_(None)
    )
    return session.scalar(handling.limit(1)) is not None
