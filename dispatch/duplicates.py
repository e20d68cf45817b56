"""Tickets that may be about the same thing: a repeat caller's, and others about one employer; a person decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.access import find_ticket, visible
from dispatch.actors import Actor
from dispatch.models.signals import EmployerMention
from dispatch.models.tickets import Caller, Ticket
from dispatch.policy import Policy
from dispatch.rules.ticket_state import OPEN_STATES, State

DUPLICATES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class DuplicateLine:
    """Another open ticket that may be about the same thing, with the reasons in Chinese."""

    number: str
    state: str
    state_label: str
    category_name: str | None
    created_at: datetime
    same_caller: bool
    """A 重复诉求: the call joins that ticket with a nudge."""
    reasons: list[str]


def likely_duplicates(
    session: Session, actor: Actor, number: str, *, policy: Policy, now: datetime
) -> list[DuplicateLine]:
    """Return open tickets that the actor may see and that may be about the same thing, the likeliest first."""
    ticket = find_ticket(session, actor, number)
    keys = set(
        session.scalars(
            select(Caller.phone_key).where(Caller.ticket_id == ticket.id, Caller.phone_key.is_not(None))
        )
    )
    mentioned = set(
        session.scalars(select(EmployerMention.key).where(EmployerMention.ticket_id == ticket.id))
    )
    since = now - timedelta(days=policy.sla.limits.group_days)
    callers = select(Caller.ticket_id).where(Caller.phone_key.in_(keys))
    employers = select(EmployerMention.ticket_id).where(
        EmployerMention.key.in_(mentioned), EmployerMention.at >= since
    )
    rows = session.scalars(
        select(Ticket)
        .where(
            Ticket.id != ticket.id,
            or_(Ticket.id.in_(callers), Ticket.id.in_(employers)),
            Ticket.state.in_([state.value for state in OPEN_STATES]),
            visible(actor),
        )
        .order_by(Ticket.id.desc())
        .limit(DUPLICATES_SHOWN * 5)
    ).all()
    ids = [row.id for row in rows]
    same_caller = set(session.scalars(callers.where(Caller.ticket_id.in_(ids))))
    same_employer = set(
        session.scalars(
            select(EmployerMention.ticket_id).where(
                EmployerMention.key.in_(mentioned), EmployerMention.ticket_id.in_(ids)
            )
        )
    )
    lines = []
    for other in rows:
        reasons = _reasons(
            ticket,
            other,
            caller=other.id in same_caller,
            employer=other.id in same_employer,
            days=policy.sla.limits.group_days,
        )
        if reasons:
            category = policy.category(other.category)
            lines.append(
                DuplicateLine(
                    number=other.number,
                    state=other.state,
                    state_label=State(other.state).label,
                    category_name=category.name if category is not None else None,
                    created_at=other.created_at,
                    same_caller=other.id in same_caller,
                    reasons=reasons,
                )
            )
    lines.sort(key=lambda line: (not line.same_caller, -len(line.reasons)))
    return lines[:DUPLICATES_SHOWN]


def _reasons(ticket: Ticket, other: Ticket, *, caller: bool, employer: bool, days: int) -> list[str]:
    category = ticket.category is not None and ticket.category == other.category
    # One caller may have several troubles, and one employer several workers: two things must agree.
    if not ((caller and (employer or category)) or (employer and category)):
        return []
    found = []
    if caller:
        found.append("同一来电号码，尚未办结")
    if employer:
        found.append("同一用人单位" if caller else f"同一用人单位，{days}天内登记")
    if category:
        found.append("同一诉求类别")
    return found
