"""Clocks of a ticket: start, stop, pause, resume; every operation raises the generation and writes the timers anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from dispatch.models.clocks import Clock, Timer
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.policy import ALWAYS, CENTRE_CALENDAR, UNION_CALENDAR, Policy
from dispatch.rules.deadlines import Deadline, deadline, step_due
from dispatch.rules.sampling import drawn
from dispatch.rules.sla_terms import Target
from dispatch.rules.ticket_state import ClockKind
from dispatch.rules.urgency import Difficulty, Nature, Urgency
from dispatch.rules.working_time import Calendar

OF_HANDLING: Final = frozenset(
    {ClockKind.SIGN, ClockKind.FIRST_CONTACT, ClockKind.PROGRESS, ClockKind.RESOLVE}
)
"""Clocks that score one union; `resolve` runs a second time for the case, as the worker sees it."""


def start(
    session: Session,
    ticket: Ticket,
    kind: ClockKind,
    *,
    policy: Policy,
    now: datetime,
    handling: Handling | None = None,
    percent: int = 100,
    due_at: datetime | None = None,
) -> Clock | None:
    """Start a clock of the ticket (and of one union's handling); None where the policy wants none.

    `due_at` overrides the policy's target (a sub-deadline); `percent` shortens it (a redo).
    """
    target = _target(ticket, kind, policy)
    union_id = handling.union_id if handling is not None else None
    goal = planned(session, ticket, kind, union_id=union_id, policy=policy, now=now, percent=percent)
    if due_at is not None:
        goal = Deadline(ALWAYS, max(1, int((due_at - now).total_seconds())), due_at)
    if goal is None:
        return None
    clock = Clock(
        ticket_id=ticket.id,
        handling_id=handling.id if handling is not None and kind in OF_HANDLING else None,
        kind=kind.value,
        calendar=goal.calendar,
        target_s=goal.target_s,
        consumed_s=0,
        running_since=now,
        due_at=goal.due_at,
        generation=1,
        calendar_version=policy.calendar(goal.calendar).version,
        policy_snapshot={
            "sla": policy.sla.version,
            "amount": target.amount if target is not None else None,
            "unit": target.unit.value if target is not None else None,
            "percent": percent,
        },
        state="running",
        started_at=now,
    )
    session.add(clock)
    session.flush()
    _write_timers(session, ticket, clock, policy=policy, handling=handling)
    return clock


def planned(
    session: Session,
    ticket: Ticket,
    kind: ClockKind,
    *,
    union_id: int | None,
    policy: Policy,
    now: datetime,
    percent: int = 100,
) -> Deadline | None:
    """Return the deadline that a clock started now would have; None where the policy wants none."""
    target = _target(ticket, kind, policy)
    if target is None:
        return None
    centre, union, always = _calendars(session, union_id, policy)
    return deadline(target, now, centre=centre, union=union, always=always, percent=percent)


def stop(
    session: Session, clocks: Iterable[Clock], *, policy: Policy, now: datetime, cancelled: bool = False
) -> None:
    """Stop clocks: met when in time, missed when late, cancelled when the step no longer counts."""
    for clock in clocks:
        if clock.state not in ("running", "paused"):
            continue
        late = clock.due_at is not None and now > clock.due_at
        clock.state = "cancelled" if cancelled else "missed" if late else "met"
        if clock.running_since is not None:
            clock.consumed_s += policy.calendar(clock.calendar).between(clock.running_since, now)
        clock.stopped_at, clock.running_since = now, None
        _raise_generation(session, clock)


def pause(session: Session, clocks: Iterable[Clock], *, policy: Policy, now: datetime) -> None:
    """Pause running clocks; what they had consumed is kept."""
    for clock in clocks:
        if clock.state != "running" or clock.running_since is None:
            continue
        clock.consumed_s += policy.calendar(clock.calendar).between(clock.running_since, now)
        clock.state, clock.running_since, clock.due_at = "paused", None, None
        _raise_generation(session, clock)


def resume(
    session: Session, ticket: Ticket, clocks: Iterable[Clock], *, policy: Policy, now: datetime
) -> None:
    """Let paused or stopped clocks run on from what they had consumed."""
    for clock in clocks:
        if clock.state == "running":
            continue
        calendar = policy.calendar(clock.calendar)
        clock.state, clock.stopped_at, clock.running_since = "running", None, now
        clock.due_at = calendar.add(now, max(0, clock.target_s - clock.consumed_s))
        _raise_generation(session, clock)
        handling = session.get(Handling, clock.handling_id) if clock.handling_id else None
        _write_timers(session, ticket, clock, policy=policy, handling=handling)


def move(
    session: Session,
    ticket: Ticket,
    clocks: Iterable[Clock],
    *,
    due_at: datetime,
    policy: Policy,
    now: datetime,
) -> None:
    """Let running clocks end at another moment; what they had consumed is kept."""
    for clock in clocks:
        if clock.running_since is None:
            continue
        calendar = policy.calendar(clock.calendar)
        clock.consumed_s += calendar.between(clock.running_since, now)
        clock.running_since, clock.due_at = now, due_at
        clock.target_s = clock.consumed_s + max(1, calendar.between(now, due_at))
        _raise_generation(session, clock)
        handling = session.get(Handling, clock.handling_id) if clock.handling_id else None
        _write_timers(session, ticket, clock, policy=policy, handling=handling)


def live(
    session: Session, ticket_id: int, kinds: Iterable[ClockKind], *, handling_id: int | None = None
) -> list[Clock]:
    """Return running and paused clocks of these kinds; of one handling and the case when a handling is given."""
    query = select(Clock).where(
        Clock.ticket_id == ticket_id,
        Clock.kind.in_([kind.value for kind in kinds]),
        Clock.state.in_(("running", "paused")),
    )
    if handling_id is not None:
        query = query.where((Clock.handling_id == handling_id) | Clock.handling_id.is_(None))
    return list(session.scalars(query))


def latest(session: Session, ticket_id: int, kind: ClockKind) -> list[Clock]:
    """Return, newest first, every clock of a kind that a ticket has had."""
    query = (
        select(Clock).where(Clock.ticket_id == ticket_id, Clock.kind == kind.value).order_by(Clock.id.desc())
    )
    return list(session.scalars(query))


def _target(ticket: Ticket, kind: ClockKind, policy: Policy) -> Target | None:
    target = policy.sla.target(
        kind,
        Urgency(ticket.urgency),
        Difficulty(ticket.difficulty),
        ticket.category,
        nature=Nature(ticket.nature) if ticket.nature else None,
    )
    if target is not None and target.sampled and not drawn(ticket.number, policy.sla.limits.sample_percent):
        return None
    return target


def _calendars(session: Session, union_id: int | None, policy: Policy) -> tuple[Calendar, Calendar, Calendar]:
    code = UNION_CALENDAR
    if union_id is not None:
        code = session.scalar(select(Union.calendar).where(Union.id == union_id)) or UNION_CALENDAR
    return policy.calendar(CENTRE_CALENDAR), policy.calendar(code), policy.calendars[ALWAYS]


def _write_timers(
    session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, handling: Handling | None
) -> None:
    if clock.running_since is None:
        return
    _, union, _ = _calendars(session, handling.union_id if handling is not None else None, policy)
    own = policy.calendar(CENTRE_CALENDAR) if handling is None else union
    # A clock that runs on after a pause or a rejected report does not nudge, or show a card, a second time.
    fired = set(
        session.scalars(select(Timer.step).where(Timer.clock_id == clock.id, Timer.fired_at.is_not(None)))
        if clock.generation > 1
        else ()
    )
    rows = [
        {
            "clock_id": clock.id,
            "step": step.step.value,
            "generation": clock.generation,
            "due_at": step_due(
                step,
                running_since=clock.running_since,
                target_s=clock.target_s,
                consumed_s=clock.consumed_s,
                calendar=policy.calendar(clock.calendar),
                working_days=own,
            ),
        }
        for step in policy.sla.ladder(ClockKind(clock.kind), Urgency(ticket.urgency))
        # The case clock is the worker's view; cards and nudges come from each union's own clock.
        if not (clock.handling_id is None and ClockKind(clock.kind) in OF_HANDLING)
        and step.step.value not in fired
    ]
    if rows:
        session.execute(insert(Timer), rows)


def _raise_generation(session: Session, clock: Clock) -> None:
    clock.generation += 1
    session.flush()
    session.execute(delete(Timer).where(Timer.clock_id == clock.id, Timer.fired_at.is_(None)))
