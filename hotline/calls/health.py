"""How each number and the carrier are doing, from what really happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dispatch.models.history import Outbox
from hotline.calls.models import Call
from hotline.calls.probe_models import LineFault, LineProbe
from hotline.calls.probes import last_settled

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
COMMANDS: Final = ("sent", "failed", "unknown", "expired")
LAST_COMMANDS: Final = 20_000
"""Deliveries that are looked through: more than an hour's at ten times a province's busy hour."""


@dataclass(frozen=True, slots=True)
class NumberHealth:
    """One of our numbers; times of the last day at most for calls."""

    number: str
    state: Literal["proven", "deaf", "unproven"]
    last_call_at: datetime | None
    last_success_at: datetime | None
    """The last synthetic call that came through, or caller who did."""
    last_probe_at: datetime | None
    round_trip_s: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class LineHealth:
    """The numbers, and the last hour at the carrier."""

    numbers: tuple[NumberHealth, ...]
    calls: int
    failed_calls: int
    fallbacks: int
    failed_turns: int
    commands: dict[str, int]
    """Commands to the carrier by how they ended."""

    @property
    def deaf(self) -> tuple[str, ...]:
        return tuple(each.number for each in self.numbers if each.state == "deaf")


def line_health(session: Session, numbers: Sequence[str], *, now: datetime) -> LineHealth:
    """Return the health of each number and of the carrier."""
    rows = session.execute(
        select(Call.to_raw, func.max(Call.started_at))
        .where(Call.started_at > now - DAY, Call.direction == "inbound")
        .group_by(Call.to_raw)
    ).all()
    last_calls: dict[str, datetime] = {row[0]: row[1] for row in rows}
    calls = _count(session, Call.started_at > now - HOUR)
    failed = _count(session, (Call.started_at > now - HOUR) & (Call.carrier_status == "failed"))
    faults = dict(
        session.execute(
            select(LineFault.kind, func.count()).where(LineFault.at > now - HOUR).group_by(LineFault.kind)
        ).all()
    )
    return LineHealth(
        numbers=tuple(_number(session, each, last_calls.get(each)) for each in numbers),
        calls=calls,
        failed_calls=failed,
        fallbacks=faults.get("fallback", 0),
        failed_turns=faults.get("turn", 0),
        commands=_commands(session, now),
    )


def note_fault(
    session: Session, kind: Literal["fallback", "turn"], *, sid: str, code: str, now: datetime
) -> None:
    """Write down that a caller met the fallback, or that a turn failed."""
    session.add(LineFault(at=now, kind=kind, call_sid=sid[:64], code=code[:16]))


def _number(session: Session, number: str, last_call_at: datetime | None) -> NumberHealth:
    last = last_settled(session, number)
    proven = session.scalar(
        select(LineProbe)
        .where(LineProbe.number == number, LineProbe.heard_at.is_not(None))
        .order_by(LineProbe.id.desc())
        .limit(1)
    )
    heard_at = proven.heard_at if proven is not None else None
    successes = [each for each in (heard_at, last_call_at) if each is not None]
    state: Literal["proven", "deaf", "unproven"] = "unproven"
    if last is not None:
        state = "deaf" if last.failed_at is not None else "proven"
    trip = (heard_at - proven.started_at).total_seconds() if proven is not None and heard_at else None
    return NumberHealth(
        number=number,
        state=state,
        last_call_at=last_call_at,
        last_success_at=max(successes, default=None),
        last_probe_at=last.started_at if last is not None else None,
        round_trip_s=trip,
        reason=last.reason if last is not None else None,
    )


def _commands(session: Session, now: datetime) -> dict[str, int]:
    """Count by the primary key's end: deliveries have no index on their age, and need none otherwise."""
    newest = session.scalar(select(func.max(Outbox.id))) or 0
    rows = session.execute(
        select(Outbox.state, func.count())
        .where(
            Outbox.id > newest - LAST_COMMANDS,
            Outbox.queue == "live",
            Outbox.created_at > now - HOUR,
            Outbox.state.in_(COMMANDS),
        )
        .group_by(Outbox.state)
    ).all()
    return dict.fromkeys(COMMANDS, 0) | {row[0]: row[1] for row in rows}


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Call).where(condition)) or 0
