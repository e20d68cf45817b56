"""One ranking in the making: where to begin, whom to pass over, and every step of the reasons."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from dispatch.rules.categories import Entry
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import EmployerView, UnionView, corporate_unions, recused
from dispatch.rules.routing_case import (
    ExcludedUnion,
    Proposal,
    ProposalKind,
    Ranking,
    Recommendation,
    RoutingCase,
)
from dispatch.rules.routing_rules import DispatchMode, RoutingRule

RECOMMENDATIONS = 6
"""As many as fit on the dispatch panel; the rest is a search away."""

_JOINT = (UnionKind.FEDERATION, UnionKind.JOINT_BASIC)

Start = tuple[UnionView, tuple[str, ...]]


def candidate_region_codes(region_code: str) -> tuple[str, ...]:
    """Return the code and its ancestors by GB/T 2260 prefix (2, 4, 6, 9 digits), nearest first."""
    return tuple(region_code[:length] for length in (9, 6, 4, 2) if len(region_code) >= length)


def matching_rules(case: RoutingCase, rules: Iterable[RoutingRule]) -> tuple[RoutingRule, ...]:
    """Return the rules valid on the day that fit the case, most specific first."""
    fitting = [rule for rule in rules if _fits(rule, case)]
    return tuple(sorted(fitting, key=lambda rule: (rule.specificity, rule.code), reverse=True))


def _fits(rule: RoutingRule, case: RoutingCase) -> bool:
    if not rule.valid_on(case.on):
        return False
    if rule.category_prefix and rule.category_prefix not in (case.category.code, case.category.group_code):
        return False
    if rule.region_prefix and not case.place.startswith(rule.region_prefix):
        return False
    if rule.industry and rule.industry not in {each.industry for each in case.employers}:
        return False
    return not rule.uscc or rule.uscc in {each.uscc for each in case.employers}


class Search:
    """The unions of one case, and what has been found of them so far."""

    def __init__(self, case: RoutingCase, candidates: Iterable[UnionView]) -> None:
        self.case = case
        self.unions = {union.id: union for union in candidates}
        self.by_code = {union.code: union for union in self.unions.values()}
        self.corporate = case.corporate | corporate_unions(case.employers, self.unions.values())
        self.found: dict[int, Recommendation] = {}
        self.excluded: dict[int, ExcludedUnion] = {}
        self.unattended: list[Start] = []
        """Where a ticket would go if only somebody were on duty there."""

    def run(self, rules: Iterable[RoutingRule]) -> Ranking:
        """Return the ranking."""
        if self.case.category.entry == (Entry.PARENT_OF_ACCUSED,):
            return self._above_the_accused()
        book = {rule.code: rule for rule in rules}
        for rule in matching_rules(self.case, book.values()):
            self._by_rule(rule, book)
        for start, reasons in self._starts():
            self._walk_up(start, reasons)
        return self._ranking(self._why_nobody())

    def _above_the_accused(self) -> Ranking:
        accused = [self.unions[each] for each in self.case.accused_union_ids if each in self.unions]
        if self.case.accuses_centre:
            return self._above_the_centre()
        if not accused:
            return Ranking((), (), "被投诉的工会或人员未指明，请人工派单")
        # The one nearest the root: its parent stands above them all, or above none and recusal says so.
        highest = min(accused, key=lambda union: (len(union.ancestors), union.id))
        self._walk_up(highest, (f"投诉{highest.name}，由其上级受理",))
        return self._ranking(f"{highest.name}没有可受理的上级工会，请人工派单")

    def _above_the_centre(self) -> Ranking:
        """Recommend the provincial union: it keeps the hotline, and no desk of the hotline judges its own people."""
        provinces = [
            union
            for union in self.unions.values()
            if union.level is Level.PROVINCE
            and union.kind is UnionKind.TERRITORY
            and union.region_code == self.case.home_province
        ]
        for union in sorted(provinces, key=lambda each: each.id):
            self._walk_up(union, (f"投诉热线人员，由{union.name}受理，被投诉人回避",))
        return self._ranking("投诉热线人员，没有可受理的省级工会，请带班领导人工处理")

    def _by_rule(self, rule: RoutingRule, book: dict[str, RoutingRule]) -> None:
        """Recommend the rule's union; where it must not or cannot take the case, the rule named for that, and so on."""
        led: tuple[str, ...] = ()
        here: RoutingRule | None = rule
        while here is not None:
            named = self.by_code.get(here.union_code)
            if named is None:
                return
            reasons = (*led, f"规则{here.code}：由{named.name}受理（{here.source}）")
            after = book.get(here.otherwise)
            refusal = self._refusal(named)
            if refusal is None or after is None or not after.valid_on(self.case.on):
                self._walk_up(named, reasons)
                return
            said, outside = refusal
            self.excluded[named.id] = ExcludedUnion(named.id, named.name, outside)
            led, here = (*reasons, f"{said}，改按规则{after.code}"), after

    def _starts(self) -> Iterator[Start]:
        """Yield where to begin, best first, each with the reasons for beginning there."""
        yield from self._court()
        territory = self._territory()
        if self.case.mode is DispatchMode.DIRECT:
            yield from self._own_unions("直派到最基层")
            yield from self._own_lines(None, territory)
            for union in territory:
                yield union, (self._of_place(union), "直派：本地最低一级")
            return
        for level in self.case.category.entry_levels:
            if level is Level.ENTERPRISE:
                yield from self._own_unions(f"“{self.case.category.name}”可由本单位工会办理")
                yield from self._joint_unions()
                continue
            by_category = f"“{self.case.category.name}”由{level.label}工会受理"
            for union, reasons in self._own_lines(level, territory):
                yield union, (*reasons, by_category)
            industrial = self._industrial(level)
            local = [each for each in territory if each.level.depth <= level.depth]
            missing = not any(each.level is level for each in local)
            for union in (*local, *industrial):
                basis = f"产业：{union.industry}" if union in industrial else self._of_place(union)
                higher = f"当地没有{level.label}工会，由上级受理" if missing else "备选：上级工会"
                yield union, (basis, by_category, *(() if union.level is level else (higher,)))

    def _court(self) -> Iterator[Start]:
        district = self.case.district
        if district is None or not self.case.concerns_court or district.union_id not in self.unions:
            return
        union = self.unions[district.union_id]
        yield (
            union,
            (
                f"法院片区：{self.case.place}属{district.name}（{district.court}）",
                f"“{self.case.category.name}”涉及诉讼或执行，由片区工会{union.name}受理",
            ),
        )

    def _own_unions(self, why: str) -> Iterator[Start]:
        for employer in self.case.employers:
            if employer.union_id in self.unions:
                yield self.unions[employer.union_id], (f"单位：{employer.name}的工会", why)

    def _own_lines(self, level: Level | None, territory: list[UnionView]) -> Iterator[Start]:
        """Yield what stands above an employer's own union and the map of places does not show.

        That are development zones, federations and system unions; `level` None asks for every level, nearest first.
        """
        mapped = {union.id for union in territory}
        for employer in self.case.employers:
            own = self.unions.get(employer.union_id or 0)
            if own is None:
                continue
            at = own.region_code or employer.region_code
            for union in self._above(own):
                fits = level is None or union.level is level
                if (
                    fits
                    and union.id not in mapped
                    and self._off_the_map(union, at)
                    and self._same_city(union)
                ):
                    yield union, (f"单位：{employer.name}的工会隶属{union.name}",)
                    if level is not None:
                        break

    @staticmethod
    def _off_the_map(union: UnionView, at: str) -> bool:
        """Whether the code of the place `at` would not lead to this union."""
        if union.level is Level.ENTERPRISE:
            return False
        shown = union.kind is UnionKind.TERRITORY and union.level is not Level.VILLAGE
        return not (shown and union.region_code and at.startswith(union.region_code))

    def _same_city(self, union: UnionView) -> bool:
        """Whether a union on an employer's line has to do with the place: a branch elsewhere is a matter of its own."""
        here, there = self.case.place[:4], union.region_code[:4]
        return not there or here.startswith(there) or there.startswith(here)

    def _joint_unions(self) -> Iterator[Start]:
        """Yield the joint unions of the place: they act for employers without a union of their own."""
        if any(each.union_id is not None for each in self.case.employers):
            return
        prefixes = set(candidate_region_codes(self.case.place))
        here = [
            union
            for union in self.unions.values()
            if union.kind in _JOINT and union.region_code in prefixes and union.level is not Level.ENTERPRISE
        ]
        villages = [each for each in here if each.level is Level.VILLAGE]
        if len(villages) > 1:
            # In which of a town's villages the place lies, its code does not say.
            here = [each for each in here if each.level is not Level.VILLAGE]
        for union in sorted(here, key=lambda each: (-len(each.region_code), -each.level.depth, each.id)):
            yield union, (self._of_place(union), "单位没有自己的工会，由联合工会办理")

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
        # A village has its town's code: which of the town's villages a place lies in, the code does not say.
        if union.level is Level.VILLAGE:
            return False
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
        place = self.case.place_name or self.case.place
        if self.case.region_code:
            return f"属地：事发地{place}在{union.name}辖区"
        return f"属地：事发地未知，按用人单位所在地{place}，在{union.name}辖区"

    def _walk_up(self, start: UnionView, reasons: tuple[str, ...]) -> None:
        """Recommend the first union at or above `start` that may and can receive the case."""
        passed: list[str] = []
        recusal, waiting = False, False
        for union in (start, *self._above(start)):
            if union.id in self.found:
                return
            refusal = self._refusal(union)
            if refusal is None:
                self._recommend(union, (*reasons, *passed), recusal=recusal)
                return
            said, outside = refusal
            if self._is_unattended(union) and not waiting:
                waiting = True
                self.unattended.append((union, (*reasons, *passed)))
            recusal = recusal or outside.startswith("回避")
            passed.append(said if outside.startswith("回避") else f"{said}，转上级")
            self.excluded[union.id] = ExcludedUnion(union.id, union.name, outside)

    def _refusal(self, union: UnionView) -> tuple[str, str] | None:
        """Return why the union does not take the case, as a reason of others and as its own, or None."""
        because = self._recusal_of(union)
        if because is not None:
            return f"已回避：{union.name}（{because}）", f"回避：{because}"
        if not union.can_receive:
            return f"{union.name}无人值守", "无人值守"
        present = self.case.attendance.get(union.id)
        if present is not None and present.nobody is not None:
            return f"{union.name}{present.nobody}", present.nobody
        return None

    def _is_unattended(self, union: UnionView) -> bool:
        return self._recusal_of(union) is None and union.can_receive

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
        present = self.case.attendance.get(union.id)
        if present is not None and present.note:
            reasons = (*reasons, present.note)
        names = tuple(person.name for person in present.people) if present and present.reachable_now else ()
        self.found[union.id] = Recommendation(
            union_id=union.id,
            union_code=union.code,
            union_name=union.name,
            level=union.level,
            level_label=union.level.label,
            reasons=reasons,
            recused=recusal,
            on_duty=names,
        )
        self.excluded.pop(union.id, None)

    def _why_nobody(self) -> str:
        if not self.case.place:
            return "事发地区和用人单位所在地都不清楚，请人工派单"
        if self.excluded:
            return "符合条件的工会都须回避或无人值守，请人工派单"
        return f"没有覆盖地区{self.case.place}的工会，请人工派单"

    def _ranking(self, pool_reason: str) -> Ranking:
        if not self.found:
            # Better a union that opens later than none: it is told by telephone, and nothing is dropped.
            for union, reasons in self.unattended:
                if union.id not in self.found:
                    why = self.excluded[union.id].reason
                    self._recommend(
                        union, (*reasons, f"{why}，上级也无人在岗：请先电话通知其负责人"), recusal=False
                    )
        recommendations = tuple(self.found.values())[:RECOMMENDATIONS]
        return Ranking(
            recommendations,
            tuple(self.excluded.values()),
            None if recommendations else pool_reason,
            tuple(self._advice()),
            tuple(self._proposals()),
        )

    def _advice(self) -> Iterator[str]:
        if self.case.category.mandatory_report:
            yield "涉及未成年人的，须依法强制报告"
        yield from (proposal.reason for proposal in self._proposals())
        district = self.case.district
        if district is not None and self.case.needs_recusal:
            yield f"如起诉，事发地属{district.name}，由{district.court}管辖"

    def _proposals(self) -> Iterator[Proposal]:
        """Yield a proposal for each employer in another city or province than where it happened."""
        seen: set[str] = set()
        for employer in self.case.employers:
            here, there = self.case.region_code, employer.region_code
            if len(here) < 4 or len(there) < 4 or here[:4] == there[:4] or there[:4] in seen:
                continue
            seen.add(there[:4])
            if here[:2] != there[:2]:
                reason = f"{employer.name}在外省（{there[:4]}），请建子工单转当地12351，本地继续跟踪"
                yield Proposal(ProposalKind.CHILD_TICKET, there[:2], reason)
                continue
            yield self._help(employer)

    def _help(self, employer: EmployerView) -> Proposal:
        there = employer.region_code
        reason = f"{employer.name}在外市（{there[:4]}），请所在地工会协办"
        for code in candidate_region_codes(there):
            if len(code) not in (4, 6):
                continue
            for union in sorted(self.unions.values(), key=lambda each: each.id):
                of_place = union.kind is UnionKind.TERRITORY and union.region_code == code
                if of_place and union.level is not Level.ENTERPRISE and self._refusal(union) is None:
                    return Proposal(ProposalKind.CO_HANDLING, there[:4], reason, union.id, union.name)
        return Proposal(ProposalKind.CO_HANDLING, there[:4], reason)
