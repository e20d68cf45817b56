"""Runs one leg's instructions: a generator that says what it waits for, and is told what came."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

from hotline.carriers.sandbox.clock import Clock, Timer
from hotline.carriers.sandbox.webhooks import Delivered


@dataclass(frozen=True, slots=True)
class Pressed:
    """One key of this leg's telephone."""

    key: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The person on this leg said something that took `seconds`."""

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The wait ended by itself."""


@dataclass(frozen=True, slots=True)
class Left:
    """This leg is out of its conference; `reason` as Twilio names it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A leg dialled by this one was answered or ended; `status` as Twilio names it."""

    call_sid: str
    status: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a `Fetch`."""

    delivered: Delivered


Signal: TypeAlias = Pressed | Spoke | TimedOut | Left | Settled | Answer


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a signal, `seconds` at most (None: as long as it takes)."""

    seconds: float | None
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask the application for instructions; the reply comes as `Answer`, other signals are lost."""

    url: str
    method: str
    parameters: tuple[tuple[str, str], ...]


Script: TypeAlias = Generator[Wait | Fetch, Signal, None]
Fetcher = Callable[[Fetch, Callable[[Delivered], None]], None]


class Runner:
    """Drives one script; a signal that nothing waits for is lost, as a key pressed between two menus is."""

    def __init__(self, script: Script, *, clock: Clock, fetch: Fetcher, on_end: Callable[[], None]) -> None:
        self._script = script
        self._clock = clock
        self._fetch = fetch
        self._on_end = on_end
        self._timer: Timer | None = None
        self._waiting = False
        self._running = False
        self._queued: deque[Signal] = deque()
        self.closed = False

    def start(self) -> None:
        self._step(None)

    def signal(self, signal: Signal) -> bool:
        """Tell the script; False when it was not waiting for anything."""
        if self.closed:
            return False
        if self._running:
            self._queued.append(signal)
            return True
        if not self._waiting:
            return False
        self._step(signal)
        return True

    def close(self) -> None:
        """Stop at once; the script's `finally` blocks run."""
        if self.closed:
            return
        self.closed = True
        self._drop_timer()
        if not self._running:
            self._script.close()

    def _step(self, signal: Signal | None) -> None:
        self._drop_timer()
        self._waiting, self._running = False, True
        try:
            wanted = next(self._script) if signal is None else self._script.send(signal)
        except StopIteration:
            self._running = False
            if not self.closed:
                self.closed = True
                self._on_end()
            return
        self._running = False
        if self.closed:
            self._script.close()
            return
        self._await(wanted)

    def _await(self, wanted: Wait | Fetch) -> None:
        if isinstance(wanted, Fetch):
            self._queued.clear()
            self._fetch(wanted, self._answered)
            return
        self._waiting = True
        if self._queued:
            self._step(self._queued.popleft())
        elif wanted.seconds is not None:
            self._timer = self._clock.after(wanted.seconds, lambda: self._step(TimedOut()), busy=wanted.busy)

    def _answered(self, delivered: Delivered) -> None:
        # The call may have ended, or been redirected, while the application was thinking.
        if not self.closed:
            self._step(Answer(delivered))

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._clock.cancel(self._timer)
            self._timer = None
