"""What ends by itself: rings nobody took, browsers that fell silent, time after a call; then the line is served again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from hotline.calls.locks import lock_by_id
from hotline.line import breaks, conversations, offers, reconnect, shifts
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.models import Offer, Presence
from hotline.line.presence import LEASED, State

BATCH = 50


def expire_due(session: Session, *, lines: Lines, now: datetime) -> int:
    """End what is over by now and ring the next operators; return how many leases ended.

    Rows that somebody holds are left for the next tick.
    """
    ended = _offers(session, now) + _wrap_ups(session, now) + _silent(session, now)
    ended += _lost_operators(session, lines, now) + breaks.end_due(session, now=now)
    ended += shifts.alarm_absences(session, now=now)
    offers.offer_waiting(session, lines=lines, now=now)
    return ended


def next_due(session: Session) -> datetime | None:
    """Return the moment at which something ends next."""
    moments = [
        session.scalar(select(func.min(Offer.expires_at)).where(Offer.state.in_(offers.LIVE))),
        session.scalar(select(func.min(Presence.wrap_up_until)).where(Presence.state == State.WRAP_UP.value)),
        session.scalar(select(func.min(Presence.break_until)).where(Presence.state == State.ON_BREAK.value)),
        session.scalar(
            select(func.min(Presence.lease_until)).where(Presence.state.in_([each.value for each in LEASED]))
        ),
    ]
    return min((each for each in moments if each is not None), default=None)


def _offers(session: Session, now: datetime) -> int:
    due = session.execute(
        select(Offer.id, Offer.call_id)
        .where(Offer.state.in_(offers.LIVE), Offer.expires_at <= now)
        .order_by(Offer.expires_at, Offer.id)
        .limit(BATCH)
    ).all()
    ended = 0
    for offer_id, call_id in due:
        call = lock_by_id(session, call_id, skip_locked=True)
        if call is None:
            continue
        offer = session.get_one(Offer, offer_id, populate_existing=True)
        if offer.state in offers.LIVE and offer.expires_at <= now:
            offers.miss(session, call, offer, now=now)
            ended += 1
    return ended


def _lost_operators(session: Session, lines: Lines, now: datetime) -> int:
    lost = reconnect.given_up(session, now=now, limit=BATCH)
    for call_id in lost:
        call = lock_by_id(session, call_id, skip_locked=True)
        if call is not None:
            conversations.operator_gone(session, call, lines=lines, now=now)
    return len(lost)


def _wrap_ups(session: Session, now: datetime) -> int:
    due = session.scalars(
        select(Presence)
        .where(Presence.state == State.WRAP_UP.value, Presence.wrap_up_until <= now)
        .order_by(Presence.wrap_up_until)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for presence in due:
        silent = presence.lease_until is None or presence.lease_until <= now
        if silent:
            presences.lease_ended(session, presence, now=now)
        else:
            presences.enter(session, presence, State.READY, now=now)
    return len(due)


def _silent(session: Session, now: datetime) -> int:
    due = session.scalars(
        select(Presence)
        .where(
            Presence.state.in_([each.value for each in LEASED]),
            or_(Presence.lease_until <= now, Presence.lease_until.is_(None)),
        )
        .order_by(Presence.lease_until)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for presence in due:
        presences.lease_ended(session, presence, now=now)
    return len(due)
