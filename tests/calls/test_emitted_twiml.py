"""Every document that we emit is valid TwiML, and our signature check agrees with Twilio's published vectors."""

from __future__ import annotations

from collections.abc import Callable
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Final, get_args

import pytest
from starlette.datastructures import FormData

from config.load import load_policy
from config.settings import SHIPPED_CONFIG, Settings
from hotline.carriers.sandbox.grammar import parse_twiml
from hotline.voice import probe_calls, twiml, union_twiml
from hotline.voice.signature import BadSignature, SignatureCheck
from hotline.voice.voices import Voices
from hotline.voice.webhooks import static_document
from hotline.wiring import flows_of
from ivr_flows.model import PLACEHOLDER
from ivr_flows.outputs import Effect, HangUp, JoinConference, Listen, Output, RecordVoicemail, Say, Wait

BASE = "https://hotline.test"
ADDRESSES = twiml.Addresses(BASE)
VOICES = load_policy(SHIPPED_CONFIG / "voices.yaml", Voices.from_mapping)
VOICE = VOICES.get("zh-CN")
WORDS = "您好 <&> “12351”"

EMITTERS: Final[dict[str, Callable[[], tuple[str, ...]]]] = {
    "operator_document": lambda: (
        twiml.operator_document("room", addresses=ADDRESSES),
        twiml.operator_document(
            "room", addresses=ADDRESSES, muted=True, coached="CA" + "0" * 32, greeting=WORDS, voice=VOICE
        ),
    ),
    "digits_document": lambda: (twiml.digits_document("12*#"),),
    "hang_up_document": lambda: (twiml.hang_up_document(),),
    "hold_document": lambda: (twiml.hold_document(ADDRESSES),),
    "announcement_document": lambda: (twiml.announcement_document(WORDS, VOICE),),
    "question_document": lambda: (twiml.question_document(WORDS, VOICE, ADDRESSES.accept(1)),),
    "ask_for_key": lambda: (union_twiml.ask_for_key(WORDS, VOICE, action=f"{BASE}/key"),),
    "say_and_hang_up": lambda: (union_twiml.say_and_hang_up(WORDS, VOICE),),
    "meet": lambda: (union_twiml.meet(WORDS, VOICE, "room", union_twiml.UnionAddresses(BASE)),),
    "answering_document": lambda: (probe_calls.answering_document(1, probe_calls.ProbeAddresses(BASE)),),
    "calling_document": lambda: (probe_calls.calling_document("012345"),),
}
NO_DOCUMENTS: Final = {"notice_words", "answer_probe", "is_probe", "keys_of", "take_heard", "take_status"}


def test_every_emitter_is_known_here_and_valid() -> None:
    emitters = {
        name
        for module in (twiml, union_twiml, probe_calls)
        for name, function in getmembers(module, isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_") and name != "render"
    }
    assert emitters == set(EMITTERS) | NO_DOCUMENTS
    for emit in EMITTERS.values():
        for document in emit():
            parse_twiml(document.encode(), "application/xml")
    for name in ("fallback.xml", "thanks.xml"):
        parse_twiml(static_document(name).encode(), "application/xml")


def test_every_output_in_every_language_of_every_flow_is_valid(tmp_path: Path) -> None:
    for flow in flows_of(Settings(data_dir=tmp_path)).values():
        for language in flow.languages:
            says = tuple(
                Say(prompt, language, _filled(flow.text_of(prompt, language))) for prompt in flow.prompts
            )
            outputs: tuple[Output, ...] = (
                *says,
                Listen(says[:1], 1, "", 5),
                Listen(says[:1], 10, "#", 5, speech=True, hints=("工资", "工伤")),
                Wait(says[:1], 2),
                Wait(says[:1], 30),
                RecordVoicemail(says[:1], 120),
                JoinConference("room"),
                HangUp("completed"),
            )
            # What an effect asks is answered before anything is rendered.
            assert {type(each) for each in outputs} | {Effect} == set(get_args(Output))
            for output in outputs:
                document = twiml.render(
                    [output], n=1, flow=flow, language=language, voices=VOICES, addresses=ADDRESSES
                )
                parse_twiml(document.encode(), "application/xml")


@pytest.mark.parametrize(
    ("caller", "signature"),
    [("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="), ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")],
)
def test_our_check_agrees_with_twilios_published_vectors(caller: str, signature: str) -> None:
    """Source: twilio.com/docs/usage/security, and the SDKs' own documentation."""
    check = SignatureCheck("12345", "https://mycompany.com")
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": caller, "Digits": "1234", "From": caller}
    form = FormData([*fields.items(), ("To", "+18005551212")])
    check.verify("/myapp.php", "foo=1&bar=2", form, [signature])
    more = FormData([*form.multi_items(), ("To", "")])
    for query, given, signatures in (
        ("foo=1&bar=3", form, [signature]),
        ("foo=1&bar=2", more, [signature]),
        ("foo=1&bar=2", form, [signature, signature]),
    ):
        with pytest.raises(BadSignature):
            check.verify("/myapp.php", query, given, signatures)


def test_a_body_that_is_no_form_is_proven_by_its_digest_as_twilio_publishes_it() -> None:
    """Source: the request-validator tests of Twilio's own SDKs."""
    check = SignatureCheck("12345", "https://mycompany.com")
    body = b'{"property": "value", "boolean": true}'
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    query, signature = f"foo=1&bar=2&bodySHA256={digest}", "a9nBmqA0ju/hNViExpshrM61xv4="
    check.verify("/myapp.php", query, body, [signature])
    for bad, given, signatures in (
        (query, body + b" ", [signature]),
        (query, b"", [signature]),
        (query, b"\xff", [signature]),
        (query.replace(digest, "0" * 64), body, [signature]),
        (query, body, ["a9nBmqA0ju/hNViExpshrM61xv5="]),
        (query, body, []),
    ):
        with pytest.raises(BadSignature):
            check.verify("/myapp.php", bad, given, signatures)


def _filled(text: str) -> dict[str, str]:
    return dict.fromkeys(PLACEHOLDER.findall(text), WORDS)
