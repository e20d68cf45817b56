"""When people of a union are away, written down by themselves or by their leader; the deputies receive meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.events import ADMINISTRATION, record
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.places import Absence
from dispatch.models.tickets import Handling
from dispatch.rules.roles import Role

LONGEST: Final = timedelta(days=400)
"""Longer is no absence but another post [D]."""
_FOR_OTHERS: Final = frozenset({Role.UNION_LEADER, Role.UNION_ADMINISTRATOR})


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """One absence of a colleague."""

    id: int
    user_id: int
    user_name: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    mine: bool


def absences(session: Session, actor: Actor, *, now: datetime) -> list[AbsenceLine]:
    """Return present and coming absences of the actor's union, the nearest first."""
    rows = session.execute(
        select(Absence, User.display_name)
        .join(User, User.id == Absence.user_id)
        .where(User.union_id == actor.union_id, User.disabled_at.is_(None), Absence.ends_at > now)
        .order_by(Absence.begins_at, Absence.id)
        .limit(200)
    ).all()
    return [
        AbsenceLine(
            id=absence.id,
            user_id=absence.user_id,
            user_name=name,
            begins_at=absence.begins_at,
            ends_at=absence.ends_at,
            reason=absence.reason,
            mine=absence.user_id == actor.user_id,
        )
        for absence, name in rows
    ]


def enter_absence(
    session: Session,
    actor: Actor,
    *,
    user_id: int | None,
    begins_at: datetime,
    ends_at: datetime,
    reason: str,
    now: datetime,
) -> Absence:
    """Write an absence down, one's own or (a leader, a union's administrator) a colleague's; raises Invalid, NotFound.

    Deputies of tickets in hand are told; new tickets go to whoever is there.
    """
    user = _person(session, actor, user_id if user_id is not None else actor.user_id)
    wrong = {}
    if ends_at <= now:
        wrong["ends_at"] = "结束时间须在现在之后"
    elif ends_at <= begins_at:
        wrong["ends_at"] = "结束时间须在开始之后"
    elif ends_at - begins_at > LONGEST:
        wrong["ends_at"] = f"一次不在岗最长{LONGEST.days}天"
    overlapping = select(Absence.id).where(
        Absence.user_id == user.id, Absence.begins_at < ends_at, Absence.ends_at > begins_at
    )
    if not wrong and session.scalar(overlapping.limit(1)) is not None:
        wrong["begins_at"] = "与已登记的不在岗时间重叠"
    if wrong:
        raise Invalid(wrong)
    absence = Absence(user_id=user.id, begins_at=begins_at, ends_at=ends_at, reason=reason[:100])
    session.add(absence)
    session.flush()
    told = {"user": user.id, "begins_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}
    record(session, "AbsenceEntered", stream=ADMINISTRATION, by=actor.by, now=now, payload=told)
    _tell_deputies(session, user, now=now)
    return absence


def end_absence(session: Session, actor: Actor, absence_id: int, *, now: datetime) -> None:
    """Be back: an absence that has begun ends now, one to come is taken away; raises NotFound."""
    absence = session.scalar(select(Absence).where(Absence.id == absence_id).with_for_update())
    if absence is None:
        raise NotFound("absence", absence_id)
    user = _person(session, actor, absence.user_id, kind="absence", key=absence_id)
    if absence.begins_at >= now:
        session.delete(absence)
    elif absence.ends_at > now:
        absence.ends_at = now
    told = {"user": user.id, "absence": absence_id}
    record(session, "AbsenceEnded", stream=ADMINISTRATION, by=actor.by, now=now, payload=told)


def _person(
    session: Session, actor: Actor, user_id: int | None, *, kind: str = "user", key: object = None
) -> User:
    user = session.get(User, user_id) if user_id is not None else None
    if user is None or user.union_id is None or user.union_id != actor.union_id:
        raise NotFound(kind, key if key is not None else user_id)
    if user.id != actor.user_id and actor.role not in _FOR_OTHERS:
        raise NotAllowed("absence", "只能登记自己的不在岗时间")
    return user


def _tell_deputies(session: Session, user: User, *, now: datetime) -> None:
    deputies = session.scalars(
        select(Handling.deputy_id)
        .where(
            Handling.handler_id == user.id,
            Handling.ended_at.is_(None),
            Handling.deputy_id.is_not(None),
        )
        .distinct()
    )
    for deputy in deputies:
        if deputy is not None and deputy != user.id:
            text = f"{user.display_name}将不在岗，您是其在办工单的B岗，请留意时限"
            session.add(Notice(at=now, kind="handover", user_id=deputy, text=text))
