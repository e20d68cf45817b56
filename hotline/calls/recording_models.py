"""How far the recording of one call has got, and what stands against it; its sound is a row of `Recording`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base


class CallRecording(Base):
    """One call's recording at the carrier: there is one at most, which pauses and goes on."""

    __tablename__ = "call_recording"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default="off")
    """What the carrier has been brought to: off, recording, paused, over."""
    sid: Mapped[str | None] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime | None]
    """When the carrier was asked to begin; with no `sid` after a while its answer was lost."""
    told_at: Mapped[datetime | None]
    """When somebody we have called was told that the call is recorded; callers hear it in the flow."""
    paused_at: Mapped[datetime | None]
    """Paused by the operator since then."""
    identity_at: Mapped[datetime | None]
    """Since when the operator has been writing down an identity or card number."""
    declined_at: Mapped[datetime | None]
    declined_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """The operator who wrote it down; None when the caller told the machine."""
    orders: Mapped[int] = mapped_column(default=0)
    """How often the carrier has been told to look; makes each order a delivery of its own."""


class RecordingAccess(Base):
    """Somebody without a part in a call who may hear it for a while, and why."""

    __tablename__ = "recording_access"

    call_id: Mapped[int] = mapped_column(ForeignKey("call.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    until: Mapped[datetime]
