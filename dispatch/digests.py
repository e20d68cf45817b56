"""The daily list of what is due: once a person and day, on the working days of his union."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import exists, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from dispatch.attendance import RECEIVING
from dispatch.models.inbox import NoticeDelivery, NoticeDigest
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket, TicketRecusal, TicketScope
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.notice_policy import ChannelKind, NoticePolicy
from dispatch.rules.working_time import SHANGHAI
from dispatch.telling import Reachable, chosen_by, mobile_of, put
from dispatch.ticket_filters import due_range

DIGESTS_AT_ONCE: Final = 100


def plan_digests(
    session: Session, *, notices: NoticePolicy, reachable: Reachable, policy: Policy, now: datetime
) -> int:
    """Write the daily lists that are due now: once a person and day, on his union's working days; return how many rows."""
    if not notices.is_digest_time(now):
        return 0
    day = now.astimezone(SHANGHAI).strftime("%Y%m%d")
    _, tonight = due_range("today", now)
    written = exists().where(NoticeDigest.user_id == User.id, NoticeDigest.day == day)
    something = exists().where(
        TicketScope.union_id == User.union_id,
        TicketScope.role == "handler",
        TicketScope.bucket == "open",
        TicketScope.sort_key < tonight,
    )
    people = session.scalars(
        select(User)
        .where(User.role.in_(RECEIVING), User.disabled_at.is_(None), something, ~written)
        .order_by(User.id)
        .limit(DIGESTS_AT_ONCE)
    ).all()
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    for user in people:
        figures = due_figures(session, user, now=now)
        working = _works_today(session, user, policy, now)
        total = sum(figures.values()) if working else 0
        first = session.execute(
            dialect.insert(NoticeDigest)
            .values(user_id=user.id, day=day, created_at=now, tickets=total)
            .on_conflict_do_nothing(index_elements=["user_id", "day"])
            .returning(NoticeDigest.user_id)
        ).first()
        if first is None or not total:
            continue
        chosen = chosen_by(session, [user.id])[user.id]
        if not notices.wants("digest", chosen, None):
            continue
        kind = ChannelKind.SMS if mobile_of(user) and reachable.has(ChannelKind.SMS) else ChannelKind.EMAIL
        if kind is ChannelKind.EMAIL and not (user.email and reachable.has(ChannelKind.EMAIL)):
            continue
        delivery = NoticeDelivery(
            purpose="digest", user_id=user.id, union_id=user.union_id, channel=kind.value, created_at=now
        )
        put(session, delivery, key=f"digest:{user.id}:{day}", begins=now, notices=notices, now=now)
    return len(people)


def due_figures(session: Session, user: User, *, now: datetime) -> dict[str, int]:
    """Return what waits for a person today: to sign in his union, and late or due of what he handles or deputises for."""
    low, high = due_range("today", now)
    turn, seen = aliased(Handling), aliased(TicketScope)
    mine = or_(turn.handler_id == user.id, turn.deputy_id == user.id)
    recused = exists().where(TicketRecusal.ticket_id == turn.ticket_id, TicketRecusal.user_id == user.id)
    rows = session.execute(
        select(turn.state, seen.sort_key, mine)
        .join(seen, (seen.ticket_id == turn.ticket_id) & (seen.union_id == turn.union_id))
        .join(Ticket, Ticket.id == turn.ticket_id)
        .where(
            turn.union_id == user.union_id,
            turn.ended_at.is_(None),
            seen.bucket == "open",
            seen.sort_key < high,
            Ticket.sealed.is_(False),
            turn.state.in_(("dispatched", "signed")),
            ~recused,
        )
    )
    figures = {"to_sign": 0, "today": 0, "overdue": 0}
    for state, key, own in rows:
        if state == "dispatched":
            figures["to_sign"] += 1
        elif own:
            figures["overdue" if key < low else "today"] += 1
    return figures


def _works_today(session: Session, user: User, policy: Policy, now: datetime) -> bool:
    code = session.scalar(select(Union.calendar).where(Union.id == user.union_id))
    return policy.calendar(code or "").is_working_day(now.astimezone(SHANGHAI).date())
