"""Callers who did not get through are called back, in a real browser, and each such call leaves a word."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.steps import dial, go_ready, hears, operator_hears, operator_says, speaks
from tests.processes import Server


def row_of(operator: Page, number: str) -> tuple[Page, str]:
    """Open the list and return the row's test name."""
    operator.get_by_test_id("nav-return-calls").click()
    row = operator.locator("tr", has_text=number)
    expect(row).to_be_visible()
    return operator, row.get_attribute("data-test") or ""


def test_a_caller_who_asked_for_it_is_called_back_and_the_talk_gets_an_outcome(
    sit_down: SitDown, served: Server
) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000011")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    hears(phone, "需要回电请按2")
    phone.get_by_test_id("key-2").click()
    hears(phone, "已为您登记，我们会在")
    expect(operator.get_by_test_id("offer-card")).to_be_hidden()
    expect(phone.get_by_test_id("phone")).to_have_attribute("data-state", "idle")

    _, name = row_of(operator, "138****0011")
    row = operator.get_by_test_id(name)
    expect(row.get_by_test_id("return-call-reason")).to_have_text("来电人要求回电")
    expect(row.get_by_test_id("return-call-since")).to_contain_text("今天")
    expect(row.get_by_test_id("return-call-attempts")).to_have_text("0")
    row.get_by_test_id("return-call-more").click()
    expect(row.get_by_test_id("return-call-known")).to_contain_text("1 劳动权益 → 1 欠薪")
    assert desk.unreadable() == []

    row.get_by_test_id("return-call-call").click()
    expect(phone.get_by_test_id("phone")).to_have_attribute("data-state", "ringing")
    expect(operator.get_by_test_id("workbench")).to_contain_text("正在接通电话")
    phone.get_by_test_id("phone-answer").click()
    expect(operator.get_by_test_id("call-state")).to_have_attribute("data-state", "connected")
    operator_says(operator, "您好，这里是12351，给您回电")
    hears(phone, "给您回电")
    speaks(phone, "我想问问工资的事")
    operator_hears(operator, "我想问问工资的事")

    operator.get_by_test_id("call-hang-up").click()
    hears(phone, "请为本次服务打分")
    phone.get_by_test_id("key-1").click()
    expect(phone.get_by_test_id("phone")).to_have_attribute("data-state", "idle")
    expect(operator.get_by_test_id("call-hang-up")).to_be_hidden()
    operator.get_by_test_id("wrap-up-finish").click()
    # There is neither ticket nor outcome: going on leads to the question, with the first answer under the Enter key.
    expect(operator.get_by_test_id("outcome-answered")).to_be_focused()
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "wrap_up")
    assert desk.unreadable() == []
    operator.get_by_test_id("outcome-answered").click()
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")

    operator.get_by_test_id("nav-return-calls").click()
    operator.get_by_test_id("return-calls-state").select_option("done")
    expect(row.get_by_test_id("return-call-result")).to_have_text("已接通")
    (call,) = [
        each
        for each in served.browser("operator").get("/api/calls").json()["items"]
        if each["to"] == "138****0011"
    ]
    assert (call["direction"], call["outcome"], call["tickets"]) == ("return_call", "answered", [])


def test_a_caller_who_left_the_line_and_does_not_answer_stays_owed(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    operator.get_by_test_id("nav-return-calls").click()
    expect(operator.get_by_test_id("return-calls-away")).to_be_visible()
    go_ready(operator)
    phone = dial(telephone, "+8613800000012")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    phone.get_by_test_id("phone-hang-up").click()
    # The list hears of it by itself.
    row = operator.locator("tr", has_text="138****0012")
    expect(row.get_by_test_id("return-call-reason")).to_have_text("排队中挂机")
    expect(operator.get_by_test_id("offer-card")).to_be_hidden()

    row.get_by_test_id("return-call-call").click()
    expect(phone.get_by_test_id("phone")).to_have_attribute("data-state", "ringing")
    phone.get_by_test_id("phone-decline").click()
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    expect(operator.get_by_test_id("caller-column")).to_contain_text("没有来电")
    operator.get_by_test_id("nav-return-calls").click()
    expect(row.get_by_test_id("return-call-attempts")).to_have_text("1")
    row.get_by_test_id("return-call-outcome").select_option("no_answer")
    row.get_by_test_id("return-call-note").fill("晚上再打")
    row.get_by_test_id("return-call-done").click()
    expect(row).to_be_hidden()


def test_a_return_call_may_become_a_ticket(sit_down: SitDown) -> None:
    desk, telephone = sit_down(), sit_down(width=1100)
    operator = desk.sign_in("operator")
    go_ready(operator)
    phone = dial(telephone, "+8613800000013")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    phone.get_by_test_id("phone-hang-up").click()
    _, name = row_of(operator, "138****0013")
    operator.get_by_test_id(name).get_by_test_id("return-call-call").click()
    phone.get_by_test_id("phone-answer").click()
    expect(operator.get_by_test_id("call-without-ticket")).to_be_visible()
    operator.keyboard.press("Alt+N")
    form = operator.get_by_test_id("ticket-form")
    expect(form).to_be_visible()
    expect(operator.get_by_test_id("call-without-ticket")).to_be_hidden()
    number = form.get_attribute("data-number")
    phone.get_by_test_id("phone-hang-up").click()

    # Nothing was written: the blank draft is void with one word, and the operator goes on.
    operator.get_by_test_id("wrap-up-finish").click()
    expect(operator.get_by_test_id("outcome-panel")).to_be_visible()
    operator.get_by_test_id("outcome-query_only").click()
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "ready")
    operator.goto(f"{desk.server.url}/tickets/{number}")
    expect(operator.get_by_test_id("ticket-state").first).to_have_text("无效")
