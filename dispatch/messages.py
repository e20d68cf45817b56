"""Which short messages a command wants written: a row for each, with ids only; jobs read what they need and send it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from dispatch import outbox
from dispatch.models.tickets import Caller
from dispatch.move import Move
from dispatch.rules.phones import PhoneKind, normalise

STALE_AFTER: Final = timedelta(hours=24)
"""A number that arrives a day late puzzles more than it helps."""
BY_PHONE: Final = "phone"
"""The contact mode of callers who want to be reached by telephone."""


def accepted(move: Move) -> None:
    """Want each caller told his number and query code, where a mobile is known and wanted; never for a sealed ticket."""
    ticket = move.ticket
    if ticket.sealed or ticket.contact_mode != BY_PHONE:
        return
    callers = move.session.scalars(
        select(Caller).where(Caller.ticket_id == ticket.id).order_by(Caller.ordinal)
    )
    for caller in callers:
        if normalise(caller.phone).kind is not PhoneKind.MOBILE:
            continue
        outbox.put(
            move.session,
            "slow",
            "send_sms",
            {"message": "accepted", "caller_id": caller.id},
            now=move.now,
            key=f"caller:{caller.id}:accepted:{ticket.query_code_generation}",
            expires_at=move.now + STALE_AFTER,
            ticket_id=ticket.id,
        )
