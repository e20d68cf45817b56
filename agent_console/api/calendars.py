"""Working time: the calendars in force, what a change would do, the change, and the recompute that follows it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from agent_console.api.clock_schemas import (
    CalendarChange,
    CalendarPreview,
    CalendarsOut,
    CalendarTry,
    RecomputeIn,
    RecomputeOut,
)
from agent_console.permissions import Action, Visit, requires
from dispatch import calendar_views, recompute
from dispatch.calendars import DayChange, change_days

router = APIRouter(prefix="/api", tags=["calendars"])
Reader = Annotated[Visit, requires(Action.CALENDAR_READ)]
Changer = Annotated[Visit, requires(Action.CALENDAR_CHANGE)]


@router.get("/calendars")
def read(visit: Reader) -> CalendarsOut:
    """Return the calendars, what was changed when and why, and how far recomputes are."""
    with visit.reading() as session:
        found = calendar_views.overview(session, policy=visit.services.policy, now=visit.now)
        return CalendarsOut.model_validate(found)


@router.post("/calendars/preview")
def preview(given: CalendarTry, visit: Changer) -> CalendarPreview:
    """Return what these days would change on open tickets; nothing is written."""
    with visit.services.database.reading("report") as session:
        found = recompute.preview(
            session, visit.actor, _days(given), policy=visit.services.policy, now=visit.now
        )
    return CalendarPreview.model_validate(found)


@router.post("/calendars/change")
def change(given: CalendarChange, visit: Changer) -> CalendarsOut:
    """Write changed days as one revision and have every live clock counted anew."""
    policy = visit.services.policy
    with visit.writing() as session:
        change_days(
            session,
            visit.actor,
            _days(given),
            years=given.years,
            reason=given.reason,
            revision=given.revision,
            policy=policy,
            now=visit.now,
        )
        recompute.begin(session, visit.actor, kind="calendar", reason=given.reason, now=visit.now)
    return read(visit)


@router.post("/calendars/recompute", status_code=202)
def adopt_policy(given: RecomputeIn, visit: Changer) -> RecomputeOut:
    """Put open tickets under the service levels as the file has them now; without this they keep their own."""
    with visit.writing() as session:
        job = recompute.begin(session, visit.actor, kind="sla", reason=given.reason, now=visit.now)
        return RecomputeOut.model_validate(job)


def _days(given: CalendarTry) -> list[DayChange]:
    return [
        DayChange(each.calendar, each.day, each.working, tuple(each.hours), each.source)
        for each in given.days
    ]
