"""Where a worker is sent: service points near a place that can do what is needed, and whether they are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from dispatch.errors import Invalid
from dispatch.models.places import ServicePoint
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.places import Facility, PointKind, Skill, code_of, shared_prefix

_NEARNESS = {9: "同一乡镇（街道）", 6: "同一区县", 4: "同一市", 2: "同一省", 0: "外省"}
MAX_POINTS = 20


@dataclass(frozen=True, slots=True)
class PointLine:
    """One service point; `reasons` say in Chinese why it is proposed, the nearest first."""

    id: int
    code: str
    name: str
    kind: str
    kind_label: str
    union_id: int
    union_name: str
    region_code: str
    address: str | None
    phone: str | None
    skills: list[str]
    facilities: list[str]
    services: list[str]
    """Skills and facilities in Chinese."""
    open_now: bool
    opens_at: datetime | None
    """When it opens next, where it is shut now."""
    reasons: list[str]


def service_points(
    session: Session, *, union_id: int | None = None, region: str | None = None, policy: Policy, now: datetime
) -> list[PointLine]:
    """Return the service points of a union or of a place and what is below it."""
    query = _points().order_by(ServicePoint.code)
    if union_id is not None:
        query = query.where(ServicePoint.union_id == union_id)
    if region:
        query = query.where(ServicePoint.region_code.startswith(region, autoescape=True))
    rows = session.execute(query.limit(500)).all()
    return [_line(point, name, policy=policy, now=now, reasons=[]) for point, name in rows]


def nearest_points(
    session: Session,
    *,
    region: str,
    need: str | None = None,
    policy: Policy,
    now: datetime,
    limit: int = 5,
) -> list[PointLine]:
    """Return the points nearest to a place that can act: a skill or facility by code or in Chinese, open ones first.

    Nearness goes by the levels of the region code; at the same level a point that is open now comes before one that
    is not. Raises Invalid for a need that no point can have.
    """
    wanted = code_of(need.strip()) if need else None
    if wanted is not None and wanted not in _NEEDS:
        raise Invalid({"need": f"没有“{need}”这项服务或设施"})
    found: list[PointLine] = []
    seen: set[int] = set()
    for length in (9, 6, 4, 2):
        if len(region) < length or len(found) >= limit:
            continue
        near = _points().where(ServicePoint.region_code.startswith(region[:length], autoescape=True))
        here = []
        for point, name in session.execute(near).all():
            if point.id in seen or (wanted and wanted not in (*point.skills, *point.facilities)):
                continue
            seen.add(point.id)
            reasons = [f"{_NEARNESS[shared_prefix(point.region_code, region)]}（{point.region_code}）"]
            if wanted:
                reasons.append(f"可办理：{_NEEDS[wanted]}")
            here.append(_line(point, name, policy=policy, now=now, reasons=reasons))
        found += sorted(here, key=lambda each: (not each.open_now, each.code))
    return found[: max(1, min(limit, MAX_POINTS))]


_NEEDS = {member.value: member.label for kind in (Skill, Facility) for member in kind}


def _points() -> Select[ServicePoint, str]:
    return (
        select(ServicePoint, Union.name)
        .join(Union, Union.id == ServicePoint.union_id)
        .where(ServicePoint.open, Union.closed_at.is_(None))
    )


def _line(
    point: ServicePoint, union_name: str, *, policy: Policy, now: datetime, reasons: list[str]
) -> PointLine:
    calendar = policy.calendar(point.calendar)
    open_now = calendar.is_working(now)
    services = [_NEEDS[each] for each in (*point.skills, *point.facilities) if each in _NEEDS]
    return PointLine(
        id=point.id,
        code=point.code,
        name=point.name,
        kind=point.kind,
        kind_label=PointKind(point.kind).label,
        union_id=point.union_id,
        union_name=union_name,
        region_code=point.region_code,
        address=point.address,
        phone=point.phone,
        skills=point.skills,
        facilities=point.facilities,
        services=services,
        open_now=open_now,
        opens_at=None if open_now else calendar.next_working(now),
        reasons=[*reasons, *(["现在开放"] if open_now else [])] if reasons else [],
    )
