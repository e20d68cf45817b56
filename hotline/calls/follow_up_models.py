"""A follow-up call by machine (回访): one row for each ticket and round."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class FollowUp(Base):
    """What the machine has asked about one closed handling, and what it still has to."""

    __tablename__ = "follow_up"
    __table_args__ = (
        UniqueConstraint("ticket_id", "round"),
        Index("ix_follow_up_state_next_at", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    round: Mapped[int]
    """As `CallbackAttempt.round`: rises with each redo."""
    state: Mapped[str] = mapped_column(String(12), default="due")
    """due, calling, done, person (somebody has to decide), void (no longer wanted)."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("call.id"), index=True)
    """The latest call."""
    solved: Mapped[str | None] = mapped_column(String(12))
    satisfied: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(300))
    """Why a person has to decide, in Chinese."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
