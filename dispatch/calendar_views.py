"""Working time as an administrator sees it: calendars, changed days, revisions, recomputes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.calendars import LiveCalendars, missing_years, read_stored
from dispatch.models.calendars import CalendarOverride, CalendarRevision
from dispatch.models.clocks import Recompute
from dispatch.models.people import User
from dispatch.policy import Policy

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class CalendarView:
    code: str
    name: str
    version: str
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class DayView:
    calendar: str
    day: date
    working: bool
    hours: list[str]
    source: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class RevisionView:
    id: int
    at: datetime
    by: str
    reason: str
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecomputeView:
    id: int
    kind: str
    at: datetime
    reason: str
    state: str
    tickets: int
    clocks: int
    moved: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything about working time at one look."""

    revision: int
    calendars: list[CalendarView]
    days: list[DayView]
    missing_years: list[int]
    revisions: list[RevisionView]
    recomputes: list[RecomputeView]


def overview(session: Session, *, policy: Policy, now: datetime) -> Overview:
    """Return the calendars in force and their history, the newest first."""
    live = policy.calendars
    names = live.base.names if isinstance(live, LiveCalendars) else {}
    days = session.scalars(
        select(CalendarOverride).order_by(CalendarOverride.day.desc(), CalendarOverride.calendar)
    )
    revisions = session.execute(
        select(CalendarRevision, User.display_name)
        .outerjoin(User, User.id == CalendarRevision.by_id)
        .order_by(CalendarRevision.id.desc())
        .limit(SHOWN)
    )
    recomputes = session.scalars(select(Recompute).order_by(Recompute.id.desc()).limit(SHOWN)).all()
    return Overview(
        revision=read_stored(session).revision,
        calendars=[
            CalendarView(code, names[code], each.version, list(each.warnings))
            for code, each in live.items()
            if code in names
        ],
        days=[
            DayView(row.calendar, row.day, row.working, list(row.hours or ()), row.source, row.revision_id)
            for row in days
        ],
        missing_years=missing_years(policy, now=now),
        revisions=[
            RevisionView(row.id, row.at, name or "命令行", row.reason, row.changes) for row, name in revisions
        ],
        recomputes=[
            RecomputeView(
                row.id,
                row.kind,
                row.at,
                row.reason,
                row.state,
                row.tickets,
                row.clocks,
                row.moved,
                row.finished_at,
            )
            for row in recomputes
        ],
    )
