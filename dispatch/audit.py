"""Checks the whole history: every chain there is, that every ticket has one, and that its events show under it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain as prepend
from itertools import groupby
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from dispatch.events import check_chain, ticket_stream
from dispatch.models.history import Event, StreamHead
from dispatch.models.tickets import Ticket

NO_HEAD: Final = -1
_AT_ONCE: Final = 1000


def verify(session: Session) -> Iterator[tuple[str, int, str]]:
    """Yield (stream, sequence number, what is wrong) for everything that no longer is as it was written."""
    yield from _broken_chains(session)
    for stream, seq in session.execute(_empty_chains()):
        yield stream, seq, "the head does not match the last event"
    hidden = select(Event.stream, Event.seq).where(
        Event.stream.startswith("ticket:"), Event.ticket_id.is_(None)
    )
    for stream, seq in session.execute(hidden.order_by(Event.id)):
        yield stream, seq, "does not show under its ticket"
    for ticket_id in _without_history(session):
        yield ticket_stream(ticket_id), 0, "the ticket has no history"


def _broken_chains(session: Session) -> Iterator[tuple[str, int, str]]:
    """One pass over everything: a query for each of a million chains would take hours."""
    rows = session.execute(
        select(Event, func.coalesce(StreamHead.seq, NO_HEAD), StreamHead.hash)
        .outerjoin(StreamHead, StreamHead.stream == Event.stream)
        .order_by(Event.stream, Event.seq)
        .execution_options(yield_per=_AT_ONCE)
    )
    for stream, chain in groupby(rows, key=lambda row: row[0].stream):
        first = next(chain)
        head = None if first[1] == NO_HEAD else (first[1], first[2])
        for seq, what in check_chain((row[0] for row in prepend([first], chain)), head):
            yield stream, seq, what


def _empty_chains() -> Select[str, int]:
    told = exists().where(Event.stream == StreamHead.stream)
    return select(StreamHead.stream, StreamHead.seq).where(StreamHead.seq > 0, ~told)


def _without_history(session: Session) -> Iterator[int]:
    told = exists().where(Event.ticket_id == Ticket.id)
    query = select(Ticket.id).where(~told).order_by(Ticket.id).execution_options(yield_per=_AT_ONCE)
    yield from session.scalars(query)
