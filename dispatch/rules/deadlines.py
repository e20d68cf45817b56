"""From a target to a moment: when a step is due, and when each rung of its ladder fires."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dispatch.rules.sla_terms import CalendarKind, LadderStep, Target, Unit
from dispatch.rules.working_time import SHANGHAI, Calendar

_SECONDS: Final = {Unit.MINUTES: 60, Unit.HOURS: 3600, Unit.WORKING_HOURS: 3600, Unit.DAYS: 86_400}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A target made concrete, ready for a clock row: `calendar` is a calendar's code."""

    calendar: str
    target_s: int
    due_at: datetime


def deadline(
    target: Target,
    start: datetime,
    *,
    centre: Calendar,
    union: Calendar,
    always: Calendar,
    rostered: bool = False,
    percent: int = 100,
) -> Deadline:
    """Return when a step that begins at `start` is due; `rostered` says that the union keeps duty hours.

    `percent` shortens the target (a redo runs at 50 %). `target_s` counts on `calendar`, so that
    `calendar.add(start, target_s)` is `due_at`.
    """
    if target.duty is not None:
        return _duty_deadline(target, start, union=union, always=always, rostered=rostered, percent=percent)
    calendar = {CalendarKind.ALWAYS: always, CalendarKind.CENTRE: centre, CalendarKind.UNION: union}[
        target.calendar
    ]
    if target.unit is Unit.WORKING_DAYS:
        whole = calendar.between(start, calendar.add_working_days(start, target.amount))
    else:
        whole = target.amount * _SECONDS[target.unit]
    target_s = whole * percent // 100
    return Deadline(calendar.code, target_s, calendar.add(start, target_s))


def _duty_deadline(
    target: Target, start: datetime, *, union: Calendar, always: Calendar, rostered: bool, percent: int
) -> Deadline:
    duty = target.duty
    if duty is None or not rostered:
        # A union without a roster is on duty in its own working time.
        target_s = target.amount * 3600 * percent // 100
        return Deadline(union.code, target_s, union.add(start, target_s))
    local = start.astimezone(SHANGHAI).replace(microsecond=0)
    midnight = local.replace(hour=0, minute=0, second=0)
    due = local + timedelta(hours=target.amount) * percent / 100
    opens, shuts = (midnight + timedelta(minutes=minute) for minute in duty.span)
    if local < opens:
        due = midnight + timedelta(minutes=duty.else_at)
    elif due > shuts:
        due = midnight + timedelta(days=1, minutes=duty.else_at)
    return Deadline(always.code, always.between(start, due), always.add(start, always.between(start, due)))


def step_due(
    step: LadderStep,
    *,
    running_since: datetime,
    target_s: int,
    consumed_s: int,
    calendar: Calendar,
    working_days: Calendar,
) -> datetime:
    """Return when a rung fires on a clock that has consumed `consumed_s` before `running_since`.

    `working_days` is the calendar of the union (or of the centre, for its own clocks): it counts `overdue_wd` and
    holds back `on_duty_only` rungs, also on clocks that run 24x7.
    """
    moments: list[datetime] = []
    if step.percent is not None:
        moments.append(calendar.add(running_since, target_s * step.percent // 100 - consumed_s))
    if step.after_s is not None:
        moments.append(calendar.add(running_since, step.after_s - consumed_s))
    if step.overdue_wd is not None:
        due_at = calendar.add(running_since, target_s - consumed_s)
        moments.append(working_days.add_working_days(due_at, step.overdue_wd))
    fires_at = min(moments)
    return working_days.next_working(fires_at) if step.on_duty_only else fires_at
