"""The header by which a client may send a command again without having it carried out twice."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from sqlalchemy import select

from agent_console.permissions import Visit
from dispatch import once
from dispatch.models.tickets import Ticket

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_-]{8,64}$",
        description="One per command; the same key again changes nothing and answers with the ticket as it is now.",
    ),
]


def ticket_done_before(visit: Visit, key: str) -> Ticket:
    """Return the ticket that an earlier request under this key led to, read without asking again whether he may:
    what is not his to see any more is cut away where it is shown."""
    with visit.reading() as session:
        number = once.result_of(session, visit.actor, key)
        ticket = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        session.expunge(ticket)
    return ticket
