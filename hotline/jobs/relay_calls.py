"""Carries out relay calls: rings the handler, then the caller, and lets both go at the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog

from dispatch.unit_of_work import unit_of_work
from hotline.calls import relay
from hotline.calls.relay_models import RelayCall
from hotline.carriers.base import CallGone, CarrierError
from hotline.services import Services
from hotline.voice.union_twiml import UnionAddresses

RING_S: Final = 30

logger = structlog.get_logger(__name__)


def ring_union(services: Services, payload: Mapping[str, Any]) -> None:
    """Ring the handler's own telephone."""
    _ring(services, payload["relay_id"], side="union", while_state="ringing_union")


def ring_caller(services: Services, payload: Mapping[str, Any]) -> None:
    """Ring the caller, for whom the handler is waiting already."""
    _ring(services, payload["relay_id"], side="caller", while_state="ringing_caller")


def end(services: Services, payload: Mapping[str, Any]) -> None:
    """Let both telephones go; a handler whose caller was not reached is told so first."""
    relay_id = payload["relay_id"]
    with services.database.reading() as session:
        call = session.get_one(RelayCall, relay_id)
        union, caller, outcome = call.union_sid, call.caller_sid, call.outcome
    if caller is not None:
        services.carrier.hangup(caller)
    if union is None:
        return
    if outcome in ("no_answer", "machine", "failed"):
        try:
            services.carrier.redirect(union, url=UnionAddresses(services.public_url).relay(relay_id, "over"))
        except CallGone:
            logger.info("the handler had hung up already", relay=relay_id)
        return
    services.carrier.hangup(union)


def _ring(services: Services, relay_id: int, *, side: str, while_state: str) -> None:
    addresses = UnionAddresses(services.public_url)
    with services.database.reading() as session:
        call = session.get_one(RelayCall, relay_id)
        if call.state != while_state:
            return
        read = relay.number_of_union if side == "union" else relay.number_of_caller
        number = read(session, call)
    if number is None:
        _failed(services, relay_id)
        return
    try:
        made = services.carrier.originate(
            number,
            from_=services.numbers[0],
            url=addresses.relay(relay_id, side),
            status_callback=addresses.relay_status(relay_id, side),
            timeout_s=RING_S,
            detect_machine=side == "caller",
        )
    except CarrierError as error:
        if not error.unknown_outcome and not error.retryable:
            _failed(services, relay_id)
        raise
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        locked = relay.lock(session, relay_id)
        if locked is None:
            return
        if side == "union":
            locked.union_sid = locked.union_sid or made.call_sid
        else:
            locked.caller_sid = locked.caller_sid or made.call_sid
        over = locked.state == "ended"
    if over:
        # The other one hung up while this telephone was being asked for.
        services.carrier.hangup(made.call_sid)


def _failed(services: Services, relay_id: int) -> None:
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        call = relay.lock(session, relay_id)
        if call is not None and call.state != "ended":
            relay.end(session, call, "failed", now=services.now())
