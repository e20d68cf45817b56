"""What only shows in many tickets together: several callers about one employer; and limitations that run out."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class TicketStatute(Base):
    """The day from which a term of law runs for a ticket, as told at intake."""

    __tablename__ = "ticket_statute"
    __table_args__ = (
        Index(
            "ix_ticket_statute_due",
            "raise_at",
            postgresql_where=text("settled_at IS NULL"),
            sqlite_where=text("settled_at IS NULL"),
        ),
    )

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    begins_on: Mapped[date] = mapped_column(Date)
    raise_at: Mapped[datetime | None]
    """When too little of the term is left to wait; None for terms that hurry nobody."""
    settled_at: Mapped[datetime | None]
    """Since when the urgency has been raised, or can no longer be helped."""
    entered_at: Mapped[datetime]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class SignalCheck(Base):
    """A ticket whose employers or callers are new: whoever watches for groups has yet to look at it."""

    __tablename__ = "signal_check"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    at: Mapped[datetime]


class EmployerMention(Base):
    """By what an employer on a ticket is recognised when another caller names it."""

    __tablename__ = "employer_mention"
    __table_args__ = (Index("ix_employer_mention_key", "key", "at"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(240), primary_key=True)
    at: Mapped[datetime]
    """When the ticket was opened."""


class GroupSignal(Base):
    """Several callers about one employer within some days: proposed, then confirmed or dismissed by a person."""

    __tablename__ = "group_signal"
    __table_args__ = (
        Index(
            "uq_group_signal_proposed",
            "key",
            unique=True,
            postgresql_where=text("state = 'proposed'"),
            sqlite_where=text("state = 'proposed'"),
        ),
        Index("ix_group_signal_key", "key"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(240))
    """What makes it one employer: `employer:ID`, `uscc:CODE`, or `name:NAME@CITY`."""
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.id"))
    employer_name: Mapped[str] = mapped_column(String(300))
    region_code: Mapped[str | None] = mapped_column(String(9))
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    """proposed, confirmed, dismissed."""
    at: Mapped[datetime]
    callers: Mapped[int]
    """Different telephone numbers; all anonymous callers together count as one."""
    headcount: Mapped[int]
    """The larger of callers and the highest headcount that a caller named."""
    collective_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"))
    """The collective request that the tickets were, or would be, linked to."""
    warned_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)


class GroupSignalTicket(Base):
    """A ticket that belongs to a signal; sealed ones never do."""

    __tablename__ = "group_signal_ticket"

    signal_id: Mapped[int] = mapped_column(ForeignKey("group_signal.id"), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True, index=True)


class AuditFinding(Base):
    """Something that the hotline's look at itself has found wrong, until it is right again."""

    __tablename__ = "audit_finding"
    __table_args__ = (
        Index(
            "uq_audit_finding_open",
            "kind",
            "key",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
            sqlite_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """no_live_clock, late_step, stuck_delivery, missing_year."""
    key: Mapped[str] = mapped_column(String(64))
    first_seen_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
