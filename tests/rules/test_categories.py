"""The shipped catalogue holds what the domain lists, and words only suggest."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.load import read_yaml
from dispatch.rules.categories import Catalogue, Entry
from dispatch.rules.keywords import GAP, plain
from dispatch.rules.levels import Level
from dispatch.rules.policy import PolicyError
from tests.rules.policies import CONFIG, catalogue

# DOMAIN §7 by hand: name → urgency · entry · co-handlers.
DOMAIN = {
    "拖欠工资": "P2·D·JC,FY",
    "农民工工程欠薪": "P1·D·JC,ZJ",
    "跑路破产欠薪": "P1·D·JC,GA,FW",
    "胜诉不执行": "P2·D·FW",
    "未签合同": "P2·D·ZC",
    "违法解除": "P2·D·ZC,FY",
    "搬迁改制": "P1·D·",
    "试用期/竞业": "P3·D·ZC",
    "高温津贴": "P2·D·JC,WJ",
    "工伤认定": "P2·D·RS,FY",
    "工亡/猝死": "P1·D·RS,FY",
    "事故/险情": "P0·C·GA,AJ",
    "隐患举报": "P1·D·AJ",
    "职业病": "P1·D·WJ",
    "三期权益": "P1·D·ZC,FL",
    "性骚扰": "P1·C·FL,GA",
    "童工/强迫劳动": "P0·C·GA,JC",
    "新就业形态": "P2·C·JC",
    "入会": "P3·T,E·",
    "会员信息/转会": "P3·T·",
    "打击报复": "P1·C·JC",
    "困难建档": "P2·T,E·",
    "申请工会律师": "P2·D·FY",
    "互助报销": "P2·D·",
    "参保咨询": "P3·E·",
    "APP/普惠": "P3·P·",
    "危机": "P0·C·XL,GA",
    "群体事件": "P0·C·GA,JC",
    "投诉工会/热线人员": "P2·parent_of_accused·",
    "意见建议": "P3·P·",
}


def test_categories_carry_the_urgency_level_and_partners_of_the_domain() -> None:
    shipped = {
        each.name: f"{each.urgency}·{','.join(each.entry)}·{','.join(each.co_handlers)}"
        for each in catalogue().categories.values()
    }
    assert {name: shipped[name] for name in DOMAIN} == DOMAIN


def test_rights_defence_is_groups_one_to_six_and_five_more() -> None:
    rights = {each.code for each in catalogue().categories.values() if each.rights_defence}
    by_group = {each.code for each in catalogue().categories.values() if each.group_code <= "06"}
    assert rights - by_group == {
        "obstructing_union",
        "retaliation",
        "collective_bargaining",
        "mass_incident",
        "complaint_about_union",
    }
    assert by_group <= rights


def test_counselling_and_sexual_harassment_are_sealed_and_nothing_else() -> None:
    sealed = {each.code for each in catalogue().categories.values() if each.sealed}
    assert sealed == {"sexual_harassment", "crisis", "work_stress", "family_emotion"}


def test_no_rights_defence_ever_enters_at_the_enterprise() -> None:
    for each in catalogue().categories.values():
        assert not (each.rights_defence and Level.ENTERPRISE in each.entry_levels)
        assert each.never_dispatch or each.entry


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("老板三个月没发工资了", "wage_arrears"),
        ("我们在工地干活，包工头不给钱", "construction_wage_arrears"),
        ("怀孕了公司要辞退我", "female_workers"),
        ("上下班路上受伤算不算", "injury_recognition"),
        ("公司每天９９６", "excessive_overtime"),
        ("我想申请金秋助学，孩子上大学", "school_aid"),
        ("医疗互助怎么报销", "mutual_aid_claim"),
        ("有人拉横幅堵门", "mass_incident"),
        ("想要 N + 1", "severance"),
    ],
)
def test_what_callers_say_suggests_the_category_they_mean(said: str, code: str) -> None:
    assert catalogue().suggest(said)[0].code == code


def test_a_suggestion_shows_the_words_that_led_to_it() -> None:
    first = catalogue().suggest("工地上的包工头")[0]
    assert (first.name, first.words) == ("农民工工程欠薪", ("工地", "包工头"))


def test_a_word_inside_a_longer_one_counts_once() -> None:
    first = catalogue().suggest("高温津贴")[0]
    assert first.words == ("高温津贴",)
    assert first.score == 4


@pytest.mark.parametrize(
    "said",
    [
        "我不想活了",
        "不 想 活 了",
        "我想\u200b死",
        "干脆跳楼算了",
        "想自殺",
        "我想死，想死你了也没用",
        "我想死，你了解吗",
        "不想活，动不了",
    ],
)
def test_crisis_words_are_heard_through_spaces_and_invisible_signs(said: str) -> None:
    assert catalogue().crisis_words_in(said)


@pytest.mark.parametrize(
    "said", ["加班累死了", "气死我了", "笑死", "想死你们了", "今天不想活动", "跳楼价甩卖", "热死人了", ""]
)
def test_sayings_are_no_crisis(said: str) -> None:
    assert catalogue().crisis_words_in(said) == ()
    assert "crisis" not in [each.code for each in catalogue().suggest(said)]


@given(st.text(max_size=200))
def test_no_text_breaks_the_suggestions_and_each_word_shown_was_said(said: str) -> None:
    for suggestion in catalogue().suggest(said):
        assert all(plain(word) in plain(said) for word in suggestion.words)
    assert all(word in plain(said) for word in catalogue().crisis_words_in(said))


@given(st.sampled_from(sorted(catalogue().crisis_words)), st.text(max_size=20), st.text(max_size=20))
def test_a_crisis_word_is_found_in_any_company_that_is_no_idiom(word: str, before: str, after: str) -> None:
    said = f"{before}{word}{after}"
    if not any(idiom in plain(said) for idiom in catalogue().crisis_exceptions):
        heard = catalogue().crisis_words_in(said)
        # Of a word with a gap what was said is shown, with whatever stood in the gap.
        assert heard if GAP in word else word in heard


def changed(group: int, leaf: int, **values: Any) -> dict[str, Any]:
    data: dict[str, Any] = deepcopy(read_yaml(CONFIG / "categories.yaml"))
    data["groups"][group]["categories"][leaf].update(values)
    return data


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"urgency": "P7"}, "P7"),
        ({"entry": ["X"]}, "X"),
        ({"entry": ["E"]}, "不能由企业工会接收"),
        ({"entry": []}, "接收层级"),
        ({"co_handlers": ["NOBODY"]}, "协作单位"),
        ({"code": "bonus"}, "写了两次"),
        ({"colour": "red"}, "colour"),
        ({"keywords": ["欠薪", "欠薪"]}, "写了两次"),
        ({"sealed": "yes"}, "应是true或false"),
    ],
)
def test_a_wrong_catalogue_is_refused_with_its_place(values: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError, match=words) as refused:
        Catalogue.from_mapping(changed(0, 0, **values))
    assert refused.value.where[0] == "groups"


def test_the_entry_of_a_complaint_depends_on_the_accused() -> None:
    assert catalogue().get("complaint_about_union").entry == (Entry.PARENT_OF_ACCUSED,)
    assert Entry.PARENT_OF_ACCUSED.level is None
