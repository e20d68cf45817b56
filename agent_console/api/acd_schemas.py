"""What the API says about lines and seats."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import StringConstraints

from agent_console.api.schemas import Given, Line, Taken

Reason = Annotated[Line, StringConstraints(min_length=1, max_length=300)]
ShortReason = Annotated[Line, StringConstraints(min_length=1, max_length=60)]


class LineStateOut(Given):
    code: str
    label: str
    is_open: bool
    divert_to: str | None
    reason: str
    at: datetime | None
    version: int
    waiting: int
    longest_s: int
    staffed: bool
    ready: int
    strategy: str


class LineSwitchIn(Taken):
    is_open: bool = True
    divert_to: Annotated[Line, StringConstraints(max_length=24)] | None = None
    reason: Reason
    version: int


class SeatOut(Given):
    user_id: int
    name: str
    role: str
    state: str
    label: str
    since: datetime
    reason: str | None
    by_telephone: bool
    wrap_up_until: datetime | None
    break_until: datetime | None
    misses: int
    taken_today: int
    version: int


class SeatStateIn(Taken):
    state: Literal["ready", "on_break", "not_ready", "offline"]
    reason: ShortReason


class TelephoneIn(Taken):
    number: Annotated[Line, StringConstraints(max_length=32)] | None = None


class BreakKindOut(Given):
    code: str
    label: str
    longest_s: int


class BreaksOut(Given):
    kinds: list[BreakKindOut]
    offered: bool
    """Whether a break after a call in distress is there for the reader now."""
    break_until: datetime | None
