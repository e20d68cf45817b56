"""Who is told which fact: the rooms a socket joins, and the questions asked before a ticket is named to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.rules.roles import Role

CENTRE: Final = "centre"
SEALED: Final = "sealed"
CENTRE_ASKED: Final = "centre:asked"
"""People of the centre who see only some tickets: of each they are told only after it was asked."""

NAMES_A_TICKET: Final = frozenset({"ticket", "notice"})

_SEES_EVERY_OPEN_TICKET: Final = frozenset(
    {Role.OPERATOR, Role.DISPATCHER, Role.SUPERVISOR, Role.DUTY_LEADER, Role.AUDITOR}
)
_QUESTIONS_AT_ONCE: Final = 50


def rooms_of(actor: Actor) -> tuple[str, ...]:
    """Return the rooms this actor's sockets join."""
    own = f"user:{actor.user_id}"
    if actor.of_union:
        return own, f"union:{actor.union_id}"
    if actor.role in _SEES_EVERY_OPEN_TICKET:
        return own, CENTRE
    return (own, CENTRE_ASKED) if actor.of_centre else (own,)


def watch_room(number: str) -> str:
    """Return the room of those who are looking at a ticket."""
    return f"watch:{number}"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who of the connected may be told of one ticket, beside those whom the fact names by `user:`."""

    told: frozenset[int]
    """User ids."""
    not_told: frozenset[int]
    """User ids who are in a room that is told."""


def audience_of(
    session: Session, number: str, *, rooms: Collection[str], connected: Iterable[Actor]
) -> Audience:
    """Answer for everybody who is connected, by the same rule that answers a request."""
    ticket_id = session.scalar(select(Ticket.id).where(Ticket.number == number))
    if ticket_id is None:
        return Audience(frozenset(), frozenset())
    asked = {
        actor.user_id: actor for actor in connected if actor.user_id is not None and _must_ask(actor, rooms)
    }
    recused = session.scalars(select(TicketRecusal.user_id).where(TicketRecusal.ticket_id == ticket_id))
    return Audience(_who_sees(session, ticket_id, list(asked.values())), frozenset(recused))


def _must_ask(actor: Actor, rooms: Collection[str]) -> bool:
    if actor.of_union:
        return f"union:{actor.union_id}" in rooms
    if actor.role in _SEES_EVERY_OPEN_TICKET:
        # Of a sealed ticket they are told only what is theirs.
        return SEALED in rooms
    return actor.of_centre and (CENTRE in rooms or SEALED in rooms)


def _who_sees(session: Session, ticket_id: int, actors: list[Actor]) -> frozenset[int]:
    found: set[int] = set()
    for start in range(0, len(actors), _QUESTIONS_AT_ONCE):
        some = actors[start : start + _QUESTIONS_AT_ONCE]
        columns = [case((visible(actor), 1), else_=0) for actor in some]
        answers = session.execute(select(*columns).select_from(Ticket).where(Ticket.id == ticket_id)).one()
        found |= {
            actor.user_id
            for actor, sees in zip(some, answers, strict=True)
            if sees and actor.user_id is not None
        }
    return frozenset(found)
