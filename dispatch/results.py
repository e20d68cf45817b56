"""What a union reports, who signs and reviews it on the way up, and the money that reaches the worker."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import clocks, co_handlers, linked
from dispatch.actors import MACHINE
from dispatch.clock_moves import assigners, is_petition, lead_handling
from dispatch.errors import Invalid, Missing, WrongState
from dispatch.models.life import Payment
from dispatch.models.tickets import Handling, Report, Ticket
from dispatch.models.unions import Union
from dispatch.move import Move
from dispatch.rules.roles import Role
from dispatch.rules.sampling import drawn
from dispatch.rules.ticket_state import ClockKind, Command, Condition, State
from dispatch.rules.working_time import SHANGHAI

OWED: Final = frozenset({"promised", "instalments"})


def report_result(move: Move) -> None:
    """Report what was done; the union's resolve clock stops here and goes on if the review rejects."""
    handling, data = move.need_handling(), move.data
    co = move.role is Role.CO_HANDLER
    if not co:
        _require_complete(move)
    money = _money(move)
    unsigned = move.transition.condition is Condition.LEADER_SIGNS
    report = Report(
        ticket_id=move.ticket.id,
        handling_id=handling.id,
        at=move.now,
        by_id=move.need_user(),
        true_claim=bool(data["true_claim"]),
        done=data["done"],
        solved=data["solved"],
        reply_text=data["reply_text"],
        reference=data.get("reference"),
        pending_note=data.get("pending_note"),
        signed_at=None if unsigned else move.now,
        **money,
    )
    move.session.add(report)
    move.session.flush()
    if unsigned:
        move.notes["waits_for"] = "负责人签发"
        move.tell("reported", "反馈待负责人签发", union_id=handling.union_id)
        return
    handling.state = "reported"
    if co:
        lead = lead_handling(move.session, move.ticket.id)
        move.tell("reported", "协办工会已反馈", union_id=lead.union_id if lead is not None else None)
        return
    _hand_up(move, handling)


def review(move: Move) -> None:
    """Approve a report or send it back: the leader before it leaves the house, each assigner, then the centre."""
    handling = move.need_handling()
    report = _latest_report(move.session, handling)
    if report is None:
        return
    if move.transition.condition is Condition.REPORT_UNSIGNED:
        _sign(move, handling, report)
    elif not move.data["approved"]:
        _reject(move, handling, report)
    elif move.actor.of_union:
        _pass_on(move, handling, report)
    else:
        _approve(move, handling, report)


def record_payment(move: Move) -> None:
    """Record money that arrived; once all of it is there the worker is called back at once."""
    paid_on: date = move.data["paid_on"]
    if paid_on > move.now.astimezone(SHANGHAI).date():
        raise Invalid({"paid_on": "到账日期不能晚于今天"})
    if move.data["amount_cents"] <= 0:
        raise Invalid({"amount_cents": "金额须大于零"})
    _add_payment(move, move.data["amount_cents"], paid_on)
    if clocks.live(move.session, move.ticket.id, [ClockKind.CALLBACK]):
        # The payment date had passed: the caller is being called already.
        move.unstarted.add(ClockKind.CALLBACK)
    move.notes["received_cents"] = received(move.session, move.ticket)


def received(session: Session, ticket: Ticket) -> int:
    """Return how much money has reached the worker, in cents."""
    total = session.scalar(select(func.sum(Payment.amount_cents)).where(Payment.ticket_id == ticket.id))
    # PostgreSQL sums 64-bit numbers to a numeric.
    return int(total or 0)


def money_due_on(session: Session, ticket: Ticket) -> date | None:
    """Return the last day on which money is promised that has not arrived; None when nothing is outstanding."""
    report = _last_report(session, ticket)
    if report is None or report.amount_state not in OWED:
        return None
    if received(session, ticket) >= (report.amount_cents or 0):
        return None
    return report.payment_on


def is_settled(session: Session, ticket: Ticket, added_cents: int) -> bool:
    """Whether everything that was promised is there once `added_cents` more have arrived."""
    report = _last_report(session, ticket)
    if report is None or not report.amount_cents:
        return False
    return received(session, ticket) + added_cents >= report.amount_cents


def unsigned_report(session: Session, handling: Handling) -> Report | None:
    """Return the report that waits for the leader's signature."""
    report = _latest_report(session, handling)
    waits = report is not None and report.signed_at is None and report.reviewed_at is None
    return report if waits else None


def next_assigner(session: Session, handling: Handling) -> Handling | None:
    """Return whose review is next on the way up; None once only the centre's is left."""
    report = _latest_report(session, handling)
    above = assigners(session, handling)
    passed = report.passed_handling_id if report is not None else None
    ids = [each.id for each in above]
    left = above[ids.index(passed) + 1 :] if passed in ids else above
    return left[0] if left else None


def _require_complete(move: Move) -> None:
    missing = {}
    late = co_handlers.outstanding(move.session, move.ticket)
    if late and not move.data.get("pending_note"):
        missing["pending_note"] = f"{'、'.join(late)}尚未反馈，请等其反馈，或说明为何不等"
    if is_petition(move.ticket):
        running = (ClockKind.PETITION, ClockKind.PETITION_REVIEW)
        if not any(clocks.latest(move.session, move.ticket.id, kind) for kind in running):
            raise WrongState(
                move.ticket.number, move.command.value, move.ticket.state, "信访事项须先书面告知受理"
            )
        if not move.data.get("reference"):
            missing["reference"] = "请填写信访处理意见书文号"
    if missing:
        raise Missing(move.command.value, missing)


def _money(move: Move) -> dict[str, Any]:
    data, today = move.data, move.now.astimezone(SHANGHAI).date()
    state, amount, on = (data.get(name) for name in ("amount_state", "amount_cents", "payment_on"))
    parts = data.get("instalments") or []
    if state is None:
        return {"amount_cents": amount, "amount_state": None, "payment_on": on, "instalments": []}
    wrong: dict[str, str] = {}
    if state == "instalments":
        wrong |= _wrong_instalments(parts, today)
        amount = amount if amount is not None else sum(each["amount_cents"] for each in parts)
        on = max((each["payment_on"] for each in parts), default=None)
        if not wrong and amount != sum(each["amount_cents"] for each in parts):
            wrong["amount_cents"] = "各期金额之和与总额不符"
    elif state == "promised" and (on is None or on < today):
        wrong["payment_on"] = "请填写约定的付款日，且不早于今天"
    if amount is None or amount <= 0:
        wrong.setdefault("amount_cents", "请填写金额")
    if wrong:
        raise Invalid(wrong)
    if state == "paid" and amount is not None and move.role is not Role.CO_HANDLER:
        rest = amount - received(move.session, move.ticket)
        if rest > 0:
            _add_payment(move, rest, on if on is not None and on <= today else today)
    kept = [{**each, "payment_on": each["payment_on"].isoformat()} for each in parts]
    return {"amount_cents": amount, "amount_state": state, "payment_on": on, "instalments": kept}


def _wrong_instalments(parts: list[dict[str, Any]], today: date) -> dict[str, str]:
    if not parts:
        return {"instalments": "请填写各期的金额和日期"}
    days = [each["payment_on"] for each in parts]
    if days != sorted(set(days)) or days[-1] < today:
        return {"instalments": "各期日期须依次递增，且最后一期不早于今天"}
    return {}


def _add_payment(move: Move, amount_cents: int, paid_on: date) -> None:
    move.session.add(
        Payment(
            ticket_id=move.ticket.id,
            amount_cents=amount_cents,
            paid_on=paid_on,
            recorded_at=move.now,
            by_id=move.actor.user_id,
        )
    )
    move.session.flush()


def _sign(move: Move, handling: Handling, report: Report) -> None:
    if not move.data["approved"]:
        report.reviewed_at, report.reviewed_by_id = move.now, move.actor.user_id
        report.approved, report.review_reason = False, move.data.get("reason")
        move.tell(
            "rejected", "负责人未签发，请补充办理", union_id=handling.union_id, user_id=handling.handler_id
        )
        return
    report.signed_at, report.signed_by_id = move.now, move.actor.user_id
    handling.state = "reported"
    move.notes["signed"] = True
    _hand_up(move, handling)


def _hand_up(move: Move, handling: Handling) -> None:
    following = next_assigner(move.session, handling)
    if following is not None:
        move.tell("reported", "下级工会已反馈，请先审核", union_id=following.union_id)
        return
    move.tell("reported", "已反馈结果，待审核", role=Role.DISPATCHER)
    if move.ticket.urgency == "P3" and not drawn(move.ticket.number, move.policy.sla.limits.sample_percent):
        # Quiet tickets outside the sample are closed on the union's word.
        move.then.append((MACHINE, Command.REVIEW, {"approved": True, "reason": "未抽中，按反馈办结"}))


def _pass_on(move: Move, handling: Handling, report: Report) -> None:
    passing = next_assigner(move.session, handling)
    if passing is None:
        return
    report.passed_handling_id = passing.id
    _stop_resolving(move, [passing.id])
    _hand_up(move, handling)


def _reject(move: Move, handling: Handling, report: Report) -> None:
    report.reviewed_at, report.reviewed_by_id = move.now, move.actor.user_id
    report.approved, report.review_reason = False, move.data.get("reason")
    handling.state = "signed"
    move.ticket.outcome = None
    move.tell("rejected", "审核未通过，请补充办理", union_id=handling.union_id)


def _approve(move: Move, handling: Handling, report: Report) -> None:
    skipped = next_assigner(move.session, handling)
    if skipped is not None and not move.data.get("override_reason"):
        name = move.session.get_one(Union, skipped.union_id).name
        raise Missing("review", {"override_reason": f"下派的{name}尚未审核，越过其审核请说明理由"})
    report.reviewed_at, report.reviewed_by_id = move.now, move.actor.user_id
    report.approved, report.review_reason = True, move.data.get("reason")
    move.ticket.outcome = report.solved if report.true_claim else "unfounded"
    _stop_resolving(move, [each.id for each in assigners(move.session, handling)])
    if move.transition.outcome == "approved_money_due" and report.payment_on is not None:
        move.due[ClockKind.PAYMENT] = _day_after(report.payment_on)
        move.notes["payment_on"] = report.payment_on.isoformat()
    if move.ticket.urgency == "P0" and move.ticket.relation != linked.CHILD:
        _what_follows(move)


def _what_follows(move: Move) -> None:
    """24 hours stabilise; what is left goes on as P1 or P2 on tickets of its own."""
    specs = move.data.get("linked") or ()
    if not specs and not move.data.get("reason"):
        raise Missing(
            "review", {"linked": "特急事项稳控后请登记后续工单（P1、P2），或在理由中说明为何不需要"}
        )
    for spec in specs:
        linked.open_linked(move, spec)


def _stop_resolving(move: Move, handling_ids: list[int]) -> None:
    found = clocks.live(move.session, move.ticket.id, [ClockKind.RESOLVE])
    stopping = [clock for clock in found if clock.handling_id in handling_ids]
    clocks.stop(move.session, stopping, policy=move.policy, now=move.now)


def _day_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=SHANGHAI)


def _latest_report(session: Session, handling: Handling) -> Report | None:
    return session.scalars(
        select(Report).where(Report.handling_id == handling.id).order_by(Report.id.desc()).limit(1)
    ).first()


def _last_report(session: Session, ticket: Ticket) -> Report | None:
    lead = lead_handling(session, ticket.id) if ticket.state != State.CLOSED.value else None
    return _latest_report(session, lead) if lead is not None else None
