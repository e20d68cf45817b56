"""The one door for commands on a ticket: permission, state table, mandatory data, clocks, history, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import callbacks, clocks, handlings, scope
from dispatch.access import find_ticket, may_edit
from dispatch.actors import Actor
from dispatch.errors import Missing, NotAllowed, NotFound, WrongState
from dispatch.models.tickets import Contact, Handling, Ticket, TicketEmployer
from dispatch.move import Move
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import (
    ENDED_STATES,
    ClockKind,
    Command,
    Condition,
    State,
    Transition,
    TransitionError,
    find,
    missing_fields,
    outcome_of,
    why_not,
)
from dispatch.tickets import PLAIN_FIELDS, log, require_version

EVENTS: Final[Mapping[Command, str]] = {
    Command.ACCEPT: "TicketAccepted",
    Command.DIRECT_ANSWER: "TicketAnswered",
    Command.DECLINE: "TicketDeclined",
    Command.VOID: "TicketVoided",
    Command.DISPATCH: "TicketDispatched",
    Command.ASSIGN_DOWN: "TicketAssignedDown",
    Command.RETURN_TICKET: "TicketReturned",
    Command.DECIDE_OBJECTION: "ObjectionDecided",
    Command.SIGN_FOR: "TicketSignedFor",
    Command.RECORD_FIRST_CONTACT: "FirstContactRecorded",
    Command.ADD_PROGRESS: "ProgressAdded",
    Command.REPORT_RESULT: "ResultReported",
    Command.REVIEW: "ResultReviewed",
    Command.RECORD_CALLBACK: "CallbackRecorded",
    Command.REOPEN: "TicketReopened",
    Command.NUDGE: "TicketNudged",
    Command.SUPERVISE: "TicketSupervised",
    Command.WITHDRAW: "TicketWithdrawn",
    Command.ARCHIVE: "TicketArchived",
}
"""The commands that can be given now, and what history calls them."""

PERSONAL: Final = frozenset(
    {"text", "answer", "reason", "basis", "done", "reply_text", "route_told", "outcome", "missing"}
)
"""Free text may name people: history keeps it where erasure can reach it."""

_EFFECTS: Final[Mapping[Command, Callable[[Move], None]]] = {
    Command.DISPATCH: handlings.dispatch,
    Command.ASSIGN_DOWN: handlings.assign_down,
    Command.RETURN_TICKET: handlings.return_ticket,
    Command.DECIDE_OBJECTION: handlings.decide_objection,
    Command.SIGN_FOR: handlings.sign_for,
    Command.RECORD_FIRST_CONTACT: handlings.record_contact,
    Command.ADD_PROGRESS: handlings.record_contact,
    Command.REPORT_RESULT: handlings.report_result,
    Command.REVIEW: handlings.review,
    Command.RECORD_CALLBACK: callbacks.record_callback,
    Command.REOPEN: callbacks.reopen,
    Command.NUDGE: handlings.nudge,
    Command.SUPERVISE: handlings.supervise,
}


@dataclass(frozen=True, slots=True)
class Button:
    """One command as a screen shows it; `why_not` is a Chinese sentence when it cannot be given."""

    command: Command
    why_not: str | None


def perform(
    session: Session,
    actor: Actor,
    number: str,
    command: Command,
    data: Mapping[str, Any],
    *,
    version: int,
    policy: Policy,
    now: datetime,
) -> Ticket:
    """Carry out one command; raises NotFound, NotAllowed, VersionConflict, WrongState, Missing, Invalid."""
    if command not in EVENTS:
        raise NotFound("command", command.value)
    ticket = find_ticket(session, actor, number, lock=True)
    require_version(session, ticket, version)
    handling = lead_handling(session, ticket.id)
    refusal = _not_mine(actor, ticket, handling, command)
    if refusal is not None:
        raise NotAllowed(command.value, refusal)
    given = {name: value for name, value in data.items() if value is not None}
    known = {**_own_fields(session, ticket, command), **given}
    transition = _transition(session, actor, ticket, handling, command, known, policy=policy, now=now)
    missing = missing_fields(transition, known)
    if missing:
        raise Missing(command.value, missing)
    move = Move(session, actor, ticket, handling, transition, dict(data), policy, now)
    _stop_clocks(move)
    effect = _EFFECTS.get(command)
    if effect is not None:
        effect(move)
    _change_state(move)
    _start_clocks(move)
    ticket.version += 1
    _log(move)
    scope.rewrite(session, ticket, now=now)
    return ticket


def buttons(
    session: Session, actor: Actor, ticket: Ticket, *, policy: Policy, now: datetime
) -> tuple[Button, ...]:
    """Return what this actor could do with the ticket now, and why the rest of his commands is not possible."""
    handling = lead_handling(session, ticket.id)
    conditions = _conditions(session, actor, ticket, handling, policy, now)
    found = []
    for command in EVENTS:
        reason = why_not(State(ticket.state), command, actor.role, conditions=conditions)
        if reason is not None and not _role_ever(command, actor.role):
            continue
        found.append(Button(command, reason or _not_mine(actor, ticket, handling, command)))
    return tuple(found)


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


def _role_ever(command: Command, role: Role) -> bool:
    return any(why_not(state, command, role, conditions=frozenset(Condition)) is None for state in State)


def _not_mine(actor: Actor, ticket: Ticket, handling: Handling | None, command: Command) -> str | None:
    """Return why a ticket that the actor may see is still not his to act on (O, S of docs/quality.md)."""
    if actor.of_union:
        if ticket.state == State.DRAFT.value:
            return None if ticket.origin_union_id == actor.union_id else "只有登记此单的工会可以操作"
        if handling is not None and handling.union_id == actor.union_id:
            # Whoever has signed for it, his deputy, and their leader; before that anybody of the union.
            people = (handling.handler_id, handling.deputy_id)
            taken = actor.role is Role.UNION_HANDLER and handling.handler_id is not None
            return (
                "只有本单经办人、B岗或本会负责人可以操作" if taken and actor.user_id not in people else None
            )
        assigner = command in (Command.REVIEW, Command.NUDGE, Command.SUPERVISE)
        return None if assigner else "只有正在办理此单的工会可以操作"
    if actor.role is Role.OPERATOR and ticket.state == State.DRAFT.value and not may_edit(actor, ticket):
        return "只有登记此单的话务员可以操作"
    handled = handling is not None and actor.user_id in (handling.handler_id, handling.deputy_id)
    if command is Command.RECORD_CALLBACK and (handled or ticket.created_by_id == actor.user_id):
        return "回访不能由经办或登记此单的人员进行"
    return None


def _own_fields(session: Session, ticket: Ticket, command: Command) -> dict[str, Any]:
    """Return what the ticket already says of what a command must carry."""
    if command is not Command.ACCEPT:
        # A note, an answer or a report brings its own words; only these describe the ticket itself.
        return {name: getattr(ticket, name) for name in ("category", "callback_wanted", "contact_mode")}
    told = session.scalar(select(func.count()).where(TicketEmployer.ticket_id == ticket.id)) or 0
    return {**{name: getattr(ticket, name) for name in PLAIN_FIELDS}, "employers": ["known"] * told}


def _transition(
    session: Session,
    actor: Actor,
    ticket: Ticket,
    handling: Handling | None,
    command: Command,
    data: Mapping[str, Any],
    *,
    policy: Policy,
    now: datetime,
) -> Transition:
    state = State(ticket.state)
    conditions = _conditions(session, actor, ticket, handling, policy, now)
    reason = why_not(state, command, actor.role, conditions=conditions)
    if reason is not None:
        known_role = _role_ever(command, actor.role)
        if known_role:
            raise WrongState(ticket.number, command.value, state.value, reason)
        raise NotAllowed(command.value, reason)
    facts = {**data, "failed_attempts": _failed_attempts(session, ticket, handling, command)}
    try:
        return find(
            state, command, actor.role, outcome=outcome_of(command, actor.role, facts), conditions=conditions
        )
    except TransitionError as error:
        raise WrongState(ticket.number, command.value, state.value, str(error)) from error


def _conditions(
    session: Session, actor: Actor, ticket: Ticket, handling: Handling | None, policy: Policy, now: datetime
) -> frozenset[Condition]:
    found = set()
    if ticket.urgency == "P0":
        found.add(Condition.P0)
    if handling is None:
        return frozenset(found)
    if handling.parent_handling_id is not None:
        parent = session.get(Handling, handling.parent_handling_id)
        if parent is not None and parent.union_id == actor.union_id:
            found.add(Condition.ASSIGNER)
    if handlings.may_return(session, ticket, handling, policy=policy, now=now):
        found.add(Condition.IN_RETURN_WINDOW)
    resolving = clocks.live(session, ticket.id, [ClockKind.RESOLVE], handling_id=handling.id)
    if any(clock.due_at is not None and clock.due_at > now and clock.card != "red" for clock in resolving):
        found.add(Condition.BEFORE_EXPIRY)
    return frozenset(found)


def _failed_attempts(session: Session, ticket: Ticket, handling: Handling | None, command: Command) -> int:
    if command is Command.RECORD_CALLBACK:
        return callbacks.attempts(session, ticket) + 1
    if command is Command.RECORD_FIRST_CONTACT and handling is not None:
        tried = session.scalar(
            select(func.count()).where(Contact.handling_id == handling.id, Contact.kind == "first_contact")
        )
        return (tried or 0) + 1
    return 0


def _stop_clocks(move: Move) -> None:
    kinds, ticket = move.transition.stops, move.ticket
    handling_id = move.handling.id if move.handling is not None else None
    found = clocks.live(move.session, ticket.id, kinds, handling_id=handling_id)
    clocks.stop(move.session, found, policy=move.policy, now=move.now)
    paused = clocks.live(move.session, ticket.id, move.transition.pauses, handling_id=handling_id)
    clocks.pause(move.session, paused, policy=move.policy, now=move.now)


def _change_state(move: Move) -> None:
    ticket, to_state = move.ticket, move.transition.to_state
    if to_state is None:
        return
    ticket.state = to_state.value
    if to_state is State.PENDING_DISPATCH:
        ticket.accepted_at = ticket.accepted_at or move.now
    if to_state in ENDED_STATES:
        ticket.closed_at = ticket.closed_at or move.now
        ticket.outcome = ticket.outcome or to_state.value
        handlings.end_all(move, state="closed")
        left = clocks.live(move.session, ticket.id, ClockKind)
        clocks.stop(move.session, left, policy=move.policy, now=move.now, cancelled=True)


def _start_clocks(move: Move) -> None:
    session, ticket, now = move.session, move.ticket, move.now
    handling = lead_handling(session, ticket.id)
    for kind in sorted(move.transition.starts):
        of_union = handling if kind in clocks.OF_HANDLING else None
        clocks.start(
            session,
            ticket,
            kind,
            policy=move.policy,
            now=now,
            handling=of_union,
            percent=move.percent if kind is ClockKind.RESOLVE else 100,
            due_at=move.sub_deadline if kind is ClockKind.RESOLVE else None,
        )
        if kind is ClockKind.RESOLVE and not _case_clock_runs(session, ticket):
            case = clocks.start(
                session, ticket, kind, policy=move.policy, now=now, handling=None, percent=move.percent
            )
            if case is not None:
                case.handling_id = None
    for kind in sorted(move.transition.resumes):
        candidates = [
            clock
            for clock in clocks.latest(session, ticket.id, kind)
            if clock.state in ("paused", "met", "missed")
            and clock.handling_id in (None, handling.id if handling is not None else None)
        ]
        newest = {clock.handling_id: clock for clock in reversed(candidates)}
        clocks.resume(session, ticket, newest.values(), policy=move.policy, now=now)


def _case_clock_runs(session: Session, ticket: Ticket) -> bool:
    return any(clock.handling_id is None for clock in clocks.live(session, ticket.id, [ClockKind.RESOLVE]))


def _log(move: Move) -> None:
    command = move.transition.command
    given = {name: value for name, value in move.data.items() if value is not None}
    plain = {name: _plain(value) for name, value in given.items() if name not in PERSONAL}
    personal = {name: value for name, value in given.items() if name in PERSONAL}
    payload = {**plain, **move.notes, "state": move.ticket.state}
    if move.transition.outcome:
        payload["result"] = move.transition.outcome
    log(
        move.session,
        move.ticket,
        EVENTS[command],
        by=move.actor.by,
        now=move.now,
        payload=payload,
        personal=personal or None,
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
