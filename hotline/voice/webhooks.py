"""The carrier's doors: each request is verified, read into an event, taken in on its own pool, and answered in TwiML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated, Final, TypeVar

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from starlette.datastructures import FormData
from starlette.types import Message, Receive

from dispatch.database import POOL_SIZES
from hotline.calls.talk_commands import DIGITS
from hotline.carriers.base import CarrierStatus
from hotline.carriers.twilio import CARRIER_STATUS
from hotline.services import Services
from hotline.voice import probe_calls, telephones
from hotline.voice.events import CallEvent, Malformed, event_of
from hotline.voice.operators import (
    answer_operator,
    answer_outbound,
    keep_fallback_message,
    note_failed_turn,
    release_by_fallback,
)
from hotline.voice.recording_reports import REPORTED, RecordingEvent, take_recording
from hotline.voice.reports import ConferenceEvent, StatusEvent, take_conference, take_status
from hotline.voice.service_policy import FIRST_LANGUAGE
from hotline.voice.signature import BODY_HASH, SIGNATURE, BadSignature, SignatureCheck
from hotline.voice.tune import tune
from hotline.voice.turns import Answered, take_turn
from hotline.voice.twiml import (
    Addresses,
    announcement_document,
    digits_document,
    hang_up_document,
    hold_document,
    operator_document,
    question_document,
    render,
)

LARGEST_FORM: Final = 200_000
"""Bytes; the longest speech result is a tenth of it."""
MOST_FIELDS: Final = 200
LAST_TURN: Final = 100_000

T = TypeVar("T")

router = APIRouter(prefix="/voice", include_in_schema=False)
logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Voice:
    """What every webhook needs; `limiter` has as many threads as the webhook pool has connections."""

    services: Services
    addresses: Addresses
    check: SignatureCheck
    limiter: CapacityLimiter


def add_voice(app: FastAPI, services: Services) -> None:
    """Add the carrier's doors to the application."""
    app.state.voice = Voice(
        services,
        Addresses(services.public_url),
        SignatureCheck(services.webhook_secret, services.public_url),
        CapacityLimiter(POOL_SIZES["webhook"]),
    )
    app.include_router(router)
    app.add_exception_handler(BadSignature, _refuse)
    app.add_exception_handler(Malformed, _malformed)


@dataclass(frozen=True, slots=True)
class Webhook:
    """One verified request."""

    voice: Voice
    form: FormData

    def text(self, name: str) -> str:
        """Return a field's first value; a file part or a missing field is empty."""
        value = next((value for key, value in self.form.multi_items() if key == name), "")
        return value if isinstance(value, str) else ""

    @property
    def plain(self) -> dict[str, str]:
        return {name: self.text(name) for name in self.form}


async def verified(request: Request) -> Webhook:
    """Read and verify a webhook before anything else happens; raises BadSignature."""
    voice: Voice = request.app.state.voice
    limited = Request(request.scope, receive=_limited(request.receive))
    digested = any(name == BODY_HASH for name, _ in request.query_params.multi_items())
    body = await limited.body() if digested else None
    form = await limited.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LARGEST_FORM)
    raw_path = request.scope.get("raw_path") or request.url.path.encode()
    voice.check.verify(
        raw_path.decode("ascii", "replace"),
        request.url.query,
        form if body is None else body,
        request.headers.getlist(SIGNATURE),
    )
    return Webhook(voice, form)


Verified = Annotated[Webhook, Depends(verified)]


@router.post("/incoming")
async def incoming(webhook: Verified) -> Response:
    """A caller is there: the first turn. Our own synthetic call is answered beside the record."""
    services = webhook.voice.services
    if webhook.text("From") == services.numbers[0]:
        to, sid = webhook.text("To"), webhook.text("CallSid")[:64]
        own = await _run(webhook, lambda: probe_calls.answer_probe(services, to=to, sid=sid))
        if own is not None:
            return _xml(own)
    return await _turn(webhook, n=0, mark=None)


@router.post("/turns/{n}")
async def turn(webhook: Verified, n: int, mark: str | None = None) -> Response:
    """A caller has pressed, spoken, waited, left a message or a conversation."""
    if not 0 < n <= LAST_TURN:
        raise Malformed(f"turn {n}")
    return await _turn(webhook, n=n, mark=mark)


@router.post("/status")
async def status(webhook: Verified, leg: int | None = None, call: int | None = None) -> Response:
    """How far a telephone has got."""
    reported = CARRIER_STATUS.get(webhook.text("CallStatus"))
    sid = webhook.text("CallSid")
    if reported is None or not 0 < len(sid) <= 64:
        raise Malformed("no CallSid or an unknown CallStatus")
    services = webhook.voice.services
    ours = webhook.text("From") == services.numbers[0]
    if ours and leg is None and await _run(webhook, lambda: probe_calls.is_probe(services, sid)):
        return Response(status_code=204)
    event = StatusEvent(
        sid=sid,
        carrier_status=CarrierStatus(reported),
        sequence=_number(webhook.text("SequenceNumber")),
        from_raw=webhook.text("From"),
        to_raw=webhook.text("To"),
        leg_id=leg,
        call_id=call,
    )
    await _run(webhook, lambda: take_status(webhook.voice.services, event))
    return Response(status_code=204)


@router.post("/recording")
async def recording(webhook: Verified, call: int) -> Response:
    """How far the recording of a conversation has got; its address is built from its SID, never read from here."""
    reported, sid = webhook.text("RecordingStatus"), webhook.text("RecordingSid")
    if reported not in REPORTED or not 0 < len(sid) <= 64:
        raise Malformed("no RecordingSid or an unknown RecordingStatus")
    event = RecordingEvent(
        call_id=call,
        call_sid=webhook.text("CallSid"),
        recording_sid=sid,
        status=reported,
        duration_s=_number(webhook.text("RecordingDuration")),
    )
    await _run(webhook, lambda: take_recording(webhook.voice.services, event))
    return Response(status_code=204)


@router.post("/conference")
async def conference(webhook: Verified) -> Response:
    """Somebody came into a conversation or left it."""
    event = ConferenceEvent(
        conference=webhook.text("FriendlyName")[:64],
        event=webhook.text("StatusCallbackEvent"),
        sid=webhook.text("CallSid")[:64],
        sequence=_number(webhook.text("SequenceNumber")),
    )
    await _run(webhook, lambda: take_conference(webhook.voice.services, event))
    return Response(status_code=204)


@router.post("/operator/{leg_id}")
async def operator(webhook: Verified, leg_id: int) -> Response:
    """A telephone that we have rung was answered: asked for a key where it must be, else into the conversation."""
    voice = webhook.voice
    asked = await _run(
        webhook, lambda: telephones.question(voice.services, leg_id, sid=webhook.text("CallSid"))
    )
    if asked is not None:
        spoken = voice.services.voices.get(FIRST_LANGUAGE)
        return _xml(question_document(asked, spoken, voice.addresses.accept(leg_id)))
    return await _into_conversation(webhook, leg_id)


@router.post("/operator/{leg_id}/accept")
async def accept(webhook: Verified, leg_id: int) -> Response:
    """An operator at an ordinary telephone has pressed a key: 1 brings the caller in, anything else ends the ring."""
    sid, digits = webhook.text("CallSid"), webhook.text("Digits")
    services = webhook.voice.services
    taken = await _run(webhook, lambda: telephones.pressed(services, leg_id, sid=sid, digits=digits))
    return await _into_conversation(webhook, leg_id) if taken else _xml(hang_up_document())


@router.post("/outbound/{call_id}")
async def outbound(webhook: Verified, call_id: int) -> Response:
    """Somebody whom we call back has answered."""
    sid = webhook.text("CallSid")
    is_machine = webhook.text("AnsweredBy").startswith(("machine", "fax"))
    answered = await _run(
        webhook,
        lambda: answer_outbound(webhook.voice.services, call_id, sid=sid, is_machine=is_machine),
    )
    if answered is None:
        return _xml(hang_up_document())
    return _xml(_rendered(webhook.voice, answered))


@router.post("/probe/{probe_id}")
async def probe(webhook: Verified, probe_id: int) -> Response:
    """The calling end of a synthetic call was answered."""
    return _xml(await _run(webhook, lambda: probe_calls.keys_of(webhook.voice.services, probe_id)))


@router.post("/probe/{probe_id}/heard")
async def probe_heard(webhook: Verified, probe_id: int) -> Response:
    """What the answering end of a synthetic call heard."""
    sid, keys = webhook.text("CallSid"), webhook.text("Digits")
    services = webhook.voice.services
    await _run(webhook, lambda: probe_calls.take_heard(services, probe_id, sid=sid, keys=keys))
    return _xml(hang_up_document())


@router.post("/probe/{probe_id}/status")
async def probe_status(webhook: Verified, probe_id: int) -> Response:
    """How far the calling end of a synthetic call has got."""
    services, status = webhook.voice.services, webhook.text("CallStatus")
    await _run(webhook, lambda: probe_calls.take_status(services, probe_id, status))
    return Response(status_code=204)


@router.post("/hold")
async def hold(webhook: Verified) -> Response:
    """What somebody hears who is kept waiting in a conversation."""
    return _xml(hold_document(webhook.voice.addresses))


@router.post("/warnings/{number}")
async def warning(webhook: Verified, number: int) -> Response:
    """What a caller hears who abuses the operator, in the middle of the conversation."""
    services = webhook.voice.services
    warnings = services.messages.warnings
    text = warnings[min(max(number, 1), len(warnings)) - 1]
    return _xml(announcement_document(text, services.voices.get(FIRST_LANGUAGE)))


@router.post("/recall")
async def recall(webhook: Verified) -> Response:
    """What an operator hears who has kept a caller on hold for long."""
    services = webhook.voice.services
    return _xml(announcement_document(services.talk.recall_text, services.voices.get(FIRST_LANGUAGE)))


@router.post("/digits/{written}")
async def digits(webhook: Verified, written: str) -> Response:
    """Keys that an operator presses for somebody outside."""
    del webhook
    keys = written.replace("s", "*").replace("h", "#")
    if DIGITS.fullmatch(keys) is None:
        raise Malformed("no keys")
    return _xml(digits_document(keys))


@router.get("/tune.wav")
async def tune_file() -> Response:
    """The tune; public, as whoever waits is."""
    return Response(tune(), media_type="audio/wav", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/fallback.xml")
@router.post("/fallback.xml")
async def fallback(request: Request) -> Response:
    """The document to host elsewhere too: it needs no database. A signed hit releases what rings for the caller."""
    if request.method == "POST":
        webhook = await verified(request)
        sid, code = webhook.text("CallSid"), webhook.text("ErrorCode")
        logger.error("the carrier went to the fallback", call=sid, code=code)
        try:
            await _run(webhook, lambda: release_by_fallback(webhook.voice.services, sid, code=code))
        except Exception:
            logger.exception("fallback without the record", call=sid)
    return _xml(static_document("fallback.xml"))


@router.get("/thanks.xml")
@router.post("/thanks.xml")
async def thanks(request: Request) -> Response:
    """After a message that the fallback document took; kept if the record can be reached again."""
    if request.method == "POST":
        webhook = await verified(request)
        try:
            event = event_of(webhook.plain, n=1, mark=None)
            await _run(webhook, lambda: keep_fallback_message(webhook.voice.services, event))
        except Exception:
            logger.exception("a fallback message is still at the carrier", call=webhook.text("CallSid"))
    return _xml(static_document("thanks.xml"))


@cache
def static_document(name: str) -> str:
    """Return one of the documents that are to be hosted elsewhere too."""
    return files("hotline.voice").joinpath(name).read_text(encoding="utf-8")


async def _turn(webhook: Webhook, *, n: int, mark: str | None) -> Response:
    event: CallEvent = event_of(webhook.plain, n=n, mark=mark)
    try:
        answered = await _run(webhook, lambda: take_turn(webhook.voice.services, event))
        return _xml(_rendered(webhook.voice, answered))
    except Exception:
        # A caller always hears a sentence: the apology takes a message and needs no database.
        logger.exception("a turn failed", call=event.sid, turn=n)
        await _note_failed_turn(webhook, event.sid)
        return _xml(static_document("fallback.xml"))


async def _note_failed_turn(webhook: Webhook, sid: str) -> None:
    """Write it down for the health of the line, if the record can be reached; it may be what failed."""
    try:
        await _run(webhook, lambda: note_failed_turn(webhook.voice.services, sid))
    except Exception:
        logger.exception("a failed turn could not be written down", call=sid)


async def _into_conversation(webhook: Webhook, leg_id: int) -> Response:
    """Answer a telephone that we have rung with the conversation it belongs to."""
    sid, voice = webhook.text("CallSid"), webhook.voice
    entrance = await _run(webhook, lambda: answer_operator(voice.services, leg_id, sid=sid))
    if entrance is None:
        return _xml(hang_up_document())
    return _xml(
        operator_document(
            entrance.conference,
            addresses=voice.addresses,
            muted=entrance.muted,
            coached=entrance.coached,
            greeting=entrance.greeting,
            voice=voice.services.voices.get(FIRST_LANGUAGE),
        )
    )


async def _run(webhook: Webhook, work: Callable[[], T]) -> T:
    return await run_sync(work, limiter=webhook.voice.limiter)


def _rendered(voice: Voice, answered: Answered) -> str:
    return render(
        answered.outputs,
        n=answered.n,
        flow=answered.flow,
        language=answered.language,
        voices=voice.services.voices,
        addresses=voice.addresses,
        notice=answered.notice,
    )


def _limited(receive: Receive) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > LARGEST_FORM:
            raise Malformed("the form is too large")
        return message

    return receiving


def _number(text: str) -> int:
    return min(int(text), 2**31 - 1) if text.isascii() and text.isdecimal() else 0


def _xml(document: str) -> Response:
    return Response(document, media_type="application/xml")


async def _refuse(_: Request, __: Exception) -> Response:
    return Response("the signature is missing or wrong", status_code=403, media_type="text/plain")


async def _malformed(_: Request, error: Exception) -> Response:
    return Response(str(error), status_code=400, media_type="text/plain")
