"""Working time as precomputed UTC intervals with cumulative seconds: every question is two bisects."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from itertools import accumulate

import chinese_calendar

from dispatch.rules.policy import content_version

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one offset since 1992, so a fixed one needs no time zone database."""

Span = tuple[int, int]
"""Minutes after midnight, from and to; 1440 is midnight at the day's end."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A week of spans, Monday first; `make_up` is worked on a weekend turned into a workday (调休)."""

    week: tuple[tuple[Span, ...], ...]
    make_up: tuple[Span, ...]
    follows_holidays: bool = True

    @classmethod
    def all_day(cls) -> Hours:
        return cls(week=(((0, 1440),),) * 7, make_up=((0, 1440),), follows_holidays=False)


@dataclass(frozen=True, slots=True)
class Override:
    """A day that differs from the published one; `spans` None means the usual hours of a workday."""

    working: bool
    spans: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Table:
    first_year: int
    last_year: int
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    totals: tuple[int, ...]
    """Working seconds up to the end of each interval."""
    days: tuple[int, ...]
    """Ordinals of the local working days, and beside them the UTC second at which each closes."""
    closes: tuple[int, ...]
    warnings: tuple[str, ...]

    @property
    def total(self) -> int:
        return self.totals[-1] if self.totals else 0


class Calendar:
    """One calendar's working time; grows by whole years when asked beyond its range; threads may share it."""

    def __init__(
        self,
        code: str,
        hours: Hours,
        years: Iterable[int],
        overrides: Mapping[date, Override],
        *,
        confirmed_years: frozenset[int] = frozenset(),
    ) -> None:
        self.code = code
        self.hours = hours
        self.overrides = dict(overrides)
        self.confirmed_years = confirmed_years
        self._years: dict[int, list[tuple[date, tuple[Span, ...]]]] = {}
        self._growing = threading.Lock()
        # Questions about the future grow the table until they find working time, so there must be some.
        if not any(hours.week):
            raise ValueError(f"calendar {code} never works")
        wanted = sorted(set(years))
        if not wanted:
            raise ValueError(f"calendar {code}: no years to build")
        self._table = self._tabulate(wanted[0], wanted[-1])
        self.version = content_version(
            [
                hours.week,
                hours.make_up,
                hours.follows_holidays and chinese_calendar.__version__,
                sorted(map(_flat, self.overrides.items())),
            ]
        )

    @classmethod
    def build(
        cls,
        code: str,
        hours: Hours,
        years: Iterable[int],
        overrides: Mapping[date, Override] | None = None,
        *,
        confirmed_years: frozenset[int] = frozenset(),
    ) -> Calendar:
        """Return the calendar for `years`; `confirmed_years` need no warning though unpublished here."""
        return cls(code, hours, years, overrides or {}, confirmed_years=confirmed_years)

    @classmethod
    def always(cls, years: Iterable[int]) -> Calendar:
        """Return the calendar of minutes and hours that run 24x7."""
        return cls("always", Hours.all_day(), years, {})

    @property
    def warnings(self) -> tuple[str, ...]:
        """Chinese sentences: years whose holidays nobody has published, counted with weekends only."""
        return self._table.warnings

    def add(self, start: datetime, seconds: int) -> datetime:
        """Return the first moment when `seconds` of working time have passed; `start` for 0 or less."""
        at = _second(start)
        if seconds <= 0:
            return _moment(at)
        table = self._covering(at, at)
        goal = self._worked_until(table, at) + seconds
        while goal > table.total:
            table = self._grown(table.first_year, table.last_year + 1)
        index = bisect_left(table.totals, goal)
        return _moment(table.ends[index] - (table.totals[index] - goal))

    def between(self, start: datetime, end: datetime) -> int:
        """Return the working seconds from `start` to `end`, both cut to seconds; negative when reversed."""
        low, high = _second(start), _second(end)
        table = self._covering(min(low, high), max(low, high))
        return self._worked_until(table, high) - self._worked_until(table, low)

    def add_working_days(self, start: datetime, days: int) -> datetime:
        """Return the close of the `days`-th working day after the day of `start` (Shanghai)."""
        if days < 1:
            raise ValueError(f"days must be at least 1, found {days}")
        at = _second(start)
        table = self._covering(at, at)
        today = start.astimezone(SHANGHAI).date().toordinal()
        while (index := bisect_right(table.days, today) + days - 1) >= len(table.days):
            table = self._grown(table.first_year, table.last_year + 1)
        return _moment(table.closes[index])

    def is_working(self, at: datetime) -> bool:
        return self.next_working(at) == _moment(_second(at))

    def next_working(self, at: datetime) -> datetime:
        """Return `at` itself in working time, else the next opening."""
        second = _second(at)
        table = self._covering(second, second)
        while (index := bisect_right(table.ends, second)) >= len(table.ends):
            table = self._grown(table.first_year, table.last_year + 1)
        return _moment(max(second, table.starts[index]))

    def is_working_day(self, day: date) -> bool:
        return bool(self.spans_on(day))

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """Return the local spans worked on `day`: overrides, then published holidays, then the week."""
        usual = self.hours.week[day.weekday()]
        override = self.overrides.get(day)
        if override is not None:
            if not override.working:
                return ()
            return override.spans if override.spans is not None else usual or self.hours.make_up
        if not self.hours.follows_holidays:
            return usual
        notice = _notice(day)
        if notice is None:
            return usual
        return self.hours.make_up if notice else ()

    @staticmethod
    def _worked_until(table: _Table, at: int) -> int:
        index = bisect_right(table.starts, at) - 1
        if index < 0:
            return 0
        return table.totals[index] - max(0, table.ends[index] - at)

    def _covering(self, low: int, high: int) -> _Table:
        table = self._table
        first, last = _year(low), _year(high)
        if table.first_year <= first and last <= table.last_year:
            return table
        return self._grown(min(first, table.first_year), max(last, table.last_year))

    def _grown(self, first: int, last: int) -> _Table:
        with self._growing:
            # Another thread may have grown it meanwhile; a table only ever gets wider.
            table = self._table
            if first < table.first_year or last > table.last_year:
                self._table = self._tabulate(min(first, table.first_year), max(last, table.last_year))
            return self._table

    def _tabulate(self, first: int, last: int) -> _Table:
        starts: list[int] = []
        ends: list[int] = []
        days: list[int] = []
        closes: list[int] = []
        for year in range(first, last + 1):
            for day, spans in self._days_of(year):
                midnight = _midnight(day)
                for opens, shuts in spans:
                    start, end = midnight + opens * 60, midnight + shuts * 60
                    if ends and ends[-1] == start:
                        ends[-1] = end
                    else:
                        starts.append(start)
                        ends.append(end)
                days.append(day.toordinal())
                closes.append(midnight + spans[-1][1] * 60)
        totals = accumulate(end - start for start, end in zip(starts, ends, strict=True))
        return _Table(
            first_year=first,
            last_year=last,
            starts=tuple(starts),
            ends=tuple(ends),
            totals=tuple(totals),
            days=tuple(days),
            closes=tuple(closes),
            warnings=self._warnings(first, last),
        )

    def _days_of(self, year: int) -> list[tuple[date, tuple[Span, ...]]]:
        if year not in self._years:
            first = date(year, 1, 1).toordinal()
            last = date(year, 12, 31).toordinal()
            days = (date.fromordinal(ordinal) for ordinal in range(first, last + 1))
            self._years[year] = [(day, spans) for day in days if (spans := self.spans_on(day))]
        return self._years[year]

    def _warnings(self, first: int, last: int) -> tuple[str, ...]:
        if not self.hours.follows_holidays:
            return ()
        return tuple(
            f"日历 {self.code}：{year} 年放假安排未公布，暂按周末休息计算"
            for year in range(first, last + 1)
            if year not in self.confirmed_years and not is_published(year)
        )


@cache
def _notice(day: date) -> bool | None:
    """Return True for a weekend worked in a holiday's place (调休), False for a holiday, else None."""
    try:
        holiday, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    return None if name is None else not holiday


def is_published(year: int) -> bool:
    """Whether the holidays of a year are known here."""
    try:
        chinese_calendar.get_holiday_detail(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def _flat(item: tuple[date, Override]) -> tuple[str, bool, tuple[Span, ...]]:
    day, override = item
    return day.isoformat(), override.working, override.spans or ()


def _second(at: datetime) -> int:
    if at.tzinfo is None:
        raise ValueError(f"naive datetime {at!r}: give a zone")
    return int((at - _EPOCH) // timedelta(seconds=1))


def _moment(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


def _midnight(day: date) -> int:
    return _second(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))


def _year(second: int) -> int:
    return _moment(second).astimezone(SHANGHAI).year


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
