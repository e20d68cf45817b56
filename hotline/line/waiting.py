"""The waiting line: who waits, in which order, and who of those on duty may serve whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dispatch.models.people import User
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, tell
from hotline.calls.models import Call
from hotline.line.lines import SUPERVISOR, Line, Lines
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
        select(User.id, User.role, User.skills, Presence.lines, Presence.state)
        .join(Presence, Presence.user_id == User.id)
        .where(
            Presence.state.in_(_ON_DUTY),
            or_(Presence.lease_until > now, Presence.state == State.TALKING.value),
            User.disabled_at.is_(None),
        )
        .order_by(Presence.ready_since, User.id)
    )
    return [
        Operator(row.id, row.role, frozenset(row.skills), frozenset(row.lines), row.state) for row in rows
    ]


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


def ahead_of(session: Session, row: Waiting) -> int:
    """Return how many callers of the same line are served before this one."""
    sooner = or_(
        Waiting.priority < row.priority,
        (Waiting.priority == row.priority) & (Waiting.entered_at < row.entered_at),
        (Waiting.priority == row.priority) & (Waiting.entered_at == row.entered_at) & (Waiting.id < row.id),
    )
    query = select(func.count()).where(Waiting.state == "waiting", Waiting.line == row.line, sooner)
    return session.scalar(query) or 0


def in_line(session: Session, line: Line) -> int:
    """Return how many callers wait in a line."""
    query = select(func.count()).where(Waiting.state.in_(IN_LINE), Waiting.line == line.code)
    return session.scalar(query) or 0


def priority_of(line: Line, category: str | None, policy: Policy) -> int:
    """Return the place class: the line's, or the category's urgency where that is more urgent."""
    known = policy.category(category)
    return min(line.priority, int(known.urgency.value[1])) if known is not None else line.priority


def aged_priority(initial: int, line: Line, waited_s: float) -> int:
    """Return the place class after a wait: one better for each `max_wait_s`; class 0 is never reached by waiting."""
    if initial == 0:
        return 0
    return max(1, initial - int(waited_s // line.max_wait_s))


def best_for(
    row: Waiting, ready: Sequence[Operator], duty: Sequence[Operator], *, lines: Lines, now: datetime
) -> Operator | None:
    """Return who should be rung for this caller, or None; `ready` is ordered by longest idle."""
    line = lines.get(row.line)
    own = [each for each in ready if each.serves(line)]
    if own:
        return next((each for each in own if row.skill and row.skill in each.skills), own[0])
    nobody_of_its_own = not any(each.serves(line) for each in duty)
    if nobody_of_its_own or (now - row.entered_at).total_seconds() >= line.max_wait_s:
        return next((each for each in ready if each.helps(line, lines)), None)
    return None


def tell_line(session: Session, code: str, now: datetime) -> None:
    """Tell the centre that a line has changed; a line has no version, so its time stands for one."""
    tell(session, Fact("line", code, int(now.timestamp() * 1000), now, ("centre",)))
