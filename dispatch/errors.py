"""What can go wrong in the record: ids and reasons, never HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class DispatchError(Exception):
    """Base of everything that the record refuses."""


class NotFound(DispatchError):
    """No such thing, or none that this actor may know of; the two are never told apart."""

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"{kind} {key}")
        self.kind = kind
        self.key = key


class NotAllowed(DispatchError):
    """The actor may see the thing but not do this to it; `reason` is a Chinese sentence."""

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(f"{action}: {reason}")
        self.action = action
        self.reason = reason


class WrongState(DispatchError):
    """The command does not exist in the ticket's state; `reason` is a Chinese sentence, `legal` what could be done."""

    def __init__(
        self, number: str, command: str, state: str, reason: str, *, legal: Sequence[str] = ()
    ) -> None:
        super().__init__(f"{command} on {number} in {state}: {reason}")
        self.legal = tuple(legal)
        self.number = number
        self.command = command
        self.state = state
        self.reason = reason


class VersionConflict(DispatchError):
    """Somebody changed the thing since the actor read it; `fields` maps each changed field to its present value."""

    def __init__(self, key: str, seen: int, current: int, fields: Mapping[str, Any]) -> None:
        super().__init__(f"{key}: version {seen} was seen, {current} is current")
        self.key = key
        self.seen = seen
        self.current = current
        self.fields = dict(fields)


class Missing(DispatchError):
    """A command came without what it must carry; `fields` maps each field to a Chinese sentence."""

    def __init__(self, command: str, fields: Mapping[str, str]) -> None:
        super().__init__(f"{command}: missing {', '.join(fields)}")
        self.command = command
        self.fields = dict(fields)


class Invalid(DispatchError):
    """A value cannot be taken; `fields` maps each field to a Chinese sentence."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in fields.items()))
        self.fields = dict(fields)


class ImportRefused(DispatchError):
    """A file was not taken, and nothing of it was written; `findings` are (line, Chinese reason)."""

    def __init__(self, findings: Sequence[tuple[int, str]]) -> None:
        super().__init__("; ".join(f"line {line}: {why}" for line, why in findings[:5]))
        self.findings = tuple(findings)


class ChainBroken(DispatchError):
    """A history no longer matches its hashes; `findings` are (stream, seq, what)."""

    def __init__(self, findings: Sequence[tuple[str, int, str]]) -> None:
        super().__init__("; ".join(f"{stream}#{seq}: {what}" for stream, seq, what in findings[:5]))
        self.findings = tuple(findings)
