"""A ticket opened in a browser by number and code: who holds its token for a while acts as its caller."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.progress import Lookup, look_up
from hotline.public.errors import NotOpen
from hotline.public.models import OpenedTicket
from hotline.public.policy import PublicPolicy

SEEN_EVERY: Final = timedelta(minutes=1)
"""Use is written down at most so often."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a try came to; `token` only where a ticket was opened, never for a sealed one."""

    result: Lookup
    token: str = ""
    ticket_id: int | None = None


def digest(token: str) -> str:
    """Return what a row keeps of a token: a stolen database opens nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def open_by_code(
    session: Session,
    *,
    number: str,
    code: str,
    address: str,
    policy: Policy,
    public: PublicPolicy,
    now: datetime,
) -> Opened:
    """Try a number and a code, by the rule of the telephone; `address` is the digest of whoever asks."""
    looked = look_up(
        session,
        number=number,
        code=code,
        caller=address,
        policy=policy,
        now=now,
        caller_tries=public.wrong_tries_per_address,
    )
    if looked.result is not Lookup.FOUND or looked.ticket_id is None:
        return Opened(looked.result)
    token = open_ticket_page(session, looked.ticket_id, public=public, now=now)
    return Opened(looked.result, token, looked.ticket_id)


def open_ticket_page(session: Session, ticket_id: int, *, public: PublicPolicy, now: datetime) -> str:
    """Open a ticket for its caller, who has proven it or has just made it, and return the token."""
    generation = session.scalars(select(Ticket.query_code_generation).where(Ticket.id == ticket_id)).one()
    token = secrets.token_urlsafe(32)
    session.add(
        OpenedTicket(
            token_sha256=digest(token),
            ticket_id=ticket_id,
            code_generation=generation,
            opened_at=now,
            last_seen_at=now,
            expires_at=now + public.open_for,
        )
    )
    session.flush()
    return token


def find_opened(session: Session, token: str | None, *, now: datetime) -> OpenedTicket:
    """Return the live opening of this token; raises NotOpen for none, an old, a closed and an outdated one alike."""
    if not token:
        raise NotOpen
    row = session.scalar(
        select(OpenedTicket)
        .join(Ticket, Ticket.id == OpenedTicket.ticket_id)
        .where(
            OpenedTicket.token_sha256 == digest(token),
            OpenedTicket.closed_at.is_(None),
            OpenedTicket.expires_at > now,
            OpenedTicket.code_generation == Ticket.query_code_generation,
            # Sealed since: from then on it says nothing, as by telephone.
            Ticket.sealed.is_(False),
        )
    )
    if row is None:
        raise NotOpen
    return row


def is_due(row: OpenedTicket, *, now: datetime) -> bool:
    """Whether it is time to write down that the page is in use."""
    return now - row.last_seen_at >= SEEN_EVERY


def renew(session: Session, token: str, *, public: PublicPolicy, now: datetime) -> None:
    """Write down that the page is in use; it lives on, but never beyond its longest."""
    row = session.get(OpenedTicket, digest(token))
    if row is None or row.closed_at is not None:
        return
    row.last_seen_at = now
    row.expires_at = min(now + public.open_for, row.opened_at + public.open_longest)


def close(session: Session, token: str | None, *, now: datetime) -> None:
    """Close what a token opened; an unknown or closed one is no error."""
    if token:
        session.execute(
            update(OpenedTicket)
            .where(OpenedTicket.token_sha256 == digest(token), OpenedTicket.closed_at.is_(None))
            .values(closed_at=now)
        )


def forget_old(session: Session, *, now: datetime) -> int:
    """Delete the openings that are over and return how many there were."""
    gone = session.execute(
        delete(OpenedTicket).where(OpenedTicket.expires_at <= now).returning(OpenedTicket.ticket_id)
    )
    return len(gone.all())
