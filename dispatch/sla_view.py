"""What a screen shows of a ticket's clocks: the deadline, how much is used up, and what happens next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dispatch.models.clocks import Clock, Timer
from dispatch.policy import Policy
from dispatch.rules.sla_terms import Step
from dispatch.rules.ticket_state import ClockKind


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock; `due_at` is None while it is paused, `consumed_ratio` passes 1 once it is late."""

    id: int
    kind: str
    label: str
    due_at: datetime | None
    state: str
    late: bool
    card: str
    consumed_ratio: float
    next_step: str | None
    next_step_at: datetime | None
    handling_id: int | None
    """None for the centre's clocks and for the case clock."""


def clock_views(
    session: Session,
    ticket_ids: Collection[int],
    *,
    policy: Policy,
    now: datetime,
    running_only: bool = False,
    kinds: Collection[str] | None = None,
) -> dict[int, list[ClockView]]:
    """Return each ticket's clocks, the running ones first and nearest deadline first."""
    found_clocks = session.scalars(_RUNNING if running_only else _SHOWN, {"tickets": list(ticket_ids)})
    clocks = [clock for clock in found_clocks if kinds is None or clock.kind in kinds]
    steps = _next_steps(session, [clock.id for clock in clocks if clock.state == "running"])
    found: dict[int, list[ClockView]] = defaultdict(list)
    for clock in sorted(clocks, key=_order):
        found[clock.ticket_id].append(_view(clock, steps.get(clock.id), policy, now))
    return found


def consumed_ratio(clock: Clock, *, policy: Policy, now: datetime) -> float:
    """Return which part of its target a clock has used up, rounded to a hundredth."""
    running = 0
    if clock.running_since is not None:
        running = policy.calendar(clock.calendar).between(clock.running_since, now)
    return round((clock.consumed_s + running) / max(1, clock.target_s), 2)


def _order(clock: Clock) -> tuple[bool, float, int]:
    running = clock.state == "running"
    moment = clock.due_at if running else clock.stopped_at
    stamp = moment.timestamp() if moment is not None else 0.0
    return not running, stamp if running else -stamp, clock.id


def _view(clock: Clock, step: tuple[str, datetime] | None, policy: Policy, now: datetime) -> ClockView:
    overdue = clock.state == "running" and clock.due_at is not None and now > clock.due_at
    return ClockView(
        id=clock.id,
        kind=clock.kind,
        label=_label(clock),
        due_at=clock.due_at,
        state=clock.state,
        late=overdue or clock.state == "missed",
        card=clock.card,
        consumed_ratio=consumed_ratio(clock, policy=policy, now=now),
        next_step=Step(step[0]).label if step is not None else None,
        next_step_at=step[1] if step is not None else None,
        handling_id=clock.handling_id,
    )


def _label(clock: Clock) -> str:
    label = ClockKind(clock.kind).label
    # The worker's own clock beside the union's: a redispatch does not restart it.
    whole = clock.kind == ClockKind.RESOLVE.value and clock.handling_id is None
    return f"{label}（全程）" if whole else label


def _next_steps(session: Session, clock_ids: Iterable[int]) -> dict[int, tuple[str, datetime]]:
    wanted = list(clock_ids)
    if not wanted:
        return {}
    rows = session.execute(_STEPS, {"clocks": wanted})
    return {clock: (step, due) for clock, step, due in rows}


# Built once: building a statement takes as long as executing it.
_SHOWN: Final = select(Clock).where(
    Clock.ticket_id.in_(bindparam("tickets", expanding=True)), Clock.state != "cancelled"
)
_RUNNING: Final = _SHOWN.where(Clock.state == "running")
_STEPS: Final = (
    select(Timer.clock_id, Timer.step, Timer.due_at)
    .where(Timer.clock_id.in_(bindparam("clocks", expanding=True)), Timer.fired_at.is_(None))
    .order_by(Timer.due_at.desc(), Timer.id.desc())
)
