"""Which union receives a ticket: ranked, with the reasons in Chinese, never a recused one, never nobody without a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.rules.categories import Category, Entry
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import EmployerView, UnionView, corporate_unions, recused
from dispatch.rules.routing_rules import RoutingRule

RECOMMENDATIONS = 6
"""As many as fit on the dispatch panel; the rest is a search away."""


class DispatchMode(StrEnum):
    STEPWISE = "stepwise"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True)
class RoutingCase:
    """What routing may know of a ticket; `on` is the day that decides which rules are valid."""

    category: Category
    region_code: str
    on: date
    employers: tuple[EmployerView, ...] = ()
    rights_defence: bool = False
    """Of the whole ticket: any R category makes it so; the leading category's own flag counts in any case."""
    sealed: bool = False
    accused_union_ids: tuple[int, ...] = ()
    consent_waives_recusal: bool = False
    mode: DispatchMode = DispatchMode.STEPWISE
    home_province: str = ""
    """Where this centre answers; empty switches the other-province check off."""

    @property
    def needs_recusal(self) -> bool:
        return self.rights_defence or self.category.rights_defence

    @property
    def place(self) -> str:
        """The region, or the first employer's where the caller's is unknown."""
        if self.region_code:
            return self.region_code
        return next((each.region_code for each in self.employers if each.region_code), "")


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One union that may receive the ticket; `recused` says that a nearer one was passed over for recusal."""

    union_id: int
    union_code: str
    union_name: str
    level: Level
    level_label: str
    reasons: tuple[str, ...]
    recused: bool = False


@dataclass(frozen=True, slots=True)
class ExcludedUnion:
    union_id: int
    union_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first; `pool_reason` (Chinese) is set exactly when there is no recommendation."""

    recommendations: tuple[Recommendation, ...]
    excluded: tuple[ExcludedUnion, ...]
    pool_reason: str | None
    advice: tuple[str, ...] = ()
    """What else to do, in Chinese: co-handling with another city, a mandatory report."""


def candidate_region_codes(region_code: str) -> tuple[str, ...]:
    """Return the code and its ancestors by GB/T 2260 prefix (2, 4, 6, 9 digits), nearest first."""
    return tuple(region_code[:length] for length in (9, 6, 4, 2) if len(region_code) >= length)


def rank(case: RoutingCase, candidates: Iterable[UnionView], rules: Iterable[RoutingRule]) -> Ranking:
    """Return who should receive the case.

    `candidates` are the unions of `candidate_region_codes`, the employers' own unions and those of their groups, the
    accused, the unions that rules name, and all of their ancestors.
    """
    reason = _never_leaves(case)
    if reason is not None:
        return Ranking((), (), reason)
    return _Search(case, candidates).run(rules)


def _never_leaves(case: RoutingCase) -> str | None:
    if case.category.never_dispatch:
        return f"“{case.category.name}”由中心答复、预约或转介，不派单"
    place = case.place
    if case.home_province and place and not place.startswith(case.home_province):
        return f"事发地在外省（{place[:2]}），请建子工单转当地12351"
    return None


def matching_rules(case: RoutingCase, rules: Iterable[RoutingRule]) -> tuple[RoutingRule, ...]:
    """Return the rules valid on the day that fit the case, most specific first."""
    fitting = [rule for rule in rules if _fits(rule, case)]
    return tuple(sorted(fitting, key=lambda rule: (rule.specificity, rule.code), reverse=True))


def _fits(rule: RoutingRule, case: RoutingCase) -> bool:
    if case.on < rule.valid_from or (rule.valid_to is not None and case.on > rule.valid_to):
        return False
    if rule.category_prefix and rule.category_prefix not in (case.category.code, case.category.group_code):
        return False
    if rule.region_prefix and not case.place.startswith(rule.region_prefix):
        return False
    if rule.industry and rule.industry not in {each.industry for each in case.employers}:
        return False
    return not rule.uscc or rule.uscc in {each.uscc for each in case.employers}


class _Search:
    """One ranking in the making: what is recommended, what is excluded, and why."""

    def __init__(self, case: RoutingCase, candidates: Iterable[UnionView]) -> None:
        self.case = case
        self.unions = {union.id: union for union in candidates}
        self.corporate = corporate_unions(case.employers, self.unions.values())
        self.found: dict[int, Recommendation] = {}
        self.excluded: dict[int, ExcludedUnion] = {}

    def run(self, rules: Iterable[RoutingRule]) -> Ranking:
        if self.case.category.entry == (Entry.PARENT_OF_ACCUSED,):
            return self._above_the_accused()
        for rule in matching_rules(self.case, rules):
            self._by_rule(rule)
        for start, reasons in self._starts():
            self._walk_up(start, reasons)
        return self._ranking(self._why_nobody())

    def _above_the_accused(self) -> Ranking:
        accused = [self.unions[each] for each in self.case.accused_union_ids if each in self.unions]
        if not accused:
            return Ranking((), (), "被投诉单位未指明，请人工派单")
        # The one nearest the root: its parent stands above them all, or above none and recusal says so.
        highest = min(accused, key=lambda union: (len(union.ancestors), union.id))
        self._walk_up(highest, (f"投诉{highest.name}，由其上级受理",))
        return self._ranking(f"{highest.name}没有可受理的上级工会，请人工派单")

    def _by_rule(self, rule: RoutingRule) -> None:
        named = next((union for union in self.unions.values() if union.code == rule.union_code), None)
        if named is None:
            return
        self._walk_up(named, (f"规则{rule.code}：由{named.name}受理（{rule.source}）",))

    def _starts(self) -> Iterator[tuple[UnionView, tuple[str, ...]]]:
        """Yield where to begin, best first, each with the reasons for beginning there."""
        territory = self._territory()
        if self.case.mode is DispatchMode.DIRECT:
            yield from self._own_unions("直派到最基层")
            for union in territory:
                yield union, (self._of_place(union), "直派：本地最低一级")
            return
        for level in self.case.category.entry_levels:
            if level is Level.ENTERPRISE:
                yield from self._own_unions(f"“{self.case.category.name}”可由本单位工会办理")
                continue
            by_category = f"“{self.case.category.name}”由{level.label}工会受理"
            industrial = self._industrial(level)
            local = [each for each in territory if each.level.depth <= level.depth]
            missing = not any(each.level is level for each in local)
            for union in (*local, *industrial):
                basis = f"产业：{union.industry}" if union in industrial else self._of_place(union)
                higher = f"当地没有{level.label}工会，由上级受理" if missing else "备选：上级工会"
                yield union, (basis, by_category, *(() if union.level is level else (higher,)))

    def _own_unions(self, why: str) -> Iterator[tuple[UnionView, tuple[str, ...]]]:
        for employer in self.case.employers:
            if employer.union_id in self.unions:
                yield self.unions[employer.union_id], (f"单位：{employer.name}的工会", why)

    def _territory(self) -> list[UnionView]:
        prefixes = set(candidate_region_codes(self.case.place)) | {""}
        here = [
            union
            for union in self.unions.values()
            if union.kind is UnionKind.TERRITORY and self._covers(union, prefixes)
        ]
        return sorted(here, key=lambda union: (-len(union.region_code), -union.level.depth, union.id))

    @staticmethod
    def _covers(union: UnionView, prefixes: Collection[str]) -> bool:
        # Only the national union covers the whole country; an empty region on another one is a gap in the data.
        return union.region_code in prefixes and (bool(union.region_code) or union.level is Level.NATIONAL)

    def _industrial(self, level: Level) -> list[UnionView]:
        industries = {each.industry for each in self.case.employers if each.industry}
        return [
            union
            for union in sorted(self.unions.values(), key=lambda each: (-len(each.region_code), each.id))
            if union.kind is UnionKind.INDUSTRY_UNION
            and union.industry in industries
            and union.level.depth <= level.depth
            and self.case.place.startswith(union.region_code)
        ]

    def _of_place(self, union: UnionView) -> str:
        if self.case.region_code:
            return f"属地：事发地{self.case.region_code}在{union.name}辖区"
        return f"属地：事发地未知，按用人单位所在地{self.case.place}，在{union.name}辖区"

    def _walk_up(self, start: UnionView, reasons: tuple[str, ...]) -> None:
        """Recommend the first union at or above `start` that may and can receive the case."""
        passed: list[str] = []
        recusal = False
        for union in (start, *self._above(start)):
            if union.id in self.found:
                return
            because = self._recusal_of(union)
            if because is not None:
                recusal = True
                passed.append(f"已回避：{union.name}（{because}）")
                self.excluded[union.id] = ExcludedUnion(union.id, union.name, f"回避：{because}")
            elif not union.can_receive:
                passed.append(f"{union.name}无人值守，转上级")
                self.excluded[union.id] = ExcludedUnion(union.id, union.name, "无人值守")
            else:
                self._recommend(union, (*reasons, *passed), recusal=recusal)
                return

    def _above(self, union: UnionView) -> list[UnionView]:
        return [self.unions[each] for each in reversed(union.ancestors) if each in self.unions]

    def _recusal_of(self, union: UnionView) -> str | None:
        because = recused(
            union,
            self.case.employers,
            rights_defence=self.case.needs_recusal,
            consent=self.case.consent_waives_recusal,
            accused=self.case.accused_union_ids,
            corporate=self.corporate,
        )
        if because is not None or union.level is not Level.ENTERPRISE:
            return because
        if self.case.sealed or self.case.category.sealed or self.case.category.never_enterprise:
            return "密件不派用人单位工会"
        return None

    def _recommend(self, union: UnionView, reasons: tuple[str, ...], *, recusal: bool) -> None:
        if self.case.sealed or self.case.category.sealed:
            reasons = (*reasons, "密件：只由指定人员办理")
        self.found[union.id] = Recommendation(
            union_id=union.id,
            union_code=union.code,
            union_name=union.name,
            level=union.level,
            level_label=union.level.label,
            reasons=reasons,
            recused=recusal,
        )

    def _why_nobody(self) -> str:
        if not self.case.place:
            return "事发地区和用人单位所在地都不清楚，请人工派单"
        if self.excluded:
            return "符合条件的工会都须回避或无人值守，请人工派单"
        return f"没有覆盖地区{self.case.place}的工会，请人工派单"

    def _ranking(self, pool_reason: str) -> Ranking:
        recommendations = tuple(self.found.values())[:RECOMMENDATIONS]
        return Ranking(
            recommendations,
            tuple(self.excluded.values()),
            None if recommendations else pool_reason,
            tuple(_advice(self.case)),
        )


def _advice(case: RoutingCase) -> Iterator[str]:
    if case.category.mandatory_report:
        yield "涉及未成年人的，须依法强制报告"
    for employer in case.employers:
        here, there = case.region_code, employer.region_code
        if len(here) >= 4 and len(there) >= 4 and here[:4] != there[:4]:
            where = "外市" if here[:2] == there[:2] else "外省"
            yield f"{employer.name}在{where}（{there[:4]}），请所在地工会协办"
