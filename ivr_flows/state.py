"""Where one call stands in its flow: a value that survives a JSON column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where one call stands in its flow."""

    node: str
    language: str
    menus: tuple[str, ...] = ()
    """The menus above this one, each with the language it was heard in (`main zh-CN`); # goes back to the last."""
    tries: int = 0
    rounds: int = 0
    turns: int = 0
    awaiting: str = ""
    """The effect whose answer is due."""
    asked: Mapping[str, str] = field(default_factory=dict)
    """The arguments of that effect."""
    resume_at: str = ""
    """The node to go to after `leave_line`."""
    line: str = ""
    """The line node in which the caller has a place; kept while he listens to what else he could choose."""
    after: str = ""
    announced: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    """What was pressed, with its label: `1 劳动权益`."""
    said: tuple[str, ...] = ()
    distressed: bool = False
    """The caller has been on the line for people in distress: no survey follows."""
    ended: str = ""
    """The outcome once the flow has hung up."""

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON-ready data."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FlowState:
        """Return the state that `to_json` wrote; what an older version lacks takes its default."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: _frozen(value) for name, value in data.items() if name in known})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return dict(value) if isinstance(value, Mapping) else value


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
