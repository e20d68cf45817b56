"""What a union's inbox takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from agent_console.api.moments import Moment
from agent_console.api.schemas import Given, Line, Taken, TicketSummary
from agent_console.api.user_schemas import Id

Section = Literal["to_sign", "to_approve", "overdue", "today", "in_hand", "waiting", "drafts"]


class PairOut(Given):
    handler_id: int
    handler_name: str
    deputy_id: int
    deputy_name: str


class InboxItemOut(Given):
    ticket: TicketSummary
    section: Section
    role: Literal["lead", "co"]
    mine: bool
    handler_name: str | None
    deputy_name: str | None
    step: str | None
    """The command that is next for the reader."""
    one_tap: bool


class InboxOut(Given):
    union_name: str
    counts: dict[str, int]
    items: list[InboxItemOut]
    next: str | None
    pair: PairOut | None
    """Who signs for a ticket when the reader taps once."""
    server_time: datetime


class TakeOverIn(Taken):
    version: int
    handler_id: Id
    deputy_id: Id
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class AbsenceIn(Taken):
    user_id: Id | None = None
    """Left out: the reader's own."""
    begins_at: Moment
    ends_at: Moment
    reason: Annotated[Line, Field(max_length=100)] = ""


class AbsenceOut(Given):
    id: int
    user_id: int
    user_name: str
    begins_at: datetime
    ends_at: datetime
    reason: str
    mine: bool


class ShareOut(Given):
    kind: str
    ended: int | None
    kept: float | None


class UnionBelowOut(Given):
    id: int
    name: str
    level: str
    level_label: str
    own: bool
    open: int
    to_sign: int
    overdue: int
    today: int
    ended: int | None
    kept: float | None


class ColleagueOut(Given):
    id: int
    name: str
    role: str
    role_label: str
    deputy_name: str | None
    away_until: datetime | None
    open: int
    overdue: int


class OversightOut(Given):
    unions: list[UnionBelowOut]
    shares: list[ShareOut]
    people: list[ColleagueOut]
    server_time: datetime
