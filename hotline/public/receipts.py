"""What became of short messages after the carrier took them; its reports come late, twice, and in any order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.events import By
from dispatch.models.history import Notice
from dispatch.models.inbox import NoticeDelivery
from dispatch.models.tickets import Ticket
from dispatch.rules.notice_policy import ChannelKind
from dispatch.rules.roles import Role
from dispatch.tickets import log
from hotline.public.models import SentText

STATES: Final[Mapping[str, int]] = {
    "queued": 0,
    "accepted": 0,
    "scheduled": 0,
    "sending": 1,
    "sent": 2,
    "undelivered": 3,
    "failed": 3,
    "delivered": 3,
    "read": 4,
}
"""The carrier's words and how far each is; a report never takes a message back.

Source: twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks.
"""
LOST: Final = frozenset({"undelivered", "failed"})
OF_CALLERS: Final = frozenset({"accepted", "reply"})
FIRST: Final = "queued"


def note_sent(session: Session, sid: str, *, purpose: str, ticket_id: int | None, now: datetime) -> None:
    """Keep that the carrier has taken a message; a report may have been quicker than we are."""
    row = _locked(session, sid, now)
    row.purpose, row.ticket_id = purpose, ticket_id
    _settle(session, row, now)


def take_receipt(session: Session, sid: str, state: str, *, error: str | None, now: datetime) -> bool:
    """Take in a report; False for one that is not news: repeated, overtaken by a later one, or of no known kind."""
    rank = STATES.get(state)
    if rank is None:
        return False
    row = _locked(session, sid, now)
    if rank <= STATES[row.state]:
        return False
    row.state, row.error, row.state_at = state, (error or None), now
    _settle(session, row, now)
    return True


def _locked(session: Session, sid: str, now: datetime) -> SentText:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    values = {"sid": sid, "purpose": "", "state": FIRST, "at": now}
    session.execute(dialect.insert(SentText).values(values).on_conflict_do_nothing())
    return session.scalars(select(SentText).where(SentText.sid == sid).with_for_update()).one()


def _settle(session: Session, row: SentText, now: datetime) -> None:
    if STATES[row.state] < STATES["delivered"]:
        return
    lost = row.state in LOST
    session.execute(
        update(NoticeDelivery)
        .where(NoticeDelivery.reference == row.sid, NoticeDelivery.channel == ChannelKind.SMS.value)
        .values(outcome="undelivered" if lost else "delivered")
    )
    if lost and row.ticket_id is not None and row.purpose in OF_CALLERS:
        _tell(session, row, row.ticket_id, now)


def _tell(session: Session, row: SentText, ticket_id: int, now: datetime) -> None:
    """A caller who was not reached does not know his number: the desk learns of it."""
    ticket = session.get_one(Ticket, ticket_id)
    log(session, ticket, "TextNotDelivered", by=By("machine"), now=now, payload={"error": row.error})
    text = f"{ticket.number} 给诉求人的短信没有送达，请电话告知查询号和查询码"
    role = Role.SUPERVISOR if ticket.sealed else Role.DISPATCHER
    session.add(Notice(at=now, kind="remind", ticket_id=ticket.id, role=role.value, text=text))
