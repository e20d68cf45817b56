"""What the carrier reports beside a caller's turns: how far a telephone has got, who came into a conversation and left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.unit_of_work import unit_of_work
from hotline.calls.incoming import find_or_make
from hotline.calls.locks import lock_by_id
from hotline.calls.log import changed
from hotline.calls.models import Call, Leg, StatusReport
from hotline.calls.status import advance, later
from hotline.carriers.base import CarrierStatus
from hotline.line import conversations, offers
from hotline.line.endings import caller_gone
from hotline.services import Services

JOIN: Final = "participant-join"
LEAVE: Final = "participant-leave"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One report about one telephone; `leg_id` and `call_id` come from our own address."""

    sid: str
    carrier_status: CarrierStatus
    sequence: int
    from_raw: str = ""
    to_raw: str = ""
    leg_id: int | None = None
    call_id: int | None = None


@dataclass(frozen=True, slots=True)
class ConferenceEvent:
    """One report about one conversation."""

    conference: str
    event: str
    sid: str
    sequence: int


def take_status(services: Services, event: StatusEvent) -> None:
    """Take in how far a telephone has got; a report that was taken in before changes nothing."""
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        if event.leg_id is not None:
            _take_leg_status(session, services, event, now)
            return
        call = _call_of(session, services, event, now)
        if call is None or not _is_new(
            session, event.sid, event.carrier_status.value, event.sequence, now=now
        ):
            return
        settle_status(session, services, call, event.carrier_status, now=now)


def settle_status(
    session: Session, services: Services, call: Call, status: CarrierStatus, *, now: datetime
) -> None:
    """Bring a locked call to what the carrier says of it; a terminal status ends everything that hangs on it."""
    moved = advance(call, status, at=now)
    if status.is_terminal:
        caller_gone(session, call, policy=services.policy, lines=services.lines, now=now)
    if moved:
        changed(session, call, now=now)


def take_conference(services: Services, event: ConferenceEvent) -> None:
    """Take in who came into a conversation or left it, in whatever order the reports arrive."""
    call_id = conversations.call_id_of(event.conference)
    if call_id is None or event.event not in (JOIN, LEAVE):
        return
    now = services.now()
    with unit_of_work(
        services.database, publish=services.publish, wake=services.wake, purpose="webhook"
    ) as session:
        call = lock_by_id(session, call_id)
        if call is None:
            logger.warning("news of an unknown conversation", conference=event.conference)
            return
        name = _kept_name(event.event, event.conference)
        if not _is_new(session, event.sid, name, event.sequence, now=now):
            return
        if event.event == LEAVE:
            conversations.left(
                session, call, conference=event.conference, sid=event.sid, lines=services.lines, now=now
            )
        elif not _has_left_since(session, event):
            conversations.joined(
                session, call, conference=event.conference, sid=event.sid, lines=services.lines, now=now
            )


def _take_leg_status(session: Session, services: Services, event: StatusEvent, now: datetime) -> None:
    leg = session.get(Leg, event.leg_id)
    call = lock_by_id(session, leg.call_id) if leg is not None else None
    if leg is None or call is None:
        logger.warning("status of an unknown leg", leg=event.leg_id)
        return
    session.refresh(leg)
    if leg.sid is None:
        # The report was faster than the answer to our own create.
        leg.sid = event.sid
    if leg.sid != event.sid or not _is_new(
        session, event.sid, event.carrier_status.value, event.sequence, now=now
    ):
        return
    further = later(CarrierStatus(leg.status), event.carrier_status)
    if further.value == leg.status:
        return
    leg.status = further.value
    if further.is_terminal:
        conversations.leg_ended(session, call, leg, status=further.value, lines=services.lines, now=now)
        offers.telephone_down(session, call, leg, lines=services.lines, now=now)
        if call.direction == "return_call" and leg.kind == conversations.OPERATOR and leg.joined_at is None:
            # The operator's own telephone did not come: there is nobody to call the number for.
            caller_gone(session, call, policy=services.policy, lines=services.lines, now=now)


def _call_of(session: Session, services: Services, event: StatusEvent, now: datetime) -> Call | None:
    if event.call_id is None:
        return find_or_make(
            session,
            event.sid,
            from_raw=event.from_raw,
            to_raw=event.to_raw,
            policy=services.policy,
            now=now,
        )
    call = lock_by_id(session, event.call_id)
    if call is not None and call.sid.startswith("out-"):
        call.sid = event.sid
    return call if call is not None and call.sid == event.sid else None


def _is_new(session: Session, sid: str, event: str, sequence: int, *, now: datetime) -> bool:
    """Write the report down; False when it was there. The call's lock orders reports about the same caller."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    written = session.execute(
        dialect.insert(StatusReport)
        .values(sid=sid, event=event, sequence=sequence, at=now)
        .on_conflict_do_nothing(index_elements=["sid", "event", "sequence"])
        .returning(StatusReport.id)
    )
    return written.first() is not None


def _has_left_since(session: Session, event: ConferenceEvent) -> bool:
    query = select(StatusReport.id).where(
        StatusReport.sid == event.sid,
        StatusReport.event == _kept_name(LEAVE, event.conference),
        StatusReport.sequence > event.sequence,
    )
    return session.scalar(query.limit(1)) is not None


def _kept_name(event: str, conference: str) -> str:
    """Sequence numbers count within one conversation, so its name is part of the key."""
    return f"{event.removeprefix('participant-')}:{conference}"[:32]
