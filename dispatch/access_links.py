"""Links that open one ticket to one person on one device: made when a message is sent, redeemed once, kept as digests."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.actors import Actor, actor_of
from dispatch.errors import NotFound
from dispatch.events import By, record, ticket_stream
from dispatch.inbox import own_turn
from dispatch.models.inbox import AccessLink
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, Command

BY_LINK: Final = frozenset({Command.SIGN_FOR, Command.RECORD_FIRST_CONTACT, Command.ADD_PROGRESS})
"""What a link may do; a report, a return and a name ask to sign in (docs/notices.md)."""
HOLDERS: Final = frozenset({Role.UNION_HANDLER.value, Role.UNION_LEADER.value})
KEPT: Final = timedelta(days=30)
AT_ONCE: Final = 1000
LENGTH: Final = 32
"""Bytes of a token: nobody guesses one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Who stands before which ticket by a device's link."""

    link_id: int
    actor: Actor
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class LinkLine:
    """One link as its person sees it."""

    id: int
    ticket_number: str
    channel: str
    created_at: datetime
    expires_at: datetime
    redeemed_at: datetime | None
    device_expires_at: datetime | None
    user_agent: str
    revoked_at: datetime | None
    live: bool


def digest(token: str) -> str:
    """Return what the row keeps of a token: a stolen database opens nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def may_have_link(session: Session, user: User, ticket: Ticket, *, now: datetime) -> bool:
    """Whether a message to this person may carry a link to the ticket: his union's turn, open, not sealed, not recused."""
    if ticket.sealed or user.disabled_at is not None or user.role not in HOLDERS:
        return False
    actor = actor_of(user, at=now)
    open_now = ticket.state in {state.value for state in OPEN_STATES}
    return (
        open_now and can_read(session, actor, ticket.id) and own_turn(session, actor, ticket.id) is not None
    )


def make_link(
    session: Session, user: User, ticket: Ticket, *, channel: str, life: timedelta, now: datetime
) -> str:
    """Make a link and return its token, which is written down nowhere; ask `may_have_link` before."""
    token = secrets.token_urlsafe(LENGTH)
    session.add(
        AccessLink(
            token_sha256=digest(token),
            ticket_id=ticket.id,
            user_id=user.id,
            authority_version=user.authority_version,
            channel=channel,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


def redeem(
    session: Session, token: str, *, life: timedelta, user_agent: str, now: datetime
) -> tuple[int, str] | None:
    """Bind a link to the device that presses the button; return the link's id and the device's own secret.

    None for unknown, used, expired and revoked alike. One statement decides, so that of two at once one wins.
    """
    device = secrets.token_urlsafe(LENGTH)
    row = session.execute(
        update(AccessLink)
        .where(
            AccessLink.token_sha256 == digest(token),
            AccessLink.redeemed_at.is_(None),
            AccessLink.revoked_at.is_(None),
            AccessLink.expires_at > now,
        )
        .values(
            redeemed_at=now,
            device_sha256=digest(device),
            device_expires_at=now + life,
            user_agent=user_agent[:200],
        )
        .returning(AccessLink.id, AccessLink.user_id, AccessLink.ticket_id)
    ).first()
    if row is None or opened(session, row.id, device, now=now) is None:
        # Redeemed for a ticket or by a person that is shut by now: it stays used up.
        return None
    _note(session, "LinkRedeemed", row.ticket_id, row.user_id, {"link": row.id}, now)
    return row.id, device


def opened(session: Session, link_id: int, device: str, *, now: datetime) -> Opened | None:
    """Return who a device's secret stands for, asked anew at each step; None for anything that no longer holds."""
    row = session.execute(
        select(AccessLink, User, Ticket)
        .join(User, User.id == AccessLink.user_id)
        .join(Ticket, Ticket.id == AccessLink.ticket_id)
        .where(
            AccessLink.id == link_id,
            AccessLink.device_sha256 == digest(device),
            AccessLink.revoked_at.is_(None),
            AccessLink.device_expires_at > now,
            AccessLink.authority_version == User.authority_version,
            User.disabled_at.is_(None),
        )
    ).first()
    if row is None:
        return None
    _, user, ticket = row
    if not may_have_link(session, user, ticket, now=now):
        return None
    return Opened(link_id, actor_of(user, at=now), ticket)


def known(session: Session, token: str) -> AccessLink | None:
    """Return the link that a token once was, used or not, unless it was revoked."""
    query = select(AccessLink).where(
        AccessLink.token_sha256 == digest(token), AccessLink.revoked_at.is_(None)
    )
    return session.scalar(query)


def links(session: Session, actor: Actor, *, now: datetime, limit: int = 100) -> list[LinkLine]:
    """Return the actor's own links, newest first."""
    rows = session.execute(
        select(AccessLink, Ticket.number)
        .join(Ticket, Ticket.id == AccessLink.ticket_id)
        .where(AccessLink.user_id == actor.user_id)
        .order_by(AccessLink.id.desc())
        .limit(limit)
    ).all()
    return [
        LinkLine(
            id=link.id,
            ticket_number=number,
            channel=link.channel,
            created_at=link.created_at,
            expires_at=link.expires_at,
            redeemed_at=link.redeemed_at,
            device_expires_at=link.device_expires_at,
            user_agent=link.user_agent,
            revoked_at=link.revoked_at,
            live=_is_live(link, now),
        )
        for link, number in rows
    ]


def revoke(session: Session, actor: Actor, link_id: int | None = None, *, now: datetime) -> int:
    """Shut one of the actor's own links, or all of them; return how many. Raises NotFound for another's."""
    query = update(AccessLink).where(AccessLink.user_id == actor.user_id, AccessLink.revoked_at.is_(None))
    if link_id is not None:
        own = select(AccessLink.id).where(AccessLink.id == link_id, AccessLink.user_id == actor.user_id)
        if session.scalar(own) is None:
            raise NotFound("link", link_id)
        query = query.where(AccessLink.id == link_id)
    shut = session.execute(query.values(revoked_at=now).returning(AccessLink.id, AccessLink.ticket_id)).all()
    for each, ticket_id in shut:
        _note(session, "LinkRevoked", ticket_id, actor.user_id or 0, {"link": each}, now)
    return len(shut)


def forget(session: Session, *, now: datetime) -> int:
    """Throw away links that have long been of no use to anybody; return how many. History keeps what was done by them."""
    last = func.coalesce(AccessLink.device_expires_at, AccessLink.expires_at)
    old = select(AccessLink.id).where(last < now - KEPT).limit(AT_ONCE)
    return len(
        session.execute(delete(AccessLink).where(AccessLink.id.in_(old)).returning(AccessLink.id)).all()
    )


def _is_live(link: AccessLink, now: datetime) -> bool:
    if link.revoked_at is not None:
        return False
    until = link.expires_at if link.redeemed_at is None else link.device_expires_at
    return until is not None and until > now


def _note(
    session: Session, kind: str, ticket_id: int, user_id: int, payload: dict[str, object], now: datetime
) -> None:
    record(
        session,
        kind,
        stream=ticket_stream(ticket_id),
        by=By("user", user_id),
        now=now,
        payload=payload,
        ticket_id=ticket_id,
    )
