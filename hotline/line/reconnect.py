"""An operator's browser that falls out of a conversation is rung back into it; the caller is kept with music meanwhile.

A reloaded page, a crashed tab or a lost network takes the browser telephone with it. Nobody gave a command to hang
up, so the conversation goes on for as long as a person would wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, Select, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch import outbox
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.calls.status import IN_CONVERSATION

RECONNECT: Final = timedelta(seconds=15)
"""How long a caller waits for an operator who fell out [D]; a page is back within three."""
BETWEEN_TRIES: Final = timedelta(seconds=1)
OPERATOR: Final = "operator"
BROWSER: Final = "client:"


def is_superseded(session: Session, leg: Leg) -> bool:
    """Return whether the operator has a newer line into the conversation than this one."""
    query = select(Leg.id).where(
        Leg.call_id == leg.call_id, Leg.kind == OPERATOR, Leg.user_id == leg.user_id, Leg.id > leg.id
    )
    return session.scalar(query.limit(1)) is not None


def is_awaited(session: Session, call: Call) -> bool:
    """Return whether the operator is being rung back into the conversation."""
    query = select(Leg.id).where(
        Leg.call_id == call.id, Leg.kind == OPERATOR, Leg.joined_at.is_(None), Leg.left_at.is_(None)
    )
    return session.scalar(query.limit(1)) is not None


def fetch_back(session: Session, call: Call, leg: Leg, *, now: datetime) -> bool:
    """Ring the operator's browser again; False where there is none, or it has been away for too long."""
    if not leg.endpoint.startswith(BROWSER) or call.conference is None:
        return False
    lost_at = _lost_at(session, call)
    if lost_at is None or now - lost_at >= RECONNECT:
        return False
    again = Leg(
        call_id=call.id,
        kind=OPERATOR,
        user_id=leg.user_id,
        endpoint=leg.endpoint,
        status="queued",
        created_at=now,
    )
    session.add(again)
    session.flush()
    outbox.put(
        session,
        "live",
        "reconnect_operator",
        {"leg_id": again.id},
        now=now,
        key=f"leg:{again.id}:reconnect",
        not_before=now + BETWEEN_TRIES,
        expires_at=lost_at + RECONNECT,
    )
    if leg.joined_at is not None:
        log(session, call, Verb.RECONNECT, now=now, user_id=leg.user_id)
        if not call.on_hold:
            _hold(session, call, on=True, again=again, now=now)
    changed(session, call, now=now)
    return True


def came_back(session: Session, call: Call, leg: Leg, *, now: datetime) -> None:
    """Let the two talk on as they did before: on hold if they were, muted if the operator was."""
    if not call.on_hold:
        _hold(session, call, on=False, again=leg, now=now)
    if call.muted:
        payload = {"call_id": call.id, "leg_id": leg.id, "on": True}
        _now(session, "mute", payload, key=f"leg:{leg.id}:mute", now=now)


def given_up(session: Session, *, now: datetime, limit: int) -> Sequence[int]:
    """Return the calls whose operator fell out and is not coming back."""
    return session.scalars(_GIVEN_UP, {"since": now - RECONNECT, "most": limit}).all()


def _given_up() -> Select[int]:
    """Build what every tick asks, once."""
    coming, mine = aliased(Leg), aliased(Leg)
    since = bindparam("since", type_=Leg.created_at.type)
    still_there = exists().where(
        coming.call_id == Call.id,
        coming.kind == OPERATOR,
        coming.left_at.is_(None),
        or_(coming.joined_at.is_not(None), coming.created_at > since),
    )
    last_left = (
        select(func.max(mine.left_at)).where(mine.call_id == Call.id, mine.kind == OPERATOR).scalar_subquery()
    )
    query = select(Call.id).where(
        Call.conversation_state.in_([each.value for each in IN_CONVERSATION]),
        last_left <= since,
        ~still_there,
    )
    return query.order_by(Call.id).limit(bindparam("most", type_=Integer))


_GIVEN_UP: Final = _given_up()


def _lost_at(session: Session, call: Call) -> datetime | None:
    query = select(func.max(Leg.left_at)).where(
        Leg.call_id == call.id, Leg.kind == OPERATOR, Leg.joined_at.is_not(None)
    )
    return session.scalar(query)


def _hold(session: Session, call: Call, *, on: bool, again: Leg, now: datetime) -> None:
    word = "on" if on else "off"
    _now(session, "hold", {"call_id": call.id, "on": on}, key=f"leg:{again.id}:hold:{word}", now=now)


def _now(session: Session, kind: str, payload: Mapping[str, object], *, key: str, now: datetime) -> None:
    outbox.put(session, "live", kind, payload, now=now, key=key, expires_at=now + RECONNECT)
