"""The desk over HTTP: being ready, being rung, taking and refusing calls, and the calls we owe."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from dispatch.models.history import Outbox
from hotline.calls.models import Call
from hotline.line.models import Offer, Waiting
from tests.web.house import House
from tests.web.telephone import (
    OWN_NUMBER,
    WORKER,
    asks_for_a_return_call,
    both_join,
    caller_hangs_up,
    caller_waits,
    operator_leaves,
)


def ready(house: House, name: str = "operator") -> httpx.Client:
    browser = house.browser(name)
    answer = browser.put("/api/presence", json={"state": "ready"})
    assert answer.status_code == 200, answer.text
    return browser


def deliveries(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(Outbox.kind).order_by(Outbox.id)))


def test_nobody_has_a_telephone_before_he_is_at_his_desk(house: House) -> None:
    browser = house.browser("operator")
    away = browser.get("/api/presence").json()
    assert (away["state"], away["label"], away["device_token"]) == ("offline", "离线", None)
    here = browser.put("/api/presence", json={"state": "not_ready", "reason": "培训"}).json()
    assert (here["state"], here["label"]) == ("not_ready", "示忙")
    assert here["device_token"]
    gone = browser.put("/api/presence", json={"state": "offline"}).json()
    assert gone["device_token"] is None


def test_whoever_gets_ready_is_rung_at_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    caller_waits(house, category="wage_arrears")
    house.clock.advance(timedelta(seconds=80))
    reader = house.browser("supervisor")
    assert reader.get("/api/line").json() | {"server_time": ""} == {
        "waiting": 1,
        "longest_s": 80,
        "ready": 0,
        "talking": 0,
        "server_time": "",
    }
    browser = ready(house)
    presence = browser.get("/api/presence").json()
    assert presence["state"] == "reserved"
    assert presence["call_sid"] == "CA1"
    offer = presence["offer"]
    assert offer == browser.get("/api/offers/current").json()
    assert offer["from_masked"] == "139****0001"
    assert offer["line_label"] == "综合服务专线"
    assert (offer["category_name"], offer["urgency"], offer["waited_s"]) == ("拖欠工资", "P2", 80)
    assert WORKER not in browser.get("/api/offers/current").text


def test_a_ring_that_ran_out_rings_no_more(house: House) -> None:
    caller_waits(house)
    browser = ready(house)
    offer = browser.get("/api/offers/current").json()
    house.clock.advance(timedelta(seconds=21))
    assert browser.get("/api/offers/current").json() is None
    late = browser.post(f"/api/offers/{offer['id']}/accept")
    assert (late.status_code, late.json()["code"]) == (409, "offer_gone")
    assert late.json()["title"] == "来电已转走"


def test_accepting_opens_the_screen_pop_and_twice_is_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    caller_waits(house)
    browser = ready(house)
    offer = browser.get("/api/offers/current").json()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: browser.post(f"/api/offers/{offer['id']}/accept"), range(4)))
    assert {each.status_code for each in answers} == {200}
    assert answers[0].json()["sid"] == "CA1"
    assert deliveries(house) == ["originate_operator"]
    both_join(house)
    presence = browser.get("/api/presence").json()
    assert (presence["state"], presence["call_sid"]) == ("talking", "CA1")
    assert browser.get("/api/line").json()["talking"] == 1
    refused = browser.put("/api/presence", json={"state": "on_break"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "通话中，结束后才能切换状态")


def test_another_operators_ring_does_not_exist(house: House) -> None:
    caller_waits(house)
    offer = ready(house).get("/api/offers/current").json()
    other = house.browser("other-operator")
    for step in ("accept", "decline"):
        foreign = other.post(f"/api/offers/{offer['id']}/{step}")
        unknown = other.post(f"/api/offers/999999/{step}")
        assert foreign.status_code == unknown.status_code == 404
        assert foreign.content == unknown.content
    assert other.get("/api/offers/current").json() is None


def test_a_declined_caller_rings_at_the_next_operator_and_keeps_the_place(house: House) -> None:
    caller_waits(house)
    first = ready(house)
    offer = first.get("/api/offers/current").json()
    second = ready(house, "other-operator")
    assert first.post(f"/api/offers/{offer['id']}/decline").status_code == 204
    assert first.get("/api/presence").json()["state"] == "not_ready"
    assert second.get("/api/offers/current").json()["call_sid"] == "CA1"
    with house.database.reading() as session:
        assert session.scalars(select(Waiting.entered_at)).one() == house.clock()


@pytest.mark.parametrize("state", ["on_break", "not_ready", "offline"])
def test_whoever_goes_away_while_it_rings_frees_the_caller(house: House, state: str) -> None:
    caller_waits(house)
    first = ready(house)
    assert first.put("/api/presence", json={"state": state}).json()["state"] == state
    assert first.get("/api/offers/current").json() is None
    second = ready(house, "other-operator")
    assert second.get("/api/offers/current").json()["call_sid"] == "CA1"


def test_saying_ready_again_does_not_lose_the_ring(house: House) -> None:
    caller_waits(house)
    browser = ready(house)
    again = browser.put("/api/presence", json={"state": "ready"}).json()
    assert again["state"] == "reserved"
    assert again["offer"]["call_sid"] == "CA1"


def test_nobody_walks_off_while_the_caller_is_being_fetched(house: House) -> None:
    caller_waits(house)
    browser = ready(house)
    offer = browser.get("/api/offers/current").json()
    browser.post(f"/api/offers/{offer['id']}/accept")
    refused = browser.put("/api/presence", json={"state": "offline"})
    assert (refused.status_code, refused.json()["detail"]) == (409, "来电正在接入，请稍候")


def test_after_the_call_there_is_time_to_write_and_then_the_next_caller(house: House) -> None:
    caller_waits(house, "CA1")
    browser = ready(house)
    browser.post(f"/api/offers/{browser.get('/api/offers/current').json()['id']}/accept")
    both_join(house)
    caller_waits(house, "CA2", number="+8613953100002")
    operator_leaves(house)
    wrap_up = browser.get("/api/presence").json()
    assert wrap_up["state"] == "wrap_up"
    assert wrap_up["call_sid"] == "CA1"
    longer = browser.post("/api/presence/wrap-up", json={"seconds": 60}).json()
    assert longer["wrap_up_until"] > wrap_up["wrap_up_until"]
    assert browser.post("/api/presence/wrap-up", json={"seconds": 100_000}).status_code == 422
    finished = browser.post("/api/presence/finish").json()
    assert (finished["state"], finished["offer"]["call_sid"]) == ("reserved", "CA2")
    again = browser.post("/api/presence/finish")
    assert (again.status_code, again.json()["detail"]) == (409, "现在不在话后整理")


def test_a_heartbeat_keeps_a_seat_and_revives_nobody(house: House) -> None:
    browser = ready(house)
    house.clock.advance(timedelta(seconds=80))
    browser.post("/api/presence/heartbeat")
    house.clock.advance(timedelta(seconds=80))
    assert browser.get("/api/line").json()["ready"] == 1
    house.clock.advance(timedelta(seconds=20))
    assert browser.get("/api/line").json()["ready"] == 0, "the lease has run out"
    other = house.browser("other-operator")
    assert other.post("/api/presence/heartbeat").json()["state"] == "offline"


def test_a_call_owed_is_made_from_the_operators_desk(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    asked_at = house.clock()
    task_id = asks_for_a_return_call(house)
    caller_hangs_up(house)
    browser = house.browser("operator")
    browser.put("/api/presence", json={"state": "not_ready"})
    (owed,) = browser.get("/api/return-calls").json()["items"]
    assert owed["number_masked"] == "139****0001"
    assert (owed["state"], owed["reason_label"], owed["call_sid"]) == ("due", "来电人要求回电", "CA1")
    assert datetime.fromisoformat(owed["asked_at"]) == asked_at
    calling = browser.post(f"/api/return-calls/{task_id}/call").json()
    assert (calling["state"], calling["attempts"]) == ("calling", 1)
    assert deliveries(house)[-1] == "originate_return_call"
    presence = browser.get("/api/presence").json()
    assert presence["state"] == "reserved"
    call = browser.get(f"/api/calls/{presence['call_sid']}").json()
    assert (call["direction"], call["to"], call["from_masked"]) == (
        "return_call",
        "139****0001",
        "139****0001",
    )
    assert call["from"] == house.services.numbers[0]
    other = house.browser("other-operator").post(f"/api/return-calls/{task_id}/call")
    assert (other.status_code, other.json()["detail"]) == (409, "这个回电任务已有人在处理")


def test_a_finished_task_leaves_the_list_and_a_stale_one_is_told(house: House) -> None:
    task_id = asks_for_a_return_call(house)
    browser = house.browser("callback")
    (owed,) = browser.get("/api/return-calls").json()["items"]
    url = f"/api/return-calls/{task_id}/done"
    stale = browser.post(url, json={"version": owed["version"] - 1, "outcome": "reached"})
    assert stale.status_code == 409
    assert stale.json()["fields"]["state"] == {"current": "due"}
    assert browser.post(url, json={"version": owed["version"], "outcome": "sold"}).status_code == 422
    done = browser.post(url, json={"version": owed["version"], "outcome": "reached", "note": "已说明"}).json()
    assert (done["state"], done["outcome"]) == ("done", "reached")
    assert browser.get("/api/return-calls").json()["items"] == []
    assert [each["id"] for each in browser.get("/api/return-calls?state=done").json()["items"]] == [task_id]
    assert (
        browser.post("/api/return-calls/999999/done", json={"version": 1, "outcome": "reached"}).status_code
        == 404
    )


def test_many_calls_owed_come_in_pages_most_urgent_first(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    for number in range(53):
        asks_for_a_return_call(house, f"CA{number}", number=f"+86139531{number:05d}")
        house.clock.advance(timedelta(seconds=number % 3))
    browser = house.browser("supervisor")
    for state, backwards in (("due", False), ("all", True)):
        page = browser.get("/api/return-calls", params={"state": state}).json()
        rest = browser.get("/api/return-calls", params={"state": state, "cursor": page["next"]}).json()
        found = [(each["due_at"], each["id"]) for each in page["items"] + rest["items"]]
        assert (len(page["items"]), len(rest["items"]), rest["next"]) == (50, 3, None)
        assert found == sorted(found, reverse=backwards)
    assert browser.get("/api/return-calls", params={"cursor": "bm90aGluZw=="}).status_code == 422
    assert browser.get("/api/return-calls", params={"state": "lost"}).status_code == 422


def test_an_id_of_thirty_digits_is_the_senders_mistake(house: House) -> None:
    browser = house.browser("operator")
    for path in (f"/api/offers/{10**30}/accept", f"/api/return-calls/{10**30}/call", "/api/offers/-1/accept"):
        assert browser.post(path).status_code == 422


def test_the_numbers_in_rows_are_the_ones_that_were_called(house: House) -> None:
    caller_waits(house)
    with house.database.reading() as session:
        call = session.scalars(select(Call)).one()
        assert (call.from_raw, call.to_raw) == (WORKER, OWN_NUMBER)
        assert session.scalars(select(Offer)).all() == []
