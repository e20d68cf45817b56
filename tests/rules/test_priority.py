"""Urgency: raised by numbers, danger and the law, never lowered, always with the reason."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.priority import Danger, assess
from dispatch.rules.statutes import Countdown
from dispatch.rules.urgency import Urgency, most_urgent
from tests.rules.policies import catalogue, sla

CODES = sorted(catalogue().categories)


def limitation(days_left: int) -> Countdown:
    return Countdown("arbitration", "申请劳动仲裁时效", date(2026, 12, 16), days_left, "[L]")


@pytest.mark.parametrize(
    ("code", "headcount", "urgency"),
    [
        ("wage_arrears", None, "P2"),
        ("wage_arrears", 4, "P2"),
        ("wage_arrears", 5, "P1"),
        ("wage_arrears", 30, "P1"),
        ("wage_arrears", 500, "P1"),
        ("family_leave", 5, "P3"),
        ("family_leave", 29, "P3"),
        ("family_leave", 30, "P1"),
        ("construction_wage_arrears", 1, "P1"),
        ("mass_incident", 1, "P0"),
    ],
)
def test_headcount_raises_urgency(code: str, headcount: int | None, urgency: str) -> None:
    found = assess([catalogue().get(code)], limits=sla().limits, headcount=headcount)
    assert found.urgency == urgency
    assert (found.warning is not None) == (headcount is not None and headcount >= 30)


def test_numbers_alone_never_make_a_p0_but_a_stoppage_does() -> None:
    wages = [catalogue().get("wage_arrears")]
    assert assess(wages, limits=sla().limits, headcount=10_000).urgency is Urgency.P1
    raised = assess(wages, limits=sla().limits, headcount=40, dangers=[Danger.STOPPAGE])
    assert raised.urgency is Urgency.P0
    assert raised.reasons == ("拖欠工资 → P2", "涉及40人（≥30人）→ P1", "停工 → P0")


@pytest.mark.parametrize(("days_left", "urgency"), [(30, "P2"), (29, "P1"), (0, "P1"), (-1, "P2")])
def test_a_limitation_about_to_run_out_raises_urgency(days_left: int, urgency: str) -> None:
    found = assess(
        [catalogue().get("unlawful_dismissal")], limits=sla().limits, countdowns=[limitation(days_left)]
    )
    assert found.urgency == urgency


def test_an_unknown_category_counts_as_p2() -> None:
    assert assess([], limits=sla().limits).urgency is Urgency.P2


@given(
    st.lists(st.sampled_from(CODES), min_size=1, max_size=4),
    st.none() | st.integers(1, 1000),
    st.sets(st.sampled_from(Danger)),
    st.lists(st.integers(-400, 400).map(limitation), max_size=2),
)
def test_urgency_is_never_below_that_of_any_category_and_always_has_a_reason(
    codes: list[str], headcount: int | None, dangers: set[Danger], countdowns: list[Countdown]
) -> None:
    categories = [catalogue().get(code) for code in codes]
    found = assess(
        categories, limits=sla().limits, headcount=headcount, dangers=dangers, countdowns=countdowns
    )
    assert found.urgency.rank <= most_urgent(*(each.urgency for each in categories)).rank
    assert found.reasons
    assert found.reasons[-1].rstrip("（估算）").endswith(found.urgency.value)
    p0_category = any(each.urgency is Urgency.P0 for each in categories)
    assert (found.urgency is Urgency.P0) == bool(p0_category or dangers)
