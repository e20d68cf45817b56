"""Sends what unions' people are to be told: read anew when it is sent, and left unsent where it no longer matters."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import digests, telling
from dispatch.access import can_read
from dispatch.access_links import make_link, may_have_link
from dispatch.actors import actor_of
from dispatch.database import WritingSession
from dispatch.models.clocks import Clock
from dispatch.models.history import Notice
from dispatch.models.inbox import NoticeDelivery, Robot
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket
from dispatch.receivers import ALARM
from dispatch.rules.notice_policy import ChannelKind
from dispatch.rules.roles import UNION_ROLES
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind
from dispatch.rules.working_time import SHANGHAI
from dispatch.scope import UNION_CLOCKS
from dispatch.unit_of_work import unit_of_work
from hotline.calls.keeping import recording_cipher
from hotline.calls.outbound import over_the_centres_cap
from hotline.channels.base import Address, ChannelError, Message
from hotline.public.receipts import note_sent
from hotline.services import Services
from hotline.voice.union_twiml import UnionAddresses

WORDS: Final[Mapping[str, str]] = {
    "dispatched": "待签收",
    "remind": "请留意时限",
    "nudge": "催办",
    "yellow_card": "已超期（黄牌）",
    "red_card": "严重超期（红牌）",
    "escalated": "已提级办理",
    "rejected": "反馈未通过，请继续办理",
    "returned": "已退单",
    "removed": "不再需要协办",
    "handover": "经办人有变动，请留意",
    "expired": "期限已到",
    "alarm": "紧急，请立即处理",
}
"""What a message says of a notice: fixed words, for a notice's own text may say more than a telephone should show."""
OTHERWISE: Final = "有新通知"
RING_S: Final = 30
_OPEN: Final = frozenset(state.value for state in OPEN_STATES)


class NoLongerWanted(Exception):
    """What the message would say is done, seen or not the person's to know any more."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A message as it goes out."""

    channel: str
    address: Address
    message: Message


def reachable(services: Services) -> telling.Reachable:
    """Return the channels by which this house can tell anybody."""
    able = services.carrier.capabilities
    kinds = set(services.channels) | {ChannelKind.ROBOCALL.value}
    return telling.Reachable(frozenset(kinds if able.sends_sms else kinds - {ChannelKind.SMS.value}))


def plan_notices(services: Services) -> int:
    """Turn fresh notices into messages, and write the daily lists that are due; return how many rows were looked at."""
    way, policy, now = reachable(services), services.policy, services.now()
    looked = 0
    with services.database.reading("clock") as reading:
        # Mostly there is nothing: nobody waits behind a writer for that.
        waiting = telling.any_waiting(reading)
    if waiting:
        with _writing(services) as session:
            looked += telling.plan(session, notices=services.notices, reachable=way, policy=policy, now=now)
    if services.notices.is_digest_time(now):
        with _writing(services) as session:
            looked += digests.plan_digests(
                session, notices=services.notices, reachable=way, policy=policy, now=now
            )
    return looked


def _writing(services: Services) -> AbstractContextManager[WritingSession]:
    return unit_of_work(services.database, publish=services.publish, wake=services.wake, purpose="clock")


def send_notice(services: Services, payload: Mapping[str, Any]) -> None:
    """Send one message; raises NoLongerWanted, CarrierError. Its link is made now and written down nowhere in clear."""
    with unit_of_work(services.database, publish=services.publish) as session:
        ready = _compose(session, services, payload["delivery_id"])
    channel = services.channels.get(ready.channel)
    if channel is None:
        raise ChannelError(f"this house has no {ready.channel}")
    reference = channel.send(ready.address, ready.message)
    if reference is not None:
        with unit_of_work(services.database, publish=services.publish) as session:
            delivery = session.get_one(NoticeDelivery, payload["delivery_id"])
            delivery.reference = reference[:64]
            session.flush()
            if ready.channel == ChannelKind.SMS.value:
                note_sent(
                    session,
                    reference[:64],
                    purpose="notice",
                    ticket_id=delivery.ticket_id,
                    now=services.now(),
                )


def ring_for_notice(services: Services, payload: Mapping[str, Any]) -> None:
    """Ring a person for a ticket that is to be signed for; raises NoLongerWanted, CarrierError."""
    now = services.now()
    with services.database.reading() as session:
        delivery = session.get_one(NoticeDelivery, payload["delivery_id"])
        user, ticket = _still_wanted(session, delivery, now)
        number = telling.dialled_of(user) if user is not None else None
        if number is None or ticket is None:
            raise NoLongerWanted
        rung = _rung_today(session, delivery, now)
        # A life is not weighed against a telephone bill.
        whole = over_the_centres_cap(session, services.outbound, now=now) if ticket.urgency != "P0" else None
    refusal = services.outbound.why_refused(number) or whole
    if refusal is None and rung > services.outbound.per_number_a_day:
        refusal = f"今天已拨打{rung - 1}次，不再拨打"
    if refusal is not None:
        raise ChannelError(refusal)
    addresses = UnionAddresses(services.public_url)
    made = services.carrier.originate(
        number,
        from_=services.numbers[0],
        url=addresses.notice(payload["delivery_id"]),
        status_callback=addresses.notice_status(payload["delivery_id"]),
        timeout_s=RING_S,
        detect_machine=True,
    )
    with unit_of_work(services.database, publish=services.publish) as session:
        row = session.get_one(NoticeDelivery, payload["delivery_id"])
        row.reference = row.reference or made.call_sid


def _compose(session: Session, services: Services, delivery_id: int) -> _Ready:
    now = services.now()
    delivery = session.get_one(NoticeDelivery, delivery_id)
    if delivery.purpose == "digest":
        return _digest(session, services, delivery, now)
    user, ticket = _still_wanted(session, delivery, now)
    if ticket is None and user is None and delivery.robot_id is None:
        raise NoLongerWanted
    link = _link(session, services, delivery, user, ticket, now)
    notice = _notice_of(session, delivery)
    texts = services.notices.texts
    number = ticket.number if ticket is not None else ""
    if delivery.purpose == "link":
        text = texts["link"].format(number=number, link=link)
    else:
        what = WORDS.get(notice.kind if notice is not None else "", OTHERWISE)
        due = _due(session, ticket, delivery.union_id, notice) if ticket is not None else ""
        text = texts["notice"].format(number=number or "办理", what=what, due=due, link=link)
    address = _address(session, services, delivery, user)
    return _Ready(delivery.channel, address, Message("12351工单通知", text, f"delivery-{delivery.id}"))


def _digest(session: Session, services: Services, delivery: NoticeDelivery, now: datetime) -> _Ready:
    user = session.get(User, delivery.user_id) if delivery.user_id is not None else None
    if user is None or user.disabled_at is not None:
        raise NoLongerWanted
    figures = digests.due_figures(session, user, now=now)
    if not any(figures.values()):
        raise NoLongerWanted
    text = services.notices.texts["digest"].format(link=f"{services.public_url}/inbox", **figures)
    address = _address(session, services, delivery, user)
    return _Ready(delivery.channel, address, Message("12351今日到期", text, f"delivery-{delivery.id}"))


def _still_wanted(
    session: Session, delivery: NoticeDelivery, now: datetime
) -> tuple[User | None, Ticket | None]:
    """Return who is told of which ticket; raises NoLongerWanted where that is over."""
    user = session.get(User, delivery.user_id) if delivery.user_id is not None else None
    ticket = session.get(Ticket, delivery.ticket_id) if delivery.ticket_id is not None else None
    if delivery.user_id is not None and (user is None or user.disabled_at is not None):
        raise NoLongerWanted
    notice = _notice_of(session, delivery)
    if notice is not None and notice.seen_at is not None:
        raise NoLongerWanted
    if ticket is None:
        return user, None
    if ticket.state not in _OPEN or (ticket.sealed and delivery.robot_id is not None):
        raise NoLongerWanted
    alarm = notice is not None and notice.kind == ALARM
    if user is not None and not alarm and not can_read(session, actor_of(user, at=now), ticket.id):
        raise NoLongerWanted
    if notice is not None and notice.kind == "dispatched" and not _unsigned(session, ticket, delivery):
        raise NoLongerWanted
    return user, ticket


def _notice_of(session: Session, delivery: NoticeDelivery) -> Notice | None:
    while delivery.again_of_id is not None:
        delivery = session.get_one(NoticeDelivery, delivery.again_of_id)
    return session.get(Notice, delivery.notice_id) if delivery.notice_id is not None else None


def _unsigned(session: Session, ticket: Ticket, delivery: NoticeDelivery) -> bool:
    query = select(Handling.id).where(
        Handling.ticket_id == ticket.id,
        Handling.union_id == delivery.union_id,
        Handling.state == "dispatched",
        Handling.ended_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def _link(
    session: Session,
    services: Services,
    delivery: NoticeDelivery,
    user: User | None,
    ticket: Ticket | None,
    now: datetime,
) -> str:
    """Return where the message leads: for one person a link that opens the ticket, for a group the sign-in."""
    base = services.public_url
    if ticket is None:
        return f"{base}/inbox"
    if user is None:
        return f"{base}/inbox/{ticket.number}"
    if may_have_link(session, user, ticket, now=now):
        life = services.notices.link_life
        token = make_link(session, user, ticket, channel=delivery.channel, life=life, now=now)
        # In the fragment: no server, proxy or scanner that fetches the address ever sees it.
        return f"{base}/l#{token}"
    return f"{base}/{'inbox' if user.role in UNION_ROLES else 'tickets'}/{ticket.number}"


def _due(session: Session, ticket: Ticket, union_id: int | None, notice: Notice | None) -> str:
    signing = notice is not None and notice.kind == "dispatched"
    kinds = [ClockKind.SIGN.value] if signing else sorted(UNION_CLOCKS)
    query = (
        select(func.min(Clock.due_at))
        .join(Handling, Handling.id == Clock.handling_id)
        .where(
            Clock.ticket_id == ticket.id,
            Clock.state == "running",
            Clock.kind.in_(kinds),
            Handling.union_id == union_id,
        )
    )
    due = session.scalar(query)
    if due is None:
        return ""
    local = due.astimezone(SHANGHAI)
    return f"，截止{local.month}月{local.day}日{local:%H:%M}"


def _address(session: Session, services: Services, delivery: NoticeDelivery, user: User | None) -> Address:
    if delivery.robot_id is not None:
        robot = session.get_one(Robot, delivery.robot_id)
        if robot.removed_at is not None:
            raise NoLongerWanted
        return robot_address(services, robot)
    to = None
    if user is not None:
        to = user.email if delivery.channel == ChannelKind.EMAIL.value else telling.mobile_of(user)
    if to is None:
        raise NoLongerWanted
    return Address(to)


def robot_address(services: Services, robot: Robot) -> Address:
    """Return a robot's address in clear; raises ChannelError where the key has changed."""
    cipher = recording_cipher(services.robot_key)
    try:
        secret = cipher.decrypt(robot.secret).decode() if robot.secret is not None else None
        return Address(cipher.decrypt(robot.address).decode(), secret)
    except InvalidToken as error:
        raise ChannelError("the robot's address cannot be read: enter it again") from error


def _rung_today(session: Session, delivery: NoticeDelivery, now: datetime) -> int:
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count(NoticeDelivery.id)).where(
        NoticeDelivery.user_id == delivery.user_id,
        NoticeDelivery.channel == ChannelKind.ROBOCALL.value,
        NoticeDelivery.created_at >= midnight,
    )
    return session.scalar(query) or 0
