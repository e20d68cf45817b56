"""The lines into one conversation: who is there, letting one go, and asking the carrier for what makes sense only now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import outbox
from hotline.calls.models import Call, Leg
from hotline.line import recording

COMMAND_S: Final = 20
"""A command to the carrier that has not gone out by then is stale."""
CALLER: Final = "caller"
OPERATOR: Final = "operator"
CONSULTED: Final = "consulted"
THIRD_PARTY: Final = "third_party"
SUPERVISOR: Final = "supervisor"
FORMER: Final = "former"
INVITED: Final = frozenset({CONSULTED, THIRD_PARTY})
"""Whom the operator has brought in."""


def hang_up(session: Session, leg: Leg, *, now: datetime) -> None:
    """Let a leg go at the carrier; one whose create is still on its way is let go as soon as it exists."""
    if leg.left_at is None:
        leg.left_at = now
    outbox.put(session, "live", "hang_up", {"leg_id": leg.id}, now=now, key=f"leg:{leg.id}:hang_up")


def command(session: Session, kind: str, payload: dict[str, object], *, key: str, now: datetime) -> None:
    """Ask the carrier for something that makes sense only now."""
    expires = now + timedelta(seconds=COMMAND_S)
    outbox.put(session, "live", kind, payload, now=now, key=key, expires_at=expires)


def hold(session: Session, call: Call, *, on: bool, now: datetime) -> None:
    """Keep the caller apart with music, or bring him back; whoever asks has checked that it may be."""
    call.on_hold = on
    call.held_since, call.recalls = (now if on else None), 0
    recording.follow(session, call, now=now)
    # The version makes each press of the button an effect of its own.
    command(
        session, "hold", {"call_id": call.id, "on": on}, key=f"call:{call.id}:hold:{call.version}", now=now
    )


def present(session: Session, call: Call, kinds: Collection[str]) -> list[Leg]:
    """Return who of these kinds is in the conversation, in order of arrival."""
    query = select(Leg).where(
        Leg.call_id == call.id, Leg.kind.in_(kinds), Leg.joined_at.is_not(None), Leg.left_at.is_(None)
    )
    return list(session.scalars(query.order_by(Leg.id)))


def open_legs(session: Session, call: Call) -> list[Leg]:
    """Return the other parties' lines, also those that are still being rung."""
    query = select(Leg).where(Leg.call_id == call.id, Leg.kind != CALLER, Leg.left_at.is_(None))
    return list(session.scalars(query.order_by(Leg.id)))
