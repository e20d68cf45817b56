"""How many tickets wait in which state, for badges: counted along the list's index, and never further than a badge shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.models.tickets import CentreList, Ticket, TicketScope
from dispatch.ticket_filters import due_range

MOST: Final = 9_999
"""A badge says 9999+ beyond: whoever has so many needs no exact number, and counting a million takes seconds."""


@dataclass(frozen=True, slots=True)
class TicketCounts:
    """What waits for this actor; all counts are of the `open` tickets nearest to their deadlines."""

    open: int
    more: bool
    """Whether there are more than were counted."""
    states: Mapping[str, int]
    urgencies: Mapping[str, int]
    overdue: int
    due_15m: int
    due_1h: int
    due_today: int
    server_time: datetime


def count_tickets(session: Session, actor: Actor, *, now: datetime) -> TicketCounts:
    """Return what waits for the actor, as far as he may see it."""
    listing = TicketScope if actor.of_union else CentreList
    query = (
        select(Ticket.state, Ticket.urgency, listing.sort_key)
        .join(listing, listing.ticket_id == Ticket.id)
        .where(listing.bucket == "open", visible(actor))
        .order_by(listing.sort_key, listing.ticket_id)
        .limit(MOST + 1)
    )
    if actor.of_union:
        query = query.where(TicketScope.union_id == actor.union_id)
    waiting = query.subquery()
    parts = {}
    for name in ("overdue", "15m", "1h", "today"):
        low, high = due_range(name, now)
        within = (waiting.c.sort_key >= low) & (waiting.c.sort_key < high)
        parts[name] = func.sum(case((within, 1), else_=0))
    rows = session.execute(
        select(waiting.c.state, waiting.c.urgency, func.count(), *parts.values()).group_by(
            waiting.c.state, waiting.c.urgency
        )
    ).all()
    states: dict[str, int] = {}
    urgencies: dict[str, int] = {}
    dues = [0, 0, 0, 0]
    for state, urgency, count, *within_due in rows:
        states[state] = states.get(state, 0) + count
        urgencies[urgency] = urgencies.get(urgency, 0) + count
        dues = [total + (part or 0) for total, part in zip(dues, within_due, strict=True)]
    total = sum(states.values())
    overdue, in_15m, in_1h, today = dues
    return TicketCounts(
        min(total, MOST), total > MOST, states, urgencies, overdue, in_15m, in_1h, today, server_time=now
    )
