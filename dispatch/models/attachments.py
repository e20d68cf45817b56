"""Photos, sound and documents that belong to a ticket; their bytes lie in the vault."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Attachment(Base):
    """One file on a ticket. Once removed its row stays, without its name, and its bytes are gone."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_ticket_id_source_sha256", "ticket_id", "source_sha256"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    """Random, in addresses and in the vault: an id of one ticket tells nothing about another's."""
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """photo, sound, document."""
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    """Bytes, as kept."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of what is kept and given out."""
    source_sha256: Mapped[str] = mapped_column(String(64))
    """Of what was sent in: the same file sent twice is one."""
    for_union: Mapped[bool] = mapped_column(default=False)
    """Whether the unions that handle the ticket may open it; what a union itself adds, they may."""
    created_at: Mapped[datetime]
    by_kind: Mapped[str] = mapped_column(String(16))
    by_id: Mapped[int | None] = mapped_column(BigId)
    removed_at: Mapped[datetime | None]
