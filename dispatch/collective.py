"""Collective requests: what the hotline proposes as one case, a person confirms or dismisses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import scope
from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ADMINISTRATION, record
from dispatch.models.signals import GroupSignal, GroupSignalTicket
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.rules.priority import assess
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES
from dispatch.rules.urgency import Urgency
from dispatch.signals import OF_GROUP
from dispatch.statutes import restart_clocks
from dispatch.tickets import ToldEmployer, log, open_ticket

MAY_DECIDE: Final = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.DUTY_LEADER})
STATES: Final = ("proposed", "confirmed", "dismissed")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal; `tickets` are those which the reader may see."""

    id: int
    version: int
    state: str
    employer_name: str
    region_code: str | None
    at: datetime
    callers: int
    headcount: int
    reason: str
    tickets: list[str]
    collective_number: str | None
    warned_at: datetime | None
    decided_at: datetime | None


def signals(
    session: Session,
    actor: Actor,
    *,
    policy: Policy,
    state: str = "proposed",
    before: int | None = None,
    limit: int = 50,
) -> list[SignalLine]:
    """Return signals, newest first; `before` is the id of the last one of the page before."""
    query = (
        select(GroupSignal)
        .where(GroupSignal.state == state)
        .order_by(GroupSignal.id.desc())
        .limit(max(1, min(limit, 200)))
    )
    if before is not None:
        query = query.where(GroupSignal.id < before)
    return [_line(session, actor, each, policy) for each in session.scalars(query).all()]


def signal(session: Session, actor: Actor, signal_id: int, *, policy: Policy) -> SignalLine:
    """Return one signal; raises NotFound."""
    return _line(session, actor, _find(session, signal_id), policy)


def confirm(
    session: Session,
    actor: Actor,
    signal_id: int,
    *,
    reason: str,
    version: int,
    policy: Policy,
    now: datetime,
) -> Ticket:
    """Make one collective request of the signal's tickets and return it.

    Each ticket keeps its own life and its caller's callback. Raises NotFound, NotAllowed, Missing, VersionConflict,
    WrongState.
    """
    found = _decidable(session, actor, signal_id, reason=reason, version=version)
    members = _members(session, actor, found)
    if not members:
        raise WrongState(str(signal_id), "confirm", found.state, "其中的工单都已办结，没有可归集的")
    if found.collective_id is None:
        found.collective_id = _open_collective(session, actor, found, members, policy=policy, now=now).id
    collective = session.get_one(Ticket, found.collective_id)
    headcount = max(found.headcount, collective.headcount or 0)
    for ticket in members:
        _link(session, actor, ticket, collective, headcount, policy=policy, now=now)
    _decide(session, actor, found, "confirmed", reason=reason, now=now)
    return collective


def dismiss(
    session: Session, actor: Actor, signal_id: int, *, reason: str, version: int, now: datetime
) -> None:
    """Say that these are separate cases; what comes in later is looked at afresh. Raises as `confirm` does."""
    found = _decidable(session, actor, signal_id, reason=reason, version=version)
    _decide(session, actor, found, "dismissed", reason=reason, now=now)


def _find(session: Session, signal_id: int, *, lock: bool = False) -> GroupSignal:
    query = select(GroupSignal).where(GroupSignal.id == signal_id)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("group_signal", signal_id)
    return found


def _decidable(session: Session, actor: Actor, signal_id: int, *, reason: str, version: int) -> GroupSignal:
    found = _find(session, signal_id, lock=True)
    if actor.role not in MAY_DECIDE:
        raise NotAllowed("decide_signal", "群体诉求由派单员、值班长或带班领导确认")
    if not reason.strip():
        raise Missing("decide_signal", {"reason": "请填写理由"})
    if found.version != version:
        raise VersionConflict(
            str(signal_id), version, found.version, {"callers": found.callers, "headcount": found.headcount}
        )
    if found.state != "proposed":
        said = "已经确认过" if found.state == "confirmed" else "已经排除"
        raise WrongState(str(signal_id), "decide_signal", found.state, said)
    return found


def _decide(
    session: Session, actor: Actor, found: GroupSignal, state: str, *, reason: str, now: datetime
) -> None:
    found.state, found.decided_at, found.decided_by_id = state, now, actor.user_id
    found.version += 1
    record(
        session,
        "GroupSignalConfirmed" if state == "confirmed" else "GroupSignalDismissed",
        stream=ADMINISTRATION,
        by=actor.by,
        now=now,
        payload={"signal": found.id, "callers": found.callers, "headcount": found.headcount},
        personal={"reason": reason, "employer": found.employer_name},
    )
    session.flush()


def _members(session: Session, actor: Actor, found: GroupSignal) -> list[Ticket]:
    """Lock the signal's open tickets that the actor may see; one that belongs to another already stays there."""
    query = (
        select(Ticket)
        .join(GroupSignalTicket, GroupSignalTicket.ticket_id == Ticket.id)
        .where(
            GroupSignalTicket.signal_id == found.id,
            Ticket.state.in_([state.value for state in OPEN_STATES]),
            Ticket.sealed.is_(False),
            Ticket.parent_id.is_(None),
            visible(actor),
        )
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _open_collective(
    session: Session,
    actor: Actor,
    found: GroupSignal,
    members: Sequence[Ticket],
    *,
    policy: Policy,
    now: datetime,
) -> Ticket:
    categories = Counter(ticket.category for ticket in members if ticket.category)
    regions = Counter(ticket.region_code for ticket in members if ticket.region_code)
    fields: dict[str, Any] = {
        "category": categories.most_common(1)[0][0] if categories else None,
        "region_code": regions.most_common(1)[0][0] if regions else found.region_code,
        "headcount": found.headcount,
        "wish": f"{OF_GROUP}：{found.callers}人来电反映"[:300],
        "text": f"由{len(members)}张工单归集：" + "、".join(ticket.number for ticket in members),
        "confidentiality": "confidential",
        "disclosure": "none",
        "contact_mode": "query_code",
        # Every caller is called back on his own ticket.
        "callback_wanted": False,
    }
    told = ToldEmployer(employer_id=found.employer_id, name="" if found.employer_id else found.employer_name)
    return open_ticket(
        session, actor, channel="operator", policy=policy, now=now, fields=fields, employers=(told,)
    )


def _link(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    collective: Ticket,
    headcount: int,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    ticket.parent_id, ticket.relation = collective.id, "collective"
    category = policy.category(ticket.category)
    raised = assess([category] if category else [], limits=policy.sla.limits, headcount=headcount)
    before = Urgency(ticket.urgency)
    if raised.urgency.rank < before.rank:
        ticket.urgency = ticket.urgency_chosen = raised.urgency.value
        said = f"{OF_GROUP}涉及{headcount}人 → {raised.urgency.value}"
        ticket.urgency_reasons = [*ticket.urgency_reasons, said]
        restart_clocks(session, ticket, policy=policy, now=now)
    ticket.version += 1
    log(
        session,
        ticket,
        "CollectiveLinked",
        by=actor.by,
        now=now,
        payload={"collective": collective.number, "urgency": ticket.urgency, "before": before.value},
    )
    scope.rewrite(session, ticket, now=now)


def _line(session: Session, actor: Actor, found: GroupSignal, policy: Policy) -> SignalLine:
    numbers = session.scalars(
        select(Ticket.number)
        .join(GroupSignalTicket, GroupSignalTicket.ticket_id == Ticket.id)
        .where(GroupSignalTicket.signal_id == found.id, visible(actor))
        .order_by(Ticket.id)
    ).all()
    collective = session.scalar(select(Ticket.number).where(Ticket.id == found.collective_id, visible(actor)))
    days = policy.sla.limits.group_days
    reason = f"{days}天内{found.callers}个不同号码来电反映同一用人单位"
    if found.headcount > found.callers:
        reason += f"，自述涉及{found.headcount}人"
    if collective is not None and found.state == "proposed":
        reason += f"；已有群体诉求{collective}，建议并入"
    return SignalLine(
        id=found.id,
        version=found.version,
        state=found.state,
        employer_name=found.employer_name,
        region_code=found.region_code,
        at=found.at,
        callers=found.callers,
        headcount=found.headcount,
        reason=reason,
        tickets=list(numbers),
        collective_number=collective,
        warned_at=found.warned_at,
        decided_at=found.decided_at,
    )
