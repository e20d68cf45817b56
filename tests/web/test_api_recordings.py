"""Who may hear what callers have left, for how long, and what a damaged file does."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from hotline.calls.keeping import OWN, CannotOpen, KeyRing
from hotline.calls.locks import lock_by_sid
from hotline.calls.models import Recording
from hotline.calls.retention import reseal
from hotline.jobs.loop import delete_old_recordings
from tests.web.house import House
from tests.web.telephone import caller_hangs_up, caller_waits
from tests.web.test_api_calls import as_role, talking

SOUND = b"RIFF and so on"


def keep(house: House, sid: str = "CA1", *, kind: str = "recording", fetched: bool = True) -> int:
    """Keep a recording of a call as the fetching job does."""
    folder = house.services.data_dir / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    with house.database.writing() as session:
        call = lock_by_sid(session, sid)
        assert call is not None
        row = Recording(sid=f"RE-{sid}", call_id=call.id, kind=kind, duration_s=3, created_at=house.clock())
        session.add(row)
        session.flush()
        if fetched:
            row.key_id, sealed = house.services.recording_keys.seal(SOUND, "one.enc")
            (folder / "one.enc").write_bytes(sealed)
            row.path, row.sha256, row.state = "one.enc", hashlib.sha256(SOUND).hexdigest(), "fetched"
        return row.id


def played(house: House) -> list[str]:
    with house.database.reading() as session:
        query = select(Event.stream).where(Event.kind == "RecordingPlayed").order_by(Event.id)
        return [stream.split(":")[0] for stream in session.scalars(query)]


def test_whoever_took_the_call_hears_it_for_seven_days_and_each_hearing_is_on_record(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator = talking(house)
    caller_hangs_up(house)
    path = f"/api/recordings/{keep(house)}"
    assert operator.get(path).content == SOUND
    assert house.browser("other-operator").get(path).status_code == 403
    assert house.browser("supervisor").get(path).content == SOUND
    assert played(house) == ["administration", "administration"]
    house.clock.advance(timedelta(days=7, seconds=1))
    late = house.browser("operator").get(path)
    assert (late.status_code, late.json()["detail"]) == (403, "超过7天的录音由值班长播放")
    assert house.browser("supervisor").get(path).content == SOUND
    assert played(house) == ["administration"] * 3


PARTS: list[tuple[str, int, bytes, str | None]] = [
    ("bytes=0-3", 206, SOUND[:4], "bytes 0-3/14"),
    ("bytes=0-", 206, SOUND, "bytes 0-13/14"),
    ("bytes=5-99", 206, SOUND[5:], "bytes 5-13/14"),
    ("bytes=-3", 206, SOUND[-3:], "bytes 11-13/14"),
    ("bytes=-99", 206, SOUND, "bytes 0-13/14"),
    ("bytes=14-", 416, b"", "bytes */14"),
    ("bytes=-0", 416, b"", "bytes */14"),
    # Several parts, the wrong way round, no range at all: the whole, as the standard allows.
    ("bytes=0-1,3-4", 200, SOUND, None),
    ("bytes=3-1", 200, SOUND, None),
    ("bytes=-", 200, SOUND, None),
    ("lines=1-2", 200, SOUND, None),
]


def test_a_player_gets_the_part_it_asks_for(house: House) -> None:
    operator = talking(house)
    path = f"/api/recordings/{keep(house)}"
    for asked, status, part, place in PARTS:
        answer = operator.get(path, headers={"Range": asked})
        found = (answer.status_code, answer.content, answer.headers.get("content-range"))
        assert found == (status, part, place), asked
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("with_ticket", [False, True])
def test_jumping_within_what_one_hears_is_one_hearing_and_never_none(house: House, with_ticket: bool) -> None:
    operator = talking(house)
    if with_ticket:
        operator.post("/api/calls/CA1/ticket")
    path = f"/api/recordings/{keep(house)}"

    def jump(begin: int) -> None:
        assert operator.get(path, headers={"Range": f"bytes={begin}-"}).status_code == 206

    jump(5)
    assert len(played(house)) == 1, "from the middle on is a hearing too"
    jump(8)
    jump(0)
    assert len(played(house)) == 2
    jump(3)
    assert house.browser("supervisor").get(path, headers={"Range": "bytes=3-"}).status_code == 206
    assert len(played(house)) == 3
    house.clock.advance(timedelta(minutes=30))
    jump(3)
    assert len(played(house)) == 4


def test_an_auditor_hears_a_call_after_giving_a_reason_and_for_an_hour(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = talking(house)
    number = operator.post("/api/calls/CA1/ticket").json()["number"]
    caller_hangs_up(house)
    as_role(house, "dispatcher", "auditor")
    auditor, recording = house.browser("dispatcher"), keep(house)
    path, opening = f"/api/recordings/{recording}", "/api/calls/CA1/recordings/break_glass"
    assert auditor.get(path).json()["detail"] == "审计员须先填写理由再播放录音"
    assert auditor.post(opening, json={"reason": " "}).status_code == 422
    assert auditor.post("/api/calls/CA9/recordings/break_glass", json={"reason": "抽查"}).status_code == 404
    for _ in range(2):
        opened = auditor.post(opening, json={"reason": "群众投诉核查"}).json()
        assert [each["id"] for each in opened["recordings"]] == [recording]
    assert auditor.get(path).content == SOUND
    with house.database.reading() as session:
        events = session.scalars(
            select(Event).where(Event.kind.startswith("RecordingOpened")).order_by(Event.id)
        ).all()
        assert [(each.stream.split(":")[0], each.personal) for each in events] == [
            ("ticket", {"reason": "群众投诉核查"})
        ] * 2
    assert played(house) == ["ticket"]
    house.clock.advance(timedelta(hours=1))
    assert auditor.get(path).status_code == 403
    # What is sealed needs its seal broken first.
    with house.database.writing() as session:
        session.execute(update(Ticket).where(Ticket.number == number).values(sealed=True))
    auditor = house.browser("dispatcher")
    assert auditor.post(opening, json={"reason": "核查"}).json()["detail"] == "密件的录音须先启封密件"
    assert auditor.post(f"/api/tickets/{number}/break_glass", json={"reason": "核查"}).status_code == 200
    assert auditor.post(opening, json={"reason": "核查"}).status_code == 200
    assert auditor.get(path).content == SOUND


def test_a_counsellor_hears_what_is_the_counsellors_own_without_a_last_day(house: House) -> None:
    talking(house)
    caller_hangs_up(house)
    path = f"/api/recordings/{keep(house)}"
    as_role(house, "operator", "counsellor")
    house.clock.advance(timedelta(days=60))
    assert house.browser("operator").get(path).content == SOUND


def test_a_message_that_reached_nobody_is_any_operator_s(house: House) -> None:
    caller_waits(house)
    caller_hangs_up(house)
    path = f"/api/recordings/{keep(house, kind='voicemail')}"
    assert house.browser("other-operator").get(path).content == SOUND


@pytest.mark.parametrize(
    ("role", "status"), [("inspector", 404), ("auditor", 403), ("callback_operator", 403), ("lawyer", 404)]
)
def test_other_posts_hear_nothing(house: House, role: str, status: int) -> None:
    talking(house)
    caller_hangs_up(house)
    path = f"/api/recordings/{keep(house)}"
    as_role(house, "dispatcher", role)
    assert house.browser("dispatcher").get(path).status_code == status
    assert played(house) == []


def test_what_is_sealed_is_heard_by_nobody_else(house: House) -> None:
    operator = talking(house, line="counselling", category="crisis", name="supervisor")
    caller_hangs_up(house)
    operator.post("/api/presence/finish")
    path = f"/api/recordings/{keep(house)}"
    assert house.browser("operator").get(path).status_code == 404
    assert played(house) == []


def test_a_recording_that_is_not_here_yet_says_so(house: House) -> None:
    operator = talking(house)
    answer = operator.get(f"/api/recordings/{keep(house, fetched=False)}")
    assert (answer.status_code, answer.json()["detail"]) == (409, "录音正在取回，请稍后再试")
    assert played(house) == []


def test_a_damaged_file_is_never_played(house: House) -> None:
    operator = talking(house)
    path = f"/api/recordings/{keep(house)}"
    file = house.services.data_dir / "recordings" / "one.enc"
    file.write_bytes(house.services.recording_keys.seal(b"another sound", "one.enc")[1])
    assert operator.get(path).json()["code"] == "recording_damaged"
    file.write_bytes(b"\x00" * 40)
    assert operator.get(path).json()["code"] == "recording_damaged"
    file.unlink()
    answer = operator.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "recording_damaged")


def test_a_recording_goes_when_its_time_is_over_unless_the_law_holds_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    talking(house)
    caller_hangs_up(house)
    number = keep(house)
    file = house.services.data_dir / "recordings" / "one.enc"
    boss = house.browser("supervisor")
    held = boss.put(f"/api/recordings/{number}/hold", json={"reason": "仲裁委调取"}).json()
    assert held["hold_reason"] == "仲裁委调取"
    house.clock.advance(timedelta(days=730))
    assert delete_old_recordings(house.services) == 0
    boss = house.browser("supervisor")
    assert boss.put(f"/api/recordings/{number}/hold", json={"reason": None}).json()["held_at"] is None
    assert delete_old_recordings(house.services) == 1
    assert not file.exists()
    assert boss.get(f"/api/recordings/{number}").status_code == 404
    assert boss.put(f"/api/recordings/{number}/hold", json={"reason": "晚了"}).status_code == 404
    with house.database.reading() as session:
        kinds = session.scalars(
            select(Event.kind).where(Event.kind.startswith("Recording")).order_by(Event.id)
        )
        assert list(kinds) == ["RecordingHeld", "RecordingHeld", "RecordingDeleted"]


def test_a_sealed_call_is_kept_a_year_longer(house: House) -> None:
    talking(house)
    caller_hangs_up(house)
    keep(house)
    with house.database.writing() as session:
        call = lock_by_sid(session, "CA1")
        assert call is not None
        call.line = "care"
    house.clock.advance(timedelta(days=1094))
    assert delete_old_recordings(house.services) == 0
    house.clock.advance(timedelta(days=1))
    assert delete_old_recordings(house.services) == 1


def test_recordings_are_sealed_anew_under_the_next_key_and_the_old_one_can_go(house: House) -> None:
    talking(house)
    caller_hangs_up(house)
    number = keep(house)
    folder = house.services.data_dir / "recordings"
    own = house.services.recording_keys.keys[OWN]
    both = KeyRing.of("2027:" + "ab" * 32, own)
    assert list(reseal(house.database, both, folder)) == [1]
    assert list(reseal(house.database, both, folder)) == []
    with house.database.reading() as session:
        row = session.get_one(Recording, number)
        assert (row.key_id, [path.name for path in folder.iterdir()]) == ("2027", [row.path])
        sealed = (folder / str(row.path)).read_bytes()
        assert KeyRing.of("2027:" + "ab" * 32, bytes(32)).open("2027", sealed, str(row.path)) == SOUND
        for key_id, name in (("gone", str(row.path)), ("2027", "another name")):
            with pytest.raises(CannotOpen):
                both.open(key_id, sealed, name)
    with pytest.raises(ValueError, match="each recording key"):
        KeyRing.of("short:abcd", own)


def test_what_the_first_version_kept_still_opens(house: House) -> None:
    own = house.services.recording_keys.keys[OWN]
    written = Fernet(base64.urlsafe_b64encode(own)).encrypt(SOUND)
    assert house.services.recording_keys.open(None, written, "one.enc") == SOUND
