"""The dispatcher's pool: what unions sent back, what they object to, and what no rule could place, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.handlings import FINAL_RETURN
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketReturn
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.routing import recommend
from dispatch.rules.masking import mask_text
from dispatch.rules.ticket_fields import ReturnReason
from dispatch.rules.ticket_state import State
from dispatch.ticket_views import TicketLine, ticket_lines

MOST: Final = 1_000
"""Tickets of one tab that are looked at, the oldest first [D]: a fuller pool has other troubles than its order."""


class PoolTab(StrEnum):
    """Why a ticket lies in the pool."""

    RETURNED = "returned"
    """Sent back before anybody signed, for the first time."""
    OBJECTED = "objected"
    """Sent back by who had signed, with evidence, or again after a decision: decided on the papers."""
    UNROUTABLE = "unroutable"
    """Accepted or reopened, and with no union: no rule matched, or somebody wanted a dispatcher to choose."""


@dataclass(frozen=True, slots=True)
class ReturnView:
    """The union's own reasons for sending the ticket back."""

    at: datetime
    union_id: int
    union_name: str
    reason_code: str
    reason_label: str
    basis: str
    evidence: str | None
    suggested_union_id: int | None
    suggested_union: str | None
    final: bool
    """The next decision is the last one."""


@dataclass(frozen=True, slots=True)
class PoolItem:
    """One ticket that waits for a dispatcher."""

    ticket: TicketLine
    returned: ReturnView | None
    pool_reason: str | None
    """Why no union is recommended; None where there is one."""
    hard_case: bool
    """Reopened too often: a leader takes the case before it goes to a union."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One tab's tickets, nearest deadline first, and how many lie in each; `more` tabs hold more than are counted."""

    items: list[PoolItem]
    counts: Mapping[str, int]
    more: list[str]
    server_time: datetime


def dispatch_pool(
    session: Session, actor: Actor, tab: PoolTab, *, policy: Policy, now: datetime, limit: int = 50
) -> Pool:
    """Return one tab as this actor may see it, with the counts of all three."""
    counts = {each.value: _count(session, actor, each) for each in PoolTab}
    waiting = _waiting(actor, tab).subquery()
    tickets = session.scalars(
        select(Ticket)
        .join(waiting, waiting.c.id == Ticket.id)
        .outerjoin(CentreList, CentreList.ticket_id == Ticket.id)
        .order_by(CentreList.sort_key, Ticket.id)
        .limit(limit)
    ).all()
    lines = ticket_lines(session, actor, tickets, policy=policy, now=now)
    returns = _returns(session, tickets)
    items = [
        PoolItem(
            line,
            returns.get(ticket.id),
            recommend(session, ticket, policy=policy, now=now).pool_reason,
            ticket.hard_case and ticket.leader_id is None,
        )
        for line, ticket in zip(lines, tickets, strict=True)
    ]
    more = [name for name, count in counts.items() if count > MOST]
    return Pool(items, {name: min(count, MOST) for name, count in counts.items()}, more, now)


_PROVEN: Final = exists().where(
    TicketReturn.ticket_id == Ticket.id,
    TicketReturn.decided_at.is_(None),
    TicketReturn.evidence.is_not(None),
)
_ON_PAPERS: Final = or_(Ticket.return_count >= FINAL_RETURN, _PROVEN)
_TABS: Final[Mapping[PoolTab, ColumnElement[bool]]] = {
    PoolTab.RETURNED: and_(Ticket.state == State.RETURNED.value, not_(_ON_PAPERS)),
    PoolTab.OBJECTED: and_(Ticket.state == State.RETURNED.value, _ON_PAPERS),
    PoolTab.UNROUTABLE: Ticket.state.in_((State.PENDING_DISPATCH.value, State.REOPENED.value)),
}


def _waiting(actor: Actor, tab: PoolTab) -> Select[int]:
    # By the index on state and time: nothing here reads the whole list.
    query = select(Ticket.id).where(_TABS[tab], visible(actor)).order_by(Ticket.created_at, Ticket.id)
    return query.limit(MOST + 1)


def _count(session: Session, actor: Actor, tab: PoolTab) -> int:
    return session.scalar(select(func.count()).select_from(_waiting(actor, tab).subquery())) or 0


def _returns(session: Session, tickets: Sequence[Ticket]) -> dict[int, ReturnView]:
    """Return the undecided return of each ticket."""
    sender, suggested = aliased(Union), aliased(Union)
    final = {ticket.id: ticket.return_count >= FINAL_RETURN for ticket in tickets}
    rows = session.execute(
        select(TicketReturn, sender.id, sender.name, suggested.name)
        .join(Handling, Handling.id == TicketReturn.handling_id)
        .join(sender, sender.id == Handling.union_id)
        .outerjoin(suggested, suggested.id == TicketReturn.suggested_union_id)
        .where(TicketReturn.ticket_id.in_(final), TicketReturn.decided_at.is_(None))
        .order_by(TicketReturn.id)
    )
    return {
        each.ticket_id: ReturnView(
            at=each.at,
            union_id=union_id,
            union_name=union_name,
            reason_code=each.reason_code,
            reason_label=ReturnReason(each.reason_code).label,
            basis=mask_text(each.basis),
            evidence=mask_text(each.evidence) if each.evidence is not None else None,
            suggested_union_id=each.suggested_union_id,
            suggested_union=suggested_name,
            final=final[each.ticket_id],
        )
        for each, union_id, union_name, suggested_name in rows
    }
