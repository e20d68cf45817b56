"""RQ on a real Valkey delivers what the outbox holds, and a flushed Valkey loses nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import select

from dispatch import outbox
from dispatch.database import Database
from dispatch.models.history import Outbox
from hotline.jobs import relay, rq_queue
from hotline.jobs.loop import Deliveries
from tests.calls.centre import Centre, open_centre
from tests.servers import Unavailable, valkey_url


@pytest.fixture
def redis() -> Redis:
    try:
        return Redis.from_url(valkey_url())
    except Unavailable as error:
        pytest.skip(str(error))


def ask_to_end_a_conversation(centre: Centre) -> None:
    """Put one real command to the carrier into the outbox: it answers that there is no such conversation."""
    with centre.services.database.writing() as session:
        outbox.put(
            session,
            "live",
            "end_conference",
            {"conference": "call-1-1"},
            now=centre.services.now(),
            key="end",
        )


def state(centre: Centre) -> str:
    with centre.services.database.reading() as session:
        return session.scalars(select(Outbox.state)).one()


def test_a_worker_on_valkey_delivers_a_row_once(database: Database, redis: Redis, tmp_path: Path) -> None:
    redis.flushdb()
    with open_centre(database, tmp_path) as centre:
        ask_to_end_a_conversation(centre)
        rq_queue.provide(lambda: centre.services)
        owner = relay.owner_name()
        assert rq_queue.hand_over(centre.services, redis, queue="live", owner=owner) == 1
        assert rq_queue.hand_over(centre.services, redis, queue="live", owner=owner) == 0
        assert state(centre) == "leased"
        assert rq_queue.worker(redis).work(burst=True, logging_level="WARNING")
        assert state(centre) == "sent"
    redis.close()


def test_flushing_valkey_loses_no_delivery(database: Database, redis: Redis, tmp_path: Path) -> None:
    with open_centre(database, tmp_path) as centre:
        ask_to_end_a_conversation(centre)
        rq_queue.hand_over(centre.services, redis, queue="live", owner=relay.owner_name())
        redis.flushdb()
        centre.clock.ahead += relay.LEASE * 2
        assert Deliveries(centre.services).run_once() == 1
        assert state(centre) == "sent"
    redis.close()
