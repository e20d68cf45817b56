"""What a union reads tells nothing of a month with fewer than five cases, whatever else it reads beside it."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.reports.report import figure_rows
from dispatch.rules.report_terms import TICKET_FIGURES, Grain, Period, Unit
from dispatch.rules.small_cells import LEAST, Tally

YEAR = [date(2026, month, 1) for month in range(1, 13)]
FIGURES = [figure for figure in TICKET_FIGURES if figure.unit in (Unit.RATE, Unit.COUNT, Unit.PEOPLE)]
SMALL = st.integers(1, LEAST - 1)


def months(first: int, last: int) -> Period:
    end = date(2027, 1, 1) if last == 12 else date(2026, last + 1, 1)
    return Period(YEAR[first - 1], date.fromordinal(end.toordinal() - 1), Grain.MONTH)


def everything_read(counted: dict[date, Tally]) -> list[object]:
    """Return whatever a union can ask for: each run of whole months, with the run before it."""
    read: list[object] = []
    for first in range(1, 13):
        for last in range(first, 13):
            period = months(first, last)
            inside = {day: tally for day, tally in counted.items() if period.first <= day <= period.last}
            earlier = period.before()
            before = {day: tally for day, tally in counted.items() if earlier.first <= day <= earlier.last}
            for figure in FIGURES:
                rows = figure_rows([figure], period, {figure.key: inside}, {figure.key: before}, least=LEAST)
                read.append([(row.cells, row.total, row.previous, row.growth) for row in rows])
    return read


@settings(max_examples=25, deadline=None)
@given(
    bases=st.lists(st.integers(0, 12), min_size=12, max_size=12),
    month=st.integers(0, 11),
    one=SMALL,
    other=SMALL,
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_two_histories_that_differ_in_a_small_month_read_alike_in_every_report(
    bases: list[int], month: int, one: int, other: int, shares: tuple[float, float]
) -> None:
    counted = {day: Tally(base // 2, base) for day, base in zip(YEAR, bases, strict=True)}
    here, there = (
        {**counted, YEAR[month]: Tally(round(share * few), few)}
        for few, share in zip((one, other), shares, strict=True)
    )
    assert everything_read(here) == everything_read(there)


@settings(max_examples=40, deadline=None)
@given(bases=st.lists(st.integers(0, 12), min_size=12, max_size=12))
def test_no_number_shown_stands_on_a_few_cases_and_every_sum_is_of_what_is_shown(bases: list[int]) -> None:
    counted = {day: Tally(base, base) for day, base in zip(YEAR, bases, strict=True)}
    figure = FIGURES[0]
    (row,) = figure_rows([figure], months(1, 12), {figure.key: counted}, {}, least=LEAST)
    shown = [cell.base for cell in row.cells if cell.base is not None]
    assert all(base == 0 or base >= LEAST for base in shown)
    assert [cell.hidden for cell in row.cells] == [0 < base < LEAST for base in bases]
    if not row.total.hidden:
        assert row.total.base == sum(shown)
    else:
        assert not any(shown)
