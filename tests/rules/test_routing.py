"""Routing on random trees: never a recused union, never nobody without a reason, always in Chinese."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings

from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.policy import PolicyError
from dispatch.rules.recusal import EmployerView, UnionView
from dispatch.rules.routing import (
    DispatchMode,
    Ranking,
    RoutingCase,
    candidate_region_codes,
    matching_rules,
    rank,
)
from dispatch.rules.routing_rules import RoutingRule, rules_from_mapping
from tests.rules.policies import catalogue
from tests.rules.trees import DAY, situations

Situation = tuple[RoutingCase, tuple[UnionView, ...], tuple[RoutingRule, ...]]


def forbidden_ids(case: RoutingCase, unions: tuple[UnionView, ...]) -> set[int]:
    """The oracle of recusal: parent pointers walked one by one, nothing shared with the rule."""
    parents = {union.id: union.parent_id for union in unions}
    by_id = {union.id: union for union in unions}

    def above(number: int | None) -> list[int]:
        line = []
        while number is not None:
            line.append(number)
            number = parents[number]
        return line

    roots = set(case.accused_union_ids)
    if (case.rights_defence or case.category.rights_defence) and not case.consent_waives_recusal:
        groups = {each.group_code for each in case.employers} - {""}
        for each in case.employers:
            if each.union_id is not None:
                groups |= {by_id[each.union_id].group_code} - {""}
                roots |= {up for up in above(each.union_id) if by_id[up].level is Level.ENTERPRISE}
        roots |= {union.id for union in unions if union.group_code in groups}
    return {union.id for union in unions if roots & set(above(union.id))}


@settings(max_examples=400, deadline=None)
@given(situations())
def test_no_recused_union_is_ever_recommended(situation: Situation) -> None:
    case, unions, rules = situation
    forbidden = forbidden_ids(case, unions)
    assert not forbidden & {each.union_id for each in rank(case, unions, rules).recommendations}


@settings(max_examples=200, deadline=None)
@given(situations())
def test_a_case_gets_a_union_or_a_reason_never_neither_and_never_both(situation: Situation) -> None:
    ranking = rank(*situation)
    assert bool(ranking.recommendations) != bool(ranking.pool_reason)
    for recommendation in ranking.recommendations:
        assert recommendation.reasons
        assert all(any("\u4e00" <= sign <= "\u9fff" for sign in reason) for reason in recommendation.reasons)
        assert recommendation.level_label == recommendation.level.label
    offered = [each.union_id for each in ranking.recommendations]
    assert len(offered) == len(set(offered))
    assert not set(offered) & {each.union_id for each in ranking.excluded}


@settings(max_examples=200, deadline=None)
@given(situations())
def test_only_unions_that_can_receive_and_may_know_are_recommended(situation: Situation) -> None:
    case, unions, rules = situation
    by_id = {union.id: union for union in unions}
    for each in rank(case, unions, rules).recommendations:
        assert by_id[each.union_id].can_receive
        secret = case.sealed or case.category.sealed or case.category.never_enterprise
        assert not (secret and by_id[each.union_id].level is Level.ENTERPRISE)


@settings(max_examples=200, deadline=None)
@given(situations())
def test_nobody_is_found_only_when_nobody_above_the_place_may_take_it(situation: Situation) -> None:
    case, unions, rules = situation
    ranking = rank(case, unions, rules)
    if ranking.recommendations or case.category.never_dispatch or not case.place:
        return
    if case.category.code == "complaint_about_union" or not case.category.entry_levels:
        return
    entries = [level for level in case.category.entry_levels if level is not Level.ENTERPRISE]
    deepest = max((level.depth for level in entries), default=-1)
    if case.mode is DispatchMode.DIRECT:
        deepest = Level.TOWN.depth
    forbidden = forbidden_ids(case, unions)
    fit = [
        union
        for union in unions
        if union.kind is UnionKind.TERRITORY
        and case.place.startswith(union.region_code)
        and union.level.depth <= deepest
        and union.can_receive
        and union.id not in forbidden
    ]
    assert not fit


@given(situations())
def test_the_order_of_the_candidates_does_not_matter(situation: Situation) -> None:
    case, unions, rules = situation
    assert rank(case, unions, rules) == rank(case, tuple(reversed(unions)), tuple(reversed(rules)))


# One small province by hand.

PROVINCE = UnionView(1, "37", "山东省总工会", Level.PROVINCE, UnionKind.TERRITORY, "37", path=(1,))
CITY = UnionView(2, "3701", "济南市总工会", Level.CITY, UnionKind.TERRITORY, "3701", 1, path=(1, 2))
COUNTY = UnionView(
    3, "370102", "历下区总工会", Level.COUNTY, UnionKind.TERRITORY, "370102", 2, path=(1, 2, 3)
)
TOWN = UnionView(
    4, "370102001", "解放路街道总工会", Level.TOWN, UnionKind.TERRITORY, "370102001", 3, path=(1, 2, 3, 4)
)
OWN = UnionView(
    5,
    "D-1",
    "示例建筑公司工会",
    Level.ENTERPRISE,
    UnionKind.ENTERPRISE,
    "370102001",
    4,
    "GROUP",
    path=(1, 2, 3, 4, 5),
)
RAILWAY = UnionView(
    6,
    "SD-RAILWAY",
    "山东铁路工会",
    Level.PROVINCE,
    UnionKind.INDUSTRY_UNION,
    "37",
    1,
    "",
    "railway",
    path=(1, 6),
)
UNIONS = (PROVINCE, CITY, COUNTY, TOWN, OWN, RAILWAY)
BUILDER = EmployerView(1, "示例建筑公司", "91370102XXXX000197", 5, "GROUP", "", "370102001")


def case_of(code: str, **changes: object) -> RoutingCase:
    case = RoutingCase(catalogue().get(code), "370102001", DAY, (BUILDER,))
    return replace(case, **changes)  # type: ignore[arg-type]  # the tests name real fields


def first(ranking: Ranking) -> tuple[str, tuple[str, ...]]:
    return ranking.recommendations[0].union_name, ranking.recommendations[0].reasons


def test_a_wage_claim_enters_at_the_county_by_territory_and_category() -> None:
    assert first(rank(case_of("wage_arrears"), UNIONS, ())) == (
        "历下区总工会",
        ("属地：事发地370102001在历下区总工会辖区", "“拖欠工资”由区县级工会受理"),
    )


def test_the_upper_unions_follow_as_alternatives() -> None:
    ranking = rank(case_of("wage_arrears"), UNIONS, ())
    assert [each.union_name for each in ranking.recommendations] == [
        "历下区总工会",
        "济南市总工会",
        "山东省总工会",
    ]
    assert ranking.recommendations[1].reasons[-1] == "备选：上级工会"


def test_harassment_enters_at_the_city_and_goes_to_named_people_only() -> None:
    name, reasons = first(rank(case_of("sexual_harassment"), UNIONS, ()))
    assert name == "济南市总工会"
    assert reasons[-1] == "密件：只由指定人员办理"


def test_direct_mode_passes_over_the_employers_own_union_and_says_so() -> None:
    ranking = rank(case_of("wage_arrears", mode=DispatchMode.DIRECT), UNIONS, ())
    name, reasons = first(ranking)
    assert name == "解放路街道总工会"
    assert "已回避：示例建筑公司工会（用人单位本单位工会（示例建筑公司））" in reasons
    assert ranking.recommendations[0].recused
    assert [each.union_name for each in ranking.excluded] == ["示例建筑公司工会"]


def test_with_the_callers_consent_the_own_union_may_take_it() -> None:
    case = case_of("wage_arrears", mode=DispatchMode.DIRECT, consent_waives_recusal=True)
    assert first(rank(case, UNIONS, ()))[0] == "示例建筑公司工会"


def test_a_service_may_go_to_the_own_union_after_the_town() -> None:
    ranking = rank(case_of("hardship_registration"), UNIONS, ())
    names = [each.union_name for each in ranking.recommendations]
    assert names[0] == "解放路街道总工会"
    assert "示例建筑公司工会" in names


def test_where_nobody_is_on_duty_the_nearest_ancestor_takes_over() -> None:
    unions = (PROVINCE, CITY, replace(COUNTY, can_receive=False), TOWN)
    name, reasons = first(rank(case_of("wage_arrears"), unions, ()))
    assert name == "济南市总工会"
    assert reasons[-1] == "历下区总工会无人值守，转上级"


def test_a_missing_level_is_said_to_be_missing() -> None:
    name, reasons = first(rank(case_of("wage_arrears"), (PROVINCE, CITY), ()))
    assert name == "济南市总工会"
    assert reasons[-1] == "当地没有区县级工会，由上级受理"


def test_a_complaint_about_a_union_goes_to_its_parent_past_everything_below_it() -> None:
    case = case_of("complaint_about_union", accused_union_ids=(3,))
    ranking = rank(case, UNIONS, ())
    assert [each.union_name for each in ranking.recommendations] == ["济南市总工会"]
    assert ranking.recommendations[0].reasons[0] == "投诉历下区总工会，由其上级受理"


def test_a_complaint_about_the_highest_union_or_about_nobody_goes_to_a_person() -> None:
    assert rank(case_of("complaint_about_union", accused_union_ids=(1,)), UNIONS, ()).pool_reason == (
        "山东省总工会没有可受理的上级工会，请人工派单"
    )
    assert (
        rank(case_of("complaint_about_union"), UNIONS, ()).pool_reason
        == "被投诉的工会或人员未指明，请人工派单"
    )


def test_a_complaint_about_the_hotline_s_own_people_goes_to_the_province_or_to_a_person() -> None:
    case = case_of("complaint_about_union", accuses_centre=True, accused_union_ids=(3,), home_province="37")
    assert first(rank(case, UNIONS, ())) == (
        "山东省总工会",
        ("投诉热线人员，由山东省总工会受理，被投诉人回避",),
    )
    nobody = "投诉热线人员，没有可受理的省级工会，请带班领导人工处理"
    for without in (replace(case, home_province="51"), replace(case, accused_union_ids=(1,))):
        assert rank(without, UNIONS, ()).pool_reason == nobody


def test_a_complaint_about_our_own_stays_ours_wherever_it_happened() -> None:
    abroad = case_of("complaint_about_union", region_code="350582", home_province="37")
    ours = replace(abroad, accused_union_ids=(3,))
    assert [each.union_name for each in rank(ours, UNIONS, ()).recommendations] == ["济南市总工会"]
    assert first(rank(replace(abroad, accuses_centre=True), UNIONS, ()))[0] == "山东省总工会"
    assert [each.region_code for each in rank(abroad, UNIONS, ()).proposals] == ["35"], "about nobody of ours"


def test_even_consent_does_not_let_the_accused_judge_themselves() -> None:
    case = case_of("wage_arrears", accused_union_ids=(3,), consent_waives_recusal=True)
    assert first(rank(case, UNIONS, ()))[0] == "济南市总工会"


def test_counselling_is_never_dispatched() -> None:
    assert rank(case_of("work_stress"), UNIONS, ()).pool_reason == "“职场压力”由中心答复、预约或转介，不派单"


def test_another_province_gets_a_child_ticket_and_another_city_helps() -> None:
    case = case_of("wage_arrears", region_code="510104", home_province="37")
    assert rank(case, UNIONS, ()).pool_reason == "事发地在外省（51），请建子工单转当地12351"
    elsewhere = replace(BUILDER, region_code="370211001")
    ranking = rank(case_of("wage_arrears", employers=(elsewhere,)), UNIONS, ())
    assert ranking.advice == ("示例建筑公司在外市（3702），请所在地工会协办",)


def test_an_unknown_place_falls_back_on_the_employers_and_says_so() -> None:
    _, reasons = first(rank(case_of("wage_arrears", region_code=""), UNIONS, ()))
    assert reasons[0] == "属地：事发地未知，按用人单位所在地370102001，在历下区总工会辖区"
    nowhere = rank(case_of("wage_arrears", region_code="", employers=()), UNIONS, ())
    assert nowhere.pool_reason == "事发地区和用人单位所在地都不清楚，请人工派单"


def rule(code: str, union_code: str, **changes: object) -> RoutingRule:
    made = RoutingRule(code, union_code, date(2026, 1, 1), "[D] 示例")
    return replace(made, **changes)  # type: ignore[arg-type]  # the tests name real fields


def test_a_rule_beats_territory_and_names_itself_and_its_source() -> None:
    train = replace(BUILDER, industry="railway", union_id=None, group_code="")
    rules = (rule("rail", "SD-RAILWAY", industry="railway"),)
    name, reasons = first(rank(case_of("wage_arrears", employers=(train,)), UNIONS, rules))
    assert (name, reasons[0]) == ("山东铁路工会", "规则rail：由山东铁路工会受理（[D] 示例）")


def test_a_rule_that_names_a_recused_union_gives_way_to_its_parent() -> None:
    rules = (rule("own", "D-1", uscc=BUILDER.uscc),)
    name, reasons = first(rank(case_of("wage_arrears"), UNIONS, rules))
    assert name == "解放路街道总工会"
    assert reasons[-1].startswith("已回避：示例建筑公司工会")


def test_the_most_specific_valid_rule_wins() -> None:
    rules = [
        rule("group", "37", category_prefix="01"),
        rule("leaf", "37", category_prefix="wage_arrears"),
        rule("county", "37", region_prefix="370102"),
        rule("city", "37", region_prefix="3701", category_prefix="wage_arrears", industry="x"),
        rule("employer", "37", uscc=BUILDER.uscc),
        rule("over", "37", uscc=BUILDER.uscc, valid_to=date(2026, 11, 22)),
        rule("later", "37", uscc=BUILDER.uscc, valid_from=date(2026, 11, 24)),
    ]
    assert [each.code for each in matching_rules(case_of("wage_arrears"), rules)] == [
        "employer",
        "county",
        "leaf",
        "group",
    ]
    last_day = rule("today", "37", uscc=BUILDER.uscc, valid_to=DAY)
    assert matching_rules(case_of("wage_arrears"), [last_day]) == (last_day,)


def test_a_code_has_its_ancestors_as_prefixes() -> None:
    assert candidate_region_codes("370102001") == ("370102001", "370102", "3701", "37")
    assert candidate_region_codes("3701") == ("3701", "37")
    assert candidate_region_codes("") == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"industry": None}, "至少要有一个条件"),
        ({"valid_from": None}, "没有写"),
        ({"valid_from": "2026-01-01"}, "应是日期"),
        ({"valid_to": date(2025, 1, 1)}, "早于valid_from"),
        ({"source": None}, "source"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_rule_is_refused(changes: dict[str, object], words: str) -> None:
    row: dict[str, object] = {
        "code": "r",
        "industry": "railway",
        "union_code": "37",
        "valid_from": date(2026, 1, 1),
        "source": "[D]",
    }
    with pytest.raises(PolicyError, match=words):
        rules_from_mapping({"rules": [{**row, **changes}]})
