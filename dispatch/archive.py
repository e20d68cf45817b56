"""归档: what has ended long enough leaves the desk's lists for good; the machine does it, a handful at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import MACHINE
from dispatch.commands import perform
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.rules.ticket_state import ENDED_STATES, Command, State


def archive_ended(session: Session, *, policy: Policy, now: datetime, limit: int = 50) -> int:
    """Archive tickets that ended `archive_after_d` days ago, oldest first, and return how many."""
    last = now - timedelta(days=policy.sla.limits.archive_after_d)
    ended = [state.value for state in ENDED_STATES - {State.ARCHIVED}]
    due = session.execute(
        select(Ticket.number, Ticket.version)
        .where(Ticket.state.in_(ended), Ticket.closed_at <= last)
        .order_by(Ticket.id)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
    ).all()
    for number, version in due:
        perform(session, MACHINE, number, Command.ARCHIVE, {}, version=version, policy=policy, now=now)
    return len(due)
