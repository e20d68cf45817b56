"""What happened and what must leave the house: append-only events, stream heads, the outbox, notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Event(Base):
    """One change, view or clock operation; the hash covers a salted digest of `personal`, so erasure keeps the chain."""

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("stream", "seq"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    stream: Mapped[str] = mapped_column(String(40))
    """`ticket:ID` or `administration`."""
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    actor_kind: Mapped[str] = mapped_column(String(12))
    """user, caller, machine, partner."""
    actor_id: Mapped[int | None]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    ticket_version: Mapped[int | None]
    payload: Mapped[dict[str, Any]]
    personal: Mapped[dict[str, Any] | None]
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    personal_sha256: Mapped[str | None] = mapped_column(String(64))
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class StreamHead(Base):
    """The end of each chain; its row lock keeps a chain from forking."""

    __tablename__ = "stream_head"

    stream: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class Outbox(Base):
    """One effect on the world, written with the change that wants it; delivery states are DESIGN rule 5."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_due",
            "queue",
            "not_before",
            postgresql_where=text("state IN ('pending', 'leased', 'sending')"),
            sqlite_where=text("state IN ('pending', 'leased', 'sending')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    queue: Mapped[str] = mapped_column(String(12))
    """live (carrier commands) or slow (messages, partners)."""
    kind: Mapped[str] = mapped_column(String(32))
    key: Mapped[str | None] = mapped_column(String(120), unique=True)
    payload: Mapped[dict[str, Any]]
    """Ids only; whoever delivers re-reads what it needs."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="pending")
    """pending, leased, sending, sent, unknown, expired, failed, cancelled."""
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)


class Notice(Base):
    """Something a person or a union should know, shown on the console and in the inbox."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_union_at", "union_id", "at"),
        Index("ix_notice_user_at", "user_id", "at"),
        # Which ones nobody has yet turned into messages.
        Index(
            "ix_notice_unplanned",
            "id",
            postgresql_where=text("planned_at IS NULL"),
            sqlite_where=text("planned_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(24))
    """nudge, caller_added, yellow_card, red_card, escalated, returned, reopened, dispatched, alarm."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"))
    role: Mapped[str | None] = mapped_column(String(32))
    """A role of the centre, where neither a person nor a union is named."""
    text: Mapped[str] = mapped_column(String(300))
    step: Mapped[str | None] = mapped_column(String(24))
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("clock.id"))
    seen_at: Mapped[datetime | None]
    planned_at: Mapped[datetime | None]
    """When it was decided by which channels its people are told."""
