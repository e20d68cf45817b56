"""What becomes of a transfer: the other one comes in or does not; the caller ends with a person or in the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.events import ADMINISTRATION, By, record
from dispatch.rules.ticket_state import State as TicketState
from dispatch.unit_of_work import Fact, tell
from hotline.calls import drafts
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.outcomes import Outcome
from hotline.calls.status import Conversation, is_talking, move
from hotline.calls.talk_models import Transfer
from hotline.line import legs, listening, offers, recording, switches, waiting
from hotline.line import presence as presences
from hotline.line.lines import Line, Lines
from hotline.line.models import Presence, Waiting
from hotline.line.presence import State

RINGING: Final = ("ringing", "accepted")
LIVE: Final = (*RINGING, "talking")
BATCH: Final = 50
_AWAY: Final = frozenset({State.RESERVED.value, State.TALKING.value})


def live_of(session: Session, call: Call) -> Transfer | None:
    """Return the call's transfer that is under way; the call is locked by whoever asks."""
    query = select(Transfer).where(Transfer.call_id == call.id, Transfer.state.in_(LIVE))
    return session.scalar(query.execution_options(populate_existing=True))


def joined(session: Session, call: Call, leg: Leg, *, now: datetime) -> None:
    """Somebody whom the operator asked in is there."""
    transfer = live_of(session, call)
    if transfer is None or transfer.leg_id != leg.id:
        return
    if leg.user_id is not None:
        presence = presences.lock(session, leg.user_id, now=now)
        presence.call_id, presence.misses = call.id, 0
        presences.enter(session, presence, State.TALKING, now=now)
    if transfer.style == "warm":
        transfer.state = "talking"
        _log(session, call, transfer, now=now, result="talking")
    elif transfer.style == "three_way":
        _settle(session, call, transfer, "done", now=now)
    else:
        bring_back(session, call, now=now)
        _settle(session, call, transfer, "done", now=now)


def left(session: Session, call: Call, leg: Leg, *, status: str, lines: Lines, now: datetime) -> bool:
    """Somebody whom the operator asked in is out; True when nobody is left for the caller."""
    transfer = live_of(session, call)
    if transfer is not None and transfer.leg_id == leg.id:
        if transfer.state == "talking":
            _settle(session, call, transfer, "returned", now=now)
            bring_back(session, call, now=now)
        else:
            fail(session, call, transfer, reason=_REASONS.get(status, "failed"), lines=lines, now=now)
        _free(session, call, leg.user_id, now=now)
        return False
    _free(session, call, leg.user_id, now=now)
    return is_talking(call) and _nobody_left(session, call)


_REASONS: Final = {"busy": "busy", "no_answer": "no_answer", "canceled": "no_answer", "completed": "left"}


def fail(
    session: Session, call: Call, transfer: Transfer, *, reason: str, lines: Lines, now: datetime
) -> None:
    """End an attempt that came to nothing: the caller goes back to whoever has him, else into the line."""
    _settle(session, call, transfer, "failed", now=now, reason=reason)
    _hang_up_party(session, transfer, now=now)
    if not is_talking(call):
        return
    if transfer.style == "cold":
        back_to_line(session, call, lines.get(call.line), lines=lines, now=now)
    else:
        bring_back(session, call, now=now)
        changed(session, call, now=now)


def give_up(
    session: Session,
    call: Call,
    transfer: Transfer,
    *,
    reason: str,
    missed: bool,
    lines: Lines,
    now: datetime,
) -> None:
    """End an attempt at a colleague who did not come; a missed ring counts as one."""
    user_id = transfer.user_id
    fail(session, call, transfer, reason=reason, lines=lines, now=now)
    if user_id is None:
        return
    presence = presences.lock(session, user_id, now=now)
    if presence.state != State.RESERVED.value or presence.call_id != call.id:
        return
    if missed:
        presences.missed(session, presence, now=now)
    else:
        presences.enter(session, presence, State.READY, now=now)


def cancel(session: Session, call: Call, transfer: Transfer, *, now: datetime) -> None:
    """Take an attempt back: the other one is let go, the caller is with his operator again."""
    _settle(session, call, transfer, "cancelled", now=now)
    _hang_up_party(session, transfer, now=now)
    _free(session, call, transfer.user_id, now=now)
    if is_talking(call):
        bring_back(session, call, now=now)


def bring_back(session: Session, call: Call, *, now: datetime) -> None:
    """Let the caller hear the conversation again."""
    if call.conversation_state != Conversation.CONNECTED.value:
        move(call, Conversation.CONNECTED)
    if call.on_hold:
        log(session, call, Verb.UNHOLD, now=now, user_id=call.operator_id)
        changed(session, call, now=now)
        legs.hold(session, call, on=False, now=now)


def hand_over(session: Session, call: Call, leg: Leg, *, lines: Lines, now: datetime) -> None:
    """Make a colleague who is in the conversation its operator; the former one writes down what he knows."""
    if leg.user_id is None or call.operator_id is None:
        raise ValueError(f"leg {leg.id} cannot take call {call.sid} over")
    before = call.operator_id
    release(session, call, lines=lines, now=now)
    leg.kind, leg.mode = legs.OPERATOR, None
    call.operator_id, call.muted = leg.user_id, False
    session.flush()
    bring_back(session, call, now=now)
    recording.follow(session, call, now=now)
    presence = presences.lock(session, leg.user_id, now=now)
    presence.call_id, presence.misses = call.id, 0
    presences.enter(session, presence, State.TALKING, now=now)
    _draft_goes_along(session, call, leg.user_id)
    payload = {"call": call.sid, "from": before, "to": leg.user_id}
    record(session, "CallHandedOver", stream=ADMINISTRATION, by=By("user", before), now=now, payload=payload)
    changed(session, call, now=now, user_id=before)
    changed(session, call, now=now)


def release(session: Session, call: Call, *, lines: Lines, now: datetime) -> None:
    """Let the operator go out of a conversation that goes on without him."""
    query = select(Leg).where(Leg.call_id == call.id, Leg.kind == legs.OPERATOR, Leg.left_at.is_(None))
    for leg in session.scalars(query).all():
        leg.kind = legs.FORMER
        legs.hang_up(session, leg, now=now)
    # Legs that fell out earlier are of no operator of this conversation any more either.
    old = select(Leg).where(Leg.call_id == call.id, Leg.kind == legs.OPERATOR)
    for leg in session.scalars(old).all():
        leg.kind = legs.FORMER
    if call.operator_id is None:
        return
    recording.leave_fields(session, call)
    presence = presences.lock(session, call.operator_id, now=now)
    if presence.state == State.TALKING.value and presence.call_id == call.id:
        presences.wrap_up(session, presence, seconds=lines.get(call.line).wrap_up_s, now=now)


def back_to_line(
    session: Session,
    call: Call,
    line: Line,
    *,
    lines: Lines,
    now: datetime,
    ring: int | None = None,
) -> None:
    """Put a caller who was in a conversation into a line, with the time at which he first stood in one.

    `ring`: whom to offer him first; everybody else follows by the rules of the line. A diverted line is the one to which
    it is diverted; in a closed one he is served like whoever stood there before: he was let in once.
    """
    line, _ = switches.line_in_force(session, line.code, lines)
    row = waiting.waiting_of(session, call)
    if row is None:
        row = Waiting(
            call_id=call.id, line=line.code, priority=line.priority, entered_at=now, state="waiting"
        )
        session.add(row)
    former = call.operator_id
    everybody_out(session, call, now=now)
    release(session, call, lines=lines, now=now)
    for leg in session.scalars(select(Leg).where(Leg.call_id == call.id, Leg.left_at.is_(None))).all():
        # Also the caller's own: he comes into the next conversation as into a first one.
        leg.left_at = now
    row.line, row.skill, row.state = line.code, None, "waiting"
    row.priority = min(row.priority, line.priority)
    row.left_at = row.left_reason = None
    call.line, call.conference, call.operator_id = line.code, None, None
    call.on_hold, call.muted, call.held_since = False, False, None
    if call.flow_state is not None:
        # He is told again how he stands: the last he heard of it was before the conversation.
        call.flow_state = {**call.flow_state, "rounds": 0, "announced": ""}
    move(call, Conversation.WAITING)
    session.flush()
    recording.follow(session, call, now=now)
    log(session, call, Verb.ENTERQUEUE, now=now, line=line.code, priority=row.priority)
    changed(session, call, now=now, user_id=former)
    payload: dict[str, object] = {"call_id": call.id, "to": "line"}
    legs.command(session, "redirect_caller", payload, key=f"call:{call.id}:line:{call.version}", now=now)
    waiting.tell_line(session, line.code, now)
    if ring is not None:
        offers.ring(session, row.id, ring, lines=lines, now=now)
    offers.offer_waiting(session, lines=lines, now=now)


def operator_left(session: Session, call: Call, *, lines: Lines, now: datetime) -> bool:
    """Save a caller whose operator goes away in the middle of a transfer; False when there is none to save him from."""
    transfer = live_of(session, call)
    if transfer is None or call.outcome == Outcome.ABUSIVE.value:
        return False
    if transfer.state == "talking":
        complete(session, call, transfer, lines=lines, now=now)
    else:
        _settle(session, call, transfer, "cancelled", now=now, reason="operator_left")
        _hang_up_party(session, transfer, now=now)
        _free(session, call, transfer.user_id, now=now)
        back_to_line(session, call, lines.get(call.line), lines=lines, now=now)
    return True


def complete(session: Session, call: Call, transfer: Transfer, *, lines: Lines, now: datetime) -> None:
    """Leave the caller with whoever was asked."""
    leg = session.get_one(Leg, transfer.leg_id)
    _settle(session, call, transfer, "done", now=now)
    if leg.kind == legs.CONSULTED:
        hand_over(session, call, leg, lines=lines, now=now)
        return
    release(session, call, lines=lines, now=now)
    bring_back(session, call, now=now)
    recording.follow(session, call, now=now)


def everybody_out(session: Session, call: Call, *, now: datetime) -> None:
    """End what is under way about a conversation that is over: nobody is rung for it, nobody stays reserved by it."""
    transfer = live_of(session, call)
    if transfer is not None:
        _settle(session, call, transfer, "cancelled", now=now, reason="over")
        _free(session, call, transfer.user_id, now=now)
    for leg in legs.open_legs(session, call):
        if leg.kind in legs.INVITED:
            legs.hang_up(session, leg, now=now)
            _free(session, call, leg.user_id, now=now)
        elif leg.kind == legs.SUPERVISOR:
            legs.hang_up(session, leg, now=now)
            listening.left(session, call, leg, now=now)


def settle_done(session: Session, call: Call, transfer: Transfer, *, now: datetime) -> None:
    """Write down that an attempt has reached its end."""
    _settle(session, call, transfer, "done", now=now)


def expire_due(session: Session, *, lines: Lines, now: datetime) -> int:
    """End the rings that nobody took; rows that somebody holds are left for the next tick."""
    due = session.execute(
        select(Transfer.id, Transfer.call_id)
        .where(Transfer.state.in_(RINGING), Transfer.expires_at <= now)
        .order_by(Transfer.expires_at, Transfer.id)
        .limit(BATCH)
    ).all()
    ended = 0
    for transfer_id, call_id in due:
        call = lock_by_id(session, call_id, skip_locked=True)
        if call is None:
            continue
        transfer = session.get_one(Transfer, transfer_id, populate_existing=True)
        if transfer.state in RINGING and transfer.expires_at <= now:
            give_up(session, call, transfer, reason="no_answer", missed=True, lines=lines, now=now)
            ended += 1
    return ended


def next_due(session: Session) -> datetime | None:
    """Return the moment at which a ring ends next."""
    return session.scalar(select(func.min(Transfer.expires_at)).where(Transfer.state.in_(RINGING)))


def waits_after_a_transfer(session: Session, call: Call) -> bool:
    """Whether the caller stands in the line because of a transfer, and has spoken with nobody since."""
    row = waiting.waiting_of(session, call)
    query = select(Transfer).where(Transfer.call_id == call.id).order_by(Transfer.id.desc()).limit(1)
    last = session.scalars(query).first()
    if row is None or last is None or last.settled_at is None:
        return False
    return last.target == "line" or last.style == "cold" or last.reason == "operator_left"


def reserve(session: Session, call: Call, user_id: int, *, now: datetime) -> Presence | None:
    """Take a ready colleague for this call; None when he is not ready."""
    presence = presences.lock(session, user_id, now=now)
    if not is_ready(presence, now):
        return None
    presence.call_id = call.id
    presences.enter(session, presence, State.RESERVED, now=now)
    return presence


def is_ready(presence: Presence, now: datetime) -> bool:
    """Return whether somebody may be rung now."""
    return (
        presence.state == State.READY.value
        and presence.lease_until is not None
        and presence.lease_until > now
    )


def expiry(now: datetime, seconds: int) -> datetime:
    """Return when a ring ends."""
    return now + timedelta(seconds=seconds)


def tell_ring(session: Session, transfer: Transfer, now: datetime) -> None:
    """Tell a colleague's screens that something rings, or rings no more."""
    if transfer.user_id is not None:
        version = int(now.timestamp() * 1000)
        rooms: Sequence[str] = (f"user:{transfer.user_id}",)
        tell(session, Fact("offer", f"transfer:{transfer.id}", version, now, tuple(rooms)))


def _settle(
    session: Session, call: Call, transfer: Transfer, state: str, *, now: datetime, reason: str | None = None
) -> None:
    transfer.state, transfer.settled_at, transfer.reason = state, now, reason
    session.flush()
    _log(session, call, transfer, now=now, result=state, **({"reason": reason} if reason else {}))
    tell_ring(session, transfer, now)
    changed(session, call, now=now)


def _log(session: Session, call: Call, transfer: Transfer, *, now: datetime, **data: object) -> None:
    verb = Verb.CONFERENCE if transfer.style == "three_way" else Verb.TRANSFER
    told = {"style": transfer.style, "to": transfer.target, **data}
    log(session, call, verb, now=now, user_id=transfer.by_id, **told)


def _hang_up_party(session: Session, transfer: Transfer, *, now: datetime) -> None:
    leg = session.get(Leg, transfer.leg_id) if transfer.leg_id is not None else None
    if leg is not None and leg.left_at is None:
        legs.hang_up(session, leg, now=now)


def _free(session: Session, call: Call, user_id: int | None, *, now: datetime) -> None:
    """Let a colleague who is no part of this conversation any more take calls again."""
    if user_id is None or user_id == call.operator_id:
        return
    presence = presences.lock(session, user_id, now=now)
    if presence.call_id == call.id and presence.state in _AWAY:
        presences.enter(session, presence, State.READY, now=now)


def _nobody_left(session: Session, call: Call) -> bool:
    query = select(Leg.id).where(
        Leg.call_id == call.id, Leg.kind.in_((legs.OPERATOR, *legs.INVITED)), Leg.left_at.is_(None)
    )
    return session.scalar(query.limit(1)) is None


def _draft_goes_along(session: Session, call: Call, user_id: int) -> None:
    """Let the new operator write on in the call's draft; a sealed one is his alone, any other the desk's."""
    draft = drafts.draft_of(session, call)
    if draft is not None and draft.state == TicketState.DRAFT.value:
        draft.created_by_id = user_id if draft.sealed else None
