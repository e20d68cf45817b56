"""Calendars as an administrator writes them: hours, overrides and confirmed years from plain mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from dispatch.rules.policy import Fields, PolicyError, Where, shown
from dispatch.rules.working_time import Calendar, Hours, Override, Span

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_span(text: object, *, where: Where = ()) -> Span:
    """Read `09:00-12:00`; YAML must quote it, or 09:00 becomes a base-60 number."""
    if not isinstance(text, str):
        raise PolicyError(f"应是带引号的时段，如'09:00-12:00'，现在是{shown(text)}", where=where)
    try:
        opens, shuts = (_minutes(part) for part in text.split("-"))
    except ValueError:
        raise PolicyError(f"应是时段，如'09:00-12:00'，现在是{shown(text)}", where=where) from None
    if not 0 <= opens < shuts <= 1440:
        raise PolicyError(f"{shown(text)}的结束不在同一天的开始之后", where=where)
    return opens, shuts


def parse_minutes(text: object, *, where: Where = ()) -> int:
    """Read `09:00` as minutes after midnight."""
    if isinstance(text, str):
        try:
            minutes = _minutes(text)
        except ValueError:
            minutes = 1441
        if minutes <= 1440:
            return minutes
    raise PolicyError(f"应是带引号的时刻，如'09:00'，现在是{shown(text)}", where=where)


def _minutes(text: str) -> int:
    hour, minute = text.strip().split(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2 and int(minute) < 60):
        raise ValueError(text)
    return int(hour) * 60 + int(minute)


def _spans(fields: Fields, key: str) -> tuple[Span, ...]:
    spans = tuple(sorted(parse_span(value, where=place) for place, value in fields.each(key)))
    for earlier, later in pairwise(spans):
        if later[0] < earlier[1]:
            raise fields.fail(key, "两个时段重叠")
    return spans


@dataclass(frozen=True, slots=True)
class CalendarPolicy:
    """What `calendar.yaml` says: hours by calendar code, and overrides by calendar code (`*` for all)."""

    hours: Mapping[str, Hours]
    names: Mapping[str, str]
    overrides: Mapping[str, Mapping[date, Override]]
    confirmed_years: frozenset[int]

    @classmethod
    def from_mapping(cls, data: object) -> CalendarPolicy:
        top = Fields.of(data, where=(), known=("calendars", "overrides", "confirmed_years"))
        hours: dict[str, Hours] = {}
        names: dict[str, str] = {}
        for place, value in top.each("calendars"):
            row = Fields.of(
                value, where=place, known=("code", "name", "hours", "make_up", "follows_holidays", "source")
            )
            code = row.text("code")
            if code in hours or code == "always":
                raise row.fail("code", f"“{code}”已被占用")
            hours[code], names[code] = _hours(row), row.text("name")
            row.text("source")
        return cls(hours, names, _overrides(top, hours), _confirmed(top))

    def build(
        self,
        years: Sequence[int],
        extra: Mapping[str, Mapping[date, Override]] | None = None,
        *,
        confirmed_years: frozenset[int] = frozenset(),
    ) -> dict[str, Calendar]:
        """Return every calendar by code, `always` among them; `extra` overrides win over the file's."""
        everywhere = self.overrides.get("*", {})
        built = {"always": Calendar.always(years)}
        for code, hours in self.hours.items():
            own = {**everywhere, **self.overrides.get(code, {}), **(extra or {}).get(code, {})}
            built[code] = Calendar.build(
                code, hours, years, own, confirmed_years=self.confirmed_years | confirmed_years
            )
        return built


def _hours(row: Fields) -> Hours:
    week = Fields.of(row.data.get("hours"), where=(*row.where, "hours"), known=WEEKDAYS)
    spans = tuple(_spans(week, weekday) for weekday in WEEKDAYS)
    if not any(spans):
        raise row.fail("hours", "一周里至少要有一段工作时间")
    make_up = _spans(row, "make_up") if row.has("make_up") else spans[0]
    return Hours(spans, make_up, row.flag("follows_holidays", default=True))


def _overrides(top: Fields, codes: Mapping[str, Hours]) -> dict[str, dict[date, Override]]:
    found: dict[str, dict[date, Override]] = {}
    for place, value in top.each("overrides"):
        row = Fields.of(value, where=place, known=("calendar", "date", "working", "hours", "source"))
        code, day = row.text("calendar", "*"), row.day("date")
        if day is None:
            raise row.fail("date", "没有写")
        if code != "*" and code not in codes:
            raise row.fail("calendar", f"没有“{code}”这个日历")
        row.text("source")
        spans = _spans(row, "hours") if row.has("hours") else None
        found.setdefault(code, {})[day] = Override(row.flag("working"), spans)
    return found


def _confirmed(top: Fields) -> frozenset[int]:
    years: set[int] = set()
    for place, value in top.each("confirmed_years"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise PolicyError(f"应是年份，现在是{shown(value)}", where=place)
        years.add(value)
    return frozenset(years)
