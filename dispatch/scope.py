"""Keeps the lists true: who sees a ticket, where it stands in each list, and who is told that it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from dispatch.models.clocks import Clock
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketEmployer, TicketRecusal, TicketScope
from dispatch.models.unions import Employer, EmployerTie, Union
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import EmployerView, UnionView, corporate_unions, recused
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, State
from dispatch.unit_of_work import Fact, tell

NEVER: Final = 9_999_999_999_999
"""Sort key of an open ticket without a running clock: after all the others."""

_AT_ONCE: Final = 500

UNION_CLOCKS: Final = frozenset(
    kind.value
    for kind in (
        ClockKind.SIGN,
        ClockKind.FIRST_CONTACT,
        ClockKind.PROGRESS,
        ClockKind.RESOLVE,
        ClockKind.AWAIT_CALLER,
        ClockKind.PAYMENT,
        ClockKind.STATUTORY,
        ClockKind.LETTER,
        ClockKind.PETITION_NOTICE,
        ClockKind.PETITION,
        ClockKind.PETITION_REVIEW,
    )
)
"""Deadlines which a union answers for; the others are the centre's own."""


def rewrite(session: Session, ticket: Ticket, *, now: datetime) -> None:
    """Write the ticket's list rows anew and tell everyone who may see it; call it after every change."""
    session.flush()
    bucket = "open" if State(ticket.state) in OPEN_STATES else "closed"
    running = session.execute(
        select(Clock.kind, Clock.due_at).where(Clock.ticket_id == ticket.id, Clock.state == "running")
    ).all()
    centre_key = _sort_key(ticket, bucket, (due for _, due in running))
    union_key = _sort_key(ticket, bucket, (due for kind, due in running if kind in UNION_CLOCKS))
    session.execute(delete(CentreList).where(CentreList.ticket_id == ticket.id))
    session.execute(insert(CentreList).values(ticket_id=ticket.id, bucket=bucket, sort_key=centre_key))
    scope = _scope(session, ticket)
    before = set(session.scalars(select(TicketScope.union_id).where(TicketScope.ticket_id == ticket.id)))
    session.execute(delete(TicketScope).where(TicketScope.ticket_id == ticket.id))
    if scope:
        rows = [
            {"ticket_id": ticket.id, "union_id": union, "role": role, "bucket": bucket, "sort_key": union_key}
            for union, role in scope.items()
        ]
        session.execute(insert(TicketScope), rows)
    _rewrite_recusals(session, ticket)
    centre = "sealed" if ticket.sealed else "centre"
    rooms = (centre, *(f"union:{union}" for union in sorted(before | scope.keys())))
    tell(session, Fact("ticket", ticket.number, ticket.version, now, rooms))


def rewrite_all(session: Session, ticket_ids: Iterable[int], *, now: datetime) -> None:
    """Settle anew who sees these tickets: a union that moved, or an employer's new union, may not see them now."""
    wanted = sorted(ticket_ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(Ticket).where(Ticket.id.in_(wanted[start : start + _AT_ONCE])).order_by(Ticket.id)
        for ticket in session.scalars(query.with_for_update(of=Ticket, key_share=True)).all():
            rewrite(session, ticket, now=now)


def employers_of(session: Session, ticket_id: int) -> tuple[EmployerView, ...]:
    """Return the ticket's employers as the rules see them, known and merely told ones."""
    rows = session.execute(
        select(TicketEmployer, Employer)
        .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
        .where(TicketEmployer.ticket_id == ticket_id)
        .order_by(TicketEmployer.ordinal)
    )
    return tuple(_employer_view(told, known) for told, known in rows)


def _employer_view(told: TicketEmployer, known: Employer | None) -> EmployerView:
    if known is None:
        return EmployerView(id=None, name=told.name, uscc=told.uscc or "")
    return EmployerView(
        id=known.id,
        name=known.name,
        uscc=known.uscc or "",
        union_id=known.union_id,
        group_code=known.group_code or "",
        industry=known.industry or "",
        region_code=known.region_code or "",
    )


def view_of(union: Union) -> UnionView:
    """Return a union as the rules see it."""
    return UnionView(
        id=union.id,
        code=union.code,
        name=union.name,
        level=Level(union.level),
        kind=UnionKind(union.kind),
        region_code=union.region_code or "",
        parent_id=union.parent_id,
        group_code=union.group_code or "",
        industry=union.industry or "",
        can_receive=union.can_receive and union.closed_at is None,
        path=union.ancestor_ids(),
    )


def corporate_of(session: Session, employers: tuple[EmployerView, ...]) -> frozenset[int]:
    """Return the unions at whose subtrees recusal starts: the employers' own, their groups', those above."""
    own = {each.union_id for each in employers if each.union_id is not None}
    groups = {each.group_code for each in employers if each.group_code}
    if not own and not groups:
        return frozenset()
    first = session.scalars(select(Union).where(Union.id.in_(own) | Union.group_code.in_(groups))).all()
    groups |= {union.group_code for union in first if union.group_code}
    wanted = {ancestor for union in first for ancestor in union.ancestor_ids()}
    found = session.scalars(select(Union).where(Union.id.in_(wanted) | Union.group_code.in_(groups))).all()
    return corporate_unions(employers, map(view_of, found))


def _scope(session: Session, ticket: Ticket) -> dict[int, str]:
    """Map each union that may see the ticket to its role: ancestors-or-self of the handlers, less the recused."""
    handlers: Sequence[Union] = session.scalars(
        select(Union)
        .join(Handling, Handling.union_id == Union.id)
        .where(Handling.ticket_id == ticket.id, Handling.state != "ended")
    ).all()
    if ticket.origin_union_id is not None:
        origin = session.get(Union, ticket.origin_union_id)
        handlers = [*handlers, *([origin] if origin is not None else [])]
    if ticket.relation == "child":
        # The union at home keeps watch over what another province does for its caller.
        handlers = [*handlers, *_watchers(session, ticket)]
    if not handlers:
        return {}
    ids = {ancestor for union in handlers for ancestor in union.ancestor_ids()}
    employers = employers_of(session, ticket.id)
    corporate = corporate_of(session, employers)
    handling = {union.id for union in handlers}
    return {
        union.id: "handler" if union.id in handling else "ancestor"
        for union in session.scalars(select(Union).where(Union.id.in_(ids)))
        if recused(
            view_of(union),
            employers,
            rights_defence=ticket.rights_defence,
            consent=ticket.recusal_waived,
            accused=ticket.accused_union_ids,
            corporate=corporate,
        )
        is None
    }


def _watchers(session: Session, child: Ticket) -> Sequence[Union]:
    return session.scalars(
        select(Union)
        .join(Handling, Handling.union_id == Union.id)
        .where(Handling.ticket_id == child.parent_id, Handling.role == "lead", Handling.ended_at.is_(None))
    ).all()


def _rewrite_recusals(session: Session, ticket: Ticket) -> None:
    session.execute(delete(TicketRecusal).where(TicketRecusal.ticket_id == ticket.id))
    if not ticket.rights_defence or ticket.recusal_waived:
        return
    tied = session.execute(
        select(EmployerTie.user_id, EmployerTie.reason)
        .join(TicketEmployer, TicketEmployer.employer_id == EmployerTie.employer_id)
        .where(TicketEmployer.ticket_id == ticket.id)
    ).all()
    rows = {user: {"ticket_id": ticket.id, "user_id": user, "reason": reason} for user, reason in tied}
    if rows:
        session.execute(insert(TicketRecusal), list(rows.values()))


def _sort_key(ticket: Ticket, bucket: str, dues: Iterable[datetime | None]) -> int:
    if bucket == "closed":
        # The newest end first.
        return -int((ticket.closed_at or ticket.created_at).timestamp() * 1000)
    moments = [due for due in dues if due is not None]
    return int(min(moments).timestamp() * 1000) if moments else NEVER
