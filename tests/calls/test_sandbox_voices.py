"""Whom a telephone of the sandbox sends its voice to, and what it may say about it to whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.calls.sandbox_app import Stage, open_stage
from tests.phone import Phone

CONFERENCE = "<Dial><Conference>talk</Conference></Dial>"


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def come(stage: Stage, number: str, document: str = CONFERENCE) -> Phone:
    stage.app.says("/voice", document)
    return stage.phone(number).dial().is_in_conference()


def sends(phone: Phone) -> dict[str, bool]:
    """Return to whom this telephone sends its voice, as it was last told."""
    told = [event for event in phone.events if event["event"] == "media"]
    return {peer["id"]: peer["send"] for peer in told[-1]["peers"]} if told else {}


def test_voices_follow_hold_mute_and_whisper(stage: Stage) -> None:
    caller, operator = come(stage, "+8613800000001"), come(stage, "+8613800000002")
    mine, his = caller.call_sid, operator.call_sid
    assert (sends(caller), sends(operator)) == ({his: True}, {mine: True})
    offers = [each["peers"][0]["offers"] for each in (_last(caller), _last(operator))]
    assert sorted(offers) == [False, True], "one of the two begins"

    carrier = stage.carrier()
    carrier.hold(mine, conference="talk", on=True)
    assert (sends(caller), sends(operator)) == ({his: False}, {mine: False})
    carrier.hold(mine, conference="talk", on=False)
    carrier.mute(his, conference="talk", on=True)
    assert (sends(caller), sends(operator)) == ({his: True}, {mine: False})
    carrier.mute(his, conference="talk", on=False)

    boss = come(stage, "+8613800000003", f'<Dial><Conference coach="{his}">talk</Conference></Dial>')
    assert sends(boss) == {mine: False, his: True}
    assert sends(caller) == {his: True, boss.call_sid: True}
    carrier.coach(boss.call_sid, conference="talk", coached_call_sid=None)
    assert sends(boss) == {mine: True, his: True}

    fourth, fifth = come(stage, "+8613800000004"), come(stage, "+8613800000005")
    assert len(sends(fourth)) == 3
    assert sends(fifth) == {}, "a mesh of four; a fifth reads along"
    caller.hangs_up()
    assert sends(caller) == {}
    assert sends(fifth) == dict.fromkeys((his, boss.call_sid, fourth.call_sid), True)
    assert stage.warning_codes == []


def test_a_word_about_voices_reaches_only_the_same_conversation(stage: Stage) -> None:
    one, other = come(stage, "+8613800000001"), come(stage, "+8613800000002")
    stranger = come(stage, "+8613800000003", "<Dial><Conference>elsewhere</Conference></Dial>")
    exchange = stage.exchange
    leg = exchange.legs[one.call_sid]
    assert exchange.signal(leg, other.call_sid, {"type": "offer", "sdp": "v=0"})
    (heard,) = [each for each in other.events if each["event"] == "signal"]
    assert (heard["from"], heard["data"]) == (one.call_sid, {"type": "offer", "sdp": "v=0"})
    for wrong in (stranger.call_sid, one.call_sid, "CAnobody"):
        assert not exchange.signal(leg, wrong, {})
    assert [each for each in stranger.events if each["event"] == "signal"] == []


def _last(phone: Phone) -> dict[str, Any]:
    return [event for event in phone.events if event["event"] == "media"][-1]
