"""What a union's phone leaves behind: requests that came once, links that open one ticket, and how people are told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class RequestKey(Base):
    """One command that a client may send again: the key makes the second one change nothing."""

    __tablename__ = "request_key"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what was asked: one key says one thing."""
    result: Mapped[str | None] = mapped_column(String(64))
    """The ticket's number."""
    at: Mapped[datetime] = mapped_column(index=True)


class AccessLink(Base):
    """A link that opens one ticket to one person on one device: redeemed once, kept only as digests."""

    __tablename__ = "access_link"
    __table_args__ = (Index("ix_access_link_person", "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    authority_version: Mapped[int]
    """Of the account when the link was made: a changed role or password shuts it."""
    channel: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Until when it may be redeemed."""
    redeemed_at: Mapped[datetime | None]
    device_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    device_expires_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None]


class NoticePreference(Base):
    """Whether a person wants to be told by a channel; without a row the channel's own default holds."""

    __tablename__ = "notice_preference"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(12), primary_key=True)
    """sms, robocall, email, digest."""
    wanted: Mapped[bool]
    changed_at: Mapped[datetime]


class Robot(Base):
    """A group robot (WeCom, DingTalk) by which a union's people are told; address and secret lie encrypted."""

    __tablename__ = "robot"
    __table_args__ = (UniqueConstraint("union_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    """Set where the group is one person's own: only such a robot is given links that open a ticket."""
    kind: Mapped[str] = mapped_column(String(12))
    """wecom or dingtalk."""
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[bytes] = mapped_column(LargeBinary)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    removed_at: Mapped[datetime | None]


class NoticeDelivery(Base):
    """One message to one person or robot; its outbox row says how far it got, and by its key that it is wanted once."""

    __tablename__ = "notice_delivery"
    __table_args__ = (Index("ix_notice_delivery_user_at", "user_id", "created_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"), index=True)
    """None for a digest, a link that its person asked for, and a message that somebody had sent again."""
    purpose: Mapped[str] = mapped_column(String(12))
    """notice, digest, link, again."""
    again_of_id: Mapped[int | None] = mapped_column(ForeignKey("notice_delivery.id"))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    robot_id: Mapped[int | None] = mapped_column(ForeignKey("robot.id"))
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    channel: Mapped[str] = mapped_column(String(12))
    """sms, robocall, email, wecom, dingtalk."""
    outbox_id: Mapped[int | None] = mapped_column(ForeignKey("outbox.id"), index=True)
    created_at: Mapped[datetime]
    reference: Mapped[str | None] = mapped_column(String(64))
    """What the other side calls it, where it says."""
    outcome: Mapped[str | None] = mapped_column(String(16))
    """Of a call: signed, answered, machine, no_answer, busy, failed; of a short message: delivered, undelivered."""
    settled_at: Mapped[datetime | None]
    """A person has looked at a delivery without a known end."""
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_as: Mapped[str | None] = mapped_column(String(12))
    """arrived, given_up, sent_again."""


class NoticeDigest(Base):
    """One person's daily list of what is due: written once a day, whoever plans it."""

    __tablename__ = "notice_digest"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    """The Shanghai day."""
    created_at: Mapped[datetime]
    tickets: Mapped[int]
    """How many it names; none, and nothing was sent."""
