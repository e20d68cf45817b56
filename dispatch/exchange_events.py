"""What a partner must be told: each command on an exchanged ticket becomes an event row and a delivery with it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.clocks import live
from dispatch.events import ticket_stream
from dispatch.models.history import StreamHead
from dispatch.models.partners import Partner, PartnerEvent, PartnerLink
from dispatch.models.tickets import Handling, Ticket
from dispatch.move import Move
from dispatch.rules.partner_terms import OVER, ExchangeState, Speaks, Told
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ENDED_STATES, ClockKind, Command, State

DELIVERY: Final = "partner_event"
"""The kind of the outbox rows."""
OFFERING: Final = frozenset(
    {
        Command.DISPATCH,
        Command.ASSIGN_DOWN,
        Command.DECIDE_OBJECTION,
        Command.ESCALATE_LEVEL,
        Command.ADD_CO_HANDLER,
        Command.REMOVE_CO_HANDLER,
    }
)
"""After these another union has the ticket, and perhaps a partner stands for it."""

_OVER: Final = [state.value for state in OVER]


def after(move: Move) -> None:
    """Offer the ticket to whoever stands for its unions now, and tell partners what the command did."""
    if move.command in OFFERING:
        _offer(move)
    if move.ticket.exchanged:
        _tell_all(move)


def link_to(
    session: Session,
    partner: Partner,
    ticket: Ticket,
    *,
    direction: str,
    now: datetime,
    external_id: str | None = None,
    **more: Any,
) -> PartnerLink:
    """Begin the exchange of a ticket with a partner."""
    told = session.scalar(
        select(func.count()).where(PartnerLink.partner_id == partner.id, PartnerLink.ticket_id == ticket.id)
    )
    link = PartnerLink(
        partner_id=partner.id,
        ticket_id=ticket.id,
        direction=direction,
        # A case that is offered again is another case for the other side.
        number=ticket.number if not told else f"{ticket.number}.{told + 1}",
        external_id=external_id,
        state=ExchangeState.OFFERED.value,
        created_at=now,
        changed_at=now,
        **more,
    )
    session.add(link)
    ticket.exchanged = True
    session.flush()
    return link


def tell(
    session: Session,
    link: PartnerLink,
    kind: Told,
    *,
    now: datetime,
    state: ExchangeState | None = None,
    event_seq: int | None = None,
    **facts: Any,
) -> PartnerEvent:
    """Write down one thing that the partner is told, and its delivery; `state` is where the case stands now."""
    if state is not None:
        link.state = state.value
    link.changed_at = now
    partner = session.get_one(Partner, link.partner_id)
    event = PartnerEvent(
        uid=f"msg_{secrets.token_hex(16)}",
        link_id=link.id,
        kind=kind.value,
        event_seq=event_seq,
        facts={"state": link.state, **{name: _plain(value) for name, value in facts.items()}},
        at=now,
    )
    session.add(event)
    session.flush()
    if partner.speaks != Speaks.NOTHING.value and partner.disabled_at is None:
        event.outbox_id = outbox.put(
            session,
            "slow",
            DELIVERY,
            {"event_id": event.id},
            now=now,
            key=f"partner:{event.uid}",
            ticket_id=link.ticket_id,
        )
        session.flush()
    return event


def live_links(session: Session, ticket_id: int) -> Sequence[PartnerLink]:
    """Return the ticket's exchanges that are not over, the oldest first."""
    return session.scalars(_LIVE, {"ticket": ticket_id}).all()


def offer(session: Session, partner: Partner, ticket: Ticket, *, now: datetime, **more: Any) -> PartnerLink:
    """Give a partner one of our cases."""
    link = link_to(session, partner, ticket, direction="out", now=now, target_org=partner.name, **more)
    tell(session, link, Told.CREATED, now=now)
    return link


def consent_of(ticket: Ticket) -> str | None:
    """Return on what basis the union that takes the ticket may learn who called: what the caller agreed to."""
    return "consent" if ticket.disclosure in ("union", "employer") and not ticket.sealed else None


def _offer(move: Move) -> None:
    session, ticket = move.session, move.ticket
    if ticket.exchanged:
        _withdraw_from_former(move)
    wanted: list[tuple[Partner, Ticket]] = [
        (partner, ticket) for partner in session.scalars(_STANDING, {"ticket": ticket.id}).all()
    ]
    if "child" in move.notes:
        child = session.scalars(select(Ticket).where(Ticket.number == move.notes["child"])).one()
        standing = session.scalar(
            select(Partner).where(Partner.union_id == child.origin_union_id, Partner.disabled_at.is_(None))
        )
        wanted += [(standing, child)] if standing is not None else []
    for partner, offered in wanted:
        there = any(link.partner_id == partner.id for link in live_links(session, offered.id))
        if there or partner.user_id == move.actor.user_id:
            continue
        if offered.sealed:
            move.tell("alarm", f"密件不经接口交换，请与{partner.name}线下办理", role=Role.DISPATCHER)
            continue
        offer(session, partner, offered, now=move.now, consent_basis=consent_of(offered))


def _withdraw_from_former(move: Move) -> None:
    """Whoever stands for a union that no longer has the ticket learns that it is no longer its case."""
    session, ticket = move.session, move.ticket
    having = set(
        session.scalars(
            select(Handling.union_id).where(Handling.ticket_id == ticket.id, Handling.ended_at.is_(None))
        )
    )
    for link in live_links(session, ticket.id):
        union = session.get_one(Partner, link.partner_id).union_id
        if link.direction == "out" and union is not None and union not in having:
            tell(
                session,
                link,
                Told.WITHDRAWN,
                now=move.now,
                state=ExchangeState.WITHDRAWN,
                step="redispatched",
            )


def _tell_all(move: Move) -> None:
    session = move.session
    links = live_links(session, move.ticket.id)
    if not links:
        return
    seq = session.scalar(select(StreamHead.seq).where(StreamHead.stream == ticket_stream(move.ticket.id)))
    for link in links:
        partner = session.get_one(Partner, link.partner_id)
        if move.actor.of_partner and move.actor.user_id == partner.user_id:
            # It knows what it did itself; its own route has set where the case stands.
            continue
        said = _said_to_source(move) if link.direction == "in" else _said_to_target(move)
        if said is None:
            continue
        kind, state, facts = said
        tell(session, link, kind, now=move.now, state=state, event_seq=seq, **facts)
        if move.command is Command.MERGE and link.direction == "in" and move.ticket.parent_id is not None:
            # What becomes of the case is told from the ticket into which it went.
            link.ticket_id = move.ticket.parent_id
            session.get_one(Ticket, link.ticket_id).exchanged = True


Said = tuple[Told, ExchangeState | None, dict[str, Any]]


def _said_to_source(move: Move) -> Said | None:
    """Return what the side that gave us the case learns of a command."""
    made = _TO_SOURCE.get(move.command)
    return made(move) if made is not None else None


def _said_to_target(move: Move) -> Said | None:
    """Return what the side that handles our case learns of a command that was not its own."""
    if move.command in (Command.WITHDRAW, Command.MERGE, Command.TERMINATE):
        over = State(move.ticket.state) in ENDED_STATES
        return (Told.WITHDRAWN, ExchangeState.WITHDRAWN, {"step": move.command.value}) if over else None
    if move.command is Command.REVIEW and not move.data.get("approved"):
        return Told.APPENDED, ExchangeState.IN_PROGRESS, {"step": "result_rejected"}
    if move.command in (Command.REVIEW, Command.RECORD_CALLBACK) and move.ticket.state == State.CLOSED.value:
        return Told.CALLBACK, ExchangeState.CLOSED, _answers(move)
    if move.command is Command.DECIDE_EXTENSION:
        granted = bool(move.data.get("approved"))
        return Told.EXTENDED, None, {"granted": granted, "due_at": _due(move)}
    if move.command in (Command.ADD_PROGRESS, Command.NUDGE, Command.SUPERVISE):
        return Told.APPENDED, None, {"step": move.command.value}
    return None


def _progress(step: str, state: ExchangeState | None = None) -> Callable[[Move], Said]:
    def said(move: Move) -> Said:
        names = {name: move.notes[name] for name in ("union",) if name in move.notes}
        return Told.PROGRESS, state, {"step": step, **({} if move.ticket.sealed else names)}

    return said


def _contact(move: Move) -> Said:
    at = move.data.get("at") or move.now
    return Told.PROGRESS, None, {"step": "contacted", "contacted_at": at, "means": move.data.get("means")}


def _signed(move: Move) -> Said | None:
    lead = move.handling is not None and move.handling.role == "lead"
    return (Told.PROGRESS, ExchangeState.IN_PROGRESS, {"step": "signed"}) if lead else None


def _extended(move: Move) -> Said | None:
    if not move.data.get("approved"):
        return None
    return Told.EXTENDED, None, {"granted": True, "due_at": _due(move)}


def _due(move: Move) -> datetime | None:
    """Return by when the case must be resolved after this command."""
    dues = [clock.due_at for clock in live(move.session, move.ticket.id, [ClockKind.RESOLVE])]
    return min((due for due in dues if due is not None), default=None)


def _reviewed(move: Move) -> Said | None:
    to_state = move.transition.to_state
    if to_state is State.PENDING_CALLBACK:
        return Told.RESULT, ExchangeState.REPORTED, {"outcome": "reported"}
    if to_state is State.CLOSED:
        return Told.RESULT, ExchangeState.CLOSED, {"outcome": move.ticket.outcome}
    return None


def _called_back(move: Move) -> Said | None:
    if move.transition.outcome in ("followed_up", "not_reached"):
        return None
    closed = move.ticket.state == State.CLOSED.value
    return Told.CALLBACK, ExchangeState.CLOSED if closed else None, _answers(move)


def _answers(move: Move) -> dict[str, Any]:
    given = {name: move.data.get(name) for name in ("reached", "solved", "satisfied")}
    return {**given, "reached": bool(given["reached"]), "outcome": move.ticket.outcome}


def _terminated(move: Move) -> Said | None:
    ended = move.ticket.state == State.TERMINATED.value
    return (Told.RESULT, ExchangeState.CLOSED, {"outcome": "terminated"}) if ended else None


def _paid(move: Move) -> Said:
    return Told.PROGRESS, None, {"step": "paid", "amount_cents": move.data.get("amount_cents")}


_TO_SOURCE: Final[Mapping[Command, Callable[[Move], Said | None]]] = {
    Command.ACCEPT: lambda _: (Told.ACCEPTED, ExchangeState.ACCEPTED, {}),
    Command.DECLINE: lambda _: (Told.REJECTED, ExchangeState.REJECTED, {"reason_code": "declined"}),
    Command.VOID: lambda move: (
        Told.REJECTED,
        ExchangeState.REJECTED,
        {"reason_code": move.data.get("reason_code")},
    ),
    Command.DIRECT_ANSWER: lambda _: (Told.RESULT, ExchangeState.CLOSED, {"outcome": "answered"}),
    Command.DISPATCH: _progress("dispatched"),
    Command.ASSIGN_DOWN: _progress("dispatched"),
    Command.ESCALATE_LEVEL: _progress("dispatched"),
    Command.SIGN_FOR: _signed,
    Command.RECORD_FIRST_CONTACT: _contact,
    Command.ADD_PROGRESS: _progress("note"),
    Command.AWAIT_CALLER: _progress("awaiting_caller"),
    Command.SUSPEND: _progress("suspended"),
    Command.RESUME: _progress("resumed"),
    Command.DECIDE_EXTENSION: _extended,
    Command.REVIEW: _reviewed,
    Command.RECORD_CALLBACK: _called_back,
    Command.REOPEN: _progress("reopened", ExchangeState.IN_PROGRESS),
    Command.RECORD_PAYMENT: _paid,
    Command.TERMINATE: _terminated,
    Command.WITHDRAW: lambda _: (Told.WITHDRAWN, ExchangeState.WITHDRAWN, {"step": "withdraw"}),
    Command.MERGE: _progress("merged"),
}
"""What becomes of a case is told to where it came from, by itself."""


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


_STANDING: Final = (
    select(Partner)
    .join(Handling, Handling.union_id == Partner.union_id)
    .where(
        Handling.ticket_id == bindparam("ticket"), Handling.ended_at.is_(None), Partner.disabled_at.is_(None)
    )
)
_LIVE: Final = (
    select(PartnerLink)
    .where(PartnerLink.ticket_id == bindparam("ticket"), PartnerLink.state.not_in(_OVER))
    .order_by(PartnerLink.id)
)
