"""`<Dial>`: into a conference, or to other telephones."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast
from xml.etree import ElementTree as ET

from hotline.carriers.sandbox.conferences import Conference, Entry
from hotline.carriers.sandbox.legs import Goto, Leg
from hotline.carriers.sandbox.prompts import Step, Turn, hold_on
from hotline.carriers.sandbox.recordings import Recording
from hotline.carriers.sandbox.scripts import Fetch, Left, Pressed, Settled, Signal, Wait

Outcome = Generator[Wait | Fetch, Signal, dict[str, str]]


def dial(turn: Turn, verb: ET.Element) -> Step:
    """Connect the leg until that is over, then go to the action, or on."""
    conference = verb.find("Conference")
    if conference is not None:
        outcome = yield from _into_conference(turn, verb, conference)
    else:
        outcome = yield from _to_telephones(turn, verb)
    if turn.leg.is_ended or not verb.get("action"):
        return None
    goto = turn.action(verb)
    return Goto(goto.url, goto.method, tuple(outcome.items()))


def _into_conference(turn: Turn, verb: ET.Element, noun: ET.Element) -> Outcome:
    exchange, leg = turn.exchange, turn.leg
    name = (noun.text or "").strip()
    conference = exchange.conference_named(name) or _open(turn, name, noun)
    began = exchange.clock.elapsed_s
    conference.join(leg, _entry(turn, noun))
    heeds = (Left, Pressed) if verb.get("hangupOnStar") == "true" else (Left,)
    limit_s = float(verb.get("timeLimit", "14400"))
    try:
        while leg.conference is conference:
            passed = exchange.clock.elapsed_s - began
            signal = yield from hold_on(exchange, limit_s - passed, heeds=heeds)
            if not isinstance(signal, Pressed) or signal.key == "*":
                break
    finally:
        conference.leave(leg, "participant_hung_up" if leg.is_ended else "participant_updated_via_api")
    seconds = round(exchange.clock.elapsed_s - began)
    return {"DialCallStatus": "answered", "DialCallDuration": str(seconds), "DialBridged": "true"}


def _open(turn: Turn, name: str, noun: ET.Element) -> Conference:
    exchange = turn.exchange
    written = noun.get("statusCallback")
    conference = Conference(
        name,
        exchange,
        exchange.now(),
        # The first one in decides; Twilio ignores what later ones ask for.
        callback=turn.address(written) if written else "",
        callback_events=frozenset(noun.get("statusCallbackEvent", "").split()),
        region=noun.get("region", "us1"),
    )
    if noun.get("record") == "record-from-start":
        conference.recording = _conference_recording(turn, conference, noun)
    exchange.open_conference(conference)
    return conference


def _conference_recording(turn: Turn, conference: Conference, noun: ET.Element) -> Recording:
    exchange = turn.exchange
    written = noun.get("recordingStatusCallback")
    recording = Recording(
        exchange.account_sid,
        "",
        conference.sid,
        "Conference",
        exchange.now(),
        callback=turn.address(written) if written else "",
        callback_events=frozenset(noun.get("recordingStatusCallbackEvent", "completed").split()),
    )
    exchange.recordings[recording.sid] = recording
    return recording


def _entry(turn: Turn, noun: ET.Element) -> Entry:
    music = noun.get("waitUrl", "")
    return Entry(
        start_on_enter=noun.get("startConferenceOnEnter", "true") == "true",
        end_on_exit=noun.get("endConferenceOnExit", "false") == "true",
        muted=noun.get("muted", "false") == "true",
        coach=noun.get("coach", ""),
        label=noun.get("participantLabel", ""),
        wait_url=turn.address(music) if music else "",
        wait_method=noun.get("waitMethod", "POST"),
    )


def _to_telephones(turn: Turn, verb: ET.Element) -> Outcome:
    """Ring all nouns at once; the first that answers is bridged, the others stop ringing."""
    exchange, leg = turn.exchange, turn.leg
    children = [_child(turn, verb, noun) for noun in list(verb) or [_plain_number(verb)]]
    for child in children:
        exchange.originate(child, timeout_s=float(verb.get("timeout", "30")))
    ringing = {child.sid: child for child in children}
    talking: Leg | None = None
    status = "no-answer"
    began = exchange.clock.elapsed_s
    try:
        while ringing or talking is not None:
            signal = cast("Settled", (yield from hold_on(exchange, None, heeds=(Settled,))))
            if signal.status == "answered" and talking is None and signal.call_sid in ringing:
                talking, began = ringing.pop(signal.call_sid), exchange.clock.elapsed_s
                _bridge(leg, talking)
                _hang_up_all(turn, ringing)
                ringing, status = {}, "completed"
            elif talking is not None and signal.call_sid == talking.sid:
                break
            elif signal.call_sid in ringing:
                del ringing[signal.call_sid]
                status = signal.status
    finally:
        leg.bridge = None
        _hang_up_all(turn, {child.sid: child for child in children})
    outcome = {"DialCallStatus": status, "DialBridged": "true" if talking is not None else "false"}
    if talking is not None:
        seconds = round(exchange.clock.elapsed_s - began)
        outcome |= {"DialCallSid": talking.sid, "DialCallDuration": str(seconds)}
    return outcome


def _plain_number(verb: ET.Element) -> ET.Element:
    noun = ET.Element("Number")
    noun.text = verb.text
    return noun


def _child(turn: Turn, verb: ET.Element, noun: ET.Element) -> Leg:
    exchange, leg = turn.exchange, turn.leg
    identity = noun.find("Identity")
    to = ((identity.text if identity is not None else noun.text) or "").strip()
    url, callback = noun.get("url"), noun.get("statusCallback")
    return Leg(
        verb.get("callerId", leg.from_),
        f"client:{to}" if noun.tag == "Client" else to,
        "outbound-dial",
        exchange.account_sid,
        exchange.now(),
        Goto(turn.address(url) if url else "", noun.get("method", "POST")),
        status_callback=turn.address(callback) if callback else "",
        status_events=frozenset(noun.get("statusCallbackEvent", "completed").split()),
        parent_sid=leg.sid,
    )


def _bridge(one: Leg, other: Leg) -> None:
    one.bridge, other.bridge = other, one


def _hang_up_all(turn: Turn, legs: dict[str, Leg]) -> None:
    for child in legs.values():
        if not child.is_ended:
            turn.exchange.hang_up(child)
