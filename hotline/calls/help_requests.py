"""Asking a supervisor for help in the middle of a conversation; the alarm stands until somebody takes it or it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotFound
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, tell
from hotline.calls.access import Seals
from hotline.calls.commands import conversation_of
from hotline.calls.log import Verb, changed, log
from hotline.calls.models import Call
from hotline.calls.status import IN_CONVERSATION
from hotline.calls.talk_models import HelpRequest

LONGEST_TEXT: Final = 200
ALARMED: Final = (Role.SUPERVISOR, Role.DUTY_LEADER)
HELD: Final = "held"


def ask(session: Session, actor: Actor, sid: str, *, text: str, seals: Seals, now: datetime) -> Call:
    """Call for a supervisor; asking twice is asking once. Raises NotFound, NotAllowed, WrongState, Invalid."""
    if len(text) > LONGEST_TEXT:
        raise Invalid({"text": f"不超过{LONGEST_TEXT}字"})
    call = conversation_of(session, actor, sid, "help", seals=seals)
    raise_alarm(session, call, reason="asked", text=text.strip(), now=now)
    return call


def raise_alarm(session: Session, call: Call, *, reason: str, text: str, now: datetime) -> HelpRequest:
    """Write a request for help about a locked call, or return the one that stands."""
    standing = open_of(session, call)
    if standing is not None:
        return standing
    made = HelpRequest(
        call_id=call.id, user_id=call.operator_id, reason=reason, text=text, at=now, state="open"
    )
    session.add(made)
    session.flush()
    name = session.scalar(select(User.display_name).where(User.id == call.operator_id)) or ""
    what = "来电人已保持很久" if reason == HELD else "请求协助"
    for role in ALARMED:
        session.add(Notice(at=now, kind="alarm", role=role.value, text=f"{name}{what}"[:300]))
    log(session, call, Verb.SUPERVISE, now=now, user_id=call.operator_id, mode="help", reason=reason)
    changed(session, call, now=now)
    _tell(session, made, now)
    return made


def withdraw(session: Session, actor: Actor, sid: str, *, seals: Seals, now: datetime) -> Call:
    """Take the request back; none that stands is no error. Raises NotFound, NotAllowed, WrongState."""
    call = conversation_of(session, actor, sid, "help", seals=seals)
    standing = open_of(session, call)
    if standing is not None:
        _settle(session, standing, "withdrawn", now=now)
        changed(session, call, now=now)
    return call


def answer(session: Session, actor: Actor, help_id: int, *, now: datetime) -> None:
    """Say that one is coming; raises NotFound. One that somebody has answered already is no error."""
    found = session.scalar(select(HelpRequest).where(HelpRequest.id == help_id).with_for_update())
    if found is None:
        raise NotFound("help_request", help_id)
    answered(session, found, by=actor.user_id, now=now)


def answered(session: Session, found: HelpRequest, *, by: int | None, now: datetime) -> None:
    """Write down who took a request that stands."""
    if found.state != "open":
        return
    found.answered_by_id = by
    _settle(session, found, "answered", now=now)
    call = session.get_one(Call, found.call_id)
    changed(session, call, now=now)


def open_of(session: Session, call: Call) -> HelpRequest | None:
    """Return the request about this call that nobody has answered."""
    return session.scalar(
        select(HelpRequest).where(HelpRequest.call_id == call.id, HelpRequest.state == "open")
    )


def standing(session: Session) -> Sequence[HelpRequest]:
    """Return every request that nobody has answered, the oldest first."""
    query = select(HelpRequest).where(HelpRequest.state == "open").order_by(HelpRequest.at, HelpRequest.id)
    return session.scalars(query.limit(200)).all()


def withdraw_over(session: Session, *, now: datetime) -> int:
    """Take back requests about conversations that are over; return how many."""
    if session.scalar(select(HelpRequest.id).where(HelpRequest.state == "open").limit(1)) is None:
        return 0
    talking = select(Call.id).where(Call.conversation_state.in_([each.value for each in IN_CONVERSATION]))
    over = session.scalars(
        update(HelpRequest)
        .where(HelpRequest.state == "open", HelpRequest.call_id.not_in(talking))
        .values(state="withdrawn", settled_at=now)
        .returning(HelpRequest.id)
    ).all()
    for each in over:
        tell(session, Fact("line", f"help:{each}", int(now.timestamp() * 1000), now, ("centre",)))
    return len(over)


def _settle(session: Session, found: HelpRequest, state: str, *, now: datetime) -> None:
    found.state, found.settled_at = state, now
    _tell(session, found, now)


def _tell(session: Session, found: HelpRequest, now: datetime) -> None:
    version = int(now.timestamp() * 1000)
    tell(session, Fact("line", f"help:{found.id}", version, now, ("centre",)))
