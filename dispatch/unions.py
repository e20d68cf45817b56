"""The union tree: loaded from files all or nothing, with every error by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.import_files import ImportResult, Rows, duplicates, odd_regions, read_rows
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Region, Union, UnionClosure
from dispatch.rules.levels import Level, UnionKind

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

MAX_DEPTH: Final = 20
"""Levels of a tree: twice as many as there are in life, and its paths fit their column."""

_AT_ONCE: Final = 500


def import_unions(
    session: Session, data: bytes, *, by: By, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Load unions from CSV (UTF-8, with or without BOM, or GBK); raises ImportRefused with every bad line.

    A code that exists is updated. Nothing is written when any line is wrong, or with `dry_run`.
    """
    rows = read_rows(data, COLUMNS)
    existing = {union.code: union for union in session.scalars(select(Union))}
    findings = [*_row_findings(rows), *_tree_findings(rows, existing)]
    if findings:
        raise ImportRefused(sorted(findings))
    changed = [
        row for _, row in rows if row["code"] in existing and _differs(existing[row["code"]], row, existing)
    ]
    created = [row for _, row in rows if row["code"] not in existing]
    result = ImportResult(len(created), len(changed), len(rows) - len(created) - len(changed))
    if dry_run or not (created or changed):
        return result
    moved = [existing[row["code"]].id for row in changed if _moves(existing[row["code"]], row, existing)]
    _write(session, created, changed, existing)
    rebuild_tree(session)
    scope.rewrite_all(session, _tickets_below(session, moved), now=now)
    record(
        session,
        "UnionsImported",
        stream=ADMINISTRATION,
        by=by,
        now=now,
        payload={"created": result.created, "updated": result.updated},
    )
    return result


def load_regions(session: Session, rows: Iterable[Mapping[str, str]]) -> int:
    """Replace the administrative divisions with rows of code, name, parent, level, pseudo; return how many."""
    session.execute(delete(Region))
    values = [
        {
            "code": row["code"],
            "name": row["name"],
            "parent_code": row["parent"] or None,
            "level": row["level"],
            "pseudo": row["pseudo"] == "1",
        }
        for row in rows
    ]
    session.execute(insert(Region), values)
    return len(values)


def rebuild_tree(session: Session) -> None:
    """Write every union's path and the closure anew from the parents."""
    session.flush()
    parents = dict(session.execute(select(Union.id, Union.parent_id)).all())
    lines: dict[int, tuple[int, ...]] = {}

    def line_of(union: int) -> tuple[int, ...]:
        trail: list[int] = []
        here: int | None = union
        while here is not None and here not in lines:
            trail.append(here)
            here = parents[here]
        above = lines[here] if here is not None else ()
        for each in reversed(trail):
            above = (*above, each)
            lines[each] = above
        return lines[union]

    paths = [{"key": union, "path": "/" + "/".join(map(str, line_of(union))) + "/"} for union in parents]
    if paths:
        session.execute(text("UPDATE union_org SET path = :path WHERE id = :key"), paths)
    session.execute(delete(UnionClosure))
    closure = [
        {"ancestor_id": ancestor, "descendant_id": union, "depth": len(line) - 1 - index}
        for union, line in lines.items()
        for index, ancestor in enumerate(line)
    ]
    if closure:
        session.execute(insert(UnionClosure), closure)
    session.expire_all()


def _row_findings(rows: Rows) -> Iterator[tuple[int, str]]:
    yield from duplicates(rows, "code", "代码")
    yield from odd_regions(rows)
    for line, row in rows:
        if not row["code"] or not row["name"]:
            yield line, "缺少代码或名称"
        if row["level"] not in set(Level):
            yield line, f"没有“{row['level']}”这个层级"
        if row["kind"] not in set(UnionKind):
            yield line, f"没有“{row['kind']}”这种工会"


def _tree_findings(rows: Rows, existing: Mapping[str, Union]) -> Iterator[tuple[int, str]]:
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


def _tickets_below(session: Session, union_ids: Sequence[int]) -> set[int]:
    """Return the tickets of the subtrees, as the tree now is."""
    found: set[int] = set()
    for start in range(0, len(union_ids), _AT_ONCE):
        below = select(UnionClosure.descendant_id).where(
            UnionClosure.ancestor_id.in_(union_ids[start : start + _AT_ONCE])
        )
        found |= set(session.scalars(select(Handling.ticket_id).where(Handling.union_id.in_(below))))
        found |= set(session.scalars(select(Ticket.id).where(Ticket.origin_union_id.in_(below))))
    return found


def _moves(union: Union, row: Mapping[str, str], existing: Mapping[str, Union]) -> bool:
    """Whether who may see what changes with the row: another parent, or another corporate group."""
    return _parent_differs(union, row, existing) or union.group_code != (row["group_code"] or None)


def _parent_differs(union: Union, row: Mapping[str, str], existing: Mapping[str, Union]) -> bool:
    if not row["parent_code"]:
        return union.parent_id is not None
    parent = existing.get(row["parent_code"])
    return parent is None or parent.id != union.parent_id


def _differs(union: Union, row: Mapping[str, str], existing: Mapping[str, Union]) -> bool:
    return _parent_differs(union, row, existing) or any(
        getattr(union, name) != value for name, value in _values(row).items()
    )


def _values(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "level": row["level"],
        "kind": row["kind"],
        "region_code": row["region_code"] or None,
        "group_code": row["group_code"] or None,
        "industry": row["industry"] or None,
        "calendar": row["calendar"] or "union_default",
        "phone": row["phone"] or None,
    }


def _write(
    session: Session,
    created: Sequence[Mapping[str, str]],
    changed: Sequence[Mapping[str, str]],
    existing: Mapping[str, Union],
) -> None:
    if created:
        rows = [
            {"code": row["code"], **_values(row), "path": "/", "can_receive": True, "version": 1}
            for row in created
        ]
        session.execute(insert(Union), rows, execution_options={"render_nulls": True})
    ids = dict(session.execute(select(Union.code, Union.id)).all())
    for row in changed:
        union = existing[row["code"]]
        for name, value in _values(row).items():
            setattr(union, name, value)
        union.version += 1
    session.flush()
    links = [{"key": ids[row["code"]], "parent": ids.get(row["parent_code"])} for row in (*created, *changed)]
    session.execute(text("UPDATE union_org SET parent_id = :parent WHERE id = :key"), links)
