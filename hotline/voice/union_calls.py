"""The carrier's doors for calls to unions' people: "press 1 to sign for it", and the bridge between handler and caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal, TypeVar

import structlog
from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Path, Response
from sqlalchemy.orm import Session

from dispatch.actors import actor_of
from dispatch.commands import perform
from dispatch.errors import DispatchError
from dispatch.inbox import own_turn, signing_pair
from dispatch.models.inbox import NoticeDelivery
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.rules.ticket_state import Command
from dispatch.unit_of_work import unit_of_work
from hotline.calls import relay
from hotline.calls.relay_models import RelayCall
from hotline.carriers.base import CarrierStatus
from hotline.carriers.twilio import CARRIER_STATUS
from hotline.services import Services
from hotline.voice.service_policy import FIRST_LANGUAGE
from hotline.voice.twiml import hang_up_document
from hotline.voice.union_twiml import (
    RELAY_ASK,
    RELAY_CALLER,
    RELAY_OVER,
    RELAY_WAIT,
    SIGNED,
    TOO_LATE,
    UnionAddresses,
    ask_for_key,
    meet,
    notice_words,
    say_and_hang_up,
)
from hotline.voice.voices import Voice
from hotline.voice.webhooks import Verified, Webhook

T = TypeVar("T")
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]

router = APIRouter(prefix="/voice", include_in_schema=False)
logger = structlog.get_logger(__name__)


def add_union_calls(app: FastAPI) -> None:
    """Add these doors; `add_voice` has put there what they need."""
    app.include_router(router)


@router.post("/notices/{delivery_id}")
async def notice(webhook: Verified, delivery_id: Id) -> Response:
    """Somebody took the call about a ticket to sign for; a machine is told nothing."""
    if webhook.text("AnsweredBy").startswith(("machine", "fax")):
        await _run(webhook, lambda: _came_to(webhook, delivery_id, "machine"))
        return _xml(hang_up_document())
    return _xml(await _run(webhook, lambda: _ask(webhook, delivery_id)))


@router.post("/notices/{delivery_id}/keys")
async def notice_keys(webhook: Verified, delivery_id: Id) -> Response:
    """A key was pressed: 1 signs for the ticket, anything else hears it again."""
    if webhook.text("Digits") != "1":
        return _xml(await _run(webhook, lambda: _ask(webhook, delivery_id)))
    words = await _run(webhook, lambda: _sign(webhook.voice.services, delivery_id, webhook.text("CallSid")))
    return _xml(say_and_hang_up(words, _voice(webhook)))


@router.post("/notices/{delivery_id}/status")
async def notice_status(webhook: Verified, delivery_id: Id) -> Response:
    """How the call ended; the delivery's own state says only that it was rung."""
    reported = CARRIER_STATUS.get(webhook.text("CallStatus"))
    if reported is not None and CarrierStatus(reported).is_terminal:
        outcome = _ENDS.get(CarrierStatus(reported), "failed")
        await _run(webhook, lambda: _came_to(webhook, delivery_id, outcome))
    return Response(status_code=204)


@router.post("/relay/{relay_id}/union")
async def relay_union(webhook: Verified, relay_id: Id) -> Response:
    """The handler's telephone was answered: a key proves that a person did it."""
    if webhook.text("AnsweredBy").startswith(("machine", "fax")):
        return _xml(hang_up_document())
    action = UnionAddresses(webhook.voice.services.public_url).relay(relay_id, "go")
    return _xml(ask_for_key(RELAY_ASK, _voice(webhook), action=action))


@router.post("/relay/{relay_id}/go")
async def relay_go(webhook: Verified, relay_id: Id) -> Response:
    """The handler pressed a key: with 1 the caller is rung while he waits."""
    sid, services = webhook.text("CallSid"), webhook.voice.services
    ready = webhook.text("Digits") == "1" and await _run(
        webhook,
        lambda: _with_relay(
            services,
            relay_id,
            lambda session, call: relay.union_ready(session, call, sid=sid, now=services.now()),
        ),
    )
    if not ready:
        return _xml(hang_up_document())
    addresses = UnionAddresses(services.public_url)
    return _xml(meet(RELAY_WAIT, _voice(webhook), relay.conference_of(relay_id), addresses))


@router.post("/relay/{relay_id}/caller")
async def relay_caller(webhook: Verified, relay_id: Id) -> Response:
    """The caller took the call: the two meet."""
    sid, services = webhook.text("CallSid"), webhook.voice.services
    is_machine = webhook.text("AnsweredBy").startswith(("machine", "fax"))
    there = await _run(
        webhook,
        lambda: _with_relay(
            services,
            relay_id,
            lambda session, call: relay.caller_answered(
                session, call, sid=sid, is_machine=is_machine, now=services.now()
            ),
        ),
    )
    if not there:
        return _xml(hang_up_document())
    addresses = UnionAddresses(services.public_url)
    return _xml(meet(RELAY_CALLER, _voice(webhook), relay.conference_of(relay_id), addresses))


@router.post("/relay/{relay_id}/over")
async def relay_over(webhook: Verified, relay_id: Id) -> Response:
    """What the handler hears whose caller did not answer."""
    logger.info("a relay call met nobody", relay=relay_id)
    return _xml(say_and_hang_up(RELAY_OVER, _voice(webhook)))


@router.post("/relay/{relay_id}/status/{side}")
async def relay_status(webhook: Verified, relay_id: Id, side: Literal["union", "caller"]) -> Response:
    """One of the two telephones is down."""
    reported, services = CARRIER_STATUS.get(webhook.text("CallStatus")), webhook.voice.services
    sid = webhook.text("CallSid")

    def take(session: Session, call: RelayCall) -> bool:
        known = call.union_sid if side == "union" else call.caller_sid
        if known not in (None, sid):
            # A report about another call than ours changes nothing.
            return False
        relay.side_ended(session, call, side=side, now=services.now())
        return True

    if reported is not None and CarrierStatus(reported).is_terminal:
        await _run(webhook, lambda: _with_relay(services, relay_id, take))
    return Response(status_code=204)


def _ask(webhook: Webhook, delivery_id: int) -> str:
    services = webhook.voice.services
    with services.database.reading("webhook") as session:
        found = _of_delivery(session, delivery_id)
        if found is None:
            return hang_up_document()
        _, ticket = found
        words = notice_words(ticket.urgency) if ticket.state == "dispatched" else None
    if words is None:
        return say_and_hang_up(TOO_LATE, _voice(webhook))
    action = UnionAddresses(services.public_url).notice(delivery_id, keys=True)
    return ask_for_key(words, _voice(webhook), action=action)


def _sign(services: Services, delivery_id: int, sid: str) -> str:
    """Sign for the ticket as whoever was rung; a repeated key, or one that comes late, changes nothing."""
    now = services.now()
    try:
        with unit_of_work(
            services.database, publish=services.publish, wake=services.wake, purpose="webhook"
        ) as session:
            found = _of_delivery(session, delivery_id)
            delivery = session.get(NoticeDelivery, delivery_id)
            if found is None or delivery is None or delivery.reference not in (None, sid):
                return TOO_LATE
            delivery.reference, delivery.outcome = sid, delivery.outcome or "answered"
            user, ticket = found
            actor = actor_of(user, at=now)
            turn = own_turn(session, actor, ticket.id)
            if turn is not None and turn.handler_id == user.id:
                return SIGNED
            pair = signing_pair(session, actor, now=now, ticket_id=ticket.id)
            if pair is None:
                return TOO_LATE
            data = {"handler_id": pair.handler_id, "deputy_id": pair.deputy_id}
            version = ticket.version
            delivery.outcome = "signed"
            perform(
                session,
                actor,
                ticket.number,
                Command.SIGN_FOR,
                data,
                version=version,
                policy=services.policy,
                now=now,
            )
    except DispatchError as error:
        logger.info("a key came too late", delivery=delivery_id, error=type(error).__name__)
        return TOO_LATE
    return SIGNED


def _came_to(webhook: Webhook, delivery_id: int, outcome: str) -> None:
    """Write down what a call came to; what is known already says more, and another call's report changes nothing."""
    sid = webhook.text("CallSid")
    services = webhook.voice.services
    with unit_of_work(services.database, publish=services.publish, purpose="webhook") as session:
        delivery = session.get(NoticeDelivery, delivery_id)
        if delivery is not None and delivery.reference in (None, sid) and delivery.outcome is None:
            delivery.reference, delivery.outcome = sid, outcome


_ENDS: Final = {
    CarrierStatus.COMPLETED: "answered",
    CarrierStatus.NO_ANSWER: "no_answer",
    CarrierStatus.BUSY: "busy",
}


def _of_delivery(session: Session, delivery_id: int) -> tuple[User, Ticket] | None:
    delivery = session.get(NoticeDelivery, delivery_id)
    if delivery is None or delivery.channel != "robocall" or delivery.user_id is None:
        return None
    user = session.get(User, delivery.user_id)
    ticket = session.get(Ticket, delivery.ticket_id) if delivery.ticket_id is not None else None
    if user is None or user.disabled_at is not None or ticket is None:
        return None
    return user, ticket


def _with_relay(services: Services, relay_id: int, act: Callable[[Session, RelayCall], bool]) -> bool:
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = relay.lock(session, relay_id)
        return call is not None and act(session, call)


def _voice(webhook: Webhook) -> Voice:
    return webhook.voice.services.voices.get(FIRST_LANGUAGE)


async def _run(webhook: Webhook, work: Callable[[], T]) -> T:
    return await run_sync(work, limiter=webhook.voice.limiter)


def _xml(document: str) -> Response:
    return Response(document, media_type="application/xml")
