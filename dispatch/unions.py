"""The union tree and the employers: loaded from files all or nothing, with every error by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.unions import Employer, Region, Union, UnionClosure
from dispatch.rules import uscc
from dispatch.rules.levels import Level, UnionKind

COLUMNS: Final = (
    "code",
    "name",
    "level",
    "kind",
    "parent_code",
    "region_code",
    "group_code",
    "industry",
    "calendar",
    "phone",
)
EMPLOYER_COLUMNS: Final = ("name", "uscc", "region_code", "union_code", "group_code", "industry")
MAX_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did, or with `dry_run` would do."""

    created: int
    updated: int
    unchanged: int


def import_unions(
    session: Session, data: bytes, *, by: By, now: datetime, dry_run: bool = False
) -> ImportResult:
    """Load unions from CSV (UTF-8, with or without BOM, or GBK); raises ImportRefused with every bad line.

    A code that exists is updated. Nothing is written when any line is wrong, or with `dry_run`.
    """
    rows = _rows(data, COLUMNS)
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
    _write(session, created, changed, existing)
    rebuild_tree(session)
    record(
        session,
        "UnionsImported",
        stream=ADMINISTRATION,
        by=by,
        now=now,
        payload={"created": result.created, "updated": result.updated},
    )
    return result


def import_employers(session: Session, data: bytes, *, now: datetime) -> ImportResult:
    """Load employers from CSV; raises ImportRefused. One with a known uscc is updated."""
    rows = _rows(data, EMPLOYER_COLUMNS)
    unions = dict(session.execute(select(Union.code, Union.id)).all())
    findings = []
    for line, row in rows:
        reason = uscc.why_invalid(uscc.normalise(row["uscc"])) if row["uscc"] else None
        if reason:
            findings.append((line, reason))
        if row["union_code"] and row["union_code"] not in unions:
            findings.append((line, f"没有工会“{row['union_code']}”"))
        if not row["name"]:
            findings.append((line, "缺少单位名称"))
    if findings:
        raise ImportRefused(sorted(findings))
    known = {each.uscc: each for each in session.scalars(select(Employer).where(Employer.uscc.is_not(None)))}
    created = updated = 0
    for _, row in rows:
        code = uscc.normalise(row["uscc"]) if row["uscc"] else None
        employer = known.get(code) if code else None
        if employer is None:
            employer = Employer(uscc=code, created_at=now)
            session.add(employer)
            created += 1
        else:
            updated += 1
        employer.name, employer.name_key = row["name"], name_key(row["name"])
        employer.region_code = row["region_code"] or None
        employer.union_id = unions.get(row["union_code"])
        employer.group_code = row["group_code"] or None
        employer.industry = row["industry"] or None
    session.flush()
    return ImportResult(created, updated, 0)


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


def name_key(name: str) -> str:
    """Return an employer's name without blanks, brackets and company suffixes, for finding duplicates."""
    key = "".join(sign for sign in name if sign not in " \u3000()（）·.-")
    for suffix in ("股份有限公司", "有限责任公司", "有限公司", "公司"):
        key = key.removesuffix(suffix)
    return key or name


def _rows(data: bytes, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    content = _decoded(data)
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    findings: list[tuple[int, str]] = []
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [cell.strip() for cell in next(reader, [])]
        if header != list(columns):
            raise ImportRefused([(1, f"表头应为：{','.join(columns)}")])
        begins = reader.line_num + 1
        for cells in reader:
            if cells and len(cells) != len(columns):
                findings.append((begins, f"应有{len(columns)}列，实有{len(cells)}列"))
            elif cells:
                rows.append((begins, dict(zip(columns, (cell.strip() for cell in cells), strict=True))))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused([(reader.line_num, f"不是有效的CSV：{error}")]) from error
    if findings:
        raise ImportRefused(findings)
    return rows


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            content = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in content:
            raise ImportRefused([(content[: content.index("\0")].count("\n") + 1, "含有空字符")])
        return content
    raise ImportRefused([(1, "文件既不是UTF-8也不是GBK编码")])


def _row_findings(rows: Sequence[tuple[int, Mapping[str, str]]]) -> Iterable[tuple[int, str]]:
    seen: dict[str, int] = {}
    for line, row in rows:
        code = row["code"]
        if not code or not row["name"]:
            yield line, "缺少代码或名称"
        if len(row["name"]) > MAX_NAME:
            yield line, f"名称超过{MAX_NAME}字"
        if len(code) > 32:
            yield line, "代码超过32位"
        if code in seen:
            yield line, f"代码“{code}”与第{seen[code]}行重复"
        seen.setdefault(code, line)
        if row["level"] not in set(Level):
            yield line, f"没有“{row['level']}”这个层级"
        if row["kind"] not in set(UnionKind):
            yield line, f"没有“{row['kind']}”这种工会"


def _tree_findings(
    rows: Sequence[tuple[int, Mapping[str, str]]], existing: Mapping[str, Union]
) -> Iterable[tuple[int, str]]:
    codes = {union.id: union.code for union in existing.values()}
    parent = {union.code: codes.get(union.parent_id or -1, "") for union in existing.values()}
    parent |= {row["code"]: row["parent_code"] for _, row in rows}
    for line, row in rows:
        above = row["parent_code"]
        if above and above not in parent:
            yield line, f"没有上级工会“{above}”"
            continue
        trail, here = {row["code"]}, above
        while here:
            if here in trail:
                if here == row["code"]:
                    yield line, f"“{row['code']}”是自己的上级，形成循环"
                break
            trail.add(here)
            here = parent.get(here, "")


def _differs(union: Union, row: Mapping[str, str], existing: Mapping[str, Union]) -> bool:
    parent = existing.get(row["parent_code"])
    if row["parent_code"] and (parent is None or parent.id != union.parent_id):
        return True
    return any(getattr(union, name) != value for name, value in _values(row).items())


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
        session.execute(insert(Union), rows)
    ids = dict(session.execute(select(Union.code, Union.id)).all())
    for row in changed:
        union = existing[row["code"]]
        for name, value in _values(row).items():
            setattr(union, name, value)
        union.version += 1
    session.flush()
    links = [{"key": ids[row["code"]], "parent": ids.get(row["parent_code"])} for row in (*created, *changed)]
    session.execute(text("UPDATE union_org SET parent_id = :parent WHERE id = :key"), links)
