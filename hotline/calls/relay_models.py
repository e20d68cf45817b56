"""Calls between a union's handler and a caller, neither of whom learns the other's number."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class RelayCall(Base):
    """One bridged call; it holds no number, and its legs' ids only for as long as reports about them come."""

    __tablename__ = "relay_call"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    caller_id: Mapped[int] = mapped_column(ForeignKey("caller.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    """ringing_union, ringing_caller, talking, ended."""
    outcome: Mapped[str | None] = mapped_column(String(16))
    """reached, no_answer, machine, union_absent, failed."""
    union_sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    caller_sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    talking_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
