"""Who else is looking at which ticket, for lists."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from agent_console.permissions import Action, Visit, requires
from dispatch.watching import watched

router = APIRouter(prefix="/api/watchers", tags=["lists"])
Reader = Annotated[Visit, requires(Action.TICKET_READ)]


@router.get("")
def watchers(visit: Reader) -> dict[str, list[str]]:
    """Return the names of the others who have a ticket open, by its number; only tickets that the reader may see."""
    with visit.reading() as session:
        return watched(session, visit.actor, now=visit.now)
