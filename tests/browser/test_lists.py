"""Lists at the screen: cut, kept, commanded by the dozen and taken along; and the dispatcher's pool, by keyboard."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.test_screens import command, finish
from tests.processes import Server
from tests.web.test_api_tickets import WAGES

SHOTS = os.environ.get("HOTLINE_SCREENSHOTS")
"""Where pictures go, if anybody wants them."""

ASK_NOW = "document.dispatchEvent(new Event('visibilitychange'))"
"""What makes a list ask who is looking before its time; should that be a moment too early, it asks again by itself."""
LIXIA, SHIZHONG = "历下区总工会", "济南市市中区总工会"


def looks_right(screen: Screen, name: str) -> None:
    if SHOTS:
        screen.page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
    assert screen.sideways() == []
    assert screen.unreadable() == []


def accepted(served: Server, wish: str, **fields: Any) -> tuple[str, int]:
    """Return a ticket that waits for its dispatch, made over the API, and its version."""
    operator = served.browser("operator2")
    draft = operator.post("/api/tickets", json={**WAGES, "wish": wish, **fields})
    assert draft.status_code == 201, draft.text
    number: str = draft.json()["number"]
    return number, command(operator, number, "accept", draft.json()["version"])["version"]


def drafted(served: Server, wish: str) -> str:
    made = served.browser("operator2").post("/api/tickets", json={**WAGES, "wish": wish})
    assert made.status_code == 201, made.text
    number: str = made.json()["number"]
    return number


def returned(served: Server, wish: str) -> str:
    """Return a ticket that Lixia has sent back and thinks to be Shizhong's."""
    number, version = accepted(served, wish)
    dispatcher, union = served.browser("dispatcher"), served.browser("jinan-lixia")
    lixia, shizhong = (
        dispatcher.get("/api/unions", params={"q": name}).json()[0]["id"] for name in (LIXIA, SHIZHONG)
    )
    command(dispatcher, number, "dispatch", version, union_id=lixia, override_reason="测试指定")
    back = {"reason_code": "wrong_region", "basis": "工地在市中区", "union_id": shizhong}
    command(union, number, "return_ticket", union.get(f"/api/tickets/{number}").json()["version"], **back)
    return number


def row(page: Page, number: str) -> Any:
    return page.get_by_test_id(f"ticket-row-{number}")


def test_a_dispatcher_cuts_a_list_commands_it_at_once_keeps_it_and_takes_it_along(
    sit_down: SitDown, served: Server
) -> None:
    first, _ = accepted(served, "清单故事甲：要回工资")
    second, _ = accepted(served, "清单故事乙：要回工资", region_code="370103")
    draft = drafted(served, "清单故事丙：还没受理")
    desk = sit_down()
    page = desk.sign_in("dispatcher", at="/tickets")

    # Two characters find them; the address holds the cut.
    expect(page.get_by_test_id("filter-q")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("清单")
    expect(row(page, draft)).to_be_visible()
    expect(page.locator("[data-test^=ticket-row-]")).to_have_count(3)
    page.get_by_test_id("filter-more").locator("summary").click()
    page.get_by_test_id("filter-channel").select_option("web")
    expect(page.get_by_test_id("state-empty")).to_contain_text("清除筛选")
    page.get_by_test_id("filter-channel").select_option("operator")
    expect(row(page, first)).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("filter-q")).to_have_value("清单")
    expect(page.get_by_test_id("filter-channel")).to_have_value("operator")
    expect(row(page, first).get_by_test_id("sla")).to_contain_text("剩")

    # One command for all three, by keyboard: what failed says why and stays chosen.
    page.get_by_test_id("choose-all").check()
    looks_right(desk, "ticket-list")
    page.keyboard.press("Alt+p")
    expect(page.get_by_test_id("bulk-dialog")).to_be_visible()
    looks_right(desk, "ticket-list-bulk")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("bulk-said")).to_contain_text("成功 2 张")
    expect(page.get_by_test_id("bulk-said")).to_contain_text("1 张没有成功")
    for number in (first, second):
        expect(row(page, number).get_by_test_id("ticket-state")).to_have_attribute("data-state", "dispatched")
        expect(row(page, number).get_by_test_id("choose")).not_to_be_checked()
    expect(row(page, draft).get_by_test_id("row-problem")).not_to_be_empty()
    expect(row(page, draft).get_by_test_id("choose")).to_be_checked()
    expect(row(page, first)).to_contain_text("历下区总工会")
    expect(row(page, second)).to_contain_text("市中区总工会")
    looks_right(desk, "ticket-list-results")
    page.get_by_test_id("bulk-clear").click()
    row(page, first).get_by_test_id("choose").check()
    page.get_by_test_id("bulk-nudge").click()
    page.get_by_test_id("bulk-reason").fill("请尽快签收")
    page.get_by_test_id("bulk-submit").click()
    expect(page.get_by_test_id("bulk-said")).to_contain_text("成功 1 张")

    # Kept, renamed, shared; another person finds it.
    page.get_by_test_id("view-keep").click()
    page.get_by_test_id("view-name").fill("清单甲")
    page.get_by_test_id("view-share").select_option("supervisor")
    looks_right(desk, "ticket-list-keep")
    page.get_by_test_id("view-submit").click()
    expect(page.get_by_test_id("view-dialog")).to_be_hidden()
    page.get_by_test_id("view-rename").click()
    page.get_by_test_id("view-name").fill("清单乙")
    page.get_by_test_id("view-submit").click()
    expect(page.get_by_test_id("view-pick")).to_contain_text("清单乙")
    room = sit_down(width=683, height=384, language="en")
    other = room.sign_in("supervisor", at="/tickets")
    expect(other.get_by_test_id("view-pick")).to_contain_text("清单乙")
    other.get_by_test_id("view-pick").select_option(label="清单乙 · 派单员")
    expect(other.locator("[data-test^=ticket-row-]")).to_have_count(3)
    expect(other.get_by_test_id("filter-q")).to_have_value("清单")
    expect(other.get_by_test_id("view-drop")).to_have_count(0)
    looks_right(room, "ticket-list-200")

    # Who has a ticket open is seen in the list, and gone when he leaves it.
    row(other, first).get_by_role("link").click()
    expect(other.get_by_test_id("timeline")).to_be_visible()
    page.evaluate(ASK_NOW)
    expect(row(page, first).get_by_test_id("row-watchers")).to_contain_text("值班长")
    other.get_by_test_id("nav-sla").click()
    expect(other.get_by_test_id("sla-page")).to_be_visible()
    page.evaluate(ASK_NOW)
    expect(row(page, first).get_by_test_id("row-watchers")).to_have_count(0)

    # The file holds what the list shows.
    page.get_by_test_id("export").click()
    with page.expect_download() as begun:
        page.get_by_test_id("export-csv").click()
    told = Path(begun.value.path()).read_text(encoding="utf-8-sig")
    assert begun.value.suggested_filename.endswith(".csv")
    assert {number for number in (first, second, draft) if number in told} == {first, second, draft}
    assert WAGES["caller"]["phone"] not in told
    page.get_by_test_id("view-drop").click()
    page.get_by_test_id("view-submit").click()
    expect(page.get_by_test_id("view-dialog")).to_be_hidden()
    expect(page.get_by_test_id("view-pick")).not_to_contain_text("清单乙")

    # Whoever may not take a file out has no button for it, and no way round it.
    plain = sit_down().sign_in("operator2", at="/tickets")
    expect(plain.get_by_test_id("ticket-table")).to_be_visible()
    expect(plain.get_by_test_id("export")).to_have_count(0)
    expect(plain.get_by_test_id("nav-pool")).to_have_count(0)
    for address in ("/api/tickets/export", "/api/pool"):
        assert plain.request.get(served.url + address).status == 403, address


def test_a_dispatcher_empties_the_pool_without_the_mouse(sit_down: SitDown, served: Server) -> None:
    back, again = returned(served, "派单池故事：退单"), returned(served, "派单池故事：退单不成立")
    lost, _ = accepted(
        served, "派单池故事：外省工地", region_code="440305", employers=[{"name": "", "role": "employing"}]
    )
    desk = sit_down()
    page = desk.sign_in("dispatcher", at="/tickets")
    page.get_by_test_id("nav-pool").click()
    page.get_by_test_id(f"pool-{back}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("pool-return")).to_contain_text("历下区总工会 退单：不属本地区")
    expect(page.get_by_test_id("pool-return")).to_contain_text("工地在市中区")
    expect(page.get_by_test_id("pool-why-input")).to_have_value("同意退单：不属本地区")
    expect(page.get_by_test_id("union-preview")).to_be_visible()
    looks_right(desk, "pool")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id(f"pool-{back}")).to_have_count(0)
    sent = served.browser("dispatcher").get(f"/api/tickets/{back}").json()
    assert (sent["state"], sent["lead_union"]) == ("dispatched", SHIZHONG)

    # Denied: it needs a reason of its own, and goes back to who returned it.
    page.get_by_test_id(f"pool-{again}").click()
    page.get_by_test_id("pool-denied").check()
    expect(page.get_by_test_id("pool-send")).to_be_disabled()
    page.get_by_test_id("pool-why-input").fill("单位注册地在历下区")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id(f"pool-{again}")).to_have_count(0)
    kept = served.browser("dispatcher").get(f"/api/tickets/{again}").json()
    assert (kept["state"], kept["lead_union"]) == ("dispatched", LIXIA)

    # What no rule places says why; a dispatcher chooses.
    page.get_by_test_id("pool-tab-unroutable").click()
    expect(page.get_by_test_id(f"pool-{lost}").get_by_test_id("pool-why")).to_contain_text("没有可推荐的工会")
    page.get_by_test_id(f"pool-{lost}").click()
    expect(page.get_by_test_id("pool-reason")).not_to_be_empty()
    page.get_by_test_id("field-union").fill(LIXIA)
    page.get_by_role("option", name=LIXIA).first.click()
    expect(page.locator(".el-autocomplete__popper")).to_be_hidden()
    expect(page.get_by_test_id("union-preview")).to_be_visible()
    looks_right(desk, "pool-unroutable")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id(f"pool-{lost}")).to_have_count(0)
    large = sit_down(width=683, height=384, language="en")
    english = large.sign_in("supervisor", at="/pool?tab=objected")
    expect(english.get_by_test_id("pool-tab-objected")).to_have_attribute("aria-pressed", "true")
    expect(english.get_by_test_id("state-loading")).to_be_hidden()
    looks_right(large, "pool-200")


def test_a_ticket_s_page_shows_both_values_ranks_unions_and_marks_identities(
    sit_down: SitDown, served: Server
) -> None:
    number, _ = accepted(served, "工单页故事")
    desk = sit_down()
    page = desk.sign_in("supervisor", at=f"/tickets/{number}")
    page.get_by_test_id("action-dispatch").click()
    expect(page.get_by_test_id("dispatch-panel")).to_contain_text(LIXIA)
    expect(page.get_by_test_id("union-preview")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("dispatch-panel")).to_have_count(0)

    # Who called, for a reason, and never without the reader's mark across it.
    page.get_by_test_id("reveal-open").click()
    page.get_by_test_id("reveal-reason").fill("回电核实地址")
    page.get_by_test_id("reveal-submit").click()
    expect(page.get_by_test_id("reveal-result")).to_contain_text(WAGES["caller"]["phone"])
    mark = page.get_by_test_id("watermark").locator("span").first
    expect(mark).to_have_attribute("data-mark", re.compile(f"值班长 .* {number}"))
    looks_right(desk, "ticket-identity")
    page.keyboard.press("Escape")

    # Somebody changes it before this page has heard of it: both values side by side, and the word is kept.
    address = f"{served.url}/api/tickets/{number}"
    frozen = page.request.get(address).text()
    page.route(address, lambda route: route.fulfill(body=frozen, content_type="application/json"))
    page.get_by_test_id("action-supervise").click()
    page.get_by_test_id("command-reason").locator("textarea").fill("涉及人数多，请尽快")
    other = served.browser("dispatcher")
    seen = other.get(f"/api/tickets/{number}").json()["version"]
    assert other.patch(f"/api/tickets/{number}", json={"version": seen, "headcount": 3}).status_code == 200
    page.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("conflict").locator("tbody tr")).to_have_text(["涉及人数（空）3"])
    looks_right(desk, "ticket-conflict")
    page.unroute(address)
    page.get_by_test_id("conflict-again").click()
    expect(page.get_by_test_id("command-dialog")).to_have_count(0)
    expect(page.get_by_test_id("ticket-facts")).to_contain_text("督办")

    # A sealed one is not there, until its seal is broken for a reason.
    sealed, _ = accepted(served, "工单页故事：密件", category="sexual_harassment")
    desk.go_to(f"/tickets/{sealed}")
    expect(page.get_by_test_id("maybe-sealed")).to_be_visible()
    page.get_by_test_id("seal-open").click()
    page.get_by_test_id("seal-reason").fill("诉求人人身安全，须立即联系")
    page.get_by_test_id("seal-submit").click()
    expect(page.get_by_test_id("ticket-facts")).to_contain_text("密件")
    expect(page.get_by_test_id("maybe-sealed")).to_have_count(0)


def test_whoever_calls_back_sees_the_result_and_the_attempts_before(
    sit_down: SitDown, served: Server
) -> None:
    number, version = accepted(served, "回访故事")
    dispatcher = served.browser("dispatcher")
    lixia = dispatcher.get("/api/unions", params={"q": LIXIA}).json()[0]["id"]
    command(dispatcher, number, "dispatch", version, union_id=lixia, override_reason="测试指定")
    finish(served, number)
    desk = sit_down()
    page = desk.sign_in("callback")
    page.get_by_test_id(f"callback-{number}").click()
    expect(page.get_by_test_id("before-the-call")).to_contain_text("已督促单位支付")
    expect(page.get_by_test_id("before-the-call")).to_contain_text("已解决")
    page.get_by_test_id("command-reached").get_by_label("否").check()
    page.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id(f"callback-{number}")).to_contain_text("已拨 1 次")
    page.get_by_test_id(f"callback-{number}").click()
    expect(page.get_by_test_id("attempt")).to_have_count(1)
    looks_right(desk, "callbacks")
