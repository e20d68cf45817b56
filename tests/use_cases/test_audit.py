"""Whoever alters, removes, inserts or re-orders history is found; whoever erases personal data lawfully is not."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from dispatch.audit import verify
from dispatch.database import Database
from dispatch.events import (
    By,
    Happened,
    event_hash,
    personal_sha256,
    record,
    record_all,
    ticket_stream,
    verify_chain,
)
from dispatch.models.history import Event, StreamHead
from tests.builders import build_world, make_ticket

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

ALTERATIONS: dict[str, Callable[[Event], Any]] = {
    "kind": lambda _: "TicketClosed",
    "at": lambda event: event.at + timedelta(microseconds=1),
    "actor_kind": lambda _: "partner",
    "actor_id": lambda event: (event.actor_id or 0) + 1,
    "ticket_version": lambda event: (event.ticket_version or 0) + 1,
    "payload": lambda event: {**event.payload, "n": -1},
    "personal": lambda _: {"name": "另一个人"},
    "salt": lambda _: b"another salt....",
    "personal_sha256": lambda _: personal_sha256({"name": "另一个人"}, b"salt"),
    "prev_hash": lambda _: "f" * 64,
    "hash": lambda _: "f" * 64,
    "seq": lambda event: event.seq + 1000,
}


class _Undo(Exception):
    """Leaves a transaction without a trace."""


@contextmanager
def _chain(database: Database, length: int) -> Iterator[tuple[Session, str]]:
    """Write one chain, some of it with personal data, and undo everything at the end."""
    stream = f"test:{secrets.token_hex(6)}"
    with suppress(_Undo), database.writing() as session:
        for n in range(length):
            record(
                session,
                "TicketEdited",
                stream=stream,
                by=By("user", 7),
                now=NOW + timedelta(seconds=n),
                payload={"n": n},
                personal={"name": f"诉求人{n}"} if n % 2 else None,
                ticket_version=n,
            )
        yield session, stream
        raise _Undo


def _events(session: Session, stream: str) -> list[Event]:
    query = select(Event).where(Event.stream == stream).order_by(Event.seq)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _found(session: Session, stream: str) -> list[tuple[int, str]]:
    session.expire_all()
    return list(verify_chain(session, stream))


@PROPERTY
@given(length=st.integers(1, 8), data=st.data())
def test_an_untouched_chain_verifies_also_after_any_lawful_erasure(
    database: Database, length: int, data: st.DataObject
) -> None:
    with _chain(database, length) as (session, stream):
        erased = data.draw(st.sets(st.integers(1, length)))
        session.execute(
            update(Event)
            .where(Event.stream == stream, Event.seq.in_(erased))
            .values(personal=None, salt=None)
        )
        assert _found(session, stream) == []


@PROPERTY
@given(length=st.integers(1, 8), column=st.sampled_from(sorted(ALTERATIONS)), data=st.data())
def test_any_altered_column_of_any_event_is_found(
    database: Database, length: int, column: str, data: st.DataObject
) -> None:
    with _chain(database, length) as (session, stream):
        event = data.draw(st.sampled_from(_events(session, stream)), label="event")
        if column == "salt" and event.personal is None:
            column = "personal"
        session.execute(
            update(Event).where(Event.id == event.id).values({column: ALTERATIONS[column](event)})
        )
        assert _found(session, stream) != []


@PROPERTY
@given(length=st.integers(1, 8), data=st.data())
def test_a_forged_event_is_found_though_its_own_hash_was_made_to_fit(
    database: Database, length: int, data: st.DataObject
) -> None:
    with _chain(database, length) as (session, stream):
        event = data.draw(st.sampled_from(_events(session, stream)), label="event")
        forged = event_hash(
            stream=stream,
            seq=event.seq,
            kind=event.kind,
            at=event.at,
            by=By(event.actor_kind, event.actor_id),
            ticket_version=event.ticket_version,
            payload={"n": -1},
            personal_digest=event.personal_sha256,
            prev_hash=event.prev_hash,
        )
        changes = {"payload": {"n": -1}, "hash": forged}
        session.execute(update(Event).where(Event.id == event.id).values(changes))
        last = event.seq == length
        wrong = "the head does not match the last event" if last else "does not follow the event before it"
        assert _found(session, stream) == [(event.seq if last else event.seq + 1, wrong)]


@PROPERTY
@given(length=st.integers(1, 8), data=st.data())
def test_any_removed_events_are_found(database: Database, length: int, data: st.DataObject) -> None:
    with _chain(database, length) as (session, stream):
        gone = data.draw(st.sets(st.integers(1, length), min_size=1), label="gone")
        session.execute(delete(Event).where(Event.stream == stream, Event.seq.in_(gone)))
        assert _found(session, stream) != []


@PROPERTY
@given(length=st.integers(1, 8), data=st.data())
def test_an_event_slipped_in_anywhere_is_found_however_the_rest_is_renumbered(
    database: Database, length: int, data: st.DataObject
) -> None:
    with _chain(database, length) as (session, stream):
        at = data.draw(st.integers(1, length + 1), label="at")
        model = data.draw(st.sampled_from(_events(session, stream)), label="model")
        copy = {
            each.key: getattr(model, each.key) for each in Event.__mapper__.column_attrs if each.key != "id"
        }
        later = Event.stream == stream, Event.seq >= at
        session.execute(update(Event).where(*later).values(seq=Event.seq + 1000))
        session.execute(update(Event).where(*later).values(seq=Event.seq - 999))
        session.execute(insert(Event).values({**copy, "seq": at}))
        head = {"seq": length + 1, "hash": _events(session, stream)[-1].hash}
        session.execute(update(StreamHead).where(StreamHead.stream == stream).values(head))
        assert _found(session, stream) != []


@PROPERTY
@given(length=st.integers(2, 8), data=st.data())
def test_events_in_another_order_are_found(database: Database, length: int, data: st.DataObject) -> None:
    with _chain(database, length) as (session, stream):
        ids = [event.id for event in _events(session, stream)]
        order = data.draw(st.permutations(ids).filter(lambda each: list(each) != ids), label="order")
        for place, event in enumerate(order, start=1):
            session.execute(update(Event).where(Event.id == event).values(seq=1000 + place))
        session.execute(update(Event).where(Event.stream == stream).values(seq=Event.seq - 1000))
        assert _found(session, stream) != []


def test_taking_the_personal_data_and_leaving_the_salt_is_no_erasure(database: Database) -> None:
    with _chain(database, 4) as (session, stream):
        session.execute(update(Event).where(Event.stream == stream, Event.seq == 2).values(personal=None))
        assert _found(session, stream) == [(2, "personal data were removed")]


def test_many_events_at_once_continue_each_chain_as_single_ones_do(database: Database) -> None:
    with _chain(database, 2) as (session, stream):
        other = f"{stream}:new"
        happened = [
            Happened("StepFired", each, {"step": n}) for n, each in enumerate((stream, other, stream))
        ]
        record_all(session, happened, by=By("machine"), now=NOW)
        assert [event.payload for event in _events(session, stream)][2:] == [{"step": 0}, {"step": 2}]
        assert _found(session, stream) == _found(session, other) == []
        record(session, "TicketEdited", stream=other, by=By("machine"), now=NOW)
        assert [event.seq for event in _events(session, other)] == [1, 2]
        assert _found(session, other) == []


def test_the_whole_history_of_a_world_verifies(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        make_ticket(session, world)
        assert list(verify(session)) == []


def test_an_event_moved_under_another_ticket_is_found(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        one, two = make_ticket(session, world), make_ticket(session, world)
        session.execute(update(Event).where(Event.ticket_id == two.id).values(ticket_id=one.id))
        found = list(verify(session))
    assert (ticket_stream(two.id), 1, "content was altered") in found
    assert (ticket_stream(two.id), 0, "the ticket has no history") in found


def test_an_event_hidden_from_its_ticket_is_found(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        ticket = make_ticket(session, world)
        session.execute(update(Event).where(Event.ticket_id == ticket.id).values(ticket_id=None))
        assert (ticket_stream(ticket.id), 1, "does not show under its ticket") in list(verify(session))


def test_a_history_removed_with_its_head_is_found_by_the_ticket_it_leaves(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        ticket = make_ticket(session, world)
        stream = ticket_stream(ticket.id)
        session.execute(delete(Event).where(Event.stream == stream))
        session.execute(delete(StreamHead).where(StreamHead.stream == stream))
        assert list(verify(session)) == [(stream, 0, "the ticket has no history")]


def test_a_history_whose_head_alone_is_gone_is_found(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        stream = ticket_stream(make_ticket(session, world).id)
        session.execute(delete(StreamHead).where(StreamHead.stream == stream))
        assert list(verify(session)) == [(stream, 1, "the stream has no head")]
