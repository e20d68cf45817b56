"""What forms choose from: administrative divisions, unions, employers, and the people of a union."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.employers import name_key
from dispatch.errors import NotFound
from dispatch.models.people import User
from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Employer, Region, Union
from dispatch.rules.levels import Level
from dispatch.rules.roles import CENTRE_ROLES, Role
from dispatch.rules.ticket_state import OPEN_STATES

MAX_ROWS: Final = 500

_DEPTH: Final = case({level.value: level.depth for level in Level}, value=Union.level, else_=len(Level))


@dataclass(frozen=True, slots=True)
class RegionLine:
    """A place; `parent` is the place above it, never a mere prefix of codes."""

    code: str
    name: str
    parent: str | None
    level: str


@dataclass(frozen=True, slots=True)
class UnionLine:
    """A union as a list to choose from shows it."""

    id: int
    code: str
    name: str
    level: str
    level_label: str
    kind: str
    region_code: str | None
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class EmployerLine:
    """A known employer; `open_tickets` counts only those which the reader may see."""

    id: int
    name: str
    uscc: str | None
    region_code: str | None
    group_code: str | None
    union_name: str | None
    open_tickets: int


@dataclass(frozen=True, slots=True)
class PersonLine:
    """An account in use, as a handler or deputy is chosen from."""

    id: int
    name: str
    display_name: str
    role: str
    role_label: str
    union_id: int | None
    union_name: str | None
    extension: str | None


def regions(
    session: Session, *, parent: str | None = None, prefix: str | None = None, limit: int = MAX_ROWS
) -> list[RegionLine]:
    """Return the places directly below `parent`, or those whose code or name begins with `prefix`.

    Without either the provinces. 市辖区 and the like are passed over: what is below them counts as below the parent.
    """
    above = aliased(Region)
    place_above = case((above.pseudo, above.parent_code), else_=Region.parent_code)
    query = (
        select(Region.code, Region.name, place_above, Region.level)
        .outerjoin(above, above.code == Region.parent_code)
        .where(~Region.pseudo)
        .order_by(Region.code)
        .limit(_cut(limit))
    )
    if prefix:
        query = query.where(
            or_(
                Region.code.startswith(prefix, autoescape=True),
                Region.name.startswith(prefix, autoescape=True),
            )
        )
    if parent:
        query = query.where(place_above == parent)
    elif not prefix:
        query = query.where(Region.parent_code.is_(None))
    return [RegionLine(*row) for row in session.execute(query)]


def unions(
    session: Session,
    *,
    q: str | None = None,
    parent: int | None = None,
    level: str | None = None,
    limit: int = 50,
) -> list[UnionLine]:
    """Return unions by part of the name or beginning of the code, the upper levels first."""
    query = select(Union).where(Union.closed_at.is_(None)).order_by(_DEPTH, Union.code).limit(_cut(limit))
    wanted = (q or "").strip()
    if wanted:
        query = query.where(
            or_(Union.name.contains(wanted, autoescape=True), Union.code.startswith(wanted, autoescape=True))
        )
    if parent is not None:
        query = query.where(Union.parent_id == parent)
    if level:
        query = query.where(Union.level == level)
    return [
        UnionLine(
            id=union.id,
            code=union.code,
            name=union.name,
            level=union.level,
            level_label=Level(union.level).label,
            kind=union.kind,
            region_code=union.region_code,
            parent_id=union.parent_id,
        )
        for union in session.scalars(query)
    ]


def employers(session: Session, actor: Actor, *, q: str | None = None, limit: int = 50) -> list[EmployerLine]:
    """Return employers by part of the name or by uscc, the shortest name first."""
    query = (
        select(Employer, Union.name)
        .outerjoin(Union, Union.id == Employer.union_id)
        .order_by(func.length(Employer.name), Employer.name, Employer.id)
        .limit(_cut(limit))
    )
    wanted = (q or "").strip()
    if wanted:
        query = query.where(_named(wanted))
    rows = session.execute(query).all()
    counts = _open_tickets(session, actor, [employer.id for employer, _ in rows])
    return [
        EmployerLine(
            id=employer.id,
            name=employer.name,
            uscc=employer.uscc,
            region_code=employer.region_code,
            group_code=employer.group_code,
            union_name=union_name,
            open_tickets=counts.get(employer.id, 0),
        )
        for employer, union_name in rows
    ]


def people_of_centre(session: Session, actor: Actor, q: str) -> list[PersonLine]:
    """Return the hotline's own people by part of the name or by number, at most twenty; nobody to other readers."""
    wanted = q.strip()
    if not actor.of_centre or not wanted:
        return []
    people = session.scalars(
        select(User)
        .where(
            User.union_id.is_(None),
            User.disabled_at.is_(None),
            User.role.in_(sorted(role.value for role in CENTRE_ROLES)),
            or_(
                User.display_name.contains(wanted, autoescape=True),
                User.name == wanted,
                User.extension == wanted,
            ),
        )
        .order_by(User.id)
        .limit(20)
    )
    return [_person(user, None) for user in people]


def users_of_union(session: Session, actor: Actor, union_id: int | None = None) -> list[PersonLine]:
    """Return the people of a union (the actor's own without `union_id`); raises NotFound.

    People of a union see only their own union's; people of the centre see any union's.
    """
    wanted = union_id if union_id is not None else actor.union_id
    if wanted is None or not (actor.of_centre or wanted == actor.union_id):
        raise NotFound("union", union_id)
    name = session.scalar(select(Union.name).where(Union.id == wanted))
    if name is None:
        raise NotFound("union", union_id)
    people = session.scalars(
        select(User).where(User.union_id == wanted, User.disabled_at.is_(None)).order_by(User.id)
    )
    return [_person(user, name) for user in people]


def _person(user: User, union_name: str | None) -> PersonLine:
    return PersonLine(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        role_label=Role(user.role).label,
        union_id=user.union_id,
        union_name=union_name,
        extension=user.extension,
    )


def _named(wanted: str) -> ColumnElement[bool]:
    return or_(
        Employer.name.contains(wanted, autoescape=True),
        Employer.name_key.contains(name_key(wanted), autoescape=True),
        Employer.uscc.startswith(wanted.upper(), autoescape=True),
    )


def _open_tickets(session: Session, actor: Actor, employer_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(TicketEmployer.employer_id, func.count(Ticket.id.distinct()))
        .join(Ticket, Ticket.id == TicketEmployer.ticket_id)
        .where(
            TicketEmployer.employer_id.in_(employer_ids),
            Ticket.state.in_([state.value for state in OPEN_STATES]),
            visible(actor),
        )
        .group_by(TicketEmployer.employer_id)
    )
    return {employer: count for employer, count in rows if employer is not None}


def _cut(limit: int) -> int:
    return max(1, min(limit, MAX_ROWS))
