"""Clocks of a ticket: start, stop, pause, resume, extend; each raises the generation and writes the timers anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from dispatch import counting
from dispatch.attendance import has_roster
from dispatch.models.base import Base
from dispatch.models.clocks import Clock, StepProposal, Timer
from dispatch.models.tickets import Handling, Ticket
from dispatch.policy import ALWAYS, CENTRE_CALENDAR, UNION_CALENDAR, Policy
from dispatch.rules.deadlines import Deadline, deadline, step_due
from dispatch.rules.sampling import drawn
from dispatch.rules.sla_terms import CalendarKind, LadderStep, Step, Target
from dispatch.rules.ticket_state import ClockKind
from dispatch.rules.urgency import Difficulty, Nature, Urgency
from dispatch.rules.working_time import Calendar
from dispatch.scope import union_by_id

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
    if handling is None and kind in OF_HANDLING:
        # The case clock runs on the calendar of whichever union leads.
        union_id = ticket.lead_union_id
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
            # A sub-deadline and duty hours are moments, which no change of calendar moves.
            **(
                {"planned_s": goal.target_s}
                if due_at is None and target is not None and target.duty is None
                else {}
            ),
        },
        state="running",
        started_at=now,
    )
    session.add(clock)
    session.flush()
    _write_timers(session, ticket, clock, policy=policy, handling=handling)
    if handling is not None and kind is ClockKind.RESOLVE:
        follow_lead(session, ticket, policy=policy, now=now)
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
    return _deadline(session, target, now, union_id=union_id, policy=policy, percent=percent)


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
            clock.consumed_s = counting.consumed(clock, policy.calendar(clock.calendar), now=now)
        clock.stopped_at, clock.running_since = now, None
        _raise_generation(session, clock)
        if late:
            # What was proposed because it was late needs no decision any more.
            session.execute(
                update(StepProposal)
                .where(StepProposal.clock_id == clock.id, StepProposal.state == "proposed")
                .values(state="lapsed", decided_at=now)
            )


def pause(session: Session, clocks: Iterable[Clock], *, policy: Policy, now: datetime) -> None:
    """Pause running clocks; what they had consumed is kept."""
    for clock in clocks:
        if clock.state != "running" or clock.running_since is None:
            continue
        clock.consumed_s = counting.consumed(clock, policy.calendar(clock.calendar), now=now)
        clock.state, clock.running_since, clock.due_at = "paused", None, None
        _raise_generation(session, clock)


def resume(
    session: Session, ticket: Ticket, clocks: Iterable[Clock], *, policy: Policy, now: datetime
) -> None:
    """Let paused or stopped clocks run on from what they had consumed."""
    # The case clock comes last: whether it has steps depends on the union's own.
    for clock in sorted(clocks, key=of_case):
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
    """Let running clocks end at another moment (延期); what they had consumed is kept.

    A step that had fired fires once more where it lies ahead again.
    """
    for clock in clocks:
        if clock.running_since is None:
            continue
        calendar = policy.calendar(clock.calendar)
        clock.consumed_s = counting.consumed(clock, calendar, now=now)
        clock.running_since, clock.due_at = now, due_at
        clock.target_s = clock.consumed_s + max(1, calendar.between(now, due_at))
        _raise_generation(session, clock)
        rewrite_timers(session, ticket, clock, policy=policy, now=now)


def follow_lead(session: Session, ticket: Ticket, *, policy: Policy, now: datetime) -> None:
    """Let the case clock run on under the lead union's calendar, keeping the share that was consumed."""
    code = _union_calendar(session, ticket.lead_union_id, policy).code
    for clock in live(session, ticket.id, [ClockKind.RESOLVE]):
        if clock.handling_id is None:
            if clock.calendar not in (ALWAYS, code):
                counting.change_calendar(
                    clock, policy.calendar(code), policy.calendar(clock.calendar), now=now
                )
            _raise_generation(session, clock)
            rewrite_timers(session, ticket, clock, policy=policy, now=now)


def hurry(session: Session, ticket: Ticket, *, policy: Policy, now: datetime) -> list[Clock]:
    """Shorten the live clocks of a ticket that has become more urgent and return those that moved.

    Each gets the whole time that the new urgency allows, counted from now; none is ever lengthened.
    """
    moved = []
    for clock in live(session, ticket.id, ClockKind):
        handling = session.get(Handling, clock.handling_id) if clock.handling_id else None
        union_id = handling.union_id if handling is not None else ticket.lead_union_id
        percent = int(clock.policy_snapshot.get("percent", 100))
        target = _target(ticket, ClockKind(clock.kind), policy)
        if target is None:
            continue
        goal = _deadline(session, target, now, union_id=union_id, policy=policy, percent=percent)
        if goal.due_at >= counting.ends_at(clock, policy.calendar(clock.calendar), now=now):
            continue
        counting.shorten(clock, goal, policy.calendar(clock.calendar), now=now)
        clock.calendar_version = policy.calendar(goal.calendar).version
        clock.policy_snapshot = {
            **clock.policy_snapshot,
            "sla": policy.sla.version,
            "amount": target.amount,
            "unit": target.unit.value,
        }
        _raise_generation(session, clock)
        rewrite_timers(session, ticket, clock, policy=policy, now=now)
        moved.append(clock)
    return moved


def recount(
    session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, now: datetime, with_sla: bool = False
) -> bool:
    """Count a live clock anew on its calendar as it is today and return whether its deadline or a step moved.

    With `with_sla` also by the service levels as they are today; else it keeps those under which it began.
    """
    calendar = policy.calendar(clock.calendar)
    before = (clock.calendar, clock.target_s, clock.due_at)
    if with_sla:
        calendar = _adopt_policy(session, ticket, clock, policy=policy, now=now)
    counting.recount(clock, calendar)
    clock.calendar, clock.calendar_version = calendar.code, calendar.version
    if (clock.calendar, clock.target_s, clock.due_at) == before and _timers_stand(
        session, ticket, clock, policy=policy, now=now
    ):
        return False
    _raise_generation(session, clock)
    rewrite_timers(session, ticket, clock, policy=policy, now=now)
    return True


def live(
    session: Session, ticket_id: int, kinds: Iterable[ClockKind], *, handling_id: int | None = None
) -> list[Clock]:
    """Return running and paused clocks of these kinds; of one handling and the case when a handling is given."""
    wanted = {kind.value for kind in kinds}
    if not wanted:
        return []
    # A ticket has a handful of live clocks: all are read by one statement, which is built once.
    return [
        clock
        for clock in session.scalars(_LIVE, {"ticket": ticket_id})
        if clock.kind in wanted and (handling_id is None or clock.handling_id in (handling_id, None))
    ]


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


def _deadline(
    session: Session, target: Target, now: datetime, *, union_id: int | None, policy: Policy, percent: int
) -> Deadline:
    centre, union, always = _calendars(session, union_id, policy)
    # Who is on call matters for the few targets that know duty hours.
    rostered = target.duty is not None and has_roster(session, union_id, now)
    return deadline(
        target, now, centre=centre, union=union, always=always, rostered=rostered, percent=percent
    )


def _calendars(session: Session, union_id: int | None, policy: Policy) -> tuple[Calendar, Calendar, Calendar]:
    union = _union_calendar(session, union_id, policy)
    return policy.calendar(CENTRE_CALENDAR), union, policy.calendars[ALWAYS]


def _adopt_policy(
    session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, now: datetime
) -> Calendar:
    """Put a clock under the service levels of today and return the calendar on which they count."""
    old = policy.calendar(clock.calendar)
    target = _target(ticket, ClockKind(clock.kind), policy)
    if target is None or target.duty is not None or "planned_s" not in clock.policy_snapshot:
        clock.policy_snapshot = {**clock.policy_snapshot, "sla": policy.sla.version}
        return old
    clock.policy_snapshot = {
        **clock.policy_snapshot,
        "sla": policy.sla.version,
        "amount": target.amount,
        "unit": target.unit.value,
    }
    handling = session.get(Handling, clock.handling_id) if clock.handling_id else None
    union_id = handling.union_id if handling is not None else ticket.lead_union_id
    centre, union, always = _calendars(session, union_id, policy)
    new = {CalendarKind.CENTRE: centre, CalendarKind.UNION: union, CalendarKind.ALWAYS: always}[
        target.calendar
    ]
    if new.code != old.code:
        counting.change_calendar(clock, new, old, now=now)
    return new


def adopted(
    session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, now: datetime
) -> datetime | None:
    """Return the deadline that a live clock would have under these service levels; nothing is written."""
    columns = (each.key for each in Clock.__table__.columns if each.key != "id")
    # A copy that no session knows: what is done to it stays undone.
    copy = Clock(**{name: getattr(clock, name) for name in columns})
    counting.recount(copy, _adopt_policy(session, ticket, copy, policy=policy, now=now))
    return copy.due_at


def _timers_stand(session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, now: datetime) -> bool:
    """Whether the steps that wait are just those that would be written now."""
    wanted = {
        row["step"]: row["due_at"] for row in _timer_rows(session, ticket, clock, policy=policy, now=now)
    }
    rows = session.execute(
        select(Timer.step, Timer.due_at).where(Timer.clock_id == clock.id, Timer.fired_at.is_(None))
    )
    return wanted == {row.step: row.due_at for row in rows}


def _union_calendar(session: Session, union_id: int | None, policy: Policy) -> Calendar:
    code = UNION_CALENDAR
    if union_id is not None:
        known = union_by_id(session, union_id)
        code = (known.calendar if known is not None else None) or UNION_CALENDAR
    return policy.calendar(code)


def rewrite_timers(session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, now: datetime) -> None:
    """Write the timers of a clock whose deadline has moved: also steps that fired, where they lie ahead again.

    A yellow card whose moment is yet to come was shown by mistake and is taken back, with what was proposed on it.
    """
    rows = _timer_rows(session, ticket, clock, policy=policy, now=now)
    if not rows:
        return
    session.connection().execute(_WRITE, rows)
    steps = [row["step"] for row in rows]
    if clock.card == "yellow" and Step.YELLOW_CARD.value in steps:
        clock.card = "none"
        session.execute(
            update(StepProposal)
            .where(
                StepProposal.clock_id == clock.id,
                StepProposal.step.in_(steps),
                StepProposal.state == "proposed",
            )
            .values(state="lapsed", decided_at=now)
        )


def _write_timers(
    session: Session, ticket: Ticket, clock: Clock, *, policy: Policy, handling: Handling | None
) -> None:
    rows = _timer_rows(session, ticket, clock, policy=policy, handling=handling)
    if rows:
        session.execute(insert(Timer), rows)


def _timer_rows(
    session: Session,
    ticket: Ticket,
    clock: Clock,
    *,
    policy: Policy,
    now: datetime | None = None,
    handling: Handling | None = None,
) -> list[dict[str, Any]]:
    """Return the steps that are still to fire; with `now` those that fired count again where they lie ahead of it."""
    if clock.running_since is None:
        return []
    if handling is None and clock.handling_id is not None:
        handling = session.get(Handling, clock.handling_id)
    union = _union_calendar(session, handling.union_id if handling is not None else None, policy)
    own = policy.calendar(CENTRE_CALENDAR) if handling is None else union
    # A clock that runs on after a pause or a rejected report does not nudge, or show a card, a second time.
    fired = set(
        session.scalars(select(Timer.step).where(Timer.clock_id == clock.id, Timer.fired_at.is_not(None)))
        if clock.generation > 1
        else ()
    )
    rows = []
    for step in _ladder(session, ticket, clock, policy):
        due_at = step_due(
            step,
            running_since=clock.running_since,
            target_s=clock.target_s,
            consumed_s=clock.consumed_s,
            calendar=policy.calendar(clock.calendar),
            working_days=own,
        )
        if step.step.value in fired and (now is None or due_at <= now):
            continue
        rows.append(
            {
                "clock_id": clock.id,
                "step": step.step.value,
                "generation": clock.generation,
                "due_at": due_at,
            }
        )
    return rows


def _ladder(session: Session, ticket: Ticket, clock: Clock, policy: Policy) -> tuple[LadderStep, ...]:
    kind = ClockKind(clock.kind)
    if not of_case(clock):
        return policy.sla.ladder(kind, Urgency(ticket.urgency))
    # Cards and nudges come from each union's own clock. Where the worker has waited longer than the present union,
    # only the case clock knows.
    own = session.scalars(
        select(Clock.due_at)
        .join(Handling, Handling.id == Clock.handling_id)
        .where(
            Clock.ticket_id == ticket.id,
            Clock.kind == clock.kind,
            Clock.state == "running",
            Handling.role == "lead",
            Handling.ended_at.is_(None),
        )
    ).all()
    if clock.due_at is None or not own or any(due is not None and due <= clock.due_at for due in own):
        return ()
    return policy.sla.ladder(kind, Urgency(ticket.urgency), case=True)


def of_case(clock: Clock) -> bool:
    """Whether this is the worker's view of a step that each union has a clock of its own for."""
    return clock.handling_id is None and ClockKind(clock.kind) in OF_HANDLING


def _raise_generation(session: Session, clock: Clock) -> None:
    clock.generation += 1
    session.flush()
    session.connection().execute(_FORGET, {"clock": clock.id})


_TIMERS: Final = Base.metadata.tables["timer"]
# Built once: building a statement takes as long as executing it.
_WRITE: Final = insert(_TIMERS)
_FORGET: Final = delete(_TIMERS).where(_TIMERS.c.clock_id == bindparam("clock"), _TIMERS.c.fired_at.is_(None))
_LIVE: Final = select(Clock).where(
    Clock.ticket_id == bindparam("ticket"), Clock.state.in_(("running", "paused"))
)
