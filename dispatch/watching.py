"""Who is looking at which ticket: leases in the database, so that every process of the console knows all of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dispatch.access import find_ticket, visible
from dispatch.actors import Actor
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.watching import TicketWatch

LEASE: Final = timedelta(seconds=30)
"""How long a page that has fallen silent still counts [D]; renewed three times as often."""
MOST: Final = 1_000
"""Rows that one answer may hold: twice as many as there are operators."""


def hold(session: Session, actor: Actor, sid: str, number: str, *, now: datetime) -> None:
    """Note that the actor has the ticket open; raises NotFound for one that he may not see."""
    ticket = find_ticket(session, actor, number)
    if actor.user_id is not None:
        session.merge(TicketWatch(sid=sid, ticket_id=ticket.id, user_id=actor.user_id, until=now + LEASE))


def let_go(session: Session, sid: str, number: str) -> None:
    """Note that the page is closed."""
    ticket = select(Ticket.id).where(Ticket.number == number).scalar_subquery()
    session.execute(delete(TicketWatch).where(TicketWatch.sid == sid, TicketWatch.ticket_id == ticket))


def renew(session: Session, sids: Collection[str], *, now: datetime) -> None:
    """Prolong the leases of sockets that are still open, and forget those that ran out."""
    session.execute(update(TicketWatch).where(TicketWatch.sid.in_(sids)).values(until=now + LEASE))
    session.execute(delete(TicketWatch).where(TicketWatch.until < now))


def watched(session: Session, actor: Actor, *, now: datetime) -> dict[str, list[str]]:
    """Return who else looks at which ticket, as far as the actor may see the tickets: names by number."""
    rows = session.execute(
        select(Ticket.number, User.display_name)
        .join(TicketWatch, TicketWatch.ticket_id == Ticket.id)
        .join(User, User.id == TicketWatch.user_id)
        .where(TicketWatch.until >= now, TicketWatch.user_id != actor.user_id, visible(actor))
        .distinct()
        .order_by(Ticket.number, User.display_name)
        .limit(MOST)
    )
    found: dict[str, list[str]] = {}
    for number, name in rows:
        found.setdefault(number, []).append(name)
    return found
