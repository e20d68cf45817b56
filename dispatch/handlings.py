"""A union's turn at a ticket: recommended, dispatched, signed for, worked on, returned, reported, reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import clocks
from dispatch.errors import Invalid, Missing, NotAllowed
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import Contact, Handling, Report, Ticket, TicketReturn
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.policy import CENTRE_CALENDAR, UNION_CALENDAR, Policy
from dispatch.routing import recommend
from dispatch.rules.deadlines import deadline
from dispatch.rules.recusal import recused
from dispatch.rules.sla import RETURN_WINDOW
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.urgency import Difficulty, Urgency
from dispatch.scope import corporate_of, employers_of, union_by_id, view_of

FINAL_RETURN = 2
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
        return now <= union.add_working_days(handling.signed_at, policy.sla.limits.return_after_signing_wd)
    centre, always = policy.calendar(CENTRE_CALENDAR), policy.calendars["always"]
    return now <= deadline(target, handling.dispatched_at, centre=centre, union=union, always=always).due_at


def dispatch(move: Move) -> None:
    """Give the ticket to a union: the recommended one, or another with the reason for it."""
    union = _receiver(move)
    ranking = recommend(move.session, move.ticket, policy=move.policy, now=move.now)
    move.notes["rules_version"] = ranking.rules_version
    chosen = next((each for each in ranking.recommendations if each.union_id == union.id), None)
    best = ranking.recommendations[0] if ranking.recommendations else None
    override = move.data.get("override_reason") or move.data.get("reason")
    if best is not None and best.union_id != union.id and not override:
        raise Missing("dispatch", {"override_reason": f"推荐的是{best.union_name}，改派其他工会请说明理由"})
    end_all(move, reason="redispatched")
    if move.ticket.redo_count:
        move.percent = move.policy.sla.limits.reopen_percent
    reasons = list(chosen.reasons) if chosen is not None else ["人工指定"]
    _begin(move, union, reasons=reasons, override=override if chosen is None or chosen is not best else None)


def assign_down(move: Move) -> None:
    """Pass the ticket to a union below; the assigner stays accountable and reviews first."""
    handling = move.need_handling()
    union = _receiver(move)
    if handling.union_id not in union.ancestor_ids() or union.id == handling.union_id:
        raise Invalid({"union_id": f"{union.name}不是本会的下级工会"})
    due_at: datetime = move.data["due_at"]
    if due_at <= move.now:
        raise Invalid({"due_at": "期限须在当前时间之后"})
    handling.state = "assigned_down"
    move.sub_deadline = due_at
    begun = _begin(move, union, reasons=["上级工会下派"], override=None)
    begun.parent_handling_id = handling.id
    move.session.flush()


def return_ticket(move: Move) -> None:
    """Send the ticket back with reason, basis and the union that should have it."""
    handling = move.need_handling()
    suggested = _union(move, move.data["union_id"])
    move.session.add(
        TicketReturn(
            ticket_id=move.ticket.id,
            handling_id=handling.id,
            at=move.now,
            by_id=_user(move),
            reason_code=move.data["reason_code"],
            basis=move.data["basis"],
            suggested_union_id=suggested.id,
        )
    )
    move.ticket.return_count += 1
    move.notes["suggested_union"] = suggested.name
    _notify(move, "returned", f"{move.ticket.number} 已退单", role="dispatcher")


def decide_objection(move: Move) -> None:
    """Uphold the return and dispatch elsewhere, or deny it; the union's window does not open again."""
    handling = move.need_handling()
    returned = move.session.scalars(
        select(TicketReturn)
        .where(TicketReturn.ticket_id == move.ticket.id, TicketReturn.decided_at.is_(None))
        .order_by(TicketReturn.id.desc())
    ).first()
    if returned is not None:
        returned.decided_at, returned.decided_by_id = move.now, move.actor.user_id
        returned.upheld, returned.decision_reason = bool(move.data["upheld"]), move.data["reason"]
    if not move.data["upheld"]:
        handling.state, handling.signed_at = "dispatched", None
        _notify(
            move, "dispatched", f"{move.ticket.number} 退单异议不成立，请继续办理", union_id=handling.union_id
        )
        return
    union = _receiver(move)
    end_all(move, reason="returned")
    _begin(move, union, reasons=["退单异议成立，改派"], override=move.data["reason"])


def sign_for(move: Move) -> None:
    """Take the ticket on with a named handler and deputy; for P0 the centre records a signature by voice."""
    handling = move.need_handling()
    if move.actor.of_union:
        people = {}
        for name in ("handler_id", "deputy_id"):
            user = move.session.get(User, move.data[name])
            if user is None or user.union_id != handling.union_id or user.disabled_at is not None:
                raise Invalid({name: "须是本会的在用账号"})
            people[name] = user
        handling.handler_id, handling.deputy_id = people["handler_id"].id, people["deputy_id"].id
    handling.state, handling.signed_at = "signed", move.now


def record_contact(move: Move) -> None:
    """Record a first contact or a progress note."""
    at: datetime = move.data.get("at") or move.now
    if at > move.now:
        raise Invalid({"at": "时间不能晚于现在"})
    if move.handling is None or move.actor.user_id is None:
        return
    first = move.transition.command is Command.RECORD_FIRST_CONTACT
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


def report_result(move: Move) -> None:
    """Report what was done; the union's resolve clock stops here and goes on if the review rejects."""
    handling = move.need_handling()
    handling.state = "reported"
    move.session.add(
        Report(
            ticket_id=move.ticket.id,
            handling_id=handling.id,
            at=move.now,
            by_id=_user(move),
            true_claim=bool(move.data["true_claim"]),
            done=move.data["done"],
            solved=move.data["solved"],
            amount_cents=move.data.get("amount_cents"),
            amount_state=move.data.get("amount_state"),
            payment_on=move.data.get("payment_on"),
            reply_text=move.data["reply_text"],
        )
    )
    _notify(move, "reported", f"{move.ticket.number} 已反馈结果，待审核", role="dispatcher")


def review(move: Move) -> None:
    """Approve the report, or send it back with the reason."""
    handling = move.need_handling()
    report = move.session.scalars(
        select(Report).where(Report.handling_id == handling.id).order_by(Report.id.desc())
    ).first()
    if report is not None:
        report.reviewed_at, report.reviewed_by_id = move.now, move.actor.user_id
        report.approved, report.review_reason = bool(move.data["approved"]), move.data.get("reason")
        move.ticket.outcome = report.solved if report.true_claim else "unfounded"
    if not move.data["approved"]:
        handling.state = "signed"
        move.ticket.outcome = None
        _notify(move, "rejected", f"{move.ticket.number} 审核未通过，请补充办理", union_id=handling.union_id)


def nudge(move: Move) -> None:
    """Remind whoever has the ticket now."""
    handling = move.handling
    text = f"{move.ticket.number} 催办"
    if handling is not None:
        _notify(move, "nudge", text, union_id=handling.union_id, user_id=handling.handler_id)
    else:
        _notify(move, "nudge", text, role="dispatcher")


def supervise(move: Move) -> None:
    """Flag the ticket as supervised; a flag, never a state."""
    move.ticket.supervised = True
    if move.handling is not None:
        _notify(move, "supervise", f"{move.ticket.number} 督办", union_id=move.handling.union_id)


def end_all(move: Move, *, state: str = "ended", reason: str | None = None) -> None:
    """End every current handling with its clocks; `closed` keeps the last union's sight of the ticket."""
    current = move.session.scalars(
        select(Handling).where(Handling.ticket_id == move.ticket.id, Handling.ended_at.is_(None))
    ).all()
    for handling in current:
        handling.state, handling.ended_at, handling.end_reason = state, move.now, reason or state
        running = [
            clock
            for clock in clocks.live(move.session, move.ticket.id, ClockKind, handling_id=handling.id)
            if clock.handling_id == handling.id
        ]
        clocks.stop(move.session, running, policy=move.policy, now=move.now, cancelled=True)
    move.session.flush()


def _begin(move: Move, union: Union, *, reasons: Iterable[str], override: str | None) -> Handling:
    handling = Handling(
        ticket_id=move.ticket.id,
        union_id=union.id,
        role="lead",
        state="dispatched",
        dispatched_at=move.now,
        dispatched_by_id=move.actor.user_id,
        reasons=list(reasons),
        override_reason=override,
    )
    move.session.add(handling)
    move.session.flush()
    move.ticket.lead_union_id = union.id
    move.notes |= {"union": union.name, "reasons": handling.reasons}
    _notify(move, "dispatched", f"新工单 {move.ticket.number} 待签收", union_id=union.id)
    return handling


def _receiver(move: Move) -> Union:
    """Return the union that the command names; raises where it cannot or must not receive the ticket."""
    union = _union(move, move.data["union_id"])
    view = view_of(union)
    if not view.can_receive:
        raise Invalid({"union_id": f"{union.name}目前不能接收工单"})
    employers = employers_of(move.session, move.ticket.id)
    reason = recused(
        view,
        employers,
        rights_defence=move.ticket.rights_defence,
        consent=move.ticket.recusal_waived,
        accused=move.ticket.accused_union_ids,
        corporate=corporate_of(move.session, employers),
    )
    if reason is not None:
        raise NotAllowed(move.transition.command.value, f"{union.name}须回避：{reason}")
    return union


def _union(move: Move, union_id: int) -> Union:
    union = union_by_id(move.session, union_id)
    if union is None or union.closed_at is not None:
        raise Invalid({"union_id": "没有这个工会"})
    return union


def _user(move: Move) -> int:
    if move.actor.user_id is None:
        raise NotAllowed(move.transition.command.value, "须由登录用户操作")
    return move.actor.user_id


def _notify(
    move: Move,
    kind: str,
    text: str,
    *,
    union_id: int | None = None,
    user_id: int | None = None,
    role: str | None = None,
) -> None:
    move.session.add(
        Notice(
            at=move.now,
            kind=kind,
            ticket_id=move.ticket.id,
            union_id=union_id,
            user_id=user_id,
            role=role,
            text=text,
        )
    )
