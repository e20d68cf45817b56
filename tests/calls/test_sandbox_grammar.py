"""The sandbox's grammar is Twilio's: the SDK's own TwiML builder is the witness."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from hotline.carriers.sandbox.grammar import GRAMMAR, parse_twiml

_SPELT = {"from_": "from", "for_": "for"}
_CONTENT = {"self", "kwargs", "message", "url", "number", "name", "phone_number", "identity", "sip_url"}
# Conference's `coach` value is checked as a SID, `url` of a noun is an attribute and not its content.
_WITNESSES: list[tuple[str, Callable[..., Any], set[str]]] = [
    ("Say", VoiceResponse.say, set()),
    ("Play", VoiceResponse.play, set()),
    ("Pause", VoiceResponse.pause, set()),
    ("Redirect", VoiceResponse.redirect, set()),
    ("Hangup", VoiceResponse.hangup, set()),
    ("Reject", VoiceResponse.reject, set()),
    ("Gather", VoiceResponse.gather, set()),
    ("Record", VoiceResponse.record, set()),
    ("Dial", VoiceResponse.dial, set()),
    ("Conference", Dial.conference, set()),
    ("Number", Dial.number, {"url"}),
    ("Client", Dial.client, {"url"}),
    ("Sip", Dial.sip, {"url"}),
]


def _camel(name: str) -> str:
    first, *others = _SPELT.get(name, name).split("_")
    return first + "".join(other.capitalize() for other in others)


@pytest.mark.parametrize(("element", "builder", "attributes"), _WITNESSES, ids=lambda x: str(x)[:12])
def test_an_element_takes_exactly_the_attributes_which_twilio_writes(
    element: str, builder: Callable[..., Any], attributes: set[str]
) -> None:
    written = set(inspect.signature(builder).parameters) - _CONTENT

    assert set(GRAMMAR[element].attributes) == {_camel(name) for name in written} | attributes


def test_what_the_sdk_builds_is_accepted() -> None:
    response = VoiceResponse()
    gather = Gather(input="dtmf speech", num_digits=1, language="cmn-Hans-CN", action="/next", timeout=5)
    gather.say("请按1", voice="Polly.Zhiyu-Neural", language="cmn-CN")
    response.append(gather)
    response.redirect("/again?timeout=1", method="POST")
    dial = Dial(ring_tone="cn")
    dial.conference("房间", start_conference_on_enter=True, status_callback_event="start end join leave")
    response.append(dial)

    root = parse_twiml(str(response).encode(), "text/xml; charset=utf-8")

    assert [verb.tag for verb in root] == ["Gather", "Redirect", "Dial"]
