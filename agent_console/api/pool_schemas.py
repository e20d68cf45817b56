"""What the API gives of the dispatcher's pool."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from agent_console.api.schemas import Given, Taken, TicketSummary
from dispatch.dispatch_pool import PoolTab


class PoolQuery(Taken):
    tab: PoolTab = PoolTab.RETURNED
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class ReturnOut(Given):
    at: datetime
    union_id: int
    union_name: str
    reason_code: str
    reason_label: str
    basis: str
    evidence: str | None
    suggested_union_id: int | None
    suggested_union: str | None
    final: bool
    """The next decision is the last one."""


class PoolItemOut(Given):
    ticket: TicketSummary
    returned: ReturnOut | None
    pool_reason: str | None
    """Why no union is recommended."""
    hard_case: bool
    """A leader has to take the case first."""


class PoolOut(Given):
    """One tab, nearest deadline first, and the counts of all."""

    items: list[PoolItemOut]
    counts: dict[str, int]
    more: list[str]
    server_time: datetime
