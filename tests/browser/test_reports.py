"""Reports and the wall as they are seen: charts beside their tables, numbers that open, letters for eight metres."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.processes import Server

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
EIGHT_METRES = 0.044
"""Of the screen's height: three centimetres on 55 inches, which a good eye reads from eight metres."""
SMALL_LETTERS = """least => [...document.querySelectorAll('main *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .filter(each => each.checkVisibility() && !each.closest('.sr-only'))
  .filter(each => parseFloat(getComputedStyle(each).fontSize) < least * innerHeight)
  .map(each => each.textContent)"""
CUT = """() => [...document.querySelectorAll('main h1, main h2, main p')]
  .filter(each => !each.closest('.sr-only'))
  .filter(each => each.getBoundingClientRect().width > each.parentElement.getBoundingClientRect().width + 1)
  .map(each => each.textContent)"""


def looks_right(screen: Screen, name: str) -> None:
    if SHOTS:
        screen.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
    assert screen.sideways() == []
    assert screen.unreadable() == []


def register(served: Server) -> str:
    """Let an operator register a request, over the API."""
    operator = served.browser("operator")
    told = {
        "channel": "walk_in",
        "category": "wage_arrears",
        "wish": "要回两个月工资",
        "text": "两个月没发工资。",
        "region_code": "370102",
        "employers": [{"name": "", "role": "employing"}],
        "confidentiality": "confidential",
        "disclosure": "union",
        "contact_mode": "phone",
        "caller": {"name": "赵某", "phone": "13800000048"},
    }
    made = operator.post("/api/tickets", json=told)
    assert made.status_code == 201, made.text
    number = str(made.json()["number"])
    done = operator.post(f"/api/tickets/{number}/accept", json={"version": made.json()["version"]})
    assert done.status_code == 200, done.text
    return number


def test_a_leader_reads_draws_opens_and_takes_away_a_report(
    sit_down: SitDown, served: Server, tmp_path: Path
) -> None:
    register(served)
    # The union below reads in Chinese.
    desk = sit_down(language="en")
    page = desk.sign_in("supervisor")
    page.get_by_test_id("nav-reports").click()
    expect(page.get_by_test_id("figure-received")).to_contain_text("期内登记的工单数")
    chart = page.get_by_test_id("figure-chart")
    expect(chart).to_have_attribute("data-drawn", "yes")
    looks_right(desk, "reports")
    page.get_by_test_id("report-preset").select_option("year")
    # So many days would be columns that nobody reads.
    expect(page.get_by_test_id("report-grain-day")).to_be_disabled()
    page.get_by_test_id("report-grain-month").check()
    expect(page.get_by_test_id("report")).to_have_attribute("data-grain", "month")
    page.get_by_test_id("pick-received").click()
    detail = page.get_by_test_id("figure-detail")
    expect(detail.locator("tbody tr")).to_have_count(12)
    expect(detail.locator("h2")).to_have_text("受理诉求")
    expect(chart.locator("canvas")).to_be_visible()
    page.get_by_test_id("open-received").click()
    expect(page.locator("[data-test^='report-ticket-']").first).to_be_visible()
    looks_right(desk, "report-tickets")
    page.get_by_test_id("dialog-close").click()
    with page.expect_download() as coming:
        page.get_by_test_id("report-save").click()
    path = tmp_path / "report.xlsx"
    coming.value.save_as(path)
    assert load_workbook(path).sheetnames == ["指标", "不计入", "热点"]


def test_a_union_reads_whole_months_and_is_told_what_is_hidden(sit_down: SitDown) -> None:
    hand = sit_down(width=375, height=740)
    page = hand.sign_in("jinan", at="/inbox/more/menu")
    page.get_by_test_id("more-reports").click()
    expect(page.get_by_test_id("report-note")).to_contain_text("少于5件")
    expect(page.get_by_test_id("report")).to_have_attribute("data-grain", "month")
    expect(page.get_by_test_id("report-grain-day")).to_have_count(0)
    expect(page.get_by_test_id("figure-calls")).to_have_count(0)
    expect(page.get_by_test_id("figure-chart")).to_have_attribute("data-drawn", "yes")
    looks_right(hand, "reports-union")
    assert hand.small_targets() == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_wall_is_read_from_eight_metres_and_follows_what_happens(
    sit_down: SitDown, served: Server, language: str
) -> None:
    wall = sit_down(language=language)
    page = wall.sign_in("supervisor", at="/wallboard")
    expect(page.get_by_test_id("wallboard")).to_have_attribute("data-loaded", "yes")
    for chart in ("wall-hours", "wall-days"):
        expect(page.get_by_test_id(chart).locator("canvas")).to_be_visible()
    looks_right(wall, f"wallboard-{language}")
    assert page.evaluate(SMALL_LETTERS, EIGHT_METRES) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    if language == "en":
        return
    register(served)
    received = served.browser("supervisor").get("/api/wallboard").json()["received"]
    expect(page.get_by_test_id("wall-received").locator(".value")).to_have_text(str(received))
