"""A cadre at his telephone: one tap on a bad network, a link from a message, a voice note, an account of his own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.test_commands import in_hand
from tests.browser.test_screens import command
from tests.processes import Server, eventually

SHOTS = os.environ.get("HOTLINE_SHOTS")
LIXIA = "+8613800000061"
CANARY = "鲲鹏翰墨"


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def dispatched(served: Server, **fields: Any) -> str:
    """Return the number of a fresh ticket that lies with Lixia, made over the API."""
    operator = served.browser("operator")
    told = {
        "channel": "walk_in",
        "category": "wage_arrears",
        "wish": "要回一个月工资",
        "text": "项目部拖欠一个月工资。",
        "region_code": "370102",
        "employers": [{"name": "", "role": "employing"}],
        "confidentiality": "confidential",
        "disclosure": "union",
        "contact_mode": "phone",
        "callback_wanted": True,
        "caller": {"name": CANARY, "phone": "13800000063"},
        **fields,
    }
    draft = operator.post("/api/tickets", json=told).json()
    number: str = draft["number"]
    accepted = command(operator, number, "accept", draft["version"])
    found = operator.get("/api/unions", params={"q": "370102"}).json()
    union = next(each["id"] for each in found if each["code"] == "370102")
    command(operator, number, "dispatch", accepted["version"], union_id=union, override_reason="测试指定")
    return number


def fits_the_hand(screen: Screen, name: str) -> None:
    shoot(screen.page, name)
    assert screen.sideways() == []
    assert screen.small_targets() == []
    assert screen.unreadable() == []


def forgive_the_network(screen: Screen) -> None:
    """Take away what a browser writes into its console by itself when there is no network or a 4xx."""
    own = ("ERR_INTERNET_DISCONNECTED", "status of 409", "status of 410", "WebSocket connection")
    screen.faults[:] = [each for each in screen.faults if not any(word in each for word in own)]


def times(served: Server, number: str, label: str) -> int:
    events = served.browser("jinan-lixia").get(f"/api/tickets/{number}").json()["events"]
    return sum(each["label"] == label for each in events)


def test_one_tap_signs_once_however_bad_the_network_is(sit_down: SitDown, served: Server) -> None:
    number = dispatched(served)
    hand = sit_down(width=375, height=740)
    page = hand.sign_in("jinan-lixia", at="/inbox")
    page.get_by_test_id("inbox-tab-to_sign").click()
    card = page.get_by_test_id(f"inbox-card-{number}")
    expect(card).to_contain_text("历下区总A岗主办")
    fits_the_hand(hand, "inbox-sections")
    # The command goes out, and its answer is lost on the way: nobody at the telephone knows whether it arrived.
    page.route("**/sign_for", lambda route: (route.fetch(), route.abort())[1], times=1)
    page.get_by_test_id(f"inbox-sign-{number}").click()
    expect(page.get_by_test_id("outbox-waiting")).to_be_visible()
    expect(page.get_by_test_id(f"inbox-sign-{number}")).to_be_disabled()
    shoot(page, "inbox-waiting")
    expect(page.get_by_test_id("outbox-waiting")).to_be_hidden()
    expect(card).to_be_hidden()
    assert times(served, number, "签收") == 1
    page.get_by_test_id("inbox-tab-in_hand").click()
    expect(page.get_by_test_id(f"inbox-card-{number}")).to_be_visible()
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert number not in stored
    hand.faults[:] = [each for each in hand.faults if "ERR_FAILED" not in each]


def test_what_is_typed_without_a_network_goes_out_later_and_what_is_refused_is_kept(
    sit_down: SitDown, served: Server
) -> None:
    number = in_hand(served)
    hand = sit_down(width=375, height=740)
    page = hand.sign_in("jinan-lixia", at=f"/inbox/{number}")
    page.get_by_test_id("inbox-action-add_progress").click()
    note = page.get_by_test_id("command-form-add_progress")
    note.locator("textarea").fill("已电话约谈项目部")
    hand.context.set_offline(True)
    note.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("outbox-waiting")).to_be_visible()
    expect(note.get_by_test_id("command-submit")).to_be_disabled()
    expect(note.locator("textarea")).to_have_value("已电话约谈项目部")
    hand.context.set_offline(False)
    expect(page.get_by_test_id("outbox-waiting")).to_be_hidden(timeout=20_000)
    eventually(lambda: times(served, number, "进展") == 1, "the note should have arrived once")

    page.get_by_test_id("inbox-action-await_caller").click()
    form = page.get_by_test_id("command-form-await_caller")
    form.locator("textarea").fill("请补充工资条")
    form.locator("input").fill("2020-01-01T08:00")
    form.get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("outbox-refused")).to_be_visible()
    page.get_by_test_id("inbox-back").click()
    expect(page.get_by_test_id("inbox-tab-to_sign")).to_be_visible()
    page.get_by_test_id("outbox-open").click()
    expect(page.get_by_test_id("command-form-await_caller").locator("textarea")).to_have_value("请补充工资条")
    fits_the_hand(hand, "inbox-refused")
    page.get_by_test_id("outbox-drop").click()
    expect(page.get_by_test_id("outbox")).to_be_hidden()
    forgive_the_network(hand)
    hand.faults[:] = [each for each in hand.faults if "422" not in each]


def test_a_note_by_voice_is_recorded_heard_and_sent(sit_down: SitDown, served: Server) -> None:
    number = in_hand(served)
    hand = sit_down(width=375, height=740)
    hand.context.grant_permissions(["microphone"])
    page = hand.sign_in("jinan-lixia", at=f"/inbox/{number}")
    page.get_by_test_id("voice-start").click()
    expect(page.get_by_test_id("voice-stop")).to_be_visible()
    page.wait_for_timeout(1200)
    page.get_by_test_id("voice-stop").click()
    expect(page.get_by_test_id("voice-send")).to_be_visible()
    fits_the_hand(hand, "inbox-voice")
    page.get_by_test_id("voice-send").click()
    expect(page.get_by_test_id("attachment")).to_contain_text("voice.webm")
    files = served.browser("jinan-lixia").get(f"/api/tickets/{number}/attachments").json()
    assert [each["kind"] for each in files] == ["sound"]


def test_a_message_rings_and_its_link_opens_one_ticket_on_one_telephone(
    sit_down: SitDown, served: Server
) -> None:
    phone = sit_down(width=375, height=740).go_to("/phone")
    phone.get_by_test_id("phone-from").fill(LIXIA)
    phone.get_by_test_id("phone-from").blur()
    phone.wait_for_timeout(300)
    number = dispatched(served, category="accident", urgency="P0", wish="车间爆炸，有人受伤")
    captions = phone.get_by_test_id("phone-captions")
    expect(captions).to_contain_text(f"工单{number}：待签收")
    said = captions.inner_text()
    assert CANARY not in said
    assert "爆炸" not in said
    link = re.search(rf"{number}.*?(http\S+/l#[\w-]+)", said)
    assert link is not None, said
    hand = sit_down(width=375, height=740)
    page = hand.page
    page.goto(link.group(1))
    expect(page.get_by_test_id("link-open")).to_be_visible()
    assert "#" not in page.url, "the token leaves the address at once"
    fits_the_hand(hand, "link-before")
    page.get_by_test_id("link-open").click()
    expect(page.get_by_test_id("link-ticket")).to_have_attribute("data-state", "dispatched")
    fits_the_hand(hand, "link-ticket")
    page.get_by_test_id("link-sign").click()
    expect(page.get_by_test_id("link-contact")).to_be_visible()
    page.get_by_test_id("link-contact-send").click()
    page.get_by_test_id("link-note").fill("已到现场，伤者已送医")
    page.get_by_test_id("link-progress-send").click()
    page.reload()
    expect(page.get_by_test_id("link-ticket")).to_have_attribute("data-state", "in_progress")
    assert CANARY not in page.content()
    other = sit_down(width=375, height=740)
    other.page.goto(link.group(1))
    other.page.get_by_test_id("link-open").click()
    expect(other.page.get_by_test_id("link-shut")).to_be_visible()
    fits_the_hand(other, "link-shut")
    page.get_by_test_id("link-sign-in").click()
    expect(page.get_by_test_id("sign-in-form")).to_be_visible()
    for screen in (hand, other):
        forgive_the_network(screen)


def test_what_lies_behind_more_fits_the_hand(sit_down: SitDown, served: Server) -> None:
    in_hand(served)
    hand = sit_down(width=375, height=740, language="en")
    page = hand.sign_in("jinan", at="/inbox")
    page.get_by_test_id("inbox-more").click()
    fits_the_hand(hand, "inbox-more")
    page.get_by_test_id("more-oversight").click()
    expect(page.get_by_test_id("oversight-union").nth(1)).to_be_visible()
    fits_the_hand(hand, "inbox-oversight")
    page.get_by_test_id("inbox-back").click()
    page.get_by_test_id("more-notices").click()
    expect(page.get_by_test_id("notices-part")).to_be_visible()
    fits_the_hand(hand, "inbox-notices")
    for part in ("away", "tell", "deliveries", "new"):
        page.get_by_test_id("inbox-back").click()
        page.get_by_test_id(f"more-{part}").click()
        expect(page.locator(f"[data-test={'intake' if part == 'new' else part}]")).to_be_visible()
        fits_the_hand(hand, f"inbox-{part}")


def test_an_administrator_makes_an_account_whose_first_act_is_a_password_of_its_own(
    sit_down: SitDown,
) -> None:
    hand = sit_down(width=375, height=740)
    page = hand.sign_in("jinan-admin")
    page.wait_for_url("**/users")
    fits_the_hand(hand, "users")
    page.get_by_test_id("users-add").click()
    page.get_by_test_id("account-name").fill("jinan-new")
    page.get_by_test_id("account-display").fill("新来的经办")
    page.get_by_test_id("account-phone").fill("13800000064")
    page.get_by_test_id("account-save").click()
    told = page.get_by_test_id("users-password").inner_text()
    found = re.search(r"[a-z2-9]{14}", told)
    assert found is not None, told
    fresh = sit_down(width=375, height=740)
    fresh.go_to("/sign-in")
    fresh.page.get_by_test_id("sign-in-name").fill("jinan-new")
    fresh.page.get_by_test_id("sign-in-password").fill(found.group())
    fresh.page.get_by_test_id("sign-in-submit").click()
    expect(fresh.page.get_by_test_id("password-form")).to_be_visible()
    fits_the_hand(fresh, "password")
    fresh.page.get_by_test_id("password-current").fill(found.group())
    fresh.page.get_by_test_id("password-new").fill("a-password-of-its-own-7")
    fresh.page.get_by_test_id("password-repeat").fill("a-password-of-its-own-7")
    fresh.page.get_by_test_id("password-save").click()
    expect(fresh.page.get_by_test_id("inbox")).to_be_visible()
    page.get_by_test_id("users-find").fill("jinan-new")
    page.get_by_test_id("users-find").press("Enter")
    page.get_by_test_id("account-edit-jinan-new").click()
    page.get_by_test_id("account-why").fill("调离")
    page.get_by_test_id("account-disable").click()
    expect(page.get_by_test_id("account-jinan-new")).to_contain_text("已停用")
    fresh.page.get_by_test_id("inbox-tab-today").click()
    expect(fresh.page.get_by_test_id("sign-in-form")).to_be_visible()
    fresh.faults[:] = [each for each in fresh.faults if "401" not in each and "WebSocket" not in each]
