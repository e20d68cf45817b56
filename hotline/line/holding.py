"""Callers on hold: the operator is reminded of each one, and after some reminders a supervisor is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hotline.calls.help_requests import HELD, raise_alarm
from hotline.calls.locks import lock_by_id
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call
from hotline.calls.status import is_talking
from hotline.calls.talk_policy import TalkPolicy
from hotline.line import legs

BATCH: Final = 50


def recall_due(session: Session, *, policy: TalkPolicy, now: datetime) -> int:
    """Remind the operators of callers who have been on hold too long; return how many reminders went out."""
    due = session.scalars(
        select(Call.id)
        .where(Call.held_since <= now - policy.recall_after)
        .order_by(Call.held_since)
        .limit(BATCH)
    ).all()
    reminded = 0
    for call_id in due:
        call = lock_by_id(session, call_id, skip_locked=True)
        if call is None:
            continue
        if not is_talking(call) or not call.on_hold:
            call.held_since = None
        elif _is_due(call, policy, now):
            _remind(session, call, policy=policy, now=now)
            reminded += 1
    return reminded


def next_due(session: Session, *, policy: TalkPolicy) -> datetime | None:
    """Return the moment of the next first reminder; later ones wait for the next look at the clock."""
    earliest = session.scalar(
        select(func.min(Call.held_since)).where(Call.held_since.is_not(None), Call.recalls == 0)
    )
    return earliest + policy.recall_after if earliest is not None else None


def held_too_long_at(call: Call, policy: TalkPolicy) -> datetime | None:
    """Return when the operator is reminded next; None while nobody is on hold."""
    return call.held_since + _after(call, policy) if call.held_since is not None else None


def _is_due(call: Call, policy: TalkPolicy, now: datetime) -> bool:
    return call.held_since is not None and call.held_since + _after(call, policy) <= now


def _after(call: Call, policy: TalkPolicy) -> timedelta:
    return policy.recall_after * (call.recalls + 1)


def _remind(session: Session, call: Call, *, policy: TalkPolicy, now: datetime) -> None:
    call.recalls += 1
    log(session, call, Verb.HOLD, now=now, user_id=call.operator_id, recall=call.recalls)
    changed(session, call, now=now)
    for leg in legs.present(session, call, (legs.OPERATOR,)):
        legs.command(
            session, "recall", {"leg_id": leg.id}, key=f"leg:{leg.id}:recall:{call.version}", now=now
        )
    if call.recalls == policy.recalls and call.operator_id is not None:
        raise_alarm(session, call, reason=HELD, text="", now=now)
