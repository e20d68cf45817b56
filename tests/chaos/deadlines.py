"""Thousands of real tickets with deadlines, written in a handful of statements from one that was really dispatched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from dispatch.models.base import Base
from dispatch.models.clocks import Clock, Timer
from dispatch.models.history import Event, Notice
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketScope
from dispatch.rules.ticket_state import ClockKind, Command
from tests.builders import World, give, make_ticket

STEPS = ("remind", "nudge", "yellow_card", "red_card", "escalate_level")
"""What a P0 ticket's `resolve` fires, also at night."""


def fill(session: Session, world: World, *, tickets: int, begins_at: datetime, spread: timedelta) -> int:
    """Write so many tickets, each with one clock and five deadlines spread over a time; return how many deadlines."""
    model = make_ticket(session, world, category="accident", urgency="P0")
    give(session, world, "operator", model, Command.ACCEPT)
    to: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "指定"}
    give(session, world, "dispatcher", model, Command.DISPATCH, **to)
    handling = session.scalars(select(Handling).where(Handling.ticket_id == model.id)).one()
    clock = session.scalars(
        select(Clock).where(Clock.handling_id == handling.id, Clock.kind == ClockKind.RESOLVE.value)
    ).one()
    scopes = session.scalars(select(TicketScope).where(TicketScope.ticket_id == model.id)).all()
    place = session.get_one(CentreList, model.id)
    own = select(Clock.id).where(Clock.ticket_id == model.id)
    session.execute(delete(Timer).where(Timer.clock_id.in_(own)))
    first_ticket = model.id
    first_clock = session.scalar(select(func.max(Clock.id))) or 0
    first_handling = session.scalar(select(func.max(Handling.id))) or 0
    numbers = range(1, tickets + 1)
    _write(
        session,
        Ticket,
        model,
        [
            {
                "id": first_ticket + n,
                "number": f"T{first_ticket + n:012d}",
                "sequence": 10_000_000 + first_ticket + n,
            }
            for n in numbers
        ],
    )
    _write(
        session,
        Handling,
        handling,
        [{"id": first_handling + n, "ticket_id": first_ticket + n} for n in numbers],
    )
    for scope in scopes:
        _write(session, TicketScope, scope, [{"ticket_id": first_ticket + n} for n in numbers])
    _write(session, CentreList, place, [{"ticket_id": first_ticket + n} for n in numbers])
    _write(
        session,
        Clock,
        clock,
        [
            {"id": first_clock + n, "ticket_id": first_ticket + n, "handling_id": first_handling + n}
            for n in numbers
        ],
    )
    gap = spread / (tickets * len(STEPS))
    rows = [
        {
            "clock_id": first_clock + n,
            "step": step,
            "generation": clock.generation,
            "due_at": begins_at + gap * (place_in_line * tickets + n),
        }
        for n in numbers
        for place_in_line, step in enumerate(STEPS)
    ]
    session.execute(insert(Timer), rows)
    if session.get_bind().dialect.name == "postgresql":
        for table in ("ticket", "handling", "clock"):
            session.execute(
                select(func.setval(func.pg_get_serial_sequence(table, "id"), first_ticket + tickets + 10_000))
            )
    return len(rows)


def account_for(session: Session) -> dict[str, Any]:
    """Return what was fired, how often, how early and how late."""
    rows = session.execute(select(Timer.clock_id, Timer.step, Timer.due_at, Timer.fired_at)).all()
    said = session.execute(
        select(Event.ticket_id, func.count()).where(Event.kind == "StepFired").group_by(Event.ticket_id)
    ).all()
    doubled = session.execute(
        select(Notice.ticket_id, Notice.step, Notice.user_id, Notice.union_id, Notice.role)
        .where(Notice.step.is_not(None))
        .group_by(Notice.ticket_id, Notice.step, Notice.user_id, Notice.union_id, Notice.role)
        .having(func.count() > 1)
    ).all()
    late = sorted((row.fired_at - row.due_at).total_seconds() for row in rows if row.fired_at is not None)
    return {
        "deadlines": len(rows),
        "different": len({(row.clock_id, row.step) for row in rows}),
        "missed": sum(row.fired_at is None for row in rows),
        "events": sum(count for _, count in said),
        "each": {count for _, count in said},
        "doubled_notices": len(doubled),
        "late": late,
    }


def _write(session: Session, kind: type[Base], model: Base, rows: Sequence[dict[str, Any]]) -> None:
    columns = kind.__table__.columns
    like = {column.name: getattr(model, column.name) for column in columns if column.name != "id"}
    session.execute(insert(kind), [{**like, **row} for row in rows], execution_options={"render_nulls": True})
