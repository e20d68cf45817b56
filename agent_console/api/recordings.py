"""The sound of a voicemail or a conversation, for whoever may hear it; each hearing is on record."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Header, Response
from pydantic import StringConstraints

from agent_console.api.byte_ranges import OutOfRange, part_of
from agent_console.api.schemas import Given, Line, RevealIn, Taken
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls.recording_access import open_recordings
from hotline.calls.recordings import hear, recordings_of, sound_of
from hotline.calls.retention import hold

router = APIRouter(prefix="/api/recordings", tags=["calls"])
Listener = Annotated[Visit, requires(Action.RECORDING_PLAY)]
opening = APIRouter(prefix="/api/calls", tags=["calls"])
Opener = Annotated[Visit, requires(Action.RECORDING_OPEN)]
Holder = Annotated[Visit, requires(Action.RECORDING_HOLD)]


_BEGINNING: Final = re.compile(r"bytes=\s*0-")


class HoldIn(Taken):
    reason: Annotated[Line, StringConstraints(max_length=300)] | None


class HoldOut(Given):
    id: int
    held_at: datetime | None
    hold_reason: str | None


class OpenedRecordingOut(Given):
    id: int
    kind: str
    duration_s: int
    ready: bool


class RecordingsOpenedOut(Given):
    """What somebody without a part in the call may hear now, and until when."""

    until: datetime
    recordings: list[OpenedRecordingOut]


@opening.post("/{sid}/recordings/break_glass")
def open_them(sid: str, given: RevealIn, visit: Opener) -> RecordingsOpenedOut:
    """Open a call's recordings to the reader for a while; the reason is on record."""
    with visit.writing() as session:
        until = open_recordings(
            session, visit.actor, sid, reason=given.reason, seals=seals_of(visit), now=visit.now
        )
    with visit.reading() as session:
        found = recordings_of(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)
        heard = [
            OpenedRecordingOut(
                id=each.id, kind=each.kind, duration_s=each.duration_s, ready=each.path is not None
            )
            for each in found
        ]
    return RecordingsOpenedOut(until=until, recordings=heard)


@router.put("/{recording_id}/hold")
def hold_recording(recording_id: int, given: HoldIn, visit: Holder) -> HoldOut:
    """Put a recording under a legal hold, or without a reason lift it."""
    with visit.writing() as session:
        row = hold(
            session, visit.actor, recording_id, reason=given.reason, seals=seals_of(visit), now=visit.now
        )
        return HoldOut.model_validate(row)


@router.get(
    "/{recording_id}",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}},
)
def play(
    recording_id: int, visit: Listener, byte_range: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """Return a recording's WAV, or the part of it that a player asks for, and write down who listens."""
    services = visit.services
    goes_on = byte_range is not None and _BEGINNING.match(byte_range) is None
    with visit.writing() as session:
        hearing = hear(
            session, visit.actor, recording_id, seals=seals_of(visit), now=visit.now, goes_on=goes_on
        )
    sound = sound_of(hearing, folder=services.data_dir / "recordings", ring=services.recording_keys)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{recording_id}.wav"',
        "X-Content-Type-Options": "nosniff",
    }
    try:
        part = part_of(byte_range, len(sound))
    except OutOfRange as error:
        return Response(status_code=416, headers={**headers, "Content-Range": str(error)})
    if part is None:
        return Response(sound, media_type="audio/wav", headers=headers)
    first, last = part
    headers["Content-Range"] = f"bytes {first}-{last}/{len(sound)}"
    return Response(sound[first : last + 1], status_code=206, media_type="audio/wav", headers=headers)
