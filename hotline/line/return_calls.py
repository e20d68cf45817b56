"""Calls we owe: one task a number and day, made by whoever asked for one or did not reach a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.actors import Actor
from dispatch.errors import NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.policy import Policy
from dispatch.rules.phones import Phone, normalise
from dispatch.rules.working_time import SHANGHAI
from dispatch.unit_of_work import Fact, tell
from hotline.calls.access import COUNSELLING
from hotline.calls.log import Verb, log
from hotline.calls.models import Call, Leg
from hotline.calls.numbers import number_of
from hotline.calls.outbound import OutboundPolicy, check_call_out
from hotline.calls.status import Conversation
from hotline.line import presence as presences
from hotline.line import waiting
from hotline.line.lines import Lines
from hotline.line.models import ReturnCall
from hotline.line.offers import CONNECT_S, conference_name
from hotline.line.presence import State

REASONS: Final[Mapping[str, str]] = {
    "requested": "来电人要求回电",
    "voicemail": "已留言",
    "abandoned": "排队中挂机",
    "missed": "未接来电",
    "failed": "通话中断",
}
"""In order of weight: a later, weaker reason does not replace a stronger one of the same day."""
OUTCOMES: Final = ("reached", "no_answer", "wrong_number", "refused", "given_up")
MAX_ATTEMPTS: Final = 6
"""Calls to one number for one task; then a person decides what else can be done [D]."""
_WEIGHT = {reason: index for index, reason in enumerate(REASONS)}


def book(
    session: Session,
    call: Call,
    *,
    reason: str,
    phone_key: str | None,
    policy: Policy,
    lines: Lines,
    now: datetime,
) -> ReturnCall | None:
    """Owe this caller a call, keeping the place in the line; None when there is no number to call."""
    phone = normalise(number_of(call))
    if phone.identity is None or phone_key is None:
        return None
    row = waiting.waiting_of(session, call)
    day = now.astimezone(SHANGHAI).strftime("%Y%m%d")
    line = lines.get(call.line)
    task = _task(
        session,
        phone,
        phone_key,
        day,
        reason=reason,
        due_at=_due(session, line.code, policy, lines, now),
        now=now,
    )
    if _WEIGHT[reason] <= _WEIGHT[task.reason] or task.state == "done":
        task.reason = reason
    task.call_id, task.line = call.id, line.code
    task.priority = min(task.priority, row.priority if row is not None else line.priority)
    if row is not None:
        task.place_at = min(task.place_at or row.entered_at, row.entered_at)
    if task.state == "done":
        task.state, task.done_at, task.done_by_id, task.outcome = "due", None, None, None
        task.due_at, task.attempts = _due(session, line.code, policy, lines, now), 0
    task.version += 1
    call.return_call_id = task.id
    session.flush()
    _tell(session, task, now)
    return task


def spoken_time(moment: datetime, *, now: datetime, language: str) -> str:
    """Return a time as it is said: 下午3点05分, 明天上午9点, 10月8日上午9点, 3:05 pm."""
    local, today = moment.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    hour = local.hour % 12 or 12
    days = (local.date() - today).days
    if language.startswith("en"):
        clock = f"{hour}:{local.minute:02d} {'am' if local.hour < 12 else 'pm'}"
        return (
            clock if days < 1 else f"{clock} tomorrow" if days == 1 else f"{clock} on {local.day} {local:%B}"
        )
    part = "凌晨" if local.hour < 6 else "上午" if local.hour < 12 else "下午" if local.hour < 18 else "晚上"
    minutes = f"{local.minute:02d}分" if local.minute else ""
    day = "" if days < 1 else "明天" if days == 1 else f"{local.month}月{local.day}日"
    return f"{day}{part}{hour}点{minutes}"


def call_back(
    session: Session,
    actor: Actor,
    task_id: int,
    *,
    number: str,
    outbound: OutboundPolicy,
    may_dial_mainland: bool,
    now: datetime,
) -> Call:
    """Begin the call: the operator's telephone first, then the number. Raises NotFound, NotAllowed, WrongState."""
    task = _lock(session, task_id)
    if actor.user_id is None:
        raise NotAllowed("return_call", "只有坐席可以回电")
    if task.state != "due":
        raise WrongState(str(task_id), "call", task.state, "这个回电任务已有人在处理")
    if task.attempts >= MAX_ATTEMPTS:
        raise NotAllowed("return_call", f"今天已经拨打{task.attempts}次，不再拨打")
    check_call_out(
        session,
        task.phone,
        number_key=task.number_key,
        user_id=actor.user_id,
        outbound=outbound,
        may_dial_mainland=may_dial_mainland,
        now=now,
    )
    presence = presences.lock(session, actor.user_id, now=now)
    if State(presence.state) in (State.RESERVED, State.TALKING):
        raise WrongState(str(task_id), "call", presence.state, "您正在通话或有来电，稍后再回电")
    call = Call(
        sid=f"out-{uuid4().hex}",
        direction="return_call",
        from_raw=number,
        from_key=task.number_key,
        to_raw=task.phone,
        carrier_status="queued",
        conversation_state=Conversation.OFFERED.value,
        started_at=now,
        line=task.line,
        operator_id=actor.user_id,
        return_call_id=task.id,
        path=[],
        said=[],
    )
    session.add(call)
    session.flush()
    task.state, task.attempts, task.version = "calling", task.attempts + 1, task.version + 1
    call.conference = conference_name(call.id, task.attempts)
    presence.call_id, presence.lease_until = call.id, presences.lease_of(presence, now)
    presences.enter(session, presence, State.RESERVED, now=now)
    leg = Leg(
        call_id=call.id,
        kind="operator",
        user_id=actor.user_id,
        endpoint=presence.endpoint or presences.endpoint_of(actor.user_id),
        status="queued",
        created_at=now,
    )
    session.add(leg)
    session.flush()
    log(session, call, Verb.CONFERENCE, now=now, user_id=actor.user_id, return_call=task.id)
    outbox.put(
        session,
        "live",
        "originate_return_call",
        {"call_id": call.id, "leg_id": leg.id},
        now=now,
        key=f"call:{call.id}:operator",
        expires_at=now + timedelta(seconds=CONNECT_S),
    )
    _tell(session, task, now)
    return call


def not_reached(session: Session, call: Call, *, now: datetime) -> None:
    """The number did not answer: the task is due again, in its old place."""
    task = _lock(session, call.return_call_id) if call.return_call_id is not None else None
    if task is None or task.state != "calling":
        return
    task.state, task.version = "due", task.version + 1
    _tell(session, task, now)


def spoke(session: Session, call: Call, *, now: datetime) -> None:
    """The call-out became a conversation: the task is done, unless its operator has said so already."""
    task = _lock(session, call.return_call_id) if call.return_call_id is not None else None
    if task is None or task.state == "done":
        return
    task.state, task.outcome = "done", "reached"
    task.done_at, task.done_by_id, task.version = now, call.operator_id, task.version + 1
    _tell(session, task, now)


def finish(
    session: Session,
    actor: Actor,
    task_id: int,
    *,
    version: int,
    outcome: str,
    note: str | None,
    now: datetime,
) -> ReturnCall:
    """Record how a task ended; raises NotFound, VersionConflict, WrongState."""
    task = _lock(session, task_id)
    if task.version != version:
        current = {"state": task.state, "outcome": task.outcome}
        raise VersionConflict(str(task_id), version, task.version, current)
    if task.state == "done":
        raise WrongState(str(task_id), "done", task.state, "这个回电任务已经完成")
    task.state, task.outcome, task.note = "done", outcome, note
    task.done_at, task.done_by_id, task.version = now, actor.user_id, task.version + 1
    _tell(session, task, now)
    return task


def reached(session: Session, phone_key: str | None, *, now: datetime) -> None:
    """Whoever owed a call to this number has spoken with the caller: nothing is owed any more."""
    if phone_key is None:
        return
    query = select(ReturnCall).where(ReturnCall.number_key == phone_key, ReturnCall.state == "due")
    for task in session.scalars(query.with_for_update()):
        task.state, task.outcome, task.done_at = "done", "reached", now
        task.version += 1
        _tell(session, task, now)


def _task(
    session: Session, phone: Phone, key: str, day: str, *, reason: str, due_at: datetime, now: datetime
) -> ReturnCall:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(ReturnCall)
        .values(
            number_key=key,
            day=day,
            phone=phone.e164 or phone.raw,
            reason=reason,
            priority=9,
            created_at=now,
            due_at=due_at,
            state="due",
            attempts=0,
            version=0,
        )
        .on_conflict_do_nothing(index_elements=["number_key", "day"])
    )
    query = select(ReturnCall).where(ReturnCall.number_key == key, ReturnCall.day == day).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _due(session: Session, line_code: str, policy: Policy, lines: Lines, now: datetime) -> datetime:
    line = lines.get(line_code)
    if COUNSELLING in line.skills:
        # Somebody in distress is not put off until the morning, whoever is there.
        return now + timedelta(seconds=line.return_call_s)
    staffed = waiting.is_staffed(waiting.on_duty(session, now=now), line, lines)
    due = policy.return_call_due(now, staffed=staffed)
    return min(due, now + timedelta(seconds=line.return_call_s)) if staffed else due


def _lock(session: Session, task_id: int) -> ReturnCall:
    query = select(ReturnCall).where(ReturnCall.id == task_id).with_for_update()
    task = session.scalar(query.execution_options(populate_existing=True))
    if task is None:
        raise NotFound("return_call", task_id)
    return task


def _tell(session: Session, task: ReturnCall, now: datetime) -> None:
    tell(session, Fact("line", f"return_call:{task.id}", task.version, now, ("centre",)))
