"""What reports and the wallboard take and answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from pydantic import Field

from agent_console.api.moments import Day
from agent_console.api.schemas import Given, Taken
from dispatch.reports.hot import Axis
from dispatch.reports.report import FigureRow, Report
from dispatch.rules.report_terms import Grain, Group, Period, Reason, Unit


class ReportQuery(Taken):
    first: Day
    last: Day
    """Both ends are in the period, as days in Shanghai."""
    grain: Grain = Grain.DAY

    @property
    def period(self) -> Period:
        return Period(self.first, self.last, self.grain)


class ReportCellOut(Given):
    """One number: a share or a mean is numerator ÷ base; hidden where too few cases stand under it."""

    numerator: int | None
    base: int | None
    value: float | None
    hidden: bool


class FigureOut(Given):
    key: str
    name: str
    group: Group
    group_label: str
    unit: Unit
    definition: str
    cells: list[ReportCellOut]
    total: ReportCellOut
    previous: ReportCellOut
    growth: float | None
    where: str | None
    """The list's filter for the tickets that it counts."""

    @classmethod
    def of(cls, row: FigureRow) -> Self:
        """Shape one figure's row."""
        figure = row.figure
        return cls(
            key=figure.key,
            name=figure.name,
            group=figure.group,
            group_label=figure.group.label,
            unit=figure.unit,
            definition=figure.definition,
            cells=[ReportCellOut.model_validate(cell) for cell in row.cells],
            total=ReportCellOut.model_validate(row.total),
            previous=ReportCellOut.model_validate(row.previous),
            growth=row.growth,
            where=row.where,
        )


class LeftOutOut(Given):
    cohort: str = Field(description="handling or closed")
    reason: Reason
    label: str
    count: int
    hidden: bool


class HotRowOut(Given):
    key: str
    name: str
    count: int
    previous: int | None
    growth: float | None
    where: str | None


class HotListOut(Given):
    axis: Axis
    rows: list[HotRowOut]


class ReportOut(Given):
    """The figures of a period by day, week or month, with what each of them means."""

    first: date
    last: date
    grain: Grain
    previous_first: date
    previous_last: date
    columns: list[date]
    figures: list[FigureOut]
    left_out: list[LeftOutOut]
    hot: list[HotListOut]
    note: str | None
    server_time: datetime

    @classmethod
    def of(cls, found: Report) -> Self:
        """Shape a report."""
        return cls(
            first=found.period.first,
            last=found.period.last,
            grain=found.period.grain,
            previous_first=found.previous.first,
            previous_last=found.previous.last,
            columns=found.columns,
            figures=[FigureOut.of(row) for row in found.figures],
            left_out=[
                LeftOutOut(
                    cohort=each.cohort,
                    reason=each.reason,
                    label=each.reason.label,
                    count=each.count,
                    hidden=each.hidden,
                )
                for each in found.left_out
            ],
            hot=[HotListOut.model_validate(each) for each in found.hot],
            note=found.note,
            server_time=found.server_time,
        )


class WallHourOut(Given):
    hour: int
    answered: int
    abandoned: int


class WallDayOut(Given):
    day: date
    received: int
    closed: int


class WallboardOut(Given):
    """Six figures and two charts; nothing of any person."""

    waiting: int
    longest_since: datetime | None
    ready: int
    talking: int
    signed_in: int
    calls: int
    queued: int
    answered_in_15s: int
    received: int
    open: int
    overdue: int
    more: bool
    hours: list[WallHourOut]
    days: list[WallDayOut]
    server_time: datetime
