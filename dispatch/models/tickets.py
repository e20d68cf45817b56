"""The ticket, who raised it, whom it is about, who handles it, and who may see it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.models.base import Base, BigId, Json


class Ticket(Base):
    """One request and its life; `version` rises with every change, so that two editors cannot overwrite each other."""

    __tablename__ = "ticket"
    __table_args__ = (
        UniqueConstraint("day", "sequence"),
        UniqueConstraint("channel", "external_id"),
        Index("ix_ticket_state_created_at", "state", "created_at"),
        # Reports count what ended in a period.
        Index("ix_ticket_closed_at", "closed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    day: Mapped[str] = mapped_column(String(8))
    sequence: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    """None when the machine took the story."""
    origin_union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    accepted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    category: Mapped[str | None] = mapped_column(String(48), index=True)
    secondary_categories: Mapped[list[str]] = mapped_column(default=list)
    nature: Mapped[str | None] = mapped_column(String(24))
    urgency: Mapped[str] = mapped_column(String(2), default="P2")
    urgency_chosen: Mapped[str | None] = mapped_column(String(2))
    """What a person chose last; the machine may raise the urgency above it, for a recorded reason, and never lower it."""
    urgency_reasons: Mapped[list[str]] = mapped_column(default=list)
    difficulty: Mapped[str] = mapped_column(String(16), default="ordinary")
    region_code: Mapped[str | None] = mapped_column(String(9), index=True)
    headcount: Mapped[int | None]
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    wish: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    confidentiality: Mapped[str | None] = mapped_column(String(16))
    disclosure: Mapped[str | None] = mapped_column(String(16))
    contact_mode: Mapped[str | None] = mapped_column(String(16))
    callback_wanted: Mapped[bool] = mapped_column(default=True)
    rights_defence: Mapped[bool] = mapped_column(default=False)
    sealed: Mapped[bool] = mapped_column(default=False)
    supervised: Mapped[bool] = mapped_column(default=False)
    petition: Mapped[bool] = mapped_column(default=False)
    petition_kind: Mapped[str | None] = mapped_column(String(16))
    """suggestion, report, claim."""
    petition_article: Mapped[int | None]
    """Which item of Art. 31; 6 replaces `resolve` by the time of the petition rules."""
    hard_case: Mapped[bool] = mapped_column(default=False)
    """Reopened once too often: only a leader who takes it may have it handled again."""
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    repeat_count: Mapped[int] = mapped_column(default=0)
    """How often its caller has called again while it was open."""
    recusal_waived: Mapped[bool] = mapped_column(default=False)
    """The caller's recorded consent that the employer's own union may see the ticket."""
    accused_union_ids: Mapped[list[int]] = mapped_column(default=list)
    """Unions that the caller complains about; they and everything below them are recused."""
    accused_user_ids: Mapped[list[int]] = mapped_column(default=list)
    """Persons that the caller complains about; they and the unions where they sit are recused."""
    redo_count: Mapped[int] = mapped_column(default=0)
    return_count: Mapped[int] = mapped_column(default=0)
    query_code_generation: Mapped[int] = mapped_column(default=1)
    lead_union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"), index=True)
    outcome: Mapped[str | None] = mapped_column(String(24))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("ticket.id"), index=True)
    relation: Mapped[str | None] = mapped_column(String(24))
    """What `parent_id` means: merged, child, collective, linked, petition_review, petition_re_review."""
    exchanged: Mapped[bool] = mapped_column(default=False)
    """A partner gave it to us or was given it: whoever changes it asks what the partner must be told."""


class TicketSequence(Base):
    """The last number given on a day; its row lock makes each number unique. A ticket that fails leaves a gap."""

    __tablename__ = "ticket_sequence"

    day: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class Caller(Base):
    """One person on a ticket; the only table that holds a worker's name and number."""

    __tablename__ = "caller"
    __table_args__ = (UniqueConstraint("ticket_id", "ordinal"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    ordinal: Mapped[int] = mapped_column(default=1)
    name: Mapped[str | None] = mapped_column(String(300))
    phone: Mapped[str | None] = mapped_column(String(200))
    """E.164 where it could be understood, else as given."""
    phone_key: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed digest of the number: repeat callers are found without reading numbers."""
    member_card_no: Mapped[str | None] = mapped_column(String(40))
    relay_no: Mapped[str] = mapped_column(String(24), unique=True)


class TicketEmployer(Base):
    """An employer on a ticket, as known or as told."""

    __tablename__ = "ticket_employer"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    employer_id: Mapped[int | None] = mapped_column(ForeignKey("employer.id"), index=True)
    name: Mapped[str] = mapped_column(String(300), default="")
    uscc: Mapped[str | None] = mapped_column(String(18))
    role: Mapped[str] = mapped_column(String(16), default="employing")


class Handling(Base):
    """One union's turn at a ticket, from its own dispatch to its end; its clocks score this union alone."""

    __tablename__ = "handling"
    __table_args__ = (Index("ix_handling_dispatched_at", "dispatched_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), index=True)
    role: Mapped[str] = mapped_column(String(8), default="lead")
    parent_handling_id: Mapped[int | None] = mapped_column(ForeignKey("handling.id"))
    """The assigner's handling after `assign_down`: it stays accountable and reviews first."""
    state: Mapped[str] = mapped_column(String(16), default="dispatched")
    """dispatched, signed, reported, assigned_down, ended."""
    dispatched_at: Mapped[datetime]
    dispatched_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reasons: Mapped[list[str]] = mapped_column(default=list)
    override_reason: Mapped[str | None] = mapped_column(String(300))
    signed_at: Mapped[datetime | None]
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(32))
    """returned, redispatched, reported, terminated, merged …; the former handler keeps only this."""


class TicketScope(Base):
    """Who sees which ticket, in list order: ancestors-or-self of each current handler, less the recused."""

    __tablename__ = "ticket_scope"
    __table_args__ = (Index("ix_ticket_scope_list", "union_id", "bucket", "sort_key", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    union_id: Mapped[int] = mapped_column(ForeignKey("union_org.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(12))
    """handler or ancestor."""
    bucket: Mapped[str] = mapped_column(String(8))
    """open or closed."""
    sort_key: Mapped[int] = mapped_column(BigInteger)
    """Epoch milliseconds of the nearest deadline."""


class CentreList(Base):
    """The centre's own list in deadline order: one row a ticket, so that no list sorts a million tickets."""

    __tablename__ = "centre_list"
    __table_args__ = (Index("ix_centre_list_order", "bucket", "sort_key", "ticket_id"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    bucket: Mapped[str] = mapped_column(String(8))
    sort_key: Mapped[int] = mapped_column(BigInteger)


class TicketRecusal(Base):
    """A person who may not see a ticket, whatever his union may."""

    __tablename__ = "ticket_recusal"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(200))


class SealedAccess(Base):
    """A named person who may see a sealed ticket: assigned to it, or for a while after breaking the seal."""

    __tablename__ = "ticket_sealed_access"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    until: Mapped[datetime | None]
    """None for whoever was assigned."""


class Extension(Base):
    """A union's request for more time, and the decision of the level that dispatched to it."""

    __tablename__ = "extension"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handling.id"))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text)
    due_at: Mapped[datetime]
    """The deadline asked for."""
    difficulty: Mapped[str | None] = mapped_column(String(16))
    """Asked for instead of a date: the deadline is then that of the difficulty."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    granted: Mapped[bool | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class TicketReturn(Base):
    """A union's 退单 and the dispatcher's decision; the second decision on a ticket is final."""

    __tablename__ = "ticket_return"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handling.id"))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    reason_code: Mapped[str] = mapped_column(String(32))
    basis: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str | None] = mapped_column(Text)
    """Given exactly when the union had signed already."""
    suggested_union_id: Mapped[int | None] = mapped_column(ForeignKey("union_org.id"))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    upheld: Mapped[bool | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class Report(Base):
    """What a union says it did, and the centre's review of it."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handling.id"))
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    true_claim: Mapped[bool]
    done: Mapped[str] = mapped_column(Text)
    solved: Mapped[str] = mapped_column(String(12))
    amount_cents: Mapped[int | None] = mapped_column(BigInteger)
    amount_state: Mapped[str | None] = mapped_column(String(12))
    payment_on: Mapped[date | None] = mapped_column(Date)
    """The last day on which money is promised."""
    instalments: Mapped[list[Any]] = mapped_column(Json, default=list)
    """Each {amount_cents, payment_on}, in order."""
    reference: Mapped[str | None] = mapped_column(String(300))
    """Number of the written opinion on a petition."""
    reply_text: Mapped[str] = mapped_column(Text)
    pending_note: Mapped[str | None] = mapped_column(Text)
    """Why the report does not wait for co-handlers that have not reported."""
    signed_at: Mapped[datetime | None]
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """The leader, where the union wants the signature."""
    passed_handling_id: Mapped[int | None] = mapped_column(ForeignKey("handling.id"))
    """The last assigner on the way up that has approved it."""
    reviewed_at: Mapped[datetime | None]
    reviewed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    approved: Mapped[bool | None]
    review_reason: Mapped[str | None] = mapped_column(Text)


class Contact(Base):
    """A handler's contact with the caller, or a progress note."""

    __tablename__ = "contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    handling_id: Mapped[int] = mapped_column(ForeignKey("handling.id"))
    kind: Mapped[str] = mapped_column(String(16))
    """first_contact or progress."""
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    means: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text, default="")


class CallbackAttempt(Base):
    """One 回访 attempt; three failed ones close the ticket as unreached."""

    __tablename__ = "callback_attempt"
    __table_args__ = (UniqueConstraint("ticket_id", "round", "attempt"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), index=True)
    round: Mapped[int]
    """Rises with each redo."""
    attempt: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    reached: Mapped[bool]
    solved: Mapped[str | None] = mapped_column(String(12))
    satisfied: Mapped[str | None] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    caller_id: Mapped[int | None] = mapped_column(ForeignKey("caller.id"), index=True)
    """Whose answer it is; None for the only caller there was."""
    money_received: Mapped[bool | None]
