"""What reports count of tickets, each cohort in one statement of sums; no ticket is loaded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dispatch.models.clocks import Clock
from dispatch.models.life import Payment, Termination
from dispatch.models.tickets import CallbackAttempt, Handling, Ticket, TicketReturn
from dispatch.reports.days import Sums, add, column_of, counted, grained, shanghai_day
from dispatch.reports.reach import Reach
from dispatch.rules.report_terms import Group, Period, Reason
from dispatch.rules.small_cells import Tally
from dispatch.rules.ticket_fields import TerminationReason
from dispatch.rules.ticket_state import ClockKind, State

Turn = aliased(Handling)
Asked = aliased(CallbackAttempt)
"""Under names of their own: what a reader may see asks the same tables."""

SATISFIED: Final = ("satisfied", "basically")
UNFOUNDED: Final = "unfounded"
_RESOLVING: Final = (ClockKind.RESOLVE.value, ClockKind.PETITION.value)
_SCORED: Final = {
    ClockKind.SIGN.value: "sign_on_time",
    ClockKind.FIRST_CONTACT.value: "response_rate",
    **dict.fromkeys(_RESOLVING, "resolve_on_time"),
}

_BARRED: Final = (
    exists()
    .where(
        Termination.ticket_id == Ticket.id,
        Termination.approved.is_(True),
        Termination.reason_code == TerminationReason.STATUTORY_PROCEDURE.value,
    )
    .correlate(Ticket)
)
_OF_TICKET: Final = ((Ticket.outcome == UNFOUNDED, Reason.UNFOUNDED.value), (_BARRED, Reason.BARRED.value))
_WHY_NOT: Final = case(*_OF_TICKET, else_="")
"""Why a ticket leaves the denominators; empty for one that is scored."""
_WHY_NOT_OF_TURN: Final = case(
    (Turn.end_reason == "returned", Reason.MISDIRECTED.value), *_OF_TICKET, else_=""
)
"""The same of one union's turn: what came to the wrong union scores the dispatcher."""


def tallies(session: Session, reach: Reach, period: Period, *, now: datetime) -> tuple[Sums, Sums]:
    """Return the figures of a period, and how many cases each reason took out of the denominators.

    The second one's keys are `handling.REASON` and `closed.REASON`.
    """
    sums: Sums = {}
    left: Sums = {}
    if Group.DISPATCH in reach.groups:
        sums |= received(session, reach, period) | _dispatched_on_time(session, reach, period, now)
    if Group.HANDLING in reach.groups:
        turns, left_of_turns = _turns(session, reach, period)
        sums |= turns | _in_time(session, reach, period, now)
        left |= left_of_turns
    if Group.RESULTS in reach.groups:
        ended, left_of_closed = closed(session, reach, period)
        sums |= ended | _money(session, reach, period)
        left |= left_of_closed
    return sums, left


def was_received(period: Period) -> ColumnElement[bool]:
    """Return the condition on Ticket that it was registered in the period, and is a request at all."""
    return and_(
        # The day in its number: the unique index of numbers serves the range.
        Ticket.day >= f"{period.first:%Y%m%d}",
        Ticket.day <= f"{period.last:%Y%m%d}",
        Ticket.state != State.DRAFT.value,
        Ticket.outcome.is_distinct_from(State.VOID.value),
    )


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _within(column: InstrumentedAttribute[Any], period: Period) -> ColumnElement[bool]:
    return and_(column >= period.since, column < period.until)


def _late(now: datetime) -> ColumnElement[bool]:
    """Stopped late, still running late, or ended from outside when it was late already."""
    return or_(
        Clock.state == "missed",
        and_(Clock.state == "running", Clock.due_at < now),
        and_(Clock.state == "cancelled", Clock.stopped_at > Clock.due_at),
    )


def received(session: Session, reach: Reach, period: Period) -> Sums:
    """Return what was registered, and what was answered at once."""
    answered = and_(Ticket.outcome == State.ANSWERED.value, Ticket.lead_union_id.is_(None))
    rows = session.execute(
        select(Ticket.day, func.count().label("whole"), _how_many(answered).label("answered"))
        .where(was_received(period), reach.tickets)
        .group_by(Ticket.day)
    )
    return counted(
        rows, period, {"received": ("whole", "whole"), "direct_answer_rate": ("answered", "whole")}
    )


def _dispatched_on_time(session: Session, reach: Reach, period: Period, now: datetime) -> Sums:
    met, late = Clock.state == "met", _late(now)
    rows = session.execute(
        select(Ticket.day, _how_many(met).label("in_time"), _how_many(or_(met, late)).label("decided"))
        .join(Clock, Clock.ticket_id == Ticket.id)
        .where(was_received(period), reach.tickets, Clock.kind == ClockKind.DISPATCH.value)
        .group_by(Ticket.day)
    )
    return counted(rows, period, {"dispatch_on_time": ("in_time", "decided")})


def _turns(session: Session, reach: Reach, period: Period) -> tuple[Sums, Sums]:
    day = shanghai_day(Turn.dispatched_at).label("day")
    # By the ticket first: that is what the returns are found by.
    sent_back = exists().where(TicketReturn.ticket_id == Turn.ticket_id, TicketReturn.handling_id == Turn.id)
    query = (
        select(
            day,
            _WHY_NOT_OF_TURN.label("reason"),
            func.count().label("whole"),
            _how_many(sent_back).label("sent_back"),
            _how_many(Turn.end_reason == "returned").label("misdirected"),
        )
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(_within(Turn.dispatched_at, period), reach.owns(Turn.union_id), reach.tickets)
        .group_by(day, _WHY_NOT_OF_TURN)
    )
    rows = session.execute(query).all()
    figures = {"dispatched": ("whole", "whole")}
    if Group.DISPATCH in reach.groups:
        figures |= {"return_rate": ("sent_back", "whole"), "misdirected_rate": ("misdirected", "whole")}
    return counted(rows, period, figures), _left("handling", rows, period)


def _in_time(session: Session, reach: Reach, period: Period, now: datetime) -> Sums:
    day = shanghai_day(Turn.dispatched_at).label("day")
    met, late = Clock.state == "met", _late(now)
    rows = session.execute(
        select(
            day,
            Clock.kind,
            _WHY_NOT_OF_TURN.label("reason"),
            _how_many(met).label("in_time"),
            _how_many(or_(met, late)).label("decided"),
        )
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .join(Clock, Clock.handling_id == Turn.id)
        .where(_within(Turn.dispatched_at, period), reach.owns(Turn.union_id), reach.tickets)
        .where(Clock.kind.in_(list(_SCORED)))
        .group_by(day, Clock.kind, _WHY_NOT_OF_TURN)
    )
    sums: Sums = {}
    for row in rows:
        key = _SCORED[row.kind]
        if row.reason == UNFOUNDED and key == "response_rate":
            key = "response_rate_unfounded"
        elif row.reason:
            continue
        add(sums, key, column_of(row.day, period.grain), Tally(row.in_time, row.decided))
    return sums


def closed(session: Session, reach: Reach, period: Period) -> tuple[Sums, Sums]:
    """Return what ended and what its callers say of it, and what of it is not scored."""
    asked = and_(
        Asked.ticket_id == Ticket.id,
        Asked.round == Ticket.redo_count,
        Asked.reached.is_(True),
        Asked.solved.is_not(None),
    )
    is_solved = and_(Asked.solved == "solved", Asked.money_received.is_distinct_from(False))
    each = (
        select(
            shanghai_day(Ticket.closed_at).label("day"),
            _WHY_NOT.label("reason"),
            Ticket.redo_count,
            func.count(Asked.id).label("asked"),
            _how_many(is_solved).label("solved"),
            _how_many(Asked.satisfied.in_(SATISFIED)).label("satisfied"),
        )
        .outerjoin(Asked, asked)
        .where(_within(Ticket.closed_at, period), Ticket.lead_union_id.is_not(None), reach.tickets)
        .where(Ticket.outcome.not_in((State.MERGED.value, State.WITHDRAWN.value)))
        .group_by(Ticket.id)
        .subquery()
    )
    reached = each.c.asked > 0
    rows = session.execute(
        select(
            each.c.day,
            each.c.reason,
            func.count().label("whole"),
            _how_many(each.c.redo_count > 0).label("redone"),
            _how_many(reached).label("reached"),
            _how_many(and_(reached, each.c.solved == each.c.asked)).label("solved"),
            _how_many(and_(reached, each.c.satisfied == each.c.asked)).label("satisfied"),
        ).group_by(each.c.day, each.c.reason)
    ).all()
    sums = counted(rows, period, {"closed": ("whole", "whole"), "redo_rate": ("redone", "whole")})
    for reason, ending in (("", ""), (UNFOUNDED, "_unfounded")):
        figures = {
            f"resolution_rate{ending}": ("solved", "reached"),
            f"satisfaction_rate{ending}": ("satisfied", "reached"),
        }
        sums |= counted([row for row in rows if row.reason == reason], period, figures)
    return sums, _left("closed", rows, period)


def _money(session: Session, reach: Reach, period: Period) -> Sums:
    within = Payment.paid_on.between(period.first, period.last)
    column = grained(Payment.paid_on, period.grain).label("day")
    rows = session.execute(
        select(
            column,
            func.sum(Payment.amount_cents).label("cents"),
            # Several instalments of one case are one case: that decides whether the sum may be shown.
            func.count(Payment.ticket_id.distinct()).label("cases"),
        )
        .join(Ticket, Ticket.id == Payment.ticket_id)
        .where(within, reach.tickets)
        .group_by(column)
    )
    sums = counted(rows, period, {"recovered_cents": ("cents", "cases")})
    firsts = (
        select(Payment.ticket_id, func.min(Payment.paid_on).label("day"))
        .where(within)
        .group_by(Payment.ticket_id)
        .subquery()
    )
    earlier = exists().where(Payment.ticket_id == firsts.c.ticket_id, Payment.paid_on < period.first)
    people = func.sum(func.coalesce(Ticket.headcount, 1))
    found = session.execute(
        select(firsts.c.day, people.label("people"), func.count().label("cases"))
        .join(Ticket, Ticket.id == firsts.c.ticket_id)
        .where(reach.tickets, ~earlier)
        .group_by(firsts.c.day)
    )
    return sums | counted(found, period, {"recovered_workers": ("people", "cases")})


def _left(cohort: str, rows: Any, period: Period) -> Sums:
    """Return how many cases each reason took out, by column: each column is hidden or shown by itself."""
    sums: Sums = {}
    for row in rows:
        if row.reason:
            add(sums, f"{cohort}.{row.reason}", column_of(row.day, period.grain), Tally(row.whole, row.whole))
    return sums
