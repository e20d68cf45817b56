"""Requests that may come twice over a bad network: the first one is carried out, the others hear what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.inbox import RequestKey

KEPT: Final = timedelta(days=7)
"""A phone that comes back after a week reads anew what became of its commands [D]."""
AT_ONCE: Final = 1000


def digest_of(what: str, asked: Mapping[str, Any]) -> str:
    """Return what stands for one request: the same command with the same data, byte for byte."""
    body = json.dumps([what, asked], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def begin(session: Session, actor: Actor, key: str, digest: str, *, now: datetime) -> bool:
    """Claim a key in the command's own transaction; False when it was carried out before.

    A request that comes while the first is still under way waits for it. A refused command gives its key back with
    everything else. Raises Invalid for a key that said something else before.
    """
    if actor.user_id is None:
        raise NotAllowed("once", "须由登录用户操作")
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    claimed = session.execute(
        dialect.insert(RequestKey)
        .values(user_id=actor.user_id, key=key, digest=digest, at=now)
        .on_conflict_do_nothing(index_elements=["user_id", "key"])
        .returning(RequestKey.key)
    ).first()
    if claimed is not None:
        return True
    kept = session.get_one(RequestKey, (actor.user_id, key), populate_existing=True)
    if kept.digest != digest:
        raise Invalid({"idempotency_key": "这个请求编号已用于另一项操作"})
    return False


def finish(session: Session, actor: Actor, key: str, result: str) -> None:
    """Write down what the request led to."""
    session.execute(
        update(RequestKey)
        .where(RequestKey.user_id == actor.user_id, RequestKey.key == key)
        .values(result=result)
    )


def result_of(session: Session, actor: Actor, key: str) -> str | None:
    """Return what an earlier request under this key led to."""
    row = session.get(RequestKey, (actor.user_id, key))
    return row.result if row is not None else None


def forget(session: Session, *, now: datetime) -> int:
    """Throw away keys that nobody can send again any more; return how many."""
    old = select(RequestKey.user_id, RequestKey.key).where(RequestKey.at < now - KEPT).limit(AT_ONCE)
    gone = 0
    for user_id, key in session.execute(old).all():
        session.execute(delete(RequestKey).where(RequestKey.user_id == user_id, RequestKey.key == key))
        gone += 1
    return gone
