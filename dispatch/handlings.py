"""To which union a ticket goes: recommended, dispatched, assigned down, returned, taken up a level, signed for."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import co_handlers
from dispatch.errors import Invalid, Missing, NotAllowed
from dispatch.models.tickets import Contact, Handling, Ticket, TicketReturn
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.policy import CENTRE_CALENDAR, UNION_CALENDAR, Policy
from dispatch.routing import recommend
from dispatch.rules.deadlines import deadline
from dispatch.rules.roles import Role
from dispatch.rules.sla import RETURN_WINDOW
from dispatch.rules.ticket_fields import ReturnReason
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.urgency import Difficulty, Urgency
from dispatch.scope import union_by_id
from dispatch.union_turns import begin, end_lead, receiver, union_named

FINAL_RETURN: Final = 2
"""The second decision on a returned ticket is final [docs/domain.md §4]."""


def may_return(
    session: Session, ticket: Ticket, handling: Handling, *, policy: Policy, now: datetime
) -> bool:
    """Whether the union may still return the ticket: in the window, or once shortly after signing."""
    if ticket.return_count >= FINAL_RETURN:
        return False
    target = policy.sla.target(
        RETURN_WINDOW, Urgency(ticket.urgency), Difficulty(ticket.difficulty), ticket.category
    )
    if target is None:
        return False
    own = union_by_id(session, handling.union_id)
    union = policy.calendar((own.calendar if own is not None else None) or UNION_CALENDAR)
    if handling.signed_at is not None:
        used = select(TicketReturn.id).where(
            TicketReturn.ticket_id == ticket.id, TicketReturn.evidence.is_not(None)
        )
        if session.scalar(used.limit(1)) is not None:
            return False
        return now <= union.add_working_days(handling.signed_at, policy.sla.limits.return_after_signing_wd)
    centre, always = policy.calendar(CENTRE_CALENDAR), policy.calendars["always"]
    return now <= deadline(target, handling.dispatched_at, centre=centre, union=union, always=always).due_at


def dispatch(move: Move) -> None:
    """Give the ticket to a union: the recommended one, or another with the reason for it; or to two at once."""
    if move.ticket.hard_case and move.ticket.leader_id is None:
        raise NotAllowed("dispatch", "疑难工单须先由带班领导指定包案领导")
    union = receiver(move, move.data["union_id"])
    ranking = recommend(move.session, move.ticket, policy=move.policy, now=move.now)
    move.notes["rules_version"] = ranking.rules_version
    chosen = next((each for each in ranking.recommendations if each.union_id == union.id), None)
    best = ranking.recommendations[0] if ranking.recommendations else None
    override = move.data.get("override_reason") or move.data.get("reason")
    if best is not None and best.union_id != union.id and not override:
        raise Missing("dispatch", {"override_reason": f"推荐的是{best.union_name}，改派其他工会请说明理由"})
    end_lead(move, reason="redispatched")
    if move.ticket.redo_count and not move.ticket.hard_case:
        move.percent = move.policy.sla.limits.reopen_percent
    reasons = list(chosen.reasons) if chosen is not None else ["人工指定"]
    begin(move, union, reasons=reasons, override=override if chosen is None or chosen is not best else None)
    for union_id in move.data.get("dual_dispatch") or ():
        co_handlers.join(move, union_id, reason="双派单")


def assign_down(move: Move) -> None:
    """Pass the ticket to a union below; the assigner stays accountable and reviews first."""
    handling = move.need_handling()
    union = receiver(move, move.data["union_id"])
    if handling.union_id not in union.ancestor_ids() or union.id == handling.union_id:
        raise Invalid({"union_id": f"{union.name}不是本会的下级工会"})
    due_at: datetime = move.data["due_at"]
    if due_at <= move.now:
        raise Invalid({"due_at": "期限须在当前时间之后"})
    handling.state = "assigned_down"
    move.due[ClockKind.RESOLVE] = due_at
    begun = begin(move, union, reasons=["上级工会下派"], override=None)
    begun.parent_handling_id = handling.id
    move.session.flush()


def return_ticket(move: Move) -> None:
    """Send the ticket back with reason, basis and the union that should have it; once signed for, with evidence."""
    handling = move.need_handling()
    suggested = union_named(move, move.data["union_id"])
    code = move.data["reason_code"]
    if code not in set(ReturnReason):
        raise Invalid({"reason_code": "没有这种退单原因"})
    move.session.add(
        TicketReturn(
            ticket_id=move.ticket.id,
            handling_id=handling.id,
            at=move.now,
            by_id=move.need_user(),
            reason_code=code,
            basis=move.data["basis"],
            evidence=move.data.get("evidence") if handling.signed_at is not None else None,
            suggested_union_id=suggested.id,
        )
    )
    move.ticket.return_count += 1
    move.notes |= {"suggested_union": suggested.name, "return_reason": ReturnReason(code).label}
    move.tell("returned", "已退单", role=Role.DISPATCHER)


def decide_objection(move: Move) -> None:
    """Uphold the return and dispatch elsewhere, or deny it; the second decision is final."""
    handling = move.need_handling()
    returned = _undecided(move)
    if returned is not None:
        returned.decided_at, returned.decided_by_id = move.now, move.actor.user_id
        returned.upheld, returned.decision_reason = bool(move.data["upheld"]), move.data["reason"]
    if move.ticket.return_count >= FINAL_RETURN:
        move.notes["final"] = True
    if not move.data["upheld"]:
        handling.state, handling.signed_at = "dispatched", None
        move.tell("dispatched", "退单异议不成立，请继续办理", union_id=handling.union_id)
        return
    union = receiver(move, move.data["union_id"])
    end_lead(move, reason="returned")
    begin(move, union, reasons=["退单异议成立，改派"], override=move.data["reason"])


def escalate_level(move: Move) -> None:
    """Take the case up to a union above the handling one (提级办理, 上代下); who had it keeps only the outcome."""
    handling = move.need_handling()
    below = move.session.get_one(Union, handling.union_id)
    union = receiver(move, move.data["union_id"])
    if union.id == below.id or union.id not in below.ancestor_ids():
        raise Invalid({"union_id": f"{union.name}不是{below.name}的上级工会"})
    returned = _undecided(move)
    if returned is not None:
        returned.decided_at, returned.decided_by_id = move.now, move.actor.user_id
        returned.decision_reason = "提级办理"
    # The worker's own clock, paused or not, is the one thing that goes on.
    move.tell("escalated", f"已提级至{union.name}", union_id=below.id)
    end_lead(move, reason="escalated")
    begin(move, union, reasons=["提级办理"], override=move.data["reason"])


def sign_for(move: Move) -> None:
    """Take the ticket on with a named handler and deputy; for P0 the centre records a signature by voice."""
    handling = move.need_handling()
    if move.actor.of_union:
        handler = move.colleague("handler_id", handling.union_id)
        deputy = move.colleague("deputy_id", handling.union_id)
        handling.handler_id, handling.deputy_id = handler.id, deputy.id
    handling.state, handling.signed_at = "signed", move.now


def record_contact(move: Move) -> None:
    """Record a first contact or a progress note."""
    at: datetime = move.data.get("at") or move.now
    if at > move.now:
        raise Invalid({"at": "时间不能晚于现在"})
    if move.role is Role.CALLER and move.handling is not None:
        # What a caller adds is read by whoever works on it, not found weeks later.
        handling = move.handling
        move.tell("caller_added", "诉求人补充了情况", union_id=handling.union_id, user_id=handling.handler_id)
    if move.handling is None or move.actor.user_id is None:
        return
    first = move.command is Command.RECORD_FIRST_CONTACT
    move.session.add(
        Contact(
            ticket_id=move.ticket.id,
            handling_id=move.handling.id,
            kind="first_contact" if first else "progress",
            at=at,
            recorded_at=move.now,
            by_id=move.actor.user_id,
            means=move.data.get("means"),
            outcome=move.data.get("outcome"),
            text=move.data.get("text") or "",
        )
    )


def _undecided(move: Move) -> TicketReturn | None:
    return move.session.scalars(
        select(TicketReturn)
        .where(TicketReturn.ticket_id == move.ticket.id, TicketReturn.decided_at.is_(None))
        .order_by(TicketReturn.id.desc())
    ).first()
