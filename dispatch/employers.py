"""The employers that the centre knows: loaded from files all or nothing, with every error by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dispatch import scope, search
from dispatch.errors import ImportRefused
from dispatch.events import ADMINISTRATION, By, record
from dispatch.import_files import ImportResult, Rows, duplicates, odd_regions, read_rows
from dispatch.models.tickets import TicketEmployer
from dispatch.models.unions import Employer, Union
from dispatch.rules import uscc

COLUMNS: Final[Mapping[str, int]] = {
    "name": 200,
    "uscc": 40,
    "region_code": 9,
    "union_code": 32,
    "group_code": 32,
    "industry": 32,
}
BY_MACHINE: Final = By("machine")

_AT_ONCE: Final = 500


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
    rows = read_rows(data, COLUMNS)
    unions = dict(session.execute(select(Union.code, Union.id)).all())
    for _, row in rows:
        row["uscc"] = uscc.normalise(row["uscc"]) if row["uscc"] else ""
    findings = _findings(rows, unions)
    if findings:
        raise ImportRefused(sorted(findings))
    known = {_key(each.uscc, each.name, each.region_code): each for each in session.scalars(select(Employer))}
    created = [row for _, row in rows if _key_of(row) not in known]
    changed = [
        (known[key], row)
        for _, row in rows
        if (key := _key_of(row)) in known and _differs(known[key], row, unions)
    ]
    result = ImportResult(len(created), len(changed), len(rows) - len(created) - len(changed))
    if dry_run or not (created or changed):
        return result
    _write(session, created, changed, unions, now=now)
    record(
        session,
        "EmployersImported",
        stream=ADMINISTRATION,
        by=by,
        now=now,
        payload={"created": result.created, "updated": result.updated},
    )
    return result


def _write(
    session: Session,
    created: Sequence[Mapping[str, str]],
    changed: Sequence[tuple[Employer, Mapping[str, str]]],
    unions: Mapping[str, int],
    *,
    now: datetime,
) -> None:
    if created:
        rows = [{**_values(row, unions), "created_at": now} for row in created]
        session.execute(insert(Employer), rows, execution_options={"render_nulls": True})
    recusals = [
        employer.id
        for employer, row in changed
        if (employer.union_id, employer.group_code)
        != (unions.get(row["union_code"]), row["group_code"] or None)
    ]
    renamed = [employer.id for employer, row in changed if employer.name != row["name"]]
    for employer, row in changed:
        for name, value in _values(row, unions).items():
            setattr(employer, name, value)
    session.flush()
    scope.rewrite_all(session, _tickets_about(session, recusals), now=now)
    search.rewrite_all(session, _tickets_about(session, renamed))


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


def _key(code: str | None, name: str, region: str | None) -> tuple[str, str, str]:
    return (code, "", "") if code else ("", name, region or "")


def _key_of(row: Mapping[str, str]) -> tuple[str, str, str]:
    return _key(row["uscc"], row["name"], row["region_code"])


def _values(row: Mapping[str, str], unions: Mapping[str, int]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "name_key": name_key(row["name"]),
        "uscc": row["uscc"] or None,
        "region_code": row["region_code"] or None,
        "union_id": unions.get(row["union_code"]),
        "group_code": row["group_code"] or None,
        "industry": row["industry"] or None,
    }


def _differs(employer: Employer, row: Mapping[str, str], unions: Mapping[str, int]) -> bool:
    return any(getattr(employer, name) != value for name, value in _values(row, unions).items())


def _tickets_about(session: Session, employer_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(employer_ids), _AT_ONCE):
        some = employer_ids[start : start + _AT_ONCE]
        query = select(TicketEmployer.ticket_id).where(TicketEmployer.employer_id.in_(some))
        found |= set(session.scalars(query))
    return found
