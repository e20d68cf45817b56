"""The words of reports: grains, periods, and each figure with the one sentence that defines it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from dispatch.rules.working_time import SHANGHAI


class Grain(StrEnum):
    """How wide one column of a report is; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def begin(self, day: date) -> date:
        """Return the first day of the column in which a day lies."""
        if self is Grain.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Grain.MONTH else day

    def after(self, begun: date) -> date:
        """Return the first day of the next column."""
        if self is Grain.MONTH:
            return (begun + timedelta(days=31)).replace(day=1)
        return begun + timedelta(days=7 if self is Grain.WEEK else 1)


LONGEST: Final[Mapping[Grain, int]] = {Grain.DAY: 93, Grain.WEEK: 371, Grain.MONTH: 1_101}
"""Days of one report [D]: a column must stay readable."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in Shanghai, both ends included, cut into columns."""

    first: date
    last: date
    grain: Grain

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(0), tzinfo=SHANGHAI)

    @property
    def until(self) -> datetime:
        """The first moment that is no longer in the period."""
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=SHANGHAI)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_of_whole_months(self) -> bool:
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    def columns(self) -> list[date]:
        """Return the first day of each column; the first and last may be cut by the period."""
        found = [self.grain.begin(self.first)]
        while (following := self.grain.after(found[-1])) <= self.last:
            found.append(following)
        return found

    def before(self) -> Period:
        """Return the period of equal length just before: as many months where these are whole ones."""
        last = self.first - timedelta(days=1)
        if not self.is_of_whole_months:
            return Period(self.first - timedelta(days=self.days), last, self.grain)
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        first = last.replace(day=1)
        for _ in range(months):
            first = (first - timedelta(days=1)).replace(day=1)
        return Period(first, last, self.grain)


class Unit(StrEnum):
    """What a figure is measured in."""

    RATE = "rate"
    COUNT = "count"
    SECONDS = "seconds"
    CENTS = "cents"
    PEOPLE = "people"


class Group(StrEnum):
    """Which part of the work a figure is about; a role reads whole groups."""

    CALLS = "calls"
    DISPATCH = "dispatch"
    HANDLING = "handling"
    RESULTS = "results"

    @property
    def label(self) -> str:
        return _GROUP_LABELS[self]


class Reason(StrEnum):
    """Why a case is in no denominator by which a union is scored."""

    MISDIRECTED = "misdirected"
    UNFOUNDED = "unfounded"
    BARRED = "barred"

    @property
    def label(self) -> str:
        return _REASON_LABELS[self]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `definition` says in one sentence what is counted of what."""

    key: str
    name: str
    group: Group
    unit: Unit
    definition: str

    @property
    def is_share(self) -> bool:
        return self.unit is Unit.RATE

    def value(self, numerator: int, base: int) -> float | None:
        """Return the figure: a share or a mean is None where there is no case."""
        if self.unit in (Unit.RATE, Unit.SECONDS):
            return numerator / base if base else None
        return float(numerator)


_FAIR: Final = "派单有误、经查无依据和依法进入法定程序的不计入"

TICKET_FIGURES: Final = (
    Figure("received", "受理诉求", Group.DISPATCH, Unit.COUNT, "期内登记的工单数；草稿和无效来电不计入。"),
    Figure(
        "direct_answer_rate", "直接答复率", Group.DISPATCH, Unit.RATE,
        "期内登记的工单中，由中心直接答复、未派工会的件数÷受理诉求。",
    ),
    Figure(
        "dispatch_on_time", "按时派单率", Group.DISPATCH, Unit.RATE,
        "期内登记的工单中，派单时限内派出或答复的次数÷已派出、已答复或已超时的次数；重办后的再派也计。",
    ),
    Figure(
        "return_rate", "退单率", Group.DISPATCH, Unit.RATE,
        "期内派到工会的办理中，被工会退回的件数÷全部派到工会的件数。",
    ),
    Figure(
        "misdirected_rate", "派单差错率", Group.DISPATCH, Unit.RATE,
        "期内派到工会的办理中，退单异议成立而改派的件数÷全部派到工会的件数；差错记在派单一方。",
    ),
    Figure("dispatched", "派到工会", Group.HANDLING, Unit.COUNT, "期内派到工会的办理件数，含下派和协办。"),
    Figure(
        "sign_on_time", "按时签收率", Group.HANDLING, Unit.RATE,
        f"期内派到工会的办理中，签收时限内签收的次数÷已签收或已超时的次数；{_FAIR}。",
    ),
    Figure(
        "response_rate", "响应率（合理诉求）", Group.HANDLING, Unit.RATE,
        f"期内派到工会的办理中，首联时限内联系诉求人（或已反馈结果）的次数÷已联系或已超时的次数；{_FAIR}。",
    ),
    Figure(
        "response_rate_unfounded", "响应率（不合理诉求）", Group.HANDLING, Unit.RATE,
        "同响应率，只计经查无依据的诉求；供参考，不计分。",
    ),
    Figure(
        "resolve_on_time", "按时办结率", Group.HANDLING, Unit.RATE,
        f"期内派到工会的办理中，办理时限内反馈结果的次数÷已反馈或已超时的次数；{_FAIR}。",
    ),
    Figure("closed", "办结工单", Group.RESULTS, Unit.COUNT, "期内办结的、曾派到工会的工单数。"),
    Figure(
        "resolution_rate", "解决率（合理诉求）", Group.RESULTS, Unit.RATE,
        f"期内办结并回访到诉求人的工单中，全部受访人答复已解决、且约定款项到账的件数÷回访到的件数；{_FAIR}。",
    ),
    Figure(
        "resolution_rate_unfounded", "解决率（不合理诉求）", Group.RESULTS, Unit.RATE,
        "同解决率，只计经查无依据的诉求；供参考，不计分。",
    ),
    Figure(
        "satisfaction_rate", "满意率（合理诉求）", Group.RESULTS, Unit.RATE,
        f"期内办结并回访到诉求人的工单中，全部受访人答复满意或基本满意的件数÷回访到的件数；{_FAIR}。",
    ),
    Figure(
        "satisfaction_rate_unfounded", "满意率（不合理诉求）", Group.RESULTS, Unit.RATE,
        "同满意率，只计经查无依据的诉求；供参考，不计分。",
    ),
    Figure(
        "redo_rate", "重办率", Group.RESULTS, Unit.RATE,
        "期内办结的、曾派到工会的工单中，回访后重办过的件数÷办结工单。",
    ),
    Figure(
        "recovered_cents", "追回金额", Group.RESULTS, Unit.CENTS,
        "期内到账（按到账日）的款项合计，由工会或诉求人登记。",
    ),
    Figure(
        "recovered_workers", "受益职工", Group.RESULTS, Unit.PEOPLE,
        "第一笔款项在期内到账的工单的涉及人数合计；未填人数的按一人计。",
    ),
)  # fmt: skip

_GROUP_LABELS: Final[Mapping[Group, str]] = {
    Group.CALLS: "来电",
    Group.DISPATCH: "派单",
    Group.HANDLING: "办理",
    Group.RESULTS: "结果",
}
_REASON_LABELS: Final[Mapping[Reason, str]] = {
    Reason.MISDIRECTED: "派单有误（退单异议成立）",
    Reason.UNFOUNDED: "经查无依据",
    Reason.BARRED: "依法进入法定程序",
}
