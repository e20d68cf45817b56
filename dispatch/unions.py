"""The union tree: loaded from files all or nothing, with every error by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.bulk import insert_many, new_ids
from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.import_files import ImportResult, Rows, duplicates, odd_regions, read_rows, write_rows
from dispatch.kinship import tickets_touched
from dispatch.models.unions import Union
from dispatch.rules.levels import Level, UnionKind
from dispatch.union_tree import Lines, add_closure, change_tree, path_of, redraw

COLUMNS: Final[Mapping[str, int]] = {
    "code": 32,
    "name": 120,
    "level": 16,
    "kind": 20,
    "parent_code": 32,
    "region_code": 9,
    "group_code": 32,
    "industry": 32,
    "calendar": 32,
    "phone": 20,
}
"""The columns of a file of unions, and how many characters each may hold."""

OPTIONAL: Final[Mapping[str, int]] = {"can_receive": 5, "leader_signs": 5}
"""May follow the columns: 是 or 否; empty leaves it as it is. A new union receives, and no leader need sign for it."""

MAX_DEPTH: Final = 20
"""Levels of a tree: twice as many as there are in life, and its paths fit their column."""

_FLAGS: Final[Mapping[str, bool]] = {"是": True, "否": False}
_LEVELS: Final = frozenset(level.value for level in Level)
_KINDS: Final = frozenset(kind.value for kind in UnionKind)
_WRITTEN: Final = (
    "id",
    "code",
    "name",
    "level",
    "kind",
    "parent_id",
    "path",
    "region_code",
    "group_code",
    "industry",
    "calendar",
    "phone",
    "can_receive",
    "leader_signs",
    "version",
)


class _Known(NamedTuple):
    """A union that is there already."""

    id: int
    code: str
    parent_id: int | None
    path: str
    values: Mapping[str, Any]


class _Plan(NamedTuple):
    """What an import will write."""

    created: Sequence[Mapping[str, str]]
    changed: Sequence[Mapping[str, str]]
    moved: frozenset[int]
    """Unions below which who may see what changes."""
    reordered: frozenset[int]
    """Those of them that get another parent."""


def import_unions(
    session: Session,
    data: bytes,
    *,
    by: By,
    now: datetime,
    dry_run: bool = False,
    calendars: Collection[str] | None = None,
) -> ImportResult:
    """Load unions from CSV (UTF-8, with or without BOM, or GBK); raises ImportRefused with every bad line.

    A code that exists is updated. Nothing is written when any line is wrong, or with `dry_run`. With `calendars` an
    unknown calendar is a fault too.
    """
    rows = read_rows(data, COLUMNS, optional=OPTIONAL)
    existing = _existing(session)
    findings = [*_row_findings(rows, calendars), *_tree_findings(rows, existing)]
    if findings:
        raise ImportRefused(sorted(findings))
    plan = _plan(rows, existing)
    result = ImportResult(
        len(plan.created), len(plan.changed), len(rows) - len(plan.created) - len(plan.changed)
    )
    if dry_run or not (plan.created or plan.changed):
        return result
    if plan.moved:
        change_tree(session)
    # Both before and after: a ticket may come into a corporate group's sight, or go out of it.
    touched = tickets_touched(session, plan.moved)
    _write(session, plan, existing)
    session.expire_all()
    scope.rewrite_all(session, touched | tickets_touched(session, plan.moved), now=now)
    record(
        session,
        "UnionsImported",
        stream=ADMINISTRATION,
        by=by,
        now=now,
        payload={"created": result.created, "updated": result.updated},
    )
    return result


def export_unions(session: Session) -> Iterator[str]:
    """Yield the unions as a file that `import_unions` takes back, parents before what is below them."""
    parent = Union.__table__.alias("parent")
    query = (
        select(Union, parent.c.code)
        .outerjoin(parent, parent.c.id == Union.parent_id)
        .where(Union.closed_at.is_(None))
        .order_by(Union.path)
        .execution_options(yield_per=1000)
    )
    rows = (
        (
            union.code,
            union.name,
            union.level,
            union.kind,
            above,
            union.region_code,
            union.group_code,
            union.industry,
            union.calendar,
            union.phone,
            *("是" if flag else "否" for flag in (union.can_receive, union.leader_signs)),
        )
        for union, above in session.execute(query)
    )
    yield from write_rows((*COLUMNS, *OPTIONAL), rows)


def _row_findings(rows: Rows, calendars: Collection[str] | None) -> Iterator[tuple[int, str]]:
    yield from duplicates(rows, "code", "代码")
    yield from odd_regions(rows)
    for line, row in rows:
        if not row["code"] or not row["name"]:
            yield line, "缺少代码或名称"
        if row["level"] not in _LEVELS:
            yield line, f"没有“{row['level']}”这个层级"
        if row["kind"] not in _KINDS:
            yield line, f"没有“{row['kind']}”这种工会"
        for name in OPTIONAL:
            if row.get(name) and row[name] not in _FLAGS:
                yield line, f"{name}应为是或否"
        if calendars is not None and row["calendar"] and row["calendar"] not in calendars:
            yield line, f"没有日历“{row['calendar']}”"


def _tree_findings(rows: Rows, existing: Mapping[str, _Known]) -> Iterator[tuple[int, str]]:
    codes = {union.id: union.code for union in existing.values()}
    parents = {union.code: codes.get(union.parent_id or -1, "") for union in existing.values()}
    parents |= {row["code"]: row["parent_code"] for _, row in rows}
    depths, looped = _depths(parents)
    for line, row in rows:
        above = row["parent_code"]
        if above and above not in parents:
            yield line, f"没有上级工会“{above}”"
        if row["code"] in looped:
            yield line, f"“{row['code']}”是自己的上级，形成循环"
    lines = {row["code"]: line for line, row in rows}
    deep = [code for code, depth in depths.items() if depth > MAX_DEPTH]
    for line in {lines[found] for code in deep if (found := _in_file(code, lines, parents)) is not None}:
        yield line, f"上下级超过{MAX_DEPTH}层"


def _depths(parents: Mapping[str, str]) -> tuple[dict[str, int], set[str]]:
    """Return how deep each code stands (a root at 1), and the codes that stand above themselves."""
    depths, looped = {"": 0}, set[str]()
    for code in parents:
        trail: dict[str, int] = {}
        here = code
        while here not in depths and here not in trail:
            trail[here] = len(trail)
            here = parents.get(here, "")
        if here in trail:
            looped |= {each for each, place in trail.items() if place >= trail[here]}
        # A loop has no depth: it is refused for being one, and what hangs on it is not refused twice.
        depth, step = (depths[here], 1) if here in depths else (0, 0)
        for each in reversed(trail):
            depth += step
            depths[each] = depth
    return depths, looped


def _in_file(code: str, lines: Mapping[str, int], parents: Mapping[str, str]) -> str | None:
    """Return the nearest code at or above this one that the file names: where the mistake can be mended."""
    here = code
    for _ in range(len(parents)):
        if here in lines or not here:
            break
        here = parents.get(here, "")
    return here if here in lines else None


def _existing(session: Session) -> dict[str, _Known]:
    names = (
        "name",
        "level",
        "kind",
        "region_code",
        "group_code",
        "industry",
        "calendar",
        "phone",
        *OPTIONAL,
    )
    query = select(
        Union.id, Union.code, Union.parent_id, Union.path, *(getattr(Union, name) for name in names)
    )
    return {
        code: _Known(number, code, parent, path, dict(zip(names, values, strict=True)))
        for number, code, parent, path, *values in session.execute(query)
    }


def _plan(rows: Rows, existing: Mapping[str, _Known]) -> _Plan:
    created, changed = [], []
    moved, reordered = set[int](), set[int]()
    for _, row in rows:
        known = existing.get(row["code"])
        if known is None:
            created.append(row)
            continue
        values = _values(row)
        elsewhere = _parent_differs(known, row, existing)
        if not elsewhere and all(known.values[name] == value for name, value in values.items()):
            continue
        changed.append(row)
        if elsewhere:
            reordered.add(known.id)
        # Another corporate group, and what ceases to be a company: who is recused depends on them.
        if elsewhere or any(known.values[name] != values[name] for name in ("group_code", "level")):
            moved.add(known.id)
    return _Plan(created, changed, frozenset(moved), frozenset(reordered))


def _parent_differs(known: _Known, row: Mapping[str, str], existing: Mapping[str, _Known]) -> bool:
    if not row["parent_code"]:
        return known.parent_id is not None
    parent = existing.get(row["parent_code"])
    return parent is None or parent.id != known.parent_id


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": row["name"],
        "level": row["level"],
        "kind": row["kind"],
        "region_code": row["region_code"] or None,
        "group_code": row["group_code"] or None,
        "industry": row["industry"] or None,
        "calendar": row["calendar"] or "union_default",
        "phone": row["phone"] or None,
    }
    return values | {name: _FLAGS[row[name]] for name in OPTIONAL if row.get(name)}


def _write(session: Session, plan: _Plan, existing: Mapping[str, _Known]) -> None:
    ids = {code: known.id for code, known in existing.items()}
    fresh = dict(
        zip((row["code"] for row in plan.created), new_ids(session, Union, len(plan.created)), strict=True)
    )
    ids |= fresh
    parents: dict[int, int | None] = {known.id: known.parent_id for known in existing.values()}
    parents |= {ids[row["code"]]: ids.get(row["parent_code"]) for row in (*plan.created, *plan.changed)}
    below = _below(plan.reordered, existing)
    lines = Lines({known.id: known.path for known in existing.values()}, parents, below)
    new = sorted(
        ((lines.of(fresh[row["code"]]), row) for row in plan.created),
        key=lambda pair: (len(pair[0]), pair[0]),
    )
    insert_many(session, Union, _WRITTEN, (_written(line, row, parents) for line, row in new))
    add_closure(session, (line for line, _ in new))
    _update(session, plan.changed, ids, parents)
    redraw(session, {union: lines.of(union) for union in below})


def _written(
    line: tuple[int, ...], row: Mapping[str, str], parents: Mapping[int, int | None]
) -> tuple[Any, ...]:
    cells = {
        "can_receive": True,
        "leader_signs": False,
        **_values(row),
        "id": line[-1],
        "code": row["code"],
        "version": 1,
    }
    cells |= {"parent_id": parents[line[-1]], "path": path_of(line)}
    return tuple(cells[name] for name in _WRITTEN)


def _below(moved: Collection[int], existing: Mapping[str, _Known]) -> set[int]:
    """Return the moved unions and everything under them."""
    if not moved:
        return set()
    marks = tuple(f"/{union}/" for union in moved)
    return {known.id for known in existing.values() if any(mark in known.path for mark in marks)}


def _update(
    session: Session,
    changed: Sequence[Mapping[str, str]],
    ids: Mapping[str, int],
    parents: Mapping[int, int | None],
) -> None:
    table = Union.__table__
    batches: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in changed:
        union = ids[row["code"]]
        values = {**_values(row), "parent_id": parents[union]}
        row_of_binds = {f"new_{name}": value for name, value in values.items()}
        batches.setdefault(tuple(values), []).append({"key": union, **row_of_binds})
    for names, binds in batches.items():
        statement = update(table).where(table.c.id == bindparam("key"))  # type: ignore[arg-type]  # declared as FromClause
        changes: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        session.execute(statement.values(version=table.c.version + 1, **changes), binds)
