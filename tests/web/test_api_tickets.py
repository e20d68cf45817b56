"""Tickets over HTTP: from the operator's form to the union's signature, and every way to be refused."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import func, select

from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from tests.web.house import House

WAGES: dict[str, Any] = {
    "category": "wage_arrears",
    "region_code": "370102",
    "wish": "要回三个月工资",
    "text": "三个月没发工资，我的电话是13800000001。",
    "confidentiality": "confidential",
    "disclosure": "none",
    "contact_mode": "phone",
    "callback_wanted": True,
    "employers": [{"name": "某某建筑公司"}],
    "caller": {"name": "测试诉求人", "phone": "13800000001"},
}


def created(browser: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = browser.post("/api/tickets", json={**WAGES, **fields})
    assert answer.status_code == 201, answer.text
    ticket: dict[str, Any] = answer.json()
    return ticket


def commanded(browser: httpx.Client, ticket: dict[str, Any], command: str, **data: Any) -> dict[str, Any]:
    answer = browser.post(
        f"/api/tickets/{ticket['number']}/{command}", json={"version": ticket["version"], **data}
    )
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    return changed


def dispatched(house: House, browser: httpx.Client, *, to: str = "370102", **fields: Any) -> dict[str, Any]:
    ticket = commanded(browser, created(browser, **fields), "accept")
    return commanded(browser, ticket, "dispatch", union_id=house.world.union(to), override_reason="测试指定")


def test_an_operator_takes_a_story_and_the_union_signs_for_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, union = house.browser("operator"), house.browser("lixia")
    draft = created(operator)
    assert draft["state"] == "draft"
    assert draft["callers"][0]["phone_masked"] == "138****0001"
    ranking = operator.get(f"/api/tickets/{draft['number']}/unions").json()
    best = ranking["recommendations"][0]
    assert best["union_name"].endswith("总工会")
    assert best["reasons"]
    assert best["sign_due_at"]
    accepted = commanded(operator, draft, "accept")
    preview = operator.get(
        f"/api/tickets/{draft['number']}/preview", params={"union_id": best["union_id"]}
    ).json()
    assert preview["caller"]["name_masked"] is None
    assert "138****0001" in preview["text"]
    sent = commanded(operator, accepted, "dispatch", union_id=house.world.union("370102"))
    assert sent["state"] == "dispatched"
    inbox = union.get("/api/tickets").json()
    assert [each["number"] for each in inbox["items"]] == [draft["number"]]
    people = union.get("/api/users").json()
    signed = commanded(
        union,
        union.get(f"/api/tickets/{draft['number']}").json(),
        "sign_for",
        handler_id=people[0]["id"],
        deputy_id=people[1]["id"],
    )
    assert signed["state"] == "in_progress"
    assert signed["handlings"][0]["handler_name"] == people[0]["display_name"]
    assert "13800000001" not in union.get(f"/api/tickets/{draft['number']}").text


def test_an_edit_leaves_alone_what_it_does_not_name(house: House) -> None:
    browser = house.browser("operator")
    draft = created(browser)
    url = f"/api/tickets/{draft['number']}"
    edited = browser.patch(url, json={"version": draft["version"], "headcount": 6, "urgency": None}).json()
    assert edited["headcount"] == 6
    assert edited["wish"] == WAGES["wish"]
    assert edited["employers"][0]["name"] == "某某建筑公司"
    assert edited["callers"][0]["name_masked"] == "测**"
    cleared = browser.patch(
        url, json={"version": edited["version"], "headcount": None, "callback_wanted": None, "text": None}
    ).json()
    assert cleared["headcount"] is None
    assert cleared["callback_wanted"] is True
    assert cleared["text"] == edited["text"]


def test_a_stale_edit_is_told_each_field_that_has_changed(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    mine, other = house.browser("operator"), house.browser("supervisor")
    draft = created(mine)
    url = f"/api/tickets/{draft['number']}"
    assert other.patch(url, json={"version": draft["version"], "wish": "只要回工资"}).status_code == 200
    stale = mine.patch(url, json={"version": draft["version"], "headcount": 3})
    assert stale.status_code == 409
    assert stale.headers["content-type"] == "application/problem+json"
    problem = stale.json()
    assert problem["code"] == "conflict"
    assert problem["fields"]["wish"] == {"current": "只要回工资"}
    assert problem["fields"]["version"] == {"seen": draft["version"], "current": draft["version"] + 1}
    assert mine.get(url).json()["headcount"] is None, "nothing of it was written"
    command = mine.post(f"{url}/accept", json={"version": draft["version"]})
    assert command.status_code == 409
    assert "wish" in command.json()["fields"]


def test_a_command_names_in_chinese_what_it_misses(house: House) -> None:
    browser = house.browser("operator")
    draft = created(browser, wish="", employers=[])
    answer = browser.post(f"/api/tickets/{draft['number']}/accept", json={"version": draft["version"]})
    assert answer.status_code == 422
    assert answer.json()["code"] == "missing"
    assert answer.json()["fields"]["wish"] == "请填写诉求人的要求"
    assert set(answer.json()["fields"]) == {"wish", "employers"}


def test_wrong_fields_are_named_in_chinese(house: House) -> None:
    browser = house.browser("operator")
    answer = browser.post(
        "/api/tickets",
        json={
            "category": "no_such",
            "text": "",
        },
    )
    assert answer.status_code == 422
    assert answer.json()["fields"] == {"category": "没有“no_such”这个类别"}
    answer = browser.post(
        "/api/tickets",
        json={
            "headcount": 0,
            "urgency": "P9",
            "wish": "长" * 301,
            "text": "a\x00b",
            "admin": 1,
            "region_code": "北京",
            "employers": [{"role": "owner"}],
        },
    )
    assert answer.json()["fields"] == {
        "headcount": "不能小于1",
        "urgency": "不在可选范围内",
        "wish": "最多300个字",
        "text": "含有不能保存的字符",
        "admin": "没有这个项目",
        "region_code": "格式不正确",
        "employers.0.role": "不在可选范围内",
    }
    number = created(browser)["number"]
    naive = browser.post(
        f"/api/tickets/{number}/await_caller", json={"version": 1, "due_at": "2026-11-24T10:00:00"}
    )
    assert naive.json()["fields"] == {"due_at": "格式不正确"}, "a time without a zone is no time"


def test_an_id_that_belongs_to_nobody_is_not_found_and_one_beyond_the_database_is_a_mistake(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    browser = house.browser("operator")
    ticket = commanded(browser, created(browser), "accept")
    for union_id, status in ((10**30, 422), (-1, 404), (99_999_999, 404)):
        answer = browser.post(
            f"/api/tickets/{ticket['number']}/dispatch",
            json={"version": ticket["version"], "union_id": union_id},
        )
        assert answer.status_code == status, answer.text
    assert browser.get("/api/tickets", params={"union_id": 10**30}).status_code in (200, 422)


def test_a_filter_that_does_not_exist_is_refused(house: House) -> None:
    browser = house.browser("operator")
    answer = browser.get("/api/tickets", params={"password": "x", "due": "soon", "limit": 1000})
    assert answer.status_code == 422
    assert answer.json()["fields"] == {
        "password": "没有这个项目",
        "due": "不在可选范围内",
        "limit": "不能大于200",
    }
    assert browser.get("/api/tickets", params={"cursor": "!!"}).json()["fields"] == {"cursor": "翻页标记无效"}
    assert browser.get("/api/tickets", params={"state": "sleeping"}).status_code == 422


def test_pages_follow_one_another_without_gaps(house_on_each_engine: House) -> None:
    browser = house_on_each_engine.browser("operator")
    numbers = [created(browser)["number"] for _ in range(5)]
    seen, cursor = [], None
    for _ in range(4):
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = browser.get("/api/tickets", params=params).json()
        seen += [each["number"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(numbers)


def test_an_invisible_ticket_and_an_unknown_one_answer_alike_to_the_byte(house: House) -> None:
    operator, sibling = house.browser("operator"), house.browser("shizhong")
    there = dispatched(house, operator)["number"]
    nowhere = "37-20261123-999999-0"
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"version": 1, "wish": "我看得到吗"}),
        ("POST", "/sign_for", {"version": 1, "handler_id": 1, "deputy_id": 2}),
        ("POST", "/reveal", {"reason": "想知道是谁"}),
    ):
        answers = [
            sibling.request(method, f"/api/tickets/{number}{path}", json=body) for number in (there, nowhere)
        ]
        assert answers[0].status_code == 404
        assert answers[0].content == answers[1].content
        headers = [{k: v for k, v in each.headers.items() if k != "date"} for each in answers]
        assert headers[0] == headers[1]
    before = sibling.get("/api/tickets").json()
    dispatched(house, operator)
    after = sibling.get("/api/tickets").json()
    assert after["items"] == before["items"] == []


def test_an_unknown_command_is_not_found(house: House) -> None:
    browser = house.browser("operator")
    draft = created(browser)
    answer = browser.post(f"/api/tickets/{draft['number']}/delete", json={"version": 1})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_command_out_of_turn_says_why_not(house: House) -> None:
    browser = house.browser("operator")
    draft = created(browser)
    answer = browser.post(
        f"/api/tickets/{draft['number']}/dispatch",
        json={"version": draft["version"], "union_id": house.world.union("370102")},
    )
    assert answer.status_code == 409
    assert answer.json()["detail"] == "工单处于“草稿”，不能派单"
    buttons = {each["command"]: each for each in draft["actions"]}
    assert buttons["accept"]["enabled"] is True


def test_a_reveal_needs_a_reason_and_is_on_record(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    browser = house.browser("operator")
    draft = created(browser)
    url = f"/api/tickets/{draft['number']}/reveal"
    assert browser.post(url, json={"reason": " "}).status_code == 422
    answer = browser.post(url, json={"reason": "回拨确认地址"})
    assert answer.json()["phone"] == "+8613800000001"
    assert "operator" in answer.json()["watermark"]
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "IdentityRevealed")) == 1
    assert house.browser("dispatcher").post(url, json={"reason": "看看是谁"}).status_code == 403


def test_whoever_captures_a_sealed_story_gets_a_receipt_and_never_sees_it_again(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    browser = house.browser("operator")
    draft = created(browser, category="sexual_harassment")
    assert draft["sealed"] is True
    receipt = commanded(browser, draft, "accept")
    assert receipt["state"] == "pending_dispatch"
    assert (receipt["wish"], receipt["text"], receipt["category"], receipt["actions"]) == ("", "", None, [])
    assert browser.get(f"/api/tickets/{draft['number']}").status_code == 404
    with house.database.reading() as session:
        state = session.scalar(select(Ticket.state).where(Ticket.number == draft["number"]))
    assert state == "pending_dispatch", "the command was carried out"


def test_the_same_external_number_opens_no_second_ticket(house_on_each_engine: House) -> None:
    browser = house_on_each_engine.browser("operator")
    created(browser, channel="partner", external_id="12345-0001")
    again = browser.post("/api/tickets", json={**WAGES, "channel": "partner", "external_id": "12345-0001"})
    assert again.status_code == 422
    assert again.json()["fields"] == {"external_id": "这个编号已经登记过"}


def test_a_union_opens_tickets_for_its_own_visitors(house: House) -> None:
    lixia = house.browser("lixia")
    draft = created(lixia, channel="walk_in")
    assert draft["channel"] == "walk_in"
    assert house.browser("shizhong").get(f"/api/tickets/{draft['number']}").status_code == 404


def test_callbacks_are_due_to_whoever_did_not_handle_the_ticket(house: House) -> None:
    operator, union, dispatcher = (house.browser(name) for name in ("operator", "lixia", "dispatcher"))
    ticket = dispatched(house, operator, amount_cents=300_00)
    people = [each["id"] for each in union.get("/api/users").json()]
    ticket = commanded(union, ticket, "sign_for", handler_id=people[0], deputy_id=people[1])
    ticket = commanded(
        union,
        ticket,
        "report_result",
        true_claim=True,
        done="已补发",
        solved="solved",
        reply_text="工资已补发",
    )
    commanded(dispatcher, ticket, "review", approved=True)
    (due,) = house.browser("callback").get("/api/callbacks").json()
    assert due["ticket"]["number"] == ticket["number"]
    assert "之前说好的款项到账了吗？" in due["script"]
    assert due["attempts"] == 0


def test_foreign_pages_and_oversized_bodies_never_reach_a_ticket(house: House) -> None:
    browser = house.browser("operator")
    foreign = browser.post("/api/tickets", json=WAGES, headers={"Origin": "https://example.org"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "foreign_origin")
    fetched = browser.get("/api/tickets", headers={"Sec-Fetch-Site": "cross-site"})
    assert fetched.status_code == 403
    large = browser.post("/api/tickets", json={**WAGES, "text": "长" * 1_000_000})
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert browser.get("/api/tickets").json()["items"] == []


def test_the_accused_of_a_complaint_never_sees_it_and_it_goes_above_him(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, accused, union = (house.browser(name) for name in ("operator", "other-operator", "lixia"))
    (person,) = operator.get("/api/users", params={"q": "other-operator"}).json()
    assert union.get("/api/users", params={"q": "other-operator"}).json() == []
    told = {"category": "complaint_about_union", "employers": [{"name": ""}], "text": "接电话的人态度差"}
    wrong = operator.post("/api/tickets", json={**WAGES, **told, "accused_user_ids": [999_999]})
    assert (wrong.status_code, wrong.json()["fields"]) == (422, {"accused_user_ids": "没有这个人员"})
    draft = created(operator, **told, accused_user_ids=[person["id"]])
    assert [(each["kind"], each["name"]) for each in draft["accused"]] == [("person", person["display_name"])]
    number = draft["number"]
    first = operator.get(f"/api/tickets/{number}/unions").json()["recommendations"][0]
    assert (first["level"], "投诉热线人员" in first["reasons"][0]) == ("province", True)
    assert accused.get(f"/api/tickets/{number}").status_code == 404
    for path in ("/api/tickets?bucket=all", "/api/tickets?bucket=all&q=态度差", "/api/notices"):
        assert number not in accused.get(path).text
    accepted = commanded(operator, draft, "accept")
    refused = accused.post(f"/api/tickets/{number}/withdraw", json={"version": accepted["version"]})
    assert refused.status_code == 404
    # Of somebody who sits in a union: past him and his whole union, to its parent.
    handler = house.world.actor("lixia")
    own = created(operator, **told, accused_user_ids=[handler.user_id])
    best = operator.get(f"/api/tickets/{own['number']}/unions").json()["recommendations"][0]
    assert best["union_id"] == house.world.union("3701")
    own = commanded(operator, own, "accept")
    body = {"version": own["version"], "union_id": handler.union_id, "override_reason": "就近"}
    answer = house.browser("dispatcher").post(f"/api/tickets/{own['number']}/dispatch", json=body)
    assert (answer.status_code, "被投诉单位" in answer.json()["detail"]) == (403, True)
