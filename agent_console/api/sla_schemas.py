"""What the API takes and gives about the board of deadlines."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from agent_console.api.schemas import Given, Taken, TicketSummary
from dispatch.sla_board import Column, Grouping

RowKey = Annotated[str, StringConstraints(max_length=64)]


class BoardQuery(Taken):
    by: Grouping = Grouping.UNION
    row: RowKey | None = None
    """Only the cards of this union (id), category (code) or handler (id); empty for those that have none."""
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class ColumnQuery(BoardQuery):
    after: Annotated[str, StringConstraints(max_length=40)] | None = None
    """The `next` of the page before."""


class RungOut(Given):
    label: str
    at: datetime
    fired_at: datetime | None


class BoardCardOut(Given):
    ticket: TicketSummary
    handler: str | None
    ladder: list[RungOut]
    """Steps of the clock that is due next, done and to come."""


class BoardColumnOut(Given):
    column: Column
    count: int
    more: bool
    cards: list[BoardCardOut]
    next: str | None


class BoardRowOut(Given):
    key: str
    name: str
    counts: dict[str, int]


class BoardOut(Given):
    """Four columns by time left, and the rows with most late tickets."""

    columns: list[BoardColumnOut]
    rows: list[BoardRowOut]
    server_time: datetime


class BoardPageOut(Given):
    cards: list[BoardCardOut]
    next: str | None
