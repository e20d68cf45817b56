"""Breaks: whether one may begin now, when it is over, and what follows when somebody stays away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.errors import NotAllowed
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.rules.roles import Role
from hotline.calls.models import Call
from hotline.line import presence as presences
from hotline.line.break_rules import AFTER_CRISIS
from hotline.line.lines import Lines
from hotline.line.models import Presence
from hotline.line.presence import State

OFFERED_FOR: Final = timedelta(minutes=30)
"""How long after a call in distress its operator is offered a break [D]."""
OVER: Final = "小休超时"
BATCH: Final = 50
_SIGNED_ON: Final = tuple(each.value for each in State if each not in (State.OFFLINE, State.UNREACHABLE))


def require_break(
    session: Session, presence: Presence, reason: str | None, *, lines: Lines, now: datetime
) -> str:
    """Return the reason as it is shown; raises NotAllowed when too many are away, or for a break that is not due."""
    kind = lines.breaks.find(reason)
    if kind.code == AFTER_CRISIS:
        if not is_offered(session, presence.user_id, now=now):
            raise NotAllowed("on_break", "这项休整只在接听危机来电之后提供")
        return kind.label
    if presence.state != State.ON_BREAK.value:
        away = _count(session, State.ON_BREAK.value, but=lines.breaks.by_code[AFTER_CRISIS].label)
        signed_on = session.scalar(select(func.count()).where(Presence.state.in_(_SIGNED_ON))) or 0
        if away >= lines.breaks.most_away(signed_on):
            raise NotAllowed("on_break", f"已有{away}人在小休，请稍后再休息")
    return kind.label if reason in (None, kind.code) else str(reason)


def end_of(reason: str | None, *, lines: Lines, now: datetime) -> datetime:
    """Return when a break with this reason is over."""
    return now + timedelta(seconds=lines.breaks.find(reason).longest_s)


def is_offered(session: Session, user_id: int, *, now: datetime) -> bool:
    """Return whether this operator has just had somebody in distress on the line."""
    query = select(Call.id).where(
        Call.operator_id == user_id,
        Call.crisis.in_(("suspected", "confirmed")),
        Call.ended_at > now - OFFERED_FOR,
    )
    return session.scalar(query.limit(1)) is not None


def end_due(session: Session, *, now: datetime) -> int:
    """Take whoever has stayed away too long to 示忙, and tell the supervisors; return how many."""
    due = session.scalars(
        select(Presence)
        .where(Presence.state == State.ON_BREAK.value, Presence.break_until <= now)
        .order_by(Presence.break_until)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for presence in due:
        presences.enter(session, presence, State.NOT_READY, now=now, reason=OVER)
        name = session.scalar(select(User.display_name).where(User.id == presence.user_id))
        text = f"{name}小休超时，已转为示忙"
        session.add(Notice(at=now, kind="remind", role=Role.SUPERVISOR.value, text=text))
    return len(due)


def _count(session: Session, state: str, *, but: str) -> int:
    query = select(func.count()).where(Presence.state == state, func.coalesce(Presence.reason, "") != but)
    return session.scalar(query) or 0
