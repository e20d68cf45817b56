"""Deliveries on many machines: a relay hands claimed rows to RQ, whose workers carry them out; the rows stay the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

import rq
from redis import Redis
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer

from hotline.jobs import relay
from hotline.jobs.relay import Claimed
from hotline.jobs.ticker import refresh_configuration
from hotline.services import Services

JOB = "hotline.jobs.rq_queue.carry_out_row"
QUEUES: Final = ("live", "slow")
TIMEOUT_S = 55
"""Shorter than the lease: a job that hangs is stopped before its row is shown to a person."""

WORKER_TTL_S: Final = 30
"""For so long a worker that was killed still counts as one; then deliveries are carried out without it."""

_provider: list[Callable[[], Services]] = []


def provide(services: Callable[[], Services]) -> None:
    """Say how a worker process gets its services; they are built once, at its first job."""
    _provider[:] = [services]
    _services.cache_clear()


def hand_over(services: Services, redis: Redis, *, queue: str, owner: str) -> int:
    """Claim what is due and put it before the workers; return how many deliveries that was."""
    line = rq.Queue(queue, connection=redis, serializer=JSONSerializer)
    claimed = relay.claim(services, queue=queue, owner=owner)
    for each in claimed:
        line.enqueue_call(
            func=JOB,
            args=(each.id, each.kind, each.payload, owner),
            timeout=TIMEOUT_S,
            result_ttl=0,
            failure_ttl=60,
        )
    return len(claimed)


class HandOver:
    """Puts what is due before the workers; call it whenever something may be due."""

    def __init__(self, services: Services, redis: Redis) -> None:
        self._services = services
        self._redis = redis
        self._owner = relay.owner_name()

    def __call__(self) -> bool:
        """Return whether the workers have it now; False while there is no Redis or no worker."""
        try:
            if not rq.Worker.count(connection=self._redis):
                return False
        except RedisError:
            return False
        for queue in QUEUES:
            try:
                while hand_over(self._services, self._redis, queue=queue, owner=self._owner):
                    pass
            except RedisError:
                relay.give_back(self._services, owner=self._owner, queue=queue)
                return False
        return True


def worker(redis: Redis, *, queues: tuple[str, ...] = QUEUES) -> rq.SimpleWorker:
    """Return a worker that carries jobs out in its own process: these are short."""
    made = rq.SimpleWorker(
        [rq.Queue(name, connection=redis, serializer=JSONSerializer) for name in queues],
        connection=redis,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_S,
    )
    # After an outage of Redis it looks again at once: what rings for a caller is stale in seconds.
    made.max_connection_wait_time = 1.0
    return made


def carry_out_row(delivery_id: int, kind: str, payload: dict[str, object], owner: str) -> str:
    """Carry out one claimed row (what RQ calls); a lease that was lost meanwhile sends nothing."""
    services = _services()
    refresh_configuration(services)
    return relay.carry_out(services, Claimed(delivery_id, kind, payload), owner=owner)


@cache
def _services() -> Services:
    return _provider[0]()
