"""Turns a turn's outputs into TwiML; pure, and one of the three places that know Twilio's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from twilio.twiml.voice_response import Conference, Dial, Gather, VoiceResponse

from hotline.voice.voices import Voice, Voices
from ivr_flows.model import Flow
from ivr_flows.outputs import (
    HangUp,
    JoinConference,
    Listen,
    Output,
    RecordVoicemail,
    Say,
    Wait,
)

OVERRIDES: Final = "#ct=3000&rt=8000&rc=1&rp=all"
"""Connection overrides: connect in 3 s, read in 8 s, retry once, whatever went wrong; two tries fit into the 15 s.

Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""
TUNE_S: Final = 8
"""Length of the tune that is played to who waits (`hotline.voice.tune`)."""
SILENCE_ENDS_MESSAGE_S: Final = 6
QUESTION_TIMEOUT_S: Final = 5
CONFERENCE_EVENTS: Final = "start end join leave mute hold"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Our own URLs, as the carrier must call them."""

    public_url: str

    def turn(self, n: int, mark: str | None = None) -> str:
        query = f"?mark={mark}" if mark else ""
        return f"{self.public_url}/voice/turns/{n}{query}{OVERRIDES}"

    def operator(self, leg_id: int) -> str:
        return f"{self.public_url}/voice/operator/{leg_id}{OVERRIDES}"

    def accept(self, leg_id: int) -> str:
        return f"{self.public_url}/voice/operator/{leg_id}/accept{OVERRIDES}"

    def outbound(self, call_id: int) -> str:
        return f"{self.public_url}/voice/outbound/{call_id}{OVERRIDES}"

    def warning(self, number: int) -> str:
        return f"{self.public_url}/voice/warnings/{number}{OVERRIDES}"

    @property
    def recall(self) -> str:
        return f"{self.public_url}/voice/recall{OVERRIDES}"

    def digits(self, digits: str) -> str:
        written = digits.replace("*", "s").replace("#", "h")
        return f"{self.public_url}/voice/digits/{written}{OVERRIDES}"

    def leg_status(self, leg_id: int) -> str:
        return f"{self.public_url}/voice/status?leg={leg_id}{OVERRIDES}"

    def call_status(self, call_id: int) -> str:
        return f"{self.public_url}/voice/status?call={call_id}{OVERRIDES}"

    def recording(self, call_id: int) -> str:
        return f"{self.public_url}/voice/recording?call={call_id}{OVERRIDES}"

    @property
    def status(self) -> str:
        return f"{self.public_url}/voice/status{OVERRIDES}"

    @property
    def conference(self) -> str:
        return f"{self.public_url}/voice/conference{OVERRIDES}"

    @property
    def hold(self) -> str:
        return f"{self.public_url}/voice/hold{OVERRIDES}"

    @property
    def tune(self) -> str:
        return f"{self.public_url}/voice/tune.wav"


def render(
    outputs: Sequence[Output],
    *,
    n: int,
    flow: Flow,
    language: str,
    voices: Voices,
    addresses: Addresses,
    notice: str | None = None,
) -> str:
    """Return the document that answers turn `n`, the notice first; the next turn is `n + 1`."""
    response = VoiceResponse()
    if notice is not None:
        spoken = voices.get(language)
        response.say(notice, language=spoken.say_language, voice=spoken.voice)
    renderer = _Renderer(response, n + 1, flow, voices, addresses)
    for output in outputs:
        renderer.add(output, language)
    return str(response)


def operator_document(
    conference: str,
    *,
    addresses: Addresses,
    muted: bool = False,
    coached: str | None = None,
    greeting: str | None = None,
    voice: Voice | None = None,
) -> str:
    """Return the document that brings a telephone which we have rung into the conversation."""
    response = VoiceResponse()
    if greeting is not None and voice is not None:
        response.say(greeting, language=voice.say_language, voice=voice.voice)
    dial = Dial()
    dial.append(_conference(conference, addresses, muted=muted, coached=coached))
    response.append(dial)
    return str(response)


def digits_document(digits: str) -> str:
    """Return the document that presses keys towards the other end."""
    response = VoiceResponse()
    response.play(digits=digits)
    return str(response)


def hang_up_document() -> str:
    """Return the document for a telephone that rang for nothing."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def hold_document(addresses: Addresses) -> str:
    """Return what somebody hears who is kept waiting in a conversation."""
    response = VoiceResponse()
    response.play(addresses.tune, loop=20)
    response.redirect(addresses.hold, method="POST")
    return str(response)


def announcement_document(text: str, voice: Voice) -> str:
    """Return the document that says one sentence to one party of a conversation."""
    response = VoiceResponse()
    response.say(text, language=voice.say_language, voice=voice.voice)
    return str(response)


def question_document(text: str, voice: Voice, action: str) -> str:
    """Return the document that asks for one key, twice, and hangs up when none is pressed."""
    response = VoiceResponse()
    gather = Gather(
        action=action, method="POST", input="dtmf", num_digits=1, finish_on_key="", timeout=QUESTION_TIMEOUT_S
    )
    for _ in range(2):
        gather.say(text, language=voice.say_language, voice=voice.voice)
    response.append(gather)
    response.hangup()
    return str(response)


class _Renderer:
    def __init__(
        self, response: VoiceResponse, next_n: int, flow: Flow, voices: Voices, addresses: Addresses
    ) -> None:
        self._response = response
        self._next = next_n
        self._flow = flow
        self._voices = voices
        self._addresses = addresses

    def add(self, output: Output, language: str) -> None:
        match output:
            case Say():
                self._say(self._response, output)
            case Listen():
                self._listen(output, language)
            case Wait():
                self._wait(output)
            case RecordVoicemail():
                self._record(output)
            case JoinConference():
                self._join(output)
            case HangUp():
                self._response.hangup()
            case _:
                # An effect was answered while the turn was taken; nothing of it is heard.
                pass

    def _listen(self, listen: Listen, language: str) -> None:
        options: dict[str, Any] = {
            "action": self._addresses.turn(self._next),
            "method": "POST",
            "input": "dtmf speech" if listen.speech else "dtmf",
            "timeout": listen.timeout_s,
            "num_digits": listen.max_digits,
            # Twilio's default is #, which is a choice like the others in our menus.
            "finish_on_key": listen.finish_on_key,
        }
        if listen.speech:
            spoken = next((say.language for say in reversed(listen.prompts)), language)
            options["language"] = self._voices.get(spoken).gather_language
            options["speech_timeout"] = 2
            if listen.hints:
                options["hints"] = ",".join(listen.hints)[:500]
        gather = Gather(**options)
        for say in listen.prompts:
            self._say(gather, say)
        self._response.append(gather)
        # Without a key there is no request: silence needs a way of its own.
        self._response.redirect(self._addresses.turn(self._next, "silence"), method="POST")

    def _wait(self, wait: Wait) -> None:
        tune = wait.seconds >= TUNE_S
        gather = Gather(
            action=self._addresses.turn(self._next),
            method="POST",
            input="dtmf",
            num_digits=1,
            finish_on_key="",
            timeout=max(1, wait.seconds - TUNE_S if tune else wait.seconds),
        )
        for say in wait.prompts:
            self._say(gather, say)
        if tune:
            gather.play(self._addresses.tune)
        self._response.append(gather)
        self._response.redirect(self._addresses.turn(self._next, "silence"), method="POST")

    def _record(self, record: RecordVoicemail) -> None:
        for say in record.prompts:
            self._say(self._response, say)
        self._response.record(
            action=self._addresses.turn(self._next),
            method="POST",
            max_length=record.max_s,
            timeout=SILENCE_ENDS_MESSAGE_S,
            finish_on_key=record.finish_on_key,
            play_beep=True,
        )
        self._response.redirect(self._addresses.turn(self._next, "silence"), method="POST")

    def _join(self, join: JoinConference) -> None:
        dial = Dial(action=self._addresses.turn(self._next, "left"), method="POST")
        dial.append(_conference(join.name, self._addresses))
        self._response.append(dial)

    def _say(self, parent: Any, say: Say) -> None:
        voice = self._voices.get(say.language)
        parent.say(self._text(say), language=voice.say_language, voice=voice.voice)

    def _text(self, say: Say) -> str:
        return self._flow.text(say.prompt, say.language, say.values)


def _conference(
    name: str, addresses: Addresses, *, muted: bool = False, coached: str | None = None
) -> Conference:
    return Conference(
        name,
        **({"muted": True} if muted else {}),
        **({"coach": coached} if coached is not None else {}),
        beep="false",
        start_conference_on_enter=True,
        # Ending is ours to command: on a member who is on hold this attribute fails silently.
        end_conference_on_exit=False,
        wait_url=addresses.hold,
        wait_method="POST",
        status_callback=addresses.conference,
        status_callback_method="POST",
        status_callback_event=CONFERENCE_EVENTS,
    )
