"""Callers for the console's tests: rows as the voice side writes them, without a carrier."""

from __future__ import annotations

from sqlalchemy import select

from hotline.calls.incoming import find_or_make
from hotline.calls.locks import lock_by_sid
from hotline.calls.models import Leg
from hotline.calls.status import Conversation, move
from hotline.line import conversations, endings, return_calls, waiting
from tests.web.house import House

WORKER = "+8613953100001"
OWN_NUMBER = "053112351"


def caller_waits(
    house: House,
    sid: str = "CA1",
    *,
    number: str = WORKER,
    line: str = "general",
    category: str | None = None,
    said: tuple[str, ...] = (),
) -> None:
    """Let somebody call and stand in a line."""
    services = house.services
    with house.database.writing() as session:
        call = find_or_make(
            session, sid, from_raw=number, to_raw=OWN_NUMBER, policy=services.policy, now=house.clock()
        )
        call.path, call.said, call.category = ["1 劳动权益", "1 欠薪"], list(said), category
        waiting.enter(
            session, call, services.lines.get(line), skill=None, policy=services.policy, now=house.clock()
        )
        move(call, Conversation.WAITING)


def both_join(house: House, sid: str = "CA1") -> None:
    """Let the operator's telephone and then the caller come into the conversation."""
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        assert call.conference is not None
        leg = session.scalars(
            select(Leg).where(Leg.call_id == call.id, Leg.kind == "operator").order_by(Leg.id.desc())
        ).first()
        assert leg is not None
        leg.sid = f"{sid}-operator"
        session.flush()
        for each in (leg.sid, sid):
            conversations.joined(
                session,
                call,
                conference=call.conference,
                sid=each,
                lines=house.services.lines,
                now=house.clock(),
            )


def operator_leaves(house: House, sid: str = "CA1") -> None:
    """Put the operator's telephone down, and report that it has gone out of the conversation."""
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        assert call.conference is not None
        leg = session.scalars(select(Leg).where(Leg.sid == f"{sid}-operator")).one()
        conversations.hang_up(session, leg, now=house.clock())
        conversations.left(
            session,
            call,
            conference=call.conference,
            sid=f"{sid}-operator",
            lines=house.services.lines,
            now=house.clock(),
        )


def caller_hangs_up(house: House, sid: str = "CA1") -> None:
    """Report that the caller's telephone is down."""
    services = house.services
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        endings.caller_gone(session, call, policy=services.policy, lines=services.lines, now=house.clock())


def asks_for_a_return_call(house: House, sid: str = "CA1", *, number: str = WORKER) -> int:
    """Let somebody call, wait, and be promised a call; return the task's id."""
    caller_waits(house, sid, number=number)
    services = house.services
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        task = return_calls.book(
            session,
            call,
            reason="requested",
            phone_key=call.from_key,
            policy=services.policy,
            lines=services.lines,
            now=house.clock(),
        )
        assert task is not None
        return task.id
