"""Who goes on with a ticket when its handler cannot: the deputy takes over, or the leader names somebody (AB岗)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.attendance import RECEIVING
from dispatch.errors import Invalid, NotAllowed, NotFound, WrongState
from dispatch.inbox import own_turn
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.rules.roles import Role
from dispatch.tickets import log, require_version


def take_over(
    session: Session,
    actor: Actor,
    number: str,
    *,
    handler_id: int,
    deputy_id: int,
    reason: str,
    version: int,
    now: datetime,
) -> Ticket:
    """Give the union's turn to other people; its clocks run on. Raises NotFound, NotAllowed, WrongState, Invalid.

    The deputy (or the handler) may take it himself or hand it on; the leader may name anybody of the union.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    require_version(session, ticket, version)
    turn = own_turn(session, actor, ticket.id)
    if turn is None or actor.role not in (Role.UNION_HANDLER, Role.UNION_LEADER):
        raise NotAllowed("take_over", "只有正在办理此单的工会可以接手")
    if turn.handler_id is None:
        raise WrongState(number, "take_over", ticket.state, "尚未签收，请直接签收")
    if actor.role is Role.UNION_HANDLER and actor.user_id not in (turn.handler_id, turn.deputy_id):
        raise NotAllowed("take_over", "只有本单经办人、B岗或本会负责人可以交接")
    if not reason.strip():
        raise Invalid({"reason": "请说明为何交接"})
    handler = _colleague(session, actor, handler_id, ticket)
    deputy = _colleague(session, actor, deputy_id, ticket)
    before = {"handler": turn.handler_id, "deputy": turn.deputy_id}
    turn.handler_id, turn.deputy_id = handler.id, deputy.id
    ticket.version += 1
    payload = {"handler": handler.id, "deputy": deputy.id, "before": before, "union": turn.union_id}
    log(
        session,
        ticket,
        "HandlerChanged",
        by=actor.by,
        now=now,
        payload=payload,
        personal={"reason": reason},
    )
    for user in {handler.id, deputy.id, *before.values()} - {actor.user_id, None}:
        text = f"{ticket.number} 现由{handler.display_name}主办，{deputy.display_name}为B岗"
        session.add(Notice(at=now, kind="handover", ticket_id=ticket.id, user_id=user, text=text))
    scope.rewrite(session, ticket, now=now)
    return ticket


def _colleague(session: Session, actor: Actor, user_id: int, ticket: Ticket) -> User:
    user = session.get(User, user_id)
    if user is None or user.union_id != actor.union_id or user.disabled_at or user.role not in RECEIVING:
        raise NotFound("user", user_id)
    recused = select(TicketRecusal.user_id).where(
        TicketRecusal.ticket_id == ticket.id, TicketRecusal.user_id == user_id
    )
    if session.scalar(recused) is not None:
        raise NotAllowed("take_over", f"{user.display_name}须回避此单")
    return user
