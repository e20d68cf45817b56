"""Commands at the screen: more time asked for with a thumb and decided at a desk; money promised in instalments."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import SitDown
from tests.browser.test_screens import command
from tests.processes import Server


def in_hand(served: Server) -> str:
    """Return the number of a ticket for which Lixia has signed, made over the API."""
    operator, union = served.browser("operator"), served.browser("jinan-lixia")
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
    }
    draft = operator.post("/api/tickets", json=told).json()
    number: str = draft["number"]
    accepted = command(operator, number, "accept", draft["version"])
    (best, *_) = operator.get(f"/api/tickets/{number}/unions").json()["recommendations"]
    sent = command(operator, number, "dispatch", accepted["version"], union_id=best["union_id"])
    me, other = (user["id"] for user in union.get("/api/users").json()[:2])
    command(union, number, "sign_for", sent["version"], handler_id=me, deputy_id=other)
    return number


def test_more_time_is_asked_for_with_a_thumb_and_decided_at_the_desk(
    sit_down: SitDown, served: Server
) -> None:
    number = in_hand(served)
    hand, desk = sit_down(width=375, height=740), sit_down()
    page = hand.sign_in("jinan-lixia", at=f"/inbox/{number}")
    page.get_by_test_id("inbox-action-request_extension").click()
    page.get_by_test_id("command-reason").locator("textarea").fill("等待银行流水")
    page.get_by_test_id("command-difficulty").locator("select").select_option("difficult")
    page.get_by_test_id("command-caller_told").get_by_label("是").check()
    assert hand.sideways() == []
    page.get_by_test_id("command-form-request_extension").get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("command-form-request_extension")).to_be_hidden()

    dispatcher = desk.sign_in("dispatcher")
    dispatcher.goto(f"{served.url}/tickets/{number}")
    dispatcher.get_by_test_id("action-decide_extension").click()
    dispatcher.get_by_test_id("command-approved").get_by_label("是").check()
    dispatcher.get_by_test_id("command-reason").locator("textarea").fill("情况属实")
    dispatcher.get_by_test_id("command-submit").click()
    expect(dispatcher.get_by_test_id("timeline")).to_contain_text("同意延期")
    assert desk.unreadable() == []


def test_instalments_are_written_line_by_line(sit_down: SitDown, served: Server) -> None:
    number = in_hand(served)
    hand = sit_down(width=375, height=740)
    page = hand.sign_in("jinan-lixia", at=f"/inbox/{number}")
    page.get_by_test_id("inbox-action-report_result").click()
    page.get_by_test_id("command-true_claim").get_by_label("是").check()
    page.get_by_test_id("command-done").locator("textarea").fill("达成分期协议")
    page.get_by_test_id("command-solved").locator("select").select_option("partly")
    page.get_by_test_id("command-amount_state").locator("select").select_option("instalments")
    for index, (sum_, day) in enumerate((("100", "2099-01-01"), ("200.50", "2099-02-01"))):
        page.get_by_test_id("add-instalments").click()
        page.get_by_test_id(f"row-{index}-amount_cents").fill(sum_)
        page.get_by_test_id(f"row-{index}-payment_on").fill(day)
    page.get_by_test_id("command-reply_text").locator("textarea").fill("单位分两期支付")
    assert hand.sideways() == []
    assert hand.small_targets() == []
    page.get_by_test_id("command-form-report_result").get_by_test_id("command-submit").click()
    expect(page.get_by_test_id("inbox-ticket")).to_have_attribute("data-state", "reported")
    seen = served.browser("dispatcher").get(f"/api/tickets/{number}").json()
    (reported,) = [each for each in seen["events"] if each["kind"] == "ResultReported"]
    assert reported["details"]["分期"] == "2099-01-01 100.00元；2099-02-01 200.50元"
