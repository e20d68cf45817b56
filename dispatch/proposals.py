"""What the ladder only proposes, a person decides: red cards and taking a ticket up a level, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.access import find_ticket, visible
from dispatch.actors import Actor
from dispatch.commands import perform
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, WrongState
from dispatch.escalation import ladder_step
from dispatch.models.clocks import Clock, StepProposal
from dispatch.models.history import Notice
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.receivers import LABELS, Surroundings
from dispatch.rules.roles import Role
from dispatch.rules.sla_terms import Step
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.tickets import log, require_version
from dispatch.unit_of_work import Fact, tell

DECIDING: Final = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One proposed step that waits for a person."""

    id: int
    ticket_number: str
    version: int
    """Of the ticket: what a decision must have seen."""
    clock_id: int
    clock: str
    step: str
    label: str
    at: datetime
    due_at: datetime | None


def open_proposals(session: Session, actor: Actor, *, limit: int = 100) -> list[ProposalLine]:
    """Return what waits for a decision on tickets that the actor may see, oldest first."""
    rows = session.execute(
        select(StepProposal, Clock, Ticket)
        .join(Clock, Clock.id == StepProposal.clock_id)
        .join(Ticket, Ticket.id == StepProposal.ticket_id)
        .where(StepProposal.state == "proposed", visible(actor))
        .order_by(StepProposal.at, StepProposal.id)
        .limit(limit)
    )
    return [
        ProposalLine(
            id=proposal.id,
            ticket_number=ticket.number,
            version=ticket.version,
            clock_id=clock.id,
            clock=ClockKind(clock.kind).label,
            step=proposal.step,
            label=Step(proposal.step).label,
            at=proposal.at,
            due_at=clock.due_at,
        )
        for proposal, clock, ticket in rows
    ]


def decide_proposal(
    session: Session,
    actor: Actor,
    number: str,
    proposal_id: int,
    *,
    confirmed: bool,
    reason: str,
    version: int,
    policy: Policy,
    now: datetime,
    union_id: int | None = None,
) -> Ticket:
    """Confirm or refuse a proposed step; raises NotFound, NotAllowed, Missing, VersionConflict, WrongState.

    A confirmed 提级办理 goes to `union_id`, or to the nearest union above that can receive.
    """
    ticket = find_ticket(session, actor, number, lock=True)
    proposal = session.get(StepProposal, proposal_id)
    if proposal is None or proposal.ticket_id != ticket.id:
        raise NotFound("proposal", proposal_id)
    if actor.role not in DECIDING:
        raise NotAllowed("decide_proposal", f"{Step(proposal.step).label}由值班长或带班领导决定")
    if not reason.strip():
        raise Missing("decide_proposal", {"reason": "请填写理由"})
    require_version(session, ticket, version)
    if proposal.state != "proposed":
        raise WrongState(number, "decide_proposal", ticket.state, _SETTLED[proposal.state])
    proposal.state = "confirmed" if confirmed else "refused"
    proposal.decided_at, proposal.decided_by_id = now, actor.user_id
    session.flush()
    if not confirmed:
        return _refuse(session, actor, ticket, proposal, reason=reason, now=now)
    if proposal.step == Step.ESCALATE_LEVEL.value:
        return _escalate(session, actor, ticket, proposal, union_id, reason=reason, policy=policy, now=now)
    return _give_red_card(session, actor, ticket, proposal, reason=reason, policy=policy, now=now)


def _refuse(
    session: Session, actor: Actor, ticket: Ticket, proposal: StepProposal, *, reason: str, now: datetime
) -> Ticket:
    clock = session.get_one(Clock, proposal.clock_id)
    ticket.version += 1
    kind = "CardRefused" if proposal.step == Step.RED_CARD.value else "EscalationRefused"
    label = ClockKind(clock.kind).label
    log(session, ticket, kind, by=actor.by, now=now, payload={"clock": label}, personal={"reason": reason})
    scope.rewrite(session, ticket, now=now)
    return ticket


def _give_red_card(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    proposal: StepProposal,
    *,
    reason: str,
    policy: Policy,
    now: datetime,
) -> Ticket:
    """From now on the union's head, its city and province know, and no extension is granted."""
    clock = session.get_one(Clock, proposal.clock_id)
    clock.card = "red"
    ticket.version += 1
    around = Surroundings(session, [ticket], province=policy.province)
    case = around.case(ticket, clock.handling_id)
    rung = ladder_step(policy, clock, ticket, Step.RED_CARD.value)
    told = [each for each in rung.who if around.receivers(case, each)]
    text = f"{ticket.number} {ClockKind(clock.kind).label}严重逾期，红牌"
    for receiver in dict.fromkeys(found for each in told for found in around.receivers(case, each)):
        session.add(
            Notice(
                at=now,
                kind="red_card",
                ticket_id=ticket.id,
                user_id=receiver.user_id,
                union_id=receiver.union_id,
                role=receiver.role.value if receiver.role is not None else None,
                text=text,
                step=Step.RED_CARD.value,
                clock_id=clock.id,
            )
        )
        tell(session, Fact("notice", ticket.number, ticket.version, now, around.rooms_of(receiver)))
    log(
        session,
        ticket,
        "CardConfirmed",
        by=actor.by,
        now=now,
        payload={"clock": ClockKind(clock.kind).label, "told": [LABELS[each] for each in told]},
        personal={"reason": reason},
    )
    scope.rewrite(session, ticket, now=now)
    return ticket


def _escalate(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    proposal: StepProposal,
    union_id: int | None,
    *,
    reason: str,
    policy: Policy,
    now: datetime,
) -> Ticket:
    if union_id is None:
        clock = session.get_one(Clock, proposal.clock_id)
        around = Surroundings(session, [ticket], province=policy.province)
        above = around.above(around.case(ticket, clock.handling_id))
        able = [union.id for union in above if union.can_receive and union.closed_at is None]
        if not able:
            raise Invalid({"union_id": "没有可以接手的上级工会，请指定"})
        union_id = able[0]
    data = {"union_id": union_id, "reason": reason}
    return perform(
        session,
        actor,
        ticket.number,
        Command.ESCALATE_LEVEL,
        data,
        version=ticket.version,
        policy=policy,
        now=now,
    )


_SETTLED: Final = {
    "confirmed": "已经确认过",
    "refused": "已经决定不予采纳",
    "lapsed": "时限已经停止，不必再决定",
}
