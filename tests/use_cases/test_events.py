"""History cannot be altered unseen, and personal data can be erased from it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from dispatch.database import Database
from dispatch.events import By, record, verify_chain
from dispatch.models.history import Event

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
STREAM = "ticket:1"


def _write(database: Database, count: int) -> None:
    with database.writing() as session:
        for n in range(count):
            record(
                session,
                "TicketEdited",
                stream=STREAM,
                by=By("user", 7),
                now=NOW,
                payload={"fields": {"诉求": n}},
                personal={"phone": f"+86139000000{n}"},
            )


def _findings(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        return list(verify_chain(session, STREAM))


def test_an_untouched_chain_verifies(database: Database) -> None:
    _write(database, 5)
    assert _findings(database) == []


def test_erasing_personal_data_and_salt_keeps_the_chain(database: Database) -> None:
    _write(database, 3)
    with database.writing() as session:
        session.execute(update(Event).where(Event.seq == 2).values(personal=None, salt=None))
    assert _findings(database) == []
    with database.reading() as session:
        assert session.scalar(select(Event.personal).where(Event.seq == 2)) is None


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"payload": {"fields": {"诉求": 99}}}, "content was altered"),
        ({"personal": {"phone": "+8613900000009"}}, "personal data were altered"),
        ({"actor_id": 8}, "content was altered"),
        ({"kind": "TicketClosed"}, "content was altered"),
    ],
)
def test_an_altered_event_is_found(database: Database, values: dict[str, object], wrong: str) -> None:
    _write(database, 3)
    with database.writing() as session:
        session.execute(update(Event).where(Event.seq == 2).values(**values))
    assert (2, wrong) in _findings(database)


def test_a_removed_event_is_found(database: Database) -> None:
    _write(database, 4)
    with database.writing() as session:
        session.execute(delete(Event).where(Event.seq == 2))
    assert (2, "1 events are missing") in _findings(database)


def test_a_removed_last_event_is_found(database: Database) -> None:
    _write(database, 4)
    with database.writing() as session:
        session.execute(delete(Event).where(Event.seq == 4))
    assert _findings(database) == [(4, "the head does not match the last event")]


def test_concurrent_writers_never_fork_a_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(_write, database, 5) for _ in range(8)]:
            done.result()
    with database.reading() as session:
        seqs = session.scalars(select(Event.seq).where(Event.stream == STREAM).order_by(Event.seq)).all()
    assert seqs == list(range(1, 41))
    assert _findings(database) == []
