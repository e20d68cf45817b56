"""When a case takes longer or stops: the wait for the caller, legal procedures, extensions, an end unfinished."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from dispatch import clocks
from dispatch.clock_moves import assigners, is_petition
from dispatch.conditions import pending_extension, pending_termination, resolving
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.life import Termination
from dispatch.models.tickets import Extension, Handling
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.policy import CENTRE_CALENDAR
from dispatch.rules.roles import Role
from dispatch.rules.ticket_fields import TerminationReason
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.urgency import Difficulty
from dispatch.rules.working_time import SHANGHAI


def await_caller(move: Move) -> None:
    """Wait for what the caller must add, until a day within the policy; it ends by answer or by itself."""
    longest = clocks.planned(
        move.session,
        move.ticket,
        ClockKind.AWAIT_CALLER,
        union_id=move.need_handling().union_id,
        policy=move.policy,
        now=move.now,
    )
    due_at: datetime = move.data["due_at"]
    if due_at <= move.now:
        raise Invalid({"due_at": "期限须在当前时间之后"})
    if longest is not None and due_at > longest.due_at:
        local = longest.due_at.astimezone(SHANGHAI)
        raise Invalid({"due_at": f"最多等待5个工作日，最迟{local:%Y-%m-%d %H:%M}"})
    move.due[ClockKind.AWAIT_CALLER] = due_at


def suspend(move: Move) -> None:
    """Hold the deadline while a legal procedure runs; its own term of law is counted instead."""
    code = move.data["procedure"]
    term = next((each for each in move.policy.sla.statutory if each.code == code), None)
    if term is None:
        known = "、".join(each.label for each in move.policy.sla.statutory)
        raise Invalid({"procedure": f"没有这种法定程序，可选：{known}"})
    today = move.now.astimezone(SHANGHAI).date()
    begins_on: date = move.data.get("begins_on") or today
    if begins_on > today:
        raise Invalid({"begins_on": "起算日不能晚于今天"})
    last_day = term.last_day(begins_on, calendar=move.policy.calendar(CENTRE_CALENDAR))
    if last_day < today:
        raise Invalid({"begins_on": f"{term.label}已于{last_day}届满，不能据此挂起"})
    move.due[ClockKind.STATUTORY] = datetime.combine(last_day + timedelta(days=1), time(0), tzinfo=SHANGHAI)
    move.notes |= {"procedure_label": term.label, "source": term.source, "last_day": last_day.isoformat()}


def request_extension(move: Move) -> None:
    """Ask the dispatching level for more time, or for the time of a more difficult case."""
    handling, data = move.need_handling(), move.data
    if not data["caller_told"] and move.ticket.contact_mode != "anonymous":
        raise Invalid({"caller_told": "请先告知诉求人，再申请延期"})
    difficulty = data.get("difficulty")
    due_at = data["due_at"] if difficulty is None else _due_of_difficulty(move, handling, difficulty)
    now_due = _present_due(move, handling)
    if now_due is not None and due_at <= now_due:
        raise Invalid({"due_at" if difficulty is None else "difficulty": "新的期限须晚于现在的期限"})
    _within_law(move, due_at)
    move.session.add(
        Extension(
            ticket_id=move.ticket.id,
            handling_id=handling.id,
            at=move.now,
            by_id=move.need_user(),
            reason=data["reason"],
            due_at=due_at,
            difficulty=difficulty,
        )
    )
    above = assigners(move.session, handling)
    if above:
        move.tell("extension", "申请延期，请审批", union_id=above[0].union_id)
    else:
        move.tell("extension", "申请延期，请审批", role=Role.DISPATCHER)


def decide_extension(move: Move) -> None:
    """Grant or refuse what was asked; a grant moves the union's deadline, and the case's with it."""
    handling = move.need_handling()
    asked = pending_extension(move.session, handling)
    if asked is None:
        return
    if move.data["approved"]:
        _move_deadline(move, handling, asked)
    asked.decided_at, asked.decided_by_id = move.now, move.actor.user_id
    asked.granted, asked.decision_reason = bool(move.data["approved"]), move.data["reason"]
    verdict = "已同意延期" if asked.granted else "不同意延期"
    move.tell("extension", verdict, union_id=handling.union_id, user_id=handling.handler_id)


def _move_deadline(move: Move, handling: Handling, asked: Extension) -> None:
    due_at: datetime = move.data.get("due_at") or asked.due_at
    if due_at <= move.now:
        raise Invalid({"due_at": "期限须在当前时间之后"})
    _within_law(move, due_at)
    live = resolving(move.session, move.ticket, handling)
    if move.actor.of_union:
        _within_own(move, handling, due_at)
        # What one union allows another is between the two; the worker's deadline stands.
        live = [clock for clock in live if clock.handling_id == handling.id]
    asked.due_at = due_at
    if asked.difficulty is not None:
        move.ticket.difficulty = asked.difficulty
    moving = [clock for clock in live if clock.due_at is not None and clock.due_at < due_at]
    clocks.move(move.session, move.ticket, moving, due_at=due_at, policy=move.policy, now=move.now)
    move.notes["due_at"] = due_at.isoformat()


def terminate(move: Move) -> None:
    """Propose to end the case unfinished, or decide on the proposal."""
    handling, data = move.need_handling(), move.data
    if move.transition.outcome == "proposed":
        code = data["reason_code"]
        if code not in set(TerminationReason):
            raise Invalid({"reason_code": "没有这种终止原因"})
        earlier = pending_termination(move.session, handling)
        if earlier is not None:
            raise NotAllowed(move.command.value, "已提出终止办理，请等中心审核")
        move.session.add(
            Termination(
                ticket_id=move.ticket.id,
                handling_id=handling.id,
                at=move.now,
                by_id=move.need_user(),
                reason_code=code,
                reason=data["reason"],
                basis=data["basis"],
            )
        )
        move.notes["termination_reason"] = TerminationReason(code).label
        move.tell("termination", "工会提出终止办理，请审核", role=Role.DISPATCHER)
        return
    proposal = pending_termination(move.session, handling)
    if proposal is None:
        return
    proposal.decided_at, proposal.decided_by_id = move.now, move.actor.user_id
    proposal.approved, proposal.decision_reason = bool(data["approved"]), data["reason"]
    verdict = "同意终止办理" if proposal.approved else "不同意终止，请继续办理"
    move.tell("termination", verdict, union_id=handling.union_id)


def _present_due(move: Move, handling: Handling) -> datetime | None:
    own = [
        clock.due_at
        for clock in resolving(move.session, move.ticket, handling)
        if clock.due_at is not None and (clock.handling_id == handling.id or is_petition(move.ticket))
    ]
    return max(own, default=None)


def _due_of_difficulty(move: Move, handling: Handling, difficulty: str) -> datetime:
    """Return the deadline which this union would have had, had the case been called so at its dispatch."""
    if difficulty not in set(Difficulty) or is_petition(move.ticket):
        raise Invalid({"difficulty": "不在可选范围内"})
    before, move.ticket.difficulty = move.ticket.difficulty, difficulty
    try:
        with move.session.no_autoflush:
            goal = clocks.planned(
                move.session,
                move.ticket,
                ClockKind.RESOLVE,
                union_id=handling.union_id,
                policy=move.policy,
                now=handling.dispatched_at,
            )
    finally:
        move.ticket.difficulty = before
    if goal is None:
        raise Invalid({"difficulty": "这类工单没有办理时限"})
    return goal.due_at


def _within_law(move: Move, due_at: datetime) -> None:
    """A petition's 60 days may be extended once, by 30 [L: 信访工作条例 Art. 34]."""
    if not is_petition(move.ticket):
        return
    running = clocks.live(move.session, move.ticket.id, [ClockKind.PETITION])
    days = move.policy.sla.limits.petition_extension_d
    for clock in running:
        target = clocks.planned(
            move.session,
            move.ticket,
            ClockKind.PETITION,
            union_id=None,
            policy=move.policy,
            now=clock.started_at,
        )
        if target is not None and due_at > target.due_at + timedelta(days=days):
            raise Invalid({"due_at": f"信访事项延期不得超过{days}日"})
    if not running:
        raise NotAllowed(Command.REQUEST_EXTENSION.value, "信访事项只有办理期限可以延长")


def _within_own(move: Move, handling: Handling, due_at: datetime) -> None:
    """An assigner cannot give more time than it has itself."""
    above = assigners(move.session, handling)
    own = [
        clock
        for each in above[:1]
        for clock in clocks.live(move.session, move.ticket.id, [ClockKind.RESOLVE], handling_id=each.id)
        if clock.handling_id == each.id
    ]
    for clock in own:
        if clock.due_at is not None and due_at > clock.due_at:
            union = move.session.get_one(Union, above[0].union_id)
            local = clock.due_at.astimezone(SHANGHAI)
            raise Invalid({"due_at": f"不能晚于{union.name}自己的期限{local:%Y-%m-%d %H:%M}"})
