"""Night duty on an ordinary telephone: 1 takes the caller, a machine never does; and lines that are switched mid-call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatch.database import Database
from hotline.line.presence import State
from tests.calls.centre import Centre, open_centre

MOBILE = "+8613900000009"


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield opened


def on_a_mobile(centre: Centre) -> None:
    """Let the operator go on duty with nothing but a mobile."""
    browser = centre.browser("operator")
    answer = browser.put("/api/presence/telephone", json={"number": "139 0000 0009"})
    assert answer.json()["by_telephone"] is True, answer.text
    assert browser.get("/api/presence/telephone").json() == answer.json()
    assert browser.put("/api/presence", json={"state": "ready"}).status_code == 200


def take(centre: Centre, name: str) -> None:
    """Take by the console what rings at this operator."""
    offer = centre.offer_at(name)
    assert offer is not None
    assert centre.browser(name).post(f"/api/offers/{offer.id}/accept").status_code == 200
    centre.line.settle()


def test_pressing_one_on_a_mobile_brings_the_caller_in(centre: Centre) -> None:
    mobile, caller = centre.phone(MOBILE), centre.phone()
    on_a_mobile(centre)
    centre.pass_time(3600)
    caller.dial().hears("按9").presses("0").hears("正在为您转接")
    mobile.answers().hears("综合服务专线有来电")
    assert centre.state_of("operator") == State.RESERVED
    mobile.presses("1").is_in_conference()
    caller.is_in_conference()
    assert centre.state_of("operator") == State.TALKING
    mobile.says("您好，请讲")
    caller.hears("您好，请讲")
    mobile.hangs_up()
    caller.hears("请为本次服务打分").presses("1").was_hung_up()
    assert centre.state_of("operator") == State.WRAP_UP
    centre.pass_time(61)
    assert centre.state_of("operator") == State.READY
    centre.all_is_settled()


def test_an_answering_machine_swallows_nobody(centre: Centre) -> None:
    mobile, caller = centre.phone(MOBILE), centre.phone()
    on_a_mobile(centre)
    caller.dial().hears("按9").presses("0").hears("正在为您转接")
    for _ in range(2):
        # The machine picks up, listens to the question, and presses nothing.
        mobile.answers().hears("接听请按1").waits(30)
    mobile.was_hung_up()
    assert centre.state_of("operator") == State.UNREACHABLE
    assert [call.conversation_state for call in centre.calls()] == ["waiting"]
    desk = centre.seat("supervisor")
    take(centre, "supervisor")
    desk.is_in_conference()
    caller.hangs_up()
    centre.all_is_settled()


def test_a_mobile_stops_ringing_when_the_caller_hangs_up(centre: Centre) -> None:
    mobile, caller = centre.phone(MOBILE), centre.phone()
    on_a_mobile(centre)
    caller.dial().hears("按9").presses("0").hears("正在为您转接")
    mobile.rings()
    caller.hangs_up()
    centre.pass_time(1)
    mobile.was_hung_up("canceled")
    assert centre.state_of("operator") == State.READY
    refused = centre.browser("operator").put("/api/presence/telephone", json={"number": "+1 900 555 0100"})
    assert refused.status_code == 422
    centre.all_is_settled()


def test_callers_of_a_closed_line_are_told_and_those_of_a_diverted_one_are_served_elsewhere(
    centre: Centre,
) -> None:
    centre.seat("supervisor")
    boss, first, second = centre.browser("supervisor"), centre.phone(), centre.phone("+8613800000002")
    diverted = {"divert_to": "general", "reason": "专席培训", "version": 0}
    assert boss.put("/api/lines/rights", json=diverted).status_code == 200
    first.dial().hears("按9").presses("1").hears("欠薪").presses("1").hears("正在为您转接")
    assert centre.calls()[0].line == "general"
    closed = boss.put("/api/lines/general", json={"is_open": False, "reason": "停电", "version": 0})
    assert {each["code"]: each["is_open"] for each in closed.json()}["general"] is False
    second.dial().hears("按9").presses("0").hears("现在没有话务员在线").presses("2").was_hung_up()
    # Who stood in line before it was closed is still served.
    take(centre, "supervisor")
    first.is_in_conference().hangs_up()
    centre.all_is_settled()
