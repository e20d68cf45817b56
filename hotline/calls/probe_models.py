"""The synthetic calls that prove each number, and what went wrong at the carrier's doors."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class LineProbe(Base):
    """One synthetic call to one of our numbers; it is no `Call`, so no statistic ever counts it."""

    __tablename__ = "line_probe"
    __table_args__ = (
        UniqueConstraint("number", "slot"),
        Index("ix_line_probe_number_id", "number", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(40))
    slot: Mapped[int]
    """Which interval it belongs to: of several clocks one dials."""
    code: Mapped[str] = mapped_column(String(6))
    """Keys that the calling end sends and the answering end must hear."""
    started_at: Mapped[datetime]
    out_sid: Mapped[str | None] = mapped_column(String(64), index=True)
    in_sid: Mapped[str | None] = mapped_column(String(64), index=True)
    answered_at: Mapped[datetime | None]
    """When our door was asked what the call should hear."""
    heard_at: Mapped[datetime | None]
    """When the keys came through: the number is proven end to end."""
    failed_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(200))


class LineFault(Base):
    """A caller met the fallback, or a turn could not be answered."""

    __tablename__ = "line_fault"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(12))
    """fallback or turn."""
    call_sid: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(16))
