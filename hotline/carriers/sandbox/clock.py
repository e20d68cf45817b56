"""Time in the sandbox: a queue of timers driven by a test, or by the running event loop."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


@dataclass(order=True, slots=True)
class Timer:
    """One thing that will happen; `busy` marks speech and retries, which `run_until_idle` waits for."""

    at: float
    number: int
    action: Callable[[], None] = field(compare=False)
    busy: bool = field(compare=False)
    done: bool = field(default=False, compare=False)
    handle: asyncio.TimerHandle | None = field(default=None, compare=False)


class Clock(Protocol):
    """What the exchange asks of time."""

    @property
    def elapsed_s(self) -> float:
        """Seconds on this clock; only differences mean something."""
        ...

    def now(self) -> datetime: ...

    def after(self, seconds: float, action: Callable[[], None], *, busy: bool = False) -> Timer: ...

    def cancel(self, timer: Timer) -> None: ...


class VirtualClock:
    """Time that stands still until a test moves it; equal moments fire in the order they were asked for."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed = 0.0
        self._queue: list[Timer] = []
        self._count = 0
        self._busy = 0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def after(self, seconds: float, action: Callable[[], None], *, busy: bool = False) -> Timer:
        self._count += 1
        timer = Timer(self._elapsed + max(seconds, 0.0), self._count, action, busy)
        heapq.heappush(self._queue, timer)
        self._busy += busy
        return timer

    def cancel(self, timer: Timer) -> None:
        if timer.done:
            return
        timer.done = True
        self._busy -= timer.busy

    @property
    def is_busy(self) -> bool:
        """True while something is being spoken or retried."""
        return self._busy > 0

    @property
    def elapsed_s(self) -> float:
        return self._elapsed

    def fire_next(self, *, until_s: float) -> bool:
        """Move to the next timer due within `until_s` of the start and fire it; False when none is."""
        while self._queue and self._queue[0].done:
            heapq.heappop(self._queue)
        if not self._queue or self._queue[0].at > until_s:
            return False
        timer = heapq.heappop(self._queue)
        self._elapsed = max(self._elapsed, timer.at)
        timer.done = True
        self._busy -= timer.busy
        timer.action()
        return True

    def move_to(self, elapsed_s: float) -> None:
        """Let the rest of a stretch pass in which nothing happens."""
        self._elapsed = max(self._elapsed, elapsed_s)


class RealClock:
    """Time as it passes; `speed` above 1 shortens every wait, for demonstrations and tests."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._count = 0

    @property
    def elapsed_s(self) -> float:
        return asyncio.get_running_loop().time() * self._speed

    def now(self) -> datetime:
        return datetime.now(UTC)

    def after(self, seconds: float, action: Callable[[], None], *, busy: bool = False) -> Timer:
        loop = asyncio.get_running_loop()
        self._count += 1
        timer = Timer(loop.time() + seconds / self._speed, self._count, action, busy)
        timer.handle = loop.call_at(timer.at, self._fire, timer)
        return timer

    def cancel(self, timer: Timer) -> None:
        timer.done = True
        if timer.handle is not None:
            timer.handle.cancel()

    @staticmethod
    def _fire(timer: Timer) -> None:
        if timer.done:
            return
        timer.done = True
        timer.action()
