"""One transaction for one command; the facts it established are published only after it is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy.orm import Session

from dispatch.database import Database, Purpose, WritingSession


@dataclass(frozen=True, slots=True)
class Fact:
    """Something changed: what kind, which one, its version now; never its content.

    `rooms` says who may know that it changed: `centre`, `union:ID`, `user:ID`.
    """

    kind: str
    """call, offer, line, presence, ticket, notice."""
    id: str
    version: int
    at: datetime
    rooms: tuple[str, ...]


Publish: TypeAlias = Callable[[Sequence[Fact]], None]


def tell(session: Session, fact: Fact) -> None:
    """Keep a fact until the transaction commits; a later fact about the same thing replaces an earlier one."""
    facts: dict[tuple[str, str], Fact] = session.info.setdefault("facts", {})
    earlier = facts.get((fact.kind, fact.id))
    if earlier is not None:
        rooms = tuple(dict.fromkeys(earlier.rooms + fact.rooms))
        fact = Fact(fact.kind, fact.id, max(earlier.version, fact.version), fact.at, rooms)
    facts[(fact.kind, fact.id)] = fact


def facts_told(session: Session) -> tuple[Fact, ...]:
    """Return what the transaction has established so far."""
    facts: dict[tuple[str, str], Fact] = session.info.get("facts", {})
    return tuple(facts.values())


def wake_deliveries(session: Session) -> None:
    """Ask that the outbox be looked at as soon as this transaction is committed."""
    session.info["wake"] = True


@contextmanager
def unit_of_work(
    database: Database,
    *,
    publish: Publish,
    wake: Callable[[], None] | None = None,
    purpose: Purpose = "command",
) -> Iterator[WritingSession]:
    """Open a writing transaction; commit, then publish its facts and wake the deliveries it asked for.

    On an exception everything is rolled back and nothing is published.
    """
    with database.writing(purpose) as session:
        yield session
        facts = facts_told(session)
        wanted = bool(session.info.get("wake"))
    if facts:
        publish(facts)
    if wanted and wake is not None:
        wake()
