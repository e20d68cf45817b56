"""Which unions want their leader's signature under every report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.unions import Union


def require_signature(session: Session, code: str, *, wanted: bool, by: By, now: datetime) -> str:
    """Let a union's reports wait for its leader, or no longer, and return the union's name; raises NotFound."""
    union = session.scalar(select(Union).where(Union.code == code, Union.closed_at.is_(None)))
    if union is None:
        raise NotFound("union", code)
    if union.leader_signs != wanted:
        union.leader_signs = wanted
        union.version += 1
        record(
            session,
            "UnionSignatureSet",
            stream=ADMINISTRATION,
            by=by,
            now=now,
            payload={"union": code, "leader_signs": wanted},
        )
    return union.name
