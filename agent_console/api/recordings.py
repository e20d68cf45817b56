"""The sound of a voicemail or a conversation, for whoever may hear it; each hearing is on record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import StringConstraints

from agent_console.api.schemas import Given, Line, Taken
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls.recordings import hear, sound_of
from hotline.calls.retention import hold

router = APIRouter(prefix="/api/recordings", tags=["calls"])
Listener = Annotated[Visit, requires(Action.RECORDING_PLAY)]
Holder = Annotated[Visit, requires(Action.RECORDING_HOLD)]


class HoldIn(Taken):
    reason: Annotated[Line, StringConstraints(max_length=300)] | None


class HoldOut(Given):
    id: int
    held_at: datetime | None
    hold_reason: str | None


@router.put("/{recording_id}/hold")
def hold_recording(recording_id: int, given: HoldIn, visit: Holder) -> HoldOut:
    """Put a recording under a legal hold, or without a reason lift it."""
    with visit.writing() as session:
        row = hold(
            session, visit.actor, recording_id, reason=given.reason, seals=seals_of(visit), now=visit.now
        )
        return HoldOut.model_validate(row)


@router.get("/{recording_id}", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
def play(recording_id: int, visit: Listener) -> Response:
    """Return a recording's WAV, and write down who listens."""
    services = visit.services
    with visit.writing() as session:
        hearing = hear(session, visit.actor, recording_id, seals=seals_of(visit), now=visit.now)
    sound = sound_of(hearing, folder=services.data_dir / "recordings", ring=services.recording_keys)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{recording_id}.wav"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(sound, media_type="audio/wav", headers=headers)
