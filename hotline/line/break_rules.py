"""Breaks at the desk (小休): why one may be away, for how long, and how many at once (config/lines.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.rules.policy import Fields, PolicyError

AFTER_CRISIS: Final = "after_crisis"
"""The break that is offered after a call in distress; it is not counted among those that are away."""


@dataclass(frozen=True, slots=True)
class BreakKind:
    """One reason for a break and its longest time."""

    code: str
    label: str
    longest_s: int


@dataclass(frozen=True, slots=True)
class BreakRules:
    """Every kind of break, and the share of those signed on that may be away together."""

    kinds: tuple[BreakKind, ...] = (
        BreakKind("rest", "小休", 15 * 60),
        BreakKind(AFTER_CRISIS, "危机来电后休整", 30 * 60),
    )
    most_percent: int = 50

    @classmethod
    def from_mapping(cls, value: object) -> BreakRules:
        """Read the part `breaks` of lines.yaml; raises PolicyError with the place of what cannot be read."""
        if value is None:
            return cls()
        top = Fields.of(value, where=("breaks",), known=("most_percent", "kinds", "source"))
        top.text("source")
        kinds: dict[str, BreakKind] = {}
        for place, each in top.each("kinds"):
            fields = Fields.of(each, where=place, known=("code", "label", "longest_min"))
            kind = BreakKind(
                fields.text("code"), fields.text("label"), fields.number("longest_min", least=1) * 60
            )
            if kind.code in kinds:
                raise PolicyError(f"{kind.code!r} is defined twice", where=place)
            kinds[kind.code] = kind
        if AFTER_CRISIS not in kinds or len(kinds) < 2:
            raise top.fail("kinds", f"there must be {AFTER_CRISIS!r} and at least one other")
        return cls(tuple(kinds.values()), top.number("most_percent", least=1))

    def find(self, reason: str | None) -> BreakKind:
        """Return the kind by code or label; any other reason has the first kind's limit."""
        return next((each for each in self.kinds if reason in (each.code, each.label)), self.kinds[0])

    def most_away(self, signed_on: int) -> int:
        """Return how many may be away at once: at least one."""
        return max(1, signed_on * self.most_percent // 100)

    @property
    def by_code(self) -> Mapping[str, BreakKind]:
        return {each.code: each for each in self.kinds}
