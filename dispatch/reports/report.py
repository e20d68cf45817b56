"""A report: figures by column with their definitions, what left the denominators, and what much is asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from dispatch.policy import Policy
from dispatch.reports.days import Sums
from dispatch.reports.hot import HotList, hot_lists, list_filter
from dispatch.reports.reach import Reach, check
from dispatch.reports.tallies import tallies
from dispatch.rules.report_terms import TICKET_FIGURES, Figure, Period, Reason
from dispatch.rules.small_cells import EVERYTHING, LEAST, Tally, is_small, sum_of_shown

HIDDEN_NOTE: Final = (
    f"少于{LEAST}件的数字不显示，也不计入合计；工会报表按整月统计，只含本会及下级工会可见的工单。"
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number; all three are None where it is hidden, `value` also where there was no case."""

    numerator: int | None
    base: int | None
    value: float | None
    hidden: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure in every column, in all, and in the period before."""

    figure: Figure
    cells: list[Cell]
    total: Cell
    previous: Cell
    growth: float | None
    """By which share more than before, of counts; by how many points, of shares."""
    where: str | None
    """A list's filter for the tickets that it counts."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Cases that are in no denominator by which unions are scored, and why."""

    cohort: str
    """handling: turns dispatched in the period; closed: tickets closed in it."""
    reason: Reason
    count: int
    hidden: bool
    """Whether months with too few are not in it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked for, and everything that was counted."""

    period: Period
    previous: Period
    columns: list[date]
    figures: list[FigureRow]
    left_out: list[LeftOut]
    hot: list[HotList]
    note: str | None
    """Said where small numbers are hidden."""
    server_time: datetime


def report(session: Session, reach: Reach, period: Period, *, policy: Policy, now: datetime) -> Report:
    """Count everything that the reader may read; raises Invalid for a period he cannot have."""
    check(reach, period)
    earlier = period.before()
    sums, left = tallies(session, reach, period, now=now)
    before, _ = tallies(session, reach, earlier, now=now)
    wanted = [figure for figure in TICKET_FIGURES if figure.group in reach.groups]
    return Report(
        period=period,
        previous=earlier,
        columns=period.columns(),
        figures=figure_rows(wanted, period, sums, before, least=reach.least),
        left_out=_left_out(left, reach.least),
        hot=hot_lists(session, reach, period, policy=policy) if reach.of_tickets else [],
        note=HIDDEN_NOTE if reach.least > EVERYTHING else None,
        server_time=now,
    )


def figure_rows(
    figures: Iterable[Figure], period: Period, sums: Sums, before: Sums, *, least: int
) -> list[FigureRow]:
    """Return each figure's cells; what is too small is hidden, and in no total."""
    return [
        _row(figure, period, sums.get(figure.key, {}), before.get(figure.key, {}), least)
        for figure in figures
    ]


def _row(
    figure: Figure, period: Period, found: Mapping[date, Tally], before: Mapping[date, Tally], least: int
) -> FigureRow:
    tallies_ = [found.get(column, Tally()) for column in period.columns()]
    total = _total(figure, tallies_, least)
    previous = _total(figure, list(before.values()), least)
    return FigureRow(
        figure=figure,
        cells=[_cell(figure, tally, hidden=is_small(tally, least)) for tally in tallies_],
        total=total,
        previous=previous,
        growth=_growth(figure, total, previous),
        where=list_filter(period) if figure.key == "received" else None,
    )


def _total(figure: Figure, found: Sequence[Tally], least: int) -> Cell:
    shown = sum_of_shown(found, least)
    # Where nothing but hidden cells is left, "none" would be a lie.
    return _cell(figure, shown, hidden=shown.base == 0 and any(each.base for each in found))


def _cell(figure: Figure, tally: Tally, *, hidden: bool) -> Cell:
    if hidden:
        return Cell(None, None, None, hidden=True)
    return Cell(tally.numerator, tally.base, figure.value(tally.numerator, tally.base), hidden=False)


def _growth(figure: Figure, total: Cell, previous: Cell) -> float | None:
    if total.value is None or previous.value is None:
        return None
    if figure.is_share:
        return total.value - previous.value
    return (total.value - previous.value) / previous.value if previous.value else None


def _left_out(left: Sums, least: int) -> list[LeftOut]:
    found = []
    for key, cells in sorted(left.items()):
        cohort, reason = key.split(".")
        shown = sum_of_shown(cells.values(), least)
        hidden = any(is_small(each, least) for each in cells.values())
        found.append(LeftOut(cohort, Reason(reason), shown.base, hidden))
    return found
