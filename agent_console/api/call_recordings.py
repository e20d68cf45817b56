"""The recording's buttons in the call bar: pause, go on, the caller declines; and the fields that pause it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from agent_console.api.conversation import read
from agent_console.api.conversation_schemas import TalkOut
from agent_console.api.schemas import Taken
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls import recording_commands

router = APIRouter(prefix="/api/calls/{sid}/recording", tags=["conversation"])
Talker = Annotated[Visit, requires(Action.CALL_CONTROL)]


class HideIn(Taken):
    """Whether an identity or card number is being written down now."""

    on: bool


@router.post("/pause")
def pause(sid: str, visit: Talker) -> TalkOut:
    """Pause the recording."""
    with visit.writing() as session:
        recording_commands.pause(session, visit.actor, sid, on=True, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.post("/resume")
def resume(sid: str, visit: Talker) -> TalkOut:
    """Go on recording."""
    with visit.writing() as session:
        recording_commands.pause(session, visit.actor, sid, on=False, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.post("/decline")
def decline(sid: str, visit: Talker) -> TalkOut:
    """The caller wants no recording: it ends, and what there is of it is deleted."""
    with visit.writing() as session:
        recording_commands.decline(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.put("/identity", status_code=204)
def hide_identity(sid: str, given: HideIn, visit: Talker) -> None:
    """Pause while an identity or card number has the focus."""
    with visit.writing() as session:
        recording_commands.hide_identity(
            session, visit.actor, sid, on=given.on, seals=seals_of(visit), now=visit.now
        )
