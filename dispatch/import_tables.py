"""Small tables that administrators keep in files: one way to check, compare, write and export all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.import_files import NO_COLUMNS, ImportResult, Rows, odd_regions, read_rows, write_rows
from dispatch.models.people import User
from dispatch.models.places import ServicePoint
from dispatch.models.unions import Employer, Union
from dispatch.rules.working_time import SHANGHAI
from dispatch.union_tree import in_batches

Cells = Mapping[str, str]
Key = tuple[str, ...]

REMOVED: Final[Mapping[str, int]] = {"removed": 5}
"""A column that may follow the others: 是 takes the row away."""

FLAGS: Final[Mapping[str, bool]] = {"是": True, "否": False}
_TIME: Final = "%Y-%m-%d %H:%M"
_SEPARATORS: Final = re.compile(r"[;；、|]")


@dataclass(slots=True)
class Lookups:
    """What the codes and names of a file stand for; unknown ones are missing."""

    unions: dict[str, int] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    employers: dict[str, int] = field(default_factory=dict)
    calendars: Collection[str] | None = None
    """The calendars there are; None where the caller does not know."""
    closed: set[str] = field(default_factory=set)
    """Unions that are there no more: what hangs on them can be taken away, and nothing new be added."""

    def has_union(self, code: str) -> bool:
        """Whether there is a union of this code that is not closed."""
        return code in self.unions and code not in self.closed

    def in_use(self, name: str) -> User | None:
        """Return the account of this name that somebody can sign in with."""
        user = self.users.get(name)
        return user if user is not None and user.disabled_at is None else None


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of file: its columns, what identifies a row, and how rows are read, checked and written."""

    columns: Mapping[str, int]
    key: Sequence[str]
    event: str
    read: Callable[[Session], Iterable[Cells]]
    """Yield the rows that are there, as a file would hold them."""
    check: Callable[[Cells, Lookups], Iterator[str]]
    """Yield what is wrong with a row, in Chinese."""
    write: Callable[[Session, Cells, Lookups], None]
    """Insert or update one row."""
    remove: Callable[[Session, Cells, Lookups], None] | None = None
    clean: Callable[[Cells], Cells] = lambda cells: cells
    """Bring a row into the form that `read` yields."""
    together: Callable[[Rows, Mapping[Key, Cells]], Iterator[tuple[int, str]]] | None = None
    """Yield what is wrong between rows."""
    after: Callable[[Session, Sequence[Cells], Lookups, datetime], None] | None = None
    """Settle what depends on the rows that changed."""

    @property
    def optional(self) -> Mapping[str, int]:
        return REMOVED if self.remove is not None else NO_COLUMNS

    def key_of(self, cells: Cells) -> Key:
        """Return what identifies a row."""
        return tuple(cells[name] for name in self.key)


def import_table(
    session: Session,
    table: Table,
    data: bytes,
    *,
    by: By,
    now: datetime,
    dry_run: bool = False,
    calendars: Collection[str] | None = None,
) -> ImportResult:
    """Load a file of this kind all or nothing; raises ImportRefused with every bad line.

    A row whose key exists is updated; one with `removed` 是 is taken away.
    """
    raw = read_rows(data, table.columns, optional=table.optional)
    rows: Rows = [(line, {**row, **table.clean(row)}) for line, row in raw]
    lookups = _lookups(session, rows)
    lookups.calendars = calendars
    known = {table.key_of(cells): cells for cells in table.read(session)}
    findings = sorted(_findings(table, rows, known, lookups))
    if findings:
        raise ImportRefused(findings)
    removed = [row for _, row in rows if row.get("removed") == "是"]
    kept = [row for _, row in rows if row.get("removed") != "是"]
    created = [row for row in kept if table.key_of(row) not in known]
    changed = [row for row in kept if _differs(table, row, known)] + removed
    result = ImportResult(len(created), len(changed), len(rows) - len(created) - len(changed))
    if dry_run or not (created or changed):
        return result
    for row in removed:
        if table.remove is not None:
            table.remove(session, row, lookups)
    session.flush()
    for row in (*created, *(row for row in changed if row.get("removed") != "是")):
        table.write(session, row, lookups)
    session.flush()
    if table.after is not None:
        table.after(session, [*created, *changed], lookups, now)
    payload = {"created": result.created, "updated": result.updated}
    record(session, table.event, stream=ADMINISTRATION, by=by, now=now, payload=payload)
    return result


def export_table(session: Session, table: Table) -> Iterator[str]:
    """Yield the table as a file that `import_table` takes back."""
    rows = sorted(table.read(session), key=table.key_of)
    yield from write_rows(list(table.columns), ([row[name] for name in table.columns] for row in rows))


def words_of(cell: str) -> list[str]:
    """Return the parts of a cell that lists several things."""
    return [word.strip() for word in _SEPARATORS.split(cell) if word.strip()]


def moment_of(cell: str) -> datetime | None:
    """Read local time such as `2026-11-25 08:00`; None for anything else."""
    try:
        return datetime.strptime(cell, _TIME).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None


def local(moment: datetime) -> str:
    """Write a moment as `moment_of` reads it."""
    return moment.astimezone(SHANGHAI).strftime(_TIME)


def wrong_span(row: Cells) -> Iterator[str]:
    """Yield what is wrong with `begins_at` and `ends_at`."""
    begins, ends = moment_of(row["begins_at"]), moment_of(row["ends_at"])
    for name, moment in (("begins_at", begins), ("ends_at", ends)):
        if moment is None:
            yield f"{name}应为时间，如2026-11-25 08:00"
    if begins is not None and ends is not None and ends <= begins:
        yield "结束时间须晚于开始时间"


def _findings(
    table: Table, rows: Rows, known: Mapping[Key, Cells], lookups: Lookups
) -> Iterator[tuple[int, str]]:
    seen: dict[Key, int] = {}
    for line, row in rows:
        key = table.key_of(row)
        if not all(key):
            yield line, f"缺少{'、'.join(name for name in table.key if not row[name])}"
            continue
        if key in seen:
            yield line, f"“{' '.join(key)}”与第{seen[key]}行重复"
        seen.setdefault(key, line)
        if row.get("removed") not in (None, "", "否", "是"):
            yield line, "removed应为是或否"
        if row.get("removed") == "是":
            if key not in known:
                yield line, f"没有“{' '.join(key)}”，无法删除"
            continue
        for reason in table.check(row, lookups):
            yield line, reason
    if "region_code" in table.columns:
        yield from odd_regions(rows)
    if table.together is not None:
        yield from table.together(rows, known)


def _differs(table: Table, row: Cells, known: Mapping[Key, Cells]) -> bool:
    there = known.get(table.key_of(row))
    return there is not None and any(there[name] != row[name] for name in table.columns)


def _lookups(session: Session, rows: Rows) -> Lookups:
    def named(*columns: str) -> list[str]:
        return sorted({row[name] for _, row in rows for name in columns if row.get(name)})

    found = Lookups()
    for some in in_batches(named("union_code")):
        unions = select(Union.code, Union.id, Union.closed_at).where(Union.code.in_(some))
        for code, number, closed_at in session.execute(unions):
            found.unions[code] = number
            found.closed |= {code} if closed_at is not None else set()
    for some in in_batches(named("user", "holder", "deputy")):
        users = session.scalars(select(User).where(User.name.in_(some)))
        found.users |= {user.name: user for user in users}
    for some in in_batches(named("service_point_code")):
        query = select(ServicePoint.code, ServicePoint.id).where(ServicePoint.code.in_(some))
        found.points |= dict(session.execute(query).all())
    for some in in_batches(named("employer_uscc")):
        codes = select(Employer.uscc, Employer.id).where(Employer.uscc.in_(some))
        found.employers |= {code: number for code, number in session.execute(codes) if code is not None}
    return found
