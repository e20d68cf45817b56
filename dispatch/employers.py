"""The employers that the centre knows: loaded from files all or nothing, with every error by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session, aliased

from dispatch import scope, search
from dispatch.bulk import new_ids
from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.import_files import ImportResult, Rows, duplicates, odd_regions, read_rows, write_rows
from dispatch.kinship import kin, tickets_about
from dispatch.models.unions import Employer, Union
from dispatch.rules import uscc
from dispatch.union_tree import hold_tree

COLUMNS: Final[Mapping[str, int]] = {
    "name": 200,
    "uscc": 40,
    "region_code": 9,
    "union_code": 32,
    "group_code": 32,
    "industry": 32,
}
BY_MACHINE: Final = By("machine")


OPTIONAL: Final[Mapping[str, int]] = {"parent_uscc": 40}
"""May follow the columns: the employer that this one is a branch of."""

_NAMES: Final = ("name", "name_key", "uscc", "region_code", "union_id", "group_code", "industry", "parent_id")


class _Known(NamedTuple):
    """An employer that is there already."""

    id: int
    values: Mapping[str, Any]


def import_employers(
    session: Session,
    data: bytes,
    *,
    now: datetime,
    by: By = BY_MACHINE,
    dry_run: bool = False,
) -> ImportResult:
    """Load employers from CSV; raises ImportRefused with every bad line.

    One with a known uscc is updated; without a uscc one of the same name and region. Nothing is written when any line
    is wrong, or with `dry_run`.
    """
    rows = read_rows(data, COLUMNS, optional=OPTIONAL)
    unions = dict(session.execute(select(Union.code, Union.id)).all())
    for _, row in rows:
        for name in ("uscc", "parent_uscc"):
            if row.get(name):
                row[name] = uscc.normalise(row[name])
    known = _known(session)
    findings = [*_findings(rows, unions), *_branch_findings(rows, known)]
    if findings:
        raise ImportRefused(sorted(findings))
    ids = {key[0]: each.id for key, each in known.items() if key[0]}
    created = [row for _, row in rows if _key_of(row) not in known]
    changed = [
        (known[key], row)
        for _, row in rows
        if (key := _key_of(row)) in known and _differs(known[key], row, unions, ids)
    ]
    result = ImportResult(len(created), len(changed), len(rows) - len(created) - len(changed))
    if dry_run or not (created or changed):
        return result
    _write(session, created, changed, unions, ids, now=now)
    payload = {"created": result.created, "updated": result.updated}
    record(session, "EmployersImported", stream=ADMINISTRATION, by=by, now=now, payload=payload)
    return result


def export_employers(session: Session) -> Iterator[str]:
    """Yield the employers as a file that `import_employers` takes back."""
    head = aliased(Employer)
    query = (
        select(
            Employer.name,
            Employer.uscc,
            Employer.region_code,
            Union.code,
            Employer.group_code,
            Employer.industry,
            head.uscc,
        )
        .outerjoin(Union, Union.id == Employer.union_id)
        .outerjoin(head, head.id == Employer.parent_id)
        .order_by(Employer.id)
        .execution_options(yield_per=1000)
    )
    yield from write_rows((*COLUMNS, *OPTIONAL), session.execute(query).all())


def _known(session: Session) -> dict[tuple[str, str, str], _Known]:
    query = select(Employer.id, *(getattr(Employer, name) for name in _NAMES))
    found = {}
    for number, *cells in session.execute(query):
        values = dict(zip(_NAMES, cells, strict=True))
        found[_key(values["uscc"], values["name"], values["region_code"])] = _Known(number, values)
    return found


def _write(
    session: Session,
    created: Sequence[Mapping[str, str]],
    changed: Sequence[tuple[_Known, Mapping[str, str]]],
    unions: Mapping[str, int],
    ids: Mapping[str, int],
    *,
    now: datetime,
) -> None:
    session.flush()
    numbers = new_ids(session, Employer, len(created))
    ids = {
        **ids,
        **{row["uscc"]: number for number, row in zip(numbers, created, strict=True) if row["uscc"]},
    }
    # A branch may stand before its head office in the file: the link is written when both are there.
    new = [
        {"id": number, **_values(row, unions, ids), "parent_id": None, "created_at": now}
        for number, row in zip(numbers, created, strict=True)
    ]
    if new:
        session.execute(insert(Employer), new, execution_options={"render_nulls": True})
    table = Employer.__table__
    by_key = update(table).where(table.c.id == bindparam("key"))  # type: ignore[arg-type]  # declared as FromClause
    links = [
        {"key": number, "new_parent_id": ids[row["parent_uscc"]]}
        for number, row in zip(numbers, created, strict=True)
        if row.get("parent_uscc")
    ]
    if links:
        session.execute(by_key.values(parent_id=bindparam("new_parent_id")), links)
    # A branch or a member of a group that is new brings the group's other unions near to its kin's tickets.
    joined = {
        number
        for number, row in zip(numbers, created, strict=True)
        if row.get("parent_uscc") or row["group_code"]
    }
    if changed:
        _update(session, changed, unions, ids)
    if changed or joined:
        session.expire_all()
        _recuse(session, changed, unions, ids, joined=joined, now=now)


def _update(
    session: Session,
    changed: Sequence[tuple[_Known, Mapping[str, str]]],
    unions: Mapping[str, int],
    ids: Mapping[str, int],
) -> None:
    table = Employer.__table__
    by_key = update(table).where(table.c.id == bindparam("key"))  # type: ignore[arg-type]  # declared as FromClause
    binds = [
        {
            "key": known.id,
            **{f"new_{name}": value for name, value in {**known.values, **_values(row, unions, ids)}.items()},
        }
        for known, row in changed
    ]
    session.execute(by_key.values({name: bindparam(f"new_{name}") for name in _NAMES}), binds)


def _recuse(
    session: Session,
    changed: Sequence[tuple[_Known, Mapping[str, str]]],
    unions: Mapping[str, int],
    ids: Mapping[str, int],
    *,
    joined: Collection[int],
    now: datetime,
) -> None:
    """Settle anew who sees the tickets about employers, and their kin, that have another union, group or head office."""
    hold_tree(session)
    touched = set(joined)
    for known, row in changed:
        values = {**known.values, **_values(row, unions, ids)}
        if any(known.values[name] != values[name] for name in ("union_id", "group_code", "parent_id")):
            touched |= {known.id}
            touched |= {each for each in (known.values["parent_id"], values["parent_id"]) if each is not None}
    scope.rewrite_all(session, tickets_about(session, kin(session, touched).employers), now=now)
    renamed = {known.id for known, row in changed if known.values["name"] != row["name"]}
    search.rewrite_all(session, tickets_about(session, renamed))


def name_key(name: str) -> str:
    """Return an employer's name without blanks, brackets and company suffixes, for finding duplicates."""
    key = "".join(sign for sign in name if sign not in " \u3000()（）·.-")
    for suffix in ("股份有限公司", "有限责任公司", "有限公司", "公司"):
        key = key.removesuffix(suffix)
    return key or name


def _findings(rows: Rows, unions: Mapping[str, int]) -> list[tuple[int, str]]:
    findings = [*duplicates(rows, "uscc", "统一社会信用代码"), *odd_regions(rows)]
    unnamed = [(line, row) for line, row in rows if not row["uscc"]]
    seen: dict[tuple[str, str, str], int] = {}
    for line, row in unnamed:
        first = seen.setdefault(_key_of(row), line)
        if first != line:
            findings.append((line, f"与第{first}行是同一单位（没有统一社会信用代码，名称和地区相同）"))
    for line, row in rows:
        reason = uscc.why_invalid(row["uscc"]) if row["uscc"] else None
        if reason:
            findings.append((line, reason))
        if row["union_code"] and row["union_code"] not in unions:
            findings.append((line, f"没有工会“{row['union_code']}”"))
        if not row["name"]:
            findings.append((line, "缺少单位名称"))
    return findings


def _branch_findings(rows: Rows, known: Mapping[tuple[str, str, str], _Known]) -> Iterator[tuple[int, str]]:
    codes = {each.id: key[0] for key, each in known.items()}
    heads = {key[0]: codes.get(each.values["parent_id"], "") for key, each in known.items() if key[0]}
    named = {row["uscc"]: row["parent_uscc"] for _, row in rows if row["uscc"] and "parent_uscc" in row}
    heads |= {row["uscc"]: heads.get(row["uscc"], "") for _, row in rows if row["uscc"]} | named
    for line, row in rows:
        head = row.get("parent_uscc", "")
        if not head:
            continue
        if head not in heads:
            yield line, f"没有总公司“{head}”"
        trail = [row["uscc"]]
        while head and head not in trail:
            trail.append(head)
            head = heads.get(head, "")
        if head and head == row["uscc"]:
            yield line, f"“{head}”是自己的总公司，形成循环"


def _key(code: str | None, name: str, region: str | None) -> tuple[str, str, str]:
    return (code, "", "") if code else ("", name, region or "")


def _key_of(row: Mapping[str, str]) -> tuple[str, str, str]:
    return _key(row["uscc"], row["name"], row["region_code"])


def _values(row: Mapping[str, str], unions: Mapping[str, int], ids: Mapping[str, int]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": row["name"],
        "name_key": name_key(row["name"]),
        "uscc": row["uscc"] or None,
        "region_code": row["region_code"] or None,
        "union_id": unions.get(row["union_code"]),
        "group_code": row["group_code"] or None,
        "industry": row["industry"] or None,
    }
    if "parent_uscc" in row:
        values["parent_id"] = ids.get(row["parent_uscc"])
    return values


def _differs(
    known: _Known, row: Mapping[str, str], unions: Mapping[str, int], ids: Mapping[str, int]
) -> bool:
    values = _values(row, unions, ids)
    # A head office that only this file brings has no id yet; naming it is a change all the same.
    new_head = bool(row.get("parent_uscc")) and row["parent_uscc"] not in ids
    return new_head or any(known.values[name] != value for name, value in values.items())
