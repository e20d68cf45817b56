"""Transfers, third parties and callers on hold: whatever goes wrong, the caller is with a person or in the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from dispatch.database import Database
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from hotline.calls.models import Call
from hotline.line.presence import State
from tests.calls.centre import Centre, open_centre
from tests.calls.talks import LAWYER, Talk, open_talk, sqlite_centre
from tests.phone import Phone


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with sqlite_centre(tmp_path) as opened:
        yield opened


@pytest.fixture
def talk(centre: Centre) -> Iterator[Talk]:
    with open_talk(centre) as made:
        yield made


def test_a_colleague_is_asked_first_and_then_has_the_caller(database: Database, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre, open_talk(centre) as talk:
        number = talk.post("ticket")["number"]
        colleague, his, user_id = talk.colleague("other-operator")
        talk.asks("warm", user_id=user_id)
        talk.caller.is_on_hold()
        assert (talk.state, centre.state_of("other-operator")) == ("consulting", State.RESERVED)
        assert his.get(f"/api/calls/{talk.sid}").status_code == 200, "he sees who it is about"
        talk.comes(colleague, his)
        colleague.is_in_conference()
        talk.desk.says("有位职工想问工伤认定")
        colleague.hears("工伤认定")
        talk.post("transfer/complete")
        talk.caller.is_off_hold()
        talk.desk.was_hung_up()
        colleague.says("您好，我来接着说")
        talk.caller.hears("我来接着说").does_not_hear("有位职工想问")
        assert [centre.state_of(each) for each in ("operator", "other-operator")] == ["wrap_up", "talking"]
        # What was written down goes along: the new one writes on, the former one finishes his sentence.
        for browser in (his, talk.browser):
            version = browser.get(f"/api/tickets/{number}").json()["version"]
            told = {"version": version, "wish": "要认定工伤"}
            assert browser.patch(f"/api/tickets/{number}", json=told).status_code == 200
        # The new operator's browser falls out and comes back, as the first one's would.
        colleague.hangs_up()
        talk.caller.is_on_hold()
        centre.pass_time(1)
        centre.line.settle()
        talk.caller.is_off_hold()
        talk.hangs_up(his)
        assert talk.diary[2:] == [
            "CONNECT",
            "TRANSFER warm operator ringing",
            "HOLD",
            "TRANSFER warm operator talking",
            "TRANSFER warm operator done",
            "UNHOLD",
            "RECONNECT",
            "COMPLETE operator",
            "SURVEY",
        ]
        with centre.services.database.reading() as session:
            kinds = session.scalars(select(Event.kind).where(Event.stream == "administration")).all()
            assert {"TransferBegan", "CallHandedOver"} <= set(kinds)
            assert session.scalars(select(Ticket.created_by_id)).all() == [None]


WAYS = ("declines", "lets it ring", "is taken back", "was never there", "hangs up", "goes out")


def test_a_colleague_who_does_not_take_it_leaves_the_caller_where_he_was(talk: Talk) -> None:
    centre = talk.centre
    colleague, his, user_id = talk.colleague("other-operator")
    for how in WAYS:
        talk.asks("warm", user_id=user_id)
        talk.caller.is_on_hold()
        _does_not_take(talk, colleague, his, how)
        centre.line.settle()
        talk.caller.is_off_hold()
        talk.desk.says(f"让您久等了，{how}")
        talk.caller.hears(f"让您久等了，{how}")
        assert (talk.state, his.get("/api/transfers/current").json()) == ("connected", None), how
        assert centre.state_of("operator") == State.TALKING
        assert centre.state_of("other-operator") == State.READY, how
        assert talk.open_legs().count("consulted") == 0, how
        # A ring that nobody took counts; two of them one after the other are for another story.
        centre.choose(centre.world.actor("other-operator"), State.READY)
    talk.hangs_up()


def _does_not_take(talk: Talk, colleague: Phone, his: httpx.Client, how: str) -> None:
    ring = his.get("/api/transfers/current").json()
    if how == "declines":
        his.post(f"/api/transfers/{ring['id']}/decline")
    elif how == "lets it ring":
        talk.centre.pass_time(21)
    elif how == "is taken back":
        talk.post("transfer/cancel")
    elif how == "was never there":
        colleague.lets_it_ring()
        assert his.post(f"/api/transfers/{ring['id']}/accept").is_success
        talk.centre.line.settle()
        colleague.declines().answers_by_itself()
    else:
        talk.comes(colleague, his)
        if how == "goes out":
            talk.post("transfer/leave", by=his)
            colleague.was_hung_up()
        else:
            colleague.hangs_up()


@pytest.mark.parametrize("answered", [False, True])
def test_an_operator_who_goes_away_in_the_middle_strands_nobody(talk: Talk, answered: bool) -> None:
    centre = talk.centre
    colleague, his, user_id = talk.colleague("other-operator")
    talk.asks("warm", user_id=user_id)
    if answered:
        talk.comes(colleague, his)
    talk.post("hang_up")
    if answered:
        # He hung up as one does after having explained: the colleague has the caller.
        talk.caller.is_off_hold()
        colleague.says("您好")
        talk.caller.hears("您好")
        talk.hangs_up(his)
        return
    talk.caller.hears("您是下一位")
    assert centre.state_of("operator") == State.WRAP_UP
    # The colleague is free again, and the next whom the line rings.
    offer = his.get("/api/offers/current").json()
    assert offer["call_sid"] == talk.sid
    assert his.post(f"/api/offers/{offer['id']}/accept").is_success
    centre.line.settle()
    colleague.says("您好")
    talk.caller.is_in_conference().hears("您好")
    talk.hangs_up(his)


def test_a_browser_that_falls_out_in_the_middle_comes_back_or_leaves_the_caller_with_the_colleague(
    talk: Talk,
) -> None:
    centre = talk.centre
    colleague, his, user_id = talk.colleague("other-operator")
    talk.asks("warm", user_id=user_id)
    talk.comes(colleague, his)
    talk.desk.hangs_up()
    centre.pass_time(1)
    centre.line.settle()
    talk.desk.is_in_conference()
    talk.caller.is_on_hold()
    talk.desk.says("我又回来了")
    colleague.hears("我又回来了")
    talk.caller.does_not_hear("我又回来了")
    # This time for good.
    talk.desk.lets_it_ring().hangs_up()
    for _ in range(3):
        centre.pass_time(8)
        talk.caller.waits(1)
    talk.caller.is_off_hold()
    colleague.says("您好，我来接着说")
    talk.caller.hears("我来接着说")
    assert [centre.state_of(each) for each in ("operator", "other-operator")] == ["wrap_up", "talking"]
    talk.hangs_up(his)


def test_a_caller_who_hangs_up_during_a_consultation_frees_both(talk: Talk) -> None:
    colleague, his, user_id = talk.colleague("other-operator")
    talk.asks("warm", user_id=user_id)
    talk.comes(colleague, his)
    talk.caller.hangs_up()
    talk.centre.line.settle()
    colleague.was_hung_up()
    assert talk.centre.state_of("other-operator") == State.READY
    assert talk.centre.state_of("operator") == State.WRAP_UP
    talk.centre.all_is_settled()


def test_a_caller_is_put_through_to_a_line_and_keeps_his_time(talk: Talk) -> None:
    centre = talk.centre
    his = centre.browser("supervisor")
    with centre.services.database.writing() as session:
        session.execute(update(User).where(User.name == "supervisor").values(skills=["legal"]))
    desk = centre.seat("supervisor")
    switch(centre, "mutual_aid", divert_to="legal")
    talk.asks("cold", line="mutual_aid")
    assert centre.state_of("operator") == State.WRAP_UP
    offer = his.get("/api/offers/current").json()
    assert (offer["line"], offer["call_sid"]) == ("legal", talk.sid)
    assert his.post(f"/api/offers/{offer['id']}/accept").is_success
    centre.line.settle()
    desk.says("您好，我是律师")
    talk.caller.is_in_conference().hears("我是律师")
    talk.hangs_up(his)
    assert talk.refused("transfer", {"style": "cold", "line": "legal"}) != ""


def test_a_line_without_anybody_takes_no_caller(talk: Talk) -> None:
    assert "没有人值守" in talk.refused("transfer", {"style": "cold", "line": "care"})
    assert "专线只能直接转接" in str(
        talk.browser.post(
            f"/api/calls/{talk.sid}/transfer", json={"style": "warm", "line": "general"}
        ).json()["fields"]
    )
    switch(talk.centre, "general", is_open=False)
    switch(talk.centre, "rights", divert_to="general")
    assert "综合服务专线已关闭，不能转入" in talk.refused("transfer", {"style": "cold", "line": "general"})
    refused = talk.refused("transfer", {"style": "cold", "line": "rights"})
    assert "已转到综合服务专线，综合服务专线已关闭，不能转入" in refused
    goals = talk.browser.get("/api/transfer-targets").json()["lines"]
    assert {each["code"] for each in goals if each["open"]}.isdisjoint({"general", "rights", "care"})
    assert talk.state == "connected"
    # He was let in before it was closed: handed to a colleague he is served like whoever stood there.
    _, _, user_id = talk.colleague("other-operator")
    talk.asks("cold", user_id=user_id)
    assert (talk.state, talk.centre.calls()[0].line) == ("offered", "general")
    talk.caller.hangs_up()
    talk.centre.line.settle()
    talk.centre.all_is_settled()


def switch(centre: Centre, line: str, **given: object) -> None:
    """Let the supervisor do something with a line."""
    boss = centre.browser("supervisor")
    answer = boss.put(f"/api/lines/{line}", json={"reason": "培训", "version": 0, **given})
    assert answer.status_code == 200, answer.text


def test_a_colleague_who_does_not_answer_is_followed_by_the_line(talk: Talk) -> None:
    centre = talk.centre
    _, his, user_id = talk.colleague("other-operator")
    talk.asks("cold", user_id=user_id)
    assert his.get("/api/offers/current").json()["call_sid"] == talk.sid
    talk.caller.hears("您是下一位")
    talk.browser.post("/api/presence/finish")
    centre.pass_time(21)
    # Whoever is ready next: the first one is, again.
    offer = talk.browser.get("/api/offers/current").json()
    assert offer["call_sid"] == talk.sid
    assert talk.browser.post(f"/api/offers/{offer['id']}/accept").is_success
    centre.line.settle()
    talk.caller.is_in_conference()
    talk.hangs_up()


def test_somebody_outside_takes_the_caller_at_once(talk: Talk) -> None:
    lawyer = talk.centre.phone(LAWYER)
    talk.asks("cold", party="lawyer")
    assert talk.centre.state_of("operator") == State.WRAP_UP
    talk.caller.is_on_hold()
    lawyer.answers().hears("现在为您接入一位职工的来电").is_in_conference()
    talk.caller.is_off_hold().says("我想问赔偿")
    lawyer.hears("我想问赔偿").says("请讲")
    talk.caller.hears("请讲")
    # The operator has taken leave: his next call is another one, and this one ends without him.
    lawyer.hangs_up()
    talk.caller.hears("请为本次服务打分").presses("1").was_hung_up()
    talk.centre.all_is_settled()
    assert "COMPLETE third_party" in talk.diary


@pytest.mark.parametrize("how", ["refuses", "does not answer"])
def test_somebody_outside_who_does_not_come_sends_the_caller_to_the_line(talk: Talk, how: str) -> None:
    centre = talk.centre
    lawyer = centre.phone(LAWYER)
    talk.asks("cold", party="lawyer")
    lawyer.rings()
    if how == "refuses":
        lawyer.declines()
    else:
        talk.caller.waits(31)
    talk.caller.hears("您是下一位")
    assert talk.transfers == [("failed", "busy" if how == "refuses" else "no_answer")]
    talk.caller.hangs_up()
    centre.line.settle()
    # He had spoken with somebody, and not with whom he was sent to: he is owed a call.
    assert [(task.reason, task.state) for task in centre.return_calls()] == [("abandoned", "due")]
    centre.all_is_settled()


def test_a_call_that_we_made_can_be_put_into_the_line_as_well(centre: Centre) -> None:
    seat, browser = centre.seat("operator"), centre.browser("operator")
    caller = centre.phone().dial().presses("0").hears("正在为您转接")
    caller.hangs_up()
    centre.line.settle()
    for hangs_up in (True, False):
        task = browser.get("/api/return-calls").json()["items"][0]
        assert browser.post(f"/api/return-calls/{task['id']}/call").is_success
        centre.line.settle()
        seat.is_in_conference()
        caller.answers().is_in_conference()
        sid = centre.calls()[-1].sid
        told = {"style": "cold", "line": "general"}
        assert browser.post(f"/api/calls/{sid}/transfer", json=told).is_success
        centre.line.settle()
        caller.hears("您是下一位")
        if hangs_up:
            # We had reached him, and sent him into the line: he is owed another call.
            caller.hangs_up()
            centre.line.settle()
            assert [(each.reason, each.state) for each in centre.return_calls()] == [("abandoned", "due")]
            assert browser.post("/api/presence/finish").is_success
            centre.line.settle()
    assert browser.post("/api/presence/finish").is_success
    centre.line.settle()
    offer = browser.get("/api/offers/current").json()
    assert browser.post(f"/api/offers/{offer['id']}/accept").is_success
    centre.line.settle()
    caller.is_in_conference()
    assert browser.post(f"/api/calls/{sid}/hang_up").is_success
    centre.line.settle()
    caller.hears("请为本次服务打分").presses("1").was_hung_up()
    centre.line.settle()
    centre.all_is_settled()


def test_three_talk_together_and_keys_reach_only_the_one_outside(database: Database, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre, open_talk(centre) as talk:
        twelve = centre.phone("12348")
        talk.asks("three_way", party="line_12348")
        talk.desk.says("正在为您接入法律服务热线")
        talk.caller.hears("正在为您接入")
        twelve.answers().is_in_conference()
        talk.post("digits", {"digits": "2#"})
        assert [each["digits"] for each in twelve.events if each["event"] == "music"][-1] == "2#"
        assert not [each for each in talk.caller.events if each.get("digits") == "2#"]
        twelve.says("这里是12348")
        talk.caller.hears("这里是12348").says("我要咨询")
        talk.desk.hears("我要咨询")
        (party,) = [each for each in talk.view["parties"] if each["kind"] == "third_party"]
        assert (party["label"], party["present"]) == ("12348 公共法律服务热线", True)
        assert talk.browser.delete(f"/api/calls/{talk.sid}/parties/{party['id']}").is_success
        centre.line.settle()
        twelve.was_hung_up()
        talk.desk.says("还在吗")
        talk.caller.hears("还在吗")
        # Again, first among themselves, then all together, then without the operator.
        talk.asks("warm", party="line_12348")
        twelve.answers().is_in_conference()
        twelve.says("请说")
        talk.caller.does_not_hear("请说")
        talk.post("transfer/merge")
        talk.caller.is_off_hold()
        twelve.says("您好")
        talk.caller.hears("您好")
        talk.post("transfer/complete")
        assert centre.state_of("operator") == State.WRAP_UP
        talk.caller.says("谢谢")
        twelve.hears("谢谢").hangs_up()
        talk.caller.hears("请为本次服务打分").presses("1").was_hung_up()
        centre.all_is_settled()
        assert [line for line in talk.diary if line.startswith("CONFERENCE")] == [
            "CONFERENCE three_way outside ringing",
            "CONFERENCE three_way outside done",
            "CONFERENCE 2",
            "CONFERENCE removed",
            "CONFERENCE three_way outside done",
        ]


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"number": "+8616012345678"}, "声讯"),
    ({"number": "+14155550100"}, "不在允许拨打的范围"),
    ({"number": "12345"}, "不是可以拨打的号码"),
    ({"party": "nobody"}, "没有这项内容"),
    ({"user_id": 999_999}, "没有这项内容"),
    ({}, "请更正"),
)


def test_only_known_numbers_can_be_dialled(talk: Talk) -> None:
    for target, why in REFUSED:
        assert why in talk.refused("transfer", {"style": "three_way", **target}), target
    assert (talk.state, talk.transfers) == ("connected", [])
    talk.hangs_up()


def test_a_typed_number_is_dialled_as_often_as_a_number_may_be(talk: Talk) -> None:
    number = "+8613912345678"
    centre = talk.centre
    for _ in range(centre.services.outbound.per_number_a_day):
        talk.asks("warm", number=number)
        assert talk.view["transfer"]["label"] == "139****5678"
        talk.post("transfer/cancel")
    assert "不再拨打" in talk.refused("transfer", {"style": "warm", "number": number})
    talk.hangs_up()


def test_a_story_told_in_confidence_goes_to_nobody_but_helpers(centre: Centre) -> None:
    with centre.services.database.writing() as session:
        session.execute(update(User).where(User.name == "operator").values(skills=["counselling"]))
    with open_talk(centre, keys="9") as talk:
        _, _, user_id = talk.colleague("other-operator")
        assert "心理老师" in talk.refused("transfer", {"style": "warm", "user_id": user_id})
        assert "心理关怀" in talk.refused("transfer", {"style": "warm", "party": "line_12348"})
        assert "心理关怀" in talk.refused("transfer", {"style": "warm", "number": "+8613912345678"})
        aid = centre.phone("12356")
        talk.asks("warm", party="line_12356")
        aid.answers().is_in_conference()
        talk.post("transfer/complete")
        talk.caller.is_off_hold().hangs_up()
        centre.line.settle()
        centre.all_is_settled()


def test_a_caller_on_hold_is_brought_to_mind_and_at_last_to_a_supervisor(talk: Talk) -> None:
    centre = talk.centre
    talk.post("hold")
    assert talk.view["recall_at"] is not None
    for times in (1, 2, 3):
        centre.pass_time(59)
        assert talk.view["recalls"] == times - 1
        centre.pass_time(1)
        talk.desk.hears("来电人还在等候")
        assert talk.view["recalls"] == times
    asked = centre.browser("supervisor").get("/api/help-requests").json()
    assert [(each["reason"], each["call_sid"]) for each in asked] == [("held", talk.sid)]
    talk.post("unhold")
    assert (talk.view["recall_at"], talk.view["recalls"]) == (None, 0)
    talk.post("hang_up")
    talk.caller.hears("请为本次服务打分").presses("1").was_hung_up()
    centre.settle()
    assert centre.browser("supervisor").get("/api/help-requests").json() == []
    with centre.services.database.reading() as session:
        texts = session.scalars(select(Notice.text).where(Notice.kind == "alarm")).all()
        assert [each for each in texts if "保持很久" in each] != []
        assert session.scalars(select(Call.held_since)).all() == [None]
    centre.all_is_settled()


def test_a_caller_who_is_abusive_is_not_handed_on_when_the_call_is_ended(talk: Talk) -> None:
    colleague, his, user_id = talk.colleague("other-operator")
    for _ in talk.centre.services.messages.warnings:
        talk.post("warn")
    talk.asks("warm", user_id=user_id)
    talk.comes(colleague, his)
    talk.post("end_for_abuse")
    talk.caller.was_hung_up()
    colleague.was_hung_up()
    assert talk.centre.state_of("other-operator") == State.READY
    talk.centre.all_is_settled()
