"""The dated record of a claim that a caller takes home, and what its verification code answers to anybody who asks."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import caller_of
from dispatch.errors import NotFound
from dispatch.events import ticket_stream
from dispatch.models.history import Event, StreamHead
from dispatch.models.tickets import Ticket, TicketEmployer
from dispatch.models.unions import Employer, Region
from dispatch.policy import Policy
from dispatch.progress import own_ticket
from dispatch.rules.masking import mask_text
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.ticket_state import State
from dispatch.rules.urgency import Nature
from dispatch.steps import steps_of
from dispatch.tickets import log
from hotline.public.claim_sheet import Line, Sheet
from hotline.public.limits import use
from hotline.public.models import ClaimRecord
from hotline.public.policy import PublicPolicy

ALPHABET: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without signs that people read as others."""
CODE_LENGTH: Final = 16
"""Thirty signs each: 78 bits, which nobody guesses."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A record as it would be issued now; setting it takes a while and is done outside any transaction."""

    sheet: Sheet
    code: str
    number: str
    state: str
    events: int
    head_hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What the code of a record answers for; no word of what the claim is about."""

    number: str
    issued_at: datetime
    state_label: str
    steps: int
    """Entries of the ticket's history when it was issued."""
    sha256: str
    intact: bool
    """Whether the history up to then is still what it was."""


def compose(session: Session, ticket_id: int, *, policy: Policy, verify_at: str, now: datetime) -> Composed:
    """Return the record of a claim as it is now; raises NotFound, also for a sealed ticket."""
    ticket = session.get_one(Ticket, ticket_id)
    if ticket.sealed:
        raise NotFound("claim_record", ticket_id)
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    head = session.scalars(select(StreamHead).where(StreamHead.stream == ticket_stream(ticket.id))).one()
    return Composed(
        _sheet(session, ticket, policy, code=code, verify_at=verify_at, head_hash=head.hash, now=now),
        code=code,
        number=TicketNumber.parse(ticket.number).spoken,
        state=ticket.state,
        events=head.seq,
        head_hash=head.hash,
    )


def issue(
    session: Session,
    ticket_id: int,
    composed: Composed,
    content: bytes,
    *,
    public: PublicPolicy,
    now: datetime,
) -> None:
    """Write down, in the caller's history too, that this file was taken home; raises NotFound, TooMany."""
    use(session, public, "records_per_ticket_a_day", str(ticket_id), now=now)
    ticket = own_ticket(session, ticket_id)
    if ticket.sealed:
        raise NotFound("claim_record", ticket_id)
    digest = hashlib.sha256(content).hexdigest()
    session.add(
        ClaimRecord(
            code_sha256=_digest(composed.code),
            ticket_id=ticket.id,
            issued_at=now,
            state=composed.state,
            events=composed.events,
            head_hash=composed.head_hash,
            sha256=digest,
        )
    )
    log(session, ticket, "ClaimRecordIssued", by=caller_of(ticket.id).by, now=now, payload={"sha256": digest})


def verify(session: Session, code: str) -> Verified:
    """Return what a code answers for; raises NotFound for a code that is on no record."""
    row = session.scalar(select(ClaimRecord).where(ClaimRecord.code_sha256 == _digest(_typed(code))))
    if row is None:
        raise NotFound("claim_record", "code")
    number = session.scalars(select(Ticket.number).where(Ticket.id == row.ticket_id)).one()
    then = session.scalar(
        select(Event.hash).where(Event.stream == ticket_stream(row.ticket_id), Event.seq == row.events)
    )
    return Verified(
        number=TicketNumber.parse(number).spoken,
        issued_at=row.issued_at,
        state_label=State(row.state).label,
        steps=row.events,
        sha256=row.sha256,
        intact=then == row.head_hash,
    )


def grouped(code: str) -> str:
    """Return a code as people read it aloud: ABCD-EFGH-…"""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _typed(code: str) -> str:
    return "".join(sign for sign in code.upper() if sign in ALPHABET)


def _digest(code: str) -> str:
    return hashlib.sha256(b"claim-record|" + code.encode()).hexdigest()


def _sheet(
    session: Session,
    ticket: Ticket,
    policy: Policy,
    *,
    code: str,
    verify_at: str,
    head_hash: str,
    now: datetime,
) -> Sheet:
    category = policy.category(ticket.category)
    region = session.scalar(select(Region.name).where(Region.code == (ticket.region_code or "")))
    facts = [
        Line("查询号", TicketNumber.parse(ticket.number).spoken),
        Line("工单号", ticket.number),
        Line("诉求类别", category.name if category is not None else "待确定"),
        Line("性质", Nature(ticket.nature).label if ticket.nature else ""),
        Line("用人单位", "、".join(_employers(session, ticket)) or "未说明"),
        Line("地区", region or "未说明"),
        Line("人数", f"{ticket.headcount}人" if ticket.headcount else ""),
        Line("金额", f"{ticket.amount_cents / 100:.2f}元" if ticket.amount_cents else ""),
        Line("要求", mask_text(ticket.wish)),
        Line("所述情况", mask_text(ticket.text)),
        Line("目前状态", State(ticket.state).label),
    ]
    return Sheet(
        facts=tuple(line for line in facts if line.text),
        steps=steps_of(session, ticket),
        issued_at=now,
        first_at=ticket.created_at,
        code=grouped(code),
        verify_at=verify_at,
        head_hash=head_hash,
    )


def _employers(session: Session, ticket: Ticket) -> list[str]:
    rows = session.execute(
        select(TicketEmployer.name, Employer.name)
        .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
        .where(TicketEmployer.ticket_id == ticket.id)
        .order_by(TicketEmployer.ordinal)
    )
    return [known or told for told, known in rows if known or told]
