"""Versions of what an administrator decides: written once, published at most once, never changed; each step audited."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, defer

from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, NotFound, VersionConflict
from dispatch.events import ADMINISTRATION, record
from dispatch.models.configuration import ConfigVersion
from dispatch.models.people import User
from dispatch.rules.roles import Role

MAY_CHANGE: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
SHOWN: Final = 50
_IN_FORCE: Final = ConfigVersion.published_at.is_not(None) & ConfigVersion.superseded_at.is_(None)


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version without its text."""

    number: int
    reason: str
    digest: str
    based_on: int
    restores: int | None
    written_at: datetime
    written_by: str
    effects: Mapping[str, Any]
    published_at: datetime | None
    published_by: str | None
    superseded_at: datetime | None


def numbers_in_force(session: Session) -> dict[str, int]:
    """Return the published version of each document that has one; a document without goes by its file."""
    rows = session.execute(select(ConfigVersion.document, ConfigVersion.number).where(_IN_FORCE))
    return {row.document: row.number for row in rows}


def in_force(session: Session) -> dict[str, ConfigVersion]:
    """Return the published versions in force, by document."""
    return {each.document: each for each in session.scalars(select(ConfigVersion).where(_IN_FORCE))}


def number_in_force(session: Session, document: str) -> int:
    """Return the number in force; 0 for the file."""
    query = select(ConfigVersion.number).where(_IN_FORCE, ConfigVersion.document == document)
    return session.scalar(query) or 0


def version(session: Session, document: str, number: int) -> ConfigVersion:
    """Return one version with its text; raises NotFound."""
    query = select(ConfigVersion).where(ConfigVersion.document == document, ConfigVersion.number == number)
    found = session.scalar(query)
    if found is None:
        raise NotFound("version", f"{document} {number}")
    return found


def history(session: Session, document: str) -> list[VersionLine]:
    """Return the newest versions of a document without their texts, the newest first."""
    query = _lines().where(ConfigVersion.document == document).order_by(ConfigVersion.number.desc())
    return [_line(*row) for row in session.execute(query.limit(SHOWN))]


def line(session: Session, document: str, number: int) -> VersionLine:
    """Return one version without its text; raises NotFound."""
    query = _lines().where(ConfigVersion.document == document, ConfigVersion.number == number)
    found = session.execute(query).first()
    if found is None:
        raise NotFound("version", f"{document} {number}")
    return _line(*found)


def lines_in_force(session: Session) -> dict[str, VersionLine]:
    """Return the published versions in force without their texts, by document."""
    return {row[0].document: _line(*row) for row in session.execute(_lines().where(_IN_FORCE))}


def documents_with_drafts(session: Session) -> set[str]:
    """Return the documents whose newest version nobody has published."""
    newest = select(ConfigVersion.document, func.max(ConfigVersion.number)).group_by(ConfigVersion.document)
    drafts = select(ConfigVersion.document).where(
        tuple_(ConfigVersion.document, ConfigVersion.number).in_(newest), ConfigVersion.published_at.is_(None)
    )
    return set(session.scalars(drafts))


def _lines() -> Select[ConfigVersion, str | None, str | None]:
    author, publisher = aliased(User), aliased(User)
    return (
        select(ConfigVersion, author.display_name, publisher.display_name)
        .outerjoin(author, author.id == ConfigVersion.written_by_id)
        .outerjoin(publisher, publisher.id == ConfigVersion.published_by_id)
        .options(defer(ConfigVersion.text, raiseload=True))
    )


def _line(each: ConfigVersion, written_by: str | None, published_by: str | None) -> VersionLine:
    return VersionLine(
        number=each.number,
        reason=each.reason,
        digest=each.digest,
        based_on=each.based_on,
        restores=each.restores,
        written_at=each.written_at,
        written_by=written_by or "命令行",
        effects=each.effects,
        published_at=each.published_at,
        published_by=(published_by or "命令行") if each.published_at else None,
        superseded_at=each.superseded_at,
    )


def write(
    session: Session,
    actor: Actor,
    document: str,
    text: str,
    *,
    reason: str,
    effects: Mapping[str, Any],
    restores: int | None = None,
    now: datetime,
) -> ConfigVersion:
    """Keep a checked text as the document's next version; nothing goes by it yet. Raises NotAllowed, Invalid."""
    _allowed(actor, "write_version")
    if not reason.strip():
        raise Invalid({"reason": "请写明为什么修改"})
    # Two that check at the same moment: the second takes the next number, or the UNIQUE key says no.
    newest = select(func.max(ConfigVersion.number)).where(ConfigVersion.document == document)
    made = ConfigVersion(
        document=document,
        number=(session.scalar(newest) or 0) + 1,
        text=text,
        digest=digest_of(text),
        based_on=number_in_force(session, document),
        restores=restores,
        reason=reason.strip(),
        written_at=now,
        written_by_id=actor.user_id,
        effects=dict(effects),
    )
    session.add(made)
    _flush(session, document, made.number)
    _record(session, actor, "ConfigVersionWritten", made, now=now)
    return made


def publish(session: Session, actor: Actor, document: str, number: int, *, now: datetime) -> ConfigVersion:
    """Put a checked version into force; raises NotAllowed, NotFound, Invalid, VersionConflict.

    A version that was checked against another one than that in force is checked again first.
    """
    _allowed(actor, "publish_version")
    made = version(session, document, number)
    if made.published_at is not None:
        raise Invalid({"number": "这个版本已经发布过；要恢复它，请以它的内容检查出一个新版本"})
    current = session.scalar(
        select(ConfigVersion).where(_IN_FORCE, ConfigVersion.document == document).with_for_update()
    )
    seen = current.number if current is not None else 0
    if seen != made.based_on:
        raise VersionConflict(document, made.based_on, seen, {})
    if current is not None:
        current.superseded_at = now
        session.flush()
    made.published_at, made.published_by_id = now, actor.user_id
    _flush(session, document, seen)
    _record(session, actor, "ConfigVersionPublished", made, now=now)
    return made


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _flush(session: Session, document: str, number: int) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise VersionConflict(document, number, number + 1, {}) from error


def _allowed(actor: Actor, action: str) -> None:
    if actor.role not in MAY_CHANGE:
        raise NotAllowed(action, f"“{actor.role.label}”不能修改配置")


def _record(session: Session, actor: Actor, kind: str, made: ConfigVersion, *, now: datetime) -> None:
    payload = {
        "document": made.document,
        "number": made.number,
        "digest": made.digest,
        "based_on": made.based_on,
        "restores": made.restores,
        "reason": made.reason,
    }
    record(session, kind, stream=ADMINISTRATION, by=actor.by, now=now, payload=payload)
