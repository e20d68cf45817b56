"""The recording of a conversation: whether it should run at this moment, and telling the carrier to look.

Nothing here speaks with the carrier. Whatever changes the answer writes an order; the job that carries it out asks
`wanted` again, so that a late, repeated or overtaken order does no harm (docs/adr/0015).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.actors import MACHINE, Actor
from dispatch.events import ADMINISTRATION, record
from dispatch.tickets import log as log_on_ticket
from hotline.calls.drafts import draft_of
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg, Recording, Turn
from hotline.calls.recording_models import CallRecording
from hotline.calls.recording_policy import RecordingPolicy
from hotline.calls.status import is_talking

_OPERATOR = "operator"
_CALLER = "caller"


class Why(StrEnum):
    """What stands against recording, the weightiest first."""

    DECLINED = "declined"
    """The caller does not want it: it ends, and what there is goes."""
    POLICY = "policy"
    """This centre, or this line, is not recorded."""
    NO_NOTICE = "no_notice"
    """The caller has not been told."""
    ALONE = "alone"
    """There is no conversation of the caller with an operator now."""
    HOLD = "hold"
    IDENTITY = "identity"
    """The operator is writing down an identity or card number."""
    OPERATOR = "operator"
    """Paused by the operator."""


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What the screens show of it."""

    state: str
    """off, recording, paused."""
    why: Why | None
    """Why it does not run; None while it should."""


def follow(session: Session, call: Call, *, now: datetime) -> None:
    """Have the carrier look whether the recording should run; the call is locked by whoever asks."""
    row = session.get(CallRecording, call.id)
    if row is None and not is_talking(call):
        return
    row = row or _row(session, call)
    _order(session, row, now=now)


def told(session: Session, call: Call, *, now: datetime) -> None:
    """Write down that somebody whom we have called has been told of the recording."""
    row = _row(session, call)
    row.told_at = row.told_at or now


def pause(session: Session, call: Call, *, on: bool, now: datetime) -> None:
    """Pause at the operator's wish, or go on; going on also ends a number's pause that was left open."""
    row = _row(session, call)
    if on:
        row.paused_at = row.paused_at or now
    else:
        row.paused_at = row.identity_at = None
    _order(session, row, now=now)
    changed(session, call, now=now)


def hide_identity(session: Session, call: Call, *, on: bool, now: datetime) -> None:
    """Pause while an identity or card number is being written down."""
    row = _row(session, call)
    if (row.identity_at is not None) == on:
        return
    row.identity_at = now if on else None
    _order(session, row, now=now)
    changed(session, call, now=now)


def leave_fields(session: Session, call: Call) -> None:
    """Forget what the operator was writing down: he hands the caller on. Whoever calls this has the carrier look."""
    row = session.get(CallRecording, call.id)
    if row is not None:
        row.identity_at = None


def decline(session: Session, call: Call, actor: Actor | None, *, now: datetime) -> None:
    """The caller wants no recording: it ends, what there is is deleted, and the wish is on record. For good."""
    row = _row(session, call)
    if row.declined_at is not None:
        return
    row.declined_at, row.declined_by_id = now, actor.user_id if actor is not None else None
    by = (actor or MACHINE).by
    log(session, call, Verb.RECORD, now=now, user_id=row.declined_by_id, result="declined")
    payload = {"call": call.sid, "to": "operator" if actor is not None else "machine"}
    ticket = draft_of(session, call)
    if ticket is not None:
        log_on_ticket(session, ticket, "RecordingDeclined", by=by, now=now, payload=payload)
    else:
        record(session, "RecordingDeclined", stream=ADMINISTRATION, by=by, now=now, payload=payload)
    _order(session, row, now=now)
    changed(session, call, now=now)


def wanted(
    session: Session, call: Call, *, policy: RecordingPolicy, confiding: tuple[str, ...]
) -> Why | None:
    """Return why this call should not be recorded now; None when it should. `confiding`: lines where people confide."""
    row = session.get(CallRecording, call.id)
    if row is not None and row.declined_at is not None:
        return Why.DECLINED
    if not policy.conversations or (call.line in confiding and not policy.counselling):
        return Why.POLICY
    if not _is_told(session, call, row, policy):
        return Why.NO_NOTICE
    if not is_talking(call) or not {_OPERATOR, _CALLER} <= _present(session, call):
        return Why.ALONE
    if call.on_hold:
        return Why.HOLD
    if row is not None and row.identity_at is not None:
        return Why.IDENTITY
    return Why.OPERATOR if row is not None and row.paused_at is not None else None


def state_of(
    session: Session, call: Call, *, policy: RecordingPolicy, confiding: tuple[str, ...]
) -> RecordingState:
    """Return what the carrier has been brought to, and why it does not run."""
    row = session.get(CallRecording, call.id)
    at = row.state if row is not None and row.state in ("recording", "paused") else "off"
    return RecordingState(at, wanted(session, call, policy=policy, confiding=confiding))


def drop(session: Session, recording: Recording, reason: str, *, now: datetime) -> str | None:
    """Delete a recording here and order it deleted at the carrier; return its file, to be removed after the commit."""
    path = recording.path
    if recording.state != "deleted":
        recording.state, recording.path, recording.key_id = "deleted", None, None
        recording.deleted_reason = reason
        payload = {"recording_id": recording.id, "kind": recording.kind, "reason": reason}
        record(session, "RecordingDeleted", stream=ADMINISTRATION, by=MACHINE.by, now=now, payload=payload)
    session.flush()
    told_before = session.scalar(
        select(CallRecording.orders).where(CallRecording.call_id == recording.call_id)
    )
    key = f"recording:{recording.id}:drop:{told_before}"
    outbox.put(session, "slow", "fetch_recording", {"recording_id": recording.id}, now=now, key=key)
    return path


def row_of(session: Session, call: Call) -> CallRecording:
    """Return the call's row; the call is locked by whoever asks."""
    return _row(session, call)


def _row(session: Session, call: Call) -> CallRecording:
    row = session.get(CallRecording, call.id)
    if row is None:
        row = CallRecording(call_id=call.id, state="off", orders=0)
        session.add(row)
        session.flush()
    return row


def _order(session: Session, row: CallRecording, *, now: datetime) -> None:
    row.orders += 1
    session.flush()
    # It never goes stale: whoever carries it out looks at what is wanted then, and a late pause is better than none.
    key = f"call:{row.call_id}:record:{row.orders}"
    outbox.put(session, "live", "record", {"call_id": row.call_id}, now=now, key=key)


def _is_told(session: Session, call: Call, row: CallRecording | None, policy: RecordingPolicy) -> bool:
    if row is not None and row.told_at is not None:
        return True
    first = session.get(Turn, (call.id, 0)) if call.direction == "inbound" else None
    return first is not None and any(each.get("prompt") in policy.notices for each in _spoken(first))


def _spoken(turn: Turn) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for output in turn.outputs:
        found += [output, *output.get("prompts", ())]
    return found


def _present(session: Session, call: Call) -> set[str]:
    query = select(Leg.kind).where(Leg.call_id == call.id, Leg.joined_at.is_not(None), Leg.left_at.is_(None))
    return set(session.scalars(query))
