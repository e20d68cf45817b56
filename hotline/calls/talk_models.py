"""What an operator asks of others during a conversation: to take it over or join it, and a supervisor's help."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId

_LIVE = text("state IN ('ringing', 'accepted', 'talking')")
_RINGING = text("state IN ('ringing', 'accepted')")
_OPEN = text("state = 'open'")


class Transfer(Base):
    """One attempt to bring somebody else into a conversation, or to hand the caller over; a call has one at a time."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index("uq_transfer_live_call", "call_id", unique=True, postgresql_where=_LIVE, sqlite_where=_LIVE),
        Index(
            "uq_transfer_ringing_user",
            "user_id",
            unique=True,
            postgresql_where=_RINGING,
            sqlite_where=_RINGING,
        ),
        Index("ix_transfer_due", "expires_at", postgresql_where=_RINGING, sqlite_where=_RINGING),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    style: Mapped[str] = mapped_column(String(12))
    """warm: talk first; cold: leave at once; three_way: all together."""
    target: Mapped[str] = mapped_column(String(12))
    """operator, line, outside."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    line: Mapped[str | None] = mapped_column(String(24))
    party: Mapped[str | None] = mapped_column(String(24))
    """Code of config/conversation.yaml; None for a number that was typed."""
    number: Mapped[str | None] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(60))
    leg_id: Mapped[int | None] = mapped_column(ForeignKey("leg.id"))
    state: Mapped[str] = mapped_column(String(12), default="ringing")
    """ringing, accepted (leg on its way), talking, done, returned, failed, cancelled."""
    reason: Mapped[str | None] = mapped_column(String(24))
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]


class HelpRequest(Base):
    """An operator who asks for a supervisor."""

    __tablename__ = "help_request"
    __table_args__ = (
        Index("uq_help_request_open", "call_id", unique=True, postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    """Whose conversation it is."""
    reason: Mapped[str] = mapped_column(String(12), default="asked")
    """asked by the operator; held: the caller has been on hold for too long."""
    text: Mapped[str] = mapped_column(String(200), default="")
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="open")
    """open, answered, withdrawn."""
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_at: Mapped[datetime | None]
