"""What waits for a person: proposed cards and escalations, possible collective requests, notices."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from agent_console.api.clock_schemas import (
    NoticeOut,
    NoticePage,
    NoticesSeen,
    ProposalDecision,
    ProposalOut,
    SignalDecision,
    SignalOut,
)
from agent_console.api.schemas import TicketOut
from agent_console.api.shapes import ticket_out
from agent_console.permissions import Action, Visit, requires
from dispatch import collective, proposals
from dispatch.notices import mark_seen, notices, unseen

router = APIRouter(prefix="/api", tags=["watch"])
Decider = Annotated[Visit, requires(Action.PROPOSAL_DECIDE)]
SignalReader = Annotated[Visit, requires(Action.SIGNAL_READ)]
SignalDecider = Annotated[Visit, requires(Action.SIGNAL_DECIDE)]
NoticeReader = Annotated[Visit, requires(Action.NOTICE_READ)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]
Before = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("/proposals")
def waiting(visit: Decider) -> list[ProposalOut]:
    """Return the red cards and escalations that the ladder proposes, oldest first."""
    with visit.reading() as session:
        found = proposals.open_proposals(session, visit.actor)
    return [ProposalOut.model_validate(each) for each in found]


@router.post("/tickets/{number}/proposals/{id}/confirm")
def confirm_proposal(number: str, proposal_id: Id, given: ProposalDecision, visit: Decider) -> TicketOut:
    """Give the card, or take the ticket up a level."""
    return _decide(number, proposal_id, given, visit, confirmed=True)


@router.post("/tickets/{number}/proposals/{id}/refuse")
def refuse_proposal(number: str, proposal_id: Id, given: ProposalDecision, visit: Decider) -> TicketOut:
    """Leave it be, with the reason on record."""
    return _decide(number, proposal_id, given, visit, confirmed=False)


@router.get("/group-signals")
def group_signals(
    visit: SignalReader,
    state: Literal["proposed", "confirmed", "dismissed"] = "proposed",
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[SignalOut]:
    """Return possible collective requests, newest first."""
    with visit.reading() as session:
        found = collective.signals(
            session, visit.actor, policy=visit.services.policy, state=state, before=before, limit=limit
        )
    return [SignalOut.model_validate(each) for each in found]


@router.post("/group-signals/{id}/confirm")
def confirm_signal(signal_id: Id, given: SignalDecision, visit: SignalDecider) -> SignalOut:
    """Make one collective request of its tickets; each keeps its own life."""
    with visit.writing() as session:
        collective.confirm(
            session,
            visit.actor,
            signal_id,
            reason=given.reason,
            version=given.version,
            policy=visit.services.policy,
            now=visit.now,
        )
    return _signal(signal_id, visit)


@router.post("/group-signals/{id}/dismiss")
def dismiss_signal(signal_id: Id, given: SignalDecision, visit: SignalDecider) -> SignalOut:
    """Say that these are separate cases."""
    with visit.writing() as session:
        collective.dismiss(
            session, visit.actor, signal_id, reason=given.reason, version=given.version, now=visit.now
        )
    return _signal(signal_id, visit)


@router.get("/notices")
def my_notices(
    visit: NoticeReader,
    unseen_only: bool = False,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NoticePage:
    """Return what the reader, his post or his union should know, newest first."""
    with visit.reading() as session:
        found = notices(session, visit.actor, unseen_only=unseen_only, before=before, limit=limit)
        waiting_now = unseen(session, visit.actor)
    return NoticePage(items=[NoticeOut.model_validate(each) for each in found], unseen=waiting_now)


@router.post("/notices/seen")
def notices_seen(given: NoticesSeen, visit: NoticeReader) -> NoticePage:
    """Mark notices as seen; others than the reader's own are left as they are."""
    with visit.writing() as session:
        mark_seen(session, visit.actor, given.ids, now=visit.now)
    return my_notices(visit)


def _decide(
    number: str, proposal_id: int, given: ProposalDecision, visit: Visit, *, confirmed: bool
) -> TicketOut:
    with visit.writing() as session:
        ticket = proposals.decide_proposal(
            session,
            visit.actor,
            number,
            proposal_id,
            confirmed=confirmed,
            reason=given.reason,
            union_id=given.union_id,
            version=given.version,
            policy=visit.services.policy,
            now=visit.now,
        )
    return ticket_out(visit, ticket)


def _signal(signal_id: int, visit: Visit) -> SignalOut:
    with visit.reading() as session:
        found = collective.signal(session, visit.actor, signal_id, policy=visit.services.policy)
    return SignalOut.model_validate(found)
