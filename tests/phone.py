"""Telephone stories that read like talk: `phone.dial("12351").hears("请按1").presses("1")`.

The line behind it is one of `tests/lines.py`: `InProcessLine` (virtual clock) or `ServerLine` (a running server).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self

from hotline.carriers.sandbox.endpoints import Event


class Handle(Protocol):
    """One telephone on a line; `events` grows as things happen to it."""

    events: list[Event]

    def do(self, command: str, value: Any) -> None:
        """Carry out one message of the phone's protocol (docs/sandbox.md)."""
        ...


class Line(Protocol):
    """Something telephones can be plugged into."""

    def settle(self) -> None:
        """Let everything that is due now happen."""
        ...

    def progress(self) -> bool:
        """Let a little more happen; False when nothing more will."""
        ...

    def wait(self, seconds: float) -> None: ...

    def begin_step(self) -> None: ...


class StoryBroken(AssertionError):
    """The story did not go on as told; carries the whole transcript."""


class Phone:
    """A person with a telephone. Each step returns the phone, so that a story is one sentence."""

    def __init__(self, line: Line, handle: Handle, number: str) -> None:
        self.number = number
        self._line = line
        self._handle = handle
        self._cursor = (0, 0)
        self._done: list[str] = []

    @property
    def events(self) -> list[Event]:
        return self._handle.events

    @property
    def transcript(self) -> str:
        """Everything that happened, one line each."""
        return "\n".join(_told(event) for event in self.events if event["event"] != "turn")

    @property
    def call_sid(self) -> str:
        """The latest call of this telephone."""
        return next(str(event["call_sid"]) for event in reversed(self.events) if "call_sid" in event)

    # The person acts.

    def dial(self, to: str = "12351") -> Self:
        self._begin_call()
        return self._do("dial", {"from": self.number, "to": to})

    def texts(self, body: str, to: str = "12351") -> Self:
        """Send a short message; no call is needed for it."""
        self._line.begin_step()
        self._handle.do("text", {"from": self.number, "to": to, "body": body})
        self._line.settle()
        return self

    def reads(self, text: str) -> Self:
        """The latest short message says so."""
        self._expect(lambda: text in self.latest_message, f"短信应说“{text}”")
        return self

    @property
    def latest_message(self) -> str:
        """The words of the short message that came last; empty where none has come."""
        return next((str(each["text"]) for each in reversed(self.events) if each["event"] == "message"), "")

    def answers(self) -> Self:
        self._expect(lambda: self._last("ringing") > self._last("ended"), "电话应响铃")
        return self._do("answer", True)

    def is_a_machine(self) -> Self:
        """Leave the telephone to an answering machine."""
        return self._do("machine", True)

    def declines(self) -> Self:
        self._expect(lambda: self._last("ringing") > self._last("ended"), "电话应响铃")
        return self._do("decline", True)

    def presses(self, keys: str, *, at_once: bool = False) -> Self:
        """Press keys as soon as somebody listens for them (or `at_once`)."""
        if not at_once:
            self._reach(lambda: self._can_press() or self._is_over())
        return self._do("press", keys)

    def says(self, text: str, seconds: float | None = None) -> Self:
        self._reach(lambda: self._can_press() or self._is_over())
        return self._do("speak", {"text": text} if seconds is None else {"text": text, "seconds": seconds})

    def leaves_message(self, text: str, seconds: float = 12, *, finish_with: str = "#") -> Self:
        """Speak after the beep for `seconds`, then press the finishing key ("" for none)."""
        self._expect(lambda: self._state("recording"), "应开始录音")
        self._do("speak", {"text": text, "seconds": seconds})
        self.waits(seconds)
        return self._do("press", finish_with) if finish_with else self

    def waits(self, seconds: float) -> Self:
        self._line.begin_step()
        self._line.wait(seconds)
        return self

    def listens(self, *, until: Callable[[], bool]) -> Self:
        """Let things happen until this holds, or until it is quiet."""
        self._reach(until)
        return self

    def lets_it_ring(self) -> Self:
        """From now on take no call by itself."""
        return self._do("auto_answer", False)

    def answers_by_itself(self) -> Self:
        """From now on take every call."""
        return self._do("auto_answer", True)

    def hangs_up(self) -> Self:
        return self._do("hangup", True)

    # The person notices.

    def hears(self, text: str) -> Self:
        """Assert that these words come, after what was heard before."""
        found = self._reach(lambda: self._find(text) is not None)
        if not found:
            self._fail(f"应听到“{text}”")
        position = self._find(text)
        if position is not None:
            self._cursor = position
        return self

    def does_not_hear(self, text: str) -> Self:
        """Assert that these words do not come before it is quiet."""
        if self._reach(lambda: self._find(text) is not None):
            self._fail(f"不应听到“{text}”")
        return self

    def rings(self) -> Self:
        self._expect(lambda: self._last("ringing") > self._last("ended"), "电话应响铃")
        return self

    def is_connected(self) -> Self:
        self._expect(lambda: self._last("connected") > self._last("ended"), "电话应接通")
        return self

    def is_in_conference(self) -> Self:
        self._expect(lambda: self._state("conference"), "应在通话中")
        return self

    def is_on_hold(self) -> Self:
        self._expect(lambda: self._state("hold"), "应在保持中")
        return self

    def is_off_hold(self) -> Self:
        self._expect(lambda: not self._state("hold"), "不应在保持中")
        return self

    def was_hung_up(self, reason: str = "completed") -> Self:
        self._expect(self._is_over, "通话应已结束")
        actual = next(e["reason"] for e in reversed(self.events) if e["event"] == "ended")
        if actual != reason:
            self._fail(f"通话应以 {reason} 结束，实际是 {actual}")
        return self

    # Within.

    def _do(self, command: str, value: Any) -> Self:
        self._line.begin_step()
        self._done.append(f"{command} {value}")
        self.events.append({"event": "did", "what": command, "value": value})
        self._handle.do(command, value)
        self._line.settle()
        return self

    def _expect(self, holds: Callable[[], bool], failure: str) -> None:
        if not self._reach(holds):
            self._fail(failure)

    def _reach(self, holds: Callable[[], bool]) -> bool:
        """Let time pass while things happen until it holds."""
        self._line.begin_step()
        self._line.settle()
        quiet = 0
        while quiet < 2:
            if holds():
                return True
            quiet = 0 if self._line.progress() else quiet + 1
            self._line.settle()
        return holds()

    def _begin_call(self) -> None:
        self._cursor = (len(self.events), 0)

    def _find(self, text: str) -> tuple[int, int] | None:
        start, offset = self._cursor
        for index in range(start, len(self.events)):
            event = self.events[index]
            if event["event"] != "caption":
                continue
            at = str(event["text"]).find(text, offset if index == start else 0)
            if at >= 0:
                return index, at + len(text)
        return None

    def _last(self, name: str) -> int:
        return max((i for i, event in enumerate(self.events) if event["event"] == name), default=-1)

    def _state(self, name: str) -> bool:
        last = max(self._last(name), 0)
        return bool(self.events) and self.events[last].get("event") == name and bool(self.events[last]["on"])

    def _is_over(self) -> bool:
        return self._last("ended") > max(self._last("ringing"), self._last("connected"))

    def _can_press(self) -> bool:
        return any(self._state(name) for name in ("listening", "recording", "conference"))

    def _fail(self, reason: str) -> None:
        raise StoryBroken(f"{reason}\n--- {self.number} ---\n{self.transcript}")


def _told(event: Event) -> str:
    if event["event"] == "did":
        return f"  → {event['what']} {event['value']}"
    if event["event"] == "caption":
        return f"  {event['who']}: {event['text']}"
    details = {k: v for k, v in event.items() if k not in ("event", "at", "call_sid")}
    return f"  [{event['event']}] {details or ''}"
