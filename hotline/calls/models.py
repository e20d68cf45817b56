"""A call and what belongs to it: turns, legs, status reports, recordings, the log, and its links to tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId, Json


class Call(Base):
    """One conversation with the centre; its two status columns follow different laws (see `hotline.calls.status`)."""

    __tablename__ = "call"
    __table_args__ = (Index("ix_call_started_at", "started_at"), Index("ix_call_state", "conversation_state"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sid: Mapped[str] = mapped_column(String(64), unique=True)
    direction: Mapped[str] = mapped_column(String(12), default="inbound")
    """inbound, return_call, callback."""
    from_raw: Mapped[str] = mapped_column(String(200), default="")
    from_e164: Mapped[str | None] = mapped_column(String(20))
    from_key: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed digest of the number, equal to `Caller.phone_key`."""
    to_raw: Mapped[str] = mapped_column(String(200), default="")
    called: Mapped[str | None] = mapped_column(String(24))
    """Which entry of called_numbers.yaml the number belongs to."""
    called_region: Mapped[str | None] = mapped_column(String(9))
    """The region that the called number stands for; a hint until somebody says where he is."""
    carrier_status: Mapped[str] = mapped_column(String(12), default="ringing")
    conversation_state: Mapped[str] = mapped_column(String(16), default="in_menu")
    outcome: Mapped[str | None] = mapped_column(String(24))
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    flow: Mapped[str | None] = mapped_column(String(32))
    flow_version: Mapped[str | None] = mapped_column(String(32))
    flow_state: Mapped[dict[str, Any] | None]
    language: Mapped[str] = mapped_column(String(8), default="zh-CN")
    path: Mapped[list[str]] = mapped_column(default=list)
    said: Mapped[list[str]] = mapped_column(default=list)
    line: Mapped[str | None] = mapped_column(String(24))
    category: Mapped[str | None] = mapped_column(String(48))
    conference: Mapped[str | None] = mapped_column(String(64))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    on_hold: Mapped[bool] = mapped_column(default=False)
    muted: Mapped[bool] = mapped_column(default=False)
    held_since: Mapped[datetime | None] = mapped_column(index=True)
    """When the caller was last put on hold; None while he is heard."""
    recalls: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often the operator has been reminded of this hold."""
    next_turn: Mapped[int] = mapped_column(default=0)
    note: Mapped[str | None] = mapped_column(Text)
    return_call_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    crisis: Mapped[str | None] = mapped_column(String(12))
    """suspected by the machine, confirmed or dismissed by a person."""
    warnings: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of the warnings against abuse the caller has heard."""


class Turn(Base):
    """One webhook's question and answer; a repeated webhook renders the stored outputs again."""

    __tablename__ = "turn"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    given: Mapped[dict[str, Any]]
    outputs: Mapped[list[Any]] = mapped_column(Json)


class Leg(Base):
    """Another party's line into the same conversation: the operator's browser, a telephone, a third party."""

    __tablename__ = "leg"
    __table_args__ = (
        Index(
            "ix_leg_listening",
            "call_id",
            postgresql_where=text("kind = 'supervisor' AND left_at IS NULL"),
            sqlite_where=text("kind = 'supervisor' AND left_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    """None until the carrier has answered the create."""
    kind: Mapped[str] = mapped_column(String(12))
    """caller; operator; consulted, a colleague who was asked in; third_party, somebody outside; supervisor, who listens;
    former, an operator who has handed the caller over."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    endpoint: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(12), default="queued")
    created_at: Mapped[datetime]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    label: Mapped[str | None] = mapped_column(String(60))
    """Who somebody outside is, in words of the desk."""
    mode: Mapped[str | None] = mapped_column(String(12))
    """Of a supervisor: listen, whisper, barge, take_over."""


class StatusReport(Base):
    """One status callback that was taken in; the key makes a repeated one change nothing."""

    __tablename__ = "status_report"
    __table_args__ = (UniqueConstraint("sid", "event", "sequence"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sid: Mapped[str] = mapped_column(String(64), index=True)
    event: Mapped[str] = mapped_column(String(32))
    sequence: Mapped[int]
    at: Mapped[datetime]


class Recording(Base):
    """A voicemail or a conversation's recording; the bytes lie encrypted in the data folder once fetched."""

    __tablename__ = "recording"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sid: Mapped[str] = mapped_column(String(64), unique=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="voicemail")
    """voicemail, note, conversation."""
    duration_s: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12), default="at_carrier")
    """running, at_carrier, fetched, deleted."""
    path: Mapped[str | None] = mapped_column(String(255))
    sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    key_id: Mapped[str | None] = mapped_column(String(16))
    """The key it is sealed under (`hotline.calls.keeping`); None is what the first version wrote."""
    held_at: Mapped[datetime | None]
    """Under a legal hold since then: not deleted when its time is over."""
    held_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    hold_reason: Mapped[str | None] = mapped_column(String(300))
    deleted_reason: Mapped[str | None] = mapped_column(String(16))
    """retention; declined by the caller; absent, there was no sound; stray, a second one of the same call."""


class TicketCall(Base):
    """A call's link to a ticket; `ordinal` counts the tickets of one origin call, so that no call makes one twice."""

    __tablename__ = "ticket_call"
    __table_args__ = (UniqueConstraint("call_id", "ordinal"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"))
    ordinal: Mapped[int] = mapped_column(default=1)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    relation: Mapped[str] = mapped_column(String(12), default="origin")
    """origin, nudge, note, return_call, callback."""


class CallLog(Base):
    """One step of a call in the queue-log vocabulary (`hotline.calls.log.Verb`)."""

    __tablename__ = "call_log"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    verb: Mapped[str] = mapped_column(String(20))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    data: Mapped[dict[str, Any]]
