"""The knowledge base from a proposal to the answer that cites it, and a quality check from the draw to the decision."""

from __future__ import annotations

from playwright.sync_api import expect

from config.load import load_policy
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.rules.ticket_state import State
from tests.browser.conftest import SitDown
from tests.browser.people import Screen
from tests.browser.steps import dial, go_ready, number_of_draft, takes_call
from tests.processes import Server
from tests.rules.policies import CONFIG

QUALITY = load_policy(CONFIG / "quality.yaml", QualityPolicy.from_mapping)


def looks_right(screen: Screen) -> None:
    assert screen.sideways() == []
    assert screen.unreadable() == []


def test_an_article_is_written_published_cited_and_stays_what_it_was(sit_down: SitDown) -> None:
    writer, leader, desk = sit_down(), sit_down(), sit_down()
    page = writer.sign_in("dispatcher")
    page.get_by_test_id("nav-knowledge").click()
    expect(page.get_by_test_id("article-wage-arrears")).to_be_visible()
    page.get_by_test_id("article-new").click()
    page.get_by_test_id("edit-code").fill("jinan-wages")
    page.get_by_test_id("edit-title").fill("济南讨薪绿色通道")
    page.get_by_test_id("edit-categories").select_option(["wage_arrears"])
    page.get_by_test_id("edit-region").fill("3701")
    page.get_by_test_id("edit-laws").fill("劳动法 第五十条")
    page.get_by_test_id("edit-body").fill("历下区总工会每周三下午有律师坐班。")
    looks_right(writer)
    page.get_by_test_id("edit-save").click()
    expect(page.get_by_test_id("article-keeping")).to_contain_text("自己写的稿件须由他人发布")
    expect(page.get_by_test_id("article-publish")).to_have_count(0)

    page = leader.sign_in("supervisor", at="/knowledge")
    page.get_by_test_id("knowledge-state").select_option("proposed")
    page.get_by_test_id("article-jinan-wages").click()
    expect(page.get_by_test_id("article")).to_contain_text("律师坐班")
    looks_right(leader)
    page.get_by_test_id("article-publish").click()
    expect(page.get_by_test_id("article")).to_contain_text("已发布")

    # The operator finds it beside the form, and the answer rests on it.
    operator = desk.sign_in("operator")
    go_ready(operator)
    dial(sit_down(width=375, height=740), "+8613800000047")
    takes_call(operator)
    number = number_of_draft(operator)
    operator.get_by_test_id("field-region-0").select_option(label="济南市")
    first = operator.get_by_test_id("article-column").locator("[data-test^='article-']").nth(1)
    expect(first).to_contain_text("济南讨薪绿色通道")
    operator.get_by_test_id("article-jinan-wages").click()
    expect(operator.get_by_test_id("article-dialog")).to_contain_text("律师坐班")
    looks_right(desk)
    operator.get_by_test_id("dialog-close").click()
    expect(operator.get_by_test_id("article-dialog")).to_have_count(0)
    expect(operator.get_by_test_id("draft-status")).to_have_attribute("data-state", "saved")
    operator.get_by_test_id("form-direct-answer").click()
    operator.get_by_test_id("command-answer").get_by_role("textbox").fill("请周三下午去历下区总工会找律师")
    operator.get_by_test_id("pick-article").select_option("jinan-wages")
    operator.get_by_test_id("command-submit").click()
    expect(operator.get_by_test_id("form-done")).to_contain_text("直接答复")

    page.get_by_test_id("article-edit").click()
    page.get_by_test_id("edit-body").fill("律师改为每周五坐班。")
    page.get_by_test_id("edit-save").click()
    expect(page.get_by_test_id("article")).to_have_attribute("data-n", "2")
    other = writer.server.browser("administrator")
    seen = other.get("/api/knowledge/jinan-wages").json()
    decided = other.post(
        "/api/knowledge/jinan-wages/decide", json={"version": seen["version"], "approved": True}
    )
    assert decided.status_code == 200, decided.text
    page = leader.go_to(f"/tickets/{number}")
    expect(page.get_by_test_id("citations")).to_contain_text("条目现为第 2 版")
    looks_right(leader)
    page.get_by_test_id("citations").get_by_role("link").click()
    expect(page.get_by_test_id("article")).to_contain_text("每周三下午")
    page.get_by_test_id("article-current").click()
    expect(page.get_by_test_id("article")).to_contain_text("每周五")


def test_an_inspector_scores_the_operator_appeals_and_the_supervisor_decides(
    sit_down: SitDown, served: Server
) -> None:
    number = drawn_ticket(served)
    room, desk, leader = sit_down(), sit_down(), sit_down()
    page = room.sign_in("inspector", at="/quality")
    page.get_by_test_id("draw").click()
    expect(page.get_by_test_id("draw-said")).to_contain_text("新抽到")
    page.get_by_test_id(f"sample-{number}").click()
    expect(page.get_by_test_id("score-form")).to_be_visible()
    for item in QUALITY.sheet.items:
        page.get_by_test_id(f"points-{item.code}").fill(str(item.weight - 1))
    expect(page.get_by_test_id("score-sum")).to_contain_text(f"{100 - len(QUALITY.sheet.items)}")
    page.get_by_test_id("veto-refusal").check()
    page.get_by_test_id("fact-refusal").fill("让来电人自己去别处问")
    expect(page.get_by_test_id("score-sum")).to_contain_text("合计 0 分")
    looks_right(room)
    page.get_by_test_id("score-submit").click()
    expect(page.get_by_test_id("score-total")).to_contain_text("0 分")
    looks_right(room)

    operator = desk.sign_in("operator2", at="/quality")
    operator.get_by_test_id(f"sample-{number}").click()
    operator.get_by_test_id("appeal-reason").fill("我已经告知了办理途径")
    looks_right(desk)
    operator.get_by_test_id("appeal-send").click()
    expect(operator.get_by_test_id("appeal-outcome")).to_contain_text("等待复核")
    expect(operator.get_by_test_id("appeal-form")).to_have_count(0)

    page = leader.sign_in("supervisor", at="/quality")
    page.get_by_test_id("quality-tab-appeals").click()
    page.get_by_test_id(f"sample-{number}").click()
    page.get_by_test_id("decide-total").fill("88")
    page.get_by_test_id("decide-decision").fill("录音可证已告知")
    looks_right(leader)
    page.get_by_test_id("decide-send").click()
    expect(page.get_by_test_id("score-total")).to_contain_text("88")
    page.get_by_test_id("quality-tab-figures").click()
    expect(page.get_by_test_id("quality-figures")).to_contain_text("话务员1002")
    looks_right(leader)

    # In the hand, and in English.
    small = sit_down(width=375, height=740, language="en")
    page = small.sign_in("operator2", at="/quality")
    page.get_by_test_id(f"sample-{number}").click()
    expect(page.get_by_test_id("appeal-outcome")).to_contain_text("Appeal upheld")
    assert small.small_targets() == []
    looks_right(small)
    publish_ended_article(served)
    small.go_to("/knowledge?code=old-rule")
    expect(page.get_by_test_id("article-stale")).to_contain_text("No longer in force")
    assert small.small_targets() == []
    looks_right(small)


def publish_ended_article(served: Server) -> None:
    told = {"code": "old-rule", "title": "旧办法", "body": "已经废止的办法。", "source": "旧文件"}
    dispatcher, supervisor = served.browser("dispatcher"), served.browser("supervisor")
    made = dispatcher.post("/api/knowledge", json={**told, "valid_to": "2020-12-31"})
    assert made.status_code == 201, made.text
    decision = {"version": made.json()["version"], "approved": True}
    assert supervisor.post("/api/knowledge/old-rule/decide", json=decision).status_code == 200


def drawn_ticket(served: Server) -> str:
    """Return a ticket that the shipped share draws; which one that is, only its number decides."""
    operator = served.browser("operator2")
    for _ in range(100):
        made = operator.post("/api/tickets", json={"channel": "operator"}).json()
        number: str = made["number"]
        ended = operator.post(
            f"/api/tickets/{number}/void", json={"version": made["version"], "reason_code": "test"}
        )
        assert ended.status_code == 200, ended.text
        if QUALITY.draws(number, State.VOID):
            return number
    raise AssertionError("a fifth of a hundred is none")
