"""The carrier's door for short messages: verified like every other of its doors, taken in once, answered by the outbox."""

from __future__ import annotations

from functools import partial
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Response

from dispatch.unit_of_work import unit_of_work
from hotline.public.messages import Kind, Text, take_message
from hotline.public.receipts import take_receipt
from hotline.services import Services
from hotline.voice.events import Malformed
from hotline.voice.webhooks import Verified

NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""The answer goes out by the outbox, once, and not with each repetition of the webhook."""
MOST_MEDIA: Final = 99

router = APIRouter(prefix="/messages", include_in_schema=False)


def add_messages(app: FastAPI) -> None:
    """Add the door; the carrier's other doors must be there already."""
    app.include_router(router)


@router.post("/incoming")
async def incoming(webhook: Verified) -> Response:
    """A short message is there; pictures that come with one are counted and never fetched."""
    sid = webhook.text("MessageSid") or webhook.text("SmsSid")
    if not 0 < len(sid) <= 64:
        raise Malformed("no MessageSid")
    media = webhook.text("NumMedia")
    text = Text(
        sid=sid,
        from_raw=webhook.text("From"),
        to_raw=webhook.text("To"),
        body=webhook.text("Body"),
        media=min(int(media), MOST_MEDIA) if media.isascii() and media.isdecimal() else 0,
    )
    await run_sync(partial(_take, webhook.voice.services, text), limiter=webhook.voice.limiter)
    return Response(NOTHING_TO_SAY, media_type="application/xml")


@router.post("/status")
async def status(webhook: Verified) -> Response:
    """What became of a message that we sent."""
    sid = webhook.text("MessageSid") or webhook.text("SmsSid")
    if not 0 < len(sid) <= 64:
        raise Malformed("no MessageSid")
    told = webhook.text("MessageStatus") or webhook.text("SmsStatus"), webhook.text("ErrorCode")[:16]
    await run_sync(partial(_note, webhook.voice.services, sid, *told), limiter=webhook.voice.limiter)
    return Response(status_code=204)


def _note(services: Services, sid: str, state: str, error: str) -> None:
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        take_receipt(session, sid, state, error=error, now=services.now())


def _take(services: Services, text: Text) -> Kind | None:
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        return take_message(session, text, policy=services.policy, public=services.public, now=services.now())
