"""Server-side sessions: begun with a password, found by a cookie, renewed while used, revoked at once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Row, Select, select, update
from sqlalchemy.orm import Session

from dispatch.actors import Actor, actor_of
from dispatch.events import ADMINISTRATION, By, record
from dispatch.models.people import Session as BrowserSession
from dispatch.models.people import User
from dispatch.models.unions import Union

COOKIE: Final = "hotline_session"
IDLE: Final = timedelta(hours=2)
"""A session ends when nobody has used it for so long [D]."""
LONGEST: Final = timedelta(hours=12)
"""A session ends after the longest shift, used or not [D]."""
RENEW_AFTER: Final = timedelta(minutes=1)
"""Use is written down at most so often: every request would be a write otherwise."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One signed-in browser and who sits at it."""

    actor: Actor
    account: str
    token_sha256: str
    last_seen_at: datetime
    expires_at: datetime
    authority_version: int
    password_temporary: bool


@dataclass(frozen=True, slots=True)
class Account:
    """What the session page says of its user."""

    user: User
    union_name: str | None


def digest(token: str) -> str:
    """Return what the row keeps of a cookie's token: a stolen database signs nobody in."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def find_account(session: Session, name: str) -> User | None:
    """Return the enabled account of this name."""
    return session.scalar(select(User).where(User.name == name, User.disabled_at.is_(None)))


def begin_session(
    session: Session, user_id: int, *, now: datetime, user_agent: str, replaces: str | None
) -> str:
    """Begin a session and return its cookie's token; the browser's earlier one ends (session fixation)."""
    if replaces is not None:
        end_session(session, digest(replaces), now=now)
    token = secrets.token_urlsafe(32)
    session.add(
        BrowserSession(
            token_sha256=digest(token),
            user_id=user_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + IDLE,
            user_agent=user_agent[:200],
        )
    )
    record(session, "SessionBegan", stream=ADMINISTRATION, by=By("user", user_id), now=now)
    return token


def find_session(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Return whose session this token is; None for unknown, expired, revoked and disabled alike."""
    row = session.execute(_live(now).where(BrowserSession.token_sha256 == digest(token))).one_or_none()
    return None if row is None else _signed_in(row, now)


def find_sessions(session: Session, digests: Collection[str], *, now: datetime) -> dict[str, SignedIn]:
    """Return those of these sessions that still hold, by digest."""
    if not digests:
        return {}
    rows = session.execute(_live(now).where(BrowserSession.token_sha256.in_(digests)))
    return {found.token_sha256: found for found in (_signed_in(row, now) for row in rows)}


def renew(session: Session, signed_in: SignedIn, *, now: datetime) -> None:
    """Write down that the session is in use; it lives on, but never beyond its longest."""
    row = session.get(BrowserSession, signed_in.token_sha256)
    if row is None or row.revoked_at is not None:
        return
    row.last_seen_at = now
    row.expires_at = min(now + IDLE, row.created_at + LONGEST)


def end_session(session: Session, token_sha256: str, *, now: datetime) -> None:
    """Revoke one session; an unknown or ended one is no error."""
    user_id = session.scalar(
        update(BrowserSession)
        .where(BrowserSession.token_sha256 == token_sha256, BrowserSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(BrowserSession.user_id)
    )
    if user_id is not None:
        record(session, "SessionEnded", stream=ADMINISTRATION, by=By("user", user_id), now=now)


def account_of(session: Session, user_id: int) -> Account:
    """Return an account with the name of its union."""
    user, union_name = session.execute(
        select(User, Union.name).outerjoin(Union, Union.id == User.union_id).where(User.id == user_id)
    ).one()
    return Account(user, union_name)


def _live(now: datetime) -> Select[BrowserSession, User]:
    return (
        select(BrowserSession, User)
        .join(User, User.id == BrowserSession.user_id)
        .where(
            BrowserSession.revoked_at.is_(None), BrowserSession.expires_at > now, User.disabled_at.is_(None)
        )
    )


def _signed_in(row: Row[BrowserSession, User], now: datetime) -> SignedIn:
    browser, user = row
    return SignedIn(
        actor=actor_of(user, at=now),
        account=user.name,
        token_sha256=browser.token_sha256,
        last_seen_at=browser.last_seen_at,
        expires_at=browser.expires_at,
        authority_version=user.authority_version,
        password_temporary=user.password_temporary,
    )
