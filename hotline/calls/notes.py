"""What a caller leaves on a ticket that is already there: a nudge, a spoken note; and every recording's first row."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch import outbox, progress
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from hotline.calls.drafts import link
from hotline.calls.models import Call, Recording, TicketCall

logger = structlog.get_logger(__name__)


def keep_recording(
    session: Session, call: Call, *, sid: str, kind: str, duration_s: int, now: datetime
) -> int | None:
    """Write a recording down, to be fetched, and return its id; None for one of another call. Idempotent."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Recording)
        .values(
            sid=sid,
            call_id=call.id,
            kind=kind,
            duration_s=duration_s,
            state="at_carrier",
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["sid"])
    )
    recording_id = session.scalar(
        select(Recording.id).where(Recording.sid == sid, Recording.call_id == call.id)
    )
    if recording_id is None:
        # Another call's recording: a carrier never says that, so nothing of it is believed.
        logger.error("recording belongs to another call", call=call.sid)
        return None
    outbox.put(
        session,
        "slow",
        "fetch_recording",
        {"recording_id": recording_id},
        now=now,
        key=f"recording:{recording_id}:fetch",
    )
    return recording_id


def save_note(
    session: Session,
    call: Call,
    ticket_id: int,
    *,
    sid: str,
    duration_s: int,
    policy: Policy,
    now: datetime,
) -> bool:
    """Attach what a caller adds by voice to his ticket; False when the ticket takes no more."""
    if keep_recording(session, call, sid=sid, kind="note", duration_s=duration_s, now=now) is None:
        return False
    text = f"诉求人来电补充，语音{duration_s}秒，请收听录音。"
    if not progress.add_note(session, ticket_id, text=text, policy=policy, now=now):
        return False
    link(session, call, session.get_one(Ticket, ticket_id), relation="note", now=now)
    return True


def nudge(session: Session, call: Call, ticket_id: int, *, policy: Policy, now: datetime) -> bool:
    """Nudge the ticket whose code the caller has named, once a call; False when it is no longer under way."""
    nudged = select(TicketCall.id).where(
        TicketCall.call_id == call.id, TicketCall.ticket_id == ticket_id, TicketCall.relation == "nudge"
    )
    if session.scalar(nudged) is not None:
        # Pressing the key again and again reminds nobody any better.
        return True
    if not progress.nudge(session, ticket_id, policy=policy, now=now):
        return False
    link(session, call, session.get_one(Ticket, ticket_id), relation="nudge", now=now)
    return True
