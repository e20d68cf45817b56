"""An administrator's screen: a mistake shown by its line, a check, a publication, the way back; flows and tables."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.test_inbox import dispatched
from tests.processes import Server

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
ROW = "{kind: sign, urgency: P2, amount: 1"
DAY = "2027-05-10"
SHAPED = ("TEXTAREA.text", "DIV.drawing", "DIV.diff")
SELECTED = """() => {
  const box = document.querySelector('[data-test=admin-text]')
  return document.activeElement === box ? box.value.slice(box.selectionStart, box.selectionEnd) : ''
}"""


def looks_right(screen: Screen, name: str) -> None:
    if SHOTS:
        screen.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
    # Drawings and lines of text keep their shape.
    assert [each for each in screen.sideways() if not each.startswith(SHAPED)] == []
    assert screen.unreadable() == []


def write(page: Page, old: str, new: str) -> None:
    area = page.get_by_test_id("admin-text")
    expect(area).to_have_value(re.compile(re.escape(old)))
    area.fill(area.input_value().replace(old, new, 1))
    expect(page.get_by_test_id("admin-dirty")).to_be_visible()


def changes_a_day(page: Page, how: str) -> None:
    page.get_by_test_id("day-date").fill(DAY)
    page.get_by_test_id("day-how").select_option(how)
    page.get_by_test_id("day-reason").fill("省里通知")
    page.get_by_test_id("day-send").click()
    expect(page.get_by_test_id("day-effects")).to_contain_text("在办时限")
    page.get_by_test_id("day-send").click()
    expect(page.get_by_test_id("day-effects")).to_have_count(0)


def choose(page: Page, content: bytes) -> None:
    """Give a file to the table that is shown, and have it checked."""
    file = FilePayload(name="table.csv", mimeType="text/csv", buffer=content)
    page.get_by_test_id("table-file").set_input_files(file)
    page.get_by_test_id("table-send").click()


def forgive_refusals(screen: Screen) -> None:
    """Take away what a browser writes into its console by itself when a text or a file is refused."""
    own = ("/api/configuration/check", "/api/tables/")
    screen.faults[:] = [
        each for each in screen.faults if "status of 422" not in each or not any(path in each for path in own)
    ]


def test_a_policy_is_edited_checked_published_and_rolled_back(sit_down: SitDown, served: Server) -> None:
    dispatched(served)
    screen = sit_down()
    page = screen.sign_in("administrator")
    page.wait_for_url("**/admin")
    expect(page.get_by_test_id("admin-number")).to_have_text("现行：附带的文件")
    expect(page.get_by_test_id("day-date")).to_be_visible()
    looks_right(screen, "admin-calendar")
    changes_a_day(page, "rest")
    day = page.get_by_role("row", name=DAY)
    expect(day).to_contain_text("休息")
    # Taken back the same way: what it would move is shown first.
    day.get_by_role("button").click()
    changes_a_day(page, "undo")
    expect(day).to_have_count(0)

    page.get_by_test_id("admin-sla").click()
    write(page, ROW, ROW.replace("1", "一"))
    page.get_by_test_id("admin-reason").fill("省里通知")
    page.get_by_test_id("admin-check").click()
    findings = page.get_by_test_id("admin-findings")
    expect(findings).to_contain_text("“amount”应是整数，现在是“一”")
    looks_right(screen, "admin-refused")
    # The line is one press away.
    findings.get_by_role("button").click()
    assert "amount: 一" in page.evaluate(SELECTED)
    # What was written is still there after a look at another section.
    page.get_by_test_id("admin-messages").click()
    expect(page.get_by_test_id("admin-text")).to_have_value(re.compile("block_days_most"))
    page.get_by_test_id("admin-sla").click()
    write(page, ROW.replace("1", "一"), ROW.replace("1", "3"))
    expect(page.get_by_test_id("admin-diff")).to_contain_text("amount: 3")
    page.get_by_test_id("admin-reason").fill("省里通知")
    page.get_by_test_id("admin-check").click()
    expect(page.get_by_test_id("admin-checked")).to_contain_text("第1版已通过检查")
    expect(page.get_by_test_id("admin-effects")).to_contain_text("签收")
    looks_right(screen, "admin-checked")
    page.get_by_test_id("admin-publish").click()
    expect(page.get_by_test_id("admin-number")).to_have_text("现行第1版")

    page.get_by_test_id("version-restore-0").click()
    page.get_by_test_id("restore-reason").fill("通知撤回")
    page.get_by_test_id("restore-check").click()
    expect(page.get_by_test_id("admin-checked")).to_contain_text("第2版已通过检查")
    page.get_by_test_id("admin-publish").click()
    expect(page.get_by_test_id("admin-number")).to_have_text("现行第2版")
    expect(page.get_by_test_id("admin-text")).to_have_value(re.compile(re.escape(ROW)))
    expect(page.get_by_test_id("version-2")).to_contain_text("恢复第0版")
    forgive_refusals(screen)


def test_cases_are_tried_flows_are_drawn_and_called_and_tables_come_and_go(
    sit_down: SitDown, served: Server
) -> None:
    screen = sit_down(language="en")
    page = screen.sign_in("administrator")
    page.get_by_test_id("admin-routing_rules").click()
    page.get_by_test_id("try-route").locator("summary").click()
    page.get_by_test_id("try-region").fill("370102")
    page.get_by_test_id("try-route-run").click()
    expect(page.get_by_test_id("tried-now").get_by_role("listitem").first).to_contain_text("历下区总工会")
    looks_right(screen, "admin-try-route")

    page.get_by_test_id("admin-flows").click()
    expect(page.get_by_test_id("flow-drawing")).to_be_visible()
    write(page, "您好，这里是12351工会服务职工热线。", "您好，这里是工会。")
    page.get_by_test_id("flow-call").click()
    heard = page.get_by_test_id("flow-phone")
    expect(heard).to_contain_text("您好，这里是工会。")
    page.get_by_test_id("flow-key-1").click()
    expect(heard).to_contain_text("欠薪请按1")
    page.get_by_test_id("flow-words").fill("我不想活了")
    page.get_by_test_id("flow-speak").click()
    expect(heard).to_contain_text("flag_crisis")
    looks_right(screen, "admin-flow")
    page.get_by_test_id("admin-discard").click()
    expect(page.get_by_test_id("admin-dirty")).to_have_count(0)

    page.get_by_test_id("admin-import").click()
    unions = served.browser("administrator").get("/api/tables/unions").text.lstrip("\ufeff")
    expect(page.get_by_test_id("table-unions")).to_be_visible()
    choose(page, (unions + unions.splitlines()[-1] + "\n").encode("gb18030"))
    problem = page.get_by_test_id("table-problem")
    expect(problem).to_contain_text(f"Line {len(unions.splitlines()) + 1}")
    looks_right(screen, "admin-import")
    choose(page, unions.encode())
    expect(page.get_by_test_id("table-tried")).to_have_text(
        f"Would add 0, update 0, leave {len(unions.splitlines()) - 1}"
    )

    page.get_by_test_id("admin-people").click()
    expect(page.get_by_test_id("table-posts")).to_be_visible()
    page.get_by_test_id("row-add").click()
    for column, words in {"code": "A1", "name": "法律窗口", "union_code": "370102"}.items():
        page.get_by_test_id(f"row-{column}").fill(words)
    page.get_by_test_id("row-save").click()
    row = page.get_by_role("row", name="法律窗口")
    expect(row).to_be_visible()
    looks_right(screen, "admin-posts")
    row.get_by_role("button", name="Remove").click()
    row.get_by_role("button", name="Really remove").click()
    expect(row).to_have_count(0)
    forgive_refusals(screen)
