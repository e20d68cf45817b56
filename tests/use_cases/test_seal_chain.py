"""The clock's signed seals: whoever cuts, swaps or rewrites history together with all its heads is found by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dispatch import seal_chain
from dispatch.audit import verify
from dispatch.database import Database
from dispatch.events import GENESIS, By, event_hash, record, ticket_stream
from dispatch.models.audit import Seal, SealedHead
from dispatch.models.history import Event, StreamHead
from dispatch.rules.ticket_state import Command
from dispatch.seal_chain import SEALS, Anchor, Sealed, public_key, seal_hash, seal_heads, verify_seals
from tests.builders import NOW, World, build_world, give, make_ticket

KEY = bytes(range(32))
BY = By("user", 7)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def write(session: Session, stream: str, count: int, *, at_minute: int = 0) -> None:
    for n in range(count):
        record(
            session,
            "TicketEdited",
            stream=stream,
            by=BY,
            now=NOW + timedelta(minutes=at_minute, seconds=n),
            payload={"n": n},
            personal={"reason": f"理由{n}"},
        )


def seal(session: Session, minute: int) -> Sealed | None:
    return seal_heads(session, key=KEY, now=NOW + timedelta(minutes=minute))


def history(session: Session) -> list[Sealed]:
    """Write three streams over three minutes, a seal after each."""
    made = []
    for minute in (1, 2, 3):
        for stream in ("one", "two", "three")[: 4 - minute]:
            write(session, stream, 2, at_minute=minute - 1)
        found = seal(session, minute)
        assert found is not None
        made.append(found)
    return made


def findings(session: Session, anchor: Anchor | None = None) -> set[tuple[str, int, str]]:
    session.expire_all()
    return set(verify_seals(session, key=KEY, anchor=anchor))


def chains(session: Session) -> set[tuple[str, int, str]]:
    session.expire_all()
    return set(verify(session))


def forge_chain(session: Session, stream: str) -> None:
    """Make a whole chain fit again, head and all, as only whoever owns the database could."""
    prev_hash, last = GENESIS, 0
    for event in session.scalars(select(Event).where(Event.stream == stream).order_by(Event.seq)):
        event.prev_hash = prev_hash
        event.hash = prev_hash = event_hash(
            stream=stream,
            seq=event.seq,
            kind=event.kind,
            at=event.at,
            by=By(event.actor_kind, event.actor_id),
            ticket_version=event.ticket_version,
            payload=event.payload,
            personal_digest=event.personal_sha256,
            prev_hash=prev_hash,
        )
        last = event.seq
    session.flush()
    session.execute(update(StreamHead).where(StreamHead.stream == stream).values(seq=last, hash=prev_hash))


def drop_stream(session: Session, stream: str, *, from_seq: int = 1) -> None:
    session.execute(delete(Event).where(Event.stream == stream, Event.seq >= from_seq))
    if from_seq == 1:
        session.execute(delete(StreamHead).where(StreamHead.stream == stream))


def test_an_untouched_history_holds_and_each_seal_covers_only_what_grew(session: Session) -> None:
    made = history(session)
    assert [each.heads for each in made] == [3, 2, 1]
    assert findings(session, made[-1].anchor) == set()
    assert session.scalar(select(func.count()).select_from(SealedHead)) == 6


def test_a_seal_waits_for_its_minute_and_for_something_to_seal(session: Session) -> None:
    write(session, "one", 1)
    assert seal(session, 1) is not None
    write(session, "one", 1)
    assert seal_heads(session, key=KEY, now=NOW + timedelta(minutes=1, seconds=59)) is None
    assert seal(session, 2) is not None
    assert seal(session, 3) is None, "nothing grew"


def test_an_event_that_commits_after_a_later_one_was_sealed_is_sealed_all_the_same(session: Session) -> None:
    write(session, "one", 1)
    session.execute(update(Event).values(id=Event.id + 100))
    assert seal(session, 1) is not None
    write(session, "slow", 1, at_minute=1)
    # It was given its number before the seal was made, and is there only now.
    session.execute(update(Event).where(Event.stream == "slow").values(id=50))
    assert seal(session, 2) is not None
    assert session.scalars(select(SealedHead.stream).where(SealedHead.n == 2)).all() == ["slow"]


def alter(session: Session) -> None:
    session.execute(update(Event).where(Event.stream == "one", Event.seq == 2).values(payload={"n": -1}))
    forge_chain(session, "one")


def remove_in_the_middle(session: Session) -> None:
    session.execute(delete(Event).where(Event.stream == "one", Event.seq == 3))
    for n in (4, 5, 6):
        session.execute(update(Event).where(Event.stream == "one", Event.seq == n).values(seq=n - 1))
    forge_chain(session, "one")


def remove_the_tail(session: Session) -> None:
    drop_stream(session, "one", from_seq=5)
    forge_chain(session, "one")


def remove_all(session: Session) -> None:
    drop_stream(session, "three")


def insert_one(session: Session) -> None:
    for n in (4, 3, 2):
        session.execute(update(Event).where(Event.stream == "two", Event.seq == n).values(seq=n + 1))
    forged = {"kind": "TicketEdited", "at": NOW, "actor_kind": "user", "actor_id": 7, "payload": {}}
    session.add(Event(stream="two", seq=2, prev_hash="", hash="", **forged))
    session.flush()
    forge_chain(session, "two")


def swap(session: Session) -> None:
    for table in (Event, StreamHead):
        for old, new in (("two", "x"), ("three", "two"), ("x", "three")):
            session.execute(update(table).where(table.stream == old).values(stream=new))
    forge_chain(session, "two")
    forge_chain(session, "three")


ATTACKS: dict[str, tuple[Callable[[Session], None], tuple[str, int, str]]] = {
    "an altered payload": (alter, ("one", 2, "was written anew since seal 1")),
    "a removed event in the middle": (remove_in_the_middle, ("one", 6, "is gone since seal 3")),
    "a removed tail": (remove_the_tail, ("one", 6, "is gone since seal 3")),
    "a whole stream removed": (remove_all, ("three", 2, "is gone since seal 1")),
    "an inserted event": (insert_one, ("two", 2, "was written anew since seal 1")),
    "two streams swapped": (swap, ("two", 2, "was written anew since seal 1")),
}
"""Each leaves chains that fit in themselves, heads and numbers and all."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_the_chains_alone_would_not_show_breaks_its_seal(session: Session, attack: str) -> None:
    history(session)
    change, expected = ATTACKS[attack]
    change(session)
    assert chains(session) == set(), "the forgery fits in itself"
    assert expected in findings(session)


@pytest.mark.parametrize("column", ["at", "heads", "last_event_id", "prev_hash", "hash", "signature"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_changed_seal_is_broken(session: Session, n: int, column: str) -> None:
    history(session)
    other = {
        "at": NOW,
        "heads": 99,
        "last_event_id": 99,
        "prev_hash": "f" * 64,
        "hash": "f" * 64,
        "signature": b"x" * 64,
    }
    session.execute(update(Seal).where(Seal.n == n).values({column: other[column]}))
    assert (SEALS, n, "the seal is broken") in findings(session)


def test_a_seal_made_anew_without_the_key_is_broken(session: Session) -> None:
    history(session)
    forged = session.get_one(Seal, 3)
    session.execute(delete(SealedHead).where(SealedHead.n == 3))
    forged.heads = 0
    forged.hash = seal_hash(
        n=3, at=forged.at, last_event_id=forged.last_event_id, prev_hash=forged.prev_hash, heads=[]
    )
    session.flush()
    assert findings(session) == {(SEALS, 3, "the seal is broken")}


@pytest.mark.parametrize("stream", ["one", "two"])
def test_a_head_taken_out_of_its_seal_breaks_it(session: Session, stream: str) -> None:
    history(session)
    session.execute(delete(SealedHead).where(SealedHead.n == 2, SealedHead.stream == stream))
    drop_stream(session, stream, from_seq=3)
    forge_chain(session, stream)
    assert (SEALS, 2, "the seal is broken") in findings(session)


def cut(session: Session, *numbers: int) -> None:
    session.execute(delete(SealedHead).where(SealedHead.n.in_(numbers)))
    session.execute(delete(Seal).where(Seal.n.in_(numbers)))


def test_a_seal_taken_out_of_the_middle_or_the_beginning_is_missed(session: Session) -> None:
    history(session)
    cut(session, 1)
    assert {(SEALS, 1, "1 seals are missing"), (SEALS, 2, "does not follow the seal before it")} <= findings(
        session
    )
    cut(session, 2)
    assert (SEALS, 1, "2 seals are missing") in findings(session)


def test_a_truncated_chain_is_found_by_the_seal_that_was_noted_outside(session: Session) -> None:
    last = history(session)[-1].anchor
    cut(session, 3)
    drop_stream(session, "one", from_seq=5)
    forge_chain(session, "one")
    assert findings(session) == set(), "what is left holds"
    assert findings(session, last) == {(SEALS, 3, "seals up to the noted one are gone")}
    # The clock goes on, over the forgery: the number is there again, the seal is another.
    write(session, "two", 1, at_minute=9)
    assert seal(session, 10) is not None
    assert findings(session, last) == {(SEALS, 3, "is not the seal that was noted")}


def test_seals_of_another_key_do_not_hold(session: Session) -> None:
    history(session)
    found = set(verify_seals(session, key=bytes(32)))
    assert found == {(SEALS, n, "the seal is broken") for n in (1, 2, 3)}
    assert public_key(KEY) != public_key(bytes(32))


def test_a_long_backlog_is_sealed_in_portions_and_all_of_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_chain, "EVENTS_AT_ONCE", 3)
    for stream in "abcdefg":
        write(session, stream, 1)
    made: list[Sealed] = []
    while not made or made[-1].more:
        found = seal_heads(session, key=KEY, now=NOW, every=timedelta())
        assert found is not None
        made.append(found)
    assert [each.heads for each in made] == [3, 3, 1]
    assert findings(session) == set()


def test_lawful_erasure_breaks_no_seal(session: Session) -> None:
    history(session)
    session.execute(update(Event).values(personal=None, salt=None))
    assert findings(session) == set()
    assert chains(session) == set()


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def test_the_history_of_a_world_is_sealed_and_holds(world: World) -> None:
    with world.database.writing() as session:
        ticket = make_ticket(session, world)
        give(session, world, "operator", ticket, Command.ACCEPT)
    with world.database.writing() as session:
        sealed = seal(session, 1)
    assert sealed is not None
    with world.database.writing() as session:
        assert findings(session, sealed.anchor) == chains(session) == set()
        # Whoever takes the ticket with its whole history out of the database leaves its seal behind.
        stream = ticket_stream(ticket.id)
        drop_stream(session, stream)
        assert (stream, 2, "is gone since seal 1") in findings(session)
