"""The dispatch panel: ranked unions with their reasons, load, people on duty and deadlines, and what a union would see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.access import DISCLOSED, find_ticket
from dispatch.actors import Actor
from dispatch.clocks import planned
from dispatch.errors import Invalid
from dispatch.identity import CallerView, caller_views
from dispatch.models.tickets import TicketScope
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.routing import recommend
from dispatch.rules.masking import mask_text
from dispatch.rules.routing import ExcludedUnion, Proposal
from dispatch.rules.ticket_state import ClockKind
from dispatch.ticket_views import TicketLine, ticket_lines
from dispatch.union_turns import recusal_of

PEOPLE_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RecommendedUnion:
    """One union that may receive the ticket, with what a dispatcher weighs."""

    union_id: int
    union_name: str
    level: str
    level_label: str
    reasons: list[str]
    open_tickets: int
    on_duty: list[str]
    """People who can be reached there now: on call, at their posts, or standing in."""
    sign_due_at: datetime | None
    resolve_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RankingView:
    recommendations: list[RecommendedUnion]
    excluded: list[ExcludedUnion]
    pool_reason: str | None
    advice: list[str]
    proposals: list[Proposal]
    rules_version: str


@dataclass(frozen=True, slots=True)
class UnionPreview:
    """Exactly what a union will see; `withheld` names in Chinese what is kept back."""

    ticket: TicketLine
    text: str
    caller: CallerView | None
    withheld: list[str]


def ranked_unions(
    session: Session, actor: Actor, number: str, *, policy: Policy, now: datetime
) -> RankingView:
    """Return the unions to choose from; raises NotFound."""
    ticket = find_ticket(session, actor, number)
    ranking = recommend(session, ticket, policy=policy, now=now)
    ids = [each.union_id for each in ranking.recommendations]
    unions = {union.id: union for union in session.scalars(select(Union).where(Union.id.in_(ids)))}
    load = _load(session, ids)
    recommendations = []
    for each in ranking.recommendations:
        union = unions[each.union_id]
        sign, resolve = (
            planned(session, ticket, kind, union_id=union.id, policy=policy, now=now)
            for kind in (ClockKind.SIGN, ClockKind.RESOLVE)
        )
        recommendations.append(
            RecommendedUnion(
                union_id=union.id,
                union_name=union.name,
                level=each.level.value,
                level_label=each.level_label,
                reasons=list(each.reasons),
                open_tickets=load.get(union.id, 0),
                on_duty=list(each.on_duty[:PEOPLE_SHOWN]),
                sign_due_at=sign.due_at if sign is not None else None,
                resolve_due_at=resolve.due_at if resolve is not None else None,
            )
        )
    return RankingView(
        recommendations,
        list(ranking.excluded),
        ranking.pool_reason,
        list(ranking.advice),
        list(ranking.proposals),
        ranking.rules_version,
    )


def best_union(session: Session, actor: Actor, number: str, *, policy: Policy, now: datetime) -> int:
    """Return the union that is recommended first; raises NotFound, and Invalid where there is none to recommend."""
    ranking = recommend(session, find_ticket(session, actor, number), policy=policy, now=now)
    if not ranking.recommendations:
        raise Invalid({"union_id": ranking.pool_reason or "没有可推荐的工会"})
    return ranking.recommendations[0].union_id


def preview(
    session: Session, actor: Actor, number: str, union_id: int, *, policy: Policy, now: datetime
) -> UnionPreview:
    """Return what the union would see after the dispatch; raises NotFound, and Invalid for a recused union."""
    ticket = find_ticket(session, actor, number)
    union = session.get(Union, union_id)
    if union is None or union.closed_at is not None:
        raise Invalid({"union_id": "没有这个工会"})
    reason = recusal_of(session, ticket, union)
    if reason is not None:
        raise Invalid({"union_id": f"{union.name}须回避：{reason}，看不到此单"})
    (line,) = ticket_lines(session, actor, [ticket], policy=policy, now=now)
    disclosed = ticket.disclosure in DISCLOSED
    callers = caller_views(session, ticket, can_reveal=disclosed, relay_only=not disclosed)
    withheld = [] if disclosed else ["诉求人姓名", "诉求人电话（以工单联系号联系）"]
    if not disclosed and mask_text(ticket.text) != ticket.text:
        withheld.append("正文中的号码")
    return UnionPreview(
        ticket=line,
        text=ticket.text if disclosed else mask_text(ticket.text),
        caller=callers[0] if callers else None,
        withheld=[*withheld, "通话录音", "中心内部的查看记录"],
    )


def _load(session: Session, union_ids: list[int]) -> dict[int, int]:
    rows = session.execute(
        select(TicketScope.union_id, func.count())
        .where(
            TicketScope.union_id.in_(union_ids), TicketScope.bucket == "open", TicketScope.role == "handler"
        )
        .group_by(TicketScope.union_id)
    )
    return dict(list(rows))
