"""`<Gather>` and `<Record>`: what the carrier does with keys and words."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hotline.carriers.sandbox.legs import Goto
from hotline.carriers.sandbox.prompts import Step, Turn, hold_on, prompt
from hotline.carriers.sandbox.recordings import Recording
from hotline.carriers.sandbox.scripts import Fetch, Pressed, Signal, Spoke, Wait

CONFIDENCE = "0.9"


@dataclass(slots=True)
class _Heard:
    """What one `<Gather>` has collected; `ended_by` is the finishing key, `closed` that it wants no more."""

    digits: str = ""
    words: str = ""
    ended_by: str = ""
    closed: bool = False

    def fields(self) -> tuple[tuple[str, str], ...]:
        if self.words:
            return (("SpeechResult", self.words), ("Confidence", CONFIDENCE))
        return (("Digits", self.digits), ("FinishedOnKey", self.ended_by))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A `<Gather>`'s attributes with Twilio's defaults."""

    keys: bool
    speech: bool
    timeout_s: float
    speech_timeout_s: float
    finish_on_key: str
    max_digits: int | None
    posts_nothing: bool

    @classmethod
    def of(cls, verb: ET.Element) -> _Rule:
        kinds = verb.get("input", "dtmf").split()
        timeout_s = float(verb.get("timeout", "5"))
        pause = verb.get("speechTimeout", "")
        return cls(
            keys="dtmf" in kinds,
            speech="speech" in kinds,
            timeout_s=timeout_s,
            speech_timeout_s=1.0 if pause == "auto" else float(pause or timeout_s),
            finish_on_key=verb.get("finishOnKey", "#"),
            max_digits=int(verb.get("numDigits", "0")) or None,
            posts_nothing=verb.get("actionOnEmptyResult", "false") == "true",
        )

    @property
    def heeds(self) -> tuple[type, ...]:
        return ((Pressed,) if self.keys else ()) + ((Spoke,) if self.speech else ())


def gather(turn: Turn, verb: ET.Element) -> Step:
    """Speak the prompts until somebody presses or speaks, collect, and go to the action; silence goes on."""
    exchange, leg = turn.exchange, turn.leg
    rule = _Rule.of(verb)
    kinds = [name for name, on in (("dtmf", rule.keys), ("speech", rule.speech)) if on]
    exchange.tell(leg, "listening", on=True, input=kinds)
    try:
        heard = yield from _collect(turn, verb, rule)
    finally:
        exchange.tell(leg, "listening", on=False, input=[])
    if not heard.digits and not heard.words and not rule.posts_nothing:
        return None
    goto = turn.action(verb)
    return Goto(goto.url, goto.method, heard.fields())


def _collect(turn: Turn, verb: ET.Element, rule: _Rule) -> Generator[Wait | Fetch, Signal, _Heard]:
    heard = _Heard()
    signal: Signal | None = None
    for child in verb:
        signal = yield from prompt(turn, child, heeds=rule.heeds)
        if signal is not None:
            break
    while not heard.closed:
        if signal is None:
            signal = yield from hold_on(turn.exchange, rule.timeout_s, heeds=rule.heeds)
            if signal is None:
                break
        if isinstance(signal, Pressed):
            _take_key(heard, rule, signal.key)
        elif isinstance(signal, Spoke) and not heard.digits:
            heard.words = signal.text
            more = yield from hold_on(turn.exchange, rule.speech_timeout_s, heeds=rule.heeds, busy=True)
            while isinstance(more, Spoke):
                heard.words += more.text
                more = yield from hold_on(turn.exchange, rule.speech_timeout_s, heeds=rule.heeds, busy=True)
            heard.closed = True
        signal = None
    return heard


def _take_key(heard: _Heard, rule: _Rule, key: str) -> None:
    if key in rule.finish_on_key:
        heard.ended_by, heard.closed = key, True
        return
    heard.digits += key
    heard.closed = rule.max_digits is not None and len(heard.digits) >= rule.max_digits


def record(turn: Turn, verb: ET.Element) -> Step:
    """Record until a key, silence, the limit or a hang-up; when nothing was said the next verb runs."""
    exchange, leg = turn.exchange, turn.leg
    if verb.get("playBeep", "true") == "true":
        exchange.tell(leg, "beep")
    written = verb.get("recordingStatusCallback")
    recording = exchange.start_recording(
        leg,
        "RecordVerb",
        callback=turn.address(written) if written else "",
        events=frozenset(verb.get("recordingStatusCallbackEvent", "completed").split()),
    )
    exchange.tell(leg, "recording", on=True)
    ended_by = "hangup"
    try:
        ended_by = yield from _until_recorded(turn, verb)
    finally:
        exchange.tell(leg, "recording", on=False)
        exchange.finish_recording(recording)
        goto = turn.action(verb)
        result = _result(turn, recording, ended_by)
        if leg.is_ended and recording.words:
            exchange.reports.last_turn(leg, goto, dict(result))
    return Goto(goto.url, goto.method, result) if recording.words else None


def _until_recorded(turn: Turn, verb: ET.Element) -> Generator[Wait | Fetch, Signal, str]:
    """Return the key that ended it, or nothing for silence and the limit."""
    clock = turn.exchange.clock
    keys = verb.get("finishOnKey", "1234567890*#")
    silence_s = float(verb.get("timeout", "5"))
    began = clock.elapsed_s
    limit_s = float(verb.get("maxLength", "3600"))
    speaking_until = 0.0
    while True:
        passed = clock.elapsed_s - began
        is_speaking = speaking_until > passed
        until = speaking_until if is_speaking else passed + silence_s
        signal = yield from hold_on(
            turn.exchange, min(until, limit_s) - passed, heeds=(Pressed, Spoke), busy=is_speaking
        )
        if isinstance(signal, Pressed) and signal.key in keys:
            return signal.key
        if isinstance(signal, Spoke):
            now = clock.elapsed_s - began
            speaking_until = max(speaking_until, now) + signal.seconds
        elif signal is None and (not is_speaking or until >= limit_s):
            return ""


def _result(turn: Turn, recording: Recording, ended_by: str) -> tuple[tuple[str, str], ...]:
    fields = (
        ("RecordingSid", recording.sid),
        ("RecordingUrl", turn.exchange.reports.recording_url(recording.sid)),
        ("RecordingDuration", str(recording.duration_s)),
    )
    return (*fields, ("Digits", ended_by)) if ended_by else fields
