"""Administrative divisions (GB/T 2260): a centre has all of them before its first ticket, and newer ones when they come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from dispatch.models.unions import Region

COLUMNS: Final = ("code", "name", "parent", "level", "pseudo")


def has_regions(session: Session) -> bool:
    """Whether any division is known."""
    return bool(session.scalar(select(func.count()).select_from(Region)))


def bring_regions(session: Session, rows: Iterable[Mapping[str, str]]) -> tuple[int, int]:
    """Add divisions that are new and rename those that are known; return how many of each.

    None is taken away: tickets of earlier years name those which no longer exist.
    """
    wanted = {row["code"]: _values(row) for row in rows}
    known = {row.code: row for row in session.scalars(select(Region))}
    fresh = [values for code, values in wanted.items() if code not in known]
    changed = [
        {f"new_{name}": value for name, value in values.items()}
        for code, values in wanted.items()
        if code in known and any(getattr(known[code], name) != value for name, value in values.items())
    ]
    if fresh:
        session.execute(insert(Region), fresh)
    if changed:
        session.connection().execute(_RENAME, changed)
    return len(fresh), len(changed)


def _values(row: Mapping[str, str]) -> dict[str, object]:
    return {
        "code": row["code"],
        "name": row["name"],
        "parent_code": row["parent"] or None,
        "level": row["level"],
        "pseudo": row["pseudo"] == "1",
    }


_RENAME: Final = (
    update(Region)
    .where(Region.code == bindparam("new_code"))
    .values({name: bindparam(f"new_{name}") for name in ("name", "parent_code", "level", "pseudo")})
)
