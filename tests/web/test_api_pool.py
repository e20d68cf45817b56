"""The dispatcher's pool over HTTP: what came back, what is objected to, what no rule places; and nobody else's."""

from __future__ import annotations

from typing import Any

import httpx

from tests.web.house import House
from tests.web.test_api_tickets import commanded, created, dispatched


def pool(browser: httpx.Client, tab: str) -> dict[str, Any]:
    answer = browser.get("/api/pool", params={"tab": tab})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def sent_back(house: House, union: httpx.Client, ticket: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the ticket as its union sent it back to Shizhong's."""
    back = {"reason_code": "wrong_region", "basis": "工地在市中区，电话13800000001", **more}
    there = union.get(f"/api/tickets/{ticket['number']}").json()
    return commanded(union, there, "return_ticket", union_id=house.world.union("370103"), **back)


def test_each_tab_holds_what_waits_for_a_dispatcher_with_its_reason(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, dispatcher, lixia = (house.browser(name) for name in ("operator", "dispatcher", "lixia"))
    plain, signed = dispatched(house, operator), dispatched(house, operator)
    sent_back(house, lixia, plain)
    me = lixia.get("/api/session").json()["user"]["id"]
    theirs = lixia.get(f"/api/tickets/{signed['number']}").json()
    theirs = commanded(lixia, theirs, "sign_for", handler_id=me, deputy_id=me)
    sent_back(house, lixia, theirs, evidence="劳动合同载明用工地")
    routable = commanded(operator, created(operator), "accept")
    before = {tab: pool(dispatcher, tab) for tab in ("returned", "objected", "unroutable")}
    assert before["returned"]["counts"] == {"returned": 1, "objected": 1, "unroutable": 1}

    (first,) = before["returned"]["items"]
    assert first["ticket"]["number"] == plain["number"]
    told = first["returned"]
    assert (told["union_name"], told["reason_label"], told["final"]) == (
        "历下区总工会",
        "不属本地区",
        False,
    ), told
    assert (told["suggested_union"], told["basis"]) == ("济南市市中区总工会", "工地在市中区，电话138****0001")
    (papers,) = before["objected"]["items"]
    assert papers["ticket"]["number"] == signed["number"]
    assert papers["returned"]["evidence"] == "劳动合同载明用工地"
    (waits,) = before["unroutable"]["items"]
    assert (waits["ticket"]["number"], waits["returned"], waits["pool_reason"]) == (
        routable["number"],
        None,
        None,
    )

    # A sealed one changes no byte for whoever may not know of it.
    commanded(operator, created(operator, category="sexual_harassment"), "accept")
    assert pool(dispatcher, "unroutable")["items"] == before["unroutable"]["items"]
    assert pool(dispatcher, "unroutable")["counts"] == before["unroutable"]["counts"]

    # Denied, and sent back again: now on the papers, and the next decision is the last.
    version = dispatcher.get(f"/api/tickets/{plain['number']}").json()
    denied = commanded(dispatcher, version, "decide_objection", upheld=False, reason="注册地在历下区")
    sent_back(house, lixia, denied)
    again = pool(dispatcher, "objected")
    assert again["counts"] == {"returned": 0, "objected": 2, "unroutable": 1}
    assert [
        each["returned"]["final"] for each in again["items"] if each["ticket"]["number"] == plain["number"]
    ] == [True]


def test_what_no_rule_places_says_why(house: House) -> None:
    operator, dispatcher = house.browser("operator"), house.browser("dispatcher")
    far = commanded(operator, created(operator, region_code="440305", employers=[{"name": ""}]), "accept")
    (item,) = pool(dispatcher, "unroutable")["items"]
    assert item["ticket"]["number"] == far["number"]
    ranking = dispatcher.get(f"/api/tickets/{far['number']}/unions").json()
    assert ranking["recommendations"] == []
    assert item["pool_reason"] == ranking["pool_reason"]
    assert item["pool_reason"]
    bulk = {"command": "dispatch", "items": [{"number": far["number"], "version": far["version"]}]}
    (result,) = dispatcher.post("/api/tickets/bulk", json=bulk).json()["results"]
    assert result["problem"]["fields"] == {"union_id": item["pool_reason"]}


def test_a_word_that_is_no_tab_is_refused(house: House) -> None:
    assert house.browser("dispatcher").get("/api/pool", params={"tab": "all"}).status_code == 422
