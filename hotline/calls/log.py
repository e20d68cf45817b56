"""The call's own diary in the queue-log vocabulary, and the fact that a call has changed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dispatch.unit_of_work import Fact, tell
from hotline.calls.models import Call, CallLog


class Verb(StrEnum):
    """What can happen to a caller; the names are Asterisk's queue_log events where it has one."""

    ENTERQUEUE = "ENTERQUEUE"
    CONNECT = "CONNECT"
    RINGNOANSWER = "RINGNOANSWER"
    RINGCANCELED = "RINGCANCELED"
    ABANDON = "ABANDON"
    EXITWITHTIMEOUT = "EXITWITHTIMEOUT"
    EXITWITHKEY = "EXITWITHKEY"
    HOLD = "HOLD"
    UNHOLD = "UNHOLD"
    TRANSFER = "TRANSFER"
    CONFERENCE = "CONFERENCE"
    SUPERVISE = "SUPERVISE"
    COMPLETE = "COMPLETE"
    # Beyond queue_log: a ring that was offered, an operator rung back, a caller in distress, what the caller thought of it.
    OFFER = "OFFER"
    RECONNECT = "RECONNECT"
    CRISIS = "CRISIS"
    SURVEY = "SURVEY"
    # A progress query, a warning against abuse, an answer to a follow-up call.
    QUERY = "QUERY"
    WARNING = "WARNING"
    ABUSE = "ABUSE"
    FOLLOWUP = "FOLLOWUP"
    # What the house told a caller at once: an announcement, no room, a blocked number.
    ANNOUNCED = "ANNOUNCED"
    FULL = "FULL"
    BLOCKED = "BLOCKED"
    # The recording of the conversation: on, paused, declined.
    RECORD = "RECORD"


def log(
    session: Session, call: Call, verb: Verb, *, now: datetime, user_id: int | None = None, **data: Any
) -> None:
    """Write one line of the call's diary; `data` holds codes and seconds, never what was said."""
    session.execute(
        insert(CallLog).values(call_id=call.id, at=now, verb=verb.value, user_id=user_id, data=data)
    )


def changed(session: Session, call: Call, *, now: datetime, user_id: int | None = None) -> None:
    """Raise the call's version and tell the centre (and one operator) that there is something new to read."""
    call.version += 1
    operator = user_id if user_id is not None else call.operator_id
    rooms = ("centre",) if operator is None else ("centre", f"user:{operator}")
    tell(session, Fact("call", call.sid, call.version, now, rooms))
