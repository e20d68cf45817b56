"""Cases that an administrator makes up, tried on a draft or on what is in force; nothing of them is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dispatch.actors import MACHINE
from dispatch.errors import Invalid, NotFound
from dispatch.models.unions import Employer, Union
from dispatch.policy import Policy
from dispatch.routing import recommend
from dispatch.rules.deadlines import deadline
from dispatch.rules.routing import Ranking
from dispatch.rules.routing_rules import RuleBook
from dispatch.rules.sla_terms import CalendarKind, Target, Unit
from dispatch.tickets import ToldEmployer, open_ticket
from ivr_flows.model import Flow
from ivr_flows.trying import Walk

MOST_WORDS: Final = 60
"""Steps of one trial call."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A case as an administrator makes it up."""

    category: str
    region: str
    employer: str | None = None
    urgency: str | None = None
    headcount: int | None = None
    accused: Sequence[str] = ()
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Routed:
    """Where the case would go, and how urgent it is."""

    urgency: str
    urgency_reasons: Sequence[str]
    ranking: Ranking


def try_route(
    session: Session, trial: Trial, *, policy: Policy, at: datetime, book: RuleBook | None = None
) -> Routed:
    """Route a made-up ticket and roll the (writing) session back; raises Invalid and NotFound."""
    ticket = _opened(session, trial, policy=policy, at=at)
    ranking = recommend(session, ticket, policy=policy, now=at, book=book)
    routed = Routed(ticket.urgency, list(ticket.urgency_reasons), ranking)
    session.rollback()
    return routed


def _opened(session: Session, trial: Trial, *, policy: Policy, at: datetime) -> Any:
    known = None
    if trial.employer:
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
    return ticket


def _union(session: Session, code: str) -> int:
    found = session.scalar(select(Union.id).where(Union.code == code))
    if found is None:
        raise NotFound("union", code)
    return found


def try_deadline(policy: Policy, calendar: str, *, start: datetime, amount: int, unit: str) -> datetime:
    """Return when a time would be over that begins at `start` and counts on this calendar; raises Invalid."""
    if calendar not in policy.calendars:
        raise Invalid({"calendar": f"没有“{calendar}”这个日历"})
    chosen = policy.calendars[calendar]
    target = Target(amount, Unit(unit), CalendarKind.CENTRE)
    return deadline(
        target, start, centre=chosen, union=chosen, always=policy.calendars["always"], rostered=False
    ).due_at


@dataclass(frozen=True, slots=True)
class Heard:
    """A trial call so far: what was said on both sides, where it stands, and what can be done there."""

    lines: Sequence[str]
    node: str
    title: str
    keys: Mapping[str, str]
    """Keys that mean something here, with their labels."""
    ended: bool


def try_flow(flow: Flow, words: Sequence[str]) -> Heard:
    """Walk a flow by keys and words; `…` is silence."""
    trial = Walk(flow)
    lines = trial.begin()
    for word in words[:MOST_WORDS]:
        if trial.ended:
            break
        lines.append(f"诉求人：{word or '…'}")
        lines += trial.take(word)
    node = flow.nodes[trial.state.node]
    options = getattr(node, "options", {})
    return Heard(
        lines,
        node.id,
        node.title or node.id,
        {key: option.label or option.target for key, option in options.items()},
        trial.ended,
    )
