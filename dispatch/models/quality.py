"""Quality checks: what was drawn, how it was scored, and what became of an appeal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class QualitySample(Base):
    """An ended ticket that was drawn, and the person at the desk whose work on it is looked at."""

    __tablename__ = "quality_sample"
    __table_args__ = (
        Index("ix_quality_sample_state_id", "state", "id"),
        Index("ix_quality_sample_subject_id_state", "subject_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), unique=True)
    subject_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    ended_at: Mapped[datetime]
    drawn_at: Mapped[datetime]
    drawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[str] = mapped_column(String(12), default="open")
    """open, scored, appealed, settled."""
    version: Mapped[int] = mapped_column(default=1)


class QualityScore(Base):
    """One score by the form of its day, which it keeps; never changed but for its total, by a decided appeal."""

    __tablename__ = "quality_score"

    sample_id: Mapped[int] = mapped_column(
        ForeignKey("quality_sample.id"), primary_key=True, autoincrement=False
    )
    sheet_version: Mapped[str] = mapped_column(String(12))
    sheet: Mapped[dict[str, Any]]
    points: Mapped[dict[str, Any]]
    remarks: Mapped[dict[str, Any]]
    """Item → what the inspector says of it."""
    vetoes: Mapped[dict[str, Any]]
    """Veto → the fact that it is given for."""
    remark: Mapped[str] = mapped_column(Text, default="")
    given_total: Mapped[int]
    total: Mapped[int]
    """What counts: as given, or as an appeal left it."""
    vetoed: Mapped[bool]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class QualityAppeal(Base):
    """The one appeal against a score: the key allows no second."""

    __tablename__ = "quality_appeal"

    sample_id: Mapped[int] = mapped_column(
        ForeignKey("quality_sample.id"), primary_key=True, autoincrement=False
    )
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    upheld: Mapped[bool | None]
    decision: Mapped[str | None] = mapped_column(Text)
