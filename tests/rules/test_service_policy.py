"""How the centre is staffed and what it reads out: the shipped files can be obeyed, broken ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.rules.policy import PolicyError
from hotline.line.return_calls import spoken_time
from hotline.voice.opening import hours
from hotline.voice.service_policy import Messages, Readings, ServicePolicy
from tests.builders import NOW, make_policy

SERVICE = load_policy(SHIPPED_CONFIG / "service.yaml", ServicePolicy.from_mapping)
READINGS = load_policy(SHIPPED_CONFIG / "readings.yaml", Readings.from_mapping)


def test_a_centre_answers_day_and_night_unless_it_says_otherwise() -> None:
    assert SERVICE.night_seats
    assert SERVICE.features == frozenset()


@pytest.mark.parametrize(
    ("at", "when"),
    [
        (datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "day"),
        (datetime(2026, 11, 23, 4, 30, tzinfo=UTC), "night"),
        (datetime(2026, 11, 23, 14, 0, tzinfo=UTC), "night"),
        (datetime(2026, 11, 22, 2, 0, tzinfo=UTC), "holiday"),
        (datetime(2026, 10, 1, 2, 0, tzinfo=UTC), "holiday"),
        (datetime(2026, 10, 10, 2, 0, tzinfo=UTC), "day"),
    ],
    ids=["ten o'clock", "lunch", "evening", "Sunday", "National Day", "a Saturday that is worked"],
)
def test_the_calendar_says_day_night_or_holiday(at: datetime, when: str) -> None:
    assert hours(make_policy(), SERVICE, at)[0] == when


@pytest.mark.parametrize(
    ("moment", "chinese", "english"),
    [
        (datetime(2026, 11, 23, 7, 5, tzinfo=UTC), "下午3点05分", "3:05 pm"),
        (datetime(2026, 11, 24, 1, 0, tzinfo=UTC), "明天上午9点", "9:00 am tomorrow"),
        (datetime(2026, 11, 25, 1, 0, tzinfo=UTC), "11月25日上午9点", "9:00 am on 25 November"),
    ],
)
def test_a_time_is_said_with_its_day(moment: datetime, chinese: str, english: str) -> None:
    assert spoken_time(moment, now=NOW, language="zh-CN") == chinese
    assert spoken_time(moment, now=NOW, language="en-US") == english


def test_what_is_read_out_is_there_in_both_languages_and_names_its_source() -> None:
    assert {code.partition(".")[0] for code in READINGS.by_code} == {"faq", "materials"}
    for code in READINGS.by_code:
        assert READINGS.text(code, "zh-CN")
        assert READINGS.text(code, "en-US") != READINGS.text(code, "zh-CN")
        assert READINGS.text(code, "yue-HK") == READINGS.text(code, "zh-CN")
    assert READINGS.text("faq.unknown", "zh-CN") == ""


@pytest.mark.parametrize(
    "row",
    [
        {"code": "wages", "zh-CN": "x", "source": "[D]"},
        {"code": "secrets.wages", "zh-CN": "x", "source": "[D]"},
        {"code": "faq.wages", "en-US": "x", "source": "[D]"},
        {"code": "faq.wages", "zh-CN": "x"},
    ],
)
def test_a_reading_that_cannot_be_used_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(PolicyError):
        Readings.from_mapping({"readings": [row]})


@pytest.mark.parametrize("text", ["{number}", "{number}{code}{name}", "没有号码"])
def test_a_message_says_number_and_code_and_nothing_of_anybody(text: str) -> None:
    data: dict[str, Any] = {
        "sms": {"accepted": {"text": text}},
        "warnings": ["请文明用语"],
        "block_days_most": 30,
        "source": "[D]",
    }
    with pytest.raises(PolicyError):
        Messages.from_mapping(data)
    Messages.from_mapping({**data, "sms": {"accepted": {"text": "{number}，{code}"}}})
