"""Slows down whoever guesses passwords, without letting him lock others out of their work."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from dispatch.models.people import SignInAttempt
from hotline.errors import LockedOut

WINDOW: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=1)
PAIR_LIMIT: Final = 5
"""Failures of one account from one address within the window [D]."""
NAME_LIMIT: Final = 50
"""Failures of one account from anywhere: a distributed guesser; high, for it shuts the owner out too [D]."""
ADDRESS_LIMIT: Final = 100
"""Failures from one address: a whole centre may sit behind one [D]."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that counts as failed until it has succeeded."""

    ids: tuple[int, ...]
    pair: str


def begin_attempt(session: Session, name: str, address: str, *, now: datetime) -> Attempt:
    """Count a try before the password is checked, so that a hundred at once are not a hundred guesses.

    Raises LockedOut, and then counts nothing: the lock ends although somebody keeps trying.
    """
    pair, *others = _keys(name, address)
    if session.get_bind().dialect.name == "postgresql":
        # Tries of one account from one address go one after the other, as they do on SQLite anyway.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(pair, 0))))
    limits = dict(zip((pair, *others), (PAIR_LIMIT, NAME_LIMIT, ADDRESS_LIMIT), strict=True))
    counted = session.execute(
        select(SignInAttempt.key, func.count(), func.min(SignInAttempt.at))
        .where(SignInAttempt.key.in_(limits), SignInAttempt.at > now - WINDOW)
        .group_by(SignInAttempt.key)
    ).all()
    oldest = [first for key, tries, first in counted if tries >= limits[key]]
    if oldest:
        raise LockedOut(max(1, int((max(oldest) + WINDOW - now).total_seconds())))
    session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - KEPT))
    ids = session.scalars(
        insert(SignInAttempt).returning(SignInAttempt.id), [{"key": key, "at": now} for key in limits]
    )
    return Attempt(tuple(ids), pair)


def succeed(session: Session, attempt: Attempt) -> None:
    """Take the try back, and forgive this account the failures from this address."""
    session.execute(
        delete(SignInAttempt).where(SignInAttempt.id.in_(attempt.ids) | (SignInAttempt.key == attempt.pair))
    )


def _keys(name: str, address: str) -> tuple[str, str, str]:
    # Digests: people type passwords into the name field.
    of_name = hashlib.sha256(name.casefold().encode()).hexdigest()[:32]
    return f"pair:{of_name}:{address[:60]}", f"name:{of_name}", f"address:{address[:60]}"
