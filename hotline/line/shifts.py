"""The roster and the handover: planning shifts, who stands in, who did not come, and notes from shift to shift."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.rules.roles import CENTRE_ROLES, Role
from hotline.line.lines import Lines
from hotline.line.models import Presence, ReturnCall, Waiting
from hotline.line.presence import State
from hotline.line.shift_models import Handover, Shift

LONGEST: Final = timedelta(hours=13)
LATE: Final = timedelta(minutes=10)
"""After that a shift to which nobody has come is an alarm [D]."""
LONGEST_NOTE: Final = 300
LONGEST_TEXT: Final = 5000
BATCH: Final = 50
_ABSENT: Final = (State.OFFLINE.value, State.UNREACHABLE.value)


@dataclass(frozen=True, slots=True)
class ShiftView:
    """One shift as the roster shows it."""

    id: int
    user_id: int
    name: str
    deputy_id: int | None
    deputy_name: str | None
    line: str | None
    begins_at: datetime
    ends_at: datetime
    note: str
    present: bool
    """Whether the person is signed on now."""
    version: int


@dataclass(frozen=True, slots=True)
class HandoverView:
    """One handover as both sides read it."""

    id: int
    at: datetime
    from_name: str
    to_name: str | None
    text: str
    waiting: int
    owed: int
    taken_at: datetime | None
    taken_by: str | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody of the centre by name and post."""

    id: int
    display_name: str
    role_label: str


def people_of_the_centre(session: Session) -> list[PersonView]:
    """Return who can be on the roster, by name."""
    rows = session.execute(
        select(User.id, User.display_name, User.role)
        .where(User.role.in_([each.value for each in CENTRE_ROLES]), User.disabled_at.is_(None))
        .order_by(User.display_name, User.id)
    )
    return [PersonView(row.id, row.display_name, Role(row.role).label) for row in rows]


def plan_shift(
    session: Session,
    actor: Actor,
    *,
    user_id: int,
    deputy_id: int | None,
    line: str | None,
    begins_at: datetime,
    ends_at: datetime,
    note: str,
    lines: Lines,
    now: datetime,
) -> Shift:
    """Put somebody on the roster; raises Invalid. Nobody has two shifts at once."""
    wrong = _what_is_wrong(session, user_id, deputy_id, line, lines)
    if not begins_at < ends_at <= begins_at + LONGEST:
        wrong["ends_at"] = f"班次须在开始之后结束，且不超过{int(LONGEST.total_seconds() // 3600)}小时"
    if ends_at <= now:
        wrong["begins_at"] = "不能排已经过去的班次"
    if len(note) > LONGEST_NOTE:
        wrong["note"] = f"不超过{LONGEST_NOTE}字"
    overlap = select(Shift.id).where(
        Shift.user_id == user_id,
        Shift.cancelled_at.is_(None),
        Shift.begins_at < ends_at,
        Shift.ends_at > begins_at,
    )
    if not wrong and session.scalar(overlap.limit(1)) is not None:
        wrong["begins_at"] = "这个人同一时间已有班次"
    if wrong:
        raise Invalid(wrong)
    shift = Shift(
        user_id=user_id,
        deputy_id=deputy_id,
        line=line,
        begins_at=begins_at,
        ends_at=ends_at,
        note=note,
        by_id=actor.user_id,
        version=1,
    )
    session.add(shift)
    session.flush()
    payload = {"shift": shift.id, "user": user_id, "deputy": deputy_id, "line": line}
    record(session, "ShiftPlanned", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return shift


def cancel_shift(session: Session, actor: Actor, shift_id: int, *, version: int, now: datetime) -> None:
    """Take a shift off the roster; raises NotFound, VersionConflict, WrongState."""
    shift = session.scalar(select(Shift).where(Shift.id == shift_id).with_for_update())
    if shift is None:
        raise NotFound("shift", shift_id)
    if shift.version != version:
        raise VersionConflict(str(shift_id), version, shift.version, {})
    if shift.cancelled_at is not None or shift.ends_at <= now:
        raise WrongState(str(shift_id), "cancel", "over", "这个班次已经结束或取消")
    shift.cancelled_at, shift.version = now, shift.version + 1
    payload = {"shift": shift.id, "user": shift.user_id}
    record(session, "ShiftCancelled", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)


def shifts_between(session: Session, begins_at: datetime, ends_at: datetime) -> list[ShiftView]:
    """Return the roster of a stretch of time, earliest first."""
    deputy = aliased(User)
    rows = session.execute(
        select(Shift, User.display_name, deputy.display_name, Presence.state)
        .join(User, User.id == Shift.user_id)
        .outerjoin(deputy, deputy.id == Shift.deputy_id)
        .outerjoin(Presence, Presence.user_id == Shift.user_id)
        .where(Shift.cancelled_at.is_(None), Shift.begins_at < ends_at, Shift.ends_at > begins_at)
        .order_by(Shift.begins_at, Shift.id)
    )
    return [
        ShiftView(
            id=shift.id,
            user_id=shift.user_id,
            name=name,
            deputy_id=shift.deputy_id,
            deputy_name=deputy_name,
            line=shift.line,
            begins_at=shift.begins_at,
            ends_at=shift.ends_at,
            note=shift.note,
            present=state not in (None, *_ABSENT),
            version=shift.version,
        )
        for shift, name, deputy_name, state in rows
    ]


def deputies_of(session: Session, user_ids: Collection[int], *, now: datetime) -> dict[int, int]:
    """Return who stands in for whom by the roster of this moment."""
    rows = session.execute(
        select(Shift.user_id, Shift.deputy_id).where(
            Shift.user_id.in_(user_ids),
            Shift.deputy_id.is_not(None),
            Shift.cancelled_at.is_(None),
            Shift.begins_at <= now,
            Shift.ends_at > now,
        )
    )
    return {user_id: deputy for user_id, deputy in rows if deputy is not None}


def alarm_absences(session: Session, *, now: datetime) -> int:
    """Tell the supervisors, and the deputy, of shifts to which nobody has come; return how many."""
    late = (
        Shift.begins_at <= now - LATE,
        Shift.ends_at > now,
        Shift.cancelled_at.is_(None),
        Shift.alarmed_at.is_(None),
    )
    if session.scalar(select(Shift.id).where(*late).limit(1)) is None:
        return 0
    here = aliased(Presence)
    somebody = exists().where(
        or_(here.user_id == Shift.user_id, here.user_id == Shift.deputy_id), here.state.not_in(_ABSENT)
    )
    due = session.scalars(
        select(Shift)
        .where(*late, ~somebody)
        .order_by(Shift.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for shift in due:
        shift.alarmed_at = now
        name = session.scalar(select(User.display_name).where(User.id == shift.user_id))
        text = f"{name}的班次已开始{int(LATE.total_seconds() // 60)}分钟，本人和替班人都没有到岗"
        session.add(Notice(at=now, kind="alarm", role=Role.SUPERVISOR.value, text=text))
        if shift.deputy_id is not None:
            session.add(Notice(at=now, kind="alarm", user_id=shift.deputy_id, text=f"请替班：{text}"))
    return len(due)


def hand_over(session: Session, actor: Actor, *, to_id: int | None, text: str, now: datetime) -> Handover:
    """Tell the next shift what it must know; the state of the line is written down beside it. Raises Invalid."""
    if actor.user_id is None:
        raise NotAllowed("hand_over", "只有登录的人员可以交班")
    wrong = {}
    if not 0 < len(text.strip()) <= LONGEST_TEXT:
        wrong["text"] = f"请写明交接事项，不超过{LONGEST_TEXT}字"
    if to_id is not None and (to_id == actor.user_id or not _is_of_the_centre(session, to_id)):
        wrong["to_id"] = "接班人须是中心的其他人员"
    if wrong:
        raise Invalid(wrong)
    waiting = select(func.count()).where(Waiting.state.in_(("waiting", "offered")))
    owed = select(func.count()).where(ReturnCall.state.in_(("due", "calling")))
    made = Handover(
        at=now,
        from_id=actor.user_id,
        to_id=to_id,
        text=text.strip(),
        waiting=session.scalar(waiting) or 0,
        owed=session.scalar(owed) or 0,
    )
    session.add(made)
    if to_id is not None:
        session.add(Notice(at=now, kind="handover", user_id=to_id, text="有一份交接班记录等您确认"))
    session.flush()
    return made


def take_over(session: Session, actor: Actor, handover_id: int, *, now: datetime) -> Handover:
    """Say that one has taken it in; raises NotFound, NotAllowed, WrongState."""
    found = session.scalar(select(Handover).where(Handover.id == handover_id).with_for_update())
    if found is None:
        raise NotFound("handover", handover_id)
    if actor.user_id == found.from_id or found.to_id not in (None, actor.user_id):
        raise NotAllowed("take_over", "这份交接班记录由接班人确认")
    if found.taken_at is not None:
        raise WrongState(str(handover_id), "take_over", "taken", "这份交接班记录已经确认")
    found.taken_at, found.taken_by_id = now, actor.user_id
    payload = {"handover": found.id, "from": found.from_id}
    record(session, "HandoverTaken", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return found


def handovers(session: Session, *, limit: int = 20) -> Sequence[HandoverView]:
    """Return the latest handovers, newest first."""
    giver, receiver, taker = aliased(User), aliased(User), aliased(User)
    rows = session.execute(
        select(Handover, giver.display_name, receiver.display_name, taker.display_name)
        .join(giver, giver.id == Handover.from_id)
        .outerjoin(receiver, receiver.id == Handover.to_id)
        .outerjoin(taker, taker.id == Handover.taken_by_id)
        .order_by(Handover.id.desc())
        .limit(limit)
    )
    return [
        HandoverView(each.id, each.at, gave, to, each.text, each.waiting, each.owed, each.taken_at, took)
        for each, gave, to, took in rows
    ]


def _what_is_wrong(
    session: Session, user_id: int, deputy_id: int | None, line: str | None, lines: Lines
) -> dict[str, str]:
    wrong = {}
    if not _is_of_the_centre(session, user_id):
        wrong["user_id"] = "只有中心的人员可以排班"
    if deputy_id is not None and (deputy_id == user_id or not _is_of_the_centre(session, deputy_id)):
        wrong["deputy_id"] = "替班人须是中心的其他人员"
    if line is not None and line not in lines.by_code:
        wrong["line"] = "没有这条线路"
    return wrong


def _is_of_the_centre(session: Session, user_id: int) -> bool:
    user = session.get(User, user_id)
    return user is not None and user.disabled_at is None and Role(user.role) in CENTRE_ROLES
