"""回访: who is to be asked, each attempt, and what follows from the answers; after a crisis a counsellor, no survey."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.models.tickets import CallbackAttempt, Caller, Ticket
from dispatch.move import Move
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import FAILED_ATTEMPTS, State
from dispatch.union_turns import end_all

MERGED: Final = "merged"
_WORST: Final = ("unsolved", "partly", "solved")
"""The outcome of a case with several callers is the worst that one of them says."""


def never_asked(ticket: Ticket) -> bool:
    """Whether nobody may survey this ticket's caller: a crisis is followed up, never rated."""
    return ticket.category == "crisis" or "crisis" in ticket.secondary_categories


def is_wanted(session: Session, ticket: Ticket) -> bool:
    """Whether anybody on the case, or on one merged into it, wants to be called back."""
    own = ticket.callback_wanted and ticket.contact_mode != "anonymous"
    return own or bool(callers_to_call(session, ticket))


def callers_of_case(session: Session, ticket: Ticket, *, merged: bool = True) -> list[Caller]:
    """Return the ticket's callers, and those of every ticket that was merged into it.

    `merged` is False where the ticket is known to have no other below it.
    """
    tickets = [ticket.id]
    level = [ticket.id] if merged else []
    while level:
        level = list(
            session.scalars(select(Ticket.id).where(Ticket.parent_id.in_(level), Ticket.relation == MERGED))
        )
        tickets += level
    rows = session.scalars(select(Caller).where(Caller.ticket_id.in_(tickets)).order_by(Caller.id)).all()
    return sorted(rows, key=lambda row: (row.ticket_id != ticket.id, row.ticket_id, row.ordinal))


def callers_to_call(session: Session, ticket: Ticket) -> list[Caller]:
    """Return who gets a callback: each caller who wants one and can be reached, one call for each number."""
    found: dict[str, Caller] = {}
    willing: dict[int, bool] = {}
    for caller in callers_of_case(session, ticket):
        if caller.ticket_id not in willing:
            theirs = ticket if caller.ticket_id == ticket.id else session.get_one(Ticket, caller.ticket_id)
            willing[caller.ticket_id] = theirs.callback_wanted and theirs.contact_mode != "anonymous"
        if willing[caller.ticket_id]:
            found.setdefault(caller.phone_key or f"caller {caller.id}", caller)
    return list(found.values())


def progress(session: Session, ticket: Ticket, caller_id: int | None) -> dict[str, object]:
    """Return how often this caller was tried, this time included, and how many others are still to be called."""
    tried, settled = _so_far(session, ticket)
    wanted = callers_to_call(session, ticket)
    asked = _asked(session, ticket, caller_id)
    left = [each for each in wanted if each.id not in settled and (asked is None or each.id != asked.id)]
    key = asked.id if asked is not None else None
    return {"failed_attempts": tried[key] + 1, "others_waiting": len(left)}


def attempts(session: Session, ticket: Ticket) -> int:
    """Return how many attempts this round has seen."""
    return len(_attempts(session, ticket))


def record_callback(move: Move) -> None:
    """Record one attempt; the last caller's answer, or third failed attempt, closes the ticket."""
    session, ticket = move.session, move.ticket
    if move.transition.outcome in ("followed_up", "not_reached"):
        _follow_up(move)
        return
    asked = _asked(session, ticket, move.data.get("caller_id"))
    move.session.add(
        CallbackAttempt(
            ticket_id=ticket.id,
            round=ticket.redo_count,
            attempt=attempts(session, ticket) + 1,
            at=move.now,
            by_id=move.actor.user_id,
            reached=bool(move.data["reached"]),
            solved=move.data.get("solved"),
            satisfied=move.data.get("satisfied"),
            note=move.data.get("text"),
            caller_id=asked.id if asked is not None else None,
            money_received=move.data.get("money_received"),
        )
    )
    session.flush()
    if move.transition.to_state is State.CLOSED and ticket.outcome != "unfounded":
        answers = [each for each in _attempts(session, ticket) if each.reached]
        # Money that has not come is no solution, whatever else was said.
        said = {"partly" if each.money_received is False else each.solved for each in answers}
        said |= {each.solved for each in answers if each.solved != "solved"}
        ticket.outcome = next((each for each in _WORST if each in said), "unreachable")


def reopen(move: Move) -> None:
    """Begin the case anew at half the time, at most as often as the policy says; then it is a leader's hard case."""
    ticket = move.ticket
    if ticket.state == State.ANSWERED.value:
        return
    if ticket.redo_count >= move.policy.sla.limits.reopen_times:
        ticket.difficulty, ticket.hard_case, ticket.leader_id = "very_complex", True, None
        move.notes["hard_case"] = True
        move.tell("alarm", "疑难工单，请指定包案领导", role=Role.DUTY_LEADER)
    ticket.redo_count += 1
    ticket.outcome = None
    ticket.closed_at = None
    end_all(move, reason="reopened")


def _follow_up(move: Move) -> None:
    """A counsellor's call after a crisis; one who cannot be reached is never simply closed."""
    reached = move.transition.outcome == "followed_up"
    move.session.add(
        CallbackAttempt(
            ticket_id=move.ticket.id,
            round=move.ticket.redo_count,
            attempt=attempts(move.session, move.ticket) + 1,
            at=move.now,
            by_id=move.actor.user_id,
            reached=reached,
            note=move.data["text"],
        )
    )
    if not reached:
        move.tell("alarm", "危机来电人未联系上，请值班长决定下一步", role=Role.SUPERVISOR)


def _asked(session: Session, ticket: Ticket, caller_id: int | None) -> Caller | None:
    """Return the caller whom an attempt is about: the named one, else the first who waits."""
    wanted = callers_to_call(session, ticket)
    if caller_id is not None:
        named = next((each for each in wanted if each.id == caller_id), None)
        if named is None:
            raise NotFound("caller", caller_id)
        return named
    _, settled = _so_far(session, ticket)
    return next((each for each in wanted if each.id not in settled), None)


def _so_far(session: Session, ticket: Ticket) -> tuple[dict[int | None, int], set[int | None]]:
    """Return the failed attempts of each caller, and who has answered or was tried often enough."""
    tried: dict[int | None, int] = defaultdict(int)
    settled: set[int | None] = set()
    for each in _attempts(session, ticket):
        tried[each.caller_id] += 0 if each.reached else 1
        if each.reached or tried[each.caller_id] >= FAILED_ATTEMPTS:
            settled.add(each.caller_id)
    return tried, settled


def _attempts(session: Session, ticket: Ticket) -> list[CallbackAttempt]:
    query = (
        select(CallbackAttempt)
        .where(CallbackAttempt.ticket_id == ticket.id, CallbackAttempt.round == ticket.redo_count)
        .order_by(CallbackAttempt.attempt)
    )
    return list(session.scalars(query))
