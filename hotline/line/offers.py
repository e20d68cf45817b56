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
from dispatch.errors import NotFound, WrongState
from dispatch.models.people import User
from dispatch.unit_of_work import Fact, tell
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.status import Conversation, move
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.models import Offer, Presence, Waiting
from hotline.line.presence import State
from hotline.line.shifts import deputies_of
from hotline.line.waiting import best_for, day_of, leave, on_duty, serving_order, tell_line

LIVE: Final = ("ringing", "accepted")
_NOT_TAKEN: Final = ("missed", "declined", "failed")
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
        select(Waiting).where(Waiting.state == "waiting").order_by(*serving_order(lines, now)).limit(BATCH)
    ).all()
    if not rows:
        return []
    duty = on_duty(session, now=now)
    ready = [each for each in duty if each.state == State.READY.value]
    deputies = _deputies(session, [row.call_id for row in rows], now)
    made: list[Offer] = []
    for row in rows:
        if not ready:
            break
        chosen = best_for(row, ready, duty, lines=lines, now=now, deputy_id=deputies.get(row.call_id))
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
    presence = presences.lock(session, user_id, now=now)
    if presences.is_telephone(presence.endpoint):
        raise WrongState(str(offer_id), "accept", offer.state, "这个来电正在呼叫您的电话，请接听后按1")
    presence.lease_until = max(presence.lease_until or now, now + presences.LEASE)
    _take(session, call, offer, now=now)
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


def accept_by_phone(session: Session, call: Call, leg: Leg, *, now: datetime) -> bool:
    """Take the call that rings at an ordinary telephone, on which 1 was pressed; False when it is gone.

    The call is locked by whoever asks. A repeated key is taken as it was.
    """
    offer = live_offer_for(session, call)
    if offer is None or offer.user_id != leg.user_id or leg.left_at is not None:
        return False
    if offer.state == "ringing":
        if offer.expires_at <= now:
            return False
        _take(session, call, offer, now=now)
        _tell(session, offer, now)
        changed(session, call, now=now)
    return True


def telephone_down(session: Session, call: Call, leg: Leg, *, lines: Lines, now: datetime) -> None:
    """An ordinary telephone has stopped ringing, or hung up without pressing 1: nobody waits for it any longer."""
    if leg.kind != "operator" or not presences.is_telephone(leg.endpoint):
        return
    offer = live_offer_for(session, call)
    if offer is None or offer.state != "ringing" or offer.user_id != leg.user_id:
        return
    newer = select(Leg.id).where(Leg.call_id == call.id, Leg.user_id == leg.user_id, Leg.id > leg.id)
    if session.scalar(newer.limit(1)) is None:
        miss(session, call, offer, now=now)
        offer_waiting(session, lines=lines, now=now)


def _take(session: Session, call: Call, offer: Offer, *, now: datetime) -> None:
    offer.state, offer.expires_at = "accepted", now + timedelta(seconds=CONNECT_S)
    call.conference, call.operator_id = conference_name(call.id, offer.id), offer.user_id
    session.flush()


def conference_name(call_id: int, attempt: int) -> str:
    """Return the name of one attempt at a conversation: late news of an earlier attempt cannot be taken for it."""
    return f"call-{call_id}-{attempt}"


def decline(session: Session, offer_id: int, *, user_id: int, now: datetime, lines: Lines) -> None:
    """Refuse a ring: the caller keeps the place, the operator is not ready. Raises NotFound; a gone offer is no error."""
    call, offer = _lock(session, offer_id, user_id)
    if offer.state != "ringing":
        return
    presence = _release(session, call, offer, "declined", now=now)
    _hang_up_legs(session, call, user_id, now=now)
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
    else:
        _hang_up_legs(session, call, offer.user_id, now=now)


def fail(session: Session, call: Call, offer: Offer, *, reason: str, now: datetime) -> None:
    """End an offer which the carrier could not carry out; that is nobody's miss."""
    was_accepted = offer.state == "accepted"
    presence = _release(session, call, offer, "failed", now=now)
    log(session, call, Verb.RINGCANCELED, now=now, user_id=offer.user_id, reason=reason)
    if presences.is_telephone(presence.endpoint):
        # A number that cannot be rung would be rung again at once, for ever.
        presences.missed(session, presence, now=now)
    else:
        presences.enter(session, presence, State.READY, now=now)
    if was_accepted:
        _take_back(session, call, offer, now=now)
    else:
        _hang_up_legs(session, call, offer.user_id, now=now)


def cancel(session: Session, call: Call, *, now: datetime) -> None:
    """Stop whatever rings for a caller who left the line or the telephone; the operator is ready again."""
    offer = live_offer_for(session, call)
    if offer is None:
        return
    was_accepted = offer.state == "accepted"
    presence = _release(session, call, offer, "cancelled", now=now, back_to_line=False)
    log(session, call, Verb.RINGCANCELED, now=now, user_id=offer.user_id)
    presences.enter(session, presence, State.READY, now=now)
    # An ordinary telephone rings before anybody has accepted.
    _hang_up_legs(session, call, offer.user_id, now=now)
    if was_accepted:
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
    today = day_of(now)
    presence.taken = presence.taken + 1 if presence.taken_day == today else 1
    presence.taken_day = today
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
    by_phone = presences.is_telephone(presence.endpoint)
    offer = Offer(
        waiting_id=row.id,
        call_id=call.id,
        user_id=user_id,
        created_at=now,
        expires_at=now + timedelta(seconds=lines.phone_offer_s if by_phone else lines.get(row.line).offer_s),
        state="ringing",
    )
    session.add(offer)
    row.state = "offered"
    presence.call_id, presence.offered_at = call.id, now
    presences.enter(session, presence, State.RESERVED, now=now)
    move(call, Conversation.OFFERED)
    session.flush()
    if by_phone:
        _ring_telephone(session, call, offer, presence.endpoint or "", now=now)
    log(session, call, Verb.OFFER, now=now, user_id=user_id)
    _tell(session, offer, now)
    tell_line(session, row.line, now)
    changed(session, call, now=now, user_id=user_id)
    return offer


def _ring_telephone(session: Session, call: Call, offer: Offer, number: str, *, now: datetime) -> None:
    """Ring an operator's ordinary telephone; only the key 1 there accepts, so that no answering machine does."""
    leg = Leg(
        call_id=call.id,
        kind="operator",
        user_id=offer.user_id,
        endpoint=number,
        status="queued",
        created_at=now,
    )
    session.add(leg)
    session.flush()
    outbox.put(
        session,
        "live",
        "originate_phone_offer",
        {"offer_id": offer.id, "leg_id": leg.id},
        now=now,
        key=f"offer:{offer.id}:originate",
        expires_at=offer.expires_at,
    )


def _deputies(session: Session, call_ids: list[int], now: datetime) -> dict[int, int]:
    """Return for each caller the deputy (AB post) of the last operator who did not take him."""
    rows = session.execute(
        select(Offer.call_id, Offer.user_id, User.deputy_id)
        .join(User, User.id == Offer.user_id)
        .where(Offer.call_id.in_(call_ids), Offer.state.in_(_NOT_TAKEN))
        .order_by(Offer.id)
    ).all()
    # What the roster of this shift says goes before the standing rule.
    by_roster = deputies_of(session, {user_id for _, user_id, _ in rows}, now=now) if rows else {}
    found = {call_id: by_roster.get(user_id, deputy) for call_id, user_id, deputy in rows}
    return {call_id: deputy for call_id, deputy in found.items() if deputy is not None}


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
