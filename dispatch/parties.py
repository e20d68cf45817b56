"""Who raises a ticket and whom it is about: callers with their representatives, employers known or merely told."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dispatch.errors import Invalid
from dispatch.models.tickets import CallbackAttempt, Caller, Ticket, TicketEmployer
from dispatch.models.unions import Employer
from dispatch.policy import Policy
from dispatch.rules import uscc
from dispatch.rules.phones import normalise


@dataclass(frozen=True, slots=True)
class CallerDetails:
    """Who called, as told; `phone` as it came."""

    name: str | None = None
    phone: str | None = None
    member_card_no: str | None = None


@dataclass(frozen=True, slots=True)
class ToldEmployer:
    """An employer on a ticket: a known one by id, or one as told; neither means that the caller does not know."""

    employer_id: int | None = None
    name: str = ""
    uscc: str | None = None
    role: str = "employing"


def write_caller(
    session: Session, ticket: Ticket, details: CallerDetails, policy: Policy, *, begins: bool = False
) -> None:
    """Write what was told of the first caller and leave the rest of him, and all others, alone.

    `begins` says that this transaction has just made the ticket.
    """
    _write(session, ticket, details, policy, ordinal=1, begins=begins)


def write_callers(session: Session, ticket: Ticket, told: Sequence[CallerDetails], policy: Policy) -> None:
    """Replace the ticket's callers by these, in order; more than the law lets represent a group is Invalid."""
    most = policy.sla.limits.representatives
    if len(told) > most:
        raise Invalid({"callers": f"诉求人代表不超过{most}人"})
    for ordinal, details in enumerate(told, start=1):
        _write(session, ticket, details, policy, ordinal=ordinal)
    gone = session.scalars(
        select(Caller).where(Caller.ticket_id == ticket.id, Caller.ordinal > len(told))
    ).all()
    for row in gone:
        asked = select(CallbackAttempt.id).where(CallbackAttempt.caller_id == row.id)
        if session.scalar(asked.limit(1)) is not None:
            raise Invalid({"callers": "已回访过的诉求人不能删除"})
        session.delete(row)
    session.flush()


def phone_key(secret: bytes, phone: str) -> str:
    """Return the keyed digest by which repeat callers are found, hexadecimal."""
    return hmac.digest(secret, b"phone|" + phone.encode(), hashlib.sha256).hex()


def _write(
    session: Session,
    ticket: Ticket,
    details: CallerDetails,
    policy: Policy,
    *,
    ordinal: int,
    begins: bool = False,
) -> None:
    row = None
    if not begins:
        row = session.scalar(select(Caller).where(Caller.ticket_id == ticket.id, Caller.ordinal == ordinal))
    if row is None:
        relay = f"{ticket.day[2:]}{ticket.sequence:06d}{ordinal}"
        row = Caller(ticket_id=ticket.id, ordinal=ordinal, relay_no=relay)
        session.add(row)
    if details.name is not None:
        row.name = details.name.strip() or None
    if details.phone is not None:
        phone = normalise(details.phone)
        row.phone = phone.e164 or phone.raw or None
        row.phone_key = phone_key(policy.secret, phone.identity) if phone.identity else None
    if details.member_card_no is not None:
        row.member_card_no = details.member_card_no.strip() or None
    session.flush()


def write_employers(
    session: Session, ticket: Ticket, told: Sequence[ToldEmployer], *, begins: bool = False
) -> None:
    """Replace the ticket's employers by what was told; raises Invalid. `begins` as for `write_caller`."""
    wrong: dict[str, str] = {}
    for index, each in enumerate(told):
        if each.employer_id is not None and session.get(Employer, each.employer_id) is None:
            wrong[f"employers.{index}"] = "没有这个用人单位"
        reason = uscc.why_invalid(each.uscc) if each.uscc else None
        if reason is not None:
            wrong[f"employers.{index}.uscc"] = reason
    if wrong:
        raise Invalid(wrong)
    if not begins:
        session.execute(delete(TicketEmployer).where(TicketEmployer.ticket_id == ticket.id))
    for ordinal, each in enumerate(told, start=1):
        known = each.employer_id
        if known is None and each.uscc:
            known = session.scalar(select(Employer.id).where(Employer.uscc == uscc.normalise(each.uscc)))
        session.add(
            TicketEmployer(
                ticket_id=ticket.id,
                ordinal=ordinal,
                employer_id=known,
                name=each.name,
                uscc=each.uscc,
                role=each.role,
            )
        )
    session.flush()
