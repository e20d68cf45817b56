"""Who may hear what callers have left, for how long, and what a damaged file does."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from dispatch.models.history import Event
from hotline.calls.keeping import recording_cipher
from hotline.calls.locks import lock_by_sid
from hotline.calls.models import Recording
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
            (folder / "one.enc").write_bytes(recording_cipher(house.services.recording_key).encrypt(SOUND))
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


def test_a_message_that_reached_nobody_is_any_operator_s(house: House) -> None:
    caller_waits(house)
    caller_hangs_up(house)
    path = f"/api/recordings/{keep(house, kind='voicemail')}"
    assert house.browser("other-operator").get(path).content == SOUND


@pytest.mark.parametrize(
    ("role", "status"), [("inspector", 403), ("auditor", 403), ("callback_operator", 403), ("lawyer", 404)]
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
    file.write_bytes(recording_cipher(house.services.recording_key).encrypt(b"another sound"))
    assert operator.get(path).json()["code"] == "recording_damaged"
    file.write_bytes(b"\x00" * 40)
    assert operator.get(path).json()["code"] == "recording_damaged"
    file.unlink()
    answer = operator.get(path)
    assert (answer.status_code, answer.json()["code"]) == (500, "recording_damaged")
