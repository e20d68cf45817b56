"""Trouble made on purpose: what a real network does to webhooks, one rule at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

FaultKind = Literal["repeat", "late", "after_next", "drop", "error", "lost_reply", "hang_up"]
WebhookKind = Literal["turn", "status", "conference", "recording", "message"]


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One webhook before it is signed; `hang_up` ends the call it belongs to."""

    kind: WebhookKind
    call_sid: str
    url: str
    method: str
    parameters: tuple[tuple[str, str], ...]
    hang_up: Callable[[], None]
    token: str = field(default_factory=lambda: str(uuid4()))

    def value(self, name: str) -> str:
        return next((value for key, value in self.parameters if key == name), "")


@dataclass(slots=True)
class Fault:
    """One rule. It skips its first `skip` matches and then applies `times` times (None: always)."""

    kind: FaultKind
    webhook: WebhookKind | None = None
    path: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    skip: int = 0
    times: int | None = 1
    copies: int = 2
    concurrently: bool = False
    seconds: float = 0.0
    status: int = 503
    when: Literal["before", "during", "after"] = "during"
    hits: int = 0

    def applies_to(self, request: WebhookRequest) -> bool:
        if self.webhook is not None and self.webhook != request.kind:
            return False
        if self.path not in request.url:
            return False
        if any(request.value(name) != value for name, value in self.parameters.items()):
            return False
        self.hits += 1
        position = self.hits - self.skip
        return position > 0 and (self.times is None or position <= self.times)


class Faults:
    """The rules in force; the first that matches a webhook applies to it."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Put one rule in force; `repeat` sends `copies`, `late` and `lost_reply` wait `seconds`.

        `lost_reply` lets the application work and then hears nothing until the time-out (0: the usual one);
        `after_next` holds a webhook back until the next one of its call and kind has gone out;
        `drop` never reaches the application: a turn takes it for a refused connection.
        """
        self._rules.append(fault)

    def clear(self) -> None:
        """Make the network good again."""
        self._rules.clear()

    def of(self, request: WebhookRequest) -> Fault | None:
        """Return the rule for this webhook, counting the match."""
        return next((rule for rule in self._rules if rule.applies_to(request)), None)
