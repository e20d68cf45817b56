"""One union with what belongs to it, as a page shows it; and what an administrator changes of it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from dispatch.actors import Actor
from dispatch.attendance import attendance_of
from dispatch.errors import Invalid, NotFound, VersionConflict
from dispatch.events import ADMINISTRATION, record
from dispatch.models.people import User
from dispatch.models.places import CourtDistrict, CourtDistrictRegion, Post
from dispatch.models.tickets import Handling
from dispatch.models.unions import Union
from dispatch.places import PointLine, service_points
from dispatch.policy import Policy
from dispatch.reference import UnionLine
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.urgency import Urgency

EDITABLE: Final = frozenset({"name", "phone", "calendar", "can_receive", "closed"})


@dataclass(frozen=True, slots=True)
class PostLine:
    """A post with who holds it and who stands in."""

    code: str
    name: str
    holder: str | None
    deputy: str | None


@dataclass(frozen=True, slots=True)
class UnionPage:
    """A union, the line above it, and who can be reached there."""

    id: int
    code: str
    name: str
    level: str
    level_label: str
    kind: str
    kind_label: str
    region_code: str | None
    parent_id: int | None
    group_code: str | None
    industry: str | None
    phone: str | None
    calendar: str
    can_receive: bool
    version: int
    closed: bool
    line: list[UnionLine]
    """From the root to the parent."""
    below: int
    """How many unions stand directly below it."""
    working_now: bool
    opens_at: datetime | None
    on_duty: list[str]
    posts: list[PostLine]
    """Empty for whoever belongs to a union that is neither this one nor above it."""
    points: list[PointLine]


@dataclass(frozen=True, slots=True)
class DistrictLine:
    """A court district with the places it covers."""

    code: str
    name: str
    court: str
    phone: str | None
    union_id: int
    union_name: str
    regions: list[str]


def union_page(session: Session, actor: Actor, union_id: int, *, policy: Policy, now: datetime) -> UnionPage:
    """Return a union; raises NotFound."""
    union = session.get(Union, union_id)
    if union is None:
        raise NotFound("union", union_id)
    above = {
        each.id: each for each in session.scalars(select(Union).where(Union.id.in_(union.ancestor_ids())))
    }
    calendar = policy.calendar(union.calendar)
    near = actor.union_id is None or actor.union_id in union.ancestor_ids()
    (present,) = attendance_of(session, [union], urgency=Urgency.P2.value, policy=policy, now=now).values()
    people = [person.name for person in present.people] if near and present.reachable_now else []
    return UnionPage(
        id=union.id,
        code=union.code,
        name=union.name,
        level=union.level,
        level_label=Level(union.level).label,
        kind=union.kind,
        kind_label=UnionKind(union.kind).label,
        region_code=union.region_code,
        parent_id=union.parent_id,
        group_code=union.group_code,
        industry=union.industry,
        phone=union.phone,
        calendar=union.calendar,
        can_receive=union.can_receive,
        version=union.version,
        closed=union.closed_at is not None,
        line=[_line(above[each]) for each in union.ancestor_ids() if each != union.id],
        below=session.scalar(select(func.count()).where(Union.parent_id == union.id)) or 0,
        working_now=calendar.is_working(now),
        opens_at=None if calendar.is_working(now) else calendar.next_working(now),
        on_duty=people,
        posts=_posts(session, union.id) if near else [],
        points=service_points(session, union_id=union.id, policy=policy, now=now),
    )


def court_districts(session: Session, *, region: str | None = None) -> list[DistrictLine]:
    """Return the court districts, or the one that claims the longest prefix of `region`."""
    regions: dict[int, list[str]] = {}
    for piece in session.scalars(select(CourtDistrictRegion).order_by(CourtDistrictRegion.region_code)):
        regions.setdefault(piece.district_id, []).append(piece.region_code)
    rows = session.execute(
        select(CourtDistrict, Union.name)
        .join(Union, Union.id == CourtDistrict.union_id)
        .order_by(CourtDistrict.code)
    )
    found = [
        DistrictLine(
            district.code,
            district.name,
            district.court,
            district.phone,
            district.union_id,
            name,
            regions.get(district.id, []),
        )
        for district, name in rows
    ]
    if not region:
        return found
    claims = [(len(each), line) for line in found for each in line.regions if region.startswith(each)]
    return [max(claims, key=lambda claim: claim[0])[1]] if claims else []


def edit_union(
    session: Session,
    actor: Actor,
    union_id: int,
    *,
    version: int,
    changes: Mapping[str, Any],
    policy: Policy,
    now: datetime,
) -> Union:
    """Change a union by hand; raises NotFound, VersionConflict, Invalid. Its place in the tree comes from files only."""
    union = session.scalar(select(Union).where(Union.id == union_id).with_for_update())
    if union is None:
        raise NotFound("union", union_id)
    if union.version != version:
        current = {name: getattr(union, name) for name in EDITABLE - {"closed"}}
        raise VersionConflict(union.code, version, union.version, current)
    wrong = _wrong(session, union, changes, policy)
    if wrong:
        raise Invalid(wrong)
    for name in EDITABLE & changes.keys():
        if name == "closed":
            union.closed_at = (union.closed_at or now) if changes[name] else None
        else:
            setattr(union, name, changes[name])
    union.version += 1
    payload = {"union": union.code, "changes": dict(changes)}
    record(session, "UnionEdited", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    session.flush()
    return union


def _wrong(session: Session, union: Union, changes: Mapping[str, Any], policy: Policy) -> dict[str, str]:
    wrong = {}
    if "name" in changes and not (changes["name"] or "").strip():
        wrong["name"] = "名称不能为空"
    if "calendar" in changes and changes["calendar"] not in policy.calendars:
        wrong["calendar"] = f"没有日历“{changes['calendar']}”"
    if changes.get("closed"):
        below = select(Union.id).where(Union.parent_id == union.id, Union.closed_at.is_(None)).limit(1)
        turns = select(Handling.id).where(Handling.union_id == union.id, Handling.ended_at.is_(None)).limit(1)
        if session.scalar(below) is not None:
            wrong["closed"] = "还有下级工会，不能注销"
        elif session.scalar(turns) is not None:
            wrong["closed"] = "还有在办工单，请先改派"
    return wrong


def _posts(session: Session, union_id: int) -> list[PostLine]:
    holder, deputy = aliased(User), aliased(User)
    rows = session.execute(
        select(Post.code, Post.name, holder.display_name, deputy.display_name)
        .outerjoin(holder, holder.id == Post.holder_id)
        .outerjoin(deputy, deputy.id == Post.deputy_id)
        .where(Post.union_id == union_id)
        .order_by(Post.code)
    )
    return [PostLine(*row) for row in rows]


def _line(union: Union) -> UnionLine:
    return UnionLine(
        id=union.id,
        code=union.code,
        name=union.name,
        level=union.level,
        level_label=Level(union.level).label,
        kind=union.kind,
        region_code=union.region_code,
        parent_id=union.parent_id,
    )
