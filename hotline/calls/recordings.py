"""Listening to what callers have left and what was recorded: who may, and that each hearing is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotAllowed, NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.quality import is_drawn_for
from dispatch.rules.roles import Role
from dispatch.tickets import log
from hotline.calls.access import Seals, find_call, is_own
from hotline.calls.drafts import draft_of
from hotline.calls.keeping import CannotOpen, KeyRing
from hotline.calls.models import Call, Recording
from hotline.calls.recording_access import is_hearing, is_opened

OWN_FOR: Final = timedelta(days=7)
"""How long an operator may hear his calls again; counsellors and lawyers always (docs/quality.md, who may do what)."""

_WATCHING: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
_OWN: Final = frozenset({Role.OPERATOR, Role.COUNSELLOR, Role.LAWYER})


class RecordingDamaged(RuntimeError):
    """What lies on the disk is not what was fetched."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A recording that an actor may hear now, and where its bytes lie."""

    recording_id: int
    path: str
    sha256: str
    key_id: str | None = None


def may_play(
    actor: Actor,
    call: Call,
    recording: Recording,
    *,
    now: datetime,
    drawn: bool = False,
    opened: bool = False,
) -> str | None:
    """Return why this actor may not hear it, or None; that he may see the call is asked before.

    `drawn`: it is in an inspector's sample; `opened`: an auditor has given his reason.
    """
    if actor.role in _WATCHING:
        return None
    if actor.role is Role.INSPECTOR:
        return None if drawn else "质检员只能播放抽检到、且自己没有经办过的录音"
    if actor.role is Role.AUDITOR:
        return None if opened else "审计员须先填写理由再播放录音"
    if actor.role not in _OWN:
        return f"“{actor.role.label}”不能播放录音"
    # A message reached nobody: whoever is at the desk works on it.
    nobody_s = recording.kind in ("voicemail", "note") and actor.role is Role.OPERATOR
    if not is_own(actor, call) and not nobody_s:
        return "只有接听这通电话的人员可以播放录音"
    if actor.role is Role.OPERATOR and now - recording.created_at > OWN_FOR:
        return f"超过{OWN_FOR.days}天的录音由值班长播放"
    return None


def playable(
    session: Session, actor: Actor, call_ids: Sequence[int], *, now: datetime
) -> dict[int, list[Recording]]:
    """Return the recordings that this actor may hear of calls which he sees, by call, oldest first."""
    rows = session.execute(
        select(Call, Recording)
        .join(Recording, Recording.call_id == Call.id)
        .where(Call.id.in_(call_ids), Recording.state != "deleted")
        .order_by(Recording.id)
    )
    found: dict[int, list[Recording]] = {}
    for call, recording in rows:
        if _refusal(session, actor, call, recording, now=now) is None:
            found.setdefault(call.id, []).append(recording)
    return found


def recordings_of(
    session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime
) -> list[Recording]:
    """Return what this actor may hear of a call; raises NotFound."""
    call = find_call(session, actor, sid, seals=seals)
    return playable(session, actor, [call.id], now=now).get(call.id, [])


def hear(
    session: Session,
    actor: Actor,
    recording_id: int,
    *,
    seals: Seals,
    now: datetime,
    goes_on: bool = False,
) -> Hearing:
    """Write down that somebody listens, and return what he hears; raises NotFound, NotAllowed, WrongState.

    `goes_on`: not its beginning; whoever has just begun to hear it is not written down again.
    """
    recording = session.get(Recording, recording_id)
    call = session.get(Call, recording.call_id) if recording is not None else None
    if recording is None or call is None or recording.state == "deleted":
        raise NotFound("recording", recording_id)
    find_call(session, actor, call.sid, seals=seals)
    refusal = _refusal(session, actor, call, recording, now=now)
    if refusal is not None:
        raise NotAllowed("play_recording", refusal)
    if recording.path is None or recording.sha256 is None:
        raise WrongState(call.sid, "play_recording", recording.state, "录音正在取回，请稍后再试")
    payload = {"recording_id": recording.id, "kind": recording.kind, "call": call.sid}
    ticket = draft_of(session, call)
    if goes_on and is_hearing(session, actor, recording.id, ticket, now=now):
        return Hearing(recording.id, recording.path, recording.sha256, recording.key_id)
    if ticket is not None:
        log(session, ticket, "RecordingPlayed", by=actor.by, now=now, payload=payload)
    else:
        record(session, "RecordingPlayed", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return Hearing(recording.id, recording.path, recording.sha256, recording.key_id)


def _refusal(
    session: Session, actor: Actor, call: Call, recording: Recording, *, now: datetime
) -> str | None:
    return may_play(
        actor,
        call,
        recording,
        now=now,
        drawn=_drawn(session, actor, call),
        opened=actor.role is Role.AUDITOR and is_opened(session, actor, call, now=now),
    )


def _drawn(session: Session, actor: Actor, call: Call) -> bool:
    if actor.role is not Role.INSPECTOR:
        return False
    ticket = draft_of(session, call)
    return ticket is not None and is_drawn_for(session, actor, ticket.id)


def sound_of(hearing: Hearing, *, folder: Path, ring: KeyRing) -> bytes:
    """Return the recording's WAV; raises RecordingDamaged."""
    try:
        sound = ring.open(hearing.key_id, (folder / hearing.path).read_bytes(), hearing.path)
    except (OSError, CannotOpen) as error:
        raise RecordingDamaged(f"recording {hearing.recording_id}") from error
    if hashlib.sha256(sound).hexdigest() != hearing.sha256:
        raise RecordingDamaged(f"recording {hearing.recording_id}: another checksum")
    return sound
