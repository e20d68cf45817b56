"""An auditor's way to a recording: with a reason, on record, for a while; and which requests are one hearing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import is_named
from dispatch.actors import Actor
from dispatch.errors import Missing, NotAllowed
from dispatch.events import ADMINISTRATION, record, ticket_stream
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.seals import OPEN_FOR
from dispatch.tickets import log
from hotline.calls.access import Seals, find_call
from hotline.calls.drafts import draft_of
from hotline.calls.models import Call
from hotline.calls.recording_models import RecordingAccess

ONE_HEARING: Final = timedelta(minutes=30)
"""Whoever jumps within a recording that he has begun to hear still hears it once [D]."""
_LOOK_BACK: Final = 200
"""Events of one chain among which a hearing that is going on is looked for; an older one is written down again."""


def open_recordings(
    session: Session, actor: Actor, sid: str, *, reason: str, seals: Seals, now: datetime
) -> datetime:
    """Open a call's recordings to the actor and return until when; raises NotFound, NotAllowed, Missing.

    A sealed ticket's are only opened to whoever has broken its seal.
    """
    if actor.user_id is None:
        raise NotAllowed("open_recordings", "只有登录的人员可以这样操作")
    if not reason.strip():
        raise Missing("open_recordings", {"reason": "请填写听取录音的理由"})
    call = find_call(session, actor, sid, seals=seals, lock=True)
    ticket = draft_of(session, call)
    if ticket is not None and ticket.sealed and not is_named(session, actor, ticket.id):
        raise NotAllowed("open_recordings", "密件的录音须先启封密件")
    row = session.get(RecordingAccess, (call.id, actor.user_id))
    if row is None:
        row = RecordingAccess(call_id=call.id, user_id=actor.user_id)
        session.add(row)
    row.reason, row.at, row.until = reason.strip(), now, now + OPEN_FOR
    payload = {"call": call.sid, "until": row.until.isoformat()}
    personal = {"reason": row.reason}
    if ticket is not None:
        log(session, ticket, "RecordingOpened", by=actor.by, now=now, payload=payload, personal=personal)
    else:
        record(
            session,
            "RecordingOpened",
            stream=ADMINISTRATION,
            by=actor.by,
            now=now,
            payload=payload,
            personal=personal,
        )
    return row.until


def is_opened(session: Session, actor: Actor, call: Call, *, now: datetime) -> bool:
    """Whether the actor has opened this call's recordings and may still hear them."""
    query = select(RecordingAccess.until).where(
        RecordingAccess.call_id == call.id, RecordingAccess.user_id == actor.user_id
    )
    until = session.scalar(query)
    return until is not None and until > now


def is_hearing(
    session: Session, actor: Actor, recording_id: int, ticket: Ticket | None, *, now: datetime
) -> bool:
    """Whether it is on record that the actor has begun to hear this recording a moment ago."""
    stream = ticket_stream(ticket.id) if ticket is not None else ADMINISTRATION
    rows = session.execute(
        select(Event.kind, Event.actor_id, Event.at, Event.payload)
        .where(Event.stream == stream)
        .order_by(Event.seq.desc())
        .limit(_LOOK_BACK)
    )
    return any(
        kind == "RecordingPlayed"
        and by == actor.user_id
        and now - at < ONE_HEARING
        and payload.get("recording_id") == recording_id
        for kind, by, at, payload in rows
    )
