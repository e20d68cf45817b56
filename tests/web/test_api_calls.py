"""Calls over HTTP: the screen pop, the buttons of the call bar, and what came of each call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from dispatch.models.history import Outbox
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.parties import phone_key
from hotline.calls.models import CallLog, TicketCall
from hotline.public.quiet import silence
from tests.web.house import House
from tests.web.telephone import WORKER, both_join, caller_hangs_up, caller_waits, operator_leaves


def talking(house: House, sid: str = "CA1", *, name: str = "operator", **told: Any) -> httpx.Client:
    """Return the browser of an operator who has the caller on the line."""
    caller_waits(house, sid, **told)
    browser = house.browser(name)
    browser.put("/api/presence", json={"state": "ready"})
    offer = browser.get("/api/offers/current").json()
    assert browser.post(f"/api/offers/{offer['id']}/accept").status_code == 200
    both_join(house, sid)
    return browser


def live_commands(house: House) -> list[tuple[str, Any]]:
    with house.database.reading() as session:
        rows = session.execute(select(Outbox.kind, Outbox.payload).order_by(Outbox.id)).all()
    return [
        # That a conversation is recorded is a story of its own.
        (kind, payload)
        for kind, payload in rows
        if kind not in ("originate_operator", "redirect_caller", "record")
    ]


def as_role(house: House, name: str, role: str) -> None:
    with house.database.writing() as session:
        session.execute(update(User).where(User.name == name).values(role=role, union_id=None))


def test_the_screen_pop_tells_what_is_known_of_the_caller(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    number = "+8653188880001"
    earlier = talking(house, "CA0", number=number)
    ticket = earlier.post("/api/calls/CA0/ticket").json()
    earlier.patch(
        f"/api/tickets/{ticket['number']}", json={"version": ticket["version"], "category": "wage_arrears"}
    )
    caller_hangs_up(house, "CA0")
    earlier.post("/api/presence/finish")
    house.clock.advance(timedelta(hours=1))
    caller_waits(house, "CA1", number=number, said=("老板不发工资，电话13800000001",))
    pop = earlier.get("/api/calls/CA1").json()
    assert (pop["from"], pop["from_masked"], pop["region"]) == ("531****0001", "531****0001", "山东省济南市")
    assert pop["path"] == ["1 劳动权益", "1 欠薪"]
    assert pop["said"] == ["老板不发工资，电话138****0001"], "it only rings yet"
    assert pop["suggested_category"] == "wage_arrears"
    assert [each["number"] for each in pop["open_tickets"]] == [ticket["number"]]
    assert pop["calls_in_30_days"] == 2
    assert not pop["wants_no_messages"]
    with house.database.writing() as session:
        silence(session, phone_key(house.services.policy.secret, number), now=house.services.now())
    assert earlier.get("/api/calls/CA1").json()["wants_no_messages"]
    assert [(each["kind"], each["text"]) for each in pop["history"]] == [
        ("ticket", "拖欠工资 · 草稿"),
        ("call", "来电 · 已登记工单"),
    ]
    assert number not in earlier.get("/api/calls/CA1").text
    assert "13800000001" not in earlier.get("/api/calls/CA1").text


def test_what_the_call_itself_has_become_is_no_past_of_its_caller(house: House) -> None:
    browser = talking(house)
    number = browser.post("/api/calls/CA1/ticket").json()["number"]
    pop = browser.get("/api/calls/CA1").json()
    assert (pop["tickets"], pop["draft"]) == ([number], number)
    assert (pop["open_tickets"], pop["history"]) == ([], [])


def test_whoever_withholds_the_number_has_no_history(house: House) -> None:
    caller_waits(house, "CA1", number="anonymous")
    caller_waits(house, "CA2", number="anonymous")
    pop = house.browser("operator").get("/api/calls/CA2").json()
    assert pop["from_masked"] == "号码未显示"
    assert (pop["history"], pop["open_tickets"], pop["calls_in_30_days"], pop["region"]) == ([], [], 1, None)


def test_hold_and_mute_reach_the_carrier_once_for_each_press(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    browser = talking(house)
    held = browser.post("/api/calls/CA1/hold").json()
    assert (held["conversation_state"], held["on_hold"]) == ("on_hold", True)
    browser.post("/api/calls/CA1/hold")
    back = browser.post("/api/calls/CA1/unhold").json()
    assert (back["conversation_state"], back["on_hold"]) == ("connected", False)
    browser.post("/api/calls/CA1/hold")
    browser.post("/api/calls/CA1/unhold")
    assert browser.post("/api/calls/CA1/mute").json()["muted"] is True
    assert browser.post("/api/calls/CA1/unmute").json()["muted"] is False
    sent = live_commands(house)
    assert [(kind, payload["on"]) for kind, payload in sent] == [
        ("hold", True),
        ("hold", False),
        ("hold", True),
        ("hold", False),
        ("mute", True),
        ("mute", False),
    ]
    assert set(sent[4][1]) == {"call_id", "leg_id", "on"}
    with house.database.reading() as session:
        verbs = session.scalars(select(CallLog.verb).order_by(CallLog.id)).all()
    assert verbs[-4:] == ["HOLD", "UNHOLD", "HOLD", "UNHOLD"]


def test_hanging_up_lets_the_operators_own_leg_go(house: House) -> None:
    browser = talking(house)
    for _ in range(2):
        assert browser.post("/api/calls/CA1/hang_up").status_code == 200
    ((kind, payload),) = live_commands(house)
    assert kind == "hang_up"
    leg = next(each for each in browser.get("/api/calls/CA1").json()["legs"] if each["kind"] == "operator")
    assert (leg["sid"], leg["user_name"]) == ("CA1-operator", "operator")
    assert set(payload) == {"leg_id"}
    operator_leaves(house)
    assert browser.get("/api/calls/CA1").json()["conversation_state"] == "in_survey"
    over = browser.post("/api/calls/CA1/hang_up")
    assert (over.status_code, over.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("step", ["hold", "unhold", "mute", "unmute", "hang_up"])
def test_nobody_presses_the_buttons_of_anothers_call(house: House, step: str) -> None:
    talking(house)
    for name in ("other-operator", "supervisor"):
        refused = house.browser(name).post(f"/api/calls/CA1/{step}")
        assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert live_commands(house) == []
    assert house.browser("operator").post(f"/api/calls/CA404/{step}").status_code == 404


def test_a_call_makes_one_ticket_with_the_callers_number(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    browser = talking(house, category="wage_arrears")
    first = browser.post("/api/calls/CA1/ticket")
    assert first.status_code == 201
    draft = first.json()
    assert (draft["channel"], draft["category"], draft["state"]) == ("phone", "wage_arrears", "draft")
    assert draft["callers"][0]["phone_masked"] == "139****0001"
    assert [(each["sid"], each["relation"]) for each in draft["calls"]] == [("CA1", "origin")]
    assert browser.post("/api/calls/CA1/ticket").json()["number"] == draft["number"]
    again = browser.post("/api/tickets", json={"call_sid": "CA1", "wish": "再来一张"})
    assert again.json()["number"] == draft["number"]
    assert again.json()["wish"] == ""
    assert browser.get("/api/calls/CA1").json()["draft"] == draft["number"]
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
        assert session.scalar(select(func.count()).select_from(TicketCall)) == 1


def test_a_ticket_created_for_a_call_takes_the_form_and_the_calls_number(house: House) -> None:
    browser = talking(house)
    created = browser.post(
        "/api/tickets",
        json={
            "call_sid": "CA1",
            "channel": "walk_in",
            "wish": "要回工资",
            "caller": {"name": "测试诉求人", "phone": "13700000009"},
            "employers": [{"name": "某某公司"}],
        },
    ).json()
    assert (created["channel"], created["wish"], created["employer"]) == ("phone", "要回工资", "某某公司")
    assert created["callers"][0]["phone_masked"] == "139****0001", "the number is taken from the call"
    assert created["callers"][0]["name_masked"] == "测**"


def test_nobody_writes_down_anothers_call(house: House) -> None:
    talking(house)
    other = house.browser("other-operator")
    assert other.post("/api/calls/CA1/ticket").status_code == 403
    assert other.post("/api/tickets", json={"call_sid": "CA1"}).status_code == 403
    assert other.post("/api/calls/CA1/outcome", json={"outcome": "prank"}).status_code == 403
    union = house.browser("lixia")
    assert union.post("/api/calls/CA1/ticket").status_code == 404
    assert union.post("/api/tickets", json={"call_sid": "CA1"}).status_code == 404


def test_a_caller_who_reached_nobody_is_anybodys_at_the_desk(house: House) -> None:
    caller_waits(house)
    caller_hangs_up(house)
    draft = house.browser("operator").post("/api/calls/CA1/ticket")
    assert draft.status_code == 201
    assert draft.json()["callers"][0]["phone_masked"] == "139****0001"


def test_a_call_that_needs_no_ticket_has_an_outcome_instead(house: House) -> None:
    browser = talking(house)
    wrong = browser.post("/api/calls/CA1/outcome", json={"outcome": "ticket"})
    assert wrong.json()["fields"] == {"outcome": "不在可选范围内"}
    told = browser.post("/api/calls/CA1/outcome", json={"outcome": "wrong_number", "note": "找银行"}).json()
    assert told["outcome"] == "wrong_number"
    caller_hangs_up(house)
    assert browser.get("/api/calls/CA1").json()["outcome"] == "wrong_number"


def test_a_call_with_a_ticket_needs_no_other_outcome(house: House) -> None:
    browser = talking(house)
    browser.post("/api/calls/CA1/ticket")
    refused = browser.post("/api/calls/CA1/outcome", json={"outcome": "prank"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_the_list_of_calls_is_newest_first_and_masks_every_number(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    for number in range(5):
        caller_waits(house, f"CA{number}", number=f"+861395310000{number}")
        house.clock.advance(timedelta(seconds=1))
    browser = house.browser("supervisor")
    first = browser.get("/api/calls", params={"limit": 3})
    assert [each["sid"] for each in first.json()["items"]] == ["CA4", "CA3", "CA2"]
    assert first.json()["items"][0]["from"] == "139****0004"
    assert "1395310" not in first.text
    rest = browser.get("/api/calls", params={"cursor": first.json()["next"]}).json()
    assert ([each["sid"] for each in rest["items"]], rest["next"]) == (["CA1", "CA0"], None)
    assert browser.get("/api/calls", params={"cursor": "x"}).json()["fields"] == {"cursor": "翻页标记无效"}


@pytest.mark.parametrize(
    "told",
    [{"line": "care"}, {"category": "sexual_harassment"}],
    ids=["on the care line", "of a sealed kind"],
)
def test_a_sealed_call_exists_only_for_whoever_takes_it(
    house_on_each_engine: House, told: dict[str, Any]
) -> None:
    house = house_on_each_engine
    as_role(house, "callback", "counsellor")
    with house.database.writing() as session:
        session.execute(update(User).where(User.name == "callback").values(skills=["counselling"]))
    browser = talking(
        house, name="callback" if "line" in told else "operator", said=("我不想说出去",), **told
    )
    pop = browser.get("/api/calls/CA1").json()
    assert pop["said"] == ["我不想说出去"]
    for name in ("other-operator", "supervisor"):
        other = house.browser(name)
        assert "CA1" not in {each["sid"] for each in other.get("/api/calls").json()["items"]}
        assert other.get("/api/calls/CA1").content == other.get("/api/calls/CA404").content
        caller_waits(house, f"CA-{name}", said=("还是我",))
        seen = other.get(f"/api/calls/CA-{name}").json()
        assert [each["kind"] for each in seen["history"]] == ["call"] * (seen["calls_in_30_days"] - 1)
        assert "CA1" not in str(seen)
    as_role(house, "dispatcher", "auditor")
    assert "CA1" in {each["sid"] for each in house.browser("dispatcher").get("/api/calls").json()["items"]}


def test_a_sealed_story_leaves_the_operators_list_once_it_is_written_down(house: House) -> None:
    browser = talking(house, category="sexual_harassment")
    draft = browser.post("/api/calls/CA1/ticket").json()
    caller_hangs_up(house)
    assert browser.get("/api/calls/CA1").status_code == 200, "still writing"
    browser.post("/api/presence/finish")
    assert browser.get("/api/calls/CA1").status_code == 404
    assert browser.get("/api/calls").json()["items"] == []
    assert browser.get(f"/api/tickets/{draft['number']}").status_code == 200, (
        "the draft is still his to finish"
    )


def test_a_union_learns_of_no_call(house: House) -> None:
    browser = talking(house)
    draft = browser.post("/api/tickets", json={
        "call_sid": "CA1", "category": "wage_arrears", "region_code": "370102", "wish": "要回工资",
        "confidentiality": "open", "disclosure": "none", "contact_mode": "phone", "callback_wanted": True,
        "employers": [{"name": ""}],
    }).json()  # fmt: skip
    url = f"/api/tickets/{draft['number']}"
    accepted = browser.post(f"{url}/accept", json={"version": draft["version"]}).json()
    sent = browser.post(
        f"{url}/dispatch",
        json={
            "version": accepted["version"],
            "union_id": house.world.union("370102"),
            "override_reason": "测试指定",
        },
    ).json()
    assert [each["sid"] for each in sent["calls"]] == ["CA1"]
    seen = house.browser("lixia").get(url)
    assert seen.json()["calls"] == []
    assert WORKER not in seen.text
