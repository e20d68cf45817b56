"""Calendars in force: those of the files, with what an administrator has changed since, revision by revision."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, VersionConflict
from dispatch.events import ADMINISTRATION, record
from dispatch.models.calendars import CalendarOverride, CalendarRevision, CalendarYear
from dispatch.policy import ALWAYS, Policy
from dispatch.rules.calendar_policy import CalendarPolicy, parse_span
from dispatch.rules.policy import PolicyError
from dispatch.rules.roles import Role
from dispatch.rules.working_time import Calendar, Override, is_published

EVERYWHERE: Final = "*"
MAY_CHANGE: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
LONGEST_REST_DAYS: Final = 31
"""No union of the country rests longer: more is a slip of the pen, and would hold up every deadline."""
MISSING_AHEAD: Final = timedelta(days=60)
"""The State Council announces a year's holidays in the last two months of the year before."""


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day of one calendar (or of all, `*`); `working` None takes an earlier change back."""

    calendar: str
    day: date
    working: bool | None
    hours: tuple[str, ...] = ()
    """Such as 09:00-12:00; none for the usual hours of a workday."""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database says on top of the files."""

    revision: int
    overrides: Mapping[str, Mapping[date, Override]]
    confirmed_years: frozenset[int]


class LiveCalendars(Mapping[str, Calendar]):
    """The calendars by code; `refresh` takes over what was changed meanwhile, for every thread at once."""

    def __init__(self, base: CalendarPolicy, years: Sequence[int]) -> None:
        self.base = base
        self._years = years
        self._refreshing = threading.Lock()
        self._revision = 0
        self._built = self.built(Stored(0, {}, frozenset()))

    def __getitem__(self, code: str) -> Calendar:
        return self._built[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._built)

    def __len__(self) -> int:
        return len(self._built)

    @property
    def revision(self) -> int:
        """The newest stored change that these calendars know."""
        return self._revision

    def refresh(self, session: Session) -> bool:
        """Take over a newer revision and return whether there was one."""
        newest = session.scalar(select(func.max(CalendarRevision.id))) or 0
        if newest == self._revision:
            return False
        stored = read_stored(session)
        with self._refreshing:
            if stored.revision == self._revision:
                return False
            self._built, self._revision = self.built(stored), stored.revision
        return True

    def built(self, stored: Stored) -> dict[str, Calendar]:
        """Return the calendars as they are with these changes."""
        everywhere = stored.overrides.get(EVERYWHERE, {})
        extra = {code: {**everywhere, **stored.overrides.get(code, {})} for code in self.base.hours}
        return self.base.build(self._years, extra, confirmed_years=stored.confirmed_years)


def refresh(session: Session, policy: Policy) -> bool:
    """Bring a policy's calendars up to date; False where nothing was new."""
    return isinstance(policy.calendars, LiveCalendars) and policy.calendars.refresh(session)


def read_stored(session: Session) -> Stored:
    """Return the changes that are in force."""
    overrides: dict[str, dict[date, Override]] = {}
    for row in session.scalars(select(CalendarOverride)):
        overrides.setdefault(row.calendar, {})[row.day] = Override(row.working, _spans(row.hours or ()))
    return Stored(
        revision=session.scalar(select(func.max(CalendarRevision.id))) or 0,
        overrides=overrides,
        confirmed_years=frozenset(session.scalars(select(CalendarYear.year))),
    )


def change_days(
    session: Session,
    actor: Actor,
    changes: Sequence[DayChange],
    *,
    years: Sequence[int] = (),
    reason: str,
    revision: int,
    policy: Policy,
    now: datetime,
) -> CalendarRevision:
    """Write changed days and confirmed years as one revision; raises NotAllowed, Invalid, VersionConflict.

    `revision` is the one that was seen. Clocks are not touched here: a recompute follows.
    """
    if actor.role not in MAY_CHANGE:
        raise NotAllowed("change_days", f"“{actor.role.label}”不能修改日历")
    live = _live(policy)
    after = planned(session, changes, years=years, policy=policy)
    current = after.revision
    if current != revision:
        raise VersionConflict("calendars", revision, current, {})
    made = CalendarRevision(
        at=now,
        by_id=actor.user_id,
        reason=reason,
        changes={"days": [_plain(each) for each in changes], "years": sorted(years)},
    )
    session.add(made)
    session.flush()
    for each in changes:
        session.execute(
            delete(CalendarOverride).where(
                CalendarOverride.calendar == each.calendar, CalendarOverride.day == each.day
            )
        )
        if each.working is not None:
            session.add(
                CalendarOverride(
                    calendar=each.calendar,
                    day=each.day,
                    working=each.working,
                    hours=list(each.hours) or None,
                    source=each.source or reason,
                    revision_id=made.id,
                )
            )
    for year in years:
        session.merge(CalendarYear(year=year, source=reason, revision_id=made.id))
    record(
        session,
        "CalendarChanged",
        stream=ADMINISTRATION,
        by=actor.by,
        now=now,
        payload={"revision": made.id, "reason": reason, **made.changes},
    )
    session.flush()
    live.refresh(session)
    return made


def planned(
    session: Session, changes: Sequence[DayChange], *, years: Sequence[int] = (), policy: Policy
) -> Stored:
    """Return what would be stored after these changes, proven possible; raises Invalid."""
    live = _live(policy)
    stored = read_stored(session)
    wrong: dict[str, str] = {}
    overrides = {code: dict(days) for code, days in stored.overrides.items()}
    if not changes and not years:
        wrong["days"] = "没有要修改的日期"
    for index, each in enumerate(changes):
        place = f"days.{index}"
        if each.calendar != EVERYWHERE and each.calendar not in live.base.hours:
            wrong[f"{place}.calendar"] = f"没有“{each.calendar}”这个日历"
        if not 2000 <= each.day.year <= 2100:
            wrong[f"{place}.day"] = "日期超出范围"
        try:
            spans = _spans(each.hours)
        except PolicyError:
            wrong[f"{place}.hours"] = "时段须写成09:00-12:00，并且不能重叠"
            continue
        if each.working is None:
            overrides.get(each.calendar, {}).pop(each.day, None)
        else:
            overrides.setdefault(each.calendar, {})[each.day] = Override(each.working, spans)
    if not wrong:
        after = Stored(stored.revision, overrides, stored.confirmed_years | set(years))
        wrong = too_long_rests(live.built(after), [each.day for each in changes])
    if wrong:
        raise Invalid(wrong)
    return after


def missing_years(policy: Policy, *, now: datetime) -> list[int]:
    """Return the years, soon enough to matter, whose holidays nobody has published or confirmed."""
    following = [calendar for calendar in policy.calendars.values() if calendar.hours.follows_holidays]
    years = range(now.year, (now + MISSING_AHEAD).year + 1)
    return [
        year
        for year in years
        if not is_published(year) and any(year not in each.confirmed_years for each in following)
    ]


def too_long_rests(built: Mapping[str, Calendar], days: Sequence[date]) -> dict[str, str]:
    """Say which calendar would rest for longer than any union does."""
    wrong: dict[str, str] = {}
    for code, calendar in built.items():
        if code == ALWAYS:
            continue
        for day in days:
            around = (day + timedelta(days=each) for each in range(-LONGEST_REST_DAYS, LONGEST_REST_DAYS + 1))
            resting = 0
            for each in around:
                resting = 0 if calendar.is_working_day(each) else resting + 1
                if resting > LONGEST_REST_DAYS:
                    wrong["days"] = f"日历“{code}”将连续{resting}天以上没有工作时间"
    return wrong


def _spans(hours: Sequence[str]) -> tuple[tuple[int, int], ...] | None:
    spans = tuple(sorted(parse_span(each) for each in hours))
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        raise PolicyError("two spans overlap")
    return spans or None


def _live(policy: Policy) -> LiveCalendars:
    if not isinstance(policy.calendars, LiveCalendars):
        raise TypeError("these calendars were built once and for all")
    return policy.calendars


def _plain(change: DayChange) -> dict[str, object]:
    return {
        "calendar": change.calendar,
        "day": change.day.isoformat(),
        "working": change.working,
        "hours": list(change.hours),
        "source": change.source,
    }
