"""Explains on the terminal where a case would go; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from config.settings import Settings
from dispatch.actors import MACHINE
from dispatch.errors import NotFound
from dispatch.models.unions import Employer, Union
from dispatch.routing import recommend
from dispatch.rules.routing import Ranking
from dispatch.tickets import ToldEmployer, open_ticket
from hotline.wiring import database_of, keys_of, policy_of


@dataclass(frozen=True, slots=True)
class Trial:
    """A case as an administrator makes it up."""

    category: str
    region: str
    employer: str | None = None
    urgency: str | None = None
    headcount: int | None = None
    accused: tuple[str, ...] = ()
    consent: bool = False


def explain_route(settings: Settings, trial: Trial, at: datetime) -> Iterator[str]:
    """Yield the ranked unions for a case with the reasons; raises Invalid and NotFound."""
    database, policy = database_of(settings), policy_of(settings, keys_of(settings))
    try:
        with database.writing() as session:
            known = None
            if trial.employer is not None:
                by_name = or_(Employer.name == trial.employer, Employer.uscc == trial.employer.upper())
                known = session.scalar(select(Employer.id).where(by_name))
            told = ToldEmployer(employer_id=known, name="" if known else trial.employer or "")
            fields: dict[str, Any] = {"category": trial.category, "region_code": trial.region}
            fields |= {"urgency": trial.urgency} if trial.urgency else {}
            fields |= {"headcount": trial.headcount} if trial.headcount is not None else {}
            if trial.accused:
                fields["accused_union_ids"] = [_union(session, code) for code in trial.accused]
            ticket = open_ticket(
                session, MACHINE, channel="operator", policy=policy, now=at, fields=fields, employers=(told,)
            )
            ticket.recusal_waived = trial.consent
            session.flush()
            ranking = recommend(session, ticket, policy=policy, now=at)
            urgency, reasons = ticket.urgency, list(ticket.urgency_reasons)
            session.rollback()
    finally:
        database.dispose()
    yield f"紧急程度 {urgency}" + (f"：{'；'.join(reasons)}" if reasons else "")
    yield from _lines(ranking)


def _union(session: Any, code: str) -> int:
    found: int | None = session.scalar(select(Union.id).where(Union.code == code))
    if found is None:
        raise NotFound("union", code)
    return found


def _lines(ranking: Ranking) -> Iterator[str]:
    for place, found in enumerate(ranking.recommendations, start=1):
        yield f"{place}. {found.union_name}（{found.level_label}）：{'；'.join(found.reasons)}"
        if found.on_duty:
            yield f"   现在可接收：{'、'.join(found.on_duty)}"
    for out in ranking.excluded:
        yield f"排除 {out.union_name}：{out.reason}"
    for advice in ranking.advice:
        yield f"提示 {advice}"
    for proposal in ranking.proposals:
        if proposal.union_name:
            yield f"建议协办 {proposal.union_name}"
    if ranking.pool_reason:
        yield f"人工派单：{ranking.pool_reason}"
    if ranking.rules_version:
        yield f"规则版本 {ranking.rules_version}"
