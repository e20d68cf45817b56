"""Lists that people keep under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class SavedView(Base):
    """One person's list; shared with a role it is shown to everybody who has it, in a union to that union's people."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[dict[str, Any]]
    shared_role: Mapped[str | None] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime]
