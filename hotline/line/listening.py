"""Supervisors in a conversation: what each may be heard by follows from who its operator is at this moment."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call, Leg
from hotline.line import legs
from hotline.line import presence as presences
from hotline.line.presence import State

LISTEN: Final = "listen"
WHISPER: Final = "whisper"
BARGE: Final = "barge"
TAKE_OVER: Final = "take_over"
"""Of a supervisor who becomes the operator as soon as he is in."""
LISTENING_REASON: Final = "监听通话"
"""Why a supervisor who listens takes no calls; when he goes out he is as ready as he was."""


def refresh(session: Session, call: Call, *, now: datetime) -> None:
    """Have the carrier let every supervisor be heard by whom he should be, and by nobody else."""
    for leg in legs.present(session, call, (legs.SUPERVISOR,)):
        # The version makes each order an effect of its own.
        changed(session, call, now=now)
        legs.command(
            session, "supervise", {"leg_id": leg.id}, key=f"leg:{leg.id}:supervise:{call.version}", now=now
        )


def heard_by(session: Session, call: Call, leg: Leg) -> tuple[bool, str | None]:
    """Return whether this one is muted, and the only leg that hears him; (False, None) when everybody does."""
    if leg.kind != legs.SUPERVISOR or leg.mode in (BARGE, TAKE_OVER):
        return False, None
    operators = legs.present(session, call, (legs.OPERATOR,))
    if leg.mode != WHISPER or not operators:
        return True, None
    return False, operators[-1].sid


def left(session: Session, call: Call, leg: Leg, *, now: datetime) -> None:
    """A supervisor is out; told twice, by conference and by telephone, it is one fact."""
    if leg.mode is None:
        return
    leg.mode = None
    log(session, call, Verb.SUPERVISE, now=now, user_id=leg.user_id, mode="left")
    let_go(session, leg, now=now)
    changed(session, call, now=now)


def let_go(session: Session, leg: Leg, *, now: datetime) -> None:
    """Give a supervisor back the state in which he began to listen."""
    if leg.user_id is None:
        return
    presence = presences.find(session, leg.user_id)
    if (
        presence is not None
        and presence.state == State.NOT_READY.value
        and presence.reason == LISTENING_REASON
    ):
        presences.enter(session, presence, State.READY, now=now)


def out_of_sealed(session: Session, sealed: ColumnElement[bool], *, now: datetime) -> int:
    """Take supervisors out of conversations that have become sealed; return how many were taken out."""
    rows = session.execute(
        select(Leg.id, Leg.call_id)
        .join(Call, Call.id == Leg.call_id)
        .where(Leg.kind == legs.SUPERVISOR, Leg.left_at.is_(None), sealed)
    ).all()
    taken = 0
    for leg_id, call_id in rows:
        call = lock_by_id(session, call_id, skip_locked=True)
        leg = session.get_one(Leg, leg_id, populate_existing=True)
        if call is None or leg.left_at is not None or leg.kind != legs.SUPERVISOR:
            continue
        legs.hang_up(session, leg, now=now)
        left(session, call, leg, now=now)
        taken += 1
    return taken
