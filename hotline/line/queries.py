"""What screens ask about the line: how long it is, what rings at whom, and whom we owe a call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from dispatch.errors import Invalid, NotFound
from dispatch.models.people import User
from dispatch.policy import Policy
from hotline.calls.cursors import read_cursor, write_cursor
from hotline.calls.models import Call
from hotline.calls.numbers import masked, number_of, place_of
from hotline.line.lines import Lines
from hotline.line.models import Offer, Presence, ReturnCall, Waiting
from hotline.line.presence import LABELS, State
from hotline.line.return_calls import REASONS
from hotline.line.waiting import IN_LINE, on_duty

PAGE: Final = 50
_STATES: Final = {"due": ("due", "calling"), "done": ("done",), "all": ("due", "calling", "done")}


@dataclass(frozen=True, slots=True)
class LineNow:
    """The whole line in four numbers."""

    waiting: int
    longest_s: int
    ready: int
    talking: int
    server_time: datetime


@dataclass(frozen=True, slots=True)
class OfferView:
    """A ring, with what an operator should know before answering."""

    id: int
    call_sid: str
    from_masked: str
    region: str | None
    line: str
    line_label: str
    category_name: str | None
    urgency: str | None
    path: list[str]
    waited_s: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PresenceView:
    """One person's state at the desk."""

    state: str
    label: str
    since: datetime
    wrap_up_until: datetime | None
    offer: OfferView | None
    call_sid: str | None
    server_time: datetime


@dataclass(frozen=True, slots=True)
class ReturnCallLine:
    """A call we owe, its number masked."""

    id: int
    number_masked: str
    reason: str
    reason_label: str
    state: str
    asked_at: datetime
    due_at: datetime
    call_sid: str | None
    place_at: datetime | None
    attempts: int
    outcome: str | None
    version: int


@dataclass(frozen=True, slots=True)
class ReturnCallLines:
    """One page; `next` is the cursor of the following page, None at the end."""

    items: list[ReturnCallLine]
    next: str | None


def line_now(session: Session, *, now: datetime) -> LineNow:
    """Return how many callers are in line, how long the first of them has been, and who is there for them."""
    waiting = session.scalar(select(func.count()).where(Waiting.state.in_(IN_LINE))) or 0
    since = session.scalar(select(func.min(Waiting.entered_at)).where(Waiting.state.in_(IN_LINE)))
    states = [each.state for each in on_duty(session, now=now)]
    return LineNow(
        waiting=waiting,
        longest_s=max(0, int((now - since).total_seconds())) if since is not None else 0,
        ready=states.count(State.READY.value),
        talking=states.count(State.TALKING.value),
        server_time=now,
    )


def presence_of(
    session: Session, user_id: int, *, policy: Policy, lines: Lines, now: datetime
) -> PresenceView:
    """Return one person's state with what rings at him; whoever never sat down is offline. Raises NotFound."""
    row = session.execute(
        select(Presence, Call.sid)
        .outerjoin(Call, Call.id == Presence.call_id)
        .where(Presence.user_id == user_id)
    ).one_or_none()
    if row is None:
        if session.get(User, user_id) is None:
            raise NotFound("user", user_id)
        return PresenceView(State.OFFLINE.value, LABELS[State.OFFLINE], now, None, None, None, now)
    presence, sid = row
    return PresenceView(
        state=presence.state,
        label=LABELS[presence.state],
        since=presence.since,
        wrap_up_until=presence.wrap_up_until,
        offer=current_offer(session, user_id, policy=policy, lines=lines, now=now),
        call_sid=sid,
        server_time=now,
    )


def current_offer(
    session: Session, user_id: int, *, policy: Policy, lines: Lines, now: datetime
) -> OfferView | None:
    """Return what rings at this person now; one that has run out rings no more, though nobody has swept it up yet."""
    row = session.execute(
        select(Offer, Call, Waiting)
        .join(Call, Call.id == Offer.call_id)
        .join(Waiting, Waiting.id == Offer.waiting_id)
        .where(Offer.user_id == user_id, Offer.state == "ringing", Offer.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    offer, call, waiting = row
    number = number_of(call)
    category = policy.category(call.category)
    return OfferView(
        id=offer.id,
        call_sid=call.sid,
        from_masked=masked(number),
        region=place_of(session, number),
        line=waiting.line,
        line_label=lines.get(waiting.line).label,
        category_name=category.name if category is not None else None,
        urgency=category.urgency.value if category is not None else None,
        path=list(call.path),
        waited_s=max(0, int((now - waiting.entered_at).total_seconds())),
        expires_at=offer.expires_at,
    )


def list_return_calls(session: Session, *, state: str = "due", cursor: str | None = None) -> ReturnCallLines:
    """Return one page: what is due with the most urgent first, what is done with the latest first.

    `state` is due (with those being called now), done or all; raises Invalid on a bad cursor.
    """
    upwards = state == "due"
    stamp, number = ReturnCall.due_at, ReturnCall.id
    query = (
        select(ReturnCall, Call.sid)
        .outerjoin(Call, Call.id == ReturnCall.call_id)
        .where(ReturnCall.state.in_(_STATES[state]))
        .order_by(*((stamp, number) if upwards else (stamp.desc(), number.desc())))
        .limit(PAGE + 1)
    )
    if cursor is not None:
        last = session.get(ReturnCall, read_cursor(cursor, length=1)[0])
        if last is None:
            raise Invalid({"cursor": "翻页标记无效"})
        later = or_(stamp > last.due_at, and_(stamp == last.due_at, number > last.id))
        sooner = or_(stamp < last.due_at, and_(stamp == last.due_at, number < last.id))
        query = query.where(later if upwards else sooner)
    rows = session.execute(query).all()
    following = write_cursor(rows[PAGE - 1][0].id) if len(rows) > PAGE else None
    return ReturnCallLines([_return_call(task, sid) for task, sid in rows[:PAGE]], following)


def return_call(session: Session, task_id: int) -> ReturnCallLine:
    """Return one call we owe; raises NotFound."""
    row = session.execute(
        select(ReturnCall, Call.sid)
        .outerjoin(Call, Call.id == ReturnCall.call_id)
        .where(ReturnCall.id == task_id)
    ).one_or_none()
    if row is None:
        raise NotFound("return_call", task_id)
    return _return_call(*row)


def _return_call(task: ReturnCall, sid: str | None) -> ReturnCallLine:
    return ReturnCallLine(
        id=task.id,
        number_masked=masked(task.phone),
        reason=task.reason,
        reason_label=REASONS[task.reason],
        state=task.state,
        asked_at=task.created_at,
        due_at=task.due_at,
        call_sid=sid,
        place_at=task.place_at,
        attempts=task.attempts,
        outcome=task.outcome,
        version=task.version,
    )
