"""Checks the whole history: every chain there is, that every ticket has one, and that its events show under it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import exists, select, union
from sqlalchemy.orm import Session

from dispatch.events import ticket_stream, verify_chain
from dispatch.models.history import Event, StreamHead
from dispatch.models.tickets import Ticket

_AT_ONCE = 1000


def verify(session: Session) -> Iterator[tuple[str, int, str]]:
    """Yield (stream, sequence number, what is wrong) for everything that no longer is as it was written."""
    streams = union(select(StreamHead.stream), select(Event.stream)).order_by("stream")
    for stream in session.scalars(streams).all():
        for seq, what in verify_chain(session, stream):
            yield stream, seq, what
    hidden = select(Event.stream, Event.seq).where(
        Event.stream.startswith("ticket:"), Event.ticket_id.is_(None)
    )
    for stream, seq in session.execute(hidden.order_by(Event.id)):
        yield stream, seq, "does not show under its ticket"
    for ticket_id in _without_history(session):
        yield ticket_stream(ticket_id), 0, "the ticket has no history"


def _without_history(session: Session) -> Iterator[int]:
    told = exists().where(Event.ticket_id == Ticket.id)
    query = select(Ticket.id).where(~told).order_by(Ticket.id).execution_options(yield_per=_AT_ONCE)
    yield from session.scalars(query)
