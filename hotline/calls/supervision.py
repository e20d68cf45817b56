"""Supervisors in a running conversation: listening, whispering to its operator, speaking to both, taking it over.

Never where somebody confides in the centre; an inspector may only listen; each step is in the history.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotAllowed, NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.rules.roles import Role
from hotline.calls import help_requests
from hotline.calls.access import Seals, sealed_calls
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.status import IN_CONVERSATION
from hotline.line import conversations, legs, listening
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.presence import State

NEVER_RUNG: Final = timedelta(seconds=2 * legs.COMMAND_S)
"""After an outage a ring has gone stale by then."""
Mode = Literal["listen", "whisper", "barge", "take_over"]
_LEADERS: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
_WOULD_BE_RUNG: Final = frozenset({State.READY.value, State.WRAP_UP.value})
_BUSY: Final = frozenset({State.RESERVED.value, State.TALKING.value})


def supervise(
    session: Session, actor: Actor, sid: str, mode: Mode, *, seals: Seals, lines: Lines, now: datetime
) -> Call:
    """Come into a conversation, or be heard differently in it. Raises NotFound, NotAllowed, WrongState."""
    if actor.role not in _LEADERS and not (actor.role is Role.INSPECTOR and mode == listening.LISTEN):
        raise NotAllowed("supervise", "只有值班长和带班领导可以介入通话")
    call = _conversation(session, sid, seals=seals)
    user_id = actor.user_id
    if user_id is None or call.operator_id == user_id:
        raise NotAllowed("supervise", "这是您自己的通话")
    leg = _own_leg(session, user_id, now=now)
    if leg is not None and leg.call_id != call.id:
        raise WrongState(sid, mode, call.conversation_state, "您正在监听另一通电话，请先退出")
    payload = {"call": call.sid, "mode": mode, "operator": call.operator_id}
    record(session, "ConversationSupervised", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    asked = help_requests.open_of(session, call)
    if asked is not None and actor.role in _LEADERS:
        help_requests.answered(session, asked, by=user_id, now=now)
    if leg is None:
        _come_in(session, actor, call, mode, now=now)
    else:
        _be_heard(session, call, leg, mode, lines=lines, now=now)
    changed(session, call, now=now)
    return call


def leave(session: Session, actor: Actor, sid: str, *, now: datetime) -> None:
    """Go out of a conversation; who is in none is out already. Raises NotFound."""
    call = session.scalar(select(Call).where(Call.sid == sid).with_for_update())
    if call is None or actor.user_id is None:
        raise NotFound("call", sid)
    leg = _own_leg(session, actor.user_id, now=now)
    if leg is None or leg.call_id != call.id:
        return
    legs.hang_up(session, leg, now=now)
    listening.left(session, call, leg, now=now)


def _come_in(session: Session, actor: Actor, call: Call, mode: Mode, *, now: datetime) -> None:
    user_id = actor.user_id or 0
    endpoint = presences.endpoint_of(user_id)
    if actor.role in _LEADERS:
        presence = presences.lock(session, user_id, now=now)
        if presence.state in _BUSY:
            raise WrongState(call.sid, mode, presence.state, "您正在通话或有来电")
        endpoint = presence.endpoint or endpoint
        if presence.state in _WOULD_BE_RUNG:
            presences.enter(session, presence, State.NOT_READY, now=now, reason=listening.LISTENING_REASON)
    leg = Leg(
        call_id=call.id,
        kind=legs.SUPERVISOR,
        user_id=user_id,
        endpoint=endpoint,
        mode=mode,
        status="queued",
        created_at=now,
    )
    session.add(leg)
    session.flush()
    log(session, call, Verb.SUPERVISE, now=now, user_id=user_id, mode=mode)
    legs.command(session, "originate_party", {"leg_id": leg.id}, key=f"leg:{leg.id}:originate", now=now)


def _be_heard(session: Session, call: Call, leg: Leg, mode: Mode, *, lines: Lines, now: datetime) -> None:
    leg.mode = mode
    if mode == listening.TAKE_OVER and leg.joined_at is not None:
        conversations.take_over(session, call, leg, lines=lines, now=now)
        return
    log(session, call, Verb.SUPERVISE, now=now, user_id=leg.user_id, mode=mode)
    changed(session, call, now=now)
    listening.refresh(session, call, now=now)


def _conversation(session: Session, sid: str, *, seals: Seals) -> Call:
    """Return a conversation in which nobody confides, locked; raises NotFound for every other one."""
    talking = Call.conversation_state.in_([each.value for each in IN_CONVERSATION])
    query = select(Call).where(Call.sid == sid, talking, ~sealed_calls(seals)).with_for_update(of=Call)
    call = session.scalar(query.execution_options(populate_existing=True))
    if call is None:
        raise NotFound("call", sid)
    return call


def _own_leg(session: Session, user_id: int, *, now: datetime) -> Leg | None:
    """Return the line by which somebody listens; one that was never rung is none."""
    rung = or_(Leg.sid.is_not(None), Leg.created_at > now - NEVER_RUNG)
    query = select(Leg).where(
        Leg.kind == legs.SUPERVISOR, Leg.left_at.is_(None), Leg.user_id == user_id, rung
    )
    return session.scalars(query.order_by(Leg.id.desc())).first()
