"""What stands on a claim record, before it is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.steps import Step


@dataclass(frozen=True, slots=True)
class Line:
    """One fact and its name."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that stands on a record."""

    facts: tuple[Line, ...]
    steps: tuple[Step, ...]
    issued_at: datetime
    first_at: datetime
    code: str
    verify_at: str
    head_hash: str
