"""Books of rules: versions, validity, chains that end, and the courts' own map."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import ConfigError, load_policy
from dispatch.rules.attendance import Attendance, Person, Position, attendance
from dispatch.rules.policy import PolicyError
from dispatch.rules.routing import DistrictView, ProposalKind, rank
from dispatch.rules.routing_rules import DispatchMode, RuleBook
from tests.rules.policies import catalogue
from tests.rules.test_routing import BUILDER, CITY, COUNTY, PROVINCE, UNIONS, case_of, first, rule
from tests.rules.trees import DAY

ROW: dict[str, Any] = {
    "code": "a",
    "union_code": "37",
    "industry": "railway",
    "valid_from": date(2026, 1, 1),
    "source": "[D]",
}


def book(*rows: dict[str, Any], **top: Any) -> RuleBook:
    return RuleBook.from_mapping({"rules": [{**ROW, **row} for row in rows], **top})


def test_a_rule_that_cannot_be_followed_gives_way_to_the_one_it_names() -> None:
    rules = (
        rule("own", "D-1", uscc=BUILDER.uscc, otherwise="rail"),
        rule("rail", "SD-RAILWAY", industry="railway"),
    )
    name, reasons = first(rank(case_of("wage_arrears"), UNIONS, rules))
    assert name == "山东铁路工会"
    assert reasons[1].startswith("已回避：示例建筑公司工会")
    assert reasons[1].endswith("改按规则rail")
    assert reasons[2] == "规则rail：由山东铁路工会受理（[D] 示例）"


def test_a_rule_that_has_ended_is_no_way_out() -> None:
    rules = (
        rule("own", "D-1", uscc=BUILDER.uscc, otherwise="rail"),
        rule("rail", "SD-RAILWAY", industry="railway", valid_to=date(2026, 2, 1)),
    )
    assert first(rank(case_of("wage_arrears"), UNIONS, rules))[0] == "解放路街道总工会"


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        (({"code": "a", "otherwise": "a"},), ("rules", 0, "otherwise")),
        (({"code": "a", "otherwise": "b"}, {"code": "b", "otherwise": "a"}), ("rules", 0, "otherwise")),
        (
            (
                {"code": "a", "otherwise": "b"},
                {"code": "b", "otherwise": "c"},
                {"code": "c", "otherwise": "b"},
            ),
            ("rules", 1, "otherwise"),
        ),
        (({"code": "a", "otherwise": "gone"},), ("rules", 0, "otherwise")),
        (({"code": "a"}, {"code": "a"}), ("rules", 1, "code")),
    ],
)
def test_a_circle_or_a_missing_rule_is_refused_with_its_place(
    rows: tuple[dict[str, Any], ...], where: tuple[object, ...]
) -> None:
    with pytest.raises(PolicyError) as refused:
        book(*rows)
    assert refused.value.where == where


def test_an_unknown_union_is_refused_with_its_place() -> None:
    with pytest.raises(PolicyError) as refused:
        book({"code": "a"}, {"code": "b", "union_code": "99"}).check_unions({"37"})
    assert refused.value.where == ("rules", 1, "union_code")


def test_a_circle_is_refused_with_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "routing_rules.yaml"
    row = "    union_code: '37'\n    industry: x\n    valid_from: 2026-01-01\n    source: d\n"
    path.write_text(f"rules:\n  - code: a\n{row}    otherwise: b\n  - code: b\n{row}    otherwise: a\n")
    with pytest.raises(ConfigError, match="循环") as refused:
        load_policy(path, RuleBook.from_mapping)
    assert refused.value.line == 7


codes = st.sampled_from("abcdef")


@given(st.dictionaries(codes, codes | st.just("")))
def test_a_book_is_taken_exactly_when_every_chain_of_rules_ends(chains: dict[str, str]) -> None:
    ends = True
    for start in chains:
        here, steps = start, 0
        while here and steps <= len(chains):
            if here not in chains:
                ends = False
                break
            here, steps = chains[here], steps + 1
        ends = ends and steps <= len(chains)
    rows = [{"code": code, "otherwise": after} for code, after in chains.items()]
    if ends:
        assert len(book(*rows).rules) == len(chains)
    else:
        with pytest.raises(PolicyError):
            book(*rows)


def test_the_version_follows_the_content_and_not_the_order() -> None:
    one, other = {"code": "a"}, {"code": "b"}
    assert book(one, other).version == book(other, one).version
    assert book(one).version != book(one, other).version
    assert book(one).version != book(one, dispatch_mode="direct").version
    assert book(one, dispatch_mode="direct").mode is DispatchMode.DIRECT
    with pytest.raises(PolicyError, match="dispatch_mode"):
        book(one, dispatch_mode="sideways")


def test_only_what_concerns_the_court_follows_its_map() -> None:
    district = DistrictView("城区片区", "历下区人民法院", CITY.id)
    wages = rank(case_of("wage_arrears", district=district), UNIONS, ())
    assert first(wages)[0] == "历下区总工会"
    assert wages.advice[-1] == "如起诉，事发地属城区片区，由历下区人民法院管辖"
    name, reasons = first(rank(case_of("unenforced_judgment", district=district), UNIONS, ()))
    assert name == "济南市总工会"
    assert reasons[0] == "法院片区：370102001属城区片区（历下区人民法院）"


def test_a_nearer_helper_is_proposed_in_the_other_city_and_never_a_recused_one() -> None:
    qingdao = replace(CITY, id=20, code="3702", name="青岛市总工会", region_code="3702", path=(1, 20))
    elsewhere = replace(BUILDER, region_code="370211001", union_id=None, group_code="")
    case = case_of("wage_arrears", employers=(elsewhere,))
    (proposal,) = rank(case, (*UNIONS, qingdao), ()).proposals
    assert (proposal.kind, proposal.union_name) == (ProposalKind.CO_HANDLING, "青岛市总工会")
    accused = replace(case, accused_union_ids=(20,))
    assert rank(accused, (*UNIONS, qingdao), ()).proposals[0].union_id is None


def test_an_employer_in_another_province_is_a_child_ticket_while_home_keeps_watch() -> None:
    far = replace(BUILDER, region_code="510181001", union_id=None, group_code="")
    ranking = rank(case_of("wage_arrears", employers=(far,), home_province="37"), UNIONS, ())
    assert ranking.recommendations
    assert [(each.kind, each.region_code) for each in ranking.proposals] == [
        (ProposalKind.CHILD_TICKET, "51")
    ]


A, B, C = Person(1, "甲"), Person(2, "乙"), Person(3, "丙")
WINDOW = Position("窗口", A, B)


def present(*absent: Person, **changes: Any) -> Attendance:
    facts: dict[str, Any] = {
        "working": True,
        "at_once": False,
        "on_call": (),
        "positions": (WINDOW,),
        "people": (A, B),
    }
    return attendance(**{**facts, **changes}, absent={person.id for person in absent})


def test_the_deputy_stands_in_and_then_nobody() -> None:
    assert present().people == (A,)
    assert present(A).people == (B,)
    assert present(A).note == "窗口A岗不在岗，由B岗乙接收"
    assert present(A, B).nobody == "A岗、B岗均不在岗"
    assert present(A, B, on_call=(C,)).people == (C,)
    vacant = Position("窗口", None, B)
    assert present(positions=(vacant,)).note == "窗口A岗空缺，由B岗乙接收"


def test_a_union_without_posts_receives_through_its_people_and_one_without_people_as_a_whole() -> None:
    assert present(A, positions=()).people == (B,)
    assert present(A, B, positions=()).nobody == "经办人均不在岗"
    assert present(positions=(), people=()).nobody is None


def test_what_cannot_wait_needs_somebody_now() -> None:
    assert present(working=False).nobody is None
    assert not present(working=False).reachable_now
    assert present(working=False, at_once=True).nobody == "下班时间无人值班"
    assert present(working=False, at_once=True, on_call=(C,)).note == "值班：丙"
    assert present(C, working=False, at_once=True, on_call=(C,)).nobody == "下班时间无人值班"


def test_a_union_where_nobody_is_on_duty_is_passed_over_with_the_reason() -> None:
    away = {COUNTY.id: Attendance(nobody="A岗、B岗均不在岗")}
    ranking = rank(case_of("wage_arrears", attendance=away), UNIONS, ())
    assert first(ranking)[0] == "济南市总工会"
    assert first(ranking)[1][-1] == "历下区总工会A岗、B岗均不在岗，转上级"
    everywhere = {union.id: Attendance(nobody="下班时间无人值班") for union in (COUNTY, CITY, PROVINCE)}
    name, reasons = first(rank(case_of("wage_arrears", attendance=everywhere), UNIONS, ()))
    assert (name, reasons[-1]) == ("历下区总工会", "下班时间无人值班，上级也无人在岗：请先电话通知其负责人")


def test_nobody_on_duty_never_leads_to_a_recused_union() -> None:
    away = {union.id: Attendance(nobody="下班时间无人值班") for union in UNIONS}
    case = case_of("wage_arrears", mode=DispatchMode.DIRECT, attendance=away)
    ranking = rank(case, UNIONS, ())
    assert "示例建筑公司工会" not in [each.union_name for each in ranking.recommendations]
    assert case.category is catalogue().get("wage_arrears")
    assert case.on == DAY
