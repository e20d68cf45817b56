"""What follows when a caller's telephone is down, whoever tells of it first: status report, refused command, reconciler."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.policy import Policy
from hotline.calls.drafts import is_linked
from hotline.calls.log import Verb, changed
from hotline.calls.models import Call, Leg
from hotline.calls.outcomes import CALLBACK, OWED_A_CALL, Outcome, had_conversation, outcome_of
from hotline.calls.status import Conversation, is_talking, move
from hotline.line import conversations, follow_ups, offers, return_calls, transfers, waiting
from hotline.line import presence as presences
from hotline.line.lines import Lines
from hotline.line.presence import State

_RUNG: Final = frozenset({"busy", "no_answer", "completed"})
"""Ends of a call-out at which the other telephone did ring; the report that it was answered may come after the end."""


def caller_gone(session: Session, call: Call, *, policy: Policy, lines: Lines, now: datetime) -> None:
    """End everything that hangs on this caller: nobody rings on, nobody stays reserved, and the reason is recorded."""
    if call.conversation_state == Conversation.ENDED.value:
        return
    talked = is_talking(call)
    conversations.end(session, call, by=conversations.CALLER, lines=lines, now=now)
    row = waiting.waiting_of(session, call)
    was_waiting = row is not None and row.state in waiting.IN_LINE
    if row is not None and was_waiting:
        offers.leave_line(session, call, row, reason="abandoned", verb=Verb.ABANDON, now=now)
    if not talked:
        _let_operator_go(session, call, now=now)
    move(call, Conversation.ENDED)
    call.ended_at = call.ended_at or now
    _settle(session, call, was_waiting=was_waiting, policy=policy, lines=lines, now=now)
    changed(session, call, now=now)
    offers.offer_waiting(session, lines=lines, now=now)


def _settle(
    session: Session, call: Call, *, was_waiting: bool, policy: Policy, lines: Lines, now: datetime
) -> None:
    outcome = outcome_of(session, call, was_waiting=was_waiting)
    sent_on = was_waiting and transfers.waits_after_a_transfer(session, call)
    call.outcome = outcome.value
    if call.direction == CALLBACK:
        rung = call.answered_at is not None or call.carrier_status in _RUNG
        follow_ups.ended(session, call, rung=rung, policy=policy, now=now)
        if not was_waiting:
            return
    elif call.direction != "inbound":
        if outcome is Outcome.NOT_REACHED:
            return_calls.not_reached(session, call, now=now)
        else:
            return_calls.spoke(session, call, now=now)
        if not sent_on:
            return
    reason = OWED_A_CALL.get(outcome)
    if reason is None and sent_on:
        # He had spoken with somebody, but not with whom he was sent on to.
        reason = OWED_A_CALL[Outcome.ABANDONED]
    if reason is not None:
        return_calls.book(
            session, call, reason=reason, phone_key=call.from_key, policy=policy, lines=lines, now=now
        )
    elif had_conversation(session, call):
        return_calls.reached(session, call.from_key, now=now)


def _let_operator_go(session: Session, call: Call, *, now: datetime) -> None:
    """Free the operator of a call-out that never became a conversation."""
    legs = session.scalars(
        select(Leg).where(Leg.call_id == call.id, Leg.kind != conversations.CALLER, Leg.left_at.is_(None))
    )
    for leg in list(legs):
        conversations.hang_up(session, leg, now=now)
    if call.direction != "return_call" or call.operator_id is None:
        return
    presence = presences.lock(session, call.operator_id, now=now)
    if presence.call_id == call.id and presence.state in (State.RESERVED.value, State.TALKING.value):
        presences.enter(session, presence, State.READY, now=now)


def record_outcome(
    session: Session, call: Call, outcome: Outcome, *, note: str | None, now: datetime
) -> None:
    """Write down what a person says of a call that needs no ticket."""
    call.note = note or call.note
    if not is_linked(session, call):
        call.outcome = outcome.value
    changed(session, call, now=now)
