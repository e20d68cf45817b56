"""Deliveries and the clock inside one process: threads that sleep until something is due or somebody wakes them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch import access_links, exchange_intake, once
from dispatch.archive import archive_ended
from dispatch.database import Busy
from dispatch.partner_requests import forget
from dispatch.seal_chain import EVERY
from dispatch.unit_of_work import unit_of_work
from hotline.calls.access import Seals
from hotline.calls.reconcile import reconcile
from hotline.calls.retention import delete_due
from hotline.jobs import relay
from hotline.jobs.lost_recordings import find_lost_recordings
from hotline.jobs.notices import plan_notices
from hotline.jobs.probing import probe_numbers, settle_probes
from hotline.jobs.sealing import seal_history
from hotline.jobs.ticker import look_at_itself, order_recompute, refresh_configuration, sleep_s, tick
from hotline.line import follow_ups
from hotline.services import Services

LONGEST_SLEEP_S: Final = 0.5
SENDERS: Final = 4
"""Threads that talk to the carrier; a slow one does not hold up the others."""
RECONCILE_EVERY_S: Final = 60.0
RECOMPUTE_EVERY_S: Final = 60.0
SELF_AUDIT_AFTER_S: Final = 20.0
"""The first look waits until what a downtime left behind is done."""
SELF_AUDIT_EVERY_S: Final = 300.0
CONFIGURATION_EVERY_S: Final = 2.0
FOLLOW_UP_EVERY_S: Final = 10.0
NOTICES_EVERY_S: Final = 1.0

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


def follow_up(services: Services) -> int:
    """Plan and begin the machine's follow-up calls; return how many rows changed."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        changed = follow_ups.plan(session, policy=services.follow_up, now=services.now())
        return changed + follow_ups.dial_due(
            session,
            policy=services.follow_up,
            outbound=services.outbound,
            number=services.numbers[0],
            may_dial_mainland=services.carrier.capabilities.dials_mainland_china,
            now=services.now(),
        )


def archive(services: Services) -> int:
    """Archive what has ended long enough; what is left over waits for the next round."""
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        return archive_ended(session, policy=services.policy, now=services.now())


def forget_requests(services: Services) -> int:
    """Throw away keys and links that nobody can use any more; return how many."""
    now, partners = services.now(), services.partners
    with unit_of_work(services.database, publish=services.publish, purpose="clock") as session:
        done = once.forget(session, now=now) + access_links.forget(session, now=now)
        done += exchange_intake.forget(session, now=now, keep=partners.keep_answers)
        return done + forget(session, now=now, window=partners.window, keep=partners.keep_answers)


def wake_forgotten_events(services: Services) -> int:
    """Have events of partners done whose delivery was lost; return of how many partners."""
    with unit_of_work(
        services.database, wake=services.wake, publish=services.publish, purpose="clock"
    ) as session:
        return exchange_intake.wake_forgotten(session, now=services.now())


def delete_old_recordings(services: Services) -> int:
    """Delete recordings whose time is over; what is left over waits for the next round."""
    folder = services.data_dir / "recordings"
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="clock"
    ) as session:
        files = delete_due(
            session,
            policy=services.retention,
            seals=Seals.of(services.policy, services.lines),
            folder=folder,
            now=services.now(),
        )
    for file in files:
        Path(file).unlink(missing_ok=True)
    return len(files)


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
        self._first_look = self._first_audit = True
        wanted: list[tuple[str, Callable[[], None]]] = []
        if deliver:
            wanted.append(("deliveries", self._deliver))
        if clock:
            wanted += [
                ("clock", self._tick),
                ("reconciler", self._reconcile),
                ("recomputes", self._order_recompute),
                ("self-audit", self._look_at_itself),
                ("sealer", self._seal),
                ("notices", self._plan_notices),
            ]
            if services.probe.enabled:
                wanted.append(("synthetic calls", self._probe))
            if services.follow_up.enabled:
                wanted.append(("follow-ups", self._follow_up))
        # Every process knows what is in force, whatever else it does.
        wanted.append(("configuration", self._refresh_configuration))
        self._threads = [threading.Thread(target=self._guarded, args=each, name=each[0]) for each in wanted]

    def start(self) -> None:
        """Start every thread, each with what is in force."""
        try:
            refresh_configuration(self._services)
        except (SQLAlchemyError, Busy) as error:
            # Without a database nobody is served either; the thread below looks again.
            logger.warning("waits for the database", thread="configuration", error=type(error).__name__)
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
        # While there is anything to do the next look follows at once.
        self._stopping.wait(0.0 if happened else sleep_s(self._services))

    def _reconcile(self) -> None:
        self._stopping.wait(RECONCILE_EVERY_S)
        if not self._stopping.is_set():
            reconcile(self._services)
            find_lost_recordings(self._services)
            archive(self._services)
            forget_requests(self._services)
            wake_forgotten_events(self._services)
            delete_old_recordings(self._services)

    def _order_recompute(self) -> None:
        order_recompute(self._services, first=self._first_look)
        self._first_look = False
        self._stopping.wait(RECOMPUTE_EVERY_S)

    def _look_at_itself(self) -> None:
        self._stopping.wait(SELF_AUDIT_AFTER_S if self._first_audit else SELF_AUDIT_EVERY_S)
        self._first_audit = False
        if not self._stopping.is_set():
            look_at_itself(self._services)

    def _refresh_configuration(self) -> None:
        refresh_configuration(self._services)
        self._stopping.wait(CONFIGURATION_EVERY_S)

    def _seal(self) -> None:
        self._stopping.wait(EVERY.total_seconds())
        # At the end once more: a programme that is put away leaves nothing unsealed.
        seal_history(self._services, every=timedelta() if self._stopping.is_set() else EVERY)

    def _plan_notices(self) -> None:
        looked = plan_notices(self._services)
        self._stopping.wait(0.0 if looked else NOTICES_EVERY_S)

    def _probe(self) -> None:
        # First the wait: at a start the numbers may not lead here yet.
        policy = self._services.probe
        self._stopping.wait((policy.every - policy.within).total_seconds())
        if self._stopping.is_set():
            return
        probe_numbers(self._services)
        self._stopping.wait(policy.within.total_seconds())
        settle_probes(self._services)

    def _follow_up(self) -> None:
        follow_up(self._services)
        self._stopping.wait(FOLLOW_UP_EVERY_S)
