"""Who may see which call: the rules of tickets, carried over to what was said on the telephone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import NotFound
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from hotline.calls.models import Call, TicketCall
from hotline.calls.status import Conversation
from hotline.line.lines import Lines
from hotline.line.models import Offer, Presence

COUNSELLING: Final = "counselling"
"""The skill of lines on which people are listened to; what is said there is sealed whatever its category."""
_RINGING: Final = ("ringing", "accepted")


@dataclass(frozen=True, slots=True)
class Seals:
    """What makes a call a sealed one, beside a sealed ticket that came of it."""

    categories: tuple[str, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, policy: Policy, lines: Lines) -> Seals:
        """Read the policy in force."""
        return cls(
            tuple(each.code for each in policy.catalogue.categories.values() if each.sealed),
            tuple(each.code for each in lines if COUNSELLING in each.skills),
        )


def visible_calls(actor: Actor, seals: Seals) -> ColumnElement[bool]:
    """Return the SQL condition on Call that holds exactly for what this actor may read."""
    rule = _RULES.get(actor.role)
    if rule is None:
        return false()
    return or_(_at_hand(actor), and_(rule(actor, seals), ~_recused(actor)))


def find_call(session: Session, actor: Actor, sid: str, *, seals: Seals, lock: bool = False) -> Call:
    """Return the call; raises NotFound for one that is not there and for one that the actor may not see."""
    query = select(Call).where(Call.sid == sid, visible_calls(actor, seals))
    if lock:
        query = query.with_for_update(of=Call)
    call = session.scalar(query.execution_options(populate_existing=lock))
    if call is None:
        raise NotFound("call", sid)
    return call


def is_own(actor: Actor, call: Call) -> bool:
    """Whether this actor has the caller on the line, or had."""
    return actor.user_id is not None and call.operator_id == actor.user_id


def sealed_calls(seals: Seals) -> ColumnElement[bool]:
    """Return the SQL condition on Call that holds for what was told in confidence."""
    of_ticket = exists().where(
        TicketCall.call_id == Call.id, Ticket.id == TicketCall.ticket_id, Ticket.sealed.is_(True)
    )
    # A column that is empty is in no list, and "not NULL" would hide the call.
    by_category = and_(Call.category.is_not(None), Call.category.in_(seals.categories))
    by_line = and_(Call.line.is_not(None), Call.line.in_(seals.lines))
    return or_(by_category, by_line, of_ticket)


def _recused(actor: Actor) -> ColumnElement[bool]:
    """Whether a ticket came of the call that this person must not see: nor does he read what was said of him."""
    return exists().where(
        TicketCall.call_id == Call.id,
        TicketRecusal.ticket_id == TicketCall.ticket_id,
        TicketRecusal.user_id == actor.user_id,
    )


def _at_hand(actor: Actor) -> ColumnElement[bool]:
    """Whether it rings at the actor, or is his conversation until he has finished writing."""
    rings = exists().where(
        Offer.call_id == Call.id, Offer.user_id == actor.user_id, Offer.state.in_(_RINGING)
    )
    writing = exists().where(Presence.user_id == actor.user_id, Presence.call_id == Call.id)
    live = Call.conversation_state != Conversation.ENDED.value
    return or_(rings, and_(Call.operator_id == actor.user_id, or_(live, writing)))


def _of_desk(actor: Actor, seals: Seals) -> ColumnElement[bool]:
    # A sealed story is heard by whoever took the call, and closed to him once he has written it down.
    return or_(~sealed_calls(seals), _at_hand(actor))


def _own(actor: Actor, _: Seals) -> ColumnElement[bool]:
    return or_(Call.operator_id == actor.user_id, _at_hand(actor))


def _of_callers_back(actor: Actor, seals: Seals) -> ColumnElement[bool]:
    return or_(and_(Call.operator_id == actor.user_id, ~sealed_calls(seals)), _at_hand(actor))


def _drawn(actor: Actor, seals: Seals) -> ColumnElement[bool]:
    of_sample = (
        select(TicketCall.call_id).join(Ticket, Ticket.id == TicketCall.ticket_id).where(visible(actor))
    )
    ended = Call.conversation_state == Conversation.ENDED.value
    return and_(ended, ~sealed_calls(seals), Call.id.in_(of_sample))


def _everything(_: Actor, __: Seals) -> ColumnElement[bool]:
    return Call.id > 0


_RULES: Final[Mapping[Role, Callable[[Actor, Seals], ColumnElement[bool]]]] = {
    Role.OPERATOR: _of_desk,
    Role.SUPERVISOR: _of_desk,
    Role.DUTY_LEADER: _of_desk,
    Role.COUNSELLOR: _own,
    Role.LAWYER: _own,
    Role.CALLBACK_OPERATOR: _of_callers_back,
    Role.INSPECTOR: _drawn,
    Role.AUDITOR: _everything,
}
"""docs/quality.md, who may do what; a role that is missing here sees no call."""
