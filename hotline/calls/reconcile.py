"""Asks the carrier about calls whose reports were lost, and takes in calls that nobody told us of."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import select

from dispatch.unit_of_work import unit_of_work
from hotline.calls.incoming import find_or_make
from hotline.calls.locks import lock_by_id
from hotline.calls.models import Call
from hotline.calls.probes import is_probe
from hotline.calls.status import Conversation, advance
from hotline.carriers.base import CarrierCall, CarrierError, CarrierStatus
from hotline.line.endings import caller_gone
from hotline.services import Services

QUIET: Final = timedelta(minutes=2)
"""A younger call is left to its own reports."""
LOOK_BACK: Final = timedelta(hours=2)

logger = structlog.get_logger(__name__)


def reconcile(services: Services) -> int:
    """Settle what is stuck and write down what was missed; return how many calls were changed."""
    return _settle_stuck(services) + _find_missed(services)


def _settle_stuck(services: Services) -> int:
    now = services.now()
    with services.database.reading() as session:
        stuck = session.execute(
            select(Call.id, Call.sid).where(
                Call.conversation_state != Conversation.ENDED.value, Call.started_at < now - QUIET
            )
        ).all()
    settled = 0
    for call_id, sid in stuck:
        try:
            known = None if sid.startswith("out-") else services.carrier.fetch_call(sid)
        except CarrierError as error:
            logger.warning("the carrier could not be asked", error=str(error))
            return settled
        status = known.carrier_status if known is not None else CarrierStatus.FAILED
        if status.is_terminal:
            _settle(services, call_id, status)
            settled += 1
    return settled


def _find_missed(services: Services) -> int:
    now = services.now()
    try:
        listed = services.carrier.list_calls(started_after=now - LOOK_BACK)
    except CarrierError as error:
        logger.warning("the carrier could not be asked", error=str(error))
        return 0
    inbound = {each.call_sid: each for each in listed if each.direction == "inbound"}
    with services.database.reading() as session:
        known = set(session.scalars(select(Call.sid).where(Call.sid.in_(list(inbound)))))
        own = {
            sid
            for sid, each in inbound.items()
            if each.from_ == services.numbers[0] and is_probe(session, sid)
        }
    missed = [
        call for sid, call in inbound.items() if sid not in known | own and call.carrier_status.is_terminal
    ]
    for each in missed:
        _write_down(services, each)
    return len(missed)


def _write_down(services: Services, seen: CarrierCall) -> None:
    now = services.now()
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        call = find_or_make(
            session,
            seen.call_sid,
            from_raw=seen.from_,
            to_raw=seen.to,
            policy=services.policy,
            now=seen.started_at or now,
        )
        advance(call, seen.carrier_status, at=seen.ended_at or now)
        caller_gone(session, call, policy=services.policy, lines=services.lines, now=now)


def _settle(services: Services, call_id: int, status: CarrierStatus) -> None:
    now = services.now()
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        call = lock_by_id(session, call_id)
        if call is not None:
            advance(call, status, at=now)
            caller_gone(session, call, policy=services.policy, lines=services.lines, now=now)
