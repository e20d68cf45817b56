"""What unions' people and their callers hear of calls that we place for them: pure TwiML, and our own addresses for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from twilio.twiml.voice_response import Conference, Dial, Gather, VoiceResponse

from hotline.voice.twiml import OVERRIDES
from hotline.voice.voices import Voice

KEY_S: Final = 8
"""How long we wait for a key."""
TIMES: Final = 2
"""How often a question is asked before we hang up."""
URGENT: Final = {"P0": "特急", "P1": "紧急"}
SIGNED: Final = "已为您签收，请尽快登录收件箱，在时限内联系诉求人。再见。"
TOO_LATE: Final = "这件工单已经签收，或者已经转走，谢谢您。再见。"
RELAY_ASK: Final = "您好，这里是12351。您申请联系工单诉求人，接通请按1。"
RELAY_WAIT: Final = "正在为您接通诉求人，请稍候。"
RELAY_CALLER: Final = "您好，这里是12351工会服务职工热线，工作人员就您反映的事项与您通话。"
RELAY_OVER: Final = "诉求人没有接听，请稍后再试。再见。"


@dataclass(frozen=True, slots=True)
class UnionAddresses:
    """Our own URLs for these calls, as the carrier must call them."""

    public_url: str

    def notice(self, delivery_id: int, *, keys: bool = False) -> str:
        return f"{self.public_url}/voice/notices/{delivery_id}{'/keys' if keys else ''}{OVERRIDES}"

    def notice_status(self, delivery_id: int) -> str:
        return f"{self.public_url}/voice/notices/{delivery_id}/status{OVERRIDES}"

    def relay(self, relay_id: int, step: str) -> str:
        """`step`: union, go, caller, over."""
        return f"{self.public_url}/voice/relay/{relay_id}/{step}{OVERRIDES}"

    def relay_status(self, relay_id: int, side: str) -> str:
        return f"{self.public_url}/voice/relay/{relay_id}/status/{side}{OVERRIDES}"

    @property
    def hold(self) -> str:
        return f"{self.public_url}/voice/hold{OVERRIDES}"


def notice_words(urgency: str) -> str:
    """Return what the machine says of a ticket that is to be signed for: how urgent, and nothing else of it."""
    how = URGENT.get(urgency, "")
    return f"您好，这里是12351职工服务热线。您的工会有一件{how}工单等待签收。签收请按1，重听请按星号。"


def ask_for_key(words: str, voice: Voice, *, action: str) -> str:
    """Return the document that asks for one key, and hangs up where none comes."""
    response = VoiceResponse()
    for _ in range(TIMES):
        gather = Gather(
            action=action, method="POST", input="dtmf", num_digits=1, finish_on_key="", timeout=KEY_S
        )
        gather.say(words, language=voice.say_language, voice=voice.voice)
        response.append(gather)
    response.hangup()
    return str(response)


def say_and_hang_up(words: str, voice: Voice) -> str:
    """Return the document that says a sentence and ends the call."""
    response = VoiceResponse()
    response.say(words, language=voice.say_language, voice=voice.voice)
    response.hangup()
    return str(response)


def meet(words: str, voice: Voice, conference: str, addresses: UnionAddresses) -> str:
    """Return the document that brings one of the two into their conversation; whoever leaves ends it."""
    response = VoiceResponse()
    response.say(words, language=voice.say_language, voice=voice.voice)
    dial = Dial()
    dial.append(
        Conference(
            conference,
            beep="false",
            start_conference_on_enter=True,
            end_conference_on_exit=True,
            wait_url=addresses.hold,
            wait_method="POST",
        )
    )
    response.append(dial)
    response.hangup()
    return str(response)
