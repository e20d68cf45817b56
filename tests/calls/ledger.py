"""What calls have left in the database, in words that a reader of a story understands."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.database import Database
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.rules.phones import normalise
from hotline.calls.follow_up_models import FollowUp
from hotline.calls.log import Verb
from hotline.calls.models import Call, CallLog, Recording, TicketCall
from hotline.line.models import Presence, ReturnCall

_TOLD = (
    "line",
    "reason",
    "by",
    "solved",
    "satisfied",
    "declined",
    "result",
    "number",
    "confirmed",
    "warnings",
    "style",
    "to",
)
"""What the diary says beside the verb; seconds and ids are left out."""


def record_of(
    database: Database, sids: Collection[str], *, number: str, seats: Iterable[str]
) -> dict[str, Any]:
    """Return the calls of a telephone, what is owed to its number, and in which state the operators are."""
    phone = normalise(number)
    with database.reading() as session:
        query = select(Call).where(or_(Call.sid.in_(sids), Call.to_raw == (phone.e164 or number)))
        calls = [_call(session, each) for each in session.scalars(query.order_by(Call.id))]
        owed = [
            _owed(each) for each in session.scalars(select(ReturnCall).where(ReturnCall.phone == phone.e164))
        ]
        follow_ups = [
            _follow_up(session, each)
            for each in session.scalars(
                select(FollowUp)
                .join(Call, Call.id == FollowUp.call_id)
                .where(Call.to_raw == (phone.e164 or number))
            )
        ]
        states = session.execute(
            select(User.name, Presence.state).join(Presence, Presence.user_id == User.id)
        ).all()
    found = {
        "calls": calls,
        "owed": owed,
        "follow_ups": follow_ups,
        "seats": {name: state for name, state in states if name in set(seats)},
    }
    return {name: each for name, each in found.items() if each}


def _call(session: Session, call: Call) -> dict[str, Any]:
    tickets = session.execute(
        select(Ticket, TicketCall.relation)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(TicketCall.call_id == call.id)
        .order_by(TicketCall.ordinal)
    ).all()
    messages = session.scalars(
        select(Recording.id).where(Recording.call_id == call.id, Recording.kind != "conversation")
    ).all()
    diary = session.execute(
        # The recording follows the conversation by its own orders; tests/calls/test_recordings.py tells that story.
        select(CallLog.verb, CallLog.data)
        .where(CallLog.call_id == call.id, CallLog.verb != Verb.RECORD.value)
        .order_by(CallLog.id)
    ).all()
    found = {
        "direction": call.direction,
        "from": call.from_raw,
        "carrier_status": call.carrier_status,
        "conversation_state": call.conversation_state,
        "outcome": call.outcome,
        "language": call.language,
        "line": call.line,
        "category": call.category,
        "flow": call.flow if call.flow != "day" else None,
        "crisis": call.crisis,
        "warnings": call.warnings,
        "path": list(call.path),
        "said": list(call.said),
        "diary": [
            " ".join([verb, *(str(data[name]) for name in _TOLD if name in data)]) for verb, data in diary
        ],
        "messages": len(messages),
        "tickets": [_ticket(ticket, relation) for ticket, relation in tickets],
    }
    return {name: each for name, each in found.items() if each not in (None, [], 0)}


def _ticket(ticket: Ticket, relation: str) -> dict[str, Any]:
    found = {
        "relation": relation,
        "channel": ticket.channel,
        "state": ticket.state,
        "category": ticket.category,
        "urgency": ticket.urgency,
    }
    return {name: each for name, each in found.items() if each is not None}


def _follow_up(session: Session, row: FollowUp) -> dict[str, Any]:
    ticket = session.get_one(Ticket, row.ticket_id)
    found = {
        "state": row.state,
        "attempts": row.attempts,
        "solved": row.solved,
        "satisfied": row.satisfied,
        "reason": row.reason,
        "ticket": ticket.state,
    }
    return {name: each for name, each in found.items() if each is not None}


def _owed(task: ReturnCall) -> dict[str, Any]:
    found = {
        "reason": task.reason,
        "state": task.state,
        "line": task.line,
        "outcome": task.outcome,
        "attempts": task.attempts,
        "keeps_place": task.place_at is not None,
    }
    return {name: each for name, each in found.items() if each not in (None, 0, False)}
