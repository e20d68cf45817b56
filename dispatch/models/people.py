"""Users who sign in, and their server-side sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class User(Base):
    """One account; `union_id` is empty for people of the centre."""

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(32), index=True)
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """AB post: who takes over when this person is absent."""
    extension: Mapped[str | None] = mapped_column(String(16), unique=True)
    skills: Mapped[list[str]] = mapped_column(default=list)
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    password_temporary: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Given by an administrator: it opens nothing but its own change."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    authority_version: Mapped[int] = mapped_column(default=1)
    """Raised when the role, the union or the disabled flag changes: open sockets with an older one are closed."""


class Session(Base):
    """A signed-in browser: the cookie holds a random token, the row only its SHA-256."""

    __tablename__ = "user_session"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(200), default="")


class SignInAttempt(Base):
    """Failed sign-ins by account name and address, for the lock-out."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
