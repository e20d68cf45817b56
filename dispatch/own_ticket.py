"""What a caller sees of his own ticket on his page, and what he may do with it: the commands of the role `caller`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.actors import caller_of
from dispatch.commands import perform
from dispatch.conditions import scene_of
from dispatch.errors import WrongState
from dispatch.models.clocks import Clock
from dispatch.models.tickets import Report, Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.progress import expected_at, has_nudged_today, own_ticket
from dispatch.rules.masking import mask_text
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, Command, State, why_not
from dispatch.steps import Step, day_of, steps_of

GOOD_ENOUGH: Final = frozenset({"solved", "partly"})
"""Answers that close a case; anything else is a person's to decide, as by telephone."""


@dataclass(frozen=True, slots=True)
class OwnTicket:
    """One case as its caller sees it; of a sealed one only that it is there."""

    number: str
    """The ten digits."""
    sealed: bool
    state: str = ""
    headline: str = ""
    """Where it stands, in a sentence."""
    next: str = ""
    """What happens now, and what the caller may do."""
    union: str = ""
    expected_at: datetime | None = None
    answer_by: datetime | None = None
    """Until when the caller is asked to add something."""
    reply: str = ""
    steps: tuple[Step, ...] = ()
    commands: tuple[str, ...] = ()
    nudged_today: bool = False


def look_at(session: Session, ticket_id: int, *, policy: Policy, now: datetime) -> OwnTicket:
    """Return the case as its caller may see it now; raises NotFound."""
    ticket = session.get_one(Ticket, ticket_id)
    number = TicketNumber.parse(ticket.number).spoken
    if ticket.sealed:
        return OwnTicket(number, sealed=True)
    state = State(ticket.state)
    awaits = _answer_by(session, ticket) if state is State.AWAITING_CALLER else None
    union = session.scalar(select(Union.name).where(Union.id == ticket.lead_union_id)) or ""
    expected = expected_at(session, ticket)
    return OwnTicket(
        number,
        sealed=False,
        state=state.value,
        headline=_headline(state, union, expected),
        next=_next(state, awaits),
        union=union if state in OPEN_STATES or state is State.CLOSED else "",
        expected_at=expected,
        answer_by=awaits,
        reply=_reply(session, ticket),
        steps=steps_of(session, ticket),
        commands=_commands(session, ticket, policy=policy, now=now),
        nudged_today=has_nudged_today(session, ticket_id, now=now),
    )


def withdraw(session: Session, ticket_id: int, *, reason: str, policy: Policy, now: datetime) -> None:
    """Take the request back, in the caller's own words; raises NotFound, WrongState, Missing."""
    _perform(session, ticket_id, Command.WITHDRAW, {"reason": reason}, policy, now)


def rate(
    session: Session,
    ticket_id: int,
    *,
    solved: str,
    satisfied: str,
    text: str,
    money_received: bool | None,
    policy: Policy,
    now: datetime,
) -> bool:
    """Take the caller's own answer as his callback; False where a person must call him first. Raises NotFound, WrongState.

    As by telephone: what is not solved closes nothing.
    """
    ticket = own_ticket(session, ticket_id)
    if solved not in GOOD_ENOUGH or satisfied == "dissatisfied" or money_received is False:
        _refuse_unless(ticket, State.PENDING_CALLBACK, Command.RECORD_CALLBACK)
        said = {"solved": "已解决", "partly": "部分解决"}.get(solved, "没有解决")
        pleased = {"satisfied": "满意", "basically": "基本满意"}.get(satisfied, "不满意")
        money = "，款项没有收到" if money_received is False else ""
        words = f"诉求人在网上评价：{said}，{pleased}{money}。{text}".rstrip()
        _perform(session, ticket_id, Command.ADD_PROGRESS, {"text": words}, policy, now)
        return False
    data = {"reached": True, "solved": solved, "satisfied": satisfied, "money_received": money_received}
    words = f"诉求人在网上评价。{text}".strip()
    _perform(session, ticket_id, Command.RECORD_CALLBACK, {**data, "text": words}, policy, now)
    return True


def ask_again(session: Session, ticket_id: int, *, reason: str, policy: Policy, now: datetime) -> bool:
    """Ask that the case be handled anew; False where a person decides it after a call. Raises NotFound, WrongState.

    Of an answer the caller need only say that he disagrees; whether a union begins again is the centre's to decide.
    """
    ticket = own_ticket(session, ticket_id)
    if State(ticket.state) is State.ANSWERED:
        _perform(session, ticket_id, Command.REOPEN, {"reason": reason}, policy, now)
        return True
    _refuse_unless(ticket, State.PENDING_CALLBACK, Command.REOPEN)
    _perform(session, ticket_id, Command.ADD_PROGRESS, {"text": f"诉求人要求重新办理：{reason}"}, policy, now)
    return False


def _perform(
    session: Session, ticket_id: int, command: Command, data: Mapping[str, Any], policy: Policy, now: datetime
) -> Ticket:
    ticket = own_ticket(session, ticket_id)
    actor = caller_of(ticket_id)
    return perform(
        session, actor, ticket.number, command, data, version=ticket.version, policy=policy, now=now
    )


def _refuse_unless(ticket: Ticket, state: State, command: Command) -> None:
    if State(ticket.state) is not state:
        reason = f"现在“{State(ticket.state).label}”，不能{command.label}；如有新情况请拨打12351"
        raise WrongState(ticket.number, command.value, ticket.state, reason)


def _commands(session: Session, ticket: Ticket, *, policy: Policy, now: datetime) -> tuple[str, ...]:
    """Return what the state table lets the caller do, and what he may ask a person for."""
    scene = scene_of(session, caller_of(ticket.id), ticket, policy=policy, now=now)
    conditions = scene.holding()
    own = (
        Command.ADD_PROGRESS,
        Command.NUDGE,
        Command.RECORD_CALLBACK,
        Command.REOPEN,
        Command.WITHDRAW,
    )
    found = [each for each in own if why_not(scene.state, each, scene.role, conditions=conditions) is None]
    if scene.state is State.PENDING_CALLBACK:
        found.append(Command.REOPEN)
    return tuple(each.value for each in found)


def _answer_by(session: Session, ticket: Ticket) -> datetime | None:
    return session.scalar(
        select(Clock.due_at)
        .where(
            Clock.ticket_id == ticket.id,
            Clock.kind == ClockKind.AWAIT_CALLER.value,
            Clock.state == "running",
        )
        .order_by(Clock.id.desc())
        .limit(1)
    )


def _reply(session: Session, ticket: Ticket) -> str:
    """Return what the union answers, once the centre has passed it."""
    if ticket.state not in (State.PENDING_CALLBACK.value, State.CLOSED.value):
        return ""
    found = session.scalar(
        select(Report.reply_text)
        .where(Report.ticket_id == ticket.id, Report.approved.is_(True))
        .order_by(Report.id.desc())
        .limit(1)
    )
    return mask_text(found or "")


def _headline(state: State, union: str, expected: datetime | None) -> str:
    until = f"，预计{day_of(expected)}前答复您" if expected is not None else ""
    who = union or "工会"
    return {
        State.DRAFT: "12351已收到，等待话务员受理",
        State.PENDING_DISPATCH: "已受理，正在确定由哪个工会办理",
        State.DISPATCHED: f"已转{who}，等待签收{until}",
        State.RETURNED: "正在重新确定由哪个工会办理",
        State.IN_PROGRESS: f"{who}正在办理{until}",
        State.AWAITING_CALLER: f"{who}在等您补充材料",
        State.SUSPENDED: "等待法定程序的结果，办理期限暂停计算",
        State.REPORTED: "已办理，12351正在审核结果",
        State.PENDING_CALLBACK: "已办理，等您确认结果",
        State.REOPENED: "重新办理，正在确定由哪个工会办理",
        State.ANSWERED: "已答复您",
        State.DECLINED: "不属于工会受理范围",
        State.VOID: "已登记为无效来件",
        State.CLOSED: "已办结",
        State.TERMINATED: "已终止办理",
        State.MERGED: "已与同一件事的其他诉求合并办理",
        State.WITHDRAWN: "已撤回",
        State.ARCHIVED: "已办结",
    }[state]


def _next(state: State, answer_by: datetime | None) -> str:
    if state is State.AWAITING_CALLER:
        by = f"请在{day_of(answer_by)}前" if answer_by is not None else "请尽快"
        return f"{by}在下面补充情况或提交材料，补充后继续办理。"
    if state is State.PENDING_CALLBACK:
        return "请评价办理结果。没有解决的，可以要求重新办理，12351会给您打电话。"
    if state is State.ANSWERED:
        return "不同意这个答复，可以要求重新办理。"
    if state in OPEN_STATES:
        return "您可以随时补充情况和证据。着急可以催办，每天一次。"
    return "有新的情况，请拨打12351或再次提交诉求。"
