"""The clock's seals over the history: each covers the chains that grew since the last one, and the last seal itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Seal(Base):
    """One link of the sealing chain: `hash` covers everything here and every head it seals; signed with our key."""

    __tablename__ = "audit_seal"

    n: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    """1, 2, 3 … without gaps."""
    at: Mapped[datetime]
    heads: Mapped[int]
    """How many chains had grown."""
    last_event_id: Mapped[int] = mapped_column(BigId)
    """The newest event when the seal was made: where the next one looks from."""
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))
    """Ed25519 over the hash."""


class SealedHead(Base):
    """The end of one chain as a seal found it."""

    __tablename__ = "audit_sealed_head"
    __table_args__ = (Index("ix_audit_sealed_head_n", "n"),)

    stream: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    n: Mapped[int] = mapped_column(ForeignKey("audit_seal.n"))
