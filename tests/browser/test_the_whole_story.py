"""From dial to closed in a real browser: test phone, operator, union on a phone, dispatcher, callback operator."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, go_ready, hears, operator_hears, speaks, write_down
from tests.processes import Server

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
"""A folder: then the story leaves the README's pictures there."""


@pytest.fixture
def screens(sit_down: SitDown) -> dict[str, Screen]:
    return {
        "phone": sit_down(width=1100),
        "operator": sit_down(),
        "union": sit_down(width=375, height=740),
        "dispatcher": sit_down(),
        "callback": sit_down(),
    }


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_from_dial_to_closed(screens: dict[str, Screen], served: Server) -> None:
    operator = screens["operator"].sign_in("operator")
    go_ready(operator)
    phone = dial(screens["phone"])

    expect(operator.get_by_test_id("offer-card")).to_contain_text("1 劳动权益 → 1 欠薪")
    operator.keyboard.press("F2")
    form = operator.get_by_test_id("ticket-form")
    expect(form).to_be_visible(timeout=10_000)
    expect(operator.get_by_test_id("caller-column")).to_contain_text("138****0001")
    speaks(phone, "三个月没发工资，我们六个人")
    operator_hears(operator, "三个月没发工资")
    number = write_down(operator)
    shoot(operator, "workbench")
    shoot(phone, "phone")
    assert screens["operator"].unreadable() == []
    assert screens["phone"].unreadable() == []

    operator.keyboard.press("Control+Enter")
    panel = operator.get_by_test_id("dispatch-panel")
    expect(panel).to_contain_text("历下区")
    expect(operator.get_by_test_id("union-preview")).to_contain_text("要回三个月工资")
    shoot(operator, "dispatch")
    operator.get_by_test_id("dispatch-confirm").click()
    expect(operator.get_by_test_id("form-done")).to_contain_text("待签收")
    operator.keyboard.press("Alt+H")
    hears(phone, "请为本次服务打分")
    phone.get_by_test_id("key-1").click()
    hears(phone, "再见")
    operator.get_by_test_id("wrap-up-finish").click()
    expect(operator.get_by_test_id("presence-select")).to_have_value("ready")

    operator.goto(f"{served.url}/tickets/{number}")
    expect(operator.get_by_test_id("timeline")).to_contain_text("派单")
    union_handles(screens["union"], number)
    # The operator's page hears of it by itself.
    expect(operator.get_by_test_id("timeline")).to_contain_text("反馈结果")
    shoot(operator, "ticket")
    assert screens["operator"].unreadable() == []

    review_and_call_back(screens, number)
    expect(operator.get_by_test_id("timeline")).to_contain_text("回访")


def union_handles(screen: Screen, number: str) -> None:
    """Sign, log the first contact and report, on a telephone's screen."""
    page = screen.sign_in("jinan-lixia", at="/inbox")
    expect(page.get_by_test_id(f"inbox-card-{number}")).to_contain_text("要回三个月工资")
    assert screen.sideways() == []
    assert screen.unreadable() == []
    shoot(page, "inbox")
    page.get_by_test_id(f"inbox-next-{number}").click()
    for field in ("command-handler_id", "command-deputy_id"):
        index = 1 if field == "command-handler_id" else 2
        page.get_by_test_id(field).locator("select").select_option(index=index)
    page.get_by_test_id("command-submit").click()
    page.get_by_test_id("command-form-record_first_contact").wait_for()
    page.get_by_test_id("command-means").locator("select").select_option("phone")
    page.get_by_test_id("command-outcome").locator("select").select_option("reached")
    page.get_by_test_id("command-submit").click()
    page.get_by_test_id("command-form-report_result").wait_for()
    page.get_by_test_id("command-true_claim").get_by_label("是").check()
    page.get_by_test_id("command-done").locator("textarea").fill("已督促单位支付")
    page.get_by_test_id("command-solved").locator("select").select_option("solved")
    page.get_by_test_id("command-reply_text").locator("textarea").fill("工资已到账")
    assert screen.sideways() == []
    page.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("ticket-state").first).to_have_text("待审核")


def review_and_call_back(screens: dict[str, Screen], number: str) -> None:
    dispatcher = screens["dispatcher"].sign_in("dispatcher")
    dispatcher.goto(f"{screens['dispatcher'].server.url}/tickets/{number}")
    dispatcher.get_by_test_id("action-review").click()
    dispatcher.get_by_test_id("command-approved").get_by_label("是").check()
    dispatcher.get_by_test_id("command-submit").click()
    expect(dispatcher.get_by_test_id("ticket-state").first).to_have_text("待回访")

    callback = screens["callback"].sign_in("callback")
    callback.goto(f"{screens['callback'].server.url}/callbacks")
    callback.get_by_test_id(f"callback-{number}").click()
    callback.get_by_test_id("command-reached").get_by_label("是").check()
    callback.get_by_test_id("command-solved").locator("select").select_option("solved")
    callback.get_by_test_id("command-satisfied").locator("select").select_option("satisfied")
    callback.get_by_test_id("command-submit").click()
    expect(callback.get_by_test_id(f"callback-{number}")).to_be_hidden()
    expect(callback.get_by_test_id("callback-form")).to_be_hidden()
