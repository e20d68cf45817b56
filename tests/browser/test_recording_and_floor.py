"""The recording as the operator sees and steers it; and a supervisor's lines, seats and shifts on the floor."""

from __future__ import annotations

from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from dispatch.rules.working_time import SHANGHAI
from tests.browser.conftest import SitDown
from tests.browser.steps import dial, go_ready, hears, takes_call
from tests.browser.test_talks import fits
from tests.processes import Server


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


def switch_line(page: Page, line: str, way: str, reason: str, to: str | None = None) -> None:
    page.get_by_test_id(f"line-{line}").get_by_test_id("line-switch").click()
    page.get_by_test_id(f"switch-{way}").check()
    if to is not None:
        page.get_by_test_id("switch-to").select_option(to)
    page.get_by_test_id("switch-reason").fill(reason)
    page.get_by_test_id("switch-save").click()
    expect(page.get_by_test_id("switch-line")).to_be_hidden()


def as_it_was(server: Server) -> None:
    """Open every line and end the announcement, whatever became of the story."""
    boss = server.browser("supervisor")
    for line in boss.get("/api/lines").json():
        if line["divert_to"] is not None or not line["is_open"]:
            given = {"is_open": True, "reason": "恢复", "version": line["version"]}
            assert boss.put(f"/api/lines/{line['code']}", json=given).status_code == 200
    assert boss.delete("/api/incident").status_code == 204


def test_a_supervisor_keeps_lines_seats_and_shifts_and_the_next_shift_takes_over(
    sit_down: SitDown, served: Server
) -> None:
    desk, boss = sit_down(), sit_down()
    operator, page = desk.sign_in("operator"), boss.sign_in("supervisor")
    go_ready(operator)
    page.get_by_test_id("nav-floor").click()
    page.get_by_test_id("floor-tab-lines").click()
    try:
        fits(boss)
        page.get_by_test_id("incident-text").fill("系统维护，部分业务稍后回电")
        page.get_by_test_id("incident-announce").click()
        expect(page.get_by_test_id("incident-on")).to_contain_text("系统维护")
        switch_line(page, "legal", "closed", "律师培训")
        expect(page.get_by_test_id("line-legal")).to_contain_text("已关闭")
        switch_line(page, "mutual_aid", "divert", "专席就餐", to="general")
        expect(page.get_by_test_id("line-mutual_aid")).to_contain_text("转到综合服务专线")
        fits(boss)
        switch_line(page, "legal", "open", "培训结束")
        expect(page.get_by_test_id("line-legal")).not_to_contain_text("已关闭")
        page.get_by_test_id("incident-end").click()
        expect(page.get_by_test_id("incident-off")).to_be_visible()
    finally:
        as_it_was(served)

    page.get_by_test_id("floor-tab-seats").click()
    seat = page.get_by_test_id("seat-row-话务员1001")
    expect(seat).to_contain_text("网页")
    seat.get_by_test_id("seat-set").click()
    page.get_by_test_id("seat-choice").select_option("not_ready")
    page.get_by_test_id("seat-reason").fill("请到值班长席")
    page.get_by_test_id("seat-save").click()
    expect(seat).to_have_attribute("data-state", "not_ready")
    expect(operator.get_by_test_id("presence")).to_have_attribute("data-state", "not_ready")
    fits(boss)

    page.get_by_test_id("floor-shifts").click()
    tomorrow = datetime.now(SHANGHAI) + timedelta(days=1)
    page.get_by_test_id("shift-user").select_option(label="话务员1001（话务员）")
    page.get_by_test_id("shift-deputy").select_option(label="话务员1002（话务员）")
    page.get_by_test_id("shift-begins").fill(f"{tomorrow:%Y-%m-%d}T20:00")
    page.get_by_test_id("shift-ends").fill(f"{tomorrow + timedelta(days=1):%Y-%m-%d}T08:00")
    page.get_by_test_id("shift-plan").click()
    shift = page.get_by_test_id("shift").filter(has_text="话务员1001")
    expect(shift).to_contain_text("话务员1002")
    expect(shift).to_contain_text("20:00")
    page.get_by_test_id("handover-to").select_option(label="话务员1001")
    page.get_by_test_id("handover-text").fill("历下区某工地欠薪，已派单，留意回访")
    page.get_by_test_id("handover-give").click()
    expect(page.get_by_test_id("handover-note").first).to_contain_text("留意回访")
    fits(boss)

    # The operator reads it, says so, and answers on a telephone tonight.
    operator.get_by_test_id("user-menu").locator("summary").click()
    operator.get_by_test_id("menu-shifts").click()
    expect(operator.get_by_test_id("shift").filter(has_text="话务员1001")).to_be_visible()
    operator.get_by_test_id("handover-take").first.click()
    expect(operator.get_by_test_id("handover-taken").first).to_contain_text("话务员1001")
    operator.get_by_test_id("own-number").fill("13800000098")
    operator.get_by_test_id("own-save").click()
    expect(operator.get_by_test_id("own-means")).to_contain_text("电话")
    fits(desk)
    operator.get_by_test_id("own-browser").click()
    expect(operator.get_by_test_id("own-means")).to_contain_text("网页")
    shift.get_by_test_id("shift-cancel").click()
    expect(shift).to_have_count(0)
