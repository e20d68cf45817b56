"""Finished tickets whose callers are to be called back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from agent_console.api.schemas import CallbackDueOut
from agent_console.permissions import Action, Visit, requires
from dispatch.queries import callbacks_due

router = APIRouter(prefix="/api/callbacks", tags=["callbacks"])
CallbackVisit = Annotated[Visit, requires(Action.CALLBACK_READ)]


@router.get("")
def callbacks(visit: CallbackVisit) -> list[CallbackDueOut]:
    """Return the tickets which the reader may call back now, nearest deadline first, never his own."""
    with visit.reading() as session:
        found = callbacks_due(session, visit.actor, policy=visit.services.policy, now=visit.now)
    return [CallbackDueOut.model_validate(each) for each in found]
