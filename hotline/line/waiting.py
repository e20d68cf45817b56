"""The waiting line: who waits, in which order, and who of those on duty may serve whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from dispatch.models.base import UtcDateTime
from dispatch.models.people import User
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.rules.working_time import SHANGHAI
from dispatch.unit_of_work import Fact, tell
from hotline.calls.models import Call
from hotline.line.lines import SUPERVISOR, Line, Lines, Order, Strategy
from hotline.line.models import Presence, Waiting
from hotline.line.presence import State

IN_LINE: Final = ("waiting", "offered")
_ON_DUTY: Final = (State.READY.value, State.RESERVED.value, State.TALKING.value, State.WRAP_UP.value)
_SUPERVISING: Final = frozenset({Role.SUPERVISOR.value, Role.DUTY_LEADER.value})


@dataclass(frozen=True, slots=True)
class Operator:
    """One person on duty, as far as matching needs to know."""

    user_id: int
    role: str
    skills: frozenset[str]
    lines: frozenset[str]
    """Lines chosen for this shift; empty means every line the skills allow."""
    state: str
    offered_at: datetime | None = None
    taken: int = 0
    """Conversations of today."""

    def serves(self, line: Line) -> bool:
        """Return whether this line is this operator's own."""
        return line.skills <= self.skills and (not self.lines or line.code in self.lines)

    def helps(self, line: Line, lines: Lines) -> bool:
        """Return whether this operator may help out in a line that is not their own."""
        if SUPERVISOR in line.overflow and self.role in _SUPERVISING:
            return True
        return any(code in lines.by_code and self.serves(lines.by_code[code]) for code in line.overflow)


def on_duty(session: Session, *, now: datetime) -> list[Operator]:
    """Return everybody who takes calls now or after the present one, the longest idle first."""
    rows = session.execute(
        select(
            User.id,
            User.role,
            User.skills,
            Presence.lines,
            Presence.state,
            Presence.offered_at,
            Presence.taken,
            Presence.taken_day,
        )
        .join(Presence, Presence.user_id == User.id)
        .where(
            Presence.state.in_(_ON_DUTY),
            or_(Presence.lease_until > now, Presence.state == State.TALKING.value),
            User.disabled_at.is_(None),
        )
        .order_by(Presence.ready_since, User.id)
    )
    today = day_of(now)
    return [
        Operator(
            row.id,
            row.role,
            frozenset(row.skills),
            frozenset(row.lines),
            row.state,
            row.offered_at,
            row.taken if row.taken_day == today else 0,
        )
        for row in rows
    ]


def day_of(now: datetime) -> str:
    """Return the local day by which conversations are counted."""
    return now.astimezone(SHANGHAI).strftime("%Y%m%d")


def is_staffed(operators: Iterable[Operator], line: Line, lines: Lines) -> bool:
    """Return whether anybody on duty can ever answer this line."""
    return any(each.serves(line) or each.helps(line, lines) for each in operators)


def enter(
    session: Session, call: Call, line: Line, *, skill: str | None, policy: Policy, now: datetime
) -> Waiting:
    """Put the caller into a line; who comes from another one keeps the time he entered first."""
    row = waiting_of(session, call)
    if row is None:
        row = Waiting(call_id=call.id, line=line.code, entered_at=now, state="waiting")
        session.add(row)
    elif row.state not in IN_LINE:
        # After a conversation or a message the caller stands in line anew.
        row.entered_at = now
    row.line, row.skill = line.code, skill
    row.priority = priority_of(line, call.category, policy)
    row.state, row.left_at, row.left_reason = "waiting", None, None
    call.line = line.code
    session.flush()
    tell_line(session, line.code, now)
    return row


def leave(session: Session, row: Waiting, reason: str, *, now: datetime) -> None:
    """Take a caller out of the line."""
    row.state, row.left_at, row.left_reason = "left", now, reason
    session.flush()
    tell_line(session, row.line, now)


def waiting_of(session: Session, call: Call) -> Waiting | None:
    """Return the caller's row; the call is locked by whoever asks."""
    query = select(Waiting).where(Waiting.call_id == call.id)
    return session.scalar(query.execution_options(populate_existing=True))


def serving_order(lines: Lines, now: datetime) -> tuple[ColumnElement[Any], ...]:
    """Return by what waiting rows are sorted: who is served first comes first."""
    first = _aged(lines, now) if lines.order is Order.URGENCY else case((Waiting.priority == 0, 0), else_=1)
    columns = Waiting.__table__.c
    return first, columns.entered_at, columns.id


def ahead_of(session: Session, row: Waiting, *, lines: Lines, now: datetime) -> int:
    """Return how many callers of the same line are served before this one."""
    session.flush()
    mine = select(*serving_order(lines, now)).where(Waiting.id == row.id)
    place = session.execute(mine).one()
    sooner = tuple_(*serving_order(lines, now)) < tuple_(
        *(literal(value, column.type) for value, column in zip(place, serving_order(lines, now), strict=True))
    )
    query = select(func.count()).where(Waiting.state == "waiting", Waiting.line == row.line, sooner)
    return session.scalar(query) or 0


def expected_wait_s(session: Session, row: Waiting, ahead: int, *, lines: Lines, now: datetime) -> int:
    """Return how long this caller is likely to wait still: everybody before him shares those on duty."""
    line, duty = lines.get(row.line), on_duty(session, now=now)
    own = sum(each.serves(line) for each in duty)
    helping = sum(each.helps(line, lines) for each in duty)
    return (ahead + 1) * line.handling_s // max(1, own or helping)


def _aged(lines: Lines, now: datetime) -> ColumnElement[Any]:
    """Return the place class after the wait: one better for each `max_wait_s`; class 0 is never reached by waiting."""
    longest = max(line.priority for line in lines)
    reached: ColumnElement[Any] = literal(0)
    for step in range(1, max(longest, 3) + 1):
        long_ago = {
            line.code: literal(now - timedelta(seconds=step * line.max_wait_s), UtcDateTime())
            for line in lines
        }
        since = case(long_ago, value=Waiting.line, else_=long_ago[lines.fallback])
        reached = reached + case((Waiting.entered_at <= since, 1), else_=0)
    better = Waiting.priority - reached
    return case((Waiting.priority == 0, 0), (better < 1, 1), else_=better)


def in_line(session: Session, line: Line) -> int:
    """Return how many callers wait in a line."""
    query = select(func.count()).where(Waiting.state.in_(IN_LINE), Waiting.line == line.code)
    return session.scalar(query) or 0


def priority_of(line: Line, category: str | None, policy: Policy) -> int:
    """Return the place class: the line's, or the category's urgency where that is more urgent."""
    known = policy.category(category)
    return min(line.priority, int(known.urgency.value[1])) if known is not None else line.priority


def best_for(
    row: Waiting,
    ready: Sequence[Operator],
    duty: Sequence[Operator],
    *,
    lines: Lines,
    now: datetime,
    deputy_id: int | None = None,
) -> Operator | None:
    """Return who should be rung for this caller, or None; `ready` is ordered by longest idle.

    `deputy_id` is the deputy of whoever has just not taken this caller: the AB post is rung next.
    """
    line = lines.get(row.line)
    own = [each for each in ready if each.serves(line)]
    nobody_of_its_own = not any(each.serves(line) for each in duty)
    waits_long = (now - row.entered_at).total_seconds() >= line.max_wait_s
    helping = [each for each in ready if each.helps(line, lines)] if nobody_of_its_own or waits_long else []
    deputy = next((each for each in (*own, *helping) if each.user_id == deputy_id), None)
    if deputy is not None:
        return deputy
    skilled = [each for each in own if row.skill and row.skill in each.skills]
    willing = skilled or own or helping
    return min(willing, key=_BY[line.strategy]) if willing else None


_BY: Final[Mapping[Strategy, Callable[[Operator], tuple[float, ...]]]] = {
    # `min` takes the first of equals, and those who are ready come by longest idle.
    Strategy.LONGEST_IDLE: lambda _: (),
    Strategy.ROUND_ROBIN: lambda each: (each.offered_at.timestamp() if each.offered_at else 0.0,),
    Strategy.FEWEST_CALLS: lambda each: (each.taken,),
    Strategy.BY_SKILL: lambda each: (len(each.skills),),
}


def tell_line(session: Session, code: str, now: datetime) -> None:
    """Tell the centre that a line has changed; a line has no version, so its time stands for one."""
    tell(session, Fact("line", code, int(now.timestamp() * 1000), now, ("centre",)))
