"""Carries facts between processes over Redis: what one commits, the consoles of all web processes hear.

Nothing is kept there. A fact that Redis loses is made good by asking again: a web process that was deaf for a
while closes its sockets, and each console that comes back reads what it shows anew (docs/adr/0005).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from dispatch.unit_of_work import Fact, Publish

CHANNEL: Final = "hotline:facts"
TIMEOUT_S: Final = 2.0
CANARY_EVERY_S: Final = 5.0
DEAF_AFTER_S: Final = 20.0
"""A listener that has not heard its own canary for so long is deaf, whatever its connection says."""
SILENT_S: Final = 5.0
"""After a failure nothing is said for a moment: a command must not wait for a dead Redis each time."""

logger = structlog.get_logger(__name__)


class Bus:
    """One process's end; `publish` and `wake` may be called from any thread and never raise."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.origin: Final = secrets.token_hex(8)
        self._redis = _connect(url)
        self._silent_until = 0.0

    def publish(self, facts: Sequence[Fact]) -> None:
        """Tell the other processes."""
        self._say({"facts": [{**asdict(fact), "at": fact.at.isoformat()} for fact in facts]})

    def wake(self) -> None:
        """Let whoever delivers look at the outbox now."""
        self._say({"wake": True})

    def listener(
        self,
        *,
        on_facts: Publish | None = None,
        on_wake: Callable[[], None] | None = None,
        on_gap: Callable[[], None] | None = None,
    ) -> Listener:
        """Return a thread that hears what other processes say."""
        return Listener(self, on_facts=on_facts, on_wake=on_wake, on_gap=on_gap)

    def close(self) -> None:
        """Let the connections go."""
        self._redis.close()

    def connection(self) -> Redis:
        """Return a connection of one's own."""
        return _connect(self._url)

    def blocking_connection(self) -> Redis:
        """Return a connection for whoever waits long for an answer, as a worker does for a job."""
        return Redis.from_url(self._url, socket_connect_timeout=TIMEOUT_S)

    def canary(self) -> None:
        """Say something that only the sender listens for."""
        self._say({"canary": True})

    def _say(self, message: dict[str, Any]) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            self._redis.publish(CHANNEL, json.dumps({"origin": self.origin, **message}))
        except RedisError as error:
            self._silent_until = time.monotonic() + SILENT_S
            logger.warning("redis does not take facts", error=type(error).__name__)


class Listener(threading.Thread):
    """Hears the other processes until stopped; after every gap in its hearing it says so once."""

    def __init__(
        self,
        bus: Bus,
        *,
        on_facts: Publish | None,
        on_wake: Callable[[], None] | None,
        on_gap: Callable[[], None] | None,
    ) -> None:
        super().__init__(name="bus", daemon=True)
        self._bus = bus
        self._on_facts = on_facts or (lambda _: None)
        self._on_wake = on_wake or (lambda: None)
        self._on_gap = on_gap or (lambda: None)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self.join()

    def run(self) -> None:
        """Listen; the thread's body."""
        first = True
        while not self._stopping.is_set():
            try:
                self._listen(announce_gap=not first)
            except RedisError as error:
                logger.warning("redis is away", error=type(error).__name__)
                self._stopping.wait(1.0)
            first = False

    def _listen(self, *, announce_gap: bool) -> None:
        connection = self._bus.connection()
        try:
            with connection.pubsub(ignore_subscribe_messages=True) as heard:  # type: ignore[no-untyped-call]  # redis leaves it bare
                heard.subscribe(CHANNEL)
                if announce_gap:
                    self._on_gap()
                self._hear(heard)
        finally:
            connection.close()

    def _hear(self, heard: Any) -> None:
        canary_at = alive_at = time.monotonic()
        while not self._stopping.is_set():
            moment = time.monotonic()
            if moment >= canary_at:
                self._bus.canary()
                canary_at = moment + CANARY_EVERY_S
            if moment - alive_at > DEAF_AFTER_S:
                logger.warning("deaf to facts: listening anew")
                return
            message = heard.get_message(timeout=0.5)
            if message is None:
                continue
            said = json.loads(message["data"])
            if said.get("origin") == self._bus.origin:
                alive_at = time.monotonic()
                continue
            self._take(said)

    def _take(self, said: dict[str, Any]) -> None:
        if said.get("wake"):
            self._on_wake()
        facts = said.get("facts")
        if facts:
            self._on_facts([_fact(each) for each in facts])


def _fact(told: dict[str, Any]) -> Fact:
    return Fact(
        told["kind"],
        told["id"],
        told["version"],
        datetime.fromisoformat(told["at"]),
        tuple(told["rooms"]),
    )


def _connect(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
