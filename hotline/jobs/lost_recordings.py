"""Asks the carrier about recordings whose reports were lost, so that none stays there unseen."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import or_, select

from dispatch.unit_of_work import unit_of_work
from hotline.calls.locks import lock_by_id
from hotline.calls.models import Call, Recording
from hotline.calls.recording_models import CallRecording
from hotline.calls.status import Conversation
from hotline.carriers.base import CarrierError, CarrierRecording
from hotline.services import Services
from hotline.voice.recording_reports import ABSENT, COMPLETED, RecordingEvent, settle_recording

QUIET: Final = timedelta(minutes=2)
"""A call that has ended later is left to its own reports."""
BATCH: Final = 100

logger = structlog.get_logger(__name__)


def find_lost_recordings(services: Services) -> int:
    """Settle recordings of calls that have been over for a while; return how many calls were looked at."""
    with services.database.reading() as session:
        running = select(Recording.call_id).where(Recording.state == "running")
        unanswered = select(CallRecording.call_id).where(
            CallRecording.sid.is_(None), CallRecording.asked_at.is_not(None), CallRecording.state != "over"
        )
        calls = session.execute(
            select(Call.id, Call.sid)
            .where(
                or_(Call.id.in_(running), Call.id.in_(unanswered)),
                Call.conversation_state == Conversation.ENDED.value,
                Call.ended_at < services.now() - QUIET,
            )
            .order_by(Call.id)
            .limit(BATCH)
        ).all()
    for call_id, sid in calls:
        try:
            known = services.carrier.list_recordings(sid)
        except CarrierError as error:
            logger.warning("the carrier could not be asked", error=str(error))
            break
        _settle(services, call_id, known)
    return len(calls)


def _settle(services: Services, call_id: int, known: tuple[CarrierRecording, ...]) -> None:
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        call = lock_by_id(session, call_id)
        if call is None:
            return
        ours = select(Recording.sid).where(Recording.call_id == call_id, Recording.kind == "conversation")
        others = select(Recording.sid).where(Recording.call_id == call_id, Recording.kind != "conversation")
        messages, written = set(session.scalars(others)), set(session.scalars(ours))
        told = [each for each in known if each.sid not in messages]
        told += [CarrierRecording(sid, ABSENT, 0) for sid in written - {each.sid for each in told}]
        for each in told:
            if each.status in (COMPLETED, ABSENT):
                event = RecordingEvent(call_id, call.sid, each.sid, each.status, each.duration_s)
                settle_recording(session, services, call, event)
        row = session.get(CallRecording, call_id)
        if row is not None and row.sid is None and not told:
            row.state = "over"
