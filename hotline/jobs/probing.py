"""Dials the synthetic calls through the carrier and settles them."""

from __future__ import annotations

import structlog

from dispatch.unit_of_work import unit_of_work
from hotline.calls import probes
from hotline.calls.probe_models import LineProbe
from hotline.carriers.base import CarrierError
from hotline.services import Services
from hotline.voice.probe_calls import ProbeAddresses

RING_S = 20

logger = structlog.get_logger(__name__)


def probe_numbers(services: Services) -> int:
    """Dial each number that is due and that the carrier can dial; return how many were."""
    policy = services.probe
    dialled = 0
    for number in services.numbers if policy.enabled else ():
        if number.startswith("+86") and not services.carrier.capabilities.dials_mainland_china:
            continue
        with unit_of_work(services.database, publish=services.publish, purpose="clock") as session:
            planned = probes.plan(session, number, policy=policy, now=services.now())
            probe_id = planned.id if planned is not None else None
        if probe_id is not None:
            _dial(services, probe_id, number)
            dialled += 1
    return dialled


def settle_probes(services: Services) -> list[str]:
    """Give up on what took too long; return the numbers that are deaf."""
    with unit_of_work(services.database, publish=services.publish, purpose="clock") as session:
        deaf = probes.settle(session, services.numbers, policy=services.probe, now=services.now())
    for number in deaf:
        logger.error("a number is deaf", number=number)
    return deaf


def _dial(services: Services, probe_id: int, number: str) -> None:
    addresses = ProbeAddresses(services.public_url)
    try:
        made = services.carrier.originate(
            number,
            from_=services.numbers[0],
            url=addresses.calling(probe_id),
            status_callback=addresses.status(probe_id),
            timeout_s=RING_S,
        )
    except CarrierError as error:
        reason = f"{probes.NOT_DIALLED}：{error}"
        with unit_of_work(services.database, publish=services.publish, purpose="clock") as session:
            probes.fail(session, probe_id, reason, now=services.now())
        return
    with unit_of_work(services.database, publish=services.publish, purpose="clock") as session:
        session.get_one(LineProbe, probe_id).out_sid = made.call_sid
