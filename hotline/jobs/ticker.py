"""What is due by the clock: leases, steps, limitations, recomputes, group signals, and the look at itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from dispatch import recompute, self_audit, signals, statutes, timers
from dispatch.database import WritingSession, database_now
from dispatch.unit_of_work import unit_of_work
from hotline.calls import help_requests
from hotline.calls.access import Seals, sealed_calls
from hotline.line import holding, leases, listening, transfers
from hotline.public.keeping import forget_old
from hotline.services import Services

LONGEST_SLEEP_S: Final = 0.5
SHORTEST_SLEEP_S: Final = 0.02
TIMERS_AT_ONCE: Final = 200
BATCH: Final = 50

logger = structlog.get_logger(__name__)


def tick(services: Services) -> int:
    """Do everything that is due by the clock and return how much happened; any number of processes may do so."""
    happened = 0
    for work in _WORKS:
        with _writing(services) as session:
            happened += work(services, session, moment(services, session))
    return happened


def sleep_s(services: Services) -> float:
    """Return how long nothing will be due, at most half a second: others may write something new meanwhile."""
    with services.database.reading("clock") as session:
        dues = [
            leases.next_due(session),
            transfers.next_due(session),
            holding.next_due(session, policy=services.talk),
            timers.next_due(session),
            statutes.next_due(session),
        ]
        now = moment(services, session)
    due = min((each for each in dues if each is not None), default=None)
    if due is None:
        return LONGEST_SLEEP_S
    return min(LONGEST_SLEEP_S, max(SHORTEST_SLEEP_S, (due - now).total_seconds()))


def moment(services: Services, session: Session) -> datetime:
    """Return the time by which deadlines are measured."""
    return database_now(session) if services.database_time else services.now()


def order_recompute(services: Services, *, first: bool) -> None:
    """Have clocks counted anew that were counted on older calendars."""
    with _writing(services) as session:
        now = moment(services, session)
        services.configuration.refresh(session)
        recompute.order_if_stale(session, policy=services.policy, now=now, unknown=first)


def look_at_itself(services: Services) -> dict[str, int]:
    """Let the hotline look whether anything has been forgotten; what is newly wrong alarms people."""
    with _writing(services) as session:
        now = moment(services, session)
        found = self_audit.audit(session, policy=services.policy, now=now)
        forget_old(session, vault=services.vault, now=now)
    for kind, count in found.items():
        if count:
            logger.warning("the hotline found something wrong", kind=kind, count=count)
    return found


def refresh_configuration(services: Services) -> bool:
    """Take over what another process has published, and days that it has changed."""
    with services.database.reading("clock") as session:
        return services.configuration.refresh(session)


@contextmanager
def _writing(services: Services) -> Iterator[WritingSession]:
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        yield session


def _leases(services: Services, session: WritingSession, now: datetime) -> int:
    return leases.expire_due(session, lines=services.lines, now=now)


def _talks(services: Services, session: WritingSession, now: datetime) -> int:
    """Rings that nobody took, callers kept on hold too long, supervisors where they may be no longer."""
    ended = transfers.expire_due(session, lines=services.lines, now=now)
    ended += holding.recall_due(session, policy=services.talk, now=now)
    sealed = sealed_calls(Seals.of(services.policy, services.lines))
    ended += listening.out_of_sealed(session, sealed, now=now)
    return ended + help_requests.withdraw_over(session, now=now)


def _steps(services: Services, session: WritingSession, now: datetime) -> int:
    # No step may fire on a calendar that an administrator has just changed.
    services.configuration.refresh(session)
    return timers.fire_due(session, now=now, limit=TIMERS_AT_ONCE, policy=services.policy)


def _limitations(services: Services, session: WritingSession, now: datetime) -> int:
    return statutes.raise_due(session, policy=services.policy, now=now, limit=BATCH)


def _recompute(services: Services, session: WritingSession, now: datetime) -> int:
    # Whoever is behind would count backwards.
    services.configuration.refresh(session)
    return recompute.step(session, policy=services.policy, now=now, limit=BATCH)


def _signals(services: Services, session: WritingSession, now: datetime) -> int:
    return signals.check_new(session, policy=services.policy, now=now, limit=BATCH)


_WORKS: Final[tuple[Callable[[Services, WritingSession, datetime], int], ...]] = (
    _leases,
    _talks,
    _steps,
    _limitations,
    _recompute,
    _signals,
)
"""Each in a transaction of its own: what stumbles does not undo the others."""
