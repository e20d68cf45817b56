"""The recording of a conversation: when it runs, who may stop it, and what becomes of its sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from dispatch.database import Database
from dispatch.models.history import Event
from dispatch.models.people import User
from hotline.calls.models import Call, CallLog, Recording
from hotline.calls.recording_models import CallRecording
from hotline.carriers.sandbox.recordings import Recording as CarrierSound
from hotline.jobs.lost_recordings import find_lost_recordings
from tests.calls.centre import Centre, open_centre
from tests.calls.talks import Talk, open_talk, sqlite_centre


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with sqlite_centre(tmp_path) as opened:
        yield opened


def sounds(centre: Centre) -> list[CarrierSound]:
    """Return what lies at the carrier."""
    exchange = centre.programme.exchange
    assert exchange is not None
    return list(exchange.recordings.values())


def kept(centre: Centre) -> list[tuple[str, str, int, str | None]]:
    with centre.services.database.reading() as session:
        rows = session.scalars(select(Recording).order_by(Recording.id))
        return [(each.kind, each.state, each.duration_s, each.deleted_reason) for each in rows]


def diary(centre: Centre) -> list[str]:
    with centre.services.database.reading() as session:
        rows = session.scalars(select(CallLog.data).where(CallLog.verb == "RECORD").order_by(CallLog.id))
        return [f"{data['result']} {data.get('reason') or ''}".strip() for data in rows]


def seen(talk: Talk) -> tuple[str, str | None]:
    view = talk.view
    return view["recording"], view["recording_why"]


def test_a_conversation_is_recorded_once_and_comes_home(database: Database, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre:
        with open_talk(centre) as talk:
            assert seen(talk) == ("recording", None)
            centre.line.wait(20)
            talk.post("hold")
            assert seen(talk) == ("paused", "hold")
            centre.line.wait(30)
            talk.post("unhold")
            # A colleague joins, takes over; it is one recording, and it goes on.
            colleague, his, user_id = talk.colleague("other-operator")
            talk.asks("warm", user_id=user_id)
            talk.comes(colleague, his)
            assert his.get(f"/api/calls/{talk.sid}/talk").json()["recording"] == "paused", "they talk apart"
            talk.post("transfer/merge")
            assert seen(talk) == ("recording", None)
            centre.line.wait(10)
            # The operator hands the caller on while the focus is in a card's field: that pause does not stay.
            field = f"/api/calls/{talk.sid}/recording/identity"
            assert talk.browser.put(field, json={"on": True}).status_code == 204
            centre.line.settle()
            assert seen(talk) == ("paused", "identity")
            talk.post("transfer/complete")
            centre.line.wait(5)
            assert len(sounds(centre)) == 1
            assert talk.browser.put(field, json={"on": False}).status_code == 204
            assert his.get(f"/api/calls/{talk.sid}/talk").json()["recording"] == "recording"
            assert diary(centre)[-1] == "recording"
            talk.post("hang_up", by=his)
            talk.caller.hears("请为本次服务打分")
            centre.line.settle()
            assert diary(centre)[-1] == "paused alone", "the survey is nobody's conversation"
            talk.caller.presses("1").was_hung_up()
            centre.line.settle()
            centre.all_is_settled()
        [(kind, state, seconds, reason)] = kept(centre)
        assert (kind, state, reason) == ("conversation", "fetched", None)
        assert 35 <= seconds < 45, "what was said on hold, apart and to the machine is not in it"
        assert sounds(centre) == [], "deleted at the carrier"
        boss = centre.browser("supervisor")
        with centre.services.database.reading() as session:
            [number] = session.scalars(select(Recording.id))
        sound = boss.get(f"/api/recordings/{number}")
        assert sound.content[:4] == b"RIFF"
        assert len(sound.content) == 44 + seconds * 16000
        assert sound.content not in (tmp_path / "recordings" / f"{number:012d}.enc").read_bytes()


def test_the_operator_pauses_and_a_number_being_written_pauses_too(centre: Centre) -> None:
    with open_talk(centre) as talk:
        assert talk.post("recording/pause")["recording_why"] == "operator"
        assert seen(talk) == ("paused", "operator")
        # On hold and back: the operator's own pause stands.
        talk.post("hold")
        talk.post("unhold")
        assert seen(talk) == ("paused", "operator")
        talk.post("recording/resume")
        assert seen(talk) == ("recording", None)
        path = f"/api/calls/{talk.sid}/recording/identity"
        for on, expected in ((True, ("paused", "identity")), (False, ("recording", None))):
            for _ in range(2):
                assert talk.browser.put(path, json={"on": on}).status_code == 204
                centre.line.settle()
            assert seen(talk) == expected
        other = centre.browser("other-operator")
        assert "只有正在接听" in talk.refused("recording/pause", {}, by=other)
        assert other.put(path, json={"on": True}).status_code == 403
        talk.hangs_up()
        # The focus leaves the field after the caller has: no error, and nothing to pause.
        for on in (True, False):
            assert talk.browser.put(path, json={"on": on}).status_code == 204
        assert "已经结束" in talk.refused("recording/decline", {})


def test_who_declines_is_recorded_no_longer_and_nothing_stays(database: Database, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre, open_talk(centre) as talk:
        number = talk.post("ticket")["number"]
        centre.line.wait(8)
        talk.post("recording/decline")
        assert seen(talk) == ("off", "declined")
        assert sounds(centre) == []
        assert kept(centre) == [("conversation", "deleted", 0, "declined")]
        # Nothing brings it back: hold, resume, a second operator.
        talk.post("hold")
        talk.post("unhold")
        talk.post("recording/resume")
        talk.post("recording/decline")
        assert seen(talk) == ("off", "declined")
        talk.hangs_up()
        assert sounds(centre) == []
        assert kept(centre) == [("conversation", "deleted", 0, "declined")]
        with centre.services.database.reading() as session:
            kinds = session.scalars(select(Event.kind).where(Event.kind.startswith("Recording")))
            assert sorted(kinds) == ["RecordingDeclined", "RecordingDeleted"]
        timeline = talk.browser.get(f"/api/tickets/{number}").json()["events"]
        assert any("来电人不同意录音" in each["label"] for each in timeline)


def test_who_tells_the_menu_so_is_never_recorded(centre: Centre) -> None:
    desk, caller, browser = centre.seat("operator"), centre.phone(), centre.browser("operator")
    caller.dial().hears("本次通话将会录音").says("请不要录音")
    caller.hears("好的，本次通话不录音").hears("人工服务请按0").presses("0").hears("正在为您转接")
    offer = browser.get("/api/offers/current").json()
    assert browser.post(f"/api/offers/{offer['id']}/accept").is_success
    desk.is_in_conference()
    centre.line.settle()
    assert seen(Talk(centre, caller, desk, browser, caller.call_sid)) == ("off", "declined")
    caller.hangs_up()
    centre.line.settle()
    assert (sounds(centre), kept(centre)) == ([], [])


def test_whoever_confides_is_not_recorded(centre: Centre) -> None:
    with centre.services.database.writing() as session:
        session.execute(update(User).where(User.name == "operator").values(skills=["counselling"]))
    with open_talk(centre, keys="9") as talk:
        assert seen(talk) == ("off", "policy")
        talk.caller.hangs_up()
        centre.line.settle()
    assert (sounds(centre), kept(centre)) == ([], [])


@pytest.mark.parametrize("lost", ["the report of its end", "the answer to its beginning"])
def test_the_reconciler_finds_what_no_report_told_of(centre: Centre, lost: str) -> None:
    with open_talk(centre) as talk:
        centre.line.wait(6)
        exchange = centre.programme.exchange
        assert exchange is not None
        [sound] = sounds(centre)
        sound.callback = ""
        if lost == "the answer to its beginning":
            with centre.services.database.writing() as session:
                for each in session.scalars(select(Recording)):
                    session.delete(each)
                row = session.scalars(select(CallRecording)).one()
                row.sid, row.state = None, "off"
        talk.hangs_up()
    assert find_lost_recordings(centre.services) == 0, "the call has only just ended"
    centre.pass_time(300)
    assert find_lost_recordings(centre.services) == 1
    centre.settle()
    assert [(kind, state) for kind, state, _, _ in kept(centre)] == [("conversation", "fetched")]
    assert (sounds(centre), find_lost_recordings(centre.services)) == ([], 0)


def test_reports_do_no_harm_twice_late_or_of_strangers(centre: Centre) -> None:
    with open_talk(centre) as talk:
        centre.line.wait(4)
        [sound] = sounds(centre)
        exchange = centre.programme.exchange
        assert exchange is not None
        # A second recording, begun by an order whose answer was lost.
        [leg] = [each for each in exchange.legs.values() if each.sid == talk.sid]
        centre.line.call(
            lambda: exchange.start_recording(leg, "StartCallRecordingAPI", callback=sound.callback)
        )
        talk.hangs_up()
        before = kept(centre)
        assert sorted(before, key=str) == [
            ("conversation", "deleted", before[1][2], "stray"),
            ("conversation", "fetched", before[0][2], None),
        ]
        assert sounds(centre) == []
        for _ in range(2):
            centre.line.call(lambda: exchange.reports.recording(sound, "completed"))
            centre.line.settle()
        sound.call_sid = "CA" + "0" * 32
        centre.line.call(lambda: exchange.reports.recording(sound, "completed"))
        centre.line.settle()
        assert kept(centre) == before
        answer = talk.browser.post(sound.callback.split("#")[0], data={"RecordingSid": sound.sid})
        assert answer.status_code == 403, "unsigned"
    with centre.services.database.reading() as session:
        assert len(session.scalars(select(Call)).all()) == 1
