"""Turns notices into messages: who of those addressed is told outside the screens, by which channel, and from when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from dispatch import outbox
from dispatch.access import can_read
from dispatch.actors import actor_of
from dispatch.attendance import RECEIVING, attendance_of
from dispatch.models.history import Notice
from dispatch.models.inbox import NoticeDelivery, NoticePreference, Robot
from dispatch.models.people import User
from dispatch.models.places import Absence, Duty
from dispatch.models.tickets import Ticket, TicketRecusal
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.receivers import ALARM
from dispatch.rules.notice_policy import ChannelKind, NoticePolicy
from dispatch.rules.phones import PhoneKind, normalise
from dispatch.rules.urgency import Urgency
from dispatch.rules.working_time import SHANGHAI

BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class Reachable:
    """Which channels this house has at all; a message by another would only fail."""

    kinds: frozenset[str]

    def has(self, kind: ChannelKind) -> bool:
        return kind.value in self.kinds


def plan(
    session: Session, *, notices: NoticePolicy, reachable: Reachable, policy: Policy, now: datetime
) -> int:
    """Decide of the notices that nobody has decided of; return how many. Any number of processes may do so."""
    waiting = session.scalars(
        select(Notice)
        .where(Notice.planned_at.is_(None))
        .order_by(Notice.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for notice in waiting:
        notice.planned_at = now
        if notice.seen_at is None and now - notice.at < notices.stale_after:
            _Telling(session, notice, notices, reachable, policy, now).tell()
    return len(waiting)


def any_waiting(session: Session) -> bool:
    """Whether there is a notice that nobody has decided of."""
    return session.scalar(select(Notice.id).where(Notice.planned_at.is_(None)).limit(1)) is not None


def put(
    session: Session,
    delivery: NoticeDelivery,
    *,
    key: str,
    begins: datetime,
    notices: NoticePolicy,
    now: datetime,
) -> None:
    """Write one message and the outbox row that carries it; it is stale some time after it might have begun."""
    session.add(delivery)
    session.flush()
    rings = delivery.channel == ChannelKind.ROBOCALL.value
    stale = notices.robocall_stale_after if rings else notices.stale_after
    delivery.outbox_id = outbox.put(
        session,
        "live" if rings else "slow",
        "ring_for_notice" if rings else "send_notice",
        {"delivery_id": delivery.id},
        now=now,
        key=key,
        not_before=begins,
        expires_at=begins + stale,
        ticket_id=delivery.ticket_id,
    )


def mobile_of(user: User) -> str | None:
    """Return the number to which this person's text messages go; None for a fixed line or none."""
    phone = normalise(user.phone)
    return phone.e164 if phone.kind is PhoneKind.MOBILE else None


def dialled_of(user: User) -> str | None:
    """Return the number at which this person can be rung."""
    phone = normalise(user.phone)
    return phone.e164 if phone.kind in (PhoneKind.MOBILE, PhoneKind.FIXED) else None


def links_asked_today(session: Session, user_id: int, *, now: datetime) -> int:
    """Return how many links a person was sent today (Shanghai) because somebody asked for a new one."""
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count(NoticeDelivery.id)).where(
        NoticeDelivery.user_id == user_id,
        NoticeDelivery.purpose == "link",
        NoticeDelivery.created_at >= midnight,
    )
    return session.scalar(query) or 0


class _Telling:
    """One notice on its way to its people."""

    def __init__(
        self,
        session: Session,
        notice: Notice,
        notices: NoticePolicy,
        reachable: Reachable,
        policy: Policy,
        now: datetime,
    ) -> None:
        self._session, self._notice, self._notices = session, notice, notices
        self._reachable, self._policy, self._now = reachable, policy, now
        self._ticket = session.get(Ticket, notice.ticket_id) if notice.ticket_id is not None else None
        self._urgency = self._ticket.urgency if self._ticket is not None else None

    def tell(self) -> None:
        """Write a message for each person and robot that is to be told."""
        kind = self._notice.kind
        people = self._people() if self._goes_anywhere(kind) else []
        chosen = chosen_by(self._session, [user.id for user in people])
        for user in people:
            begins = self._begins(user)
            for channel in self._channels(user, chosen[user.id]):
                self._put(channel, begins, user=user)
        if self._goes_by("robot"):
            for robot in self._robots(people, chosen):
                self._put(ChannelKind(robot.kind), self._begins_for_union(robot.union_id), robot=robot)

    def _goes_anywhere(self, kind: str) -> bool:
        return any(self._notices.goes_by(choice, kind, self._urgency) for choice in self._notices.routes)

    def _goes_by(self, choice: str) -> bool:
        return self._notices.goes_by(choice, self._notice.kind, self._urgency)

    def _channels(self, user: User, chosen: Mapping[str, bool]) -> Iterable[ChannelKind]:
        addresses = {
            ChannelKind.SMS: mobile_of(user),
            ChannelKind.EMAIL: user.email,
            ChannelKind.ROBOCALL: dialled_of(user) if user.union_id is not None else None,
        }
        for channel, address in addresses.items():
            choice = channel.value
            if not address or not self._goes_by(choice) or not self._reachable.has(channel):
                continue
            if self._notices.wants(choice, chosen, self._urgency):
                yield channel

    def _people(self) -> list[User]:
        """Return who is addressed and may know the ticket; the deputy too of whoever is away."""
        notice = self._notice
        if notice.user_id is not None:
            addressed = self._with_deputy(notice.user_id)
        elif notice.union_id is not None:
            addressed = self._of_union(notice.union_id)
        elif notice.role is not None and notice.kind == ALARM and self._ticket is not None:
            # The centre sits before its screens; only what cannot wait goes to its telephones. Never an alarm about
            # messages themselves: one that cannot be sent would beget the next.
            addressed = self._users(User.role == notice.role)
        else:
            addressed = []
        return [user for user in addressed if self._may_know(user)]

    def _may_know(self, user: User) -> bool:
        if self._ticket is None:
            return True
        recused = select(TicketRecusal.user_id).where(
            TicketRecusal.ticket_id == self._ticket.id, TicketRecusal.user_id == user.id
        )
        if self._notice.kind == ALARM:
            return self._session.scalar(recused) is None
        return can_read(self._session, actor_of(user, at=self._now), self._ticket.id)

    def _with_deputy(self, user_id: int) -> list[User]:
        found = self._users(User.id == user_id)
        if found and found[0].deputy_id is not None and self._is_away(user_id):
            found += self._users(User.id == found[0].deputy_id)
        return found

    def _of_union(self, union_id: int) -> list[User]:
        union = self._session.get(Union, union_id)
        if union is None:
            return []
        (present,) = attendance_of(
            self._session, [union], urgency=self._urgency or "P2", policy=self._policy, now=self._now
        ).values()
        ids = [person.id for person in present.people]
        if ids:
            return self._users(User.id.in_(ids))
        return self._users(User.union_id == union_id, User.role.in_(RECEIVING))

    def _users(self, *where: object) -> list[User]:
        query = select(User).where(User.disabled_at.is_(None), *where).order_by(User.id)  # type: ignore[arg-type]  # conditions
        return list(self._session.scalars(query))

    def _is_away(self, user_id: int) -> bool:
        query = select(Absence.id).where(
            Absence.user_id == user_id, Absence.begins_at <= self._now, Absence.ends_at > self._now
        )
        return self._session.scalar(query.limit(1)) is not None

    def _begins(self, user: User) -> datetime:
        """Return when the person may be told: a P0, and whoever is on call, at once; else in his union's hours."""
        if user.union_id is None or self._urgency == Urgency.P0.value or self._is_on_call(user.id):
            return self._now
        return self._begins_for_union(user.union_id)

    def _begins_for_union(self, union_id: int) -> datetime:
        if self._urgency == Urgency.P0.value:
            return self._now
        code = self._session.scalar(select(Union.calendar).where(Union.id == union_id))
        calendar = self._policy.calendar(code or "")
        return self._now if calendar.is_working(self._now) else calendar.next_working(self._now)

    def _is_on_call(self, user_id: int) -> bool:
        query = select(Duty.id).where(
            Duty.user_id == user_id, Duty.begins_at <= self._now, Duty.ends_at > self._now
        )
        return self._session.scalar(query.limit(1)) is not None

    def _robots(self, people: Collection[User], chosen: Mapping[int, Mapping[str, bool]]) -> list[Robot]:
        """Return the groups that hear of it: the union's own, never of a sealed ticket, and each person's."""
        if self._ticket is not None and self._ticket.sealed:
            return []
        wanting = [user.id for user in people if self._notices.wants("robot", chosen[user.id], self._urgency)]
        of_union = (Robot.union_id == self._notice.union_id) & Robot.user_id.is_(None)
        query = select(Robot).where(Robot.removed_at.is_(None), or_(of_union, Robot.user_id.in_(wanting)))
        found = self._session.scalars(query.order_by(Robot.id))
        return [each for each in found if self._reachable.has(ChannelKind(each.kind))]

    def _put(
        self,
        channel: ChannelKind,
        begins: datetime,
        *,
        user: User | None = None,
        robot: Robot | None = None,
    ) -> None:
        notice = self._notice
        to = f"user:{user.id}" if user is not None else f"robot:{robot.id if robot is not None else 0}"
        delivery = NoticeDelivery(
            notice_id=notice.id,
            purpose="notice",
            ticket_id=notice.ticket_id,
            user_id=user.id if user is not None else (robot.user_id if robot is not None else None),
            robot_id=robot.id if robot is not None else None,
            union_id=user.union_id if user is not None else (robot.union_id if robot is not None else None),
            channel=channel.value,
            created_at=self._now,
        )
        put(
            self._session,
            delivery,
            key=f"notice:{notice.id}:{to}:{channel.value}",
            begins=begins,
            notices=self._notices,
            now=self._now,
        )


def chosen_by(session: Session, user_ids: Collection[int]) -> dict[int, dict[str, bool]]:
    """Return what each person chose to be told by."""
    found: dict[int, dict[str, bool]] = defaultdict(dict)
    rows = session.execute(
        select(NoticePreference.user_id, NoticePreference.channel, NoticePreference.wanted).where(
            NoticePreference.user_id.in_(user_ids)
        )
    )
    for user_id, channel, wanted in rows:
        found[user_id][channel] = wanted
    return found


def choose(session: Session, user_id: int, wanted: Mapping[str, bool], *, now: datetime) -> None:
    """Write down what a person wants to be told by."""
    for channel, value in wanted.items():
        changed = session.execute(
            update(NoticePreference)
            .where(NoticePreference.user_id == user_id, NoticePreference.channel == channel)
            .values(wanted=value, changed_at=now)
            .returning(NoticePreference.channel)
        ).first()
        if changed is None:
            session.add(NoticePreference(user_id=user_id, channel=channel, wanted=value, changed_at=now))


def preferences(session: Session, user_id: int, notices: NoticePolicy) -> dict[str, bool]:
    """Return what a person is told by, as he chose or by default."""
    chosen = chosen_by(session, [user_id])[user_id]
    return {choice: notices.wants(choice, chosen, None) for choice in notices.routes}
