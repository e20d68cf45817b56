"""预警: when very many are concerned, the leader of the county's union hears at once; never one tied to the employer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.signals import GroupSignal
from dispatch.models.tickets import TicketEmployer
from dispatch.models.unions import EmployerTie, Union
from dispatch.receivers import ALARM
from dispatch.rules.levels import Level, UnionKind
from dispatch.rules.recusal import recused
from dispatch.rules.roles import Role
from dispatch.scope import corporate_of, employers_of, view_of
from dispatch.unit_of_work import Fact, tell

_CLIMB = ((Level.COUNTY, 6), (Level.CITY, 4), (Level.PROVINCE, 2))
"""Levels that may be warned, the nearest first, with the digits of their region codes."""


def warn(
    session: Session,
    signal: GroupSignal,
    ticket_ids: Sequence[int],
    *,
    days: int,
    now: datetime,
) -> list[int]:
    """Tell the nearest leaders who may know and return their ids; where there is none the supervisor must act."""
    text = f"预警：{signal.employer_name}{days}天内涉及{signal.headcount}人反映劳动权益问题，请提前介入"
    leaders = _leaders(session, signal, ticket_ids)
    for user in leaders:
        # Without a ticket: it says how many, never who.
        session.add(Notice(at=now, kind="early_warning", user_id=user, text=text[:300]))
        tell(session, Fact("notice", f"signal-{signal.id}", signal.version, now, (f"user:{user}",)))
    if not leaders:
        session.add(
            Notice(
                at=now, kind=ALARM, role=Role.SUPERVISOR.value, text=f"{text}（没有可通知的工会负责人）"[:300]
            )
        )
    return leaders


def _leaders(session: Session, signal: GroupSignal, ticket_ids: Sequence[int]) -> list[int]:
    if not ticket_ids:
        return []
    employers = employers_of(session, ticket_ids[0])
    corporate = corporate_of(session, employers)
    known = session.scalars(
        select(TicketEmployer.employer_id).where(TicketEmployer.ticket_id.in_(ticket_ids))
    ).all()
    tied = set(
        session.scalars(
            select(EmployerTie.user_id).where(
                EmployerTie.employer_id.in_([each for each in known if each is not None])
            )
        )
    )
    for level, digits in _CLIMB:
        unions = session.scalars(
            select(Union).where(
                Union.level == level.value,
                Union.kind == UnionKind.TERRITORY.value,
                Union.region_code == (signal.region_code or "")[:digits],
                Union.closed_at.is_(None),
            )
        ).all()
        able = [
            union.id
            for union in unions
            if recused(
                view_of(union),
                employers,
                rights_defence=True,
                consent=False,
                accused=(),
                corporate=corporate,
            )
            is None
        ]
        leaders = session.scalars(
            select(User.id)
            .where(
                User.union_id.in_(able),
                User.role == Role.UNION_LEADER.value,
                User.disabled_at.is_(None),
            )
            .order_by(User.id)
        ).all()
        free = [user for user in leaders if user not in tied]
        if free:
            return free
    return []
