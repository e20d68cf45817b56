"""What a waiting line is: who may serve it, how long it rings, and when others help out (config/lines.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from dispatch.rules.policy import Fields, PolicyError
from hotline.line.break_rules import BreakRules

_LINE_KEYS: Final = (
    "code",
    "label",
    "priority",
    "skills",
    "max_wait_s",
    "wrap_up_s",
    "offer_s",
    "overflow",
    "strategy",
    "handling_s",
    "max_waiting",
    "return_call_promise",
    "return_call_s",
    "source",
)
_DEFAULT_KEYS: Final = (
    "offer_s",
    "phone_offer_s",
    "wrap_up_s",
    "strategy",
    "order",
    "handling_s",
    "max_waiting",
    "source",
)
HANDLING_S: Final = 360
"""One conversation with what is written after it [D: 6 minutes, docs/domain.md §2]; `handling_s` overrides it."""
MAX_WAITING: Final = 500
"""Callers in one line before it is full [D]; `max_waiting` in the file overrides it."""
SUPERVISOR: Final = "supervisor"
"""In `overflow`: any supervisor or duty leader who is ready."""


class Strategy(StrEnum):
    """Who of those that could take a caller is rung."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    FEWEST_CALLS = "fewest_calls"
    BY_SKILL = "by_skill"
    """Whoever fits most narrowly, so that those who can do much stay free for the rest."""


class Order(StrEnum):
    """Who of those that wait is served first, across all lines. Class 0, danger to life, comes first in both."""

    URGENCY = "urgency"
    """By class, which rises with the wait; in one class the longest wait."""
    LONGEST_WAITING = "longest_waiting"


@dataclass(frozen=True, slots=True)
class Line:
    """One waiting line; `priority` 0 is served first."""

    code: str
    label: str
    priority: int
    skills: frozenset[str]
    """An operator who serves it has all of them."""
    max_wait_s: int
    offer_s: int
    wrap_up_s: int
    overflow: tuple[str, ...]
    """Lines whose operators help out, and `supervisor`; numbers to transfer to are for people to dial."""
    max_waiting: int
    return_call_promise: str
    return_call_s: int
    strategy: Strategy = Strategy.LONGEST_IDLE
    handling_s: int = HANDLING_S


@dataclass(frozen=True, slots=True)
class Lines:
    """Every waiting line of the centre."""

    by_code: Mapping[str, Line]
    fallback: str
    """The line of callers whose flow names one that is no longer configured."""
    order: Order = Order.URGENCY
    phone_offer_s: int = 40
    """How long a seat on an ordinary telephone rings: it must be reached, picked up and pressed 1 on."""
    breaks: BreakRules = field(default_factory=BreakRules)

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Lines:
        """Read the content of lines.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("defaults", "breaks", "lines"))
        defaults = Fields.of(data.get("defaults") or {}, where=("defaults",), known=_DEFAULT_KEYS)
        lines: dict[str, Line] = {}
        for place, value in top.each("lines"):
            line = _line(Fields.of(value, where=place, known=_LINE_KEYS), defaults)
            if line.code in lines:
                raise PolicyError(f"{line.code!r} is defined twice", where=place)
            lines[line.code] = line
        if not lines:
            raise top.fail("lines", "there must be at least one line")
        for line in lines.values():
            _check_overflow(line, lines)
        return cls(
            lines,
            "general" if "general" in lines else next(iter(lines)),
            order=defaults.optional_choice("order", Order) or Order.URGENCY,
            phone_offer_s=defaults.number("phone_offer_s", 40, least=20),
            breaks=BreakRules.from_mapping(data.get("breaks")),
        )

    def get(self, code: str | None) -> Line:
        """Return the line; an unknown code falls back, because a caller must wait somewhere."""
        return self.by_code.get(code or "") or self.by_code[self.fallback]

    def __iter__(self) -> Iterator[Line]:
        return iter(self.by_code.values())


def _line(fields: Fields, defaults: Fields) -> Line:
    return Line(
        code=fields.text("code"),
        label=fields.text("label"),
        priority=fields.number("priority"),
        skills=frozenset(fields.words("skills")),
        max_wait_s=fields.number("max_wait_s", least=1),
        offer_s=fields.number("offer_s", defaults.number("offer_s", 20, least=1), least=1),
        wrap_up_s=fields.number("wrap_up_s", defaults.number("wrap_up_s", 60), least=0),
        overflow=fields.words("overflow"),
        max_waiting=fields.number("max_waiting", defaults.number("max_waiting", MAX_WAITING), least=1),
        return_call_promise=fields.text("return_call_promise", ""),
        return_call_s=fields.number("return_call_s", least=1),
        strategy=fields.optional_choice("strategy", Strategy)
        or defaults.optional_choice("strategy", Strategy)
        or Strategy.LONGEST_IDLE,
        handling_s=fields.number("handling_s", defaults.number("handling_s", HANDLING_S, least=1), least=1),
    )


def _check_overflow(line: Line, lines: Mapping[str, Line]) -> None:
    for target in line.overflow:
        if target not in lines and target != SUPERVISOR and not target.isdecimal():
            raise PolicyError(
                f"overflow to {target!r}, which is no line", where=("lines", line.code, "overflow")
            )
