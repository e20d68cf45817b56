"""Partners, their secrets, what was exchanged with them, and which of their requests have been answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Partner(Base):
    """One body that exchanges tickets with us, each with an account of its own that nobody signs in to."""

    __tablename__ = "partner_org"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(24))
    region_code: Mapped[str | None] = mapped_column(String(9))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), unique=True)
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), unique=True)
    """The union of our tree for which it stands: what is dispatched to that union goes to it."""
    may: Mapped[list[str]] = mapped_column(default=list)
    code_map: Mapped[str | None] = mapped_column(String(32))
    """Name of a map in partners.yaml; None for one that uses our own codes."""
    speaks: Mapped[str] = mapped_column(String(12), default="nothing")
    endpoint: Mapped[str | None] = mapped_column(String(300))
    """Where it takes events, or the address of its own partner API."""
    our_code: Mapped[str | None] = mapped_column(String(32))
    """By which code it knows us, where its partner API is called."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class PartnerSecret(Base):
    """One shared secret, encrypted; during a rotation two are good at once."""

    __tablename__ = "partner_secret"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner_org.id"), index=True)
    use: Mapped[str] = mapped_column(String(8))
    """inbound: it signs with this; outbound: we do."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]


class PartnerRequest(Base):
    """A request that a partner has made: its number used once, and the answer that its key gets for ever after."""

    __tablename__ = "partner_request"
    __table_args__ = (UniqueConstraint("partner_id", "nonce"), UniqueConstraint("partner_id", "key"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner_org.id"))
    nonce: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(100))
    request_sha256: Mapped[str] = mapped_column(String(64))
    """Of method, path and body: the same key for something else is a mistake."""
    status: Mapped[int | None]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """As it was sent, in its own order."""
    at: Mapped[datetime] = mapped_column(index=True)


class PartnerLink(Base):
    """One ticket exchanged with one partner, under both numbers."""

    __tablename__ = "partner_link"
    __table_args__ = (
        UniqueConstraint("partner_id", "direction", "external_id"),
        UniqueConstraint("partner_id", "number"),
        Index("ix_partner_link_partner_id_changed_at", "partner_id", "changed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner_org.id"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    direction: Mapped[str] = mapped_column(String(3))
    """in: it gave us the case; out: we gave it."""
    number: Mapped[str] = mapped_column(String(28))
    """Ours, as the partner knows it."""
    external_id: Mapped[str | None] = mapped_column(String(64))
    """Its own number; None until it has told us."""
    state: Mapped[str] = mapped_column(String(12), default="offered")
    source_org: Mapped[str] = mapped_column(String(100), default="")
    target_org: Mapped[str] = mapped_column(String(100), default="")
    masked_caller: Mapped[str | None] = mapped_column(String(60))
    """As it was told to us; nobody's name."""
    contact_token: Mapped[str | None] = mapped_column(String(100))
    """By which the partner reaches the caller for us."""
    consent_basis: Mapped[str | None] = mapped_column(String(16))
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    """What the result says was obtained."""
    due_at: Mapped[datetime | None]
    """By when the side that gave the case wants it done."""
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class PartnerEvent(Base):
    """One thing that a partner is told; what it says is read when it is sent."""

    __tablename__ = "partner_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    uid: Mapped[str] = mapped_column(String(40), unique=True)
    """The event's id for the partner, and the key by which a repetition is known."""
    link_id: Mapped[int] = mapped_column(ForeignKey("partner_link.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    event_seq: Mapped[int | None]
    """Where in the ticket's own history its words are."""
    facts: Mapped[dict[str, Any]]
    """What else it says; nothing of any person."""
    at: Mapped[datetime]
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"), index=True)
    """None for a partner that is told nothing."""


class PartnerFile(Base):
    """A file that a partner offers by its hash and an address that expires; a job fetches it."""

    __tablename__ = "partner_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("partner_link.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    url: Mapped[str] = mapped_column(String(2000))
    url_expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="wanted")
    """wanted, fetched, refused."""
    reason: Mapped[str | None] = mapped_column(Text)
    attachment_id: Mapped[str | None] = mapped_column(String(64))
    """Of the ticket's attachments, once it is fetched."""


class PartnerIntake(Base):
    """One event out of a burst: kept as it came until it has been done or refused, then without what it said."""

    __tablename__ = "partner_intake"
    __table_args__ = (
        UniqueConstraint("partner_id", "event_id"),
        Index(
            "ix_partner_intake_waiting",
            "partner_id",
            "id",
            postgresql_where=text("state = 'accepted'"),
            sqlite_where=text("state = 'accepted'"),
        ),
        Index("ix_partner_intake_partner_id_id", "partner_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner_org.id"))
    event_id: Mapped[str] = mapped_column(String(64))
    """The partner's own id of it: the same event twice is done once."""
    act: Mapped[str] = mapped_column(String(12))
    number: Mapped[str | None] = mapped_column(String(28))
    external_id: Mapped[str | None] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the whole event: the same id for something else is a mistake."""
    data: Mapped[dict[str, Any] | None]
    """What it says; None once it is settled, so that nothing personal lies about."""
    state: Mapped[str] = mapped_column(String(10), default="accepted")
    """accepted, applied, refused."""
    problem: Mapped[dict[str, Any] | None]
    """Why it was refused, as the route of the same act would have answered."""
    at: Mapped[datetime] = mapped_column(index=True)
    settled_at: Mapped[datetime | None]
