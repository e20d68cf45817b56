"""Countdowns of law on days that are easy to get wrong."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.rules.statutes import NOTICE, Countdown, StatutoryTerm, countdown
from tests.rules.policies import calendars, sla


def term(code: str) -> StatutoryTerm:
    return next(each for each in sla().statutory if each.code == code)


def left(code: str, begins_on: date, today: date) -> Countdown:
    return countdown(term(code), begins_on, today=today, calendar=calendars()["centre"])


@pytest.mark.parametrize(
    ("code", "begins_on", "last_day"),
    [
        ("arbitration", date(2025, 12, 16), date(2026, 12, 16)),
        ("arbitration", date(2024, 2, 29), date(2025, 2, 28)),
        ("injury_by_employer", date(2026, 1, 31), date(2026, 3, 2)),
        ("inspection_look_back", date(2024, 11, 23), date(2026, 11, 23)),
        ("lawsuit", date(2026, 11, 20), date(2026, 12, 5)),
        # Counted on a wall calendar: 21 in September (the 20th worked, the 25th off), 18 in October (the 10th worked,
        # 1 to 7 off), and the 21st working day of November.
        ("inspection_case", date(2026, 9, 1), date(2026, 11, 30)),
    ],
)
def test_a_term_ends_on_the_day_the_law_says(code: str, begins_on: date, last_day: date) -> None:
    assert left(code, begins_on, begins_on).last_day == last_day


def test_days_left_reach_zero_on_the_last_day_and_go_below_it() -> None:
    begins_on = date(2025, 12, 16)
    assert left("arbitration", begins_on, date(2026, 11, 23)).days_left == 23
    assert left("arbitration", begins_on, date(2026, 12, 16)).days_left == 0
    assert left("arbitration", begins_on, date(2026, 12, 17)).days_left == -1


def test_a_countdown_always_says_that_it_is_an_estimate_and_names_its_article() -> None:
    shown = left("arbitration", date(2026, 1, 1), date(2026, 1, 1))
    assert shown.notice == NOTICE == "估算，以仲裁机构认定为准；拨打热线不等于申请仲裁"
    assert all("条" in each.source for each in sla().statutory)
