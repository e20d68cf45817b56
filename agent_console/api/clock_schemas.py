"""What the API takes and gives about working time, what only people decide, group signals and notices."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.moments import Day
from agent_console.api.schemas import Code, Given, Line, Taken

Reason = Annotated[str, StringConstraints(min_length=2, max_length=300, strip_whitespace=True)]
Hours = Annotated[str, StringConstraints(pattern=r"^\d{2}:\d{2}-\d{2}:\d{2}$")]


class CalendarOut(Given):
    code: str
    name: str
    version: str
    warnings: list[str]


class DayOut(Given):
    calendar: str
    day: date
    working: bool
    hours: list[str]
    source: str
    revision: int | None


class RevisionOut(Given):
    id: int
    at: datetime
    by: str
    reason: str
    changes: dict[str, object]


class RecomputeOut(Given):
    id: int
    kind: Literal["calendar", "sla"]
    at: datetime
    reason: str
    state: Literal["running", "done"]
    tickets: int
    clocks: int
    moved: int
    finished_at: datetime | None


class CalendarsOut(Given):
    """Everything about working time; `revision` is what a change must have seen."""

    revision: int
    calendars: list[CalendarOut]
    days: list[DayOut]
    """What has been changed since the files were written."""
    missing_years: list[int]
    revisions: list[RevisionOut]
    recomputes: list[RecomputeOut]


class DayIn(Taken):
    calendar: Code = "*"
    """A calendar's code, or * for every one."""
    day: Day
    working: bool | None
    """None takes an earlier change back."""
    hours: list[Hours] = Field(default_factory=list, max_length=6)
    source: Annotated[Line, StringConstraints(max_length=200)] = ""


class CalendarTry(Taken):
    days: list[DayIn] = Field(max_length=400)


class CalendarChange(CalendarTry):
    revision: int
    years: list[Annotated[int, Field(ge=2020, le=2100)]] = Field(default_factory=list, max_length=10)
    """Years that a person confirms though the programme has no list of their holidays."""
    reason: Reason


class MovedDeadlineOut(Given):
    number: str
    clock: str
    due_at: datetime
    new_due_at: datetime


class CalendarPreview(Given):
    """What a change would do to open tickets; nothing is written."""

    revision: int
    clocks: int
    moved: int
    later: int
    earlier: int
    overdue_again: int
    """Deadlines that would have passed already."""
    sample: list[MovedDeadlineOut]


class RecomputeIn(Taken):
    reason: Reason


class ProposalOut(Given):
    id: int
    ticket_number: str
    version: int
    """Of the ticket: what a decision must have seen."""
    clock_id: int
    clock: str
    step: Literal["red_card", "escalate_level"]
    label: str
    at: datetime
    due_at: datetime | None


class ProposalDecision(Taken):
    version: int
    reason: Reason
    union_id: int | None = None
    """To whom a confirmed 提级办理 goes; else the nearest union above."""


class SignalOut(Given):
    id: int
    version: int
    state: Literal["proposed", "confirmed", "dismissed"]
    employer_name: str
    region_code: str | None
    at: datetime
    callers: int
    headcount: int
    reason: str
    tickets: list[str]
    """Those which the reader may see."""
    collective_number: str | None
    warned_at: datetime | None
    decided_at: datetime | None


class SignalDecision(Taken):
    version: int
    reason: Reason


class DuplicateOut(Given):
    number: str
    state: str
    state_label: str
    category_name: str | None
    created_at: datetime
    same_caller: bool
    reasons: list[str]


class NoticeOut(Given):
    id: int
    at: datetime
    kind: str
    text: str
    step: str | None
    ticket_number: str | None
    seen_at: datetime | None


class NoticePage(Given):
    items: list[NoticeOut]
    unseen: int


class NoticesSeen(Taken):
    ids: list[int] = Field(max_length=200)
