"""Wrong tries at a ticket's query code, counted by day: what the lock-out of progress queries rests on."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base


class QueryTry(Base):
    """How often today somebody was wrong about one ticket, or one caller about any."""

    __tablename__ = "query_try"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    """`ticket:ID`, or `caller:DIGEST` of the number that called."""
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    wrong: Mapped[int] = mapped_column(default=0)
