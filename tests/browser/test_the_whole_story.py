"""From dial to closed in a real browser: test phone, operator, union on a phone, dispatcher, callback operator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Screen
from tests.processes import Server

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
"""A folder: then the story leaves the README's pictures there."""

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def screens(chromium: Browser, served: Server) -> Iterator[dict[str, Screen]]:
    found = {
        "phone": Screen(chromium, served, width=1100),
        "operator": Screen(chromium, served),
        "union": Screen(chromium, served, width=375, height=740),
        "dispatcher": Screen(chromium, served),
        "callback": Screen(chromium, served),
    }
    yield found
    faults = {name: screen.faults for name, screen in found.items() if screen.faults}
    for screen in found.values():
        screen.close()
    assert faults == {}


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))


def test_from_dial_to_closed(screens: dict[str, Screen], served: Server) -> None:
    operator = screens["operator"].sign_in("operator")
    operator.get_by_test_id("presence-select").select_option("ready")
    expect(operator.get_by_test_id("device-state").or_(operator.get_by_test_id("presence"))).to_be_visible()
    dial_for_wages(screens["phone"].page, served.url)

    expect(operator.get_by_test_id("offer-card")).to_contain_text("1 劳动权益 → 1 欠薪")
    operator.keyboard.press("F2")
    form = operator.get_by_test_id("ticket-form")
    expect(form).to_be_visible(timeout=10_000)
    expect(operator.get_by_test_id("caller-column")).to_contain_text("138****0001")
    tell_the_story(screens["phone"].page, operator)
    number = write_down(operator)
    shoot(operator, "workbench")
    shoot(screens["phone"].page, "phone")
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
    expect(screens["phone"].page.get_by_test_id("phone-captions")).to_contain_text("请为本次服务打分")
    screens["phone"].page.get_by_test_id("key-1").click()
    expect(screens["phone"].page.get_by_test_id("phone-captions")).to_contain_text("再见")
    operator.get_by_test_id("wrap-up-finish").click()
    expect(operator.get_by_test_id("presence-select")).to_have_value("ready")

    operator.goto(f"{served.url}/tickets/{number}")
    expect(operator.get_by_test_id("timeline")).to_contain_text("派单")
    union_handles(screens["union"], number)
    # The operator's page hears of it by itself.
    expect(operator.get_by_test_id("timeline")).to_contain_text("反馈结果", timeout=10_000)
    shoot(operator, "ticket")
    assert screens["operator"].unreadable() == []

    review_and_call_back(screens, number)
    expect(operator.get_by_test_id("timeline")).to_contain_text("回访", timeout=10_000)


def dial_for_wages(phone: Page, url: str) -> None:
    phone.goto(f"{url}/phone")
    phone.get_by_test_id("phone-dial").click()
    captions = phone.get_by_test_id("phone-captions")
    expect(captions).to_contain_text("您好，这里是12351")
    phone.get_by_test_id("key-1").click()
    expect(captions).to_contain_text("欠薪请按1")
    phone.get_by_test_id("key-1").click()
    expect(captions).to_contain_text("正在为您转接")


def tell_the_story(phone: Page, operator: Page) -> None:
    phone.get_by_test_id("phone-words").fill("三个月没发工资，我们六个人")
    phone.get_by_test_id("phone-speak").click()
    expect(operator.get_by_test_id("captions")).to_contain_text("三个月没发工资")


def write_down(operator: Page) -> str:
    """Fill the form as an operator would, and return the draft's number."""
    operator.get_by_test_id("field-wish").fill("要回三个月工资")
    operator.get_by_test_id("field-text").fill("老板拖欠三个月工资，共六人，不发工资。")
    operator.get_by_test_id("field-headcount").fill("6")
    # Five people or more: the draft's own assessment raises it, and the form follows.
    expect(operator.get_by_test_id("field-urgency")).to_have_value("P1")
    operator.get_by_test_id("field-employer-unknown").check()
    operator.get_by_test_id("field-region-0").select_option(label="济南市")
    operator.get_by_test_id("field-region-1").select_option(label="历下区")
    for choice in (
        "field-confidentiality-confidential",
        "field-disclosure-union",
        "field-contact-mode-phone",
        "field-callback-true",
    ):
        operator.get_by_test_id(choice).check()
    expect(operator.get_by_test_id("draft-status")).to_contain_text("已保存")
    heading = operator.get_by_test_id("ticket-form").inner_text()
    found = re.search(r"37-\d{8}-\d{6}-\d", heading)
    assert found is not None, heading
    return found.group()


def union_handles(screen: Screen, number: str) -> None:
    """Sign, log the first contact and report, on a telephone's screen."""
    page = screen.sign_in("jinan-lixia", at="/inbox")
    expect(page.get_by_test_id(f"inbox-card-{number}")).to_contain_text("要回三个月工资")
    assert not screen.scrolls_sideways()
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
    assert not screen.scrolls_sideways()
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
    callback.get_by_text("要回三个月工资").first.click()
    callback.get_by_test_id("command-reached").get_by_label("是").check()
    callback.get_by_test_id("command-solved").locator("select").select_option("solved")
    callback.get_by_test_id("command-satisfied").locator("select").select_option("satisfied")
    callback.get_by_test_id("command-submit").click()
    expect(callback.get_by_test_id("state-empty")).to_be_visible()
