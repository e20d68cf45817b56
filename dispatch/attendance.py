"""Reads who receives for unions at a moment: posts, people, absences and rosters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.models.people import User
from dispatch.models.places import Absence, Duty, Post
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.attendance import Attendance, Person, Position, attendance
from dispatch.rules.roles import Role
from dispatch.rules.urgency import Urgency
from dispatch.rules.working_time import SHANGHAI

RECEIVING = (Role.UNION_HANDLER.value, Role.UNION_LEADER.value)


def has_roster(session: Session, union_id: int | None, now: datetime) -> bool:
    """Whether somebody is on call for the union at any time of this day (Shanghai's)."""
    if union_id is None:
        return False
    begins = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(Duty.id).where(
        Duty.union_id == union_id, Duty.begins_at < begins + timedelta(days=1), Duty.ends_at > begins
    )
    return session.scalar(query.limit(1)) is not None


def attendance_of(
    session: Session, unions: Collection[Union], *, urgency: str, policy: Policy, now: datetime
) -> dict[int, Attendance]:
    """Return for each union who would receive a ticket of this urgency now; a handful of statements for all."""
    ids = [union.id for union in unions]
    people: dict[int, list[Person]] = defaultdict(list)
    known: dict[int, Person] = {}
    for number, name, of_union in session.execute(
        select(User.id, User.display_name, User.union_id)
        .where(User.union_id.in_(ids), User.disabled_at.is_(None), User.role.in_(RECEIVING))
        .order_by(User.id)
    ):
        known[number] = Person(number, name)
        people[of_union or 0].append(known[number])
    on_call: dict[int, list[Person]] = defaultdict(list)
    duties = select(Duty.union_id, Duty.user_id).where(
        Duty.union_id.in_(ids), Duty.begins_at <= now, Duty.ends_at > now
    )
    for of_union, user in session.execute(duties.order_by(Duty.id)):
        if user in known:
            on_call[of_union].append(known[user])
    positions: dict[int, list[Position]] = defaultdict(list)
    for post in session.scalars(select(Post).where(Post.union_id.in_(ids)).order_by(Post.id)):
        held = Position(post.name, known.get(post.holder_id or 0), known.get(post.deputy_id or 0))
        positions[post.union_id].append(held)
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    away = select(Absence.user_id, Absence.begins_at, Absence.ends_at)
    for user, begins_at, ends_at in session.execute(
        away.where(Absence.user_id.in_(known), Absence.ends_at > now)
    ):
        spans[user].append((begins_at, ends_at))
    found = {}
    for union in unions:
        calendar = policy.calendar(union.calendar)
        working = calendar.is_working(now)
        moment = now if working or on_call[union.id] else calendar.next_working(now)
        absent = {user for user, each in spans.items() if any(a <= moment < b for a, b in each)}
        found[union.id] = attendance(
            working=working,
            at_once=urgency == Urgency.P0.value,
            on_call=on_call[union.id],
            positions=positions[union.id],
            people=people[union.id],
            absent=absent,
        )
    return found
