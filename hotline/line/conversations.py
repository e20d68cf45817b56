"""Conversations: both parties coming into a conference, either one leaving, and what follows from it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, CallLog, Leg
from hotline.calls.status import Conversation, is_talking, move
from hotline.line import legs, listening, offers, reconnect, recording, transfers
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.presence import State

CALLER: Final = legs.CALLER
OPERATOR: Final = legs.OPERATOR
hang_up = legs.hang_up
command = legs.command


def call_id_of(conference: str) -> int | None:
    """Return the call that a conference's name belongs to (see `offers.conference_name`)."""
    parts = conference.split("-")
    return int(parts[1]) if len(parts) == 3 and parts[0] == "call" and parts[1].isdecimal() else None


def joined(session: Session, call: Call, *, conference: str, sid: str, lines: Lines, now: datetime) -> None:
    """Somebody came in. With the operator in, the caller is fetched; with both in, the two are connected."""
    leg = _leg_of(session, call, sid, now=now)
    if leg is None:
        return
    if conference != call.conference or call.conversation_state == Conversation.ENDED.value:
        if leg.kind != CALLER:
            hang_up(session, leg, now=now)
        return
    let_go = leg.left_at is not None and leg.kind not in (CALLER, OPERATOR)
    if leg.kind == legs.FORMER or let_go:
        # The order to let it go is on its way.
        return
    leg.joined_at, leg.left_at, leg.status = now, None, "in_progress"
    session.flush()
    if leg.kind in legs.INVITED:
        transfers.joined(session, call, leg, now=now)
    elif leg.kind == legs.SUPERVISOR:
        _supervisor_in(session, call, leg, lines=lines, now=now)
    else:
        _party_in(session, call, leg, conference=conference, now=now)
    recording.follow(session, call, now=now)
    changed(session, call, now=now)


def _party_in(session: Session, call: Call, leg: Leg, *, conference: str, now: datetime) -> None:
    here = {each.kind for each in _present(session, call)}
    if leg.kind == OPERATOR and is_talking(call):
        reconnect.came_back(session, call, leg, now=now)
        listening.refresh(session, call, now=now)
    elif {CALLER, OPERATOR} <= here:
        connect(session, call, now=now)
    elif leg.kind == OPERATOR:
        command(
            session, "redirect_caller", {"call_id": call.id, "to": "join"}, key=f"{conference}:join", now=now
        )


def _supervisor_in(session: Session, call: Call, leg: Leg, *, lines: Lines, now: datetime) -> None:
    if not is_talking(call):
        hang_up(session, leg, now=now)
    elif leg.mode == listening.TAKE_OVER:
        take_over(session, call, leg, lines=lines, now=now)
    else:
        # The operator may have changed while this telephone rang.
        listening.refresh(session, call, now=now)


def take_over(session: Session, call: Call, leg: Leg, *, lines: Lines, now: datetime) -> None:
    """Make a supervisor who is in the conversation its operator; what his predecessor had under way is off."""
    transfer = transfers.live_of(session, call)
    if transfer is not None:
        transfers.cancel(session, call, transfer, now=now)
    log(session, call, Verb.SUPERVISE, now=now, user_id=leg.user_id, mode=listening.TAKE_OVER)
    transfers.hand_over(session, call, leg, lines=lines, now=now)
    payload: dict[str, object] = {"leg_id": leg.id}
    command(session, "supervise", payload, key=f"leg:{leg.id}:supervise:{call.version}", now=now)
    listening.refresh(session, call, now=now)


def connect(session: Session, call: Call, *, now: datetime) -> None:
    """Begin the conversation that the offer, or the return call, was made for."""
    if is_talking(call):
        return
    offer = offers.live_offer_for(session, call)
    if offer is not None and offer.state == "accepted":
        offers.connected(session, call, offer, now=now)
        return
    if call.direction != "return_call" or call.operator_id is None:
        return
    move(call, Conversation.CONNECTED)
    presence = presences.lock(session, call.operator_id, now=now)
    presence.call_id = call.id
    presences.enter(session, presence, State.TALKING, now=now)
    log(session, call, Verb.CONNECT, now=now, user_id=call.operator_id)


def left(session: Session, call: Call, *, conference: str, sid: str, lines: Lines, now: datetime) -> None:
    """Somebody went out. Without the operator or without the caller the conversation is over."""
    leg = session.scalar(select(Leg).where(Leg.sid == sid, Leg.call_id == call.id))
    if leg is None:
        return
    by_command = leg.left_at is not None
    if leg.left_at is None:
        leg.left_at = now
    session.flush()
    if conference != call.conference:
        return
    if is_talking(call):
        if leg.kind == OPERATOR:
            _operator_out(session, call, leg, by_command=by_command, lines=lines, now=now)
            recording.follow(session, call, now=now)
        elif leg.kind == CALLER:
            end(session, call, by=CALLER, lines=lines, now=now)
        else:
            _other_out(session, call, leg, status="completed", lines=lines, now=now)
        return
    offer = offers.live_offer_for(session, call)
    if leg.kind == OPERATOR and offer is not None and offer.state == "accepted":
        offers.miss(session, call, offer, now=now)
        offers.offer_waiting(session, lines=lines, now=now)


def _operator_out(
    session: Session, call: Call, leg: Leg, *, by_command: bool, lines: Lines, now: datetime
) -> None:
    """The operator's telephone is out: by command the conversation is over, else it is rung back first."""
    if reconnect.is_superseded(session, leg):
        return
    if by_command or not reconnect.fetch_back(session, call, leg, now=now):
        operator_gone(session, call, lines=lines, now=now)
    else:
        # A whisper has nobody to reach now, and the caller must not hear it.
        listening.refresh(session, call, now=now)


def operator_gone(session: Session, call: Call, *, lines: Lines, now: datetime) -> None:
    """The operator is not coming back: whoever he was handing the caller over to has him, else it is over."""
    if not transfers.operator_left(session, call, lines=lines, now=now):
        end(session, call, by=OPERATOR, lines=lines, now=now)


def _other_out(session: Session, call: Call, leg: Leg, *, status: str, lines: Lines, now: datetime) -> None:
    """Somebody out who is neither the caller nor his operator; a caller who is left with nobody goes on."""
    if leg.kind == legs.SUPERVISOR:
        listening.left(session, call, leg, now=now)
    elif leg.kind in legs.INVITED:
        if transfers.left(session, call, leg, status=status, lines=lines, now=now):
            end(session, call, by=leg.kind, lines=lines, now=now)
        changed(session, call, now=now)


def caller_is_in(session: Session, call: Call) -> bool:
    """Return whether the caller is in the conversation already."""
    return any(leg.kind == CALLER for leg in _present(session, call))


def end(session: Session, call: Call, *, by: str, lines: Lines, now: datetime) -> None:
    """End a conversation from either side: nobody rings on, nobody stays reserved."""
    if not is_talking(call):
        return
    log(
        session,
        call,
        Verb.COMPLETE,
        now=now,
        user_id=call.operator_id,
        by=by,
        talk_s=_talk_s(session, call, now),
    )
    transfers.everybody_out(session, call, now=now)
    for leg in legs.open_legs(session, call):
        hang_up(session, leg, now=now)
    if call.conference is not None:
        payload = {"call_id": call.id, "conference": call.conference}
        command(session, "end_conference", payload, key=f"{call.conference}:end", now=now)
    call.on_hold, call.muted, call.held_since = False, False, None
    move(call, Conversation.IN_SURVEY)
    recording.follow(session, call, now=now)
    if call.operator_id is not None:
        presence = presences.lock(session, call.operator_id, now=now)
        if presence.state == State.TALKING.value and presence.call_id == call.id:
            presences.wrap_up(session, presence, seconds=lines.get(call.line).wrap_up_s, now=now)
    changed(session, call, now=now)


def leg_ended(session: Session, call: Call, leg: Leg, *, status: str, lines: Lines, now: datetime) -> None:
    """The carrier says that another party's telephone is down."""
    leg.status = status
    by_command = leg.left_at is not None
    if leg.left_at is None:
        leg.left_at = now
    session.flush()
    if leg.kind != OPERATOR:
        if is_talking(call) and leg.kind != CALLER:
            _other_out(session, call, leg, status=status, lines=lines, now=now)
        return
    if is_talking(call) and call.operator_id == leg.user_id:
        _operator_out(session, call, leg, by_command=by_command, lines=lines, now=now)
        recording.follow(session, call, now=now)
        return
    offer = offers.live_offer_for(session, call)
    if offer is not None and offer.state == "accepted" and offer.user_id == leg.user_id:
        offers.miss(session, call, offer, now=now)
        offers.offer_waiting(session, lines=lines, now=now)


def _leg_of(session: Session, call: Call, sid: str, *, now: datetime) -> Leg | None:
    """Return the leg with this SID; the caller's own is written down at the first conference."""
    leg = session.scalar(select(Leg).where(Leg.sid == sid))
    if leg is not None:
        return leg if leg.call_id == call.id else None
    if sid != call.sid:
        return None
    leg = Leg(
        call_id=call.id, sid=sid, kind=CALLER, endpoint=call.from_raw, status="in_progress", created_at=now
    )
    session.add(leg)
    session.flush()
    return leg


def _present(session: Session, call: Call) -> list[Leg]:
    query = select(Leg).where(Leg.call_id == call.id, Leg.joined_at.is_not(None), Leg.left_at.is_(None))
    return list(session.scalars(query))


def _talk_s(session: Session, call: Call, now: datetime) -> int:
    query = select(CallLog.at).where(CallLog.call_id == call.id, CallLog.verb == Verb.CONNECT.value)
    since = session.scalars(query.order_by(CallLog.id.desc()).limit(1)).first()
    return int((now - since).total_seconds()) if since is not None else 0
