"""The centre's roster (排班): who sits at which line when, who stands in, and what one shift tells the next (交接班)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Shift(Base):
    """One person's shift; the deputy (AB post) is rung next, and takes over when the person does not come."""

    __tablename__ = "shift"
    __table_args__ = (
        Index("ix_shift_user_id_ends_at", "user_id", "ends_at"),
        Index("ix_shift_ends_at", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    line: Mapped[str | None] = mapped_column(String(24))
    """The line this shift is for; None is whatever the person's skills allow."""
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    cancelled_at: Mapped[datetime | None]
    alarmed_at: Mapped[datetime | None]
    """When the supervisors were told that nobody had come."""
    version: Mapped[int] = mapped_column(default=1)


class Handover(Base):
    """What one shift tells the next, and that somebody has taken it in."""

    __tablename__ = "handover"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    from_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    to_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None: to whoever comes next."""
    text: Mapped[str] = mapped_column(Text)
    waiting: Mapped[int]
    """Callers in line at that moment."""
    owed: Mapped[int]
    """Calls owed at that moment."""
    taken_at: Mapped[datetime | None]
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
