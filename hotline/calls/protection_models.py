"""What a supervisor switches on for a while: a blocked number, an announcement that callers hear first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class BlockedNumber(Base):
    """A number whose calls reach nobody until `until`, save in distress; the number itself is kept as a digest."""

    __tablename__ = "blocked_number"
    __table_args__ = (Index("ix_blocked_number_key_until", "number_key", "until"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number_key: Mapped[str] = mapped_column(String(64))
    """As `Call.from_key`."""
    number_masked: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(300))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"))
    """The call for which it was blocked."""
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    until: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class Incident(Base):
    """An announcement which every caller hears first; at most one is on."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_on",
            "is_on",
            unique=True,
            postgresql_where=text("is_on"),
            sqlite_where=text("is_on"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(String(300))
    text_en: Mapped[str] = mapped_column(String(300), default="")
    is_on: Mapped[bool] = mapped_column(default=True)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
