"""The hotline looks at itself: open tickets that nothing will remind anyone of, late steps, deliveries that are stuck."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.calendars import missing_years
from dispatch.models.clocks import Clock, Timer
from dispatch.models.history import Notice, Outbox
from dispatch.models.signals import AuditFinding
from dispatch.models.tickets import CentreList, Ticket
from dispatch.policy import Policy
from dispatch.receivers import ALARM
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, tell

LATE_STEP: Final = timedelta(minutes=2)
"""A ticker that is alive is never so late [docs/quality.md, promise 4]."""
STUCK: Final = timedelta(minutes=5)
MOST: Final = 200
"""Findings of a kind that are followed one by one; more of them are one disaster."""

NO_CLOCK, LATE, DELIVERY, YEAR = "no_live_clock", "late_step", "stuck_delivery", "missing_year"
DEAF: Final = "deaf_number"
"""Found by the synthetic call, which looks at its own times."""
KINDS: Final = (NO_CLOCK, LATE, DELIVERY, YEAR, DEAF)

_WORDS: Final[Mapping[str, str]] = {
    NO_CLOCK: "{count}张未办结工单没有任何时限在走，请立即处理：{keys}",
    LATE: "有{count}个到点的时限节点没有执行，请检查时钟进程",
    DELIVERY: "有{count}项外发超过5分钟没有送出，请检查外发进程",
    YEAR: "{keys}年放假安排尚未公布或补录，时限暂按周末休息计算，请系统管理员处理",
    DEAF: "号码{keys}的自检呼叫没有接通，来电可能打不进来，请检查运营商和线路",
}
_TOLD: Final[Mapping[str, tuple[Role, ...]]] = {
    NO_CLOCK: (Role.SUPERVISOR, Role.ADMINISTRATOR),
    LATE: (Role.SUPERVISOR, Role.ADMINISTRATOR),
    DELIVERY: (Role.SUPERVISOR, Role.ADMINISTRATOR),
    YEAR: (Role.SUPERVISOR, Role.ADMINISTRATOR),
    DEAF: (Role.SUPERVISOR, Role.ADMINISTRATOR),
}


def audit(session: Session, *, policy: Policy, now: datetime) -> dict[str, int]:
    """Look once and return how much of each kind is wrong; whatever is newly wrong alarms people, once."""
    found = {
        NO_CLOCK: _without_clock(session),
        LATE: _late_steps(session, now),
        DELIVERY: _stuck_deliveries(session, now),
        YEAR: [str(year) for year in missing_years(policy, now=now)],
    }
    for kind, keys in found.items():
        report(session, kind, keys, now=now)
    return {kind: len(keys) for kind, keys in found.items()}


def report(session: Session, kind: str, keys: list[str], *, now: datetime) -> None:
    """Take in what is wrong of one kind now; whatever is newly wrong alarms people, once."""
    fresh = _remember(session, kind, keys, now=now)
    if fresh:
        _alarm(session, kind, fresh, now=now)


def open_findings(session: Session) -> dict[str, int]:
    """Return how much of each kind was wrong when the hotline last looked."""
    rows = session.execute(
        select(AuditFinding.kind, func.count().label("found"))
        .where(AuditFinding.resolved_at.is_(None))
        .group_by(AuditFinding.kind)
    ).all()
    return dict.fromkeys(KINDS, 0) | {row.kind: row.found for row in rows}


def _without_clock(session: Session) -> list[str]:
    """Return numbers of open tickets on which no clock runs and none is paused for a recorded reason."""
    live = (
        select(Clock.id)
        .where(Clock.ticket_id == CentreList.ticket_id, Clock.state.in_(("running", "paused")))
        .correlate(CentreList)
    )
    query = (
        select(Ticket.number)
        .join(CentreList, CentreList.ticket_id == Ticket.id)
        .where(CentreList.bucket == "open", ~live.exists())
        .order_by(Ticket.id)
        .limit(MOST)
    )
    return list(session.scalars(query))


def _late_steps(session: Session, now: datetime) -> list[str]:
    query = (
        select(Timer.id)
        .join(Clock, Clock.id == Timer.clock_id)
        .where(Timer.fired_at.is_(None), Timer.due_at < now - LATE_STEP, Clock.state == "running")
        .order_by(Timer.due_at)
        .limit(MOST)
    )
    return [str(each) for each in session.scalars(query)]


def _stuck_deliveries(session: Session, now: datetime) -> list[str]:
    query = (
        select(Outbox.id)
        .where(
            Outbox.state.in_(("pending", "leased", "sending")),
            Outbox.not_before < now - STUCK,
            or_(Outbox.lease_until.is_(None), Outbox.lease_until < now),
        )
        .order_by(Outbox.not_before)
        .limit(MOST)
    )
    return [str(each) for each in session.scalars(query)]


def _remember(session: Session, kind: str, keys: list[str], *, now: datetime) -> list[str]:
    """Keep what is wrong, close what is right again, and return what is new; several processes may look at once."""
    known = set(
        session.scalars(
            select(AuditFinding.key).where(AuditFinding.kind == kind, AuditFinding.resolved_at.is_(None))
        )
    )
    gone = known - set(keys)
    if gone:
        session.execute(
            update(AuditFinding)
            .where(AuditFinding.kind == kind, AuditFinding.key.in_(gone), AuditFinding.resolved_at.is_(None))
            .values(resolved_at=now)
        )
    fresh = [key for key in keys if key not in known]
    if not fresh:
        return []
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(AuditFinding).values(
        [{"kind": kind, "key": key, "first_seen_at": now} for key in fresh]
    )
    made = session.execute(statement.on_conflict_do_nothing().returning(AuditFinding.key))
    return list(made.scalars())


def _alarm(session: Session, kind: str, fresh: list[str], *, now: datetime) -> None:
    shown = "、".join(fresh[:5]) + ("等" if len(fresh) > 5 else "")
    text = _WORDS[kind].format(count=len(fresh), keys=shown)
    for role in _TOLD[kind]:
        session.add(Notice(at=now, kind=ALARM, role=role.value, text=text[:300]))
    tell(session, Fact("notice", f"audit-{kind}", 1, now, ("centre",)))
