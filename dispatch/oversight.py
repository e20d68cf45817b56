"""What a union's leader sees of his subtree: the unions below with what is open and late, how they keep time, and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import NotFound
from dispatch.models.clocks import Clock
from dispatch.models.people import User
from dispatch.models.places import Absence
from dispatch.models.tickets import Handling, Ticket, TicketScope
from dispatch.models.unions import Union, UnionClosure
from dispatch.rules.levels import Level
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES
from dispatch.scope import UNION_CLOCKS
from dispatch.ticket_filters import due_range

WINDOW: Final = timedelta(days=90)
SMALL: Final = 5
"""A share of fewer cases tells of single people: it is hidden [docs/quality.md]."""
MOST_UNIONS: Final = 300


@dataclass(frozen=True, slots=True)
class Share:
    """How one kind of deadline was kept; `kept` is None where there were too few to say."""

    kind: str
    ended: int | None
    kept: float | None


@dataclass(frozen=True, slots=True)
class UnionBelow:
    """The union itself or one directly below, with everything under it."""

    id: int
    name: str
    level: str
    level_label: str
    own: bool
    open: int
    to_sign: int
    overdue: int
    today: int
    ended: int | None
    kept: float | None
    """Of the last quarter's deadlines; None where there were too few to say."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the union's people and what lies with him."""

    id: int
    name: str
    role: str
    role_label: str
    deputy_name: str | None
    away_until: datetime | None
    open: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Oversight:
    unions: list[UnionBelow]
    shares: list[Share]
    people: list[Colleague]
    server_time: datetime


def oversight(session: Session, actor: Actor, *, now: datetime, union_id: int | None = None) -> Oversight:
    """Return what lies in the actor's subtree, or in that of a union inside it; raises NotFound for any other."""
    top = union_id if union_id is not None else actor.union_id
    inside = select(UnionClosure.depth).where(
        UnionClosure.ancestor_id == actor.union_id, UnionClosure.descendant_id == top
    )
    if top is None or session.scalar(inside) is None:
        raise NotFound("union", union_id)
    unions = session.scalars(
        select(Union)
        .where(or_(Union.id == top, Union.parent_id == top), Union.closed_at.is_(None))
        .order_by(Union.id != top, Union.code)
        .limit(MOST_UNIONS)
    ).all()
    counts = _counts(session, actor, [union.id for union in unions], top, now)
    kept = _kept(session, actor, [union.id for union in unions], top, now)
    lines = []
    for union in unions:
        total, in_time = kept.get(union.id, (0, 0))
        found = counts.get(union.id, (0, 0, 0, 0))
        lines.append(
            UnionBelow(
                id=union.id,
                name=union.name,
                level=union.level,
                level_label=Level(union.level).label,
                own=union.id == top,
                open=found[0],
                to_sign=found[1],
                overdue=found[2],
                today=found[3],
                ended=_number(total),
                kept=_share(total, in_time),
            )
        )
    return Oversight(lines, _shares(session, actor, top, now), _people(session, actor, top, now), now)


# The question whether he may see a ticket asks the same tables by themselves.
_TURN: Final = aliased(Handling)
_SEEN: Final = aliased(TicketScope)


def _number(total: int) -> int | None:
    return total if total >= SMALL else None


def _share(total: int, met: int) -> float | None:
    return met / total if total >= SMALL else None


def _counts(
    session: Session, actor: Actor, union_ids: list[int], top: int, now: datetime
) -> dict[int, tuple[int, int, int, int]]:
    """Count open tickets by the union that handles them, summed up to the unions shown; the top counts its own alone."""
    low, high = due_range("today", now)
    rows = session.execute(
        select(
            UnionClosure.ancestor_id,
            func.count(Ticket.id.distinct()),
            func.count(case((Ticket.state == "dispatched", Ticket.id)).distinct()),
            func.count(case((_SEEN.sort_key < low, Ticket.id)).distinct()),
            func.count(case((and_(_SEEN.sort_key >= low, _SEEN.sort_key < high), Ticket.id)).distinct()),
        )
        .select_from(Ticket)
        .join(_SEEN, and_(_SEEN.ticket_id == Ticket.id, _SEEN.union_id == actor.union_id))
        .join(_TURN, and_(_TURN.ticket_id == Ticket.id, _TURN.ended_at.is_(None)))
        .join(UnionClosure, UnionClosure.descendant_id == _TURN.union_id)
        .where(
            _SEEN.bucket == "open",
            _TURN.state != "assigned_down",
            UnionClosure.ancestor_id.in_(union_ids),
            or_(UnionClosure.ancestor_id != top, _TURN.union_id == top),
            visible(actor),
        )
        .group_by(UnionClosure.ancestor_id)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _kept(
    session: Session, actor: Actor, union_ids: list[int], top: int, now: datetime
) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        select(
            UnionClosure.ancestor_id,
            func.count(Clock.id),
            func.count(case((Clock.state == "met", Clock.id))),
        )
        .select_from(Clock)
        .join(_TURN, _TURN.id == Clock.handling_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .join(UnionClosure, UnionClosure.descendant_id == _TURN.union_id)
        .where(
            visible(actor),
            Clock.state.in_(("met", "missed")),
            Clock.kind.in_(UNION_CLOCKS),
            Clock.stopped_at > now - WINDOW,
            UnionClosure.ancestor_id.in_(union_ids),
            or_(UnionClosure.ancestor_id != top, _TURN.union_id == top),
        )
        .group_by(UnionClosure.ancestor_id)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def _shares(session: Session, actor: Actor, top: int, now: datetime) -> list[Share]:
    rows = session.execute(
        select(Clock.kind, func.count(Clock.id), func.count(case((Clock.state == "met", Clock.id))))
        .select_from(Clock)
        .join(_TURN, _TURN.id == Clock.handling_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .join(UnionClosure, UnionClosure.descendant_id == _TURN.union_id)
        .where(
            visible(actor),
            Clock.state.in_(("met", "missed")),
            Clock.kind.in_(UNION_CLOCKS),
            Clock.stopped_at > now - WINDOW,
            UnionClosure.ancestor_id == top,
        )
        .group_by(Clock.kind)
        .order_by(Clock.kind)
    )
    return [Share(kind, _number(total), _share(total, met)) for kind, total, met in rows]


def _people(session: Session, actor: Actor, top: int, now: datetime) -> list[Colleague]:
    users = session.scalars(
        select(User).where(User.union_id == top, User.disabled_at.is_(None)).order_by(User.id)
    ).all()
    names = {user.id: user.display_name for user in users}
    away = dict(
        session.execute(
            select(Absence.user_id, func.max(Absence.ends_at))
            .where(Absence.user_id.in_(names), Absence.begins_at <= now, Absence.ends_at > now)
            .group_by(Absence.user_id)
        ).all()
    )
    low, _ = due_range("today", now)
    rows = session.execute(
        select(
            _TURN.handler_id,
            func.count(_TURN.id),
            func.count(case((_SEEN.sort_key < low, _TURN.id))),
        )
        .join(Ticket, Ticket.id == _TURN.ticket_id)
        .join(_SEEN, and_(_SEEN.ticket_id == Ticket.id, _SEEN.union_id == top))
        .where(
            _TURN.union_id == top,
            _TURN.ended_at.is_(None),
            _TURN.handler_id.in_(names),
            Ticket.state.in_([state.value for state in OPEN_STATES]),
            visible(actor),
        )
        .group_by(_TURN.handler_id)
    )
    load = {row[0]: (row[1], row[2]) for row in rows}
    return [
        Colleague(
            id=user.id,
            name=user.display_name,
            role=user.role,
            role_label=Role(user.role).label,
            deputy_name=names.get(user.deputy_id or 0),
            away_until=away.get(user.id),
            open=load.get(user.id, (0, 0))[0],
            overdue=load.get(user.id, (0, 0))[1],
        )
        for user in users
    ]
