"""An operator who never touches the mouse: from sign-in to the next call, by the console's own keys."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, hears, operator_hears, speaks


def choose_by_arrows(page: Page, name: str, label: str) -> None:
    """Press the down arrow in a focused list until it shows the label."""
    chosen = page.get_by_test_id(name).locator("option:checked")
    for _ in range(60):
        page.keyboard.press("ArrowDown")
        if chosen.text_content() == label:
            return
    raise AssertionError(f"{name} does not offer {label}")


def signs_in_by_keyboard(desk: Screen, account: str) -> Page:
    page = desk.go_to("/")
    desk.tab_to("sign-in-name")
    page.keyboard.type(account)
    desk.tab_to("sign-in-password")
    page.keyboard.type(desk.server.password(account))
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("workbench")).to_be_visible()
    desk.account = account
    return page


def writes_down_by_keyboard(desk: Screen) -> None:
    """Fill the form in its own order; Tab goes on, arrows and the space bar choose."""
    page, keys = desk.page, desk.page.keyboard
    keys.press("Alt+W")
    assert desk.focused() == "field-wish"
    keys.type("要回三个月工资")
    desk.tab_to("field-text", presses=1)
    keys.type("老板拖欠三个月工资，共六人")
    desk.tab_to("field-headcount", presses=6)
    keys.type("6")
    expect(page.get_by_test_id("field-urgency")).to_have_value("P1")
    desk.tab_to("field-employer-unknown", presses=6)
    keys.press("Space")
    desk.tab_to("field-region-0", presses=1)
    choose_by_arrows(page, "field-region-0", "济南市")
    expect(page.get_by_test_id("field-region-1")).to_be_visible()
    desk.tab_to("field-region-1", presses=1)
    choose_by_arrows(page, "field-region-1", "历下区")
    desk.tab_to("field-confidentiality-open", presses=3)
    keys.press("ArrowRight")
    expect(page.get_by_test_id("field-confidentiality-confidential")).to_be_checked()
    desk.tab_to("field-disclosure-none", presses=1)
    keys.press("ArrowRight")
    desk.tab_to("field-contact-mode-phone", presses=1)
    keys.press("Space")
    desk.tab_to("field-callback-true", presses=1)
    keys.press("Space")


def test_from_sign_in_to_the_next_call_by_keyboard_alone(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = signs_in_by_keyboard(desk, "operator")
    keys = operator.keyboard
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    phone = dial(telephone, "+8613800000021")

    before = desk.focused()
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    assert desk.focused() == before, "a ringing call takes no focus"
    keys.press("F2")
    expect(operator.get_by_test_id("ticket-form")).to_be_visible()
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    speaks(phone, "三个月没发工资")
    operator_hears(operator, "三个月没发工资")
    writes_down_by_keyboard(desk)

    keys.press("Control+Enter")
    expect(operator.get_by_test_id("dispatch-panel")).to_contain_text("历下区")
    expect(operator.get_by_test_id("union-preview")).to_be_visible()
    keys.press("Control+Enter")
    expect(operator.get_by_test_id("form-done")).to_contain_text("待签收")
    keys.press("Alt+H")
    hears(phone, "请为本次服务打分")
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    # The ticket says what it was: nothing is asked.
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    expect(operator.get_by_test_id("caller-column")).to_contain_text("没有来电")


def test_a_wrong_number_costs_three_keys(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = signs_in_by_keyboard(desk, "operator")
    keys = operator.keyboard
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    dial(telephone, "+8613800000022")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    keys.press("F2")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    expect(operator.get_by_test_id("ticket-form")).to_be_visible()
    keys.press("Alt+H")
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    keys.press("Alt+R")
    expect(operator.get_by_test_id("outcome-query_only")).to_be_focused()
    keys.press("2")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    expect(operator.get_by_test_id("notice-info").last).to_contain_text("无效")


def test_keys_are_listed_switched_off_and_never_taken_from_whoever_types(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    keys = operator.keyboard
    sheet = operator.get_by_test_id("shortcut-sheet")
    keys.press("?")
    for listed in ("F2", "F4", "F8", "Alt+H", "Alt+R", "?"):
        expect(sheet.get_by_text(listed, exact=True)).to_be_visible()
    assert desk.unreadable() == []
    desk.tab_to("shortcuts-switch", presses=4)
    keys.press("Space")
    keys.press("Escape")
    expect(sheet).to_be_hidden()
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "offline")
    operator.reload()
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "offline")
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "offline")
    keys.press("?")
    desk.tab_to("shortcuts-switch", presses=4)
    keys.press("Space")
    keys.press("Escape")
    keys.press("Alt+R")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")

    phone = dial(telephone, "+8613800000023")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    keys.press("F2")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    expect(operator.get_by_test_id("ticket-form")).to_be_visible()
    keys.press("Alt+W")
    keys.type("几点？12")
    keys.press("?")
    expect(operator.get_by_test_id("field-wish")).to_have_value("几点？12?")
    expect(sheet).to_be_hidden()

    composes(operator, "gong")
    keys.press("Alt+H")
    keys.press("F4")
    operator.wait_for_timeout(300)
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    expect(operator.get_by_test_id("call-hold")).to_have_attribute("aria-pressed", "false")
    keys.insert_text("工资")
    expect(operator.get_by_test_id("field-wish")).to_have_value("几点？12?工资")
    keys.press("Alt+H")
    hears(phone, "请为本次服务打分")


def composes(page: Page, text: str) -> None:
    """Begin a composition, as a Chinese input method does while letters are being turned into characters."""
    session = page.context.new_cdp_session(page)
    session.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
