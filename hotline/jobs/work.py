"""The one transaction of a delivery's own."""

from __future__ import annotations

from contextlib import AbstractContextManager

from dispatch.database import WritingSession
from dispatch.unit_of_work import unit_of_work
from hotline.services import Services


def work(services: Services) -> AbstractContextManager[WritingSession]:
    """Open a transaction whose facts and deliveries go out when it commits."""
    return unit_of_work(services.database, publish=services.publish, wake=services.wake)
