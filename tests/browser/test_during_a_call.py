"""What happens in the middle of a call: hold, mute, a reloaded page, a draft on another machine."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.steps import (
    dial,
    go_ready,
    hears,
    number_of_draft,
    operator_hears,
    operator_is_heard,
    operator_says,
    speaks,
    takes_call,
)


def test_hold_and_mute_as_the_caller_hears_them(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000031")
    takes_call(operator)
    operator_says(operator, "您好，请讲")
    hears(phone, "您好，请讲")

    operator.get_by_test_id("call-hold").click()
    hears(phone, "对方已保持通话")
    expect(operator.get_by_test_id("call-hold")).to_have_attribute("aria-pressed", "true")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "on_hold")
    operator_says(operator, "我问一下同事")
    operator.keyboard.press("F4")
    hears(phone, "通话已恢复")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    operator_says(operator, "让您久等了")
    hears(phone, "让您久等了")

    operator.get_by_test_id("call-mute").click()
    expect(operator.get_by_test_id("call-mute")).to_have_attribute("aria-pressed", "true")
    operator_says(operator, "这句对方听不到")
    speaks(phone, "您还在吗")
    operator_hears(operator, "您还在吗")
    operator.keyboard.press("F8")
    expect(operator.get_by_test_id("call-mute")).to_have_attribute("aria-pressed", "false")
    operator_is_heard(operator, phone, "我在")
    captions = phone.get_by_test_id("phone-captions")
    expect(captions).not_to_contain_text("我问一下同事")
    expect(captions).not_to_contain_text("这句对方听不到")
    assert desk.unreadable() == []


def test_a_reload_in_the_middle_of_a_call_brings_back_the_call_and_the_form(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000032")
    takes_call(operator)
    number = number_of_draft(operator)
    operator.get_by_test_id("field-wish").fill("要回押金")
    expect(operator.get_by_test_id("draft-status")).to_have_attribute("data-state", "saved")
    operator.reload()
    expect(operator.get_by_test_id("field-wish")).to_have_value("要回押金")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    assert number_of_draft(operator) == number
    expect(operator.get_by_test_id("device-state")).to_have_attribute("data-state", "talking")
    operator_says(operator, "刚才断了一下，您请继续")
    hears(phone, "您请继续")
    speaks(phone, "好的，我接着说")
    operator_hears(operator, "好的，我接着说")


def test_a_draft_is_there_after_a_reload_and_on_another_machine(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000033")
    takes_call(operator)
    phone.get_by_test_id("phone-hang-up").click()
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    operator.get_by_test_id("field-text").fill("厂里让我们周末加班，不给加班费")
    operator.get_by_test_id("field-amount").fill("1234.50")
    # Reloaded at once: what was typed is sent with the page's last breath.
    operator.reload()
    expect(operator.get_by_test_id("field-text")).to_have_value("厂里让我们周末加班，不给加班费")
    expect(operator.get_by_test_id("field-amount")).to_have_value("1234.5")

    operator.get_by_test_id("field-wish").fill("补发加班费")
    other = sit_down()
    page = other.sign_in("operator", at="/workbench")
    expect(page.get_by_test_id("field-wish")).to_have_value("补发加班费")
    # Two machines, one draft: what the other one writes comes here.
    page.get_by_test_id("field-headcount").fill("3")
    expect(operator.get_by_test_id("field-headcount")).to_have_value("3")
    expect(operator.get_by_test_id("field-wish")).to_have_value("补发加班费")
