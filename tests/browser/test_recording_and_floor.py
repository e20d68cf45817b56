"""The recording as the operator sees and steers it; and a supervisor's lines, seats and shifts on the floor."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.steps import dial, go_ready, hears, takes_call
from tests.browser.test_talks import fits


def test_the_recording_shows_what_it_does_pauses_for_a_card_and_ends_when_the_caller_declines(
    sit_down: SitDown,
) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000091")
    takes_call(operator)
    button = operator.get_by_test_id("call-recording")
    expect(button).to_have_attribute("data-state", "recording")
    expect(button).to_contain_text("录音中")
    fits(desk)

    button.click()
    expect(button).to_have_attribute("data-state", "paused")
    expect(button).to_contain_text("录音暂停")
    operator.keyboard.press("Alt+P")
    expect(button).to_have_attribute("data-state", "recording")

    # While a card's number is being written down nothing is recorded.
    card = operator.get_by_test_id("field-card")
    card.focus()
    expect(button).to_have_attribute("data-why", "identity")
    expect(button).to_have_attribute("data-state", "paused")
    card.fill("3701000000012345")
    operator.get_by_test_id("field-wish").focus()
    expect(button).to_have_attribute("data-state", "recording")
    operator.get_by_test_id("field-wish").fill("要回三个月工资")
    expect(operator.get_by_test_id("draft-status")).to_have_attribute("data-state", "saved")

    operator.get_by_test_id("recording-decline").click()
    fits(desk)
    operator.get_by_test_id("recording-decline-confirm").click()
    expect(operator.get_by_test_id("recording-declined")).to_contain_text("不同意录音")
    expect(button).to_have_attribute("data-state", "off")
    expect(button).to_be_disabled()
    fits(desk)
    operator.keyboard.press("Alt+H")
    hears(phone, "请为本次服务打分")
