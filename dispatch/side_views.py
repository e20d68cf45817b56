"""What a ticket's page shows beside its life: letters and their answers, linked tickets, the leader of a hard case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.models.clocks import Clock
from dispatch.models.life import Letter, Payment
from dispatch.models.people import User
from dispatch.models.signals import TicketStatute
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.rules.ticket_fields import LetterKind
from dispatch.rules.ticket_state import State

RELATIONS: Final[Mapping[str, str]] = {
    "merged": "合并",
    "child": "跨省子工单",
    "collective": "群体诉求",
    "linked": "后续工单",
    "petition_review": "信访复查",
    "petition_re_review": "信访复核",
}


@dataclass(frozen=True, slots=True)
class AccusedView:
    """A union or a person that the caller complains about."""

    kind: str
    id: int
    name: str


def accused_views(session: Session, ticket: Ticket) -> list[AccusedView]:
    """Return whom the caller complains about, unions before persons."""
    found: list[AccusedView] = []
    if ticket.accused_union_ids:
        unions = select(Union.id, Union.name).where(Union.id.in_(ticket.accused_union_ids))
        found += [AccusedView("union", *row) for row in session.execute(unions.order_by(Union.id))]
    if ticket.accused_user_ids:
        people = select(User.id, User.display_name).where(User.id.in_(ticket.accused_user_ids))
        found += [AccusedView("person", *row) for row in session.execute(people.order_by(User.id))]
    return found


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter with when its answer is, or was, due."""

    id: int
    kind: str
    label: str
    addressee: str
    reference: str
    sent_at: datetime
    due_at: datetime | None
    replied_at: datetime | None
    reply: str | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """A ticket above or below this one which the reader may see."""

    number: str
    relation: str
    relation_label: str
    state_label: str
    below: bool


@dataclass(frozen=True, slots=True)
class Sides:
    """What a ticket has beside itself; most have none of it, and are not asked for it one by one."""

    paid: bool
    letters: bool
    below: bool
    """Another ticket belongs to it: merged, a child, a follow-up."""
    statutes: bool


def sides(session: Session, ticket: Ticket) -> Sides:
    """Return what there is to read beside the ticket, in one statement."""
    return Sides(*session.execute(_SIDES, {"ticket": ticket.id}).one())


def letters(session: Session, ticket: Ticket) -> list[LetterView]:
    """Return the ticket's supervision letters, oldest first."""
    rows = session.execute(
        select(Letter, Clock.due_at)
        .outerjoin(Clock, Clock.id == Letter.clock_id)
        .where(Letter.ticket_id == ticket.id)
        .order_by(Letter.id)
    )
    return [
        LetterView(
            id=letter.id,
            kind=letter.kind,
            label=LetterKind(letter.kind).label,
            addressee=letter.addressee,
            reference=letter.reference,
            sent_at=letter.at,
            due_at=due_at,
            replied_at=letter.replied_at,
            reply=letter.reply,
        )
        for letter, due_at in rows
    ]


def links(session: Session, actor: Actor, ticket: Ticket) -> list[LinkView]:
    """Return the tickets that belong to the same matter, as far as this actor may see them."""
    rows = session.scalars(
        select(Ticket)
        .where(or_(Ticket.parent_id == ticket.id, Ticket.id == ticket.parent_id), visible(actor))
        .order_by(Ticket.id)
    )
    found = []
    for row in rows:
        below = row.parent_id == ticket.id
        relation = (row if below else ticket).relation or ""
        label = RELATIONS.get(relation, relation)
        found.append(LinkView(row.number, relation, label, State(row.state).label, below))
    return found


def leader_name(session: Session, ticket: Ticket) -> str | None:
    """Return who has taken a hard case."""
    if ticket.leader_id is None:
        return None
    return session.scalar(select(User.display_name).where(User.id == ticket.leader_id))


_THIS: Final = bindparam("ticket", type_=BigInteger)
_SIDES: Final = select(
    exists(select(Payment.id).where(Payment.ticket_id == _THIS)),
    exists(select(Letter.id).where(Letter.ticket_id == _THIS)),
    exists(select(Ticket.id).where(Ticket.parent_id == _THIS)),
    exists(select(TicketStatute.code).where(TicketStatute.ticket_id == _THIS)),
)
