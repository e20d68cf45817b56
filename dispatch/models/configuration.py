"""What an administrator writes about how the hotline behaves, version by version; texts are never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class ConfigVersion(Base):
    """One text of one document, checked by the loader that reads the file; the file itself is version 0."""

    __tablename__ = "config_version"
    __table_args__ = (
        UniqueConstraint("document", "number"),
        # At most one is in force, whoever publishes at the same moment.
        Index(
            "uq_config_version_in_force",
            "document",
            unique=True,
            postgresql_where=text("published_at IS NOT NULL AND superseded_at IS NULL"),
            sqlite_where=text("published_at IS NOT NULL AND superseded_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document: Mapped[str] = mapped_column(String(64))
    """The file whose place it takes, such as sla.yaml or flows/day.yaml."""
    number: Mapped[int]
    """1, 2, 3 … of its document."""
    text: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the text; the audit chain holds it too."""
    based_on: Mapped[int]
    """The version that was in force when this one was checked."""
    restores: Mapped[int | None]
    """The older version whose text this one brings back."""
    reason: Mapped[str] = mapped_column(String(300))
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None on the command line."""
    effects: Mapped[dict[str, Any]]
    """What the check found that it would change."""
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    superseded_at: Mapped[datetime | None]
