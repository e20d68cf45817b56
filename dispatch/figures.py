"""How the record as a whole is doing, in numbers without any content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dispatch.models.clocks import Clock, Recompute, StepProposal, Timer
from dispatch.models.history import Outbox
from dispatch.models.signals import GroupSignal
from dispatch.models.tickets import CentreList
from dispatch.self_audit import open_findings


@dataclass(frozen=True, slots=True)
class Figures:
    """What whoever runs the centre watches; `outbox` counts deliveries by state."""

    open_tickets: int
    overdue_clocks: int
    outbox: dict[str, int]
    late_steps: int
    """Steps of deadlines that are due and have not fired: a ticker that is alive leaves none for long."""
    findings: dict[str, int]
    """What the look at itself found wrong, by kind."""
    proposals: int
    """Cards and escalations that wait for a person."""
    signals: int
    """Possible collective requests that wait for a person."""
    recomputing: int
    """Passes over live clocks that are under way."""


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
        late_steps=_count(session, Timer.fired_at.is_(None) & (Timer.due_at < now)),
        findings=open_findings(session),
        proposals=_count(session, StepProposal.state == "proposed"),
        signals=_count(session, GroupSignal.state == "proposed"),
        recomputing=_count(session, Recompute.state == "running"),
    )


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).where(condition)) or 0
