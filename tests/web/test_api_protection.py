"""Warnings, distress, blocked numbers, announcements and what callers thought, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.models.history import Event
from hotline.calls.locks import lock_by_sid
from hotline.calls.log import Verb, log
from hotline.calls.models import CallLog
from hotline.calls.protection_models import BlockedNumber
from tests.web.house import House
from tests.web.telephone import WORKER, asks_for_a_return_call, caller_waits
from tests.web.test_api_calls import as_role, live_commands, talking


def flag(house: House, sid: str = "CA1") -> None:
    """Let the machine hear words of distress."""
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        call.crisis = "suspected"


def diary(house: House) -> list[str]:
    with house.database.reading() as session:
        return list(session.scalars(select(CallLog.verb).order_by(CallLog.id)))


def code_of(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("detail")


def test_three_warnings_come_before_the_end_and_each_is_in_the_diary(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = talking(house)
    early = operator.post("/api/calls/CA1/end_for_abuse")
    assert code_of(early) == (403, "结束通话前须警告3次，现在是0次")
    for number in (1, 2, 3):
        assert operator.post("/api/calls/CA1/warn").json()["warnings"] == number
    assert code_of(operator.post("/api/calls/CA1/warn")) == (409, "已经警告3次，可以结束通话")
    played = [payload["number"] for kind, payload in live_commands(house) if kind == "play_warning"]
    assert played == [1, 2, 3]
    assert operator.post("/api/calls/CA1/end_for_abuse").status_code == 200
    assert [verb for verb in diary(house) if verb in (Verb.WARNING, Verb.ABUSE)] == [
        *["WARNING"] * 3,
        "ABUSE",
    ]


def test_nobody_in_distress_is_warned_hung_up_on_or_blocked(house: House) -> None:
    operator = talking(house)
    flag(house)
    for command in ("warn", "end_for_abuse"):
        assert code_of(operator.post(f"/api/calls/CA1/{command}"))[0] == 403
    block = {"call_sid": "CA1", "days": 3, "reason": "骚扰"}
    refused = house.browser("supervisor").post("/api/blocked-numbers", json=block)
    assert code_of(refused) == (403, "来电人可能处于危机中，不能限制号码")
    assert operator.post("/api/calls/CA1/crisis", json={"confirmed": False}).json()["crisis"] == "dismissed"
    assert operator.post("/api/calls/CA1/warn").status_code == 200


def test_another_operator_can_neither_warn_nor_judge(house: House) -> None:
    talking(house)
    other = house.browser("other-operator")
    assert other.post("/api/calls/CA1/warn").status_code == 403
    assert other.post("/api/calls/CA1/crisis", json={"confirmed": True}).status_code == 403


def test_confirmed_distress_seals_the_draft_and_puts_the_caller_first(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = talking(house)
    draft = operator.post("/api/calls/CA1/ticket").json()
    flag(house)
    pop = operator.post("/api/calls/CA1/crisis", json={"confirmed": True}).json()
    assert pop["crisis"] == "confirmed"
    ticket = operator.get(f"/api/tickets/{draft['number']}").json()
    assert (ticket["category"], ticket["urgency"]) == ("crisis", "P0")
    assert house.browser("dispatcher").get(f"/api/tickets/{draft['number']}").status_code == 404, "sealed"


def test_a_supervisor_confirms_distress_of_a_caller_who_still_waits(house: House) -> None:
    caller_waits(house, "CA1")
    flag(house)
    supervisor = house.browser("supervisor")
    assert supervisor.post("/api/calls/CA1/crisis", json={"confirmed": True}).status_code == 200
    with house.database.reading() as session:
        said = session.scalars(select(CallLog.data).where(CallLog.verb == Verb.CRISIS.value)).all()
    assert list(said) == [{"confirmed": True}]


def test_a_block_is_made_listed_lifted_and_written_into_the_history(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    talking(house)
    supervisor = house.browser("supervisor")
    made = supervisor.post("/api/blocked-numbers", json={"call_sid": "CA1", "days": 3, "reason": "多次骚扰"})
    assert made.status_code == 201, made.text
    assert WORKER not in made.text
    assert [each["id"] for each in supervisor.get("/api/blocked-numbers").json()] == [made.json()["id"]]
    lifted = supervisor.post(f"/api/blocked-numbers/{made.json()['id']}/lift")
    assert lifted.json()["lifted_at"] is not None
    assert supervisor.post(f"/api/blocked-numbers/{made.json()['id']}/lift").status_code == 409
    assert supervisor.get("/api/blocked-numbers").json() == []
    assert len(supervisor.get("/api/blocked-numbers", params={"past": True}).json()) == 1
    assert supervisor.post("/api/blocked-numbers/999/lift").status_code == 404
    with house.database.reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.stream == "administration").order_by(Event.id))
        assert list(kinds)[-2:] == ["NumberBlocked", "NumberUnblocked"]
        assert session.scalars(select(BlockedNumber.number_key)).one() != WORKER


@pytest.mark.parametrize(
    "wrong",
    [{"days": 0}, {"days": 31}, {"days": 99999}, {"reason": ""}, {"call_sid": "nobody"}, {"number": "1"}],
)
def test_a_block_needs_a_call_a_reason_and_an_end(house: House, wrong: dict[str, Any]) -> None:
    talking(house)
    body = {"call_sid": "CA1", "days": 3, "reason": "骚扰", **wrong}
    answer = house.browser("supervisor").post("/api/blocked-numbers", json=body)
    assert answer.status_code in (404, 422)


def test_a_hidden_number_cannot_be_blocked(house: House) -> None:
    caller_waits(house, "CA1", number="anonymous")
    body = {"call_sid": "CA1", "days": 3, "reason": "骚扰"}
    assert house.browser("supervisor").post("/api/blocked-numbers", json=body).status_code == 422


def test_one_announcement_is_on_at_a_time_and_anybody_at_a_desk_can_read_it(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    supervisor, operator = house.browser("supervisor"), house.browser("operator")
    assert operator.get("/api/incident").json() is None
    for text in ("停电检修", "系统升级"):
        assert supervisor.put("/api/incident", json={"text": text}).status_code == 200
    assert operator.get("/api/incident").json()["text"] == "系统升级"
    assert supervisor.delete("/api/incident").status_code == 204
    assert supervisor.delete("/api/incident").status_code == 204, "off already"
    assert operator.get("/api/incident").json() is None


@pytest.mark.parametrize("name", ["operator", "callback", "dispatcher", "jinan"])
def test_only_supervisors_protect(house: House, name: str) -> None:
    browser = house.browser(name)
    assert browser.put("/api/incident", json={"text": "x"}).status_code == 403
    assert browser.delete("/api/incident").status_code == 403
    assert browser.get("/api/blocked-numbers").status_code == 403
    since = {"since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}
    assert browser.get("/api/satisfaction", params=since).status_code == 403


def test_what_callers_thought_is_counted_by_period(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    caller_waits(house, "CA1")
    with house.database.writing() as session:
        call = lock_by_sid(session, "CA1")
        assert call is not None
        now = house.clock()
        for answer in ("satisfied", "satisfied", "basically", "dissatisfied"):
            log(session, call, Verb.SURVEY, now=now, satisfied=answer)
        log(session, call, Verb.SURVEY, now=now - timedelta(days=2), satisfied="dissatisfied")
        for _ in range(5):
            log(session, call, Verb.COMPLETE, now=now, by="operator")
    since, until = now - timedelta(hours=1), now + timedelta(hours=1)
    as_role(house, "dispatcher", "inspector")
    for name in ("supervisor", "dispatcher"):
        found = house.browser(name).get(
            "/api/satisfaction", params={"since": since.isoformat(), "until": until.isoformat()}
        )
        assert found.json() == {
            "satisfied": 2,
            "basically": 1,
            "dissatisfied": 1,
            "answers": 4,
            "asked": 5,
            "rate": 0.75,
        }
    naive = {"since": "2026-11-23T00:00:00", "until": "2026-11-24T00:00:00"}
    assert house.browser("supervisor").get("/api/satisfaction", params=naive).status_code == 422


def test_a_return_call_to_a_number_outside_the_list_says_why(house: House) -> None:
    task = asks_for_a_return_call(house, number="+14155550100")
    operator = house.browser("operator")
    operator.put("/api/presence", json={"state": "ready"})
    refused = operator.post(f"/api/return-calls/{task}/call")
    assert code_of(refused) == (403, "这个号码不在允许拨打的范围内，请人工处理")
