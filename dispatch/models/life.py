"""What happens beside a ticket's states: proposals to end it, letters, money that came, signed authority."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Termination(Base):
    """A union's proposal to end a case unfinished, and the centre's decision."""

    __tablename__ = "termination"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handling.id"))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason_code: Mapped[str] = mapped_column(String(32))
    """caller_refuses or statutory_procedure."""
    reason: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved: Mapped[bool | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class Letter(Base):
    """A supervision letter (提示函, 意见书, 建议书) with the clock of its answer."""

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    reference: Mapped[str] = mapped_column(String(300))
    addressee: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"))
    """Under whose seal it goes out; None for the centre's own."""
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    clock_id: Mapped[int | None] = mapped_column(ForeignKey("clock.id"))
    replied_at: Mapped[datetime | None]
    reply: Mapped[str | None] = mapped_column(Text)


class Payment(Base):
    """Money that reached a worker, as a union or the worker says."""

    __tablename__ = "payment"
    __table_args__ = (Index("ix_payment_paid_on", "paid_on"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    paid_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class PetitionAgency(Base):
    """信访代理: who stands for the caller, on what signed authority, until it is revoked."""

    __tablename__ = "petition_agency"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reference: Mapped[str] = mapped_column(String(300))
    """Number of the signed authority."""
    signed_on: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    revoked_at: Mapped[datetime | None]
