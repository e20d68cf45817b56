"""Deadlines as rows: a clock runs, pauses and stops; its timers fire once each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId


class Clock(Base):
    """One step's deadline; `generation` rises with every change, so that a stale timer can never fire."""

    __tablename__ = "clock"
    __table_args__ = (
        Index("ix_clock_ticket_kind", "ticket_id", "kind"),
        # Live clocks that were counted on an older version of their calendar are found by two ranges.
        Index(
            "ix_clock_live",
            "calendar",
            "calendar_version",
            "ticket_id",
            postgresql_where=text("state IN ('running', 'paused')"),
            sqlite_where=text("state IN ('running', 'paused')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"))
    handling_id: Mapped[int | None] = mapped_column(ForeignKey("handling.id"), index=True)
    """None for the case clock, which the worker sees and which a redispatch does not restart."""
    kind: Mapped[str] = mapped_column(String(16))
    calendar: Mapped[str] = mapped_column(String(32))
    """Calendar code, or `always` for minutes and hours that run 24x7."""
    target_s: Mapped[int]
    """Working seconds on `calendar`; for targets in working days the distance to the close of the Nth day."""
    consumed_s: Mapped[int] = mapped_column(default=0)
    running_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(default=1)
    calendar_version: Mapped[str] = mapped_column(String(16))
    policy_snapshot: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), default="running")
    """running, paused, met, missed, cancelled."""
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    card: Mapped[str] = mapped_column(String(8), default="none")


class Timer(Base):
    """One step of a clock's ladder."""

    __tablename__ = "timer"
    __table_args__ = (
        UniqueConstraint("clock_id", "step", "generation"),
        Index(
            "ix_timer_due",
            "due_at",
            postgresql_where=text("fired_at IS NULL"),
            sqlite_where=text("fired_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), index=True)
    step: Mapped[str] = mapped_column(String(24))
    generation: Mapped[int]
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    late_by_s: Mapped[int | None]


class StepProposal(Base):
    """A step that only a person may take (红牌, 提级办理), until somebody confirms or refuses it."""

    __tablename__ = "step_proposal"
    __table_args__ = (
        Index(
            "ix_step_proposal_open",
            "at",
            postgresql_where=text("state = 'proposed'"),
            sqlite_where=text("state = 'proposed'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), index=True)
    timer_id: Mapped[int] = mapped_column(ForeignKey("timer.id"), unique=True)
    step: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    """proposed, confirmed, refused, lapsed (the clock stopped before anybody decided)."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))


class Recompute(Base):
    """One pass over live clocks after a change of calendar or policy; a killed pass goes on where it was."""

    __tablename__ = "recompute"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    """calendar or sla."""
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None when the programme found older clocks by itself."""
    reason: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(12), default="running")
    """running or done."""
    after_ticket_id: Mapped[int] = mapped_column(BigId, default=0)
    tickets: Mapped[int] = mapped_column(default=0)
    clocks: Mapped[int] = mapped_column(default=0)
    """Live clocks that were counted anew."""
    moved: Mapped[int] = mapped_column(default=0)
    """Of them those whose deadline or steps are others now."""
    finished_at: Mapped[datetime | None]
