"""What a call begins with: the menu by the centre's calendar, or why nobody can take it; asked once, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.policy import Policy
from dispatch.rules.working_time import SHANGHAI
from hotline.calls.log import Verb, log
from hotline.calls.models import Call
from hotline.calls.protection import IN_HOUSE
from hotline.calls.protection_models import BlockedNumber, Incident
from hotline.services import Services
from hotline.voice.service_policy import ServicePolicy
from ivr_flows.outputs import Started

DAY: Final = "day"
NIGHT: Final = "night"
BLOCKED: Final = "blocked"
FULL: Final = "full"
FOLLOW_UP: Final = "followup"


@dataclass(frozen=True, slots=True)
class _House:
    """What one query says of the house as a call comes in."""

    incident_id: int | None
    blocked: bool
    calls: int


def choose_flow(session: Session, services: Services, call: Call, *, now: datetime) -> tuple[str, Started]:
    """Return the flow that this call keeps to its end, and the input it begins with."""
    called = services.called.route(call.to_raw)
    call.called, call.called_region = called.entry.code, called.region
    house = _look(session, call, now)
    started = Started()
    if house.incident_id is not None:
        started = Started({"incident": str(house.incident_id)})
        log(session, call, Verb.ANNOUNCED, now=now, incident=house.incident_id)
    if house.blocked:
        log(session, call, Verb.BLOCKED, now=now)
        return BLOCKED, started
    if house.calls > services.service.max_calls:
        log(session, call, Verb.FULL, now=now, calls=house.calls)
        return FULL, started
    is_open = services.service.night_seats or hours(services.policy, services.service, now)[0] == DAY
    entry = called.entry
    return (entry.flow or DAY if is_open else entry.night_flow or NIGHT), started


def hours(policy: Policy, service: ServicePolicy, now: datetime) -> tuple[str, datetime]:
    """Return whether it is `day`, `night` or `holiday` by the seats' calendar, and when it opens next."""
    calendar = policy.calendar(service.hours)
    opens = calendar.next_working(now)
    if calendar.is_working(now):
        return DAY, opens
    if calendar.is_working_day(now.astimezone(SHANGHAI).date()):
        return NIGHT, opens
    return "holiday", opens


def _look(session: Session, call: Call, now: datetime) -> _House:
    blocked = select(func.count()).where(
        BlockedNumber.number_key == call.from_key,
        BlockedNumber.until > now,
        BlockedNumber.lifted_at.is_(None),
    )
    in_house = select(func.count()).where(Call.conversation_state.in_(IN_HOUSE), Call.direction == "inbound")
    row = session.execute(
        select(
            select(Incident.id).where(Incident.is_on).scalar_subquery(),
            blocked.scalar_subquery(),
            in_house.scalar_subquery(),
        )
    ).one()
    return _House(row[0], bool(row[1]), row[2])
