"""Who may do what to which ticket: one condition for everything that lists, one question for everything that acts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import NotFound
from dispatch.models.partners import Partner, PartnerLink
from dispatch.models.quality import QualitySample
from dispatch.models.tickets import (
    CallbackAttempt,
    Handling,
    SealedAccess,
    Ticket,
    TicketRecusal,
    TicketScope,
)
from dispatch.rules.permissions import Action, may
from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_state import ENDED_STATES, OPEN_STATES, State
from dispatch.union_tree import hold_tree

DISCLOSED: Final[frozenset[str]] = frozenset({"union", "employer"})
"""What the caller must have agreed to before a union learns a name (docs/domain.md, privacy)."""


def visible(actor: Actor) -> ColumnElement[bool]:
    """Return the SQL condition on Ticket that holds exactly for what this actor may read."""
    rule = _RULES.get(actor.role)
    if rule is None:
        return false()
    return and_(rule(actor), ~_recused(actor))


def can(session: Session, actor: Actor, action: Action, ticket: Ticket | None = None) -> bool:
    """Whether this actor may do this: somewhere at all, or to this very ticket.

    For TICKET_READ the answer is `visible` itself. A command's own state and data are the state table's business.
    """
    if not may(actor.role, action):
        return False
    if ticket is None:
        return True
    if action is Action.SEAL_BREAK:
        return ticket.sealed and not is_recused(session, actor, ticket.id)
    return can_read(session, actor, ticket.id) and can_seen(session, actor, action, ticket)


def can_seen(session: Session, actor: Actor, action: Action, ticket: Ticket) -> bool:
    """Answer `can` for a ticket that `find_ticket` has just given to this actor: that he may read it is known."""
    rule = _OBJECTS.get(action)
    return may(actor.role, action) and (rule is None or rule(session, actor, ticket))


def can_read(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether this actor may read this ticket; agrees with `visible` because it is `visible`."""
    return session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, visible(actor))) is not None


def find_ticket(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Ticket:
    """Return the ticket; raises NotFound for one that is not there and for one that the actor may not see."""
    query = select(Ticket).where(Ticket.number == number, visible(actor))
    if lock:
        # Before the ticket: whoever moves a subtree locks in the same order.
        hold_tree(session)
        # The row lock is taken on the ticket alone: what `visible` joins belongs to others.
        query = query.with_for_update(of=Ticket)
    ticket = session.scalar(query.execution_options(populate_existing=lock))
    if ticket is None:
        raise NotFound("ticket", number)
    return ticket


def may_edit(actor: Actor, ticket: Ticket) -> bool:
    """Whether this actor may write the ticket's fields; whoever may not see it has been turned away before."""
    if State(ticket.state) not in OPEN_STATES:
        return False
    if actor.role in (Role.SUPERVISOR, Role.DUTY_LEADER, Role.DISPATCHER, Role.SYSTEM):
        return True
    if actor.of_union:
        return ticket.state == State.DRAFT.value and ticket.origin_union_id == actor.union_id
    # What the machine wrote down belongs to whichever operator takes it up.
    return actor.role in (Role.OPERATOR, Role.LAWYER, Role.COUNSELLOR) and ticket.created_by_id in (
        None,
        actor.user_id,
    )


def may_reveal(session: Session, actor: Actor, ticket: Ticket) -> bool:
    """Whether this actor, who may see the ticket, may also learn who called."""
    if actor.role in (Role.SUPERVISOR, Role.DUTY_LEADER):
        return not ticket.sealed or is_named(session, actor, ticket.id)
    if actor.role is Role.AUDITOR:
        return ticket.sealed and is_named(session, actor, ticket.id)
    if actor.role is Role.OPERATOR:
        # Of a sealed story he writes the name down and never reads it back.
        own = ticket.created_by_id in (None, actor.user_id)
        return own and ticket.state == State.DRAFT.value and not ticket.sealed
    if actor.role is Role.CALLBACK_OPERATOR:
        return ticket.state == State.PENDING_CALLBACK.value
    if actor.role in (Role.COUNSELLOR, Role.LAWYER, Role.PARTNER):
        return True
    if actor.role in UNION_ROLES and actor.union_id is not None:
        return _disclosed_to(session, actor.union_id, ticket)
    return False


def is_named(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether the actor is named on the sealed ticket, for good or for as long as he has broken its seal."""
    query = select(SealedAccess.user_id).where(
        SealedAccess.ticket_id == ticket_id, SealedAccess.user_id == actor.user_id, _still_open(actor)
    )
    return session.scalar(query) is not None


def is_recused(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether the actor is tied to an employer on the ticket."""
    query = select(TicketRecusal.user_id).where(
        TicketRecusal.ticket_id == ticket_id, TicketRecusal.user_id == actor.user_id
    )
    return session.scalar(query) is not None


def withheld(session: Session, actor: Actor, tickets: Collection[Ticket]) -> frozenset[int]:
    """Return those of the tickets whose story is kept from whoever may know only that they are there.

    An auditor oversees sealed tickets without reading them, until he breaks a seal.
    """
    sealed = {ticket.id for ticket in tickets if ticket.sealed}
    if actor.role is not Role.AUDITOR or not sealed:
        return frozenset()
    query = select(SealedAccess.ticket_id).where(
        SealedAccess.ticket_id.in_(sealed), SealedAccess.user_id == actor.user_id, _still_open(actor)
    )
    return frozenset(sealed - set(session.scalars(query)))


def story_readable(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which the words of a visible ticket may be searched by this actor."""
    if actor.role is Role.AUDITOR:
        return or_(Ticket.sealed.is_(False), _named(actor))
    return Ticket.id > 0


def _disclosed_to(session: Session, union_id: int, ticket: Ticket) -> bool:
    if ticket.origin_union_id == union_id and ticket.state == State.DRAFT.value:
        # The union wrote the name down itself, at its own counter.
        return True
    if ticket.disclosure not in DISCLOSED:
        return False
    handling = select(Handling.id).where(
        Handling.ticket_id == ticket.id, Handling.union_id == union_id, Handling.ended_at.is_(None)
    )
    return session.scalar(handling.limit(1)) is not None


def _still_open(actor: Actor) -> ColumnElement[bool]:
    if actor.at is None:
        return SealedAccess.until.is_(None)
    return or_(SealedAccess.until.is_(None), SealedAccess.until > actor.at)


def _named(actor: Actor) -> ColumnElement[bool]:
    return exists().where(
        SealedAccess.ticket_id == Ticket.id, SealedAccess.user_id == actor.user_id, _still_open(actor)
    )


def _of_centre(_: Actor) -> ColumnElement[bool]:
    return Ticket.sealed.is_(False)


def _of_desk(actor: Actor) -> ColumnElement[bool]:
    # A sealed story is captured by whoever took the call, and closed to him once it is accepted.
    own_draft = and_(Ticket.created_by_id == actor.user_id, Ticket.state == State.DRAFT.value)
    return or_(Ticket.sealed.is_(False), own_draft)


def _of_leaders(actor: Actor) -> ColumnElement[bool]:
    return or_(_of_desk(actor), _named(actor))


def _own(actor: Actor) -> ColumnElement[bool]:
    return Ticket.created_by_id == actor.user_id


def _exchanged(actor: Actor) -> ColumnElement[bool]:
    shared = exists().where(
        PartnerLink.ticket_id == Ticket.id,
        PartnerLink.partner_id == Partner.id,
        Partner.user_id == actor.user_id,
    )
    return or_(_own(actor), shared)


def _own_or_named(actor: Actor) -> ColumnElement[bool]:
    return or_(_own(actor), and_(Ticket.sealed.is_(True), _named(actor)))


def _to_call_back(actor: Actor) -> ColumnElement[bool]:
    attempted = exists().where(CallbackAttempt.ticket_id == Ticket.id, CallbackAttempt.by_id == actor.user_id)
    due = Ticket.state == State.PENDING_CALLBACK.value
    return and_(or_(Ticket.sealed.is_(False), _named(actor)), or_(due, attempted))


def _drawn(actor: Actor) -> ColumnElement[bool]:
    # What was drawn is a handful: the lists begin there. Nobody judges his own work, so he has no sample of it.
    drawn = select(QualitySample.ticket_id).where(QualitySample.subject_id != actor.user_id)
    ended = Ticket.state.in_([state.value for state in ENDED_STATES])
    return and_(Ticket.sealed.is_(False), ended, Ticket.id.in_(drawn))


def _everything(_: Actor) -> ColumnElement[bool]:
    return Ticket.id > 0


def _scoped(actor: Actor) -> ColumnElement[bool]:
    row = select(TicketScope.ticket_id).where(
        TicketScope.ticket_id == Ticket.id, TicketScope.union_id == actor.union_id
    )
    # A list joins the same table by itself; this question is about the ticket alone.
    return row.correlate(Ticket).exists()


def _in_scope(actor: Actor) -> ColumnElement[bool]:
    handles = exists().where(
        Handling.ticket_id == Ticket.id,
        Handling.union_id == actor.union_id,
        Handling.state != "ended",
        or_(Handling.handler_id == actor.user_id, Handling.deputy_id == actor.user_id),
    )
    # Of a sealed ticket not a whole union knows, but whom the centre named and who has signed for it.
    return and_(_scoped(actor), or_(Ticket.sealed.is_(False), _named(actor), handles))


def _in_scope_unsealed(actor: Actor) -> ColumnElement[bool]:
    return and_(_scoped(actor), Ticket.sealed.is_(False))


def _proven(actor: Actor) -> ColumnElement[bool]:
    return Ticket.id == actor.ticket_id if actor.ticket_id is not None else false()


def _recused(actor: Actor) -> ColumnElement[bool]:
    return exists().where(TicketRecusal.ticket_id == Ticket.id, TicketRecusal.user_id == actor.user_id)


_RULES: Final[Mapping[Role, Callable[[Actor], ColumnElement[bool]]]] = {
    Role.OPERATOR: _of_desk,
    Role.CALLBACK_OPERATOR: _to_call_back,
    Role.COUNSELLOR: _own_or_named,
    Role.LAWYER: _own_or_named,
    Role.DISPATCHER: _of_centre,
    Role.SUPERVISOR: _of_leaders,
    Role.DUTY_LEADER: _of_leaders,
    Role.INSPECTOR: _drawn,
    Role.UNION_HANDLER: _in_scope,
    Role.UNION_LEADER: _in_scope,
    Role.UNION_ADMINISTRATOR: _in_scope_unsealed,
    Role.AUDITOR: _everything,
    Role.PARTNER: _exchanged,
    Role.SYSTEM: _everything,
    Role.CALLER: _proven,
}
"""docs/quality.md, who may do what; a role that is missing here reads no ticket."""

_OBJECTS: Final[Mapping[Action, Callable[[Session, Actor, Ticket], bool]]] = {
    Action.TICKET_EDIT: lambda _session, actor, ticket: may_edit(actor, ticket),
    Action.IDENTITY_REVEAL: may_reveal,
    Action.SEAL_NAME: lambda _session, _actor, ticket: ticket.sealed,
    Action.CALLBACK_READ: lambda _session, _actor, ticket: ticket.state == State.PENDING_CALLBACK.value,
}
"""What an action asks of a ticket beyond that the actor may read it."""
