"""Who has which ticket on the screen, as leases that run out by themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base


class TicketWatch(Base):
    """One open page of one ticket; a page that is closed without a word is forgotten when its lease ends."""

    __tablename__ = "ticket_watch"

    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The socket that the page speaks through."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    until: Mapped[datetime] = mapped_column(index=True)
