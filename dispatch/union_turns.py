"""A union's turn at a ticket begins and ends here, for lead and co-handlers alike; a recused union's never begins."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import clocks
from dispatch.errors import Invalid, NotAllowed, NotFound
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.rules.recusal import recused
from dispatch.rules.ticket_state import ClockKind
from dispatch.scope import accused_of, corporate_of, employers_of, view_of


def union_named(move: Move, union_id: int) -> Union:
    """Return the union of this id; raises NotFound."""
    union = move.session.get(Union, union_id)
    if union is None or union.closed_at is not None:
        raise NotFound("union", union_id)
    return union


def recusal_of(session: Session, ticket: Ticket, union: Union) -> str | None:
    """Return why this union may not have the ticket, a Chinese phrase, or None; all its employers count."""
    employers = employers_of(session, ticket.id)
    return recused(
        view_of(union),
        employers,
        rights_defence=ticket.rights_defence,
        consent=ticket.recusal_waived,
        accused=accused_of(session, ticket),
        corporate=corporate_of(session, employers),
    )


def receiver(move: Move, union_id: int) -> Union:
    """Return the union to which the ticket goes; raises where it cannot or must not receive it."""
    union = union_named(move, union_id)
    if not view_of(union).can_receive:
        raise Invalid({"union_id": f"{union.name}目前不能接收工单"})
    reason = recusal_of(move.session, move.ticket, union)
    if reason is not None:
        raise NotAllowed(move.command.value, f"{union.name}须回避：{reason}")
    return union


def begin(
    move: Move, union: Union, *, reasons: Iterable[str], override: str | None, role: str = "lead"
) -> Handling:
    """Begin a union's turn; as lead it answers for the ticket from now on."""
    handling = Handling(
        ticket_id=move.ticket.id,
        union_id=union.id,
        role=role,
        state="dispatched",
        dispatched_at=move.now,
        dispatched_by_id=move.actor.user_id,
        reasons=list(reasons),
        override_reason=override,
    )
    move.session.add(handling)
    move.session.flush()
    if role == "lead":
        move.ticket.lead_union_id = union.id
        move.notes |= {"union": union.name, "reasons": handling.reasons}
        move.tell("dispatched", "新工单待签收", union_id=union.id)
    else:
        move.notes["co_handlers"] = [*move.notes.get("co_handlers", ()), union.name]
        move.tell("dispatched", "请协办，待签收", union_id=union.id)
    return handling


def current(session: Session, ticket: Ticket, role: str | None = None) -> list[Handling]:
    """Return the turns that go on, the oldest first."""
    query = select(Handling).where(Handling.ticket_id == ticket.id, Handling.ended_at.is_(None))
    if role is not None:
        query = query.where(Handling.role == role)
    return list(session.scalars(query.order_by(Handling.id)))


def end(move: Move, turns: Iterable[Handling], *, state: str = "ended", reason: str | None = None) -> None:
    """End turns with their clocks; `closed` keeps a union's sight of the ticket."""
    for handling in turns:
        handling.state, handling.ended_at, handling.end_reason = state, move.now, reason or state
        running = [
            clock
            for clock in clocks.live(move.session, move.ticket.id, ClockKind, handling_id=handling.id)
            if clock.handling_id == handling.id
        ]
        clocks.stop(move.session, running, policy=move.policy, now=move.now, cancelled=True)
    move.session.flush()


def end_lead(move: Move, *, reason: str) -> None:
    """End the lead union's turn and those of its assigners; co-handlers go on."""
    end(move, current(move.session, move.ticket, "lead"), reason=reason)


def end_all(move: Move, *, state: str = "ended", reason: str | None = None) -> None:
    """End every turn."""
    end(move, current(move.session, move.ticket), state=state, reason=reason)
