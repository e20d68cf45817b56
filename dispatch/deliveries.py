"""How messages to unions' people fared, for those who answer for them; what is unknown is a person's to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session

from dispatch import telling
from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import NotFound, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.history import Notice, Outbox
from dispatch.models.inbox import NoticeDelivery, Robot
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.rules.notice_policy import ChannelKind, NoticePolicy
from dispatch.rules.roles import Role

STATES: Final[Mapping[str, str]] = {
    "pending": "等待发送",
    "leased": "等待发送",
    "sending": "正在发送",
    "sent": "已发出",
    "unknown": "结果不明",
    "expired": "已过期未发",
    "failed": "发送失败",
    "cancelled": "不再需要",
}
CALL_ENDS: Final[Mapping[str, str]] = {
    "signed": "已按键签收",
    "answered": "已接听，未签收",
    "machine": "语音信箱",
    "no_answer": "无人接听",
    "busy": "占线",
    "failed": "未接通",
    "delivered": "已送达手机",
    "undelivered": "没有送达手机",
}
LOST: Final = "undelivered"
"""What the carrier says of a short message that it took and could not bring."""
OPEN_ENDS: Final = ("unknown", "failed", "expired")
"""Ends that a person looks at; none of them is sent again by itself."""
MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One message: to whom, by what, how far; never its words, and no number."""

    id: int
    created_at: datetime
    purpose: str
    channel: str
    channel_label: str
    state: str
    state_label: str
    ticket_number: str | None
    to: str
    union_name: str | None
    what: str | None
    not_before: datetime | None
    sent_at: datetime | None
    attempts: int
    error: str | None
    settled_as: str | None
    outcome_label: str | None
    """What came of a call, and of a short message after the carrier took it."""


def deliveries(
    session: Session,
    actor: Actor,
    *,
    state: str | None = None,
    unsettled: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[DeliveryLine]:
    """Return messages, newest first: the centre's people all, a union's those of its own people about what they see."""
    query = (
        select(NoticeDelivery, Outbox, Ticket.number, User.display_name, Robot.name, Union.name, Notice.text)
        .join(Outbox, Outbox.id == NoticeDelivery.outbox_id)
        .outerjoin(Ticket, Ticket.id == NoticeDelivery.ticket_id)
        .outerjoin(User, User.id == NoticeDelivery.user_id)
        .outerjoin(Robot, Robot.id == NoticeDelivery.robot_id)
        .outerjoin(Union, Union.id == NoticeDelivery.union_id)
        .outerjoin(Notice, Notice.id == NoticeDelivery.notice_id)
        .where(_seen_by(actor))
        .order_by(NoticeDelivery.id.desc())
        .limit(max(1, min(limit, MAX_PAGE)))
    )
    if state is not None:
        query = query.where(Outbox.state == state)
    if unsettled:
        lost = or_(Outbox.state.in_(OPEN_ENDS), NoticeDelivery.outcome == LOST)
        query = query.where(lost, NoticeDelivery.settled_at.is_(None))
    if before is not None:
        query = query.where(NoticeDelivery.id < before)
    reads = actor.role is not Role.ADMINISTRATOR
    return [
        DeliveryLine(
            id=delivery.id,
            created_at=delivery.created_at,
            purpose=delivery.purpose,
            channel=delivery.channel,
            channel_label=ChannelKind(delivery.channel).label,
            state=carried.state,
            state_label=STATES[carried.state],
            ticket_number=number if reads else None,
            to=robot or person or "",
            union_name=union,
            what=text if reads else None,
            not_before=carried.not_before,
            sent_at=carried.sent_at,
            attempts=carried.attempts,
            error=carried.error,
            settled_as=delivery.settled_as,
            outcome_label=CALL_ENDS.get(delivery.outcome or ""),
        )
        for delivery, carried, number, person, robot, union, text in session.execute(query)
    ]


def settle(session: Session, actor: Actor, delivery_id: int, *, settled_as: str, now: datetime) -> None:
    """Say what became of a message without a known end; raises NotFound, WrongState."""
    delivery, carried = _lock(session, actor, delivery_id)
    open_end = carried.state in OPEN_ENDS or delivery.outcome == LOST
    if not open_end or delivery.settled_at is not None:
        raise WrongState(str(delivery_id), "settle", carried.state, "这条消息已有结果，或已处理")
    delivery.settled_at, delivery.settled_by_id, delivery.settled_as = now, actor.user_id, settled_as
    told = {"delivery": delivery_id, "as": settled_as}
    record(session, "DeliverySettled", stream=ADMINISTRATION, by=actor.by, now=now, payload=told)


def send_again(
    session: Session, actor: Actor, delivery_id: int, *, notices: NoticePolicy, now: datetime
) -> None:
    """Send a message anew because a person has decided so; raises NotFound, WrongState."""
    settle(session, actor, delivery_id, settled_as="sent_again", now=now)
    old = session.get_one(NoticeDelivery, delivery_id)
    # The notice itself was delivered once at most; the new message is one of its own.
    again = NoticeDelivery(
        notice_id=None,
        purpose="again",
        ticket_id=old.ticket_id,
        user_id=old.user_id,
        robot_id=old.robot_id,
        union_id=old.union_id,
        channel=old.channel,
        again_of_id=old.id,
        created_at=now,
    )
    telling.put(session, again, key=f"delivery:{old.id}:again", begins=now, notices=notices, now=now)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    # An administrator reads no ticket: he sees that a message is stuck, not what it is about.
    known = or_(NoticeDelivery.ticket_id.is_(None), visible(actor))
    if actor.role is Role.ADMINISTRATOR:
        return true()
    if actor.of_centre:
        return known
    return and_(NoticeDelivery.union_id == actor.union_id, known) if actor.of_union else false()


def _lock(session: Session, actor: Actor, delivery_id: int) -> tuple[NoticeDelivery, Outbox]:
    row = session.execute(
        select(NoticeDelivery, Outbox)
        .join(Outbox, Outbox.id == NoticeDelivery.outbox_id)
        .outerjoin(Ticket, Ticket.id == NoticeDelivery.ticket_id)
        .where(NoticeDelivery.id == delivery_id, _seen_by(actor))
        .with_for_update(of=NoticeDelivery)
    ).first()
    if row is None:
        raise NotFound("delivery", delivery_id)
    return row[0], row[1]
