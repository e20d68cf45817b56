"""An operator's presence: a lease that the browser keeps up, and the states of DOMAIN §3."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dispatch.errors import NotAllowed, NotFound, WrongState
from dispatch.models.people import User
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.unit_of_work import Fact, tell
from hotline.line.models import Presence
from hotline.line.wrap_up_models import WrapUp

LEASE: Final = timedelta(seconds=90)
"""A hidden tab's timers run once a minute; a deaf one is found sooner, by the offers it misses."""
MISSES_ALLOWED: Final = 2
PHONE_LEASE: Final = timedelta(hours=13)
"""Nobody sits before a screen for a seat on an ordinary telephone: it lasts a shift, and misses end it sooner."""
MAX_WRAP_UP: Final = timedelta(minutes=15)


class State(StrEnum):
    READY = "ready"
    RESERVED = "reserved"
    TALKING = "talking"
    WRAP_UP = "wrap_up"
    ON_BREAK = "on_break"
    NOT_READY = "not_ready"
    OFFLINE = "offline"
    UNREACHABLE = "unreachable"


BROWSER: Final = "client:"
LABELS: Final[Mapping[str, str]] = {
    State.READY: "示闲",
    State.RESERVED: "预占",
    State.TALKING: "通话",
    State.WRAP_UP: "话后整理",
    State.ON_BREAK: "小休",
    State.NOT_READY: "示忙",
    State.OFFLINE: "离线",
    State.UNREACHABLE: "失联",
}
CHOSEN: Final = frozenset({State.READY, State.ON_BREAK, State.NOT_READY, State.OFFLINE})
"""What a person may choose; the others happen."""
LEASED: Final = frozenset({State.READY, State.ON_BREAK, State.NOT_READY, State.WRAP_UP})
"""States that end when the browser falls silent; a conversation outlives its browser."""


def identity_of(user_id: int) -> str:
    """Return the name of an operator's browser telephone at the carrier."""
    return f"operator_{user_id}"


def endpoint_of(user_id: int) -> str:
    """Return the address that rings it."""
    return f"client:{identity_of(user_id)}"


def is_telephone(endpoint: str | None) -> bool:
    """Return whether a seat is an ordinary telephone (a mobile or a landline) and no browser."""
    return bool(endpoint) and not str(endpoint).startswith(BROWSER)


def lease_of(presence: Presence, now: datetime) -> datetime:
    """Return until when this seat counts as there if nothing more is heard of it."""
    return now + (PHONE_LEASE if is_telephone(presence.endpoint) else LEASE)


def lock(session: Session, user_id: int, *, now: datetime) -> Presence:
    """Return the operator's presence, locked; a first one begins offline. Raises NotFound, NotAllowed."""
    found = session.scalar(
        select(Presence)
        .where(Presence.user_id == user_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is not None:
        return found
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("user", user_id)
    if Role(user.role) not in CENTRE_ROLES:
        raise NotAllowed("presence", "只有热线中心的人员可以接听来电")
    made = Presence(user_id=user_id, state=State.OFFLINE.value, since=now, misses=0, lines=[], version=1)
    session.add(made)
    session.flush()
    return made


def find(session: Session, user_id: int) -> Presence | None:
    """Return the presence of somebody who has sat down at some time, locked; None for everybody else."""
    query = select(Presence).where(Presence.user_id == user_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def enter(
    session: Session, presence: Presence, state: State, *, now: datetime, reason: str | None = None
) -> None:
    """Take a presence to a state and tell the operator and the centre."""
    if presence.state == State.WRAP_UP.value and state is not State.WRAP_UP:
        _keep_wrap_up(session, presence, now)
    presence.state, presence.reason = state.value, reason
    presence.since = now
    presence.version += 1
    presence.ready_since = now if state is State.READY else None
    if state is not State.WRAP_UP:
        presence.wrap_up_until = None
    if state is not State.ON_BREAK:
        presence.break_until = None
    if state not in (State.RESERVED, State.TALKING, State.WRAP_UP):
        presence.call_id = None
    tell(session, fact_of(presence, now))


def _keep_wrap_up(session: Session, presence: Presence, now: datetime) -> None:
    """Write down how long the writing took; a statement of its own, which refers to no locked row."""
    seconds = max(0, int((now - presence.since).total_seconds()))
    values = {"user_id": presence.user_id, "ended_at": now, "seconds": seconds}
    session.execute(insert(WrapUp).values(**values, call_id=presence.call_id))


def fact_of(presence: Presence, now: datetime) -> Fact:
    """Return the fact that this presence has changed."""
    return Fact(
        "presence", str(presence.user_id), presence.version, now, ("centre", f"user:{presence.user_id}")
    )


def choose(
    session: Session, presence: Presence, state: State, *, now: datetime, reason: str | None = None
) -> Presence:
    """Carry out what the operator chose; raises WrongState during a call. A ringing offer is the caller's to decline."""
    if state not in CHOSEN:
        raise WrongState(str(presence.user_id), state, presence.state, "这个状态不能由自己选择")
    if presence.state == State.TALKING.value:
        raise WrongState(str(presence.user_id), state, presence.state, "通话中，结束后才能切换状态")
    presence.lease_until = None if state is State.OFFLINE else lease_of(presence, now)
    if state is State.READY:
        presence.misses = 0
        presence.endpoint = presence.endpoint or endpoint_of(presence.user_id)
        if presence.state == State.READY.value:
            return presence
    enter(session, presence, state, now=now, reason=reason)
    return presence


def heartbeat(session: Session, user_id: int, *, now: datetime) -> Presence:
    """Keep the lease up; it revives nobody who is offline or unreachable."""
    presence = lock(session, user_id, now=now)
    if State(presence.state) not in (State.OFFLINE, State.UNREACHABLE):
        presence.lease_until = max(presence.lease_until or now, now + LEASE)
    return presence


def extend_wrap_up(session: Session, user_id: int, *, seconds: int, now: datetime) -> Presence:
    """Give more time after a call, a quarter of an hour in all; raises WrongState outside wrap-up."""
    presence = lock(session, user_id, now=now)
    if presence.state != State.WRAP_UP.value or presence.wrap_up_until is None:
        raise WrongState(str(user_id), "wrap_up", presence.state, "现在不在话后整理")
    longest = presence.since + MAX_WRAP_UP
    presence.wrap_up_until = min(longest, max(presence.wrap_up_until, now) + timedelta(seconds=seconds))
    presence.version += 1
    tell(session, fact_of(presence, now))
    return presence


def finish_wrap_up(session: Session, user_id: int, *, now: datetime) -> Presence:
    """End the time after a call: ready. Raises WrongState outside wrap-up."""
    presence = lock(session, user_id, now=now)
    if presence.state != State.WRAP_UP.value:
        raise WrongState(str(user_id), "finish", presence.state, "现在不在话后整理")
    presence.lease_until = lease_of(presence, now)
    enter(session, presence, State.READY, now=now)
    return presence


def missed(session: Session, presence: Presence, *, now: datetime) -> None:
    """Count a ring that nobody took: back to the end of the queue, and after the second one unreachable."""
    presence.misses += 1
    if presence.misses >= MISSES_ALLOWED:
        enter(session, presence, State.UNREACHABLE, now=now, reason="连续未接")
        return
    enter(session, presence, State.READY, now=now)


def wrap_up(session: Session, presence: Presence, *, seconds: int, now: datetime) -> None:
    """Give the operator time to write after a conversation."""
    enter(session, presence, State.WRAP_UP, now=now)
    presence.wrap_up_until = now + timedelta(seconds=seconds)


def lease_ended(session: Session, presence: Presence, *, now: datetime) -> None:
    """The browser fell silent: who was ready is missed, who was away has gone home."""
    away = presence.state in (State.ON_BREAK.value, State.NOT_READY.value)
    enter(
        session,
        presence,
        State.OFFLINE if away else State.UNREACHABLE,
        now=now,
        reason=None if away else "浏览器无响应",
    )
