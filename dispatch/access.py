"""Who may see which ticket: one condition for lists, pages, sockets, searches and exports alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotFound
from dispatch.models.tickets import CallbackAttempt, Ticket, TicketRecusal, TicketScope
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ENDED_STATES, State


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition on Ticket that holds exactly for what this actor may read."""
    rule = _RULES.get(actor.role)
    if rule is None:
        return false()
    return and_(rule(actor), ~_recused(actor))


def can_read(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether this actor may read this ticket; agrees with `visible` because it is `visible`."""
    return session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, visible(actor))) is not None


def find_ticket(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Ticket:
    """Return the ticket; raises NotFound for one that is not there and for one that the actor may not see."""
    query = select(Ticket).where(Ticket.number == number, visible(actor))
    if lock:
        # The row lock is taken on the ticket alone: what `visible` joins belongs to others.
        query = query.with_for_update(of=Ticket)
    ticket = session.scalar(query.execution_options(populate_existing=lock))
    if ticket is None:
        raise NotFound("ticket", number)
    return ticket


def _of_centre(_: Actor) -> ColumnElement[bool]:
    return Ticket.sealed.is_(False)


def _of_desk(actor: Actor) -> ColumnElement[bool]:
    # A sealed story is captured by whoever took the call, and closed to him once it is accepted.
    own_draft = and_(Ticket.created_by_id == actor.user_id, Ticket.state == State.DRAFT.value)
    return or_(Ticket.sealed.is_(False), own_draft)


def _own(actor: Actor) -> ColumnElement[bool]:
    return Ticket.created_by_id == actor.user_id


def _to_call_back(actor: Actor) -> ColumnElement[bool]:
    attempted = exists().where(CallbackAttempt.ticket_id == Ticket.id, CallbackAttempt.by_id == actor.user_id)
    due = Ticket.state == State.PENDING_CALLBACK.value
    return and_(Ticket.sealed.is_(False), or_(due, attempted))


def _ended(_: Actor) -> ColumnElement[bool]:
    return and_(Ticket.sealed.is_(False), Ticket.state.in_([state.value for state in ENDED_STATES]))


def _everything(_: Actor) -> ColumnElement[bool]:
    return Ticket.id > 0


def _in_scope(actor: Actor) -> ColumnElement[bool]:
    row = select(TicketScope.ticket_id).where(
        TicketScope.ticket_id == Ticket.id, TicketScope.union_id == actor.union_id
    )
    # A list joins the same table by itself; this question is about the ticket alone.
    return row.correlate(Ticket).exists()


def _proven(actor: Actor) -> ColumnElement[bool]:
    return Ticket.id == actor.ticket_id if actor.ticket_id is not None else false()


def _recused(actor: Actor) -> ColumnElement[bool]:
    return exists().where(TicketRecusal.ticket_id == Ticket.id, TicketRecusal.user_id == actor.user_id)


_RULES: Final[Mapping[Role, Callable[[Actor], ColumnElement[bool]]]] = {
    Role.OPERATOR: _of_desk,
    Role.CALLBACK_OPERATOR: _to_call_back,
    Role.COUNSELLOR: _own,
    Role.LAWYER: _own,
    Role.DISPATCHER: _of_centre,
    Role.SUPERVISOR: _of_desk,
    Role.DUTY_LEADER: _of_desk,
    Role.INSPECTOR: _ended,
    Role.UNION_HANDLER: _in_scope,
    Role.UNION_LEADER: _in_scope,
    Role.AUDITOR: _everything,
    Role.SYSTEM: _everything,
    Role.CALLER: _proven,
}
"""docs/quality.md, who may do what; a role that is missing here reads no ticket."""
