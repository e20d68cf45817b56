"""Brings the carrier to what is wanted of a conversation's recording: begin, pause, go on, or end and delete it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from hotline.calls.access import Seals
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Recording
from hotline.calls.recording_models import CallRecording
from hotline.calls.status import Conversation
from hotline.carriers.base import CallGone, CarrierError
from hotline.jobs.work import work
from hotline.line import recording as recordings
from hotline.line.recording import Why
from hotline.services import Services
from hotline.voice.twiml import Addresses

ANSWER_WITHIN: Final = timedelta(seconds=30)
"""A carrier that was asked to begin has said so by then, or its answer is lost."""
MOST_STEPS: Final = 5
"""Of one order: whoever presses the button faster than the carrier follows is served by the next order."""

logger = structlog.get_logger(__name__)


class StillAsked(Exception):  # the fact
    """Another delivery has asked the carrier to begin and has no answer yet."""


@dataclass(frozen=True, slots=True)
class _Step:
    act: Literal["begin", "look", "pause", "resume", "end"]
    call_sid: str
    sid: str = ""


def bring_about(services: Services, call_id: int) -> None:
    """Carry out one order; raises CarrierError, StillAsked. In whatever order orders arrive, the last wish holds."""
    for _ in range(MOST_STEPS):
        step = _next_step(services, call_id)
        if step is None:
            return
        _take(services, call_id, step)
    raise StillAsked


def _take(services: Services, call_id: int, step: _Step) -> None:
    carrier = services.carrier
    match step.act:
        case "begin" | "look":
            _begin(services, call_id, step)
            return
        case "end":
            try:
                carrier.stop_recording(step.call_sid, recording_sid=step.sid)
            except CallGone:
                logger.info("the recording had ended", call_id=call_id)
            _ended(services, call_id, step.sid)
            return
        case _:
            on = step.act == "pause"
            try:
                carrier.pause_recording(step.call_sid, recording_sid=step.sid, on=on)
            except CallGone:
                _note(services, call_id, "over")
            else:
                _note(services, call_id, "paused" if on else "recording")


def _begin(services: Services, call_id: int, step: _Step) -> None:
    carrier = services.carrier
    known = [each.sid for each in carrier.list_recordings(step.call_sid)] if step.act == "look" else []
    if known:
        sid = known[0]
    else:
        try:
            sid = carrier.start_recording(
                step.call_sid, status_callback=Addresses(services.public_url).recording(call_id)
            )
        except CallGone:
            _note(services, call_id, "over")
            return
        except CarrierError as error:
            if not error.unknown_outcome:
                _note(services, call_id, "off")
            raise
    with work(services) as session:
        call = lock_by_id(session, call_id)
        if call is not None:
            begun(session, call, sid, services=services)


def begun(session: Session, call: Call, sid: str, *, services: Services) -> Recording | None:
    """Write down that the carrier records the call; None for another recording than the one there is. Idempotent."""
    now = services.now()
    row = recordings.row_of(session, call)
    if row.sid is not None and row.sid != sid:
        return None
    found = session.scalar(select(Recording).where(Recording.sid == sid))
    if found is not None:
        return found if found.call_id == call.id else None
    row.sid, row.asked_at = sid, row.asked_at or now
    if row.state == "off":
        row.state = "recording"
        log(session, call, Verb.RECORD, now=now, result="recording")
        changed(session, call, now=now)
    found = Recording(
        sid=sid, call_id=call.id, kind="conversation", state="running", created_at=now, duration_s=0
    )
    session.add(found)
    session.flush()
    return found


def _next_step(services: Services, call_id: int) -> _Step | None:
    """Return what the carrier is to do next, so that it is as it should be; asking to begin is written down first."""
    with work(services) as session:
        call = lock_by_id(session, call_id)
        row = session.get(CallRecording, call_id, populate_existing=True)
        if call is None or row is None or row.state == "over":
            return None
        why = why_not(session, services, call)
        if row.sid is None:
            return _first_step(services, call, row, why)
        if why is Why.DECLINED:
            return _Step("end", call.sid, row.sid)
        if why is None and row.state == "paused":
            return _Step("resume", call.sid, row.sid)
        if (
            why is not None
            and row.state == "recording"
            and call.conversation_state != Conversation.ENDED.value
        ):
            return _Step("pause", call.sid, row.sid)
        return None


def _first_step(services: Services, call: Call, row: CallRecording, why: Why | None) -> _Step | None:
    now = services.now()
    if row.asked_at is not None:
        if now - row.asked_at < ANSWER_WITHIN:
            raise StillAsked
        row.asked_at = now
        return _Step("look", call.sid)
    if why is not None or call.sid.startswith("out-"):
        return None
    row.asked_at = now
    return _Step("begin", call.sid)


def why_not(session: Session, services: Services, call: Call) -> Why | None:
    """Return what stands against recording this call now."""
    confiding = Seals.of(services.policy, services.lines).lines
    return recordings.wanted(session, call, policy=services.recording, confiding=confiding)


def _note(services: Services, call_id: int, state: str) -> None:
    """Write down where the carrier has been brought to."""
    now = services.now()
    with work(services) as session:
        call = lock_by_id(session, call_id)
        row = session.get(CallRecording, call_id, populate_existing=True)
        if call is None or row is None:
            return
        if state == "off":
            row.asked_at = None
        if row.state != state and state in ("paused", "recording"):
            why = why_not(session, services, call) if state == "paused" else None
            reason = why.value if why is not None else None
            log(session, call, Verb.RECORD, now=now, result=state, reason=reason)
            changed(session, call, now=now)
        row.state = state


def _ended(services: Services, call_id: int, sid: str) -> None:
    """The caller's wish is done at the carrier: what was recorded goes, there and here."""
    now = services.now()
    with work(services) as session:
        call = lock_by_id(session, call_id)
        row = session.get(CallRecording, call_id, populate_existing=True)
        recording = session.scalar(select(Recording).where(Recording.sid == sid).with_for_update())
        if call is None or row is None:
            return
        row.state = "over"
        path = recordings.drop(session, recording, "declined", now=now) if recording is not None else None
        changed(session, call, now=now)
    if path is not None:
        (services.data_dir / "recordings" / path).unlink(missing_ok=True)
