"""Copies of a model ticket: the same rows with ids, times, places and people of their own, and a chain that verifies."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any, Final

from sqlalchemy import JSON, String, Table, select
from sqlalchemy.orm import Session

from dispatch.events import GENESIS, ticket_stream
from dispatch.models.base import Base, UtcDateTime
from dispatch.rules.levels import Level
from dispatch.rules.numbering import check_digit
from dispatch.scope import NEVER
from hotline.rehearsal.bulk import Row, canonical
from hotline.rehearsal.lives import Model
from hotline.rehearsal.tree import Node

LEFT_OUT: Final = frozenset(
    {
        *("outbox", "ticket_call", "follow_up"),
        *("ticket_text", "ticket_terms"),
        *("group_signal", "group_signal_ticket", "signal_check", "employer_mention", "step_proposal"),
    }
)
"""A rehearsal's copies must send nothing and call nobody; the search index is of each copy's own words; and what
several tickets have in common, or awaits a person's decision, is not a copy's."""
_OWN: Final = frozenset({"ticket", "handling", "clock"})
"""Tables whose ids others refer to; each copy has ids of its own."""

Literal = Callable[[Any], Callable[[Any], Any]]
Change = Callable[["Copy"], Any]


@dataclass(slots=True)
class Copy:
    """What is particular to one copy."""

    number: str
    day: str
    sequence: int
    shift: timedelta
    place: Node
    handler: Node | None
    unions: Mapping[int, int]
    """From the model's unions to the copy's."""
    people: Mapping[int, int]
    words: Sequence[str]
    """What stands for each of the model's names, in the order of `Mould.names`."""
    phone: str
    phone_key: str
    employer: tuple[int, str] | None
    text: str
    bases: dict[str, int] = field(default_factory=dict)
    """By table, the id that the first of its rows gets."""


@dataclass(frozen=True, slots=True)
class _Shape:
    table: Table
    rows: list[tuple[list[Any], list[tuple[int, Change]]]]


class Mould:
    """One model ticket's rows, taken apart once and put together again for each copy."""

    def __init__(self, session: Session, model: Model, tables: Sequence[Table], literal: Literal) -> None:
        self.model = model
        self.names = _names(model)
        self.levels: Final = levels_of(model)
        self._literal = literal
        self.people: Final[set[int]] = set()
        """Accounts that the model's rows name."""
        self._ids: dict[str, dict[int, int]] = {name: {} for name in _OWN}
        self.shapes = [shape for table in tables if (shape := self._shape(session, table)).rows]
        self._events = self._chain(session)
        self._scope = self._scope_rows(session)
        self.counts: Final = {
            **{shape.table.name: len(shape.rows) for shape in self.shapes},
            "event": len(self._events),
        }
        """How many rows of each table a copy has."""

    def cast(self, copy: Copy, out: Mapping[str, list[Row]]) -> None:
        """Append the copy's rows by table."""
        for shape in self.shapes:
            rows = out[shape.table.name]
            for base, changes in shape.rows:
                row = base.copy()
                for index, change in changes:
                    row[index] = change(copy)
                rows.append(row)
        self._cast_scope(copy, out["ticket_scope"])
        self._cast_chain(copy, out)

    def _shape(self, session: Session, table: Table) -> _Shape:
        found = session.execute(_of_ticket(table, self.model.ticket_id)).all()
        shape = _Shape(table, [])
        for index, row in enumerate(found):
            if "id" in row._fields and table.name in _OWN:
                self._ids[table.name][row.id] = index
            base, changes = [], []
            for place, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                change = self._change(table, column, value, index)
                base.append(None if change is not None else self._literal(column.type)(value))
                if change is not None:
                    changes.append((place, change))
            shape.rows.append((base, changes))
        return shape

    def _change(self, table: Table, column: Any, value: Any, index: int) -> Change | None:
        """Return how a copy's value of the column is found; None where it is the model's own."""
        key = f"{table.name}.{column.name}"
        if column.primary_key and column.name == "id":
            return lambda copy, name=table.name: copy.bases[name] + index  # type: ignore[misc]  # a default as a closure
        special = _SPECIAL.get(key)
        if special is not None:
            return special
        if value is None:
            return None
        target = next((each.column.table.name for each in column.foreign_keys), None)
        if target in self._ids:
            place = self._ids[target][value]
            return lambda copy: copy.bases[target] + place
        if target == "union_org":
            return lambda copy: copy.unions.get(value, value)
        if target == "user_account":
            self.people.add(value)
            return lambda copy: copy.people.get(value, value)
        if isinstance(column.type, UtcDateTime):
            literal = self._literal(column.type)
            return lambda copy: literal(value + copy.shift)
        if key.endswith(".sort_key"):
            return lambda copy: _shifted(value, copy.shift)
        if isinstance(column.type, JSON):
            return self.told(canonical(value))
        return self.told(value) if isinstance(column.type, String) else None

    def told(self, text: str) -> Change | None:
        """Return the text with the copy's own names in it; None where it names nothing."""
        parts = re.split("(" + "|".join(re.escape(name) for name in self.names) + ")", text)
        if len(parts) == 1:
            return None
        places = [(index, self.names.index(parts[index])) for index in range(1, len(parts), 2)]

        def put(copy: Copy) -> str:
            filled = parts.copy()
            for index, name in places:
                filled[index] = copy.words[name]
            return "".join(filled)

        return put

    def _scope_rows(self, session: Session) -> tuple[str, int] | None:
        table = Base.metadata.tables["ticket_scope"]
        row = session.execute(select(table).where(table.c.ticket_id == self.model.ticket_id)).first()
        return None if row is None else (row.bucket, row.sort_key)

    def _cast_scope(self, copy: Copy, rows: list[Row]) -> None:
        if self._scope is None or copy.handler is None:
            return
        bucket, key = self._scope
        key = _shifted(key, copy.shift)
        ticket = copy.bases["ticket"]
        rows.extend(
            (ticket, node.id, "handler" if node is copy.handler else "ancestor", bucket, key)
            for node in copy.handler.line
        )

    def _chain(self, session: Session) -> list[tuple[Any, Change | None, str, str | None]]:
        table = Base.metadata.tables["event"]
        query = select(table).where(table.c.ticket_id == self.model.ticket_id).order_by(table.c.seq)
        found = []
        for row in session.execute(query):
            payload = canonical(row.payload)
            if row.actor_id is not None:
                self.people.add(row.actor_id)
            personal = canonical(row.personal) if row.personal is not None else None
            found.append((row, self.told(payload), payload, personal))
        return found

    def _cast_chain(self, copy: Copy, out: Mapping[str, list[Row]]) -> None:
        ticket, first = copy.bases["ticket"], copy.bases["event"]
        stream, previous = ticket_stream(ticket), GENESIS
        at_literal = self._literal(_MOMENT)
        for index, (event, told, payload, personal) in enumerate(self._events):
            at = event.at + copy.shift
            body = payload if told is None else told(copy)
            actor = copy.people.get(event.actor_id, event.actor_id)
            digest = f'"{event.personal_sha256}"' if event.personal_sha256 else "null"
            moment = at.astimezone(UTC).isoformat(timespec="microseconds")
            # Written out by hand: the same bytes as `dispatch.events` hashes, in a third of the time.
            hashed = (
                f'["{stream}",{event.seq},"{event.kind}","{moment}","{event.actor_kind}",'
                f"{'null' if actor is None else actor},{event.ticket_version},{body},{digest},"
                f'"{previous}"]'
            )
            own = hashlib.sha256(hashed.encode()).hexdigest()
            out["event"].append(
                (
                    first + index,
                    stream,
                    event.seq,
                    event.kind,
                    at_literal(at),
                    event.actor_kind,
                    actor,
                    ticket,
                    event.ticket_version,
                    body,
                    personal,
                    event.salt,
                    event.personal_sha256,
                    previous,
                    own,
                )
            )
            previous = own
        out["stream_head"].append((stream, len(self._events), previous))


def tables_of_tickets() -> list[Table]:
    """Return every table whose rows belong to a ticket, those that others refer to first."""
    found = {"ticket"}
    tables = [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]
    for table in tables:
        if any(key.column.table.name in _OWN & found for key in table.foreign_keys):
            found.add(table.name)
    return [table for table in tables if table.name in found and table.name not in _BY_HAND]


def words_of(names: Sequence[Level | None], place: Node, number: str) -> list[str]:
    """Return what stands for a model's names at another place; a level that it lacks is its nearest above."""
    line = {node.level: node for node in place.line}
    words = []
    for level in names:
        if level is None:
            words.append(number)
            continue
        node = line.get(level) or max(
            (each for each in place.line if each.level.depth < level.depth), key=lambda each: each.level.depth
        )
        words.append(node.name)
    return words


def number_of(province: str, day: str, sequence: int) -> str:
    """Return a ticket's number."""
    body = f"{province}{day}{sequence:06d}"
    return f"{province}-{day}-{sequence:06d}-{check_digit(body)}"


def levels_of(model: Model) -> list[Level | None]:
    """Return which of the model's names is which level's; None is its number."""
    return [None, *(node.level for node in reversed(model.place.line))]


def _names(model: Model) -> list[str]:
    return [model.number, *(node.name for node in reversed(model.place.line))]


def _of_ticket(table: Table, ticket_id: int) -> Any:
    if table.name == "ticket":
        return select(table).where(table.c.id == ticket_id)
    if "ticket_id" in table.columns:
        return select(table).where(table.c.ticket_id == ticket_id).order_by(*table.primary_key.columns)
    (key,) = [each for each in table.foreign_keys if each.column.table.name in _OWN]
    above = key.column.table
    owned = select(above.c.id).where(above.c.ticket_id == ticket_id)
    return select(table).where(key.parent.in_(owned)).order_by(*table.primary_key.columns)


def _shifted(sort_key: int, shift: timedelta) -> int:
    if sort_key == NEVER:
        return sort_key
    # Of ended tickets the key is negative: the newest end comes first.
    return sort_key + (-1 if sort_key < 0 else 1) * int(shift.total_seconds()) * 1000


def _relay(copy: Copy) -> str:
    return f"{copy.day[2:]}{copy.sequence:06d}1"


def _employer_id(copy: Copy) -> int | None:
    return copy.employer[0] if copy.employer is not None else None


def _region(copy: Copy) -> str | None:
    return copy.place.region_code


_BY_HAND: Final = frozenset({"event", "stream_head", "ticket_scope"})
_SPECIAL: Final[Mapping[str, Change]] = {
    "ticket.number": lambda copy: copy.number,
    "ticket.day": lambda copy: copy.day,
    "ticket.sequence": lambda copy: copy.sequence,
    "ticket.region_code": _region,
    "ticket.text": lambda copy: copy.text,
    "caller.phone": lambda copy: copy.phone,
    "caller.phone_key": lambda copy: copy.phone_key,
    "caller.relay_no": _relay,
    "ticket_employer.employer_id": _employer_id,
    "ticket_employer.name": lambda copy: copy.employer[1] if copy.employer is not None else "",
}
_MOMENT: Final = UtcDateTime()
