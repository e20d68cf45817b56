"""Seals the ends of all chains into one signed chain, so that a whole history cannot vanish or be written anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import and_, func, insert, select, text
from sqlalchemy.orm import Session

from dispatch.events import GENESIS
from dispatch.models.audit import Seal, SealedHead
from dispatch.models.history import Event, StreamHead

EVERY: Final = timedelta(minutes=1)
"""How often the clock seals [docs/design.md, rule 7]."""
EVENTS_AT_ONCE: Final = 20_000
"""A seal looks at no more new events than this: one writer must not hold the others up."""

SEALS: Final = "seals"
"""What findings call the sealing chain itself."""

_LOCK: Final = 12352
_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Anchor:
    """A seal as it was noted outside the database: whoever cuts the chain behind it is found."""

    n: int
    hash: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal that was just made; `more` while older events still wait for the next one."""

    anchor: Anchor
    heads: int
    more: bool


def public_key(key: bytes) -> str:
    """Return the public half by which anybody may check the seals, hexadecimal."""
    return _signer(key).public_key().public_bytes_raw().hex()


def seal_heads(session: Session, *, key: bytes, now: datetime, every: timedelta = EVERY) -> Sealed | None:
    """Seal every chain that grew; None when nothing grew, or when the last seal is younger than `every`."""
    if session.get_bind().dialect.name == "postgresql":
        # Several clocks, one chain.
        session.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    newest = session.scalars(select(Seal).order_by(Seal.n.desc()).limit(2)).all()
    last = newest[0] if newest else None
    if last is not None and now - last.at < every:
        return None
    seen = last.last_event_id if last is not None else 0
    # From one seal further back: an event may have been given its number before that seal and committed after it.
    since = newest[1].last_event_id if len(newest) > 1 else 0
    until = _until(session, seen)
    heads = _grown(session, since, until)
    if not heads:
        return None
    prev_hash = last.hash if last is not None else GENESIS
    n = last.n + 1 if last is not None else 1
    own = seal_hash(n=n, at=now, last_event_id=until, prev_hash=prev_hash, heads=heads)
    seal = Seal(
        n=n,
        at=now,
        heads=len(heads),
        last_event_id=until,
        prev_hash=prev_hash,
        hash=own,
        signature=_signer(key).sign(own.encode()),
    )
    session.add(seal)
    session.flush()
    rows = [{"stream": stream, "seq": seq, "hash": tip, "n": n} for stream, seq, tip in heads]
    session.execute(insert(SealedHead), rows)
    more = (session.scalar(select(func.max(Event.id))) or 0) > until
    return Sealed(Anchor(n, own), len(heads), more)


def seal_hash(
    *, n: int, at: datetime, last_event_id: int, prev_hash: str, heads: Sequence[tuple[str, int, str]]
) -> str:
    """Return the SHA-256 over a seal and the heads it covers, hexadecimal."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = [n, moment, last_event_id, prev_hash, sorted(heads)]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def verify_seals(
    session: Session, *, key: bytes, anchor: Anchor | None = None
) -> Iterator[tuple[str, int, str]]:
    """Yield (stream, number, what is wrong) for every seal that does not hold and every history that left its seal."""
    public = _signer(key).public_key()
    prev_hash, expected, at_anchor = GENESIS, 1, None
    heads = _sealed_heads(session)
    pending = next(heads, None)
    for seal in session.scalars(select(Seal).order_by(Seal.n).execution_options(yield_per=_AT_ONCE)):
        covered: list[tuple[str, int, str]] = []
        while pending is not None and pending[0] <= seal.n:
            covered += pending[1] if pending[0] == seal.n else []
            pending = next(heads, None)
        if seal.n != expected:
            yield SEALS, expected, f"{seal.n - expected} seals are missing"
        if seal.prev_hash != prev_hash:
            yield SEALS, seal.n, "does not follow the seal before it"
        if not _holds(seal, covered, public):
            yield SEALS, seal.n, "the seal is broken"
        if anchor is not None and seal.n == anchor.n:
            at_anchor = seal.hash
        prev_hash, expected = seal.hash, seal.n + 1
    if anchor is not None and at_anchor is None:
        yield SEALS, anchor.n, "seals up to the noted one are gone"
    elif anchor is not None and at_anchor != anchor.hash:
        yield SEALS, anchor.n, "is not the seal that was noted"
    yield from _left_their_seal(session)


def newest_seal(session: Session) -> tuple[Anchor, datetime] | None:
    """Return the newest seal and its moment, to be noted outside."""
    last = session.scalars(select(Seal).order_by(Seal.n.desc()).limit(1)).first()
    return None if last is None else (Anchor(last.n, last.hash), last.at)


def _until(session: Session, seen: int) -> int:
    some = select(Event.id).where(Event.id > seen).order_by(Event.id).limit(EVENTS_AT_ONCE).subquery()
    return session.scalar(select(func.max(some.c.id))) or seen


def _grown(session: Session, since: int, until: int) -> list[tuple[str, int, str]]:
    streams = select(Event.stream).where(Event.id > since, Event.id <= until).distinct().subquery()
    rows = session.execute(
        select(StreamHead.stream, StreamHead.seq, StreamHead.hash)
        .join(streams, streams.c.stream == StreamHead.stream)
        .outerjoin(SealedHead, and_(SealedHead.stream == StreamHead.stream, SealedHead.seq == StreamHead.seq))
        .where(SealedHead.stream.is_(None))
    )
    return [(stream, seq, tip) for stream, seq, tip in rows]


def _sealed_heads(session: Session) -> Iterator[tuple[int, list[tuple[str, int, str]]]]:
    query = select(SealedHead.n, SealedHead.stream, SealedHead.seq, SealedHead.hash).order_by(SealedHead.n)
    rows = session.execute(query.execution_options(yield_per=_AT_ONCE))
    for n, some in groupby(rows, key=lambda row: row.n):
        yield n, [(row.stream, row.seq, row.hash) for row in some]


def _holds(seal: Seal, heads: Sequence[tuple[str, int, str]], public: Ed25519PublicKey) -> bool:
    own = seal_hash(
        n=seal.n, at=seal.at, last_event_id=seal.last_event_id, prev_hash=seal.prev_hash, heads=heads
    )
    if own != seal.hash or len(heads) != seal.heads:
        return False
    try:
        public.verify(seal.signature, seal.hash.encode())
    except InvalidSignature:
        return False
    return True


def _left_their_seal(session: Session) -> Iterator[tuple[str, int, str]]:
    found = and_(Event.stream == SealedHead.stream, Event.seq == SealedHead.seq)
    query = (
        select(SealedHead.stream, SealedHead.seq, SealedHead.n, Event.id.is_(None))
        .outerjoin(Event, found)
        .where((Event.id.is_(None)) | (Event.hash != SealedHead.hash))
        .order_by(SealedHead.n, SealedHead.stream)
    )
    for stream, seq, n, gone in session.execute(query):
        yield stream, seq, f"{'is gone' if gone else 'was written anew'} since seal {n}"


def _signer(key: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key)
