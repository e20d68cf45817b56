"""The arithmetic of a clock row: what is used up, when it ends, and how a change of calendar or urgency moves it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from dispatch.models.clocks import Clock
from dispatch.rules.deadlines import Deadline
from dispatch.rules.sla_terms import Unit
from dispatch.rules.working_time import Calendar

_SECONDS: Final = {"min": 60, "h": 3600, "wh": 3600, "d": 86_400}
"""By the unit that a policy snapshot keeps."""


def consumed(clock: Clock, calendar: Calendar, *, now: datetime) -> int:
    """Return the working seconds that a clock has used up, those since it last ran on included."""
    if clock.running_since is None:
        return clock.consumed_s
    # Two tickers' clocks may differ by a breath: what is consumed never falls.
    return clock.consumed_s + max(0, calendar.between(clock.running_since, now))


def ends_at(clock: Clock, calendar: Calendar, *, now: datetime) -> datetime:
    """Return the deadline; of a paused clock the one it would have if it ran on now."""
    if clock.due_at is not None:
        return clock.due_at
    return calendar.add(now, max(0, clock.target_s - clock.consumed_s))


def planned_s(clock: Clock, calendar: Calendar) -> int | None:
    """Return what the clock's own target comes to on this calendar; None where it was set by hand (a sub-deadline)."""
    snapshot = clock.policy_snapshot
    if "planned_s" not in snapshot:
        return None
    unit = snapshot["unit"]
    if unit == Unit.WORKING_DAYS.value:
        begun = _begun(clock)
        whole = calendar.between(begun, calendar.add_working_days(begun, int(snapshot["amount"])))
    else:
        whole = int(snapshot["amount"]) * _SECONDS[unit]
    return whole * int(snapshot["percent"]) // 100


def recounted(clock: Clock, calendar: Calendar) -> tuple[int, datetime | None]:
    """Return (target in working seconds, deadline) on this calendar; extensions and what was consumed are kept."""
    plan = planned_s(clock, calendar)
    target = clock.target_s
    if plan is not None:
        target += plan - int(clock.policy_snapshot["planned_s"])
    if clock.running_since is None:
        return target, None
    return target, calendar.add(clock.running_since, target - clock.consumed_s)


def recount(clock: Clock, calendar: Calendar) -> None:
    """Write what `recounted` says."""
    plan = planned_s(clock, calendar)
    clock.target_s, clock.due_at = recounted(clock, calendar)
    if plan is not None:
        clock.policy_snapshot = {**clock.policy_snapshot, "planned_s": plan}


def change_calendar(clock: Clock, new: Calendar, old: Calendar, *, now: datetime) -> None:
    """Go over to another calendar; the share of the target that is used up stays what it was."""
    used, whole = consumed(clock, old, now=now), max(1, clock.target_s)
    plan = planned_s(clock, new)
    extra = clock.target_s - int(clock.policy_snapshot.get("planned_s", clock.target_s))
    if plan is not None:
        clock.target_s = plan + extra
        clock.policy_snapshot = {**clock.policy_snapshot, "planned_s": plan}
    clock.consumed_s = used * clock.target_s // whole
    clock.calendar, clock.calendar_version = new.code, new.version
    if clock.running_since is not None:
        clock.running_since = now
        clock.due_at = new.add(now, clock.target_s - clock.consumed_s)


def shorten(clock: Clock, goal: Deadline, old: Calendar, *, now: datetime) -> None:
    """Take on a nearer deadline that was counted from now; its steps too are parts of the new time alone."""
    clock.policy_snapshot = {
        **clock.policy_snapshot,
        "planned_s": goal.target_s,
        "from": now.isoformat(),
        # What was used up under the urgency before.
        "before_s": int(clock.policy_snapshot.get("before_s", 0)) + consumed(clock, old, now=now),
    }
    clock.consumed_s, clock.target_s, clock.calendar = 0, goal.target_s, goal.calendar
    if clock.running_since is not None:
        clock.running_since, clock.due_at = now, goal.due_at


def _begun(clock: Clock) -> datetime:
    begun = clock.policy_snapshot.get("from")
    return datetime.fromisoformat(begun) if begun is not None else clock.started_at
