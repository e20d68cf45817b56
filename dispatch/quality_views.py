"""What inspectors, those they score and supervisors read of quality checks, each only what is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias, cast

from sqlalchemy import ColumnElement, Row, case, func, select, true
from sqlalchemy.orm import Session

from dispatch.access import can
from dispatch.actors import Actor
from dispatch.errors import NotAllowed, NotFound
from dispatch.models.people import User
from dispatch.models.quality import QualityAppeal, QualitySample, QualityScore
from dispatch.models.tickets import Ticket
from dispatch.quality import find_sample, had_a_hand, judgeable
from dispatch.rules.permissions import Action
from dispatch.rules.score_sheets import QualityPolicy
from dispatch.rules.working_time import SHANGHAI

SHOWN: Final = 100
Drawn: TypeAlias = Row[QualitySample, Ticket, str, QualityScore | None, QualityAppeal | None]
"""A sample with its ticket and the name of its subject; of score and appeal there may be none yet."""


@dataclass(frozen=True, slots=True)
class ScoreView:
    sheet: dict[str, Any]
    points: dict[str, Any]
    remarks: dict[str, Any]
    vetoes: dict[str, Any]
    remark: str
    given_total: int
    total: int
    vetoed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class AppealView:
    reason: str
    at: datetime
    upheld: bool | None
    decision: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class SampleView:
    """One drawn ticket with its score and appeal; whoever was scored is not told by whom."""

    id: int
    number: str
    category: str | None
    ticket_state: str
    subject: str
    state: str
    version: int
    ended_at: datetime
    drawn_at: datetime
    score: ScoreView | None
    appeal: AppealView | None
    inspector: str | None
    appeal_until: datetime | None
    may_score: bool = False
    may_appeal: bool = False
    may_decide: bool = False


@dataclass(frozen=True, slots=True)
class FiguresLine:
    """One person's scores of a period."""

    user_id: int
    name: str
    scored: int
    average: float
    vetoes: int
    appeals: int
    upheld: int


def samples(
    session: Session, actor: Actor, *, state: str | None, policy: QualityPolicy, now: datetime
) -> list[SampleView]:
    """Return what this inspector or supervisor may judge, what was drawn first first: at most a hundred."""
    _require(session, actor, Action.QUALITY_FIGURES)
    wanted = QualitySample.state == state if state is not None else true()
    fair = judgeable(actor) & ~had_a_hand(actor) & (QualitySample.subject_id != actor.user_id)
    return [_view(session, actor, row, policy=policy, now=now) for row in _rows(session, wanted & fair)]


def sample(
    session: Session, actor: Actor, sample_id: int, *, policy: QualityPolicy, now: datetime
) -> SampleView:
    """Return one drawn ticket to whoever may judge it, or to the person it is about once it is scored."""
    found = session.get(QualitySample, sample_id)
    is_subject = found is not None and found.subject_id == actor.user_id and found.state != "open"
    if not is_subject:
        if not can(session, actor, Action.QUALITY_FIGURES):
            raise NotFound("quality sample", sample_id)
        find_sample(session, actor, sample_id)
    row = _rows(session, QualitySample.id == sample_id)[0]
    return _view(session, actor, row, policy=policy, now=now)


def own_results(session: Session, actor: Actor, *, policy: QualityPolicy, now: datetime) -> list[SampleView]:
    """Return how one's own work was scored, the newest first; what is only drawn is not told."""
    _require(session, actor, Action.QUALITY_OWN)
    mine = (QualitySample.subject_id == actor.user_id) & (QualitySample.state != "open")
    rows = _rows(session, mine, newest_first=True)
    return [_view(session, actor, row, policy=policy, now=now) for row in rows]


def figures(session: Session, actor: Actor, *, first: date, last: date) -> list[FiguresLine]:
    """Return each person's figures over scores given on these days (Shanghai), the lowest average first."""
    _require(session, actor, Action.QUALITY_FIGURES)
    begin, end = (datetime.combine(day, time(), SHANGHAI) for day in (first, last + timedelta(days=1)))
    rows = session.execute(
        select(
            User.id,
            User.display_name,
            func.count(),
            func.sum(QualityScore.total),
            func.sum(case((QualityScore.vetoed, 1), else_=0)),
            func.count(QualityAppeal.sample_id),
            func.sum(case((QualityAppeal.upheld.is_(True), 1), else_=0)),
        )
        .join(QualitySample, QualitySample.subject_id == User.id)
        .join(QualityScore, QualityScore.sample_id == QualitySample.id)
        .outerjoin(QualityAppeal, QualityAppeal.sample_id == QualitySample.id)
        .where(QualityScore.at >= begin, QualityScore.at < end)
        .group_by(User.id, User.display_name)
    )
    lines = [
        FiguresLine(user_id, name, count, round(int(total) / count, 1), int(vetoes), appeals, int(upheld))
        for user_id, name, count, total, vetoes, appeals, upheld in rows
    ]
    return sorted(lines, key=lambda each: (each.average, each.user_id))


def _rows(session: Session, condition: ColumnElement[bool], *, newest_first: bool = False) -> Sequence[Drawn]:
    order = QualitySample.id.desc() if newest_first else QualitySample.id
    rows = session.execute(
        select(QualitySample, Ticket, User.display_name, QualityScore, QualityAppeal)
        .join(Ticket, Ticket.id == QualitySample.ticket_id)
        .join(User, User.id == QualitySample.subject_id)
        .outerjoin(QualityScore, QualityScore.sample_id == QualitySample.id)
        .outerjoin(QualityAppeal, QualityAppeal.sample_id == QualitySample.id)
        .where(condition)
        .order_by(order)
        .limit(SHOWN)
    ).all()
    # An outer join: the types know nothing of what may be missing.
    return cast("Sequence[Drawn]", rows)


def _view(session: Session, actor: Actor, row: Drawn, *, policy: QualityPolicy, now: datetime) -> SampleView:
    sample, ticket, subject, score, appeal = row
    is_subject = sample.subject_id == actor.user_id
    until = score.at + policy.appeal_for if score is not None else None
    view = SampleView(
        id=sample.id,
        number=ticket.number,
        category=ticket.category,
        ticket_state=ticket.state,
        subject=subject,
        state=sample.state,
        version=sample.version,
        ended_at=sample.ended_at,
        drawn_at=sample.drawn_at,
        score=_score(score),
        appeal=_appeal(appeal),
        inspector=None,
        appeal_until=until,
    )
    if is_subject:
        return replace(view, may_appeal=sample.state == "scored" and until is not None and now <= until)
    inspector = session.get(User, score.by_id) if score is not None else None
    return replace(
        view,
        inspector=inspector.display_name if inspector is not None else None,
        may_score=sample.state == "open" and can(session, actor, Action.QUALITY_SCORE),
        may_decide=sample.state == "appealed"
        and can(session, actor, Action.QUALITY_DECIDE)
        and score is not None
        and score.by_id != actor.user_id,
    )


def _score(row: QualityScore | None) -> ScoreView | None:
    if row is None:
        return None
    return ScoreView(
        sheet=row.sheet,
        points=row.points,
        remarks=row.remarks,
        vetoes=row.vetoes,
        remark=row.remark,
        given_total=row.given_total,
        total=row.total,
        vetoed=row.vetoed,
        at=row.at,
    )


def _appeal(row: QualityAppeal | None) -> AppealView | None:
    if row is None:
        return None
    return AppealView(row.reason, row.at, row.upheld, row.decision, row.decided_at)


def _require(session: Session, actor: Actor, action: Action) -> None:
    if not can(session, actor, action):
        raise NotAllowed(action.value, f"“{actor.role.label}”没有这项权限")
