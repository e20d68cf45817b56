"""What a waiting line is: who may serve it, how long it rings, and when others help out (config/lines.yaml)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.rules.policy import Fields, PolicyError

_LINE_KEYS: Final = (
    "code",
    "label",
    "priority",
    "skills",
    "max_wait_s",
    "wrap_up_s",
    "offer_s",
    "overflow",
    "max_waiting",
    "return_call_promise",
    "return_call_s",
    "source",
)
_DEFAULT_KEYS: Final = ("offer_s", "wrap_up_s", "strategy", "max_waiting", "source")
MAX_WAITING: Final = 500
"""Callers in one line before it is full [D]; `max_waiting` in the file overrides it."""
SUPERVISOR: Final = "supervisor"
"""In `overflow`: any supervisor or duty leader who is ready."""


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


@dataclass(frozen=True, slots=True)
class Lines:
    """Every waiting line of the centre."""

    by_code: Mapping[str, Line]
    fallback: str
    """The line of callers whose flow names one that is no longer configured."""

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Lines:
        """Read the content of lines.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("defaults", "lines"))
        defaults = Fields.of(data.get("defaults") or {}, where=("defaults",), known=_DEFAULT_KEYS)
        if defaults.text("strategy", "longest_idle") != "longest_idle":
            raise defaults.fail("strategy", "only longest_idle is known")
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
        return cls(lines, "general" if "general" in lines else next(iter(lines)))

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
    )


def _check_overflow(line: Line, lines: Mapping[str, Line]) -> None:
    for target in line.overflow:
        if target not in lines and target != SUPERVISOR and not target.isdecimal():
            raise PolicyError(
                f"overflow to {target!r}, which is no line", where=("lines", line.code, "overflow")
            )
