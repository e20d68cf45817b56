"""The waiting line as rows: who waits, who is there, what is being offered, whom we owe a call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Waiting(Base):
    """A caller in the line; `entered_at` survives a missed offer, so that nobody loses the place."""

    __tablename__ = "waiting"
    __table_args__ = (
        Index(
            "ix_waiting_order",
            "priority",
            "entered_at",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), unique=True)
    line: Mapped[str] = mapped_column(String(24))
    skill: Mapped[str | None] = mapped_column(String(24))
    priority: Mapped[int] = mapped_column(default=2)
    """0 first; the urgency's digit."""
    entered_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="waiting")
    """waiting, offered, connected, left."""
    left_at: Mapped[datetime | None]
    left_reason: Mapped[str | None] = mapped_column(String(16))
    """abandoned, return_call, voicemail, timeout."""


class Offer(Base):
    """One ring at one operator: a lease that ends by itself."""

    __tablename__ = "offer"
    __table_args__ = (
        Index(
            "uq_offer_live_user",
            "user_id",
            unique=True,
            postgresql_where=text("state IN ('ringing', 'accepted')"),
            sqlite_where=text("state IN ('ringing', 'accepted')"),
        ),
        Index(
            "uq_offer_live_waiting",
            "waiting_id",
            unique=True,
            postgresql_where=text("state IN ('ringing', 'accepted')"),
            sqlite_where=text("state IN ('ringing', 'accepted')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    waiting_id: Mapped[int] = mapped_column(ForeignKey("waiting.id"), index=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default="ringing")
    """ringing, accepted (leg on its way), connected, missed, declined, cancelled, failed."""
    settled_at: Mapped[datetime | None]


class Presence(Base):
    """An operator's state; `lease_until` runs out when the browser falls silent."""

    __tablename__ = "presence"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default="offline", index=True)
    """ready, reserved, talking, wrap_up, on_break, not_ready, offline, unreachable."""
    since: Mapped[datetime]
    ready_since: Mapped[datetime | None]
    """Longest idle is offered first."""
    lease_until: Mapped[datetime | None] = mapped_column(index=True)
    wrap_up_until: Mapped[datetime | None] = mapped_column(index=True)
    reason: Mapped[str | None] = mapped_column(String(60))
    misses: Mapped[int] = mapped_column(default=0)
    endpoint: Mapped[str | None] = mapped_column(String(200))
    """client:NAME, or a telephone number for night duty."""
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"))
    lines: Mapped[list[str]] = mapped_column(default=list)
    """Lines served; empty means every line."""
    version: Mapped[int] = mapped_column(default=1)
    offered_at: Mapped[datetime | None]
    """When it rang here last: round robin."""
    taken: Mapped[int] = mapped_column(default=0, server_default="0")
    """Conversations of `taken_day`: fewest calls."""
    taken_day: Mapped[str | None] = mapped_column(String(8))
    break_until: Mapped[datetime | None] = mapped_column(index=True)


class LineSwitch(Base):
    """What a supervisor has done with a whole line; a line without a row is open and its own."""

    __tablename__ = "line_switch"

    line: Mapped[str] = mapped_column(String(24), primary_key=True)
    is_open: Mapped[bool] = mapped_column(default=True)
    divert_to: Mapped[str | None] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)


class ReturnCall(Base):
    """A call we owe: one task a number and day while it is open."""

    __tablename__ = "return_call"
    __table_args__ = (
        UniqueConstraint("number_key", "day"),
        Index("ix_return_call_state_due", "state", "due_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number_key: Mapped[str] = mapped_column(String(64))
    day: Mapped[str] = mapped_column(String(8))
    phone: Mapped[str] = mapped_column(String(200))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    """The latest call that asked for it."""
    reason: Mapped[str] = mapped_column(String(16))
    """requested, missed, abandoned, voicemail, failed."""
    line: Mapped[str | None] = mapped_column(String(24))
    priority: Mapped[int] = mapped_column(default=2)
    place_at: Mapped[datetime | None]
    """When the caller entered the line: the place that is kept."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="due")
    """due, calling, done."""
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)
