"""Carries facts from the threads that commit them to the event loop that owns the sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from dispatch.unit_of_work import Fact

RETRY_S: Final = 1.0
log = structlog.get_logger(__name__)

Deliver = Callable[[Fact], Awaitable[None]]


class Push:
    """`publish` may be called from any thread and never blocks; facts arrive in order, the newest of a kind and id."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[tuple[str, str], Fact] = {}
        self._arrived = asyncio.Event()

    def publish(self, facts: Sequence[Fact]) -> None:
        """Hand facts over; without a running server there is nobody to tell."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._take, tuple(facts))
        except RuntimeError:
            # The loop was closed between the question and the call: the server is going down.
            log.info("facts after the server's end", count=len(facts))

    async def run(self, deliver: Deliver) -> None:
        """Deliver facts until cancelled; one that could not be checked now is tried again."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                while self._waiting:
                    key = next(iter(self._waiting))
                    await self._deliver(deliver, self._waiting.pop(key))
        finally:
            self._loop = None

    async def _deliver(self, deliver: Deliver, fact: Fact) -> None:
        try:
            await deliver(fact)
        except SQLAlchemyError as error:
            log.warning("fact waits for the database", kind=fact.kind, error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
            self._take((fact,))

    def _take(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            key = (fact.kind, fact.id)
            earlier = self._waiting.get(key)
            if earlier is not None:
                rooms = tuple(dict.fromkeys(earlier.rooms + fact.rooms))
                fact = max(earlier, fact, key=lambda each: (each.version, each.at))
                fact = Fact(fact.kind, fact.id, fact.version, fact.at, rooms)
            self._waiting[key] = fact
        self._arrived.set()
