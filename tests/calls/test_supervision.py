"""Supervisors in a conversation: who hears whom, who may, what stays closed to them, and who asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from dispatch.database import Database
from dispatch.models.history import Event
from dispatch.models.people import User
from hotline.line.presence import State
from tests.calls.centre import Centre, open_centre
from tests.calls.talks import Talk, open_talk, sqlite_centre
from tests.phone import Phone


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with sqlite_centre(tmp_path) as opened:
        yield opened


@pytest.fixture
def talk(centre: Centre) -> Iterator[Talk]:
    with open_talk(centre) as made:
        yield made


def boss(talk: Talk) -> tuple[Phone, httpx.Client]:
    desk, browser, _ = talk.colleague("supervisor")
    return desk, browser


def test_who_hears_whom(database: Database, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre, open_talk(centre) as talk:
        desk, his = boss(talk)
        talk.post("listen", by=his)
        desk.is_in_conference()
        assert centre.state_of("supervisor") == State.NOT_READY, "who listens is not rung"
        talk.caller.says("他们不发工资")
        desk.hears("他们不发工资").says("别人听不到这句")
        talk.desk.does_not_hear("别人听不到这句")

        talk.post("supervise", {"mode": "whisper"}, by=his)
        desk.says("问他有几个人")
        talk.desk.hears("问他有几个人")
        # The operator's browser falls out: what is whispered then reaches nobody, until it is back.
        talk.desk.hangs_up()
        desk.says("谁也听不到这句")
        centre.pass_time(1)
        centre.line.settle()
        talk.desk.is_in_conference()
        talk.caller.is_off_hold()
        desk.says("再问一次")
        talk.desk.hears("再问一次")
        talk.caller.does_not_hear("问他有几个人").does_not_hear("谁也听不到这句").does_not_hear("再问一次")

        talk.post("supervise", {"mode": "barge"}, by=his)
        desk.says("您好，我是值班长")
        talk.caller.hears("您好，我是值班长")
        talk.desk.hears("您好，我是值班长")

        talk.post("listen", by=his)
        desk.says("又听不到了")
        talk.caller.does_not_hear("又听不到了")
        (mine,) = [each for each in his.get("/api/floor").json()["operators"] if each["talking"]]
        assert mine["talking"]["listeners"] == [
            {
                "user_id": centre.world.actor("supervisor").user_id,
                "name": "supervisor",
                "mode": "listen",
                "present": True,
            }
        ]
        talk.post("supervise", {"mode": "take_over"}, by=his)
        talk.desk.was_hung_up()
        desk.says("由我来处理")
        talk.caller.hears("由我来处理")
        assert [centre.state_of(each) for each in ("operator", "supervisor")] == ["wrap_up", "talking"]
        talk.hangs_up(his)
        assert [line for line in talk.diary if line.startswith("SUPERVISE")] == [
            f"SUPERVISE {mode}" for mode in ("listen", "whisper", "barge", "listen", "take_over")
        ]
        with centre.services.database.reading() as session:
            told = session.scalars(select(Event.payload).where(Event.kind == "ConversationSupervised")).all()
            assert [each["mode"] for each in told] == ["listen", "whisper", "barge", "listen", "take_over"]


def test_who_goes_out_takes_calls_again_and_nobody_is_listened_to_twice(talk: Talk) -> None:
    desk, his = boss(talk)
    talk.post("supervise", {"mode": "whisper"}, by=his)
    desk.is_in_conference()
    talk.post("leave", by=his)
    desk.was_hung_up()
    assert talk.centre.state_of("supervisor") == State.READY
    talk.post("leave", by=his)
    talk.post("listen", by=his)
    desk.is_in_conference()
    talk.caller.hangs_up()
    talk.centre.line.settle()
    desk.was_hung_up()
    assert talk.centre.state_of("supervisor") == State.READY
    talk.centre.all_is_settled()


def test_a_conversation_is_taken_over_without_listening_first(talk: Talk) -> None:
    desk, his = boss(talk)
    _, other, user_id = talk.colleague("other-operator")
    talk.asks("warm", user_id=user_id)
    talk.post("supervise", {"mode": "take_over"}, by=his)
    desk.is_in_conference()
    # What the operator had under way is off, and the caller is heard.
    talk.caller.is_off_hold()
    assert other.get("/api/transfers/current").json() is None
    desk.says("您好")
    talk.caller.hears("您好")
    talk.hangs_up(his)


def test_an_inspector_only_listens_and_others_do_not_even_that(talk: Talk) -> None:
    centre = talk.centre
    with centre.services.database.writing() as session:
        session.execute(update(User).where(User.name == "dispatcher").values(role="inspector"))
    inspector = centre.browser("dispatcher")
    token = inspector.post("/api/device-token").json()
    assert token["kind"] == "sandbox"
    desk = centre.line.device(token["identity"], auto_answer=True)
    assert "没有这项权限" in talk.refused("supervise", {"mode": "whisper"}, by=inspector)
    talk.post("listen", by=inspector)
    desk.is_in_conference()
    talk.caller.says("我的情况是这样")
    desk.hears("我的情况是这样").says("不该被听到")
    talk.caller.does_not_hear("不该被听到")
    talk.post("leave", by=inspector)
    desk.was_hung_up()
    for name in ("operator", "callback"):
        browser = centre.browser(name)
        assert browser.post(f"/api/calls/{talk.sid}/listen").status_code == 403
        assert browser.get("/api/floor").status_code == 403
    talk.hangs_up()


def test_nobody_listens_where_somebody_confides(centre: Centre) -> None:
    with centre.services.database.writing() as session:
        session.execute(update(User).where(User.name == "operator").values(skills=["counselling"]))
    with open_talk(centre, keys="9") as talk:
        _, his = boss(talk)
        for path, body in (
            ("listen", None),
            ("supervise", {"mode": "barge"}),
            ("supervise", {"mode": "take_over"}),
        ):
            assert his.post(f"/api/calls/{talk.sid}/{path}", json=body).status_code == 404
        (seen,) = [each for each in his.get("/api/floor").json()["operators"] if each["talking"]]
        assert (seen["talking"]["sid"], seen["talking"]["open"]) == (None, False)
        talk.post("help", {"text": "来电人要轻生"})
        (asked,) = his.get("/api/help-requests").json()
        assert (asked["call_sid"], asked["text"], asked["name"]) == (None, "", "operator")
        assert his.post(f"/api/help-requests/{asked['id']}/answer").is_success
        talk.caller.hangs_up()
        centre.line.settle()
        centre.all_is_settled()


def test_a_story_that_turns_out_to_be_told_in_confidence_is_closed_at_once(talk: Talk) -> None:
    desk, his = boss(talk)
    talk.post("listen", by=his)
    desk.is_in_conference()
    talk.post("crisis", {"confirmed": True})
    talk.centre.settle()
    desk.was_hung_up()
    assert talk.centre.state_of("supervisor") == State.READY
    assert "SUPERVISE left" in talk.diary
    talk.caller.hangs_up()
    talk.centre.line.settle()
    talk.centre.all_is_settled()


def test_help_is_asked_for_answered_and_withdrawn(talk: Talk) -> None:
    desk, his = boss(talk)
    assert talk.post("help", {"text": "来电人很激动"})["help"] is True
    talk.post("help", {})
    (asked,) = his.get("/api/floor").json()["help"]
    assert (asked["text"], asked["call_sid"], asked["reason"]) == ("来电人很激动", talk.sid, "asked")
    assert [each["kind"] for each in his.get("/api/notices").json()["items"]] == ["alarm"]
    assert talk.browser.delete(f"/api/calls/{talk.sid}/help").json()["help"] is False
    talk.post("help", {})
    # Whoever comes in has answered it.
    talk.post("listen", by=his)
    desk.is_in_conference()
    assert his.get("/api/help-requests").json() == []
    assert talk.view["help"] is False
    talk.hangs_up()


def test_the_floor_shows_who_waits_and_for_how_long(talk: Talk) -> None:
    centre = talk.centre
    other = centre.phone("+8613800000002").dial().presses("0").hears("正在为您转接")
    centre.pass_time(65)
    floor = centre.browser("supervisor").get("/api/floor").json()
    (row,) = floor["waiting"]
    assert (row["line_label"], row["priority"], row["state"]) == ("综合服务专线", 3, "waiting")
    assert floor["longest_since"] == row["entered_at"]
    assert "13800000002" not in str(floor)
    (mine,) = floor["operators"]
    assert (mine["name"], mine["state"], mine["label"]) == ("operator", "talking", "通话")
    assert mine["talking"]["open"] is True
    other.hangs_up()
    talk.hangs_up()


def test_a_token_is_short_and_without_its_session_nobody_rings(talk: Talk) -> None:
    centre = talk.centre
    made = talk.browser.post("/api/device-token").json()
    user_id = centre.world.actor("operator").user_id
    assert (made["identity"], made["kind"]) == (f"operator_{user_id}", "sandbox")
    assert centre.browser("lixia").post("/api/device-token").status_code == 403
    talk.hangs_up()
    # A second machine is still signed in: the first one's end takes nobody off duty.
    second = centre.browser("operator")
    for browser, state in ((talk.browser, "wrap_up"), (second, "offline")):
        assert browser.delete("/api/session").status_code == 204
        assert centre.state_of("operator") == state
    assert talk.browser.post("/api/device-token").status_code == 401


def test_signing_out_while_it_rings_gives_the_caller_to_the_next(centre: Centre) -> None:
    browser = centre.browser("operator")
    centre.seat("operator")
    caller = centre.phone().dial().presses("0").hears("正在为您转接")
    assert browser.get("/api/offers/current").json() is not None
    his = centre.browser("supervisor")
    centre.seat("supervisor")
    assert browser.delete("/api/session").status_code == 204
    assert centre.state_of("operator") == State.OFFLINE
    centre.line.settle()
    assert his.get("/api/offers/current").json() is not None
    caller.hangs_up()
    centre.line.settle()
    centre.all_is_settled()
