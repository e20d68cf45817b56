"""The day in Shanghai on which a moment lies, and seconds between two moments, inside a statement on either engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Float, Integer, SQLColumnExpression, String, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from dispatch.rules.report_terms import Grain, Period
from dispatch.rules.small_cells import Tally

Sums = dict[str, dict[date, Tally]]
"""By figure, what was counted in each column."""


class shanghai_day(FunctionElement[str]):  # noqa: N801  # named as the function that it is in a statement
    """`YYYY-MM-DD` of a moment; Shanghai has kept eight hours ahead of UTC since 1991."""

    type = String()
    inherit_cache = True


class shanghai_hour(FunctionElement[int]):  # noqa: N801  # the same
    """The hour of a moment, 0 to 23."""

    type = Integer()
    inherit_cache = True


class week_of(FunctionElement[str]):  # noqa: N801  # the same
    """`YYYY-MM-DD` of the Monday of a date's week."""

    type = String()
    inherit_cache = True


class month_of(FunctionElement[str]):  # noqa: N801  # the same
    """`YYYY-MM-DD` of the first day of a date's month."""

    type = String()
    inherit_cache = True


class seconds_between(FunctionElement[float]):  # noqa: N801  # the same
    """Seconds from the first moment to the second, to a hundredth."""

    type = Float()
    inherit_cache = True


@compiles(shanghai_day, "postgresql")
def _day_on_postgresql(element: shanghai_day, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"to_char({moment} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


@compiles(shanghai_day, "sqlite")
def _day_on_sqlite(element: shanghai_day, compiler: Any, **options: Any) -> str:
    return f"strftime('%Y-%m-%d', {compiler.process(element.clauses, **options)}, '+8 hours')"


@compiles(shanghai_hour, "postgresql")
def _hour_on_postgresql(element: shanghai_hour, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(extract(hour FROM {moment} AT TIME ZONE 'Asia/Shanghai') AS integer)"


@compiles(shanghai_hour, "sqlite")
def _hour_on_sqlite(element: shanghai_hour, compiler: Any, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(strftime('%H', {moment}, '+8 hours') AS INTEGER)"


@compiles(week_of, "postgresql")
def _week_on_postgresql(element: week_of, compiler: Any, **options: Any) -> str:
    return f"to_char(date_trunc('week', {compiler.process(element.clauses, **options)}), 'YYYY-MM-DD')"


@compiles(week_of, "sqlite")
def _week_on_sqlite(element: week_of, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '-6 days', 'weekday 1')"


@compiles(month_of, "postgresql")
def _month_on_postgresql(element: month_of, compiler: Any, **options: Any) -> str:
    return f"to_char(date_trunc('month', {compiler.process(element.clauses, **options)}), 'YYYY-MM-DD')"


@compiles(month_of, "sqlite")
def _month_on_sqlite(element: month_of, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, 'start of month')"


@compiles(seconds_between, "postgresql")
def _seconds_on_postgresql(element: seconds_between, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(extract(epoch FROM ({second} - {first})) AS double precision)"


@compiles(seconds_between, "sqlite")
def _seconds_on_sqlite(element: seconds_between, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(each, **options) for each in element.clauses)
    # A day's fraction is exact to some microseconds only.
    return f"round((julianday({second}) - julianday({first})) * 86400.0, 2)"


def add(sums: Sums, key: str, column: date, tally: Tally) -> None:
    """Add what was counted to a figure's column."""
    cells = sums.setdefault(key, {})
    cells[column] = cells.get(column, Tally()) + tally


def grained(column: SQLColumnExpression[date], grain: Grain) -> ColumnElement[str]:
    """Return the first day of the column in which a date lies, for what cannot be added up from days."""
    if grain is Grain.WEEK:
        return week_of(column)
    return month_of(column) if grain is Grain.MONTH else cast(column, String)


def column_of(day: str | date, grain: Grain) -> date:
    """Return the column of a day as the database says it."""
    # ISO: with hyphens, and as in ticket numbers without.
    return grain.begin(date.fromisoformat(day) if isinstance(day, str) else day)


def counted(rows: Iterable[Any], period: Period, figures: Mapping[str, tuple[str, str]]) -> Sums:
    """Fold rows with a `day` into columns; `figures` names the numerator and the base of each in the rows."""
    sums: Sums = {}
    for row in rows:
        column = column_of(row.day, period.grain)
        for key, (numerator, base) in figures.items():
            add(sums, key, column, Tally(int(getattr(row, numerator) or 0), int(getattr(row, base) or 0)))
    return sums
