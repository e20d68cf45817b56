"""Ringing an operator: offer, accept, miss, cancel; each offer is a lease that ends by itself.

The caller stays in the wait loop while the operator rings. Accepting sends the operator's telephone into a conference;
from then on every turn of the caller answers with that conference.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.errors import NotFound
from dispatch.unit_of_work import Fact, tell
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.status import Conversation, move
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.models import Offer, Presence, Waiting
from hotline.line.presence import State
from hotline.line.waiting import best_for, leave, on_duty, tell_line

LIVE: Final = ("ringing", "accepted")
CONNECT_S: Final = 20
"""From accepting to both parties being in the conversation; then the caller is offered to somebody else."""
BATCH: Final = 50


class OfferGone(Exception):
    """The offer is no longer there to take: somebody was faster, the caller chose otherwise, or it ran out."""

    def __init__(self, offer_id: int, state: str) -> None:
        super().__init__(f"offer {offer_id} is {state}")
        self.offer_id = offer_id
        self.state = state


def offer_waiting(session: Session, *, lines: Lines, now: datetime) -> list[Offer]:
    """Ring the longest idle suitable operator for each waiting caller while there is anybody ready.

    Callers whose row somebody holds are skipped: the next tick looks again.
    """
    if not session.scalar(select(exists().where(Presence.state == State.READY.value))):
        return []
    rows = session.scalars(
        select(Waiting)
        .where(Waiting.state == "waiting")
        .order_by(Waiting.priority, Waiting.entered_at, Waiting.id)
        .limit(BATCH)
    ).all()
    if not rows:
        return []
    duty = on_duty(session, now=now)
    ready = [each for each in duty if each.state == State.READY.value]
    made: list[Offer] = []
    for row in rows:
        if not ready:
            break
        chosen = best_for(row, ready, duty, lines=lines, now=now)
        if chosen is None:
            continue
        ready.remove(chosen)
        offer = _ring(session, row.id, chosen.user_id, lines=lines, now=now)
        if offer is not None:
            made.append(offer)
    return made


def accept(session: Session, offer_id: int, *, user_id: int, now: datetime) -> Call:
    """Take the call: the operator's telephone is rung into a conference. Raises OfferGone, NotFound."""
    call, offer = _lock(session, offer_id, user_id)
    if offer.state == "accepted":
        return call
    if offer.state != "ringing" or offer.expires_at <= now:
        raise OfferGone(offer_id, offer.state)
    offer.state, offer.expires_at = "accepted", now + timedelta(seconds=CONNECT_S)
    presence = presences.lock(session, user_id, now=now)
    presence.lease_until = max(presence.lease_until or now, now + presences.LEASE)
    call.conference, call.operator_id = conference_name(call.id, offer.id), user_id
    leg = Leg(
        call_id=call.id,
        kind="operator",
        user_id=user_id,
        endpoint=presence.endpoint or presences.endpoint_of(user_id),
        status="queued",
        created_at=now,
    )
    session.add(leg)
    session.flush()
    outbox.put(
        session,
        "live",
        "originate_operator",
        {"offer_id": offer.id, "leg_id": leg.id},
        now=now,
        key=f"offer:{offer.id}:originate",
        expires_at=offer.expires_at,
    )
    _tell(session, offer, now)
    changed(session, call, now=now)
    return call


def conference_name(call_id: int, attempt: int) -> str:
    """Return the name of one attempt at a conversation: late news of an earlier attempt cannot be taken for it."""
    return f"call-{call_id}-{attempt}"


def decline(session: Session, offer_id: int, *, user_id: int, now: datetime, lines: Lines) -> None:
    """Refuse a ring: the caller keeps the place, the operator is not ready. Raises NotFound; a gone offer is no error."""
    call, offer = _lock(session, offer_id, user_id)
    if offer.state != "ringing":
        return
    presence = _release(session, call, offer, "declined", now=now)
    log(session, call, Verb.RINGNOANSWER, now=now, user_id=user_id, declined=True)
    presences.enter(session, presence, State.NOT_READY, now=now, reason="拒接")
    offer_waiting(session, lines=lines, now=now)


def stop_ringing(session: Session, user_id: int, *, now: datetime, lines: Lines) -> None:
    """Free the caller from an operator who goes away while it rings."""
    offer = live_offer_of(session, user_id)
    if offer is not None and offer.state == "ringing":
        decline(session, offer.id, user_id=user_id, now=now, lines=lines)


def miss(session: Session, call: Call, offer: Offer, *, now: datetime) -> None:
    """End an offer that nobody took, or whose telephone never came: the caller keeps the original place."""
    was_accepted = offer.state == "accepted"
    presence = _release(session, call, offer, "failed" if was_accepted else "missed", now=now)
    log(session, call, Verb.RINGNOANSWER, now=now, user_id=offer.user_id)
    presences.missed(session, presence, now=now)
    if was_accepted:
        _take_back(session, call, offer, now=now)


def fail(session: Session, call: Call, offer: Offer, *, reason: str, now: datetime) -> None:
    """End an accepted offer which the carrier could not carry out; that is nobody's miss."""
    presence = _release(session, call, offer, "failed", now=now)
    log(session, call, Verb.RINGCANCELED, now=now, user_id=offer.user_id, reason=reason)
    presences.enter(session, presence, State.READY, now=now)
    _take_back(session, call, offer, now=now)


def cancel(session: Session, call: Call, *, now: datetime) -> None:
    """Stop whatever rings for a caller who left the line or the telephone; the operator is ready again."""
    offer = live_offer_for(session, call)
    if offer is None:
        return
    was_accepted = offer.state == "accepted"
    presence = _release(session, call, offer, "cancelled", now=now, back_to_line=False)
    log(session, call, Verb.RINGCANCELED, now=now, user_id=offer.user_id)
    presences.enter(session, presence, State.READY, now=now)
    if was_accepted:
        _hang_up_legs(session, call, offer.user_id, now=now)
        call.operator_id = None


def live_offer_for(session: Session, call: Call) -> Offer | None:
    """Return the offer that rings for this caller now."""
    query = select(Offer).where(Offer.call_id == call.id, Offer.state.in_(LIVE))
    return session.scalar(query.execution_options(populate_existing=True))


def live_offer_of(session: Session, user_id: int) -> Offer | None:
    """Return the offer that rings at this operator now."""
    query = select(Offer).where(Offer.user_id == user_id, Offer.state.in_(LIVE))
    return session.scalar(query.execution_options(populate_existing=True))


def connected(session: Session, call: Call, offer: Offer, *, now: datetime) -> None:
    """Both parties are in the conversation."""
    offer.state, offer.settled_at = "connected", now
    row = session.get_one(Waiting, offer.waiting_id)
    row.state, row.left_at = "connected", now
    call.operator_id = offer.user_id
    move(call, Conversation.CONNECTED)
    presence = presences.lock(session, offer.user_id, now=now)
    presence.misses, presence.call_id = 0, call.id
    presences.enter(session, presence, State.TALKING, now=now)
    waited_s = int((now - row.entered_at).total_seconds())
    log(session, call, Verb.CONNECT, now=now, user_id=offer.user_id, waited_s=waited_s)
    _tell(session, offer, now)
    tell_line(session, row.line, now)
    changed(session, call, now=now)


def ring(session: Session, waiting_id: int, user_id: int, *, lines: Lines, now: datetime) -> Offer | None:
    """Ring one operator for one caller; None when either of them is not there for it."""
    return _ring(session, waiting_id, user_id, lines=lines, now=now)


def leave_line(session: Session, call: Call, row: Waiting, *, reason: str, verb: Verb, now: datetime) -> None:
    """Take a caller out of the line in one step with everything that rings for him."""
    cancel(session, call, now=now)
    waited_s = int((now - row.entered_at).total_seconds())
    leave(session, row, reason, now=now)
    log(session, call, verb, now=now, reason=reason, waited_s=waited_s)


def _lock(session: Session, offer_id: int, user_id: int) -> tuple[Call, Offer]:
    """Return the offer with its call locked; an offer at somebody else is one that does not exist."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.user_id != user_id:
        raise NotFound("offer", offer_id)
    call = lock_by_id(session, offer.call_id)
    if call is None:
        raise NotFound("call", offer.call_id)
    session.refresh(offer)
    return call, offer


def _ring(session: Session, waiting_id: int, user_id: int, *, lines: Lines, now: datetime) -> Offer | None:
    row = session.get(Waiting, waiting_id)
    call = lock_by_id(session, row.call_id, skip_locked=True) if row is not None else None
    if row is None or call is None:
        return None
    session.refresh(row)
    presence = session.scalar(
        select(Presence)
        .where(Presence.user_id == user_id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row.state != "waiting" or presence is None or presence.state != State.READY.value:
        return None
    offer = Offer(
        waiting_id=row.id,
        call_id=call.id,
        user_id=user_id,
        created_at=now,
        expires_at=now + timedelta(seconds=lines.get(row.line).offer_s),
        state="ringing",
    )
    session.add(offer)
    row.state = "offered"
    presence.call_id = call.id
    presences.enter(session, presence, State.RESERVED, now=now)
    move(call, Conversation.OFFERED)
    session.flush()
    log(session, call, Verb.OFFER, now=now, user_id=user_id)
    _tell(session, offer, now)
    tell_line(session, row.line, now)
    changed(session, call, now=now, user_id=user_id)
    return offer


def _release(
    session: Session, call: Call, offer: Offer, state: str, *, now: datetime, back_to_line: bool = True
) -> Presence:
    offer.state, offer.settled_at = state, now
    row = session.get_one(Waiting, offer.waiting_id)
    if back_to_line:
        row.state = "waiting"
        if call.conversation_state != Conversation.ENDED.value:
            move(call, Conversation.WAITING)
    session.flush()
    _tell(session, offer, now)
    tell_line(session, row.line, now)
    changed(session, call, now=now, user_id=offer.user_id)
    return presences.lock(session, offer.user_id, now=now)


def _take_back(session: Session, call: Call, offer: Offer, *, now: datetime) -> None:
    """Bring a caller who may have been sent into the conference already back to the wait loop."""
    _hang_up_legs(session, call, offer.user_id, now=now)
    call.operator_id, call.conference = None, None
    outbox.put(
        session,
        "live",
        "redirect_caller",
        {"call_id": call.id, "to": "line"},
        now=now,
        key=f"offer:{offer.id}:back",
        expires_at=now + timedelta(seconds=CONNECT_S),
    )


def _hang_up_legs(session: Session, call: Call, user_id: int, *, now: datetime) -> None:
    legs = session.scalars(
        select(Leg).where(Leg.call_id == call.id, Leg.user_id == user_id, Leg.left_at.is_(None))
    )
    for leg in legs:
        leg.left_at = now
        outbox.put(session, "live", "hang_up", {"leg_id": leg.id}, now=now, key=f"leg:{leg.id}:hang_up")


def _tell(session: Session, offer: Offer, now: datetime) -> None:
    version = int(now.timestamp() * 1000)
    tell(session, Fact("offer", str(offer.id), version, now, (f"user:{offer.user_id}",)))
