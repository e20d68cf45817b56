"""Where a ticket should go: gathers what the rules may know of it and of the unions around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from dispatch.attendance import attendance_of
from dispatch.models.people import User
from dispatch.models.places import CourtDistrict, CourtDistrictRegion
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Region, Union
from dispatch.policy import Policy
from dispatch.rule_sets import book_in_force
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.routing import (
    DistrictView,
    Ranking,
    RoutingCase,
    candidate_region_codes,
    rank,
)
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.working_time import SHANGHAI
from dispatch.scope import accused_of, corporate_of, employers_of, view_of

_OF_A_PLACE = and_(
    Union.level != Level.ENTERPRISE.value,
    or_(Union.level != Level.VILLAGE.value, Union.kind != UnionKind.TERRITORY.value),
)
"""The others are found by their employer: a town has hundreds of them, all with its code."""


def recommend(
    session: Session, ticket: Ticket, *, policy: Policy, now: datetime, book: RuleBook | None = None
) -> Ranking:
    """Return the unions that should receive the ticket, best first, each with its reasons in Chinese.

    `book` is one that is tried out; without it the rules in force are asked.
    """
    category = policy.category(ticket.category)
    if category is None:
        return Ranking((), (), "诉求类别未定，无法推荐工会，请先选择类别")
    employers = employers_of(session, ticket.id)
    if book is None:
        book = book_in_force(session) or RuleBook(policy.routing_rules, policy.dispatch_mode)
    case = RoutingCase(
        category=category,
        region_code=ticket.region_code or "",
        on=now.astimezone(SHANGHAI).date(),
        employers=employers,
        rights_defence=ticket.rights_defence,
        sealed=ticket.sealed,
        accused_union_ids=accused_of(session, ticket),
        accuses_centre=_accuses_centre(session, ticket),
        consent_waives_recusal=ticket.recusal_waived,
        mode=book.mode,
        home_province=policy.province,
        corporate=corporate_of(session, employers),
    )
    case = replace(case, district=district_of(session, case.place), place_name=_name_of(session, case.place))
    unions = _candidates(session, case, book)
    case = replace(
        case, attendance=attendance_of(session, unions, urgency=ticket.urgency, policy=policy, now=now)
    )
    return replace(rank(case, map(view_of, unions), book.rules), rules_version=book.version)


def district_of(session: Session, place: str) -> DistrictView | None:
    """Return the court district that claims the longest prefix of a place's code."""
    codes = candidate_region_codes(place)
    if not codes:
        return None
    rows = session.execute(
        select(CourtDistrictRegion.region_code, CourtDistrict)
        .join(CourtDistrict, CourtDistrict.id == CourtDistrictRegion.district_id)
        .where(CourtDistrictRegion.region_code.in_(codes))
    ).all()
    if not rows:
        return None
    district: CourtDistrict = max(rows, key=lambda row: len(row[0]))[1]
    return DistrictView(district.name, district.court, district.union_id)


def _name_of(session: Session, place: str) -> str:
    """Return a place's name with what it lies in below the province, such as 济南市历下区; empty for an unknown one."""
    rows = session.execute(_NAMES, {"codes": candidate_region_codes(place)}).all()
    named = [name for code, name, pseudo in rows if len(code) > PROVINCE_DIGITS and not pseudo]
    return "".join(named) or "".join(name for _, name, _ in rows)


def _accuses_centre(session: Session, ticket: Ticket) -> bool:
    """Whether the caller complains about somebody of the hotline itself, who sits in no union."""
    if not ticket.accused_user_ids:
        return False
    query = select(User.id).where(User.id.in_(ticket.accused_user_ids), User.union_id.is_(None))
    return session.scalar(query.limit(1)) is not None


def _candidates(session: Session, case: RoutingCase, book: RuleBook) -> list[Union]:
    places = {case.place, *(each.region_code for each in case.employers)}
    if case.accuses_centre:
        places.add(case.home_province)
    regions = {code for place in places for code in candidate_region_codes(place)}
    own = {each.union_id for each in case.employers if each.union_id is not None}
    wanted = own | set(case.accused_union_ids)
    if case.district is not None:
        wanted.add(case.district.union_id)
    first = session.scalars(
        select(Union).where(
            or_(
                and_(Union.region_code.in_(regions), _OF_A_PLACE),
                Union.id.in_(wanted),
                Union.code.in_(_named(book, case)),
            )
        )
    ).all()
    known = {union.id: union for union in first}
    above = {ancestor for union in first for ancestor in union.ancestor_ids()} - known.keys()
    if above:
        known |= {union.id: union for union in session.scalars(select(Union).where(Union.id.in_(above)))}
    return list(known.values())


def _named(book: RuleBook, case: RoutingCase) -> Iterable[str]:
    return {rule.union_code for rule in book.rules if rule.valid_on(case.on)}


PROVINCE_DIGITS: Final = 2
_NAMES: Final = (
    select(Region.code, Region.name, Region.pseudo)
    .where(Region.code.in_(bindparam("codes", expanding=True)))
    .order_by(Region.code)
)
