"""Random unions, employers and people in a real database, and an account of who may never see what, kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import Actor, actor_of
from dispatch.events import By
from dispatch.models.people import User
from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Employer, EmployerTie, Union
from dispatch.regions import bring_regions
from dispatch.rules.levels import Level
from dispatch.rules.recusal import UnionView
from dispatch.rules.roles import Role
from dispatch.rules.uscc import check_character
from dispatch.tables import Sheet, import_sheet
from tests.builders import NOW
from tests.rules.trees import region_at, trees

BY = By("machine")
UNION_HEADER = "code,name,level,kind,parent_code,region_code,group_code,industry,calendar,phone,can_receive"
EMPLOYER_HEADER = "name,uscc,region_code,union_code,group_code,industry,parent_uscc"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an example is made of."""

    unions: tuple[UnionView, ...]
    employers: tuple[str, ...]
    """Lines of a file."""
    ties: tuple[tuple[int, int], ...]
    """(employer, union) by place: the union's handler is tied to the employer."""


def uscc_of(place: int) -> str:
    body = f"91370102MA3C{place:05d}"
    return body + check_character(body)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    unions = draw(trees().filter(lambda tree: len(tree) >= 5))
    basic = [union.code for union in unions if union.level is Level.ENTERPRISE]
    employers = []
    for place in range(draw(st.integers(1, 4))):
        union = draw(st.sampled_from(["", *basic, *basic]))
        group = draw(st.sampled_from(("", "G1", "G2")))
        head = uscc_of(draw(st.integers(0, place - 1))) if place and draw(st.booleans()) else ""
        region = region_at(Level.TOWN, draw(st.text("12", min_size=3, max_size=3)))
        employers.append(f"单位{place},{uscc_of(place)},{region},{union},{group},,{head}")
    pairs = st.tuples(st.integers(0, len(employers) - 1), st.integers(0, len(unions) - 1))
    return Plan(unions, tuple(employers), tuple(draw(st.sets(pairs, max_size=3))))


def union_line(union: UnionView, **changes: Any) -> str:
    """Write a union as a file holds it."""
    cells = {
        "parent": f"U{union.parent_id}" if union.parent_id is not None else "",
        "group": union.group_code,
        **changes,
    }
    return (
        f"U{union.id},{union.name},{union.level.value},{union.kind.value},{cells['parent']},{union.region_code},"
        f"{cells['group']},{union.industry},,,是"
    )


def furnish(session: Session, plan: Plan) -> None:
    """Write the example: every union has a handler `hN` and a leader `lN`; the centre its usual posts."""
    parents = {union.id: union.parent_id for union in plan.unions}
    assert sum(parent is None for parent in parents.values()) == 1
    places = ("37", "3701", "3702", "370101", "370201", "370102", "370101001", "370201001", "370102002")
    bring_regions(
        session, ({"code": code, "name": code, "parent": "", "level": "x", "pseudo": "0"} for code in places)
    )
    lines = [union_line(union) for union in plan.unions]
    _load(session, Sheet.UNIONS, UNION_HEADER, lines)
    _load(session, Sheet.EMPLOYERS, EMPLOYER_HEADER, list(plan.employers))
    ids = {code: number for code, number in session.execute(select(Union.code, Union.id))}  # noqa: C416  # rows are no pairs to mypy
    people: list[tuple[str, Role, int | None]] = [("operator", Role.OPERATOR, None)]
    people += [("dispatcher", Role.DISPATCHER, None)]
    people += [("supervisor", Role.SUPERVISOR, None), ("callback", Role.CALLBACK_OPERATOR, None)]
    for union in plan.unions:
        people.append((f"h{union.id}", Role.UNION_HANDLER, ids[f"U{union.id}"]))
        people.append((f"l{union.id}", Role.UNION_LEADER, ids[f"U{union.id}"]))
    session.add_all(
        User(name=name, display_name=name, password_hash="!", role=role.value, union_id=union, created_at=NOW)
        for name, role, union in people
    )
    session.flush()
    ties = [f"{uscc_of(employer)},h{plan.unions[union].id},亲属" for employer, union in plan.ties]
    if ties:
        _load(session, Sheet.EMPLOYER_TIES, "employer_uscc,user,reason", ties)


def _load(session: Session, sheet: Sheet, header: str, lines: list[str]) -> None:
    import_sheet(session, sheet, "\n".join((header, *lines, "")).encode(), by=BY, now=NOW)


def actors(session: Session) -> dict[str, Actor]:
    """Return everyone by name."""
    return {user.name: actor_of(user) for user in session.scalars(select(User).order_by(User.id))}


def forbidden(session: Session, ticket: Ticket) -> tuple[set[int], set[int]]:
    """Return the unions and the persons that must not see a ticket, counted from bare rows.

    Nothing here is shared with the rule: parents are walked one by one, groups are followed over whole tables.
    """
    unions = {union.id: union for union in session.scalars(select(Union))}
    employers = {each.id: each for each in session.scalars(select(Employer))}

    def line(number: int | None) -> list[int]:
        found = []
        while number is not None:
            found.append(number)
            number = unions[number].parent_id
        return found

    accused = set(ticket.accused_user_ids)
    sit = {user.union_id for user in session.scalars(select(User)) if user.id in accused}
    roots = set(ticket.accused_union_ids) | {each for each in sit if each is not None}
    persons: set[int] = set()
    if ticket.rights_defence and not ticket.recusal_waived:
        named = session.scalars(
            select(TicketEmployer.employer_id).where(TicketEmployer.ticket_id == ticket.id)
        )
        family = _family(employers, {each for each in named if each is not None})
        group = _group(unions, employers, family)
        own = {employers[each].union_id for each in group if employers[each].union_id is not None}
        codes = {employers[each].group_code for each in group} | {
            unions[each].group_code for each in own if each
        }
        roots |= {each for each in own if each}
        roots |= {
            number for number, union in unions.items() if union.group_code and union.group_code in codes
        }
        roots |= {up for each in own for up in line(each) if unions[up].level == "enterprise"}
        persons |= set(
            session.scalars(select(EmployerTie.user_id).where(EmployerTie.employer_id.in_(family)))
        )
    return {number for number in unions if roots & set(line(number))}, persons | accused


def _family(employers: dict[int, Employer], start: set[int]) -> set[int]:
    found = set(start)
    while True:
        more = {each.id for each in employers.values() if each.parent_id in found}
        more |= {employers[each].parent_id for each in found if employers[each].parent_id is not None}  # type: ignore[misc]  # filtered
        if more <= found:
            return found
        found |= more


def _group(unions: dict[int, Union], employers: dict[int, Employer], start: set[int]) -> set[int]:
    found = set(start)
    while True:
        codes = {employers[each].group_code for each in found} - {None, ""}
        own = [employers[each].union_id for each in found]
        codes |= {unions[each].group_code for each in own if each is not None} - {None, ""}
        more = _family(
            employers, {each.id for each in employers.values() if each.group_code in codes} | found
        )
        if more <= found:
            return found
        found |= more
