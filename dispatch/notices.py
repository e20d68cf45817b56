"""What an actor should know: notices to him, to his union or to his post, newest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.receivers import ALARM
from dispatch.seals import SEAL_BROKEN

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One notice; whoever of a union or a post has seen it has seen it for all of them."""

    id: int
    at: datetime
    kind: str
    """remind, nudge, yellow_card, red_card, escalated, expired, alarm, dispatched, returned, reported, rejected …"""
    text: str
    step: str | None
    ticket_number: str | None
    seen_at: datetime | None


def notices(
    session: Session, actor: Actor, *, unseen_only: bool = False, before: int | None = None, limit: int = 50
) -> list[NoticeLine]:
    """Return the actor's notices, newest first; `before` is the id of the last one of the page before."""
    query = (
        select(Notice, Ticket.number)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(_concerns(actor))
        .order_by(Notice.id.desc())
        .limit(max(1, min(limit, MAX_PAGE)))
    )
    if unseen_only:
        query = query.where(Notice.seen_at.is_(None))
    if before is not None:
        query = query.where(Notice.id < before)
    return [
        NoticeLine(
            id=notice.id,
            at=notice.at,
            kind=notice.kind,
            text=notice.text,
            step=notice.step,
            ticket_number=number,
            seen_at=notice.seen_at,
        )
        for notice, number in session.execute(query)
    ]


def unseen(session: Session, actor: Actor) -> int:
    """Return how many notices wait for the actor."""
    query = (
        select(func.count(Notice.id))
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(_concerns(actor), Notice.seen_at.is_(None))
    )
    return session.scalar(query) or 0


def mark_seen(session: Session, actor: Actor, ids: Collection[int], *, now: datetime) -> int:
    """Mark those of the notices that concern the actor and return how many; others are left as they are."""
    mine = (
        select(Notice.id)
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(Notice.id.in_(ids), Notice.seen_at.is_(None), _concerns(actor))
    )
    found = session.scalars(mine).all()
    if found:
        session.execute(update(Notice).where(Notice.id.in_(found)).values(seen_at=now))
    return len(found)


def _concerns(actor: Actor) -> ColumnElement[bool]:
    to_post = and_(Notice.role == actor.role.value, Notice.user_id.is_(None), Notice.union_id.is_(None))
    to_me = Notice.user_id == actor.user_id
    to_union = and_(Notice.union_id == actor.union_id, Notice.user_id.is_(None))
    addressed = or_(to_me, to_union) if actor.of_union else or_(to_me, to_post)
    recused = exists().where(
        TicketRecusal.ticket_id == Notice.ticket_id, TicketRecusal.user_id == actor.user_id
    )
    # A P0 alarm, or word of a broken seal, reaches its people even where the ticket itself stays sealed to them.
    alarmed = and_(Notice.kind.in_((ALARM, SEAL_BROKEN)), ~recused)
    return and_(addressed, or_(Notice.ticket_id.is_(None), visible(actor), alarmed))
