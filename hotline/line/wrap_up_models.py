"""How long people wrote after their conversations: what handling time is made of beside the talk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class WrapUp(Base):
    """One time of writing (话后整理) that is over.

    It refers to the person and the call by number alone: whoever writes it holds the presence, and a foreign key would
    have to wait for rows that others lock first (see `hotline.calls.locks`).
    """

    __tablename__ = "wrap_up"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId)
    call_id: Mapped[int | None] = mapped_column(BigId)
    ended_at: Mapped[datetime] = mapped_column(index=True)
    seconds: Mapped[int]
