"""What much is asked about: the employers, regions and categories with most requests, and how they have grown."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Select, String, cast, func, literal, select
from sqlalchemy.orm import Session

from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Employer, Region
from dispatch.policy import Policy
from dispatch.reports.reach import Reach
from dispatch.reports.tallies import was_received
from dispatch.rules.report_terms import Period

MOST: Final = 10
_COUNTY: Final = 6
"""Digits of a region's code down to the county, the level that can act."""


class Axis(StrEnum):
    """What is ranked."""

    CATEGORY = "category"
    REGION = "region"
    EMPLOYER = "employer"


@dataclass(frozen=True, slots=True)
class HotRow:
    """One employer, region or category; `previous` is None where the earlier number is too small to be shown."""

    key: str
    name: str
    count: int
    previous: int | None
    growth: float | None
    """By which share more than in the period before; None where nothing was before."""
    where: str | None
    """A list's filter for these tickets; None where lists cannot be cut so."""


@dataclass(frozen=True, slots=True)
class HotList:
    """The rows with most requests."""

    axis: Axis
    rows: list[HotRow]


def hot_lists(session: Session, reach: Reach, period: Period, *, policy: Policy) -> list[HotList]:
    """Return the rankings of a period."""
    return [HotList(axis, _rows(session, reach, period, axis, policy)) for axis in Axis]


def list_filter(period: Period, *more: Mapping[str, Any]) -> str:
    """Return the list's filter that shows what was registered in a period."""
    made = [
        {"field": "created_at", "op": "ge", "value": period.since.isoformat()},
        {"field": "created_at", "op": "lt", "value": period.until.isoformat()},
        {"field": "state", "op": "ne", "value": "draft"},
        {"field": "outcome", "op": "ne", "value": "void"},
    ]
    return json.dumps({"all": [*made, *more]})


def _rows(session: Session, reach: Reach, period: Period, axis: Axis, policy: Policy) -> list[HotRow]:
    found = _counts(session, reach, period, axis)
    if not found:
        return []
    before = _counts(session, reach, period.before(), axis, among=[key for key, _ in found])
    earlier = dict(before)
    names = _names(session, axis, list(dict(found)), policy)
    return [
        HotRow(
            key=key,
            name=names.get(key, key),
            count=count,
            previous=earlier.get(key, 0) if reach.least == 1 else earlier.get(key),
            growth=(count - earlier[key]) / earlier[key] if earlier.get(key) else None,
            where=_filter(period, axis, key),
        )
        for key, count in found
    ]


def _counts(
    session: Session, reach: Reach, period: Period, axis: Axis, *, among: Collection[str] = ()
) -> list[tuple[str, int]]:
    """Return the keys with most requests; a month in which one has too few is not in its sum."""
    keys = _keys(axis).where(was_received(period), reach.tickets).subquery()
    each = (
        select(keys.c.key, func.count().label("n"))
        .group_by(keys.c.key, keys.c.month)
        .having(func.count() >= reach.least)
        .subquery()
    )
    total = func.sum(each.c.n)
    query = select(each.c.key, total).group_by(each.c.key).order_by(total.desc(), each.c.key).limit(MOST)
    if among:
        query = query.where(each.c.key.in_(among))
    return [(key, int(count)) for key, count in session.execute(query)]


def _keys(axis: Axis) -> Select[Any]:
    month = func.substr(Ticket.day, 1, 6).label("month")
    if axis is Axis.CATEGORY:
        return select(Ticket.category.label("key"), month).where(Ticket.category.is_not(None))
    if axis is Axis.REGION:
        county = func.substr(Ticket.region_code, 1, literal(_COUNTY))
        return select(county.label("key"), month).where(Ticket.region_code.is_not(None))
    # An employer that one ticket names twice is one that it names.
    return (
        select(cast(TicketEmployer.employer_id, String).label("key"), month)
        .join(TicketEmployer, TicketEmployer.ticket_id == Ticket.id)
        .where(TicketEmployer.employer_id.is_not(None))
        .group_by(Ticket.id, Ticket.day, TicketEmployer.employer_id)
    )


def _names(session: Session, axis: Axis, keys: Collection[str], policy: Policy) -> dict[str, str]:
    if axis is Axis.CATEGORY:
        known = {key: policy.category(key) for key in keys}
        return {key: category.name for key, category in known.items() if category is not None}
    if axis is Axis.REGION:
        return dict(session.execute(select(Region.code, Region.name).where(Region.code.in_(keys))).all())
    wanted = [int(key) for key in keys]
    rows = session.execute(select(Employer.id, Employer.name).where(Employer.id.in_(wanted)))
    return {str(number): name for number, name in rows}


def _filter(period: Period, axis: Axis, key: str) -> str | None:
    if axis is Axis.CATEGORY:
        return list_filter(period, {"field": "category", "op": "eq", "value": key})
    if axis is Axis.REGION:
        return list_filter(period, {"field": "region_code", "op": "prefix", "value": key})
    return None
