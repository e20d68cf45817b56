"""Folding and bigrams: what is written differently and means the same is found, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.bigrams import fold, terms_of, words_of


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("拖欠工资", "拖欠工资"),
        ("ＡＢＣ公司", "abc公司"),
        ("Straße", "strasse"),
        ("１２３４５", "12345"),
        ("三个月，没发工资！", "三个月 没发工资"),
        ("  a\t\nb\u200bc ", "a b c"),
        ("㈱ｶﾅ", "株 カナ"),
        ("%_\\'\"*", ""),
        ("\u202e拖欠\u202c", "拖欠"),
    ],
)
def test_text_is_folded_to_one_form(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_a_query_is_its_words_once_each() -> None:
    assert words_of("工资 ， 工资　Abc") == ("工资", "abc")
    assert words_of("%%") == ()


@given(st.text(max_size=200))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=80), st.data())
def test_every_part_of_a_text_has_only_bigrams_of_the_text(text: str, data: st.DataObject) -> None:
    folded = fold(text)
    start = data.draw(st.integers(0, len(folded)))
    end = data.draw(st.integers(start, len(folded)))
    assert terms_of(folded[start:end]) <= terms_of(folded)


@given(st.text(max_size=80))
def test_terms_are_plain_ascii_whatever_the_text(text: str) -> None:
    for term in terms_of(fold(text)):
        assert set(term) <= set("0123456789abcdefg")
        one, two = term.split("g")
        assert chr(int(one, 16)) + chr(int(two, 16)) in fold(text)
