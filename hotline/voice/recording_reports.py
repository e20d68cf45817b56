"""What the carrier reports of a conversation's recording: it is there, it has ended, there was nothing in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.unit_of_work import unit_of_work
from hotline.calls.locks import lock_by_id
from hotline.calls.models import Call, Recording
from hotline.calls.recording_models import CallRecording
from hotline.jobs.recording import begun
from hotline.line import recording as recordings
from hotline.services import Services

BEGUN: Final = "in-progress"
COMPLETED: Final = "completed"
ABSENT: Final = "absent"
REPORTED: Final = frozenset({BEGUN, COMPLETED, ABSENT})

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RecordingEvent:
    """One report; `call_id` comes from our own address."""

    call_id: int
    call_sid: str
    recording_sid: str
    status: str
    duration_s: int


def take_recording(services: Services, event: RecordingEvent) -> None:
    """Take one report in; twice, late or of a recording nobody knows, it does no harm."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = lock_by_id(session, event.call_id)
        if call is None or call.sid != event.call_sid:
            logger.warning("news of the recording of an unknown call", call=event.call_sid)
            return
        settle_recording(session, services, call, event)


def settle_recording(session: Session, services: Services, call: Call, event: RecordingEvent) -> None:
    """Bring a locked call's recording to what the carrier says of it."""
    now = services.now()
    recording = begun(session, call, event.recording_sid, services=services)
    if recording is None:
        _drop_stray(session, services, call, event)
        return
    if event.status == BEGUN:
        return
    row = session.get_one(CallRecording, call.id)
    if row.sid == recording.sid:
        row.state = "over"
    if recording.state == "deleted" or row.declined_at is not None:
        # The order that deleted it may have come while it still ran.
        recordings.drop(session, recording, "declined", now=now)
    elif event.status == ABSENT or event.duration_s == 0:
        recordings.drop(session, recording, "absent", now=now)
    elif recording.state == "running":
        recording.state, recording.duration_s = "at_carrier", event.duration_s
        outbox.put(
            session,
            "slow",
            "fetch_recording",
            {"recording_id": recording.id},
            now=now,
            key=f"recording:{recording.id}:fetch",
        )


def _drop_stray(session: Session, services: Services, call: Call, event: RecordingEvent) -> None:
    """A second recording of a call, begun by an order whose answer was lost: there is one, so this one goes."""
    found = session.scalar(select(Recording).where(Recording.sid == event.recording_sid))
    if found is not None and found.call_id != call.id:
        logger.error("recording belongs to another call", call=call.sid)
        return
    if event.status == BEGUN:
        return
    if found is None:
        found = Recording(
            sid=event.recording_sid,
            call_id=call.id,
            kind="conversation",
            state="running",
            created_at=services.now(),
            duration_s=event.duration_s,
        )
        session.add(found)
        session.flush()
    recordings.drop(session, found, "stray", now=services.now())
