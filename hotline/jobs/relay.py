"""Takes deliveries out of the outbox: claimed in batches under a lease, marked before they are sent, never doubled."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import and_, bindparam, func, literal, or_, select, update
from sqlalchemy.orm import Session

from dispatch.models.history import Notice, Outbox
from dispatch.rules.roles import Role
from dispatch.unit_of_work import unit_of_work
from hotline.carriers.base import CarrierError
from hotline.jobs.again import Again, GivenUp, OutOfTurn
from hotline.jobs.deliver import CREATES, NotYet, deliver
from hotline.jobs.notices import NoLongerWanted
from hotline.services import Services

LEASE: Final = timedelta(seconds=60)
BATCH: Final = 32
MOST_ATTEMPTS: Final = 8
NOT_YET: Final = timedelta(milliseconds=300)
AGAIN: Final = timedelta(seconds=1)
PATIENT: Final = {"send_notice": timedelta(seconds=15)}
"""Kinds that may wait out another server's bad half hour: the pause doubles with each try."""

_NOW: Final = bindparam("now", type_=Outbox.not_before.type)
_ANYTHING: Final = (
    select(literal(1))
    .where(
        Outbox.queue == bindparam("queue"),
        or_(
            and_(Outbox.state == "pending", Outbox.not_before <= _NOW),
            and_(Outbox.state.in_(("pending", "leased")), Outbox.expires_at <= _NOW),
            and_(Outbox.state.in_(("leased", "sending")), Outbox.lease_until <= _NOW),
        ),
    )
    .limit(1)
)
"""Most looks find nothing: they are to take no lock, and on SQLite not the writer's turn."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery that is ours to carry out."""

    id: int
    kind: str
    payload: dict[str, Any]


def owner_name() -> str:
    """Return a name for one process's leases."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def claim(services: Services, *, queue: str, owner: str, limit: int = BATCH) -> list[Claimed]:
    """Lease what is due; several relays share the work (SKIP LOCKED), and stale deliveries expire instead."""
    now = services.now()
    with services.database.reading("clock") as session:
        if session.scalar(_ANYTHING, {"queue": queue, "now": now}) is None:
            return []
    with services.database.writing() as session:
        _tidy(session, queue, now)
        due = session.scalars(
            select(Outbox)
            .where(Outbox.queue == queue, Outbox.state == "pending", Outbox.not_before <= now)
            .order_by(Outbox.not_before, Outbox.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in due:
            row.state, row.lease_owner, row.lease_until = "leased", owner, now + LEASE
        return [Claimed(row.id, row.kind, dict(row.payload)) for row in due]


def give_back(services: Services, *, owner: str, queue: str) -> None:
    """Return leases that nobody will use: what was claimed could not be passed on."""
    with services.database.writing() as session:
        session.execute(
            update(Outbox)
            .where(Outbox.queue == queue, Outbox.state == "leased", Outbox.lease_owner == owner)
            .values(state="pending", lease_owner=None, lease_until=None)
        )


def carry_out(services: Services, claimed: Claimed, *, owner: str) -> str:
    """Send one claimed delivery and return the state it ends in; a lost lease sends nothing."""
    if not _begin(services, claimed.id, owner):
        return "lost"
    try:
        deliver(services, claimed.kind, claimed.payload)
    except NoLongerWanted:
        return _end(services, claimed.id, "cancelled")
    except NotYet:
        return _end(services, claimed.id, "pending", again=NOT_YET, error=None)
    except Again as later:
        return _end(services, claimed.id, "pending", again=later.after, error=str(later))
    except OutOfTurn as waiting:
        return _end(services, claimed.id, "pending", again=waiting.after, counted=False)
    except GivenUp as error:
        logger.warning("a delivery was given up", kind=claimed.kind, delivery=claimed.id)
        return _end(services, claimed.id, "failed", error=str(error))
    except CarrierError as error:
        return _refused(services, claimed, error)
    except Exception as error:
        logger.exception("a delivery failed", kind=claimed.kind, delivery=claimed.id)
        return _end(services, claimed.id, "failed", error=f"{type(error).__name__}: {error}")
    return _end(services, claimed.id, "sent")


def next_due(session: Session, queue: str) -> datetime | None:
    """Return when the next delivery of a queue is due."""
    return session.scalar(
        select(func.min(Outbox.not_before)).where(Outbox.queue == queue, Outbox.state == "pending")
    )


def _refused(services: Services, claimed: Claimed, error: CarrierError) -> str:
    logger.warning("the carrier refused", kind=claimed.kind, delivery=claimed.id, error=str(error))
    if error.unknown_outcome and claimed.kind in CREATES:
        return _end(services, claimed.id, "unknown", error=str(error))
    if error.retryable or error.unknown_outcome:
        return _end(services, claimed.id, "pending", again=AGAIN, error=str(error))
    return _end(services, claimed.id, "failed", error=str(error))


def _tidy(session: Session, queue: str, now: datetime) -> None:
    """Expire what is stale, take back what nobody began, and show people what may or may not have gone out."""
    mine = Outbox.queue == queue
    session.execute(
        update(Outbox)
        .where(mine, Outbox.state.in_(("pending", "leased")), Outbox.expires_at <= now)
        .values(state="expired")
    )
    session.execute(
        update(Outbox)
        .where(mine, Outbox.state == "leased", Outbox.lease_until <= now)
        .values(state="pending", lease_owner=None, lease_until=None)
    )
    lost = session.execute(
        update(Outbox)
        .where(mine, Outbox.state == "sending", Outbox.lease_until <= now)
        .values(state="unknown", error="the process died while sending")
        .returning(Outbox.id)
    ).all()
    for _ in lost:
        session.add(_alarm(now))


def _begin(services: Services, delivery_id: int, owner: str) -> bool:
    now = services.now()
    with services.database.writing() as session:
        begun = session.execute(
            update(Outbox)
            .where(
                Outbox.id == delivery_id,
                Outbox.state == "leased",
                Outbox.lease_owner == owner,
                Outbox.lease_until > now,
                or_(Outbox.expires_at.is_(None), Outbox.expires_at > now),
            )
            .values(state="sending", attempts=Outbox.attempts + 1, lease_until=now + LEASE)
            .returning(Outbox.id)
        )
        return begun.first() is not None


def _end(
    services: Services,
    delivery_id: int,
    state: str,
    *,
    again: timedelta | None = None,
    error: str | None = None,
    counted: bool = True,
) -> str:
    now = services.now()
    with unit_of_work(services.database, publish=services.publish) as session:
        row = session.scalars(select(Outbox).where(Outbox.id == delivery_id).with_for_update()).one()
        if row.state != "sending":
            return row.state
        if again is not None and row.attempts >= MOST_ATTEMPTS and error is not None:
            state = "failed"
        row.state, row.error = state, error
        row.attempts -= 0 if counted else 1
        row.lease_owner = row.lease_until = None
        if state == "sent":
            row.sent_at = now
        elif state == "pending":
            pause = PATIENT.get(row.kind) if error is not None else None
            row.not_before = now + (pause * 2 ** (row.attempts - 1) if pause else again or NOT_YET)
        elif state in ("unknown", "failed"):
            session.add(_alarm(now))
        return state


def _alarm(now: datetime) -> Notice:
    return Notice(
        at=now, kind="alarm", role=Role.SUPERVISOR.value, text="有一项外发操作没有确认结果，请人工核对"
    )
