"""Explains on the terminal where a case would go; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from config.settings import Settings
from dispatch.rules.routing import Ranking
from hotline.configuration.trying import Trial, try_route
from hotline.wiring import configuration_in_force, database_of, keys_of


def explain_route(settings: Settings, trial: Trial, at: datetime) -> Iterator[str]:
    """Yield the ranked unions for a case with the reasons; raises Invalid and NotFound."""
    database, keys = database_of(settings), keys_of(settings)
    try:
        with database.writing() as session:
            policy = configuration_in_force(settings, keys, session).policy
            routed = try_route(session, trial, policy=policy, at=at)
    finally:
        database.dispose()
    reasons = "；".join(routed.urgency_reasons)
    yield f"紧急程度 {routed.urgency}" + (f"：{reasons}" if reasons else "")
    yield from _lines(routed.ranking)


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
