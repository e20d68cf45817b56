"""Every seat as a supervisor sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.people import User
from hotline.line.models import Presence
from hotline.line.presence import LABELS, is_telephone
from hotline.line.waiting import day_of


@dataclass(frozen=True, slots=True)
class SeatView:
    """One person's seat."""

    user_id: int
    name: str
    role: str
    state: str
    label: str
    since: datetime
    reason: str | None
    by_telephone: bool
    wrap_up_until: datetime | None
    break_until: datetime | None
    misses: int
    taken_today: int
    version: int


def seat_views(session: Session, *, now: datetime, user_id: int | None = None) -> list[SeatView]:
    """Return the seats of everybody who has ever sat down and is not disabled, or of one person."""
    query = (
        select(Presence, User)
        .join(User, User.id == Presence.user_id)
        .where(User.disabled_at.is_(None))
        .order_by(User.id)
    )
    if user_id is not None:
        query = query.where(User.id == user_id)
    today = day_of(now)
    return [
        SeatView(
            user_id=user.id,
            name=user.display_name,
            role=user.role,
            state=presence.state,
            label=LABELS[presence.state],
            since=presence.since,
            reason=presence.reason,
            by_telephone=is_telephone(presence.endpoint),
            wrap_up_until=presence.wrap_up_until,
            break_until=presence.break_until,
            misses=presence.misses,
            taken_today=presence.taken if presence.taken_day == today else 0,
            version=presence.version,
        )
        for presence, user in session.execute(query)
    ]
