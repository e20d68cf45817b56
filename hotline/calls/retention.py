"""How long recordings are kept, what a legal hold does, and sealing them anew under another key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from dispatch.actors import MACHINE, Actor
from dispatch.database import Database
from dispatch.errors import Invalid, NotFound
from dispatch.events import ADMINISTRATION, record
from dispatch.rules.policy import Fields
from hotline.calls.access import Seals, find_call, sealed_calls
from hotline.calls.keeping import KeyRing
from hotline.calls.models import Call, Recording

LONGEST_REASON: Final = 300
BATCH: Final = 200


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long a recording is kept, and one of a sealed call."""

    keep: timedelta
    keep_sealed: timedelta

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> RetentionPolicy:
        """Read the content of recordings.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("keep_days", "keep_sealed_days", "talks", "source"))
        top.text("source")
        return cls(
            timedelta(days=top.number("keep_days", least=1)),
            timedelta(days=top.number("keep_sealed_days", least=1)),
        )


def hold(
    session: Session, actor: Actor, recording_id: int, *, reason: str | None, seals: Seals, now: datetime
) -> Recording:
    """Keep a recording beyond its time, or (None) let its time count again; raises NotFound, Invalid."""
    if reason is not None and not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Invalid({"reason": f"请写明依据，不超过{LONGEST_REASON}字"})
    row = session.scalar(select(Recording).where(Recording.id == recording_id).with_for_update())
    if row is None or row.state == "deleted":
        raise NotFound("recording", recording_id)
    find_call(session, actor, session.get_one(Call, row.call_id).sid, seals=seals)
    row.hold_reason = reason.strip() if reason is not None else None
    row.held_at, row.held_by_id = (now, actor.user_id) if reason is not None else (None, None)
    payload = {"recording_id": row.id, "held": reason is not None, "reason": row.hold_reason}
    record(session, "RecordingHeld", stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
    return row


def delete_due(
    session: Session, *, policy: RetentionPolicy, seals: Seals, folder: Path, now: datetime
) -> Sequence[str]:
    """Delete what has been kept long enough and is under no hold; return the files, to be removed after the commit."""
    sealed = sealed_calls(seals)
    query = (
        select(Recording)
        .join(Call, Call.id == Recording.call_id)
        .where(
            Recording.state == "fetched",
            Recording.held_at.is_(None),
            or_(
                Recording.created_at <= now - max(policy.keep, policy.keep_sealed),
                (Recording.created_at <= now - policy.keep) & ~sealed,
                (Recording.created_at <= now - policy.keep_sealed) & sealed,
            ),
        )
        .order_by(Recording.id)
        .limit(BATCH)
        .with_for_update(of=Recording, skip_locked=True)
    )
    files = []
    for row in session.scalars(query):
        if row.path is not None:
            files.append(str(folder / row.path))
        row.state, row.path, row.key_id = "deleted", None, None
        row.deleted_reason = "retention"
        payload = {"recording_id": row.id, "kind": row.kind, "kept_since": row.created_at.isoformat()}
        record(session, "RecordingDeleted", stream=ADMINISTRATION, by=MACHINE.by, now=now, payload=payload)
    return files


def reseal(database: Database, ring: KeyRing, folder: Path) -> Iterator[int]:
    """Seal everything that lies under an older key under the current one; yield how many so far.

    The new file stands beside the old one until its row names it: at every moment one of the two opens.
    """
    done, last = 0, 0
    while True:
        with database.reading("report") as session:
            rows = session.execute(
                select(Recording.id, Recording.path, Recording.key_id)
                .where(
                    Recording.id > last,
                    Recording.state == "fetched",
                    or_(Recording.key_id.is_(None), Recording.key_id != ring.current),
                )
                .order_by(Recording.id)
                .limit(BATCH)
            ).all()
        if not rows:
            return
        for recording_id, path, key_id in rows:
            last = recording_id
            _reseal(database, ring, folder, recording_id, path or "", key_id)
            done += 1
            yield done


def _reseal(
    database: Database, ring: KeyRing, folder: Path, recording_id: int, path: str, key_id: str | None
) -> None:
    sound = ring.open(key_id, (folder / path).read_bytes(), path)
    name = f"{recording_id:012d}.{ring.current}"
    new_key, sealed = ring.seal(sound, name)
    (folder / name).write_bytes(sealed)
    with database.writing() as session:
        changed = session.execute(
            update(Recording)
            .where(Recording.id == recording_id, Recording.path == path)
            .values(path=name, key_id=new_key)
        )
        taken = changed.rowcount  # type: ignore[attr-defined]  # an update's result has it
    (folder / (path if taken else name)).unlink(missing_ok=True)
