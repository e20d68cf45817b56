"""Rows of the public pages: tickets opened by their code, drafts of the web form, claim records, short messages, counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class PublicUse(Base):
    """How often an address, a number or the whole centre has used something in one hour or day."""

    __tablename__ = "public_use"

    subject: Mapped[str] = mapped_column(String(120), primary_key=True)
    """`what:DIGEST`; no address and no number stands here."""
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    """Shanghai hour or day: `2026112310`, `20261123`."""
    used: Mapped[int] = mapped_column(default=0)


class OpenedTicket(Base):
    """A browser in which number and code were given; the cookie holds a random token, the row only its SHA-256."""

    __tablename__ = "opened_ticket"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    code_generation: Mapped[int]
    """A new query code closes what the old one has opened."""
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    closed_at: Mapped[datetime | None]


class RequestDraft(Base):
    """The web form as far as it was filled in; erased when it is sent or has grown old."""

    __tablename__ = "request_draft"

    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)


class RequestFile(Base):
    """Evidence that waits with a draft; it lies in the vault and goes onto the ticket, or away, with its draft."""

    __tablename__ = "request_file"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    draft_sha256: Mapped[str] = mapped_column(ForeignKey("request_draft.token_sha256"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    source_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class ClaimRecord(Base):
    """One dated record that a caller took home: what its verification code answers for."""

    __tablename__ = "claim_record"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    issued_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(24))
    events: Mapped[int]
    """How long the ticket's chain was."""
    head_hash: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the file."""


class IncomingMessage(Base):
    """One short message that came; its words stand in the ticket alone, where erasure reaches them."""

    __tablename__ = "incoming_message"
    __table_args__ = (Index("ix_incoming_message_from_key_received_at", "from_key", "received_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sid: Mapped[str] = mapped_column(String(64), unique=True)
    from_raw: Mapped[str] = mapped_column(String(200))
    from_key: Mapped[str | None] = mapped_column(String(64))
    to_raw: Mapped[str] = mapped_column(String(200))
    received_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    """What became of it: see `hotline.public.messages.Kind`."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    media: Mapped[int] = mapped_column(default=0)
    """Pictures that came with it and were not fetched."""
    crisis: Mapped[bool] = mapped_column(default=False)


class SentText(Base):
    """A short message that the carrier has taken, by the carrier's name for it; neither words nor number stand here."""

    __tablename__ = "sent_text"

    sid: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """accepted, reply, notice; empty while only the carrier's report is known."""
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    """The furthest that the carrier has reported: see `receipts.STATES`."""
    error: Mapped[str | None] = mapped_column(String(16))
    at: Mapped[datetime]
    state_at: Mapped[datetime | None]


class QuietNumber(Base):
    """A number, as its keyed digest, that wants no more short messages."""

    __tablename__ = "quiet_number"

    phone_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]
