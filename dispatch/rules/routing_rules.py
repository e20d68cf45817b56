"""Declared exceptions to routing by territory, as an administrator writes them: a book of rules with a version."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from dispatch.rules.policy import Fields, PolicyError, Where, content_version


class DispatchMode(StrEnum):
    STEPWISE = "stepwise"
    DIRECT = "direct"


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
    otherwise: str = ""
    """The rule that is asked next where this one's union must not or cannot take the ticket; else its ancestors."""

    @property
    def specificity(self) -> tuple[bool, int, int, bool, date]:
        """The employer's own code beats any region, the longer region the shorter; the newer rule breaks a tie."""
        leaf = 0 if not self.category_prefix else 1 if self.category_prefix.isdigit() else 2
        return bool(self.uscc), len(self.region_prefix), leaf, bool(self.industry), self.valid_from

    def valid_on(self, day: date) -> bool:
        """Whether the rule holds on that day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All the rules in force together; `version` changes when and only when their content does."""

    rules: tuple[RoutingRule, ...]
    mode: DispatchMode = DispatchMode.STEPWISE

    @property
    def version(self) -> str:
        """Twelve hex digits of the content, in whatever order it was written."""
        rows = [
            {name: str(getattr(rule, name) or "") for name in RoutingRule.__dataclass_fields__}
            for rule in sorted(self.rules, key=lambda rule: rule.code)
        ]
        return content_version({"mode": self.mode.value, "rules": rows})

    @classmethod
    def from_mapping(cls, data: object) -> RuleBook:
        """Read `routing_rules.yaml`; raises PolicyError."""
        top = Fields.of(data, where=(), known=("rules", "dispatch_mode"))
        places: dict[str, Where] = {}
        rules: dict[str, RoutingRule] = {}
        for place, value in top.each("rules"):
            rule = _rule(value, place)
            if rule.code in rules:
                raise PolicyError(f"规则“{rule.code}”写了两次", where=(*place, "code"))
            rules[rule.code], places[rule.code] = rule, place
        _check_chains(rules, places)
        mode = top.optional_choice("dispatch_mode", DispatchMode)
        return cls(tuple(rules.values()), mode or DispatchMode.STEPWISE)

    def check_unions(self, known: Collection[str]) -> None:
        """Refuse a rule that names a union which is not there; raises PolicyError."""
        for index, rule in enumerate(self.rules):
            if rule.union_code not in known:
                raise PolicyError(
                    f"没有代码为“{rule.union_code}”的工会", where=("rules", index, "union_code")
                )


def rules_from_mapping(data: object) -> tuple[RoutingRule, ...]:
    """Read the rules of `routing_rules.yaml`; raises PolicyError."""
    return RuleBook.from_mapping(data).rules


_CONDITIONS: Final = ("category_prefix", "region_prefix", "industry", "uscc")


def _rule(value: object, place: Where) -> RoutingRule:
    row = Fields.of(value, where=place, known=tuple(RoutingRule.__dataclass_fields__))
    valid_from = row.day("valid_from")
    if valid_from is None:
        raise row.fail("valid_from", "没有写")
    conditions = {key: row.text(key, "") for key in _CONDITIONS}
    if not any(conditions.values()):
        raise PolicyError("规则至少要有一个条件", where=place)
    rule = RoutingRule(
        code=row.text("code"),
        union_code=row.text("union_code"),
        valid_from=valid_from,
        valid_to=row.day("valid_to"),
        source=row.text("source"),
        otherwise=row.text("otherwise", ""),
        **conditions,
    )
    if rule.valid_to is not None and rule.valid_to < rule.valid_from:
        raise row.fail("valid_to", "早于valid_from")
    return rule


def _check_chains(rules: Mapping[str, RoutingRule], places: Mapping[str, Where]) -> None:
    for rule in rules.values():
        if rule.otherwise and rule.otherwise not in rules:
            raise PolicyError(f"没有“{rule.otherwise}”这条规则", where=(*places[rule.code], "otherwise"))
    for rule in rules.values():
        trail = list(_chain(rule, rules))
        if trail[-1] == rule.code and len(trail) > 1:
            circle = " → ".join(trail)
            raise PolicyError(f"规则循环：{circle}", where=(*places[rule.code], "otherwise"))


def _chain(rule: RoutingRule, rules: Mapping[str, RoutingRule]) -> Iterable[str]:
    """Yield the codes that a rule leads to, itself first, until the end or the first that comes again."""
    seen: list[str] = []
    here: RoutingRule | None = rule
    while here is not None:
        yield here.code
        if here.code in seen:
            return
        seen.append(here.code)
        here = rules.get(here.otherwise)
