"""What a row of the state table does to the clocks: of the union it is about, of its assigners, and of the case."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch import clocks
from dispatch.models.clocks import Clock
from dispatch.models.tickets import Handling, Ticket
from dispatch.move import Move
from dispatch.rules.petition import replaces_resolve
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import PETITION_CLOCKS, ClockKind

ONCE: Final = frozenset({ClockKind.FOLLOW_UP, ClockKind.PETITION_NOTICE})
"""They count from the call itself, and a second start changes nothing."""


def lead_handling(session: Session, ticket_id: int) -> Handling | None:
    """Return the handling of the union that answers for the ticket now, or did last."""
    return session.scalar(
        select(Handling)
        .where(
            Handling.ticket_id == ticket_id,
            Handling.role == "lead",
            Handling.state.not_in(("ended", "assigned_down")),
        )
        .order_by(Handling.id.desc())
        .limit(1)
    )


def assigners(session: Session, handling: Handling | None) -> list[Handling]:
    """Return the handlings from which this one was assigned down, the nearest first."""
    found = []
    while handling is not None and handling.parent_handling_id is not None:
        handling = session.get(Handling, handling.parent_handling_id)
        if handling is not None:
            found.append(handling)
    return found


def is_petition(ticket: Ticket) -> bool:
    """Whether the time of the petition rules stands in for `resolve`."""
    return replaces_resolve(ticket.petition_kind, ticket.petition_article)


def stop_clocks(move: Move) -> None:
    """Stop, cancel and pause what the row says."""
    session, row = move.session, move.transition
    clocks.stop(session, _live(move, row.stops), policy=move.policy, now=move.now)
    gone = _live(move, row.cancels, upwards=True)
    clocks.stop(session, gone, policy=move.policy, now=move.now, cancelled=True)
    clocks.pause(session, _live(move, row.pauses, upwards=True), policy=move.policy, now=move.now)


def start_clocks(move: Move) -> None:
    """Start and resume what the row says."""
    for kind in sorted(move.transition.starts - move.unstarted):
        _start(move, kind)
    for kind in sorted(move.transition.resumes):
        _resume(move, PETITION_CLOCKS if kind is ClockKind.RESOLVE and is_petition(move.ticket) else {kind})


def start_own(move: Move, handling: Handling, kinds: Collection[ClockKind]) -> None:
    """Start clocks of one handling, none of the case."""
    for kind in sorted(kinds):
        clocks.start(
            move.session,
            move.ticket,
            kind,
            policy=move.policy,
            now=move.now,
            handling=handling,
            due_at=move.due.get(kind),
        )


def _live(move: Move, kinds: Collection[ClockKind], *, upwards: bool = False) -> list[Clock]:
    handling = move.handling
    if move.role is Role.CO_HANDLER and handling is not None:
        found = clocks.live(move.session, move.ticket.id, kinds, handling_id=handling.id)
        return [clock for clock in found if clock.handling_id == handling.id]
    wanted = _stand_ins(move, kinds)
    if not wanted:
        return []
    found = clocks.live(move.session, move.ticket.id, wanted)
    if handling is None:
        return found
    mine = {None, handling.id}
    if upwards:
        mine |= {each.id for each in assigners(move.session, handling)}
    return [clock for clock in found if clock.handling_id in mine]


def _stand_ins(move: Move, kinds: Collection[ClockKind]) -> frozenset[ClockKind]:
    wanted = frozenset(kinds)
    if ClockKind.RESOLVE in wanted and is_petition(move.ticket) and move.role is not Role.CO_HANDLER:
        return wanted | PETITION_CLOCKS
    return wanted


def _start(move: Move, kind: ClockKind) -> None:
    session, ticket = move.session, move.ticket
    if move.role is Role.CO_HANDLER and move.handling is not None:
        start_own(move, move.handling, [kind])
        return
    if move.began is not None:
        start_own(move, move.began, [kind])
        return
    if kind is ClockKind.RESOLVE and is_petition(ticket):
        if clocks.live(session, ticket.id, PETITION_CLOCKS):
            return
        kind = ClockKind.PETITION
    if kind in ONCE and clocks.live(session, ticket.id, [kind]):
        return
    handling = lead_handling(session, ticket.id)
    clocks.start(
        session,
        ticket,
        kind,
        policy=move.policy,
        now=ticket.created_at if kind in ONCE else move.now,
        handling=handling if kind in clocks.OF_HANDLING else None,
        percent=move.percent if kind is ClockKind.RESOLVE else 100,
        due_at=move.due.get(kind),
    )
    if kind is ClockKind.RESOLVE and not _case_clock_lives(session, ticket):
        clocks.start(session, ticket, kind, policy=move.policy, now=move.now, percent=move.percent)


def _case_clock_lives(session: Session, ticket: Ticket) -> bool:
    return any(clock.handling_id is None for clock in clocks.live(session, ticket.id, [ClockKind.RESOLVE]))


def _resume(move: Move, kinds: Collection[ClockKind]) -> None:
    session, ticket = move.session, move.ticket
    lead = lead_handling(session, ticket.id)
    mine = {None} | {each.id for each in (lead, *assigners(session, lead)) if each is not None}
    newest: dict[int | None, Clock] = {}
    had = [clock for kind in kinds for clock in clocks.latest(session, ticket.id, kind)]
    for clock in sorted(had, key=lambda each: -each.id):
        if clock.handling_id in mine:
            newest.setdefault(clock.handling_id, clock)
    stopped = [clock for clock in newest.values() if clock.state in ("paused", "met", "missed")]
    clocks.resume(session, ticket, stopped, policy=move.policy, now=move.now)
