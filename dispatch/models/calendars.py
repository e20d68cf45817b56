"""What an administrator has changed about working time since the files were written, revision by revision."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId, Json


class CalendarRevision(Base):
    """One edit of the calendars with its reason; the newest id is the version that is in force."""

    __tablename__ = "calendar_revision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None when it was made on the command line."""
    reason: Mapped[str] = mapped_column(String(300))
    changes: Mapped[dict[str, Any]]


class CalendarOverride(Base):
    """A day on which a calendar differs from the published one; `*` is every calendar."""

    __tablename__ = "calendar_override"

    calendar: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    working: Mapped[bool]
    hours: Mapped[list[str] | None] = mapped_column(Json)
    """Such as 09:00-12:00; None for the usual hours of a workday."""
    source: Mapped[str] = mapped_column(String(200))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("calendar_revision.id"))


class CalendarYear(Base):
    """A year whose holidays a person has confirmed though the programme's own list lacks them."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(String(200))
    revision_id: Mapped[int] = mapped_column(ForeignKey("calendar_revision.id"))
