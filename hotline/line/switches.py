"""What a supervisor does with a whole line: close it, open it, send its callers to another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound, VersionConflict
from dispatch.events import ADMINISTRATION, record
from hotline.calls.access import COUNSELLING
from hotline.calls.models import Call
from hotline.line import offers
from hotline.line.lines import Line, Lines
from hotline.line.models import LineSwitch, Waiting
from hotline.line.waiting import IN_LINE, Operator, is_staffed, on_duty, tell_line

LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class LineState:
    """One line as the supervisor sees it."""

    code: str
    label: str
    is_open: bool
    divert_to: str | None
    reason: str
    at: datetime | None
    version: int
    waiting: int
    longest_s: int
    staffed: bool
    ready: int
    strategy: str


def switches(session: Session) -> Mapping[str, LineSwitch]:
    """Return what has been done with lines, by code."""
    return {each.line: each for each in session.scalars(select(LineSwitch))}


def line_in_force(session: Session, code: str | None, lines: Lines) -> tuple[Line, bool]:
    """Return the line in which a caller for this one waits, and whether it takes callers."""
    return in_force(switches(session), lines.get(code), lines)


def in_force(found: Mapping[str, LineSwitch], line: Line, lines: Lines) -> tuple[Line, bool]:
    """Return the same of a line, by switches that have been read."""
    seen = {line.code}
    while (switch := found.get(line.code)) is not None and switch.divert_to in lines.by_code:
        if switch.divert_to in seen:
            break
        line = lines.by_code[switch.divert_to or ""]
        seen.add(line.code)
    switch = found.get(line.code)
    return line, switch is None or switch.is_open


def set_line(
    session: Session,
    actor: Actor,
    code: str,
    *,
    is_open: bool,
    divert_to: str | None,
    reason: str,
    version: int | None,
    lines: Lines,
    now: datetime,
) -> LineSwitch:
    """Open or close a line, or divert it; raises NotFound, Invalid, VersionConflict.

    Whoever stands in a diverted line goes along and keeps the place; whoever stands in a closed one is still served.
    `version` None means whatever it is (the command line).
    """
    line = lines.by_code.get(code)
    if line is None:
        raise NotFound("line", code)
    _require_sound(session, line, divert_to, reason, lines)
    switch = session.scalar(select(LineSwitch).where(LineSwitch.line == code).with_for_update())
    if switch is None:
        switch = LineSwitch(line=code, version=0)
        session.add(switch)
    if version is not None and version != switch.version:
        current = {"is_open": switch.is_open, "divert_to": switch.divert_to}
        raise VersionConflict(code, version, switch.version, current)
    switch.is_open, switch.divert_to, switch.reason = is_open, divert_to, reason.strip()
    switch.at, switch.by_id, switch.version = now, actor.user_id, switch.version + 1
    payload = {"line": code, "is_open": is_open, "divert_to": divert_to, "reason": switch.reason}
    record(session, "LineSwitched", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    session.flush()
    if divert_to is not None:
        _take_along(session, line, lines.by_code[divert_to])
        tell_line(session, divert_to, now)
    tell_line(session, code, now)
    offers.offer_waiting(session, lines=lines, now=now)
    return switch


def line_states(session: Session, *, lines: Lines, now: datetime) -> list[LineState]:
    """Return every line with what is done to it, who waits and who is there."""
    found, duty = switches(session), on_duty(session, now=now)
    rows = session.execute(
        select(Waiting.line, func.count(), func.min(Waiting.entered_at))
        .where(Waiting.state.in_(IN_LINE))
        .group_by(Waiting.line)
    )
    waits = {code: (count, since) for code, count, since in rows}
    return [_state(line, found.get(line.code), waits, duty, lines, now) for line in lines]


def _state(
    line: Line,
    switch: LineSwitch | None,
    waits: Mapping[str, tuple[int, datetime]],
    duty: list[Operator],
    lines: Lines,
    now: datetime,
) -> LineState:
    count, since = waits.get(line.code, (0, now))
    return LineState(
        code=line.code,
        label=line.label,
        is_open=switch is None or switch.is_open,
        divert_to=switch.divert_to if switch is not None else None,
        reason=switch.reason if switch is not None else "",
        at=switch.at if switch is not None else None,
        version=switch.version if switch is not None else 0,
        waiting=count,
        longest_s=max(0, int((now - since).total_seconds())),
        staffed=is_staffed(duty, line, lines),
        ready=sum(each.state == "ready" and each.serves(line) for each in duty),
        strategy=line.strategy.value,
    )


def _require_sound(session: Session, line: Line, divert_to: str | None, reason: str, lines: Lines) -> None:
    wrong = {}
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        wrong["reason"] = f"请写明原因，不超过{LONGEST_REASON}字"
    if divert_to is not None:
        target = lines.by_code.get(divert_to)
        if target is None:
            wrong["divert_to"] = "没有这条线路"
        elif target.code == line.code or line.code in _way(session, target, lines):
            wrong["divert_to"] = "线路不能转回自己"
        elif COUNSELLING in line.skills and COUNSELLING not in target.skills:
            # What is said there is sealed, and only those who listen to people are to hear it.
            wrong["divert_to"] = "心理关怀线路只能转到同样有心理老师的线路"
    if wrong:
        raise Invalid(wrong)


def _way(session: Session, line: Line, lines: Lines) -> set[str]:
    """Return the lines through which callers of this one go."""
    found = switches(session)
    way: set[str] = set()
    code: str | None = line.code
    while code in lines.by_code and code not in way:
        way.add(code or "")
        code = found[code or ""].divert_to if code in found else None
    return way


def _take_along(session: Session, line: Line, target: Line) -> None:
    """Move who waits; whoever is being rung is moved by his own next turn if nobody answers."""
    moved = session.execute(
        update(Waiting)
        .where(Waiting.line == line.code, Waiting.state == "waiting")
        .values(line=target.code)
        .returning(Waiting.call_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    ids = list(moved)
    if ids:
        session.execute(
            update(Call)
            .where(Call.id.in_(ids))
            .values(line=target.code)
            .execution_options(synchronize_session=False)
        )
        session.expire_all()
