"""Counts live clocks anew after a change of calendar or service levels: in batches, resumable, each clock once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dispatch import calendars, clocks, counting, scope
from dispatch.access import visible
from dispatch.actors import MACHINE, Actor
from dispatch.calendars import DayChange, LiveCalendars
from dispatch.errors import NotAllowed
from dispatch.events import ADMINISTRATION, Happened, record, record_all, ticket_stream
from dispatch.models.clocks import Clock, Recompute
from dispatch.models.tickets import CentreList, Ticket
from dispatch.policy import ALWAYS, UNION_CALENDAR, Policy
from dispatch.rules.ticket_state import ClockKind
from dispatch.rules.working_time import Calendar

LIVE: Final = ("running", "paused")
SAMPLE: Final = 50
"""Tickets that a preview names."""


@dataclass(frozen=True, slots=True)
class MovedDeadline:
    """A running deadline that would become another."""

    number: str
    clock: str
    due_at: datetime
    new_due_at: datetime


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change of calendar would do to open tickets; `sample` names some that the reader may see."""

    revision: int
    """The newest changed days that were counted in."""
    clocks: int
    """Live clocks on a calendar that changes."""
    moved: int
    """Of the running ones, those with another deadline."""
    later: int
    earlier: int
    overdue_again: int
    """Deadlines that would then have passed already."""
    sample: list[MovedDeadline]


def preview(
    session: Session, actor: Actor, changes: Sequence[DayChange], *, policy: Policy, now: datetime
) -> Preview:
    """Return what these changed days would do; nothing is written; raises Invalid."""
    live = policy.calendars
    if not isinstance(live, LiveCalendars):
        raise TypeError("these calendars were built once and for all")
    live.refresh(session)
    stored = calendars.planned(session, changes, policy=policy)
    return compare(session, actor, live, live.built(stored), revision=stored.revision, now=now)


def compare(
    session: Session,
    actor: Actor,
    before: Mapping[str, Calendar],
    after: Mapping[str, Calendar],
    *,
    revision: int,
    now: datetime,
) -> Preview:
    """Return what these calendars would do to live clocks; a clock whose calendar is gone goes over to the unions' own."""
    codes = [
        code
        for code in before.keys() | after.keys()
        if code not in before or after.get(code, after[UNION_CALENDAR]).version != before[code].version
    ]
    counted = moved = later = overdue = 0
    sample: list[tuple[Clock, datetime]] = []
    rows = session.scalars(
        select(Clock)
        .where(Clock.calendar.in_(codes), Clock.state.in_(LIVE))
        .execution_options(yield_per=1000)
    )
    for clock in rows:
        counted += 1
        _, due_at = counting.recounted(clock, after.get(clock.calendar) or after[UNION_CALENDAR])
        if due_at is None or clock.due_at is None or due_at == clock.due_at:
            continue
        moved += 1
        later += due_at > clock.due_at
        overdue += due_at <= now < clock.due_at
        if len(sample) < SAMPLE:
            sample.append((clock, due_at))
    numbers = dict(
        session.execute(
            select(Ticket.id, Ticket.number).where(
                Ticket.id.in_({clock.ticket_id for clock, _ in sample}), named_to(actor)
            )
        ).all()
    )
    lines = [
        MovedDeadline(numbers[clock.ticket_id], ClockKind(clock.kind).label, clock.due_at, due_at)
        for clock, due_at in sample
        if clock.ticket_id in numbers and clock.due_at is not None
    ]
    return Preview(revision, counted, moved, later, moved - later, overdue, lines)


def begin(session: Session, actor: Actor, *, kind: str, reason: str, now: datetime) -> Recompute:
    """Order a pass over live clocks; raises NotAllowed. The clock process carries it out."""
    if actor.role not in calendars.MAY_CHANGE:
        raise NotAllowed("recompute", f"“{actor.role.label}”不能重算时限")
    job = Recompute(kind=kind, at=now, by_id=actor.user_id, reason=reason)
    session.add(job)
    session.flush()
    record(
        session,
        "RecomputeBegun",
        stream=ADMINISTRATION,
        by=actor.by,
        now=now,
        payload={"recompute": job.id, "kind": kind, "reason": reason},
    )
    return job


def step(session: Session, *, policy: Policy, now: datetime, limit: int) -> int:
    """Carry the oldest open pass on by at most `limit` tickets and return how many; 0 when nobody needs it."""
    job = session.scalar(
        select(Recompute)
        .where(Recompute.state == "running")
        .order_by(Recompute.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if job is None:
        return 0
    with_sla = job.kind == "sla"
    ids = _open_after(session, job.after_ticket_id, limit) if with_sla else _stale(session, policy, limit)
    # The same lock order as commands: the ticket first; several tickets always by rising id.
    tickets = session.scalars(
        select(Ticket)
        .where(Ticket.id.in_(ids))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    counted = _recount(session, tickets, job, policy=policy, now=now)
    job.tickets += counted
    if ids:
        job.after_ticket_id = max(ids)
    if not ids:
        job.state, job.finished_at = "done", now
    session.flush()
    return len(ids)


def order_if_stale(
    session: Session, *, policy: Policy, now: datetime, unknown: bool = False
) -> Recompute | None:
    """Order a pass where live clocks were counted on older calendars (a file was edited, a process was behind).

    `unknown` looks also for calendars that are gone, which is worth it once, at the start.
    """
    if session.scalar(select(Recompute.id).where(Recompute.state == "running").limit(1)) is not None:
        return None
    if not _stale(session, policy, 1, unknown=unknown):
        return None
    return begin(session, MACHINE, kind="calendar", reason="日历版本已变化", now=now)


def is_stale(clock: Clock, policy: Policy) -> bool:
    """Whether a clock was counted on another version of its calendar than the one in force."""
    calendar = policy.calendar(clock.calendar)
    return (clock.calendar, clock.calendar_version) != (calendar.code, calendar.version)


def _recount(
    session: Session, tickets: Sequence[Ticket], job: Recompute, *, policy: Policy, now: datetime
) -> int:
    with_sla, touched = job.kind == "sla", set()
    by_id = {ticket.id: ticket for ticket in tickets}
    found = session.scalars(
        select(Clock)
        .where(Clock.ticket_id.in_(by_id), Clock.state.in_(LIVE))
        # The case clock comes last: whether it has steps depends on the union's own.
        .order_by(Clock.ticket_id, Clock.handling_id.is_(None), Clock.id)
        .execution_options(populate_existing=True)
    ).all()
    happened: dict[int, list[str]] = {}
    for clock in found:
        adopted = clock.policy_snapshot.get("sla") == policy.sla.version
        if not is_stale(clock, policy) and (adopted or not with_sla):
            continue
        job.clocks += 1
        touched.add(clock.ticket_id)
        ticket = by_id[clock.ticket_id]
        if clocks.recount(session, ticket, clock, policy=policy, now=now, with_sla=with_sla and not adopted):
            job.moved += 1
            happened.setdefault(ticket.id, []).append(ClockKind(clock.kind).label)
    session.flush()
    events = [
        Happened(
            "ClocksRecomputed",
            ticket_stream(ticket),
            {"clocks": list(dict.fromkeys(labels)), "basis": job.reason},
            ticket,
            by_id[ticket].version,
        )
        for ticket, labels in happened.items()
    ]
    record_all(session, events, by=MACHINE.by, now=now)
    scope.reorder(session, [by_id[ticket] for ticket in happened], now=now)
    return len(touched)


def _stale(session: Session, policy: Policy, limit: int, *, unknown: bool = True) -> list[int]:
    """Return tickets with a live clock on an older calendar, found by ranges of `ix_clock_live` alone."""
    found: set[int] = set()
    for condition in _ranges(policy, unknown=unknown):
        if len(found) >= limit:
            break
        query = (
            select(Clock.ticket_id)
            .where(condition, Clock.state.in_(LIVE))
            .distinct()
            .limit(limit - len(found))
        )
        found |= set(session.scalars(query))
    return sorted(found)


def _ranges(policy: Policy, *, unknown: bool) -> Iterator[ColumnElement[bool]]:
    for code, calendar in policy.calendars.items():
        if code != ALWAYS:
            yield (Clock.calendar == code) & (Clock.calendar_version < calendar.version)
            yield (Clock.calendar == code) & (Clock.calendar_version > calendar.version)
    if unknown:
        # Calendars that no file names any more: this one question reads the whole index.
        yield Clock.calendar.not_in(list(policy.calendars))


def _open_after(session: Session, ticket_id: int, limit: int) -> list[int]:
    query = (
        select(CentreList.ticket_id)
        .where(CentreList.bucket == "open", CentreList.ticket_id > ticket_id)
        .order_by(CentreList.ticket_id)
        .limit(limit)
    )
    return list(session.scalars(query))


def named_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which a preview may name a ticket to this reader."""
    # An administrator reads no ticket; a number alone says nothing of anybody; sealed ones stay unnamed.
    return Ticket.sealed.is_(False) if actor.role in calendars.MAY_CHANGE else visible(actor)
