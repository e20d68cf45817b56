"""Fires the steps that have come due, each exactly once, whoever else is firing; rows decide, not memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, delete, func, select
from sqlalchemy.orm import Session

from dispatch import clocks, scope
from dispatch.escalation import Due, Escalation, ladder_step
from dispatch.models.clocks import Clock, Timer
from dispatch.models.tickets import Ticket
from dispatch.policy import CENTRE_CALENDAR, Policy
from dispatch.receivers import Case, Surroundings
from dispatch.recompute import is_stale
from dispatch.rules.sla_terms import LadderStep
from dispatch.union_tree import hold_tree


def fire_due(session: Session, *, now: datetime, limit: int, policy: Policy) -> int:
    """Fire steps due by `now`, oldest first, and return how many; 0 when nothing is due or others have it in hand.

    `limit` bounds how many steps decide which tickets are taken; of a ticket that is taken every due step fires,
    so that after a downtime each receiver hears of it once.
    """
    # Before the tickets: a parent may take over, along a line that nobody must be moving.
    hold_tree(session)
    due = _claim(session, now=now, limit=limit)
    if not due:
        return 0
    tickets = {ticket.id: ticket for _, _, ticket in due}
    around = Surroundings(session, list(tickets.values()), province=policy.province)
    escalation = Escalation(session, around, policy=policy, now=now)
    fired, stale, recounted = 0, [], list[Ticket]()
    for timer, clock, ticket in due:
        # Also a step before this one may have stopped the clock.
        if clock.state != "running" or clock.generation != timer.generation:
            stale.append(timer.id)
            continue
        # No step fires on a calendar that is no longer in force: where it moves, we come back when it is due.
        if is_stale(clock, policy) and clocks.recount(session, ticket, clock, policy=policy, now=now):
            recounted.append(ticket)
            continue
        case = around.case(ticket, clock.handling_id)
        rung = ladder_step(policy, clock, ticket, timer.step)
        opens = _opens(rung, around, case, clock, timer.due_at, policy)
        if opens > now:
            # The calendar has changed since the timer was written: still no card for hours off duty.
            timer.due_at = opens
            continue
        timer.fired_at, timer.late_by_s = now, int((now - opens).total_seconds())
        escalation.take(Due(case, clock, rung, timer.late_by_s, timer.id))
        fired += 1
    session.flush()
    if stale:
        session.execute(delete(Timer).where(Timer.id.in_(stale), Timer.fired_at.is_(None)))
    escalation.finish()
    scope.reorder(session, recounted, now=now)
    return fired


def next_due(session: Session) -> datetime | None:
    """Return when the next step is due, by which a ticker knows how long it may sleep."""
    return session.scalar(select(func.min(Timer.due_at)).where(Timer.fired_at.is_(None)))


def _claim(session: Session, *, now: datetime, limit: int) -> Sequence[Row[Timer, Clock, Ticket]]:
    """Lock the tickets of the oldest due steps that nobody else has, and return all that is due of them."""
    is_due = (Timer.fired_at.is_(None), Timer.due_at <= now)
    # Commands lock the ticket before its clocks; in the same order the two can never wait for each other. The
    # weaker lock lets others insert rows that refer to the ticket.
    ids = session.scalars(
        select(Ticket.id)
        .join(Clock, Clock.ticket_id == Ticket.id)
        .join(Timer, Timer.clock_id == Clock.id)
        .where(*is_due)
        .order_by(Timer.due_at, Timer.id)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
    ).all()
    if not ids:
        return []
    # Read again under the lock: another ticker may have fired some of them between its commit and our look.
    return session.execute(
        select(Timer, Clock, Ticket)
        .join(Clock, Clock.id == Timer.clock_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(Ticket.id.in_(set(ids)), *is_due)
        .order_by(Timer.due_at, Timer.id)
        .execution_options(populate_existing=True)
    ).all()


def _opens(
    rung: LadderStep, around: Surroundings, case: Case, clock: Clock, due_at: datetime, policy: Policy
) -> datetime:
    if not rung.on_duty_only:
        return due_at
    union = around.union_of(case) if clock.handling_id is not None else None
    calendar = policy.calendar(union.calendar if union is not None else CENTRE_CALENDAR)
    return max(due_at, calendar.next_working(due_at))
