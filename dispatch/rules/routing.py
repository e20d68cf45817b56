"""Which union receives a ticket: ranked, with the reasons in Chinese, never a recused one, never nobody without a reason."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.rules.recusal import UnionView
from dispatch.rules.routing_case import (
    DistrictView,
    ExcludedUnion,
    Proposal,
    ProposalKind,
    Ranking,
    Recommendation,
    RoutingCase,
)
from dispatch.rules.routing_rules import DispatchMode, RoutingRule
from dispatch.rules.routing_search import Search, candidate_region_codes, matching_rules

__all__ = [
    "DispatchMode",
    "DistrictView",
    "ExcludedUnion",
    "Proposal",
    "ProposalKind",
    "Ranking",
    "Recommendation",
    "RoutingCase",
    "candidate_region_codes",
    "matching_rules",
    "rank",
]


def rank(case: RoutingCase, candidates: Iterable[UnionView], rules: Iterable[RoutingRule]) -> Ranking:
    """Return who should receive the case.

    `candidates` are the unions of `candidate_region_codes`, the employers' own unions and those of their groups, the
    accused, the union of the court district, the unions that rules name, and all of their ancestors.
    """
    if case.category.never_dispatch:
        return Ranking((), (), f"“{case.category.name}”由中心答复、预约或转介，不派单")
    place = case.place
    # A complaint about our own is ours, wherever it happened.
    abroad = case.home_province and place and not place.startswith(case.home_province)
    if abroad and not case.accuses_us:
        reason = f"事发地在外省（{place[:2]}），请建子工单转当地12351"
        return Ranking((), (), reason, proposals=(Proposal(ProposalKind.CHILD_TICKET, place[:2], reason),))
    return Search(case, candidates).run(rules)
