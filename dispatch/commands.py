"""The one door for commands on a ticket: permission, state table, mandatory data, clocks, history, lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import (
    callbacks,
    clocks,
    co_handlers,
    exchange_events,
    handlings,
    intake,
    linked,
    merging,
    messages,
    more_time,
    petitions,
    results,
    scope,
    supervision,
    union_turns,
)
from dispatch.access import find_ticket, may_edit
from dispatch.actors import Actor
from dispatch.clock_moves import start_clocks, stop_clocks
from dispatch.conditions import Scene, facts_of, scene_of
from dispatch.errors import Missing, NotAllowed, WrongState
from dispatch.models.tickets import Ticket, TicketEmployer
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
    Command.AWAIT_CALLER: "CallerAwaited",
    Command.SUSPEND: "TicketSuspended",
    Command.RESUME: "TicketResumed",
    Command.REQUEST_EXTENSION: "ExtensionRequested",
    Command.DECIDE_EXTENSION: "ExtensionDecided",
    Command.REPORT_RESULT: "ResultReported",
    Command.REVIEW: "ResultReviewed",
    Command.RECORD_CALLBACK: "CallbackRecorded",
    Command.REOPEN: "TicketReopened",
    Command.TERMINATE: "TerminationMoved",
    Command.NUDGE: "TicketNudged",
    Command.SUPERVISE: "TicketSupervised",
    Command.ESCALATE_LEVEL: "TicketEscalated",
    Command.ADD_CO_HANDLER: "CoHandlerAdded",
    Command.REMOVE_CO_HANDLER: "CoHandlerRemoved",
    Command.MERGE: "TicketMerged",
    Command.WITHDRAW: "TicketWithdrawn",
    Command.ARCHIVE: "TicketArchived",
    Command.LEADER_TAKES_CASE: "CaseTakenByLeader",
    Command.SEND_LETTER: "LetterSent",
    Command.RECORD_REPLY: "LetterAnswered",
    Command.RECORD_PAYMENT: "PaymentRecorded",
    Command.PETITION: "PetitionMarked",
    Command.PETITION_AGENCY: "PetitionAgencyRecorded",
}
"""What history calls each command."""

PERSONAL: Final = frozenset(
    {
        *("text", "answer", "reason", "basis", "done", "reply_text", "route_told", "outcome", "missing"),
        *("evidence", "pending_note"),
    }
)
"""Free text may name people: history keeps it where erasure can reach it."""


def _accept(move: Move) -> None:
    intake.accept(move)
    messages.accepted(move)


_EFFECTS: Final[Mapping[Command, Callable[[Move], None]]] = {
    Command.ACCEPT: _accept,
    Command.DIRECT_ANSWER: intake.direct_answer,
    Command.VOID: intake.void,
    Command.DISPATCH: handlings.dispatch,
    Command.ASSIGN_DOWN: handlings.assign_down,
    Command.RETURN_TICKET: handlings.return_ticket,
    Command.DECIDE_OBJECTION: handlings.decide_objection,
    Command.ESCALATE_LEVEL: handlings.escalate_level,
    Command.SIGN_FOR: handlings.sign_for,
    Command.RECORD_FIRST_CONTACT: handlings.record_contact,
    Command.ADD_PROGRESS: handlings.record_contact,
    Command.AWAIT_CALLER: more_time.await_caller,
    Command.SUSPEND: more_time.suspend,
    Command.REQUEST_EXTENSION: more_time.request_extension,
    Command.DECIDE_EXTENSION: more_time.decide_extension,
    Command.TERMINATE: more_time.terminate,
    Command.ADD_CO_HANDLER: co_handlers.add,
    Command.REMOVE_CO_HANDLER: co_handlers.remove,
    Command.REPORT_RESULT: results.report_result,
    Command.REVIEW: results.review,
    Command.RECORD_PAYMENT: results.record_payment,
    Command.RECORD_CALLBACK: callbacks.record_callback,
    Command.REOPEN: callbacks.reopen,
    Command.NUDGE: supervision.nudge,
    Command.SUPERVISE: supervision.supervise,
    Command.LEADER_TAKES_CASE: supervision.leader_takes_case,
    Command.SEND_LETTER: supervision.send_letter,
    Command.RECORD_REPLY: supervision.record_reply,
    Command.PETITION: petitions.petition,
    Command.PETITION_AGENCY: petitions.petition_agency,
    Command.MERGE: merging.merge,
}

_ASSIGNERS_MAY: Final = frozenset(
    {
        Command.REVIEW,
        Command.NUDGE,
        Command.SUPERVISE,
        Command.SUSPEND,
        Command.RESUME,
        Command.DECIDE_EXTENSION,
    }
)
"""What a union may do with a ticket that it has assigned down; the table asks whether it has."""


@dataclass(frozen=True, slots=True)
class Button:
    """One command as a screen shows it; `why_not` is a Chinese sentence when it cannot be given."""

    command: Command
    why_not: str | None


_WORDS_ONLY: Final = frozenset({Command.ADD_PROGRESS})
"""They add to the record, and change no column by which anybody finds or sees a ticket."""


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
    if command is Command.MERGE:
        merging.lock_both(session, number, data.get("parent_number"))
    ticket = find_ticket(session, actor, number, lock=True)
    require_version(session, ticket, version)
    scene = scene_of(session, actor, ticket, policy=policy, now=now)
    refusal = _not_mine(scene, command)
    if refusal is not None:
        raise NotAllowed(command.value, refusal)
    given = {name: value for name, value in data.items() if value is not None}
    known = {**_own_fields(session, ticket, command), **given}
    transition = _transition(scene, command, known)
    missing = missing_fields(transition, known)
    if missing:
        raise Missing(command.value, missing)
    move = Move(session, actor, scene.role, ticket, scene.handling, transition, dict(data), policy, now)
    led_by = ticket.lead_union_id
    stop_clocks(move)
    effect = _EFFECTS.get(command)
    if effect is not None:
        effect(move)
    _change_state(move)
    start_clocks(move)
    ticket.version += 1
    _log(move)
    exchange_events.after(move)
    if command in _WORDS_ONLY and transition.moves_nothing:
        scope.mention(session, ticket, now=now)
    else:
        scope.rewrite(session, ticket, now=now)
    if ticket.lead_union_id != led_by:
        # Who leads at home keeps watch over what another province does.
        scope.rewrite_all(session, linked.children(session, ticket), now=now)
    for who, following, values in move.then:
        perform(session, who, number, following, values, version=ticket.version, policy=policy, now=now)
    return ticket


def buttons(
    session: Session, actor: Actor, ticket: Ticket, *, policy: Policy, now: datetime
) -> tuple[Button, ...]:
    """Return what this actor could do with the ticket now, and why the rest of his commands is not possible."""
    scene = scene_of(session, actor, ticket, policy=policy, now=now)
    conditions = scene.holding()
    found = []
    for command in EVENTS:
        reason = why_not(scene.state, command, scene.role, conditions=conditions)
        if reason is not None and not _role_ever(command, scene.role):
            continue
        found.append(Button(command, reason or _not_mine(scene, command)))
    return tuple(found)


def legal(scene: Scene) -> tuple[Command, ...]:
    """Return the commands that would be taken from this actor now."""
    conditions = scene.holding()
    return tuple(
        command
        for command in EVENTS
        if why_not(scene.state, command, scene.role, conditions=conditions) is None
        and _not_mine(scene, command) is None
    )


@cache
def _role_ever(command: Command, role: Role) -> bool:
    return any(why_not(state, command, role, conditions=frozenset(Condition)) is None for state in State)


def _not_mine(scene: Scene, command: Command) -> str | None:
    """Return why a ticket that the actor may see is still not his to act on (O, S of docs/quality.md)."""
    actor, ticket, handling = scene.actor, scene.ticket, scene.handling
    if scene.role is Role.CO_HANDLER:
        # As what he acts the table says what he may.
        return None
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
        return None if command in _ASSIGNERS_MAY else "只有正在办理此单的工会可以操作"
    if actor.role is Role.OPERATOR and ticket.state == State.DRAFT.value and not may_edit(actor, ticket):
        return "只有登记此单的话务员可以操作"
    if command is not Command.RECORD_CALLBACK or actor.role is Role.COUNSELLOR:
        return None
    if actor.user_id is None:
        # The machine and the caller handle nothing themselves.
        return None
    handled = handling is not None and actor.user_id in (handling.handler_id, handling.deputy_id)
    if handled or ticket.created_by_id == actor.user_id:
        return "回访不能由经办或登记此单的人员进行"
    return None


def _own_fields(session: Session, ticket: Ticket, command: Command) -> dict[str, Any]:
    """Return what the ticket already says of what a command must carry."""
    if command is not Command.ACCEPT:
        # A note, an answer or a report brings its own words; only these describe the ticket itself.
        return {name: getattr(ticket, name) for name in ("category", "callback_wanted", "contact_mode")}
    told = session.scalar(select(func.count()).where(TicketEmployer.ticket_id == ticket.id)) or 0
    return {**{name: getattr(ticket, name) for name in PLAIN_FIELDS}, "employers": ["known"] * told}


def _transition(scene: Scene, command: Command, data: Mapping[str, Any]) -> Transition:
    state = scene.state
    conditions = scene.holding(command)
    reason = why_not(state, command, scene.role, conditions=conditions)
    if reason is not None:
        if not _role_ever(command, scene.role):
            raise NotAllowed(command.value, reason)
        raise _wrong_state(scene, command, reason)
    outcome = outcome_of(command, scene.role, {**data, **facts_of(scene, command, data)})
    try:
        return find(state, command, scene.role, outcome=outcome, conditions=conditions)
    except TransitionError as error:
        raise _wrong_state(scene, command, str(error)) from error


def _wrong_state(scene: Scene, command: Command, reason: str) -> WrongState:
    possible = [each.value for each in legal(scene)]
    return WrongState(scene.ticket.number, command.value, scene.ticket.state, reason, legal=possible)


def _change_state(move: Move) -> None:
    ticket, to_state = move.ticket, move.transition.to_state
    if to_state is None:
        return
    ticket.state = to_state.value
    if to_state is State.PENDING_DISPATCH:
        ticket.accepted_at = ticket.accepted_at or move.now
        ticket.closed_at, ticket.outcome = None, None
    if to_state in ENDED_STATES:
        ticket.closed_at = ticket.closed_at or move.now
        ticket.outcome = ticket.outcome or to_state.value
        union_turns.end_all(move, state="closed")
        left = clocks.live(move.session, ticket.id, ClockKind)
        clocks.stop(move.session, left, policy=move.policy, now=move.now, cancelled=True)
        merging.tell_parent(move)
        merging.tell_children(move)


def _log(move: Move) -> None:
    given = {name: value for name, value in move.data.items() if value is not None}
    plain = {name: _plain(value) for name, value in given.items() if name not in PERSONAL}
    personal = {name: value for name, value in given.items() if name in PERSONAL}
    payload = {**plain, **move.notes, "state": move.ticket.state}
    if move.transition.outcome:
        payload["result"] = move.transition.outcome
    log(
        move.session,
        move.ticket,
        EVENTS[move.command],
        by=move.actor.by,
        now=move.now,
        payload=payload,
        personal=personal or None,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else value
