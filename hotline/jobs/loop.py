"""Deliveries and the clock inside one process: threads that sleep until something is due or somebody wakes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch import timers
from dispatch.archive import archive_ended
from dispatch.database import Busy
from dispatch.unit_of_work import unit_of_work
from hotline.calls.reconcile import reconcile
from hotline.jobs import relay
from hotline.line import leases
from hotline.services import Services

LONGEST_SLEEP_S: Final = 0.5
SENDERS: Final = 4
"""Threads that talk to the carrier; a slow one does not hold up the others."""
TIMERS_AT_ONCE: Final = 200
RECONCILE_EVERY_S: Final = 60.0

logger = structlog.get_logger(__name__)


class Deliveries:
    """Delivers the outbox from this process; `wake` may be called from any thread."""

    def __init__(self, services: Services, *, queues: tuple[str, ...] = ("live", "slow")) -> None:
        self._services = services
        self._queues = queues
        self._owner = relay.owner_name()

    def run_once(self) -> int:
        """Carry out everything that is due now, one after the other; return how many were tried."""
        done = 0
        for queue in self._queues:
            while claimed := relay.claim(self._services, queue=queue, owner=self._owner):
                for each in claimed:
                    relay.carry_out(self._services, each, owner=self._owner)
                done += len(claimed)
        return done

    def run_batch(self, pool: ThreadPoolExecutor) -> None:
        """Claim one batch of each queue and hand it to the senders."""
        for queue in self._queues:
            for each in relay.claim(self._services, queue=queue, owner=self._owner):
                pool.submit(relay.carry_out, self._services, each, owner=self._owner)


def tick(services: Services) -> int:
    """Do everything that is due by the clock: leases, rings, deadlines. Return how much happened."""
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        happened = leases.expire_due(session, lines=services.lines, now=now)
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        happened += timers.fire_due(session, now=now, limit=TIMERS_AT_ONCE, policy=services.policy)
    return happened


def archive(services: Services) -> int:
    """Archive what has ended long enough; what is left over waits for the next round."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        return archive_ended(session, policy=services.policy, now=services.now())


class Background:
    """The threads of one process: senders, clock, reconciler. Start them once, stop them at the end."""

    def __init__(
        self,
        services: Services,
        woken: threading.Event,
        *,
        deliver: bool,
        clock: bool,
        hand_over: Callable[[], bool] | None = None,
    ) -> None:
        self._services = services
        self._woken = woken
        self._hand_over = hand_over
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="sender")
        self._deliveries = Deliveries(services)
        wanted: list[tuple[str, Callable[[], None]]] = []
        if deliver:
            wanted.append(("deliveries", self._deliver))
        if clock:
            wanted += [("clock", self._tick), ("reconciler", self._reconcile)]
        self._threads = [threading.Thread(target=self._guarded, args=each, name=each[0]) for each in wanted]

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is under way end, and stop."""
        self._stopping.set()
        self._woken.set()
        for thread in self._threads:
            thread.join()
        self._pool.shutdown()

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except (SQLAlchemyError, Busy) as error:
                logger.warning("waits for the database", thread=name, error=type(error).__name__)
                self._stopping.wait(1.0)
            except Exception:
                # A thread that dies silently would strand every caller: say it, and go on.
                logger.exception("the background stumbled", thread=name)
                self._stopping.wait(1.0)

    def _deliver(self) -> None:
        self._woken.clear()
        # Without workers that could take it, this process carries it out itself.
        if self._hand_over is None or not self._hand_over():
            self._deliveries.run_batch(self._pool)
        self._woken.wait(LONGEST_SLEEP_S)

    def _tick(self) -> None:
        happened = tick(self._services)
        self._stopping.wait(0.0 if happened >= TIMERS_AT_ONCE else self._sleep_s())

    def _reconcile(self) -> None:
        self._stopping.wait(RECONCILE_EVERY_S)
        if not self._stopping.is_set():
            reconcile(self._services)
            archive(self._services)

    def _sleep_s(self) -> float:
        with self._services.database.reading("clock") as session:
            moments = [leases.next_due(session), timers.next_due(session)]
        due: datetime | None = min((each for each in moments if each is not None), default=None)
        if due is None:
            return LONGEST_SLEEP_S
        return min(LONGEST_SLEEP_S, max(0.02, (due - self._services.now()).total_seconds()))
