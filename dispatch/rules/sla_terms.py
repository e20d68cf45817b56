"""The words of the service levels: units, calendars, rungs of a ladder, and who hears of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.rules.working_time import Span


class Unit(StrEnum):
    MINUTES = "min"
    HOURS = "h"
    DAYS = "d"
    """Days of law: every day counts."""
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"


class CalendarKind(StrEnum):
    """Whose working time a deadline counts; minutes, hours and days always run 24x7."""

    ALWAYS = "always"
    CENTRE = "centre"
    UNION = "union"


class Step(StrEnum):
    """A rung of a ladder: what is done when it fires."""

    REMIND = "remind"
    NUDGE = "nudge"
    YELLOW_CARD = "yellow_card"
    RED_CARD = "red_card"
    ESCALATE_LEVEL = "escalate_level"
    DEPUTY_TAKES_OVER = "deputy_takes_over"
    PARENT_TAKES_OVER = "parent_takes_over"
    ALARM_SUPERVISOR = "alarm_supervisor"
    ALARM_DUTY_LEADER = "alarm_duty_leader"
    ALARM_PROVINCIAL_LEADER = "alarm_provincial_leader"
    EXPIRE = "expire"

    @property
    def label(self) -> str:
        return _STEP_LABELS[self]


class Recipient(StrEnum):
    """Who hears of a rung, named by position: the caller of the rules finds the people."""

    HANDLER = "handler"
    DEPUTY = "deputy"
    UNION_SUPERVISOR = "union_supervisor"
    LEADER_IN_CHARGE = "leader_in_charge"
    DISPATCHING_LEVEL = "dispatching_level"
    UNION_HEAD = "union_head"
    PARENT_UNION = "parent_union"
    CITY = "city"
    PROVINCE = "province"
    DISPATCHER = "dispatcher"
    CALLBACK_OPERATOR = "callback_operator"
    SUPERVISOR = "supervisor"
    DUTY_LEADER = "duty_leader"
    PROVINCIAL_LEADER = "provincial_leader"


_STEP_LABELS = {
    Step.REMIND: "提醒",
    Step.NUDGE: "催办",
    Step.YELLOW_CARD: "黄牌",
    Step.RED_CARD: "红牌",
    Step.ESCALATE_LEVEL: "提级办理",
    Step.DEPUTY_TAKES_OVER: "B岗接手",
    Step.PARENT_TAKES_OVER: "上级接手",
    Step.ALARM_SUPERVISOR: "报值班长",
    Step.ALARM_DUTY_LEADER: "报带班领导",
    Step.ALARM_PROVINCIAL_LEADER: "报省级领导",
    Step.EXPIRE: "到期",
}


@dataclass(frozen=True, slots=True)
class DutyHours:
    """Where a roster covers `span` every day: inside it the target runs, outside it the deadline is `else_at`."""

    span: Span
    else_at: int
    """Minutes after midnight, local."""


@dataclass(frozen=True, slots=True)
class Target:
    """How long a step may take; `sampled` steps exist only for tickets drawn into the sample."""

    amount: int
    unit: Unit
    calendar: CalendarKind
    sampled: bool = False
    duty: DutyHours | None = None


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One rung: at `percent` of the target, `overdue_wd` past the deadline (the earlier of both), or `after_s`."""

    step: Step
    who: tuple[Recipient, ...]
    percent: int | None = None
    overdue_wd: int | None = None
    after_s: int | None = None
    needs_person: bool = False
    """The step is proposed; a person confirms it."""
    on_duty_only: bool = False
    """Waits for the union's next working time: no cards for hours off duty."""
    closes_extensions: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The counted limits of a ticket's life."""

    reopen_times: int
    reopen_percent: int
    first_contact_attempts: int
    callback_attempts: int
    await_caller_times: int
    return_after_signing_wd: int
    p0_counsellor_from_h: int
    return_call_min: int
    return_call_else_at: int
    headcount_raise: int
    headcount_warning: int
    limitation_days: int
    group_callers: int
    """So many different callers about one employer within `group_days` may be one collective request."""
    group_days: int
    representatives: int
    """How many callers a ticket may have."""
    sample_percent: int
    """Of quiet (P3) tickets: how many are reviewed and called back."""
    petition_extension_d: int
    petition_review_asked_d: int
    reminder_letter_wd: int
    opinion_letter_wd: int
    recommendation_letter_wd: int
    archive_after_d: int
