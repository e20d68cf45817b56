"""The sound of a voicemail or a conversation, for whoever may hear it; each hearing is on record."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls.recordings import hear, sound_of

router = APIRouter(prefix="/api/recordings", tags=["calls"])
Listener = Annotated[Visit, requires(Action.RECORDING_PLAY)]


@router.get("/{recording_id}", response_class=Response, responses={200: {"content": {"audio/wav": {}}}})
def play(recording_id: int, visit: Listener) -> Response:
    """Return a recording's WAV, and write down who listens."""
    services = visit.services
    with visit.writing() as session:
        hearing = hear(session, visit.actor, recording_id, seals=seals_of(visit), now=visit.now)
    sound = sound_of(hearing, folder=services.data_dir / "recordings", key=services.recording_key)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{recording_id}.wav"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(sound, media_type="audio/wav", headers=headers)
