"""The board of deadlines: what is late and what is due soon, in four columns, cut to its reader.

Each column is a range of the centre's list, whose index is in deadline order: nothing here sorts a million tickets.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, String, cast, func, select, tuple_
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import Invalid
from dispatch.models.clocks import Timer
from dispatch.models.people import User
from dispatch.models.tickets import CentreList, Handling, Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.sla_terms import Step
from dispatch.ticket_filters import due_range
from dispatch.ticket_views import TicketLine, ticket_lines

MOST: Final = 9_999
"""A column says 9999+ beyond, and what stands further down is not counted."""
MOST_ROWS: Final = 50
_CURSOR: Final = re.compile(r"^(\d{1,15})-(\d{1,18})$")


class Column(StrEnum):
    """How much time is left; each ticket stands in one column, by its nearest deadline."""

    OVERDUE = "overdue"
    IN_15M = "15m"
    IN_1H = "1h"
    TODAY = "today"


class Grouping(StrEnum):
    """What the rows of the board are."""

    UNION = "union"
    CATEGORY = "category"
    HANDLER = "handler"


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of a clock's ladder, done or to come."""

    label: str
    at: datetime
    fired_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One ticket on the board."""

    ticket: TicketLine
    handler: str | None
    ladder: list[Rung]
    """Of the clock that is due next, the first step first."""


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """The nearest deadlines of one column; `next` is where its following page begins."""

    column: Column
    count: int
    more: bool
    """Whether there are more than were counted."""
    cards: list[BoardCard]
    next: str | None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """How many tickets of one union, category or handler stand in each column; `key` is empty where there is none."""

    key: str
    name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Board:
    """All columns, and the rows with most late tickets."""

    columns: list[BoardColumn]
    rows: list[BoardRow]
    server_time: datetime


_Place: TypeAlias = tuple[int, int]

_HANDLER: Final = (
    select(Handling.handler_id)
    .where(
        Handling.ticket_id == Ticket.id,
        Handling.union_id == Ticket.lead_union_id,
        Handling.role == "lead",
        Handling.ended_at.is_(None),
    )
    .order_by(Handling.id.desc())
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)


class BoardReader:
    """One reader's board at one moment."""

    def __init__(
        self, session: Session, actor: Actor, *, by: Grouping, policy: Policy, now: datetime
    ) -> None:
        self._session = session
        self._actor = actor
        self._by = by
        self._policy = policy
        self._now = now

    def board(self, *, row: str | None = None, limit: int = 20) -> Board:
        """Return every column's beginning; `row` cuts the cards (not the rows) to one union, category or handler."""
        counts = {column: self._counts(column) for column in Column}
        columns = []
        for column in Column:
            cards, following = self.page(column, row=row, limit=limit)
            found = counts[column]
            whole = sum(found.values())
            wanted = whole if row is None else found.get(row, 0)
            columns.append(BoardColumn(column, min(wanted, MOST), whole > MOST, cards, following))
        return Board(columns, self._rows(counts), self._now)

    def page(
        self, column: Column, *, row: str | None = None, after: str | None = None, limit: int = 20
    ) -> tuple[list[BoardCard], str | None]:
        """Return one column's cards, nearest deadline first, and where the next page begins; raises Invalid."""
        place = _read(after) if after is not None else None
        if row is None:
            query: Select[Any, Any, Any] = self._range(column, place).limit(limit + 1)
        else:
            # Only so far along the list as is counted: a row that has nothing here must not read a million.
            near = self._range(column, None).limit(MOST + 1).subquery()
            query = select(near.c.ticket_id, near.c.sort_key, near.c.key).where(near.c.key == row)
            if place is not None:
                query = query.where(tuple_(near.c.sort_key, near.c.ticket_id) > tuple_(*place))
            query = query.order_by(near.c.sort_key, near.c.ticket_id).limit(limit + 1)
        places = [(found.sort_key, found.ticket_id) for found in self._session.execute(query)]
        shown = places[:limit]
        following = f"{shown[-1][0]}-{shown[-1][1]}" if len(places) > limit else None
        return self._cards([ticket_id for _, ticket_id in shown]), following

    def _range(self, column: Column, after: _Place | None) -> Select[int, int, str]:
        low, high = _range_of(column, self._now)
        query = (
            select(CentreList.ticket_id, CentreList.sort_key, self._key().label("key"))
            .join(Ticket, Ticket.id == CentreList.ticket_id)
            .where(CentreList.bucket == "open", CentreList.sort_key >= low, CentreList.sort_key < high)
            .where(visible(self._actor))
            .order_by(CentreList.sort_key, CentreList.ticket_id)
        )
        if after is not None:
            query = query.where(tuple_(CentreList.sort_key, CentreList.ticket_id) > tuple_(*after))
        return query

    def _key(self) -> ColumnElement[str]:
        if self._by is Grouping.CATEGORY:
            return func.coalesce(Ticket.category, "")
        number = Ticket.lead_union_id if self._by is Grouping.UNION else _HANDLER
        return func.coalesce(cast(number, String), "")

    def _counts(self, column: Column) -> dict[str, int]:
        near = self._range(column, None).limit(MOST + 1).subquery()
        rows = self._session.execute(select(near.c.key, func.count().label("waiting")).group_by(near.c.key))
        return {row.key: row.waiting for row in rows}

    def _rows(self, counts: Mapping[Column, Mapping[str, int]]) -> list[BoardRow]:
        keys = {key for found in counts.values() for key in found}
        ranked = sorted(keys, key=lambda key: ([-counts[column].get(key, 0) for column in Column], key))
        shown = ranked[:MOST_ROWS]
        names = self._names([key for key in shown if key])
        return [
            BoardRow(
                key,
                names.get(key, key),
                {column.value: counts[column].get(key, 0) for column in Column},
            )
            for key in shown
        ]

    def _names(self, keys: Collection[str]) -> dict[str, str]:
        if self._by is Grouping.CATEGORY:
            known = {key: self._policy.category(key) for key in keys}
            return {key: category.name for key, category in known.items() if category is not None}
        ids = [int(key) for key in keys]
        if self._by is Grouping.UNION:
            rows = self._session.execute(select(Union.id, Union.name).where(Union.id.in_(ids)))
        else:
            rows = self._session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
        return {str(each): name for each, name in rows}

    def _cards(self, ids: Sequence[int]) -> list[BoardCard]:
        if not ids:
            return []
        found = self._session.execute(
            select(Ticket, User.display_name)
            .outerjoin(User, User.id == _HANDLER)
            .where(Ticket.id.in_(ids), visible(self._actor))
        ).all()
        handlers = {ticket.id: (ticket, name) for ticket, name in found}
        ordered = [handlers[each] for each in ids if each in handlers]
        lines = ticket_lines(
            self._session,
            self._actor,
            [ticket for ticket, _ in ordered],
            policy=self._policy,
            now=self._now,
        )
        ladders = self._ladders([line.clock.id for line in lines if line.clock is not None])
        return [
            BoardCard(line, name, ladders.get(line.clock.id, []) if line.clock is not None else [])
            for line, (_, name) in zip(lines, ordered, strict=True)
        ]

    def _ladders(self, clock_ids: Sequence[int]) -> dict[int, list[Rung]]:
        rows = self._session.execute(
            select(Timer.clock_id, Timer.step, Timer.due_at, Timer.fired_at)
            .where(Timer.clock_id.in_(clock_ids))
            .order_by(Timer.due_at, Timer.id)
        )
        found: dict[int, list[Rung]] = {}
        for clock_id, step, due_at, fired_at in rows:
            found.setdefault(clock_id, []).append(Rung(Step(step).label, due_at, fired_at))
        return found


def _range_of(column: Column, now: datetime) -> tuple[int, int]:
    """Return the sort keys between which a column lies: what is nearer stands in the column before."""
    low, high = due_range(column.value, now)
    before = {Column.IN_1H: Column.IN_15M, Column.TODAY: Column.IN_1H}.get(column)
    return (low if before is None else due_range(before.value, now)[1]), high


def _read(after: str) -> _Place:
    found = _CURSOR.match(after)
    if found is None:
        raise Invalid({"after": "翻页标记无效"})
    return int(found[1]), int(found[2])
