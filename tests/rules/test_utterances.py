"""What workers really say: no cry for help goes unheard, sayings alarm nobody, most calls suggest the right category."""

from __future__ import annotations

import pytest

from dispatch.words import cut
from tests.rules.policies import catalogue
from tests.rules.utterances import HALVES, Half, measure, utterances


@pytest.mark.parametrize("half", HALVES)
def test_every_cry_for_help_is_heard(half: Half) -> None:
    unheard = [each.text for each in utterances(half) if each.alarm and not _alarms(each.text)]
    assert unheard == []


@pytest.mark.parametrize("half", HALVES)
def test_sayings_alarm_nobody(half: Half) -> None:
    alarmed = [
        each.text for each in utterances(half) if not each.codes and not each.alarm and _alarms(each.text)
    ]
    assert alarmed == []


@pytest.mark.parametrize("half", HALVES)
def test_most_calls_suggest_their_category_first(half: Half) -> None:
    figures = measure(catalogue(), half, cut)
    assert figures.precision_at_1 >= 0.85
    assert figures.recall_at_1 >= 0.8
    assert figures.false_alarms <= 0.02 * figures.said


def test_the_set_is_large_and_holds_every_category_in_both_halves() -> None:
    known = set(catalogue().categories)
    for half in HALVES:
        said = list(utterances(half))
        assert len(said) >= 150
        assert {code for each in said for code in each.codes} == known
    assert not {each.text for each in utterances("tuning")} & {each.text for each in utterances("held_out")}


def test_a_denied_wrong_is_no_complaint_but_a_missing_right_is_one() -> None:
    def codes(text: str) -> list[str]:
        return [each.code for each in catalogue().suggest(text, cut=cut)]

    assert "unlawful_dismissal" not in codes("公司没有辞退我")
    assert "unlawful_dismissal" in codes("公司辞退我")
    assert codes("一直没有加班费")[0] == "overtime_pay"
    assert "absconded_employer" not in codes("老板没跑路")


def test_a_short_keyword_across_other_words_was_not_said() -> None:
    # 年假 lies across 今年 and 假期.
    text = "今年假期怎么安排"
    assert list(cut(text))[:2] == ["今年", "假期"]
    assert "annual_leave" in [each.code for each in catalogue().suggest(text)]
    assert "annual_leave" not in [each.code for each in catalogue().suggest(text, cut=cut)]


def test_a_crane_on_a_building_site_is_no_cry_for_help() -> None:
    assert catalogue().crisis_words_in("工地上吊车") == ()
    assert catalogue().crisis_words_in("他在工地上吊了") == ("上吊",)


def test_the_cut_text_is_the_whole_text() -> None:
    text = "老板三个月没发工资了，N+1也不给 ！"
    assert "".join(cut(text)) == text


def _alarms(text: str) -> bool:
    return bool(catalogue().crisis_words_in(text))
