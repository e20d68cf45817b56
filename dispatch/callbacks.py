"""回访: who is due, each attempt, and what follows from the caller's answer."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.handlings import end_all
from dispatch.models.tickets import CallbackAttempt, Ticket
from dispatch.move import Move


def attempts(session: Session, ticket: Ticket) -> int:
    """Return how many attempts this round has seen."""
    query = select(func.count()).where(
        CallbackAttempt.ticket_id == ticket.id, CallbackAttempt.round == ticket.redo_count
    )
    return session.scalar(query) or 0


def record_callback(move: Move) -> None:
    """Record one attempt; a reached caller or the third failed attempt closes the ticket."""
    move.session.add(
        CallbackAttempt(
            ticket_id=move.ticket.id,
            round=move.ticket.redo_count,
            attempt=attempts(move.session, move.ticket) + 1,
            at=move.now,
            by_id=move.actor.user_id,
            reached=bool(move.data["reached"]),
            solved=move.data.get("solved"),
            satisfied=move.data.get("satisfied"),
            note=move.data.get("text"),
        )
    )
    if move.transition.outcome == "unreachable":
        move.ticket.outcome = "unreachable"
    elif move.data.get("reached") and move.ticket.outcome != "unfounded":
        move.ticket.outcome = move.data.get("solved")


def reopen(move: Move) -> None:
    """Begin the case anew at half the time, at most as often as the policy says; then it is a hard case."""
    limit = move.policy.sla.limits.reopen_times
    if move.ticket.redo_count >= limit:
        move.ticket.difficulty = "very_complex"
        move.notes["hard_case"] = True
    move.ticket.redo_count += 1
    move.ticket.outcome = None
    move.ticket.closed_at = None
    end_all(move, reason="reopened")
