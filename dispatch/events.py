"""Append-only history: each stream is a hash chain in which personal data can be erased without breaking it."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.models.base import Base
from dispatch.models.history import Event, StreamHead

GENESIS: Final = "0" * 64
"""What the first event of a stream points back to."""

ADMINISTRATION: Final = "administration"


@dataclass(frozen=True, slots=True)
class By:
    """Who did it, as history keeps it."""

    kind: str
    """user, caller, machine, partner."""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """One event without personal data, for `record_all`."""

    kind: str
    stream: str
    payload: Mapping[str, Any]
    ticket_id: int | None = None
    ticket_version: int | None = None


def ticket_stream(ticket_id: int) -> str:
    """Return the name of a ticket's stream."""
    return f"ticket:{ticket_id}"


def record(
    session: Session,
    kind: str,
    *,
    stream: str,
    by: By,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    ticket_id: int | None = None,
    ticket_version: int | None = None,
    begins: bool = False,
) -> int:
    """Append one event and return its sequence number; the stream's head row is locked until commit.

    `begins` says that this transaction has just made what the stream is about, so that nobody else can know it yet.

    `personal` is what erasure must be able to remove: names, numbers, what a worker said. The chain covers
    only its salted SHA-256, so that nulling `personal` and `salt` leaves every hash as it was.
    """
    seq, prev_hash = (0, GENESIS) if begins else _lock_head(session, stream)
    body = dict(payload or {})
    salt = secrets.token_bytes(16) if personal is not None else None
    digest = personal_sha256(personal, salt) if personal is not None and salt is not None else None
    own_hash = event_hash(
        stream=stream,
        seq=seq + 1,
        kind=kind,
        at=now,
        by=by,
        ticket_version=ticket_version,
        payload=body,
        personal_digest=digest,
        prev_hash=prev_hash,
    )
    connection = session.connection()
    connection.execute(
        _APPEND,
        {
            "stream": stream,
            "seq": seq + 1,
            "kind": kind,
            "at": now,
            "actor_kind": by.kind,
            "actor_id": by.id,
            "ticket_id": ticket_id,
            "ticket_version": ticket_version,
            "payload": body,
            "personal": None if personal is None else dict(personal),
            "salt": salt,
            "personal_sha256": digest,
            "prev_hash": prev_hash,
            "hash": own_hash,
        },
    )
    if begins:
        connection.execute(_BEGIN, {"stream": stream, "seq": seq + 1, "hash": own_hash})
    else:
        connection.execute(_MOVE, {"key": stream, "new_seq": seq + 1, "new_hash": own_hash})
    return seq + 1


def record_all(session: Session, happened: Sequence[Happened], *, by: By, now: datetime) -> None:
    """Append many events in a handful of statements, in the given order; every stream's head is locked until commit."""
    streams = sorted({each.stream for each in happened})
    heads = {stream: (seq, tip) for stream, seq, tip in _lock_heads(session, streams)}
    # A stream that has never been written has no row to lock yet.
    heads |= {stream: _lock_head(session, stream) for stream in streams if stream not in heads}
    rows = []
    for each in happened:
        seq, prev_hash = heads[each.stream]
        own_hash = event_hash(
            stream=each.stream,
            seq=seq + 1,
            kind=each.kind,
            at=now,
            by=by,
            ticket_version=each.ticket_version,
            payload=each.payload,
            personal_digest=None,
            prev_hash=prev_hash,
        )
        heads[each.stream] = (seq + 1, own_hash)
        rows.append(
            {
                "stream": each.stream,
                "seq": seq + 1,
                "kind": each.kind,
                "at": now,
                "actor_kind": by.kind,
                "actor_id": by.id,
                "ticket_id": each.ticket_id,
                "ticket_version": each.ticket_version,
                "payload": dict(each.payload),
                "prev_hash": prev_hash,
                "hash": own_hash,
            }
        )
    if not rows:
        return
    session.execute(insert(Event), rows)
    session.execute(
        _MOVE,
        [{"key": stream, "new_seq": seq, "new_hash": tip} for stream, (seq, tip) in heads.items()],
    )


def verify_chain(session: Session, stream: str) -> Iterator[tuple[int, str]]:
    """Yield (sequence number, what is wrong) for each event that was altered, removed or inserted."""
    rows = session.scalars(
        select(Event).where(Event.stream == stream).order_by(Event.seq).execution_options(yield_per=500)
    )
    head = session.get(StreamHead, stream)
    yield from check_chain(rows, None if head is None else (head.seq, head.hash))


def check_chain(events: Iterable[Event], head: tuple[int, str] | None) -> Iterator[tuple[int, str]]:
    """Yield the findings of one chain; `events` are in order of their numbers."""
    prev_hash, expected = GENESIS, 1
    for event in events:
        if event.seq != expected:
            yield expected, f"{event.seq - expected} events are missing"
        if event.prev_hash != prev_hash:
            yield event.seq, "does not follow the event before it"
        if event.personal is not None and event.personal_sha256 != personal_sha256(
            event.personal, event.salt or b""
        ):
            yield event.seq, "personal data were altered"
        elif event.personal is None and event.salt is not None:
            # Erasure takes both; one without the other is no erasure.
            yield event.seq, "personal data were removed"
        if event.hash != _hash_of(event) or _misfiled(event):
            yield event.seq, "content was altered"
        prev_hash, expected = event.hash, event.seq + 1
    if head is None:
        if expected > 1:
            yield expected - 1, "the stream has no head"
    elif head != (expected - 1, prev_hash):
        yield head[0], "the head does not match the last event"


def personal_sha256(personal: Mapping[str, Any], salt: bytes) -> str:
    """Return the salted digest by which the chain covers personal data, hexadecimal."""
    return hashlib.sha256(salt + _canonical(dict(personal))).hexdigest()


def event_hash(
    *,
    stream: str,
    seq: int,
    kind: str,
    at: datetime,
    by: By,
    ticket_version: int | None,
    payload: Mapping[str, Any],
    personal_digest: str | None,
    prev_hash: str,
) -> str:
    """Return the SHA-256 that the next event points back to, hexadecimal."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [
        stream,
        seq,
        kind,
        moment,
        by.kind,
        by.id,
        ticket_version,
        dict(payload),
        personal_digest,
        prev_hash,
    ]
    return hashlib.sha256(_canonical(parts)).hexdigest()


def _hash_of(event: Event) -> str:
    return event_hash(
        stream=event.stream,
        seq=event.seq,
        kind=event.kind,
        at=event.at,
        by=By(event.actor_kind, event.actor_id),
        ticket_version=event.ticket_version,
        payload=event.payload,
        personal_digest=event.personal_sha256,
        prev_hash=event.prev_hash,
    )


def _misfiled(event: Event) -> bool:
    """Whether an event shows up under another ticket than its stream's: the hash covers the stream, not the column."""
    return event.ticket_id is not None and ticket_stream(event.ticket_id) != event.stream


def _canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _lock_heads(session: Session, streams: Sequence[str]) -> list[tuple[str, int, str]]:
    rows = session.execute(
        select(StreamHead.stream, StreamHead.seq, StreamHead.hash)
        .where(StreamHead.stream.in_(streams))
        # Always in one order: two writers of several streams must not wait for each other.
        .order_by(StreamHead.stream)
        .with_for_update()
    )
    return [(stream, seq, tip) for stream, seq, tip in rows]


def _lock_head(session: Session, stream: str) -> tuple[int, str]:
    connection = session.connection()
    row = connection.execute(_FIND, {"key": stream}).one_or_none()
    if row is None:
        # Two first events at once: one inserts, the other waits here and then reads what the first wrote.
        on_postgresql = connection.dialect.name == "postgresql"
        insert_new = (postgresql if on_postgresql else sqlite).insert(StreamHead)
        connection.execute(insert_new.values(stream=stream, seq=0, hash=GENESIS).on_conflict_do_nothing())
        row = connection.execute(_FIND, {"key": stream}).one()
    return row.seq, row.hash


_EVENTS: Final = Base.metadata.tables["event"]
_HEADS: Final = Base.metadata.tables["stream_head"]
# Built once: building a statement takes as long as executing it.
_APPEND: Final = insert(_EVENTS)
_BEGIN: Final = insert(_HEADS)
_MOVE: Final = (
    update(_HEADS)
    .where(_HEADS.c.stream == bindparam("key"))
    .values(seq=bindparam("new_seq"), hash=bindparam("new_hash"))
)
_FIND: Final = (
    select(_HEADS.c.seq, _HEADS.c.hash).where(_HEADS.c.stream == bindparam("key")).with_for_update()
)
