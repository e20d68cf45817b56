"""协办: unions that work on a ticket beside the lead one, each with a turn and clocks of its own."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import linked
from dispatch.clock_moves import lead_handling, start_own
from dispatch.errors import Invalid, NotFound
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind
from dispatch.union_turns import begin, current, end, receiver

CLOCKS: Final = frozenset({ClockKind.SIGN, ClockKind.RESOLVE})


def add(move: Move) -> None:
    """Ask another union to help: across cities as co-handler, across provinces on a ticket of its own."""
    union = receiver(move, move.data["union_id"])
    if union.region_code and union.region_code[:2] != move.policy.province:
        move.unstarted |= CLOCKS
        linked.offer_child(move, union)
        return
    move.began = _join(move, union, reason=move.data["reason"])


def join(move: Move, union_id: int, *, reason: str) -> None:
    """Let a second union handle the ticket from the dispatch on (双派单)."""
    start_own(move, _join(move, receiver(move, union_id), reason=reason), CLOCKS)


def remove(move: Move) -> None:
    """Let a co-handler go; it keeps only that it was there."""
    union_id = move.data["union_id"]
    turns = [each for each in current(move.session, move.ticket, "co") if each.union_id == union_id]
    if not turns:
        raise NotFound("co_handler", union_id)
    end(move, turns, reason="removed")
    union = move.session.get_one(Union, union_id)
    move.notes["union"] = union.name
    move.tell("removed", "不再需要协办", union_id=union.id)


def outstanding(session: Session, ticket: Ticket) -> list[str]:
    """Return the names of those who were asked to help and have not reported yet."""
    unions = session.scalars(
        select(Union.name)
        .join(Handling, Handling.union_id == Union.id)
        .where(
            Handling.ticket_id == ticket.id,
            Handling.role == "co",
            Handling.ended_at.is_(None),
            Handling.state != "reported",
        )
        .order_by(Handling.id)
    ).all()
    children = session.scalars(
        select(Union.name)
        .join(Ticket, Ticket.origin_union_id == Union.id)
        .where(
            Ticket.parent_id == ticket.id,
            Ticket.relation == linked.CHILD,
            Ticket.state.in_([state.value for state in OPEN_STATES]),
        )
        .order_by(Ticket.id)
    ).all()
    return [*unions, *children]


def _join(move: Move, union: Union, *, reason: str) -> Handling:
    there = {each.union_id for each in current(move.session, move.ticket)}
    lead = lead_handling(move.session, move.ticket.id)
    if union.id in there or (lead is not None and lead.union_id == union.id):
        raise Invalid({"union_id": f"{union.name}已经在办理此单"})
    return begin(move, union, reasons=[reason], override=None, role="co")
