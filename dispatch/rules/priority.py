"""How urgent a ticket is: raised by category, headcount, danger and the law, each with its reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from dispatch.rules.categories import Category
from dispatch.rules.sla_terms import Limits
from dispatch.rules.statutes import Countdown
from dispatch.rules.urgency import Urgency, most_urgent


class Danger(StrEnum):
    """What a person confirmed; the only way to P0 beside a P0 category."""

    STOPPAGE = "stoppage"
    BLOCKING = "blocking"
    INJURY = "injury"
    THREAT = "threat"

    @property
    def label(self) -> str:
        return _DANGER_LABELS[self]


_DANGER_LABELS = {
    Danger.STOPPAGE: "停工",
    Danger.BLOCKING: "围堵",
    Danger.INJURY: "有人伤亡",
    Danger.THREAT: "扬言过激行为",
}


@dataclass(frozen=True, slots=True)
class Priority:
    """The urgency with its reasons (Chinese); `warning` asks for an early warning to the county leader."""

    urgency: Urgency
    reasons: tuple[str, ...]
    warning: str | None = None


def assess(
    categories: Collection[Category],
    *,
    limits: Limits,
    headcount: int | None = None,
    dangers: Collection[Danger] = (),
    countdowns: Collection[Countdown] = (),
) -> Priority:
    """Return the urgency: the highest of the categories (P2 when unknown), raised but never lowered.

    `countdowns` are those of limitations (`raises_urgency`); one that ran out no longer hurries anybody.
    """
    urgency, reasons = _by_category(categories)
    warning = None
    if headcount is not None and headcount >= limits.headcount_warning:
        warning = f"涉及{headcount}人，须预警并报区县工会负责人"
        if urgency.rank > Urgency.P1.rank:
            urgency = Urgency.P1
            reasons.append(f"涉及{headcount}人（≥{limits.headcount_warning}人）→ P1")
    elif headcount is not None and headcount >= limits.headcount_raise and urgency is Urgency.P2:
        urgency = Urgency.P1
        reasons.append(f"涉及{headcount}人（≥{limits.headcount_raise}人）→ P1")
    for each in countdowns:
        if 0 <= each.days_left < limits.limitation_days and urgency.rank > Urgency.P1.rank:
            urgency = Urgency.P1
            reasons.append(f"{each.label}仅剩{each.days_left}天 → P1（估算）")
    if dangers and urgency is not Urgency.P0:
        urgency = Urgency.P0
        named = "、".join(danger.label for danger in Danger if danger in dangers)
        reasons.append(f"{named} → P0")
    return Priority(urgency, tuple(reasons), warning)


def _by_category(categories: Collection[Category]) -> tuple[Urgency, list[str]]:
    if not categories:
        return Urgency.P2, ["类别未定，暂按P2"]
    urgency = most_urgent(*(category.urgency for category in categories))
    leading = next(category for category in categories if category.urgency is urgency)
    return urgency, [f"{leading.name} → {urgency}"]
