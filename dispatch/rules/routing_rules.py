"""Declared exceptions to routing by territory, as an administrator writes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dispatch.rules.policy import Fields, PolicyError


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A declared exception to territory; an empty condition matches everything, `valid_to` is the last valid day."""

    code: str
    union_code: str
    valid_from: date
    source: str
    category_prefix: str = ""
    """A category's code, or its group's two digits."""
    region_prefix: str = ""
    industry: str = ""
    uscc: str = ""
    valid_to: date | None = None

    @property
    def specificity(self) -> tuple[bool, int, int, bool, date]:
        """The employer's own code beats any region, the longer region the shorter; the newer rule breaks a tie."""
        leaf = 0 if not self.category_prefix else 1 if self.category_prefix.isdigit() else 2
        return bool(self.uscc), len(self.region_prefix), leaf, bool(self.industry), self.valid_from


def rules_from_mapping(data: object) -> tuple[RoutingRule, ...]:
    """Read `routing_rules.yaml`; raises PolicyError."""
    top = Fields.of(data, where=(), known=("rules",))
    rules: dict[str, RoutingRule] = {}
    for place, value in top.each("rules"):
        known = tuple(field for field in RoutingRule.__dataclass_fields__)
        row = Fields.of(value, where=place, known=known)
        valid_from = row.day("valid_from")
        if valid_from is None:
            raise row.fail("valid_from", "is missing")
        conditions = {key: row.text(key, "") for key in _CONDITIONS}
        if not any(conditions.values()):
            raise PolicyError("a rule needs at least one condition", where=place)
        rule = RoutingRule(
            code=row.text("code"),
            union_code=row.text("union_code"),
            valid_from=valid_from,
            valid_to=row.day("valid_to"),
            source=row.text("source"),
            **conditions,
        )
        if rule.code in rules:
            raise row.fail("code", f"{rule.code!r} is defined twice")
        if rule.valid_to is not None and rule.valid_to < rule.valid_from:
            raise row.fail("valid_to", "lies before valid_from")
        rules[rule.code] = rule
    return tuple(rules.values())


_CONDITIONS = ("category_prefix", "region_prefix", "industry", "uscc")
