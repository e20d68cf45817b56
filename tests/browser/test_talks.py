"""Conversations with more than two: a colleague is asked and takes over, somebody outside joins, a supervisor comes."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, go_ready, hears, operator_hears, operator_says, speaks, takes_call

LAW_LINE = "12348"


def outside(screen: Screen, number: str) -> Page:
    """Give somebody outside a telephone with this number."""
    page = screen.go_to("/phone")
    page.get_by_test_id("phone-from").fill(number)
    page.get_by_test_id("phone-from").press("Tab")
    expect(page.get_by_test_id("phone-state")).to_contain_text("空闲")
    return page


def fits(screen: Screen) -> None:
    assert screen.unreadable() == []
    assert screen.sideways() == []


def test_a_colleague_is_asked_by_keyboard_and_takes_the_caller(sit_down: SitDown) -> None:
    desk, other, telephone = sit_down(), sit_down(), sit_down(width=1100)
    operator, colleague = desk.sign_in("operator"), other.sign_in("operator2")
    go_ready(operator)
    phone = dial(telephone, "+8613800000081")
    takes_call(operator)
    go_ready(colleague)
    operator.get_by_test_id("field-wish").fill("要认定工伤")
    expect(operator.get_by_test_id("draft-status")).to_have_attribute("data-state", "saved")
    fits(desk)

    # Whoever types has letters; whoever does not has the keys of the bar.
    operator.get_by_test_id("captions").focus()
    for pressed in ("true", "false"):
        operator.keyboard.press("m")
        expect(operator.get_by_test_id("call-mute")).to_have_attribute("aria-pressed", pressed)
    operator.get_by_test_id("field-wish").focus()
    operator.keyboard.press("Alt+T")
    dialog = operator.get_by_test_id("transfer-dialog")
    expect(dialog.get_by_test_id("transfer-kind-colleague")).to_be_focused()
    expect(dialog.get_by_text("话务员1002")).to_be_visible()
    fits(desk)
    operator.keyboard.press("Tab")
    operator.keyboard.press("Space")
    operator.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    hears(phone, "对方已保持通话")
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "consulting")
    expect(operator.get_by_test_id("call-held")).to_contain_text("已保持 00:")

    expect(colleague.get_by_test_id("asked-in")).to_contain_text("话务员1001")
    fits(other)
    colleague.keyboard.press("F2")
    expect(operator.get_by_test_id("transfer-state")).to_contain_text("咨询中")
    operator_says(operator, "他想认定工伤")
    operator_hears(colleague, "他想认定工伤")
    expect(colleague.get_by_test_id("guest-card")).to_be_visible()
    expect(colleague.get_by_test_id("ticket-form")).to_be_hidden()
    fits(desk)
    operator.get_by_test_id("transfer-complete").click()
    hears(phone, "通话已恢复")
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    # The draft has come along with the caller.
    expect(colleague.get_by_test_id("field-wish")).to_have_value("要认定工伤")
    operator_says(colleague, "您好，我来接着说")
    hears(phone, "我来接着说")
    colleague.keyboard.press("Alt+H")
    hears(phone, "请为本次服务打分")
    expect(phone.get_by_test_id("phone-captions")).not_to_contain_text("他想认定工伤")


def test_somebody_outside_joins_and_keys_are_pressed_for_him(sit_down: SitDown) -> None:
    desk, telephone, law = sit_down(), sit_down(width=1100), sit_down(width=1100)
    operator = desk.sign_in("operator")
    twelve = outside(law, LAW_LINE)
    go_ready(operator)
    phone = dial(telephone, "+8613800000082")
    takes_call(operator)
    operator.get_by_test_id("call-three-way").click()
    operator.get_by_test_id("transfer-to-line_12348").check()
    operator.get_by_test_id("transfer-three-way").click()
    twelve.get_by_test_id("phone-answer").click()
    hears(twelve, "现在为您接入一位职工的来电")
    expect(operator.get_by_test_id("party")).to_contain_text("12348")
    speaks(twelve, "这里是12348")
    hears(phone, "这里是12348")
    operator.keyboard.press("Alt+K")
    operator.get_by_test_id("keypad-dialog").get_by_test_id("key-2").click()
    hears(twelve, "对方为您按了 2")
    expect(operator.get_by_test_id("keypad-sent")).to_contain_text("2")
    fits(desk)
    operator.keyboard.press("Escape")
    operator.get_by_test_id("party-remove").click()
    expect(operator.get_by_test_id("talk-card")).to_be_hidden()
    hears(twelve, "通话已结束")
    operator_says(operator, "我们继续")
    hears(phone, "我们继续")
    operator.get_by_test_id("call-hang-up").click()
    hears(phone, "请为本次服务打分")


def test_a_supervisor_is_called_and_takes_over(sit_down: SitDown) -> None:
    desk, telephone, boss = sit_down(), sit_down(width=1100), sit_down()
    operator, supervisor = desk.sign_in("operator"), boss.sign_in("supervisor")
    go_ready(operator)
    phone = dial(telephone, "+8613800000083")
    takes_call(operator)
    operator.keyboard.press("Alt+Q")
    operator.get_by_test_id("help-text").fill("来电人情绪激动")
    operator.keyboard.press("Enter")
    expect(operator.get_by_test_id("call-help")).to_have_attribute("aria-pressed", "true")
    expect(supervisor.get_by_test_id("help-alarm")).to_contain_text("来电人情绪激动")
    fits(boss)
    supervisor.get_by_test_id("help-go").click()
    seat = supervisor.get_by_test_id("seat-话务员1001")
    expect(seat.get_by_test_id("seat-state")).to_contain_text("通话")
    fits(boss)
    seat.get_by_test_id("seat-listen").click()
    expect(seat.get_by_test_id("seat-listener")).to_contain_text("监听中")
    expect(supervisor.get_by_test_id("help-alarm")).to_be_hidden()
    expect(operator.get_by_test_id("call-help")).to_have_attribute("aria-pressed", "false")
    speaks(phone, "我要找领导")
    operator_hears(supervisor, "我要找领导")
    fits(boss)
    seat.get_by_test_id("seat-take_over").click()
    supervisor.keyboard.press("Enter")
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    expect(supervisor.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    supervisor.get_by_test_id("nav-workbench").click()
    expect(supervisor.get_by_test_id("call-recording")).to_have_attribute("data-state", "recording")
    fits(boss)
    operator_says(supervisor, "您好，我是值班长")
    hears(phone, "您好，我是值班长")
    supervisor.keyboard.press("Alt+H")
    hears(phone, "请为本次服务打分")
