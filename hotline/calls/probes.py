"""The synthetic call: planned once an interval for each number, proven by keys that come through, else an alarm."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.rules.policy import Fields, PolicyError
from dispatch.self_audit import DEAF, report
from hotline.calls.probe_models import LineFault, LineProbe

KEPT: Final = timedelta(days=30)
DIGITS: Final = 6
NOT_DIALLED: Final = "运营商没有接受呼叫"
NOT_ANSWERED: Final = "本系统没有接到来电"
NOT_HEARD: Final = "接通了，但听不到对方的声音"


@dataclass(frozen=True, slots=True)
class ProbePolicy:
    """Whether and how often each number is proven (config/probe.yaml)."""

    enabled: bool
    every: timedelta
    within: timedelta

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> ProbePolicy:
        """Read the content of probe.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("enabled", "every_s", "within_s", "source"))
        top.text("source")
        every_s, within_s = top.number("every_s", least=60), top.number("within_s", least=5)
        if within_s >= every_s:
            raise PolicyError("须短于 every_s", where=("within_s",))
        return cls(
            enabled=top.flag("enabled", default=True),
            every=timedelta(seconds=every_s),
            within=timedelta(seconds=within_s),
        )


def plan(session: Session, number: str, *, policy: ProbePolicy, now: datetime) -> LineProbe | None:
    """Write down the synthetic call of this interval; None when somebody has."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(LineProbe)
        .values(
            number=number,
            slot=int(now.timestamp() // policy.every.total_seconds()),
            code=f"{secrets.randbelow(10**DIGITS):0{DIGITS}}",
            started_at=now,
        )
        .on_conflict_do_nothing(index_elements=["number", "slot"])
        .returning(LineProbe.id)
    )
    made = session.execute(statement).scalar()
    return session.get_one(LineProbe, made) if made is not None else None


def answered(
    session: Session, number: str, sid: str, *, within: timedelta, now: datetime
) -> LineProbe | None:
    """Take a call from our own number for the synthetic one that is under way; None for anybody else's."""
    probe = session.scalar(
        select(LineProbe)
        .where(
            LineProbe.number == number,
            LineProbe.started_at > now - within,
            LineProbe.failed_at.is_(None),
            or_(LineProbe.in_sid.is_(None), LineProbe.in_sid == sid),
        )
        .order_by(LineProbe.id.desc())
        .limit(1)
        .with_for_update()
    )
    if probe is None:
        return None
    probe.in_sid = sid
    probe.answered_at = probe.answered_at or now
    return probe


def heard(session: Session, probe_id: int, sid: str, keys: str, *, now: datetime) -> bool:
    """Take in what the answering end heard; True when these were the keys that were sent."""
    proven = session.execute(
        update(LineProbe)
        .where(
            LineProbe.id == probe_id,
            LineProbe.in_sid == sid,
            LineProbe.code == keys,
            LineProbe.heard_at.is_(None),
            LineProbe.failed_at.is_(None),
        )
        .values(heard_at=now)
        .returning(LineProbe.id)
    )
    return proven.first() is not None


def is_probe(session: Session, sid: str) -> bool:
    """Whether this telephone belongs to a synthetic call, so that nobody takes it for a caller."""
    query = select(LineProbe.id).where(or_(LineProbe.in_sid == sid, LineProbe.out_sid == sid))
    return session.scalar(query.limit(1)) is not None


def fail(session: Session, probe_id: int, reason: str, *, now: datetime) -> None:
    """A synthetic call that could not be made; one that has ended is left alone."""
    session.execute(
        update(LineProbe)
        .where(LineProbe.id == probe_id, LineProbe.heard_at.is_(None), LineProbe.failed_at.is_(None))
        .values(failed_at=now, reason=reason[:200])
    )


def settle(session: Session, numbers: Sequence[str], *, policy: ProbePolicy, now: datetime) -> list[str]:
    """Fail what took too long, alarm for each number that is newly deaf, and return all that are."""
    open_ = (
        LineProbe.heard_at.is_(None),
        LineProbe.failed_at.is_(None),
        LineProbe.started_at <= now - policy.within,
    )
    for seen, reason in ((LineProbe.answered_at.is_(None), NOT_ANSWERED), (True, NOT_HEARD)):
        condition = (*open_, seen) if seen is not True else open_
        session.execute(update(LineProbe).where(*condition).values(failed_at=now, reason=reason))
    session.execute(delete(LineProbe).where(LineProbe.started_at < now - KEPT))
    session.execute(delete(LineFault).where(LineFault.at < now - KEPT))
    deaf = [number for number in numbers if (last := last_settled(session, number)) and last.failed_at]
    report(session, DEAF, deaf, now=now)
    return deaf


def last_settled(session: Session, number: str) -> LineProbe | None:
    """Return the newest synthetic call to a number that is proven or has failed."""
    return session.scalar(
        select(LineProbe)
        .where(
            LineProbe.number == number, or_(LineProbe.heard_at.is_not(None), LineProbe.failed_at.is_not(None))
        )
        .order_by(LineProbe.id.desc())
        .limit(1)
    )
