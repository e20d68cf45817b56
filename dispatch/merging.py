"""合并: one matter, one ticket; what is merged stops, and everyone who raised it is still called back."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import find_ticket
from dispatch.callbacks import MERGED
from dispatch.errors import Invalid, NotAllowed
from dispatch.linked import CHILD, children
from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, State
from dispatch.rules.urgency import Urgency, most_urgent
from dispatch.scope import rewrite
from dispatch.tickets import log, reassess
from dispatch.union_tree import hold_tree
from dispatch.union_turns import current, recusal_of

MOST_EMPLOYERS: Final = 10
MOST_CATEGORIES: Final = 6


def lock_both(session: Session, number: str, parent_number: object) -> None:
    """Lock both tickets of a merger in one order: two opposite mergers at once must not wait for each other."""
    hold_tree(session)
    query = select(Ticket.id).where(Ticket.number.in_([number, str(parent_number)])).order_by(Ticket.id)
    session.execute(query.with_for_update(of=Ticket))


def merge(move: Move) -> None:
    """Put this ticket into another open one that the actor may see; that one takes over what matters of it."""
    session, ticket = move.session, move.ticket
    parent = find_ticket(session, move.actor, move.data["parent_number"], lock=True)
    if parent.id == ticket.id or _is_below(session, parent, ticket):
        raise Invalid({"parent_number": "不能并入自己，或并入已合并到本单的工单"})
    if State(parent.state) not in OPEN_STATES - {State.DRAFT}:
        raise Invalid({"parent_number": "只能并入已受理且未办结的工单"})
    if ticket.sealed != parent.sealed:
        raise NotAllowed("merge", "密件与非密件不能合并")
    _take_over(move, parent, ticket)
    ticket.parent_id, ticket.relation = parent.id, MERGED
    ticket.outcome = MERGED
    parent.version += 1
    log(
        session,
        parent,
        "TicketTookOver",
        by=move.actor.by,
        now=move.now,
        payload={"merged": ticket.number, "state": parent.state},
    )
    session.flush()
    rewrite(session, parent, now=move.now)


def tell_parent(move: Move) -> None:
    """Let the union that keeps watch at home know how a child ticket ended."""
    ticket = move.ticket
    if ticket.relation != CHILD or ticket.parent_id is None:
        return
    parent = move.session.get_one(Ticket, ticket.parent_id)
    text = f"{parent.number} 跨省子工单{ticket.number}：{State(ticket.state).label}"
    for union_id, role in ((parent.lead_union_id, None), (None, Role.DISPATCHER.value)):
        if union_id is not None or role is not None:
            move.session.add(
                Notice(
                    at=move.now, kind="child", ticket_id=parent.id, union_id=union_id, role=role, text=text
                )
            )


def tell_children(move: Move) -> None:
    """A case that ended at home leaves nobody working in another province unawares."""
    ids = children(move.session, move.ticket)
    for child in move.session.scalars(select(Ticket).where(Ticket.id.in_(ids))).all() if ids else ():
        text = f"{child.number} 来源工单{move.ticket.number}：{State(move.ticket.state).label}，请一并处理"
        for union_id, role in ((child.lead_union_id, None), (None, Role.DISPATCHER.value)):
            if union_id is not None or role is not None:
                move.session.add(
                    Notice(
                        at=move.now, kind="child", ticket_id=child.id, union_id=union_id, role=role, text=text
                    )
                )


def _take_over(move: Move, parent: Ticket, ticket: Ticket) -> None:
    """Employers, categories and urgency come along: recusal covers them all, and the highest urgency wins."""
    session = move.session
    had = {
        (row.employer_id, row.name)
        for row in session.scalars(select(TicketEmployer).where(TicketEmployer.ticket_id == parent.id))
    }
    ordinal = session.scalar(
        select(func.max(TicketEmployer.ordinal)).where(TicketEmployer.ticket_id == parent.id)
    )
    for row in session.scalars(
        select(TicketEmployer).where(TicketEmployer.ticket_id == ticket.id).order_by(TicketEmployer.ordinal)
    ).all():
        told = row.employer_id is not None or bool(row.name)
        if not told or (row.employer_id, row.name) in had or len(had) >= MOST_EMPLOYERS:
            continue
        ordinal = (ordinal or 0) + 1
        had.add((row.employer_id, row.name))
        session.add(
            TicketEmployer(
                ticket_id=parent.id,
                ordinal=ordinal,
                employer_id=row.employer_id,
                name=row.name,
                uscc=row.uscc,
                role=row.role,
            )
        )
    codes = [parent.category, *parent.secondary_categories]
    more = [each for each in (ticket.category, *ticket.secondary_categories) if each and each not in codes]
    parent.secondary_categories = [*parent.secondary_categories, *more][: MOST_CATEGORIES - 1]
    parent.accused_union_ids = list(dict.fromkeys([*parent.accused_union_ids, *ticket.accused_union_ids]))
    parent.accused_user_ids = list(dict.fromkeys([*parent.accused_user_ids, *ticket.accused_user_ids]))
    most = most_urgent(Urgency(parent.urgency), Urgency(ticket.urgency))
    reassess(session, parent, move.policy, now=move.now)
    parent.urgency = most_urgent(Urgency(parent.urgency), most).value
    session.flush()
    for turn in current(session, parent):
        union = session.get_one(Union, turn.union_id)
        reason = recusal_of(session, parent, union)
        if reason is not None:
            raise NotAllowed("merge", f"合并后{union.name}须回避：{reason}，请先改派")


def _is_below(session: Session, ticket: Ticket, other: Ticket) -> bool:
    seen: set[int] = set()
    above = ticket.parent_id
    while above is not None and above not in seen:
        if above == other.id:
            return True
        seen.add(above)
        above = session.scalar(select(Ticket.parent_id).where(Ticket.id == above))
    return False
