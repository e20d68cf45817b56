"""Every screen as it is seen: on a small telephone, at a desk of 1366×768, in both languages, read by axe."""

from __future__ import annotations

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, dispatches, go_ready, hears, takes_call, write_down
from tests.processes import Server


@pytest.fixture(scope="module")
def ticket(served: Server) -> str:
    """Return a ticket that lies with the union of Lixia, made over the API, and a caller who is owed a call."""
    operator = served.browser("operator")
    number: str = operator.post("/api/tickets", json={"channel": "walk_in"}).json()["number"]
    told = {
        "category": "wage_arrears",
        "wish": "要回两个月工资，工地上的人都还在等",
        "text": "项目部拖欠两个月工资，班组二十一人。",
        "region_code": "370102",
        "employers": [{"name": "", "role": "employing"}],
        "confidentiality": "confidential",
        "disclosure": "union",
        "contact_mode": "phone",
        "callback_wanted": True,
        "caller": {"name": "赵某", "phone": "13800000041"},
    }
    edited = operator.patch(f"/api/tickets/{number}", json={"version": 1, **told})
    assert edited.status_code == 200, edited.text
    accepted = command(operator, number, "accept", edited.json()["version"])
    unions = operator.get(f"/api/tickets/{number}/unions").json()["recommendations"]
    command(operator, number, "dispatch", accepted["version"], union_id=unions[0]["union_id"])
    return number


def command(browser: httpx.Client, number: str, name: str, version: int, **body: object) -> dict[str, int]:
    answer = browser.post(f"/api/tickets/{number}/{name}", json={"version": version, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, int] = answer.json()
    return found


def finish(served: Server, number: str) -> None:
    """Bring the ticket to where its caller is asked, unless it is there."""
    union, dispatcher = served.browser("jinan-lixia"), served.browser("dispatcher")
    seen = union.get(f"/api/tickets/{number}").json()
    if seen["state"] != "dispatched":
        return
    me, other = (user["id"] for user in union.get("/api/users").json()[:2])
    seen = command(union, number, "sign_for", seen["version"], handler_id=me, deputy_id=other)
    at = "2026-01-05T03:00:00Z"
    seen = command(
        union, number, "record_first_contact", seen["version"], at=at, means="phone", outcome="reached"
    )
    told = {"true_claim": True, "done": "已督促单位支付", "solved": "solved", "reply_text": "工资已到账"}
    seen = command(union, number, "report_result", seen["version"], **told)
    command(dispatcher, number, "review", seen["version"], approved=True)


def looks_right_in_the_hand(screen: Screen) -> None:
    assert screen.sideways() == []
    assert screen.small_targets() == []
    assert screen.unreadable() == []


def looks_right_at_the_desk(screen: Screen) -> None:
    assert screen.sideways() == []
    assert screen.unreadable() == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_union_works_with_one_thumb(sit_down: SitDown, ticket: str, language: str) -> None:
    screen = sit_down(width=375, height=740, language=language)
    screen.go_to("/sign-in")
    expect(screen.page.get_by_test_id("sign-in-form")).to_be_visible()
    looks_right_in_the_hand(screen)
    page = screen.sign_in("jinan-lixia", at="/inbox")
    page.get_by_test_id("inbox-tab-to_sign").click()
    expect(page.get_by_test_id(f"inbox-card-{ticket}")).to_be_visible()
    looks_right_in_the_hand(screen)
    page.get_by_test_id(f"inbox-next-{ticket}").click()
    expect(page.get_by_test_id("inbox-ticket")).to_be_visible()
    for deeper in page.locator("summary").all():
        deeper.click()
    looks_right_in_the_hand(screen)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_centre_s_lists_fit_a_telephone(
    sit_down: SitDown, served: Server, ticket: str, language: str
) -> None:
    finish(served, ticket)
    screen = sit_down(width=375, height=740, language=language)
    owe_a_call(sit_down)
    page = screen.sign_in("callback")
    page.get_by_test_id("nav-callbacks").click()
    expect(page.get_by_test_id(f"callback-{ticket}")).to_be_visible()
    looks_right_in_the_hand(screen)
    page.get_by_test_id(f"callback-{ticket}").click()
    expect(page.get_by_test_id("callback-form")).to_be_visible()
    looks_right_in_the_hand(screen)
    page.get_by_test_id("nav-return-calls").click()
    expect(page.locator("tr", has_text="138****0042")).to_be_visible()
    looks_right_in_the_hand(screen)
    page.get_by_test_id("nav-tickets").click()
    expect(page.get_by_text("要回两个月工资").first).to_be_visible()
    looks_right_in_the_hand(screen)
    screen.go_to("/nowhere")
    expect(page.get_by_test_id("not-found")).to_be_visible()
    looks_right_in_the_hand(screen)


def owe_a_call(sit_down: SitDown) -> None:
    """Let somebody call while nobody is there, and ask to be called back."""
    phone = sit_down(width=375, height=740).go_to("/phone")
    phone.get_by_test_id("phone-from").fill("+8613800000042")
    phone.get_by_test_id("phone-dial").click()
    hears(phone, "您好，这里是12351")
    phone.get_by_test_id("key-1").click()
    hears(phone, "欠薪请按1")
    phone.get_by_test_id("key-1").click()
    hears(phone, "现在没有话务员在线")
    phone.get_by_test_id("key-2").click()
    hears(phone, "已为您登记")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_workbench_fits_its_screen_from_ring_to_wrap_up(sit_down: SitDown, language: str) -> None:
    desk, telephone = sit_down(language=language), sit_down(width=1100, language=language)
    operator = desk.sign_in("operator")
    looks_right_at_the_desk(desk)
    go_ready(operator)
    phone = dial(telephone, "+8613800000043" if language == "en" else "+8613800000044")
    expect(operator.get_by_test_id("offer-card")).to_be_visible()
    looks_right_at_the_desk(desk)
    takes_call(operator)
    # A dispatch without what it needs says so, beside the fields.
    operator.keyboard.press("Control+Enter")
    expect(operator.get_by_test_id("form-missing")).to_be_visible()
    looks_right_at_the_desk(desk)
    assert no_page_scroll(operator)
    write_down(operator)
    operator.keyboard.press("Control+Enter")
    expect(operator.get_by_test_id("union-preview")).to_be_visible()
    looks_right_at_the_desk(desk)
    operator.keyboard.press("Escape")
    dispatches(operator)
    looks_right_at_the_desk(desk)
    looks_right_at_the_desk(telephone)
    phone.get_by_test_id("phone-hang-up").click()
    expect(operator.get_by_test_id("wrap-up")).to_be_visible()
    looks_right_at_the_desk(desk)


def no_page_scroll(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollHeight <= window.innerHeight"))


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_lists_and_tickets_fit_a_desk(sit_down: SitDown, served: Server, ticket: str, language: str) -> None:
    finish(served, ticket)
    screen = sit_down(language=language)
    page = screen.sign_in("supervisor")
    for path, shown in (
        ("/tickets", "ticket-list-page"),
        (f"/tickets/{ticket}", "timeline"),
        ("/callbacks", "callbacks-page"),
        ("/return-calls", "return-calls-page"),
        ("/floor", "line-health"),
        ("/nowhere", "not-found"),
    ):
        screen.go_to(path)
        expect(page.get_by_test_id(shown)).to_be_visible()
        expect(page.get_by_test_id("state-loading")).to_be_hidden()
        looks_right_at_the_desk(screen)
    screen.go_to("/tickets")
    page.keyboard.press("?")
    expect(page.get_by_test_id("shortcut-sheet")).to_be_visible()
    looks_right_at_the_desk(screen)
