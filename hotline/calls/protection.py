"""Blocked numbers and the incident announcement: switched on and off by supervisors, each step in the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.unit_of_work import Fact, tell
from hotline.calls.access import Seals, find_call
from hotline.calls.numbers import masked, number_of
from hotline.calls.protection_models import BlockedNumber, Incident
from hotline.calls.status import Conversation

LONGEST_REASON: Final = 300
LONGEST_TEXT: Final = 300
IN_HOUSE: Final = tuple(each.value for each in Conversation if each is not Conversation.ENDED)


@dataclass(frozen=True, slots=True)
class Blocked:
    """One block that is or was in force."""

    id: int
    number_masked: str
    reason: str
    at: datetime
    until: datetime
    lifted_at: datetime | None


def block(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    days: int,
    reason: str,
    most: int,
    seals: Seals,
    now: datetime,
) -> BlockedNumber:
    """Block the number of a call for some days; raises NotFound, NotAllowed, Invalid.

    Who called in distress is never blocked for that call.
    """
    call = find_call(session, actor, sid, seals=seals)
    if call.direction != "inbound" or call.from_key is None:
        raise Invalid({"call_sid": "这通来电没有可以限制的号码"})
    if call.crisis in ("suspected", "confirmed") or call.line in seals.lines:
        raise NotAllowed("block", "来电人可能处于危机中，不能限制号码")
    wrong = {}
    if not 1 <= days <= most:
        wrong["days"] = f"限制时间应为1到{most}天"
    if not reason.strip() or len(reason) > LONGEST_REASON:
        wrong["reason"] = "请写明理由，300字以内"
    if wrong:
        raise Invalid(wrong)
    made = BlockedNumber(
        number_key=call.from_key,
        number_masked=masked(number_of(call))[:32],
        reason=reason.strip(),
        call_id=call.id,
        at=now,
        by_id=_person(actor),
        until=now + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    _note(session, actor, "NumberBlocked", now, blocked=made.id, days=days, call=call.sid)
    return made


def lift(session: Session, actor: Actor, blocked_id: int, *, now: datetime) -> BlockedNumber:
    """End a block before its time; raises NotFound, WrongState."""
    row = session.scalar(select(BlockedNumber).where(BlockedNumber.id == blocked_id).with_for_update())
    if row is None:
        raise NotFound("blocked_number", blocked_id)
    if row.lifted_at is not None or row.until <= now:
        raise WrongState(str(blocked_id), "lift", "over", "这项限制已经结束")
    row.lifted_at, row.lifted_by_id = now, _person(actor)
    _note(session, actor, "NumberUnblocked", now, blocked=row.id)
    return row


def blocked_numbers(
    session: Session, *, now: datetime, past: bool = False, limit: int = 200
) -> list[Blocked]:
    """Return the blocks in force, the latest first; with `past` those that are over too."""
    query = select(BlockedNumber).order_by(BlockedNumber.id.desc()).limit(limit)
    if not past:
        query = query.where(BlockedNumber.until > now, BlockedNumber.lifted_at.is_(None))
    return [
        Blocked(row.id, row.number_masked, row.reason, row.at, row.until, row.lifted_at)
        for row in session.scalars(query)
    ]


def announce(session: Session, actor: Actor, *, text: str, text_en: str, now: datetime) -> Incident:
    """Switch an announcement on, in place of the one that was on; raises Invalid."""
    if not text.strip() or len(text) > LONGEST_TEXT or len(text_en) > LONGEST_TEXT:
        raise Invalid({"text": "请写明要播报的内容，300字以内"})
    _end(session, actor, now)
    made = Incident(text=text.strip(), text_en=text_en.strip(), is_on=True, at=now, by_id=_person(actor))
    session.add(made)
    session.flush()
    _note(session, actor, "IncidentAnnounced", now, incident=made.id, text=made.text)
    tell(session, Fact("line", "incident", made.id, now, ("centre",)))
    return made


def end_announcement(session: Session, actor: Actor, *, now: datetime) -> None:
    """Switch the announcement off; one that is off already is no error."""
    for ended in _end(session, actor, now):
        _note(session, actor, "IncidentEnded", now, incident=ended)
        tell(session, Fact("line", "incident", ended, now, ("centre",)))


def incident_now(session: Session) -> Incident | None:
    """Return the announcement that is on."""
    return session.scalar(select(Incident).where(Incident.is_on))


def _end(session: Session, actor: Actor, now: datetime) -> Sequence[int]:
    return session.scalars(
        update(Incident)
        .where(Incident.is_on)
        .values(is_on=False, ended_at=now, ended_by_id=_person(actor))
        .returning(Incident.id)
    ).all()


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAllowed("protection", "只有登录的人员可以这样操作")
    return actor.user_id


def _note(session: Session, actor: Actor, kind: str, now: datetime, **payload: object) -> None:
    record(session, kind, stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
