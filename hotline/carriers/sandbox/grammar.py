"""Twilio's voice grammar as tables, and a parser that refuses whatever is not in them.

Source: npm package `twilio`, lib/twiml/VoiceResponse.d.ts; error codes: twilio.com/docs/api/errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree as ET

from hotline.carriers.sandbox.voices import GATHER_LANGUAGES, SAY_LANGUAGES, SAY_VOICES

Check = Callable[[str], bool]

MAX_TWIML_BYTES = 64 * 1024  # error 11750
DOCUMENT_UNREADABLE, SCHEMA_BROKEN, WRONG_CONTENT_TYPE, TOO_LARGE = 12100, 12200, 12300, 11750


class TwimlRefused(Exception):  # what happened to the document
    """A reply the carrier cannot carry out; `code` is Twilio's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def _one_of(*values: str) -> Check:
    return frozenset(values).__contains__


def _list_of(*values: str) -> Check:
    allowed = frozenset(values)
    return lambda text: bool(text.split()) and allowed.issuperset(text.split())


def _integer(least: int, most: int) -> Check:
    return lambda text: bool(re.fullmatch(r"-?\d{1,6}", text)) and least <= int(text) <= most


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


_TEXT: Check = _matches(r"(?s).+")
_ANY: Check = _matches(r"(?s).*")
_URL: Check = _matches(r"\S+")
_BOOL = _one_of("true", "false")
_METHOD = _one_of("GET", "POST")
_KEYS = _matches(r"[0-9*#]*")
_RECORDING_EVENTS = _list_of("in-progress", "completed", "absent")
_TRIM = _one_of("trim-silence", "do-not-trim")
_CALL_EVENTS = _list_of("initiated", "ringing", "answered", "completed")
_RING_TONES = """at au bg br be ch cl cn cz de dk ee es fi fr gr hu il in it lt jp mx my nl no nz ph pl pt ru
se sg th uk us us-old tw ve za"""
_REGIONS = ("us1", "us2", "ie1", "sg1", "br1", "au1", "jp1", "de1")
_DIAL_RECORD = (
    "do-not-record",
    "record-from-answer",
    "record-from-ringing",
    "record-from-answer-dual",
    "record-from-ringing-dual",
)


@dataclass(frozen=True, slots=True)
class Element:
    """What one verb or noun may carry."""

    attributes: Mapping[str, Check] = field(default_factory=dict)
    children: frozenset[str] = frozenset()
    text: Literal["none", "optional", "required"] = "none"


_RECORDING_ATTRIBUTES: dict[str, Check] = {
    "recordingStatusCallback": _URL,
    "recordingStatusCallbackMethod": _METHOD,
    "recordingStatusCallbackEvent": _RECORDING_EVENTS,
    "recordingConfigurationId": _TEXT,
    "trim": _TRIM,
}
_STATUS_ATTRIBUTES: dict[str, Check] = {
    "url": _URL,
    "method": _METHOD,
    "statusCallback": _URL,
    "statusCallbackMethod": _METHOD,
    "statusCallbackEvent": _CALL_EVENTS,
}
_MACHINE_ATTRIBUTES: dict[str, Check] = {
    "machineDetection": _one_of("Enable", "DetectMessageEnd"),
    "machineDetectionTimeout": _integer(3, 59),
    "machineDetectionSpeechThreshold": _integer(1000, 6000),
    "machineDetectionSpeechEndThreshold": _integer(500, 5000),
    "machineDetectionSilenceTimeout": _integer(2000, 10000),
    "amdStatusCallback": _URL,
    "amdStatusCallbackMethod": _METHOD,
}
_SSML = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})

GRAMMAR: dict[str, Element] = {
    "Say": Element(
        {"voice": SAY_VOICES.__contains__, "language": SAY_LANGUAGES.__contains__, "loop": _integer(0, 1000)},
        _SSML,
        "required",
    ),
    "Play": Element({"loop": _integer(0, 1000), "digits": _matches(r"[0-9*#wW]+")}, text="optional"),
    "Pause": Element({"length": _integer(0, 3600)}),
    "Redirect": Element({"method": _METHOD}, text="required"),
    "Hangup": Element(),
    "Reject": Element({"reason": _one_of("rejected", "busy")}),
    "Gather": Element(
        {
            "action": _URL,
            "method": _METHOD,
            "input": _list_of("dtmf", "speech"),
            "timeout": _integer(1, 300),
            "speechTimeout": _matches(r"auto|[1-9]\d?"),
            "maxSpeechTime": _integer(1, 60),
            "finishOnKey": _KEYS,
            "numDigits": _integer(1, 1000),
            "actionOnEmptyResult": _BOOL,
            "bargeIn": _BOOL,
            "debug": _BOOL,
            "enhanced": _BOOL,
            "hints": _ANY,
            "language": GATHER_LANGUAGES.__contains__,
            "partialResultCallback": _URL,
            "partialResultCallbackMethod": _METHOD,
            "profanityFilter": _BOOL,
            "speechModel": _TEXT,
        },
        frozenset({"Say", "Play", "Pause"}),
    ),
    "Record": Element(
        {
            "action": _URL,
            "method": _METHOD,
            "timeout": _integer(0, 3600),
            "finishOnKey": _KEYS,
            "maxLength": _integer(1, 14400),
            "playBeep": _BOOL,
            "transcribe": _BOOL,
            "transcribeCallback": _URL,
            **_RECORDING_ATTRIBUTES,
        }
    ),
    "Dial": Element(
        {
            "action": _URL,
            "method": _METHOD,
            "answerOnBridge": _BOOL,
            "callerId": _TEXT,
            "hangupOnStar": _BOOL,
            "timeLimit": _integer(1, 14400),
            "timeout": _integer(1, 600),
            "ringTone": _one_of(*_RING_TONES.split()),
            "sequential": _BOOL,
            "record": _one_of(*_DIAL_RECORD),
            "recordingTrack": _one_of("both", "inbound", "outbound"),
            "referUrl": _URL,
            "referMethod": _METHOD,
            "events": _one_of("call-progress-event"),
            "passports": _TEXT,
            **_RECORDING_ATTRIBUTES,
        },
        frozenset({"Conference", "Number", "Client", "Sip"}),
        "optional",
    ),
    "Conference": Element(
        {
            "startConferenceOnEnter": _BOOL,
            "endConferenceOnExit": _BOOL,
            "waitUrl": _matches(r"\S*"),
            "waitMethod": _METHOD,
            "beep": _one_of("true", "false", "onEnter", "onExit"),
            "muted": _BOOL,
            "coach": _matches(r"CA[0-9a-f]{32}"),
            "maxParticipants": _integer(2, 250),
            "record": _one_of("do-not-record", "record-from-start"),
            "region": _one_of(*_REGIONS),
            "jitterBufferSize": _one_of("large", "medium", "small", "off"),
            "participantLabel": _matches(r".{1,128}"),
            "eventCallbackUrl": _URL,
            "statusCallback": _URL,
            "statusCallbackMethod": _METHOD,
            "statusCallbackEvent": _list_of(
                "start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"
            ),
            **_RECORDING_ATTRIBUTES,
        },
        text="required",
    ),
    "Number": Element(
        {
            "sendDigits": _matches(r"[0-9*#wW]+"),
            "byoc": _TEXT,
            **_STATUS_ATTRIBUTES,
            **_MACHINE_ATTRIBUTES,
        },
        text="required",
    ),
    "Client": Element(_STATUS_ATTRIBUTES, frozenset({"Identity", "Parameter"}), "optional"),
    "Identity": Element(text="required"),
    "Parameter": Element({"name": _TEXT, "value": _ANY}),
    "Sip": Element(
        {"username": _TEXT, "password": _TEXT, **_STATUS_ATTRIBUTES, **_MACHINE_ATTRIBUTES}, text="required"
    ),
    "break": Element(
        {
            "strength": _one_of("none", "x-weak", "weak", "medium", "strong", "x-strong"),
            "time": _matches(r"\d+(\.\d+)?m?s"),
        }
    ),
    "emphasis": Element({"level": _one_of("strong", "moderate", "reduced")}, _SSML, "optional"),
    "lang": Element({"{http://www.w3.org/XML/1998/namespace}lang": _TEXT}, _SSML, "optional"),
    "p": Element({}, _SSML, "optional"),
    "s": Element({}, _SSML, "optional"),
    "w": Element({"role": _TEXT}, _SSML, "optional"),
    "phoneme": Element({"alphabet": _TEXT, "ph": _TEXT}, text="optional"),
    "prosody": Element({"volume": _TEXT, "rate": _TEXT, "pitch": _TEXT}, _SSML, "optional"),
    "say-as": Element({"interpret-as": _TEXT, "format": _TEXT}, text="optional"),
    "sub": Element({"alias": _TEXT}, text="optional"),
}
VERBS = frozenset({"Say", "Play", "Pause", "Redirect", "Hangup", "Reject", "Gather", "Record", "Dial"})


def parse_twiml(body: bytes, content_type: str) -> ET.Element:
    """Return the `<Response>` element. Raises `TwimlRefused`."""
    if content_type.split(";")[0].strip().lower() not in ("text/xml", "application/xml"):
        raise TwimlRefused(WRONG_CONTENT_TYPE, f"content type {content_type or 'missing'} is no TwiML")
    if len(body) > MAX_TWIML_BYTES:
        raise TwimlRefused(TOO_LARGE, f"{len(body)} bytes of TwiML, the limit is {MAX_TWIML_BYTES}")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise TwimlRefused(DOCUMENT_UNREADABLE, "a document type or entity is not allowed")
    try:
        root = ET.fromstring(body)  # noqa: S314  # entities are refused above, and the size is bounded
    except ET.ParseError as error:
        raise TwimlRefused(DOCUMENT_UNREADABLE, str(error)) from error
    if root.tag != "Response":
        raise TwimlRefused(DOCUMENT_UNREADABLE, f"the root is <{root.tag}>, not <Response>")
    if root.attrib:
        raise TwimlRefused(SCHEMA_BROKEN, "<Response> takes no attributes")
    _refuse_loose_text(root)
    for verb in root:
        if verb.tag not in VERBS:
            raise TwimlRefused(SCHEMA_BROKEN, f"<{verb.tag}> is no verb this carrier knows")
        _check(verb)
    return root


def spoken(say: ET.Element) -> str:
    """Return what a `<Say>` sounds like: its text, with `<sub alias>` said as the alias."""
    parts = [say.text or ""]
    for child in say:
        parts.append(child.get("alias", "") if child.tag == "sub" else spoken(child))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _check(element: ET.Element) -> None:
    rule = GRAMMAR[element.tag]
    for name, value in element.attrib.items():
        allowed = rule.attributes.get(name)
        if allowed is None:
            raise TwimlRefused(SCHEMA_BROKEN, f"<{element.tag}> has no attribute {name}")
        if not allowed(value):
            raise TwimlRefused(SCHEMA_BROKEN, f'<{element.tag} {name}="{value[:80]}"> is not allowed')
    for child in element:
        if child.tag not in rule.children:
            raise TwimlRefused(SCHEMA_BROKEN, f"<{child.tag}> is not allowed inside <{element.tag}>")
        _check(child)
    if rule.text == "none":
        _refuse_loose_text(element)
    if rule.text == "required" and not "".join(element.itertext()).strip() and not len(element):
        raise TwimlRefused(SCHEMA_BROKEN, f"<{element.tag}> is empty")
    _check_combination(element)


def _check_combination(element: ET.Element) -> None:
    text = (element.text or "").strip()
    if element.tag == "Play" and bool(text) == ("digits" in element.attrib):
        raise TwimlRefused(SCHEMA_BROKEN, "<Play> takes an address or digits")
    if element.tag == "Dial" and bool(text) == bool(len(element)):
        raise TwimlRefused(SCHEMA_BROKEN, "<Dial> takes a number or nouns")
    if element.tag == "Dial" and any(child.tag == "Conference" for child in element) and len(element) > 1:
        raise TwimlRefused(SCHEMA_BROKEN, "<Conference> stands alone in <Dial>")
    if element.tag == "Client" and not text and element.find("Identity") is None:
        raise TwimlRefused(SCHEMA_BROKEN, "<Client> names nobody")


def _refuse_loose_text(element: ET.Element) -> None:
    loose = [element.text, *(child.tail for child in element)]
    if any(text and text.strip() for text in loose):
        raise TwimlRefused(SCHEMA_BROKEN, f"loose text inside <{element.tag}>")
