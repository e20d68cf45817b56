"""What screens ask about calls: the list, the screen pop with what is known of the caller, the calls of a ticket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.queries import tickets_of_phone
from dispatch.rules.masking import mask_text
from dispatch.rules.ticket_state import State
from dispatch.ticket_views import TicketLine
from hotline.calls.access import Seals, find_call, is_own, visible_calls
from hotline.calls.called_numbers import CalledNumbers
from hotline.calls.cursors import read_cursor, write_cursor
from hotline.calls.drafts import ORIGIN
from hotline.calls.models import Call, Leg, TicketCall
from hotline.calls.numbers import masked, number_of, place_called, place_of
from hotline.calls.outcomes import CALLBACK, LABELS
from hotline.calls.recordings import playable
from hotline.line.lines import Lines
from hotline.public.quiet import is_quiet

RECENT: Final = timedelta(days=30)
HISTORY_SHOWN: Final = 20
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class CallLine:
    """One row of the list; of the two numbers the worker's is masked."""

    sid: str
    from_: str
    to: str
    direction: str
    carrier_status: str
    conversation_state: str
    outcome: str | None
    started_at: datetime
    ended_at: datetime | None
    tickets: list[str]
    path: list[str]
    language: str


@dataclass(frozen=True, slots=True)
class CallLines:
    """One page; `next` is the cursor of the following page, None at the end."""

    items: list[CallLine]
    next: str | None


@dataclass(frozen=True, slots=True)
class LegView:
    """Another party's line; `sid` is None until the carrier has answered."""

    sid: str | None
    kind: str
    status: str
    user_name: str | None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """An earlier call or ticket of the same number."""

    at: datetime
    kind: Literal["call", "ticket"]
    text: str
    number: str | None


@dataclass(frozen=True, slots=True)
class CallPop(CallLine):
    """The screen pop."""

    from_masked: str
    region: str | None
    said: list[str]
    legs: list[LegView]
    line_label: str | None
    called_label: str | None
    suggested_category: str | None
    open_tickets: list[TicketLine]
    calls_in_30_days: int
    wants_no_messages: bool
    history: list[HistoryView]
    on_hold: bool
    muted: bool
    draft: str | None
    crisis: str | None
    warnings: int
    server_time: datetime


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A recording that the reader may hear; `ready` once it has been fetched from the carrier."""

    id: int
    kind: str
    duration_s: int
    ready: bool


@dataclass(frozen=True, slots=True)
class CallOfTicket:
    """A call that belongs to a ticket."""

    sid: str
    relation: str
    started_at: datetime
    outcome: str | None
    path: list[str]
    recordings: list[RecordingView]


def list_calls(
    session: Session,
    actor: Actor,
    *,
    policy: Policy,
    lines: Lines,
    cursor: str | None = None,
    limit: int = 50,
) -> CallLines:
    """Return one page of what this actor may see, newest first; raises Invalid on a bad cursor."""
    limit = max(1, min(limit, MAX_PAGE))
    query = select(Call).where(visible_calls(actor, Seals.of(policy, lines))).order_by(Call.id.desc())
    if cursor is not None:
        (before,) = read_cursor(cursor, length=1)
        query = query.where(Call.id < before)
    calls = session.scalars(query.limit(limit + 1)).all()
    following = write_cursor(calls[limit - 1].id) if len(calls) > limit else None
    return CallLines(_lines(session, actor, calls[:limit]), following)


def call_pop(
    session: Session,
    actor: Actor,
    sid: str,
    *,
    policy: Policy,
    lines: Lines,
    called: CalledNumbers,
    now: datetime,
) -> CallPop:
    """Return the call with what is known of its caller; raises NotFound."""
    seals = Seals.of(policy, lines)
    call = find_call(session, actor, sid, seals=seals)
    (line,) = _lines(session, actor, [call])
    number = number_of(call)
    own = is_own(actor, call)
    known = tickets_of_phone(session, actor, number, policy=policy, now=now, open_only=False)
    known = [each for each in known if each.number not in line.tickets]
    open_now = tickets_of_phone(session, actor, number, policy=policy, now=now)
    return CallPop(
        **{each.name: getattr(line, each.name) for each in fields(line)},
        from_masked=masked(number),
        region=place_of(session, number) or place_called(session, call),
        said=list(call.said) if own else [mask_text(each) for each in call.said],
        legs=_legs(session, call),
        line_label=lines.get(call.line).label if call.line else None,
        called_label=called.label(call.called),
        suggested_category=_suggested(call, policy),
        # What this call itself has become is in the form, not in the past.
        open_tickets=[each for each in open_now if each.number not in line.tickets],
        calls_in_30_days=_recent_calls(session, actor, call, seals=seals, now=now),
        wants_no_messages=is_quiet(session, call.from_key),
        history=_history(session, actor, call, known, seals=seals),
        on_hold=call.on_hold,
        muted=call.muted,
        draft=_draft(session, actor, call),
        crisis=call.crisis,
        warnings=call.warnings,
        server_time=now,
    )


def calls_of_ticket(session: Session, actor: Actor, number: str, *, now: datetime) -> list[CallOfTicket]:
    """Return the calls of a ticket that this actor may see, oldest first; a union learns of none."""
    if actor.of_union:
        return []
    rows = session.execute(
        select(Call, TicketCall.relation)
        .join(TicketCall, TicketCall.call_id == Call.id)
        .join(Ticket, Ticket.id == TicketCall.ticket_id)
        .where(Ticket.number == number, visible(actor))
        .order_by(Call.started_at, Call.id)
    ).all()
    if not rows:
        return []
    sounds = playable(session, actor, [call.id for call, _ in rows], now=now)
    return [
        CallOfTicket(
            call.sid,
            relation,
            call.started_at,
            call.outcome,
            list(call.path),
            [
                RecordingView(each.id, each.kind, each.duration_s, each.path is not None)
                for each in sounds.get(call.id, [])
            ],
        )
        for call, relation in rows
    ]


def _lines(session: Session, actor: Actor, calls: Sequence[Call]) -> list[CallLine]:
    tickets = _tickets(session, actor, [call.id for call in calls])
    return [_line(call, tickets.get(call.id, [])) for call in calls]


def _line(call: Call, tickets: list[str]) -> CallLine:
    inbound = call.direction == "inbound"
    return CallLine(
        sid=call.sid,
        from_=masked(call.from_raw) if inbound else call.from_raw,
        to=call.to_raw if inbound else masked(call.to_raw),
        direction=call.direction,
        carrier_status=call.carrier_status,
        conversation_state=call.conversation_state,
        outcome=call.outcome,
        started_at=call.started_at,
        ended_at=call.ended_at,
        tickets=tickets,
        path=list(call.path),
        language=call.language,
    )


def _tickets(session: Session, actor: Actor, call_ids: Sequence[int]) -> dict[int, list[str]]:
    rows = session.execute(
        select(TicketCall.call_id, Ticket.number)
        .join(Ticket, Ticket.id == TicketCall.ticket_id)
        .where(TicketCall.call_id.in_(call_ids), visible(actor))
        .order_by(TicketCall.call_id, TicketCall.ordinal)
    )
    found: dict[int, list[str]] = {}
    for call_id, number in rows:
        found.setdefault(call_id, []).append(number)
    return found


def _legs(session: Session, call: Call) -> list[LegView]:
    rows = session.execute(
        select(Leg, User.display_name)
        .outerjoin(User, User.id == Leg.user_id)
        .where(Leg.call_id == call.id)
        .order_by(Leg.id)
    )
    return [LegView(leg.sid, leg.kind, leg.status, name) for leg, name in rows]


def _suggested(call: Call, policy: Policy) -> str | None:
    if policy.category(call.category) is not None:
        return call.category
    found = policy.catalogue.suggest(" ".join(call.said), limit=1)
    return found[0].code if found else None


def _recent_calls(session: Session, actor: Actor, call: Call, *, seals: Seals, now: datetime) -> int:
    """Count the number's calls to us, this one included, as far as the actor may see them."""
    if call.from_key is None:
        return 1
    query = select(func.count()).where(
        Call.from_key == call.from_key,
        Call.direction == "inbound",
        Call.started_at > now - RECENT,
        visible_calls(actor, seals),
    )
    return session.scalar(query) or 0


def _history(
    session: Session, actor: Actor, call: Call, tickets: Sequence[TicketLine], *, seals: Seals
) -> list[HistoryView]:
    found = [
        HistoryView(
            each.created_at, "ticket", f"{each.category_name or '未分类'} · {each.state_label}", each.number
        )
        for each in tickets
    ]
    if call.from_key is not None:
        earlier = session.scalars(
            select(Call)
            .where(Call.from_key == call.from_key, Call.id != call.id, visible_calls(actor, seals))
            .order_by(Call.id.desc())
            .limit(HISTORY_SHOWN)
        )
        found += [HistoryView(each.started_at, "call", _told(each), None) for each in earlier]
    return sorted(found, key=lambda each: each.at, reverse=True)[:HISTORY_SHOWN]


def _told(call: Call) -> str:
    direction = {"inbound": "来电", CALLBACK: "回访"}.get(call.direction, "回电")
    return f"{direction} · {LABELS.get(call.outcome or '', '通话中')}"


def _draft(session: Session, actor: Actor, call: Call) -> str | None:
    return session.scalar(
        select(Ticket.number)
        .join(TicketCall, TicketCall.ticket_id == Ticket.id)
        .where(
            TicketCall.call_id == call.id,
            TicketCall.relation == ORIGIN,
            Ticket.state == State.DRAFT.value,
            visible(actor),
        )
        .order_by(TicketCall.ordinal)
        .limit(1)
    )
