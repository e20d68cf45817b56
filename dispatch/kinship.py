"""Which employers are one in law, which unions stand inside their corporate group, and which tickets that touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.tickets import Handling, Ticket, TicketEmployer
from dispatch.models.unions import Employer, Union, UnionClosure
from dispatch.rules.levels import UnionKind
from dispatch.union_tree import in_batches


def with_branches(session: Session, employer_ids: Collection[int]) -> set[int]:
    """Return these employers, their head offices, and the branches of all of them: one employer in law."""
    found, fresh = set[int](), set(employer_ids)
    while fresh:
        found |= fresh
        near = set[int]()
        for some in in_batches(fresh):
            heads = select(Employer.parent_id).where(Employer.id.in_(some), Employer.parent_id.is_not(None))
            near |= {head for head in session.scalars(heads) if head is not None}
            near |= set(session.scalars(select(Employer.id).where(Employer.parent_id.in_(some))))
        fresh = near - found
    return found


class Kin(NamedTuple):
    """A corporate group: its employers, their own unions, and the codes by which it goes."""

    employers: set[int]
    unions: set[int]
    groups: set[str]


def kin(
    session: Session, employer_ids: Iterable[int], union_ids: Iterable[int] = (), groups: Iterable[str] = ()
) -> Kin:
    """Return everything that belongs to the same corporate group, followed until nothing is new.

    A group is known by the code of an employer or of a union, and by who is whose branch.
    """
    found = Kin(set(), set(), set())
    fresh = Kin(set(employer_ids), set(union_ids), set(groups))
    while any(fresh):
        fresh = Kin(with_branches(session, fresh.employers), fresh.unions, fresh.groups)
        found.employers.update(fresh.employers)
        found.unions.update(fresh.unions)
        found.groups.update(fresh.groups)
        fresh = _near(session, fresh)
        fresh = Kin(
            fresh.employers - found.employers, fresh.unions - found.unions, fresh.groups - found.groups
        )
    return found


def tickets_touched(session: Session, union_ids: Collection[int]) -> set[int]:
    """Return the tickets whose readers depend on where these subtrees hang and to which group they belong.

    They are handled or were brought in below, or are about an employer whose group has a union below.
    """
    found, own = set[int](), set[int]()
    for some in in_batches(union_ids):
        below = select(UnionClosure.descendant_id).where(UnionClosure.ancestor_id.in_(some))
        found |= set(session.scalars(select(Handling.ticket_id).where(Handling.union_id.in_(below))))
        found |= set(session.scalars(select(Ticket.id).where(Ticket.origin_union_id.in_(below))))
        own |= set(session.scalars(select(Employer.id).where(Employer.union_id.in_(below))))
    return found | tickets_about(session, kin(session, own).employers)


def tickets_about(session: Session, employer_ids: Iterable[int]) -> set[int]:
    """Return the tickets that name one of these employers."""
    found: set[int] = set()
    for some in in_batches(employer_ids):
        query = select(TicketEmployer.ticket_id).where(TicketEmployer.employer_id.in_(some))
        found |= set(session.scalars(query))
    return found


def _near(session: Session, start: Kin) -> Kin:
    """Return what is one step away."""
    near = Kin(set(), set(), set())
    conditions = [Employer.id.in_(some) for some in in_batches(start.employers)]
    # A joint basic union (联合基层) has employers who have nothing else to do with one another.
    shared = (UnionKind.JOINT_BASIC.value, UnionKind.FEDERATION.value)
    for some in in_batches(start.unions):
        one_employer = select(Union.id).where(Union.id.in_(some), Union.kind.not_in(shared))
        conditions.append(Employer.union_id.in_(one_employer))
    conditions += [Employer.group_code.in_(some) for some in in_batches(start.groups)]
    for condition in conditions:
        rows = session.execute(select(Employer.id, Employer.union_id, Employer.group_code).where(condition))
        for employer, union, group in rows:
            near.employers.add(employer)
            near.unions.update([union] if union is not None else [])
            near.groups.update([group] if group else [])
    for some in in_batches(start.unions):
        codes = select(Union.group_code).where(Union.id.in_(some), Union.group_code.is_not(None))
        near.groups.update(code for code in session.scalars(codes) if code)
    for names in in_batches(start.groups):
        near.unions.update(session.scalars(select(Union.id).where(Union.group_code.in_(names))))
    return near
