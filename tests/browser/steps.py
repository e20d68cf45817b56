"""What people do at their screens, in the words of the floor."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.people import Screen

PATIENCE_MS = 30_000
"""The machine may be busy with other tests; how fast things are is measured where it matters."""


def go_ready(page: Page) -> None:
    page.get_by_test_id("presence-select").select_option("ready")
    expect(page.get_by_test_id("presence")).to_have_attribute("data-state", "ready")


def dial(phone: Screen, number: str = "+8613800000001") -> Page:
    """Call 12351 about wages, up to the line."""
    page = phone.go_to("/phone")
    page.get_by_test_id("phone-from").fill(number)
    page.get_by_test_id("phone-dial").click()
    hears(page, "您好，这里是12351")
    page.get_by_test_id("key-1").click()
    hears(page, "欠薪请按1")
    page.get_by_test_id("key-1").click()
    hears(page, "正在为您转接")
    return page


def hears(phone: Page, words: str) -> None:
    expect(phone.get_by_test_id("phone-captions")).to_contain_text(words)


def speaks(phone: Page, words: str) -> None:
    phone.get_by_test_id("phone-words").fill(words)
    phone.get_by_test_id("phone-speak").click()


def operator_says(operator: Page, words: str) -> None:
    operator.get_by_test_id("talk-input").fill(words)
    operator.get_by_test_id("talk-input").press("Enter")


def operator_is_heard(operator: Page, phone: Page, words: str) -> None:
    """Say it until it comes through: the carrier opens a line that was closed a moment after the button."""
    heard = phone.get_by_test_id("phone-captions").get_by_text(words).first
    for _ in range(10):
        operator_says(operator, words)
        try:
            heard.wait_for(timeout=PATIENCE_MS / 10)
        except PlaywrightTimeout:
            continue
        return
    raise AssertionError(f"never heard: {words}")


def operator_hears(operator: Page, words: str) -> None:
    expect(operator.get_by_test_id("captions")).to_contain_text(words)


def takes_call(operator: Page) -> None:
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    operator.get_by_test_id("offer-answer").click()
    expect(operator.get_by_test_id("ticket-form")).to_be_visible()
    expect(operator.get_by_test_id("device-state")).to_have_attribute("data-state", "talking")


def number_of_draft(operator: Page) -> str:
    heading = operator.get_by_test_id("ticket-form").inner_text()
    found = re.search(r"37-\d{8}-\d{6}-\d", heading)
    assert found is not None, heading
    return found.group()


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
    expect(operator.get_by_test_id("draft-status")).to_have_attribute("data-state", "saved")
    return number_of_draft(operator)


def dispatches(operator: Page) -> None:
    operator.keyboard.press("Control+Enter")
    expect(operator.get_by_test_id("dispatch-panel")).to_contain_text("历下区")
    operator.get_by_test_id("dispatch-confirm").click()
    expect(operator.get_by_test_id("form-done")).to_contain_text("待签收")
