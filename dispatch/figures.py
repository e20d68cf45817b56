"""How the record as a whole is doing, in numbers without any content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.models.clocks import Clock
from dispatch.models.history import Outbox
from dispatch.models.tickets import CentreList


@dataclass(frozen=True, slots=True)
class Figures:
    """What whoever runs the centre watches; `outbox` counts deliveries by state."""

    open_tickets: int
    overdue_clocks: int
    outbox: dict[str, int]


WATCHED = ("pending", "unknown", "failed")
"""States of a delivery in which somebody may have to do something."""


def figures(session: Session, *, now: datetime) -> Figures:
    """Count what is open, what is late, and what has not left the house."""
    tickets = select(func.count()).where(CentreList.bucket == "open")
    overdue = select(func.count()).where(Clock.state == "running", Clock.due_at < now)
    rows = session.execute(
        select(Outbox.state, func.count()).where(Outbox.state.in_(WATCHED)).group_by(Outbox.state)
    ).all()
    return Figures(
        open_tickets=session.scalar(tickets) or 0,
        overdue_clocks=session.scalar(overdue) or 0,
        outbox=dict.fromkeys(WATCHED, 0) | dict(rows),
    )
