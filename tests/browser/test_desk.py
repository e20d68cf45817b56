"""A supervisor's board of deadlines: what is due, live, by pointer and by keyboard, and commands in place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.processes import Server
from tests.web.test_api_tickets import WAGES

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
"""Where pictures go, if anybody wants them."""


def looks_right(screen: Screen, name: str) -> None:
    if SHOTS:
        screen.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
    assert screen.sideways() == []
    assert screen.unreadable() == []


def urgent_ticket(served: Server) -> str:
    """Return a ticket with half an hour to its dispatch: it stands in the hour's column at any time of day."""
    operator = served.browser("operator2")
    made: dict[str, Any] = operator.post("/api/tickets", json={**WAGES, "urgency": "P1"}).json()
    answer = operator.post(f"/api/tickets/{made['number']}/accept", json={"version": made["version"]})
    assert answer.status_code == 200, answer.text
    number: str = made["number"]
    return number


def in_the_hour(page: Page, number: str) -> Any:
    return page.get_by_test_id("sla-column-1h").get_by_test_id(f"sla-card-{number}")


def test_a_supervisor_sees_what_is_due_and_acts_without_leaving_the_board(
    sit_down: SitDown, served: Server
) -> None:
    first = urgent_ticket(served)
    room = sit_down()
    page = room.sign_in("supervisor")
    page.get_by_test_id("nav-sla").click()
    card = in_the_hour(page, first)
    expect(card).to_contain_text("拖欠工资")
    expect(card).to_contain_text("下一步：")
    expect(card.get_by_test_id("sla")).to_contain_text("剩")

    # The ladder, by pointer and by keyboard.
    expect(card.get_by_test_id("ladder")).to_be_hidden()
    card.hover()
    expect(card.get_by_test_id("ladder")).to_contain_text("报带班领导")
    page.get_by_test_id("sla-by-union").hover()
    expect(card.get_by_test_id("ladder")).to_be_hidden()
    card.get_by_test_id("ladder-toggle").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_test_id("ladder")).to_be_visible()
    looks_right(room, "sla-board")

    # While the keyboard is on the board nothing moves; then the new one comes.
    second = urgent_ticket(served)
    expect(page.get_by_test_id("sla-apply")).to_be_visible()
    expect(in_the_hour(page, second)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(card.get_by_test_id("ladder")).to_be_hidden()
    page.get_by_test_id("sla-apply").click()
    expect(in_the_hour(page, second)).to_be_visible()

    # Nobody points at it: it comes by itself.
    page.get_by_test_id("sla-by-category").check()
    third = urgent_ticket(served)
    expect(in_the_hour(page, third)).to_be_visible()
    page.get_by_test_id("sla-row-wage_arrears").get_by_role("button").click()
    expect(in_the_hour(page, third)).to_be_visible()
    page.get_by_test_id("sla-all").click()

    # A command in place.
    in_the_hour(page, first).get_by_test_id("card-supervise").click()
    expect(page.get_by_test_id("command-dialog")).to_be_visible()
    page.get_by_test_id("command-reason").get_by_role("textbox").fill("临近时限，请尽快派单")
    page.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("sla-said")).to_contain_text(first)
    expect(in_the_hour(page, first)).to_contain_text("督办")
    expect(in_the_hour(page, first).get_by_test_id("card-supervise")).to_have_count(0)

    # Twice as large, and in English; then down to the ticket.
    large = sit_down(width=683, height=384, language="en")
    page = large.sign_in("dispatcher", at="/sla")
    expect(in_the_hour(page, first)).to_contain_text("left")
    looks_right(large, "sla-board-200")
    in_the_hour(page, first).get_by_role("link").click()
    expect(page).to_have_url(f"{served.url}/tickets/{first}")
