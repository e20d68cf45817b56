"""Where an actor stands to a ticket: as what he acts, on which handling, and which conditions of the table hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import callbacks, clocks, handlings, results
from dispatch.actors import Actor
from dispatch.clock_moves import assigners, is_petition, lead_handling
from dispatch.errors import WrongState
from dispatch.models.clocks import Clock
from dispatch.models.life import Letter, Termination
from dispatch.models.tickets import Contact, Extension, Handling, Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.petition import replaces_resolve
from dispatch.rules.roles import Role
from dispatch.rules.sampling import drawn
from dispatch.rules.ticket_groups import REPORTED_ON
from dispatch.rules.ticket_state import (
    PETITION_CLOCKS,
    TRANSITIONS,
    ClockKind,
    Command,
    Condition,
    State,
)

RE_REVIEW: Final = "petition_re_review"


@dataclass(frozen=True, slots=True)
class Scene:
    """One actor before one ticket."""

    session: Session
    actor: Actor
    role: Role
    """His own role, or co-handler where his union only helps."""
    ticket: Ticket
    handling: Handling | None
    """The lead union's, or the co-handler's own."""
    policy: Policy
    now: datetime

    @property
    def state(self) -> State:
        return State(self.ticket.state)

    def holding(self, *commands: Command) -> frozenset[Condition]:
        """Return which conditions hold of those that matter for these commands in the ticket's state."""
        wanted = {
            row.condition
            for row in TRANSITIONS
            if row.condition is not None
            and self.state in row.from_states
            and self.role in row.roles
            and (not commands or row.command in commands)
        }
        return frozenset(each for each in wanted if _CHECKS[each](self))


def scene_of(session: Session, actor: Actor, ticket: Ticket, *, policy: Policy, now: datetime) -> Scene:
    """Return where the actor stands; whoever may not see the ticket has been turned away before."""
    lead = lead_handling(session, ticket.id)
    role, handling = actor.role, lead
    if actor.of_union and (lead is None or lead.union_id != actor.union_id):
        helping = session.scalar(
            select(Handling)
            .where(
                Handling.ticket_id == ticket.id,
                Handling.role == "co",
                Handling.union_id == actor.union_id,
                Handling.ended_at.is_(None),
            )
            .order_by(Handling.id.desc())
            .limit(1)
        )
        if helping is not None:
            role, handling = Role.CO_HANDLER, helping
    return Scene(session, actor, role, ticket, handling, policy, now)


def facts_of(scene: Scene, command: Command, data: Mapping[str, Any]) -> dict[str, object]:
    """Return what the record knows beside the command's own fields, for `outcome_of`."""
    session, ticket = scene.session, scene.ticket
    if command is Command.RECORD_FIRST_CONTACT and scene.handling is not None:
        tried = session.scalar(
            select(func.count()).where(
                Contact.handling_id == scene.handling.id, Contact.kind == "first_contact"
            )
        )
        return {"failed_attempts": (tried or 0) + 1}
    if command is Command.RECORD_CALLBACK:
        if Condition.FOLLOW_UP in scene.holding(command):
            return {"following_up": True}
        return callbacks.progress(session, ticket, data.get("caller_id"))
    if command is Command.REVIEW and scene.state is State.REPORTED:
        return _review_facts(scene)
    if command is Command.PETITION:
        return _petition_facts(scene, data)
    if command is Command.RECORD_PAYMENT:
        added = int(data.get("amount_cents") or 0)
        return {"money_settled": results.is_settled(session, ticket, added)}
    return {}


def _petition_facts(scene: Scene, data: Mapping[str, Any]) -> dict[str, object]:
    ticket, state = scene.ticket, scene.state
    own_time = replaces_resolve(data.get("petition_kind"), data.get("article"))
    if own_time and state in REPORTED_ON | {State.DRAFT}:
        raise WrongState(
            ticket.number, Command.PETITION.value, state.value, "受理之后、反馈之前才能按信访程序计时"
        )
    return {
        "answered": state is State.CLOSED,
        "notice_due": Condition.NOTICE_DUE in scene.holding(Command.PETITION),
    }


def _review_facts(scene: Scene) -> dict[str, object]:
    session, ticket = scene.session, scene.ticket
    facts: dict[str, object] = {
        "follow_up_due": bool(clocks.live(session, ticket.id, [ClockKind.FOLLOW_UP])),
        "money_due": results.money_due_on(session, ticket) is not None,
    }
    sampled_out = ticket.urgency == "P3" and not drawn(ticket.number, scene.policy.sla.limits.sample_percent)
    if sampled_out or callbacks.never_asked(ticket) or not callbacks.is_wanted(session, ticket):
        facts["callback_wanted"] = False
    else:
        facts |= {"callback_wanted": True, "contact_mode": "phone"}
    return facts


def pending_extension(session: Session, handling: Handling) -> Extension | None:
    """Return the union's request for more time that nobody has decided."""
    return session.scalar(
        select(Extension)
        .where(Extension.handling_id == handling.id, Extension.decided_at.is_(None))
        .order_by(Extension.id.desc())
        .limit(1)
    )


def pending_termination(session: Session, handling: Handling) -> Termination | None:
    """Return the union's proposal to end the case that nobody has decided."""
    return session.scalar(
        select(Termination)
        .where(Termination.handling_id == handling.id, Termination.decided_at.is_(None))
        .order_by(Termination.id.desc())
        .limit(1)
    )


def resolving(session: Session, ticket: Ticket, handling: Handling) -> list[Clock]:
    """Return the live clocks by which the union must have resolved the ticket, the case's included."""
    kinds: Collection[ClockKind] = PETITION_CLOCKS if is_petition(ticket) else (ClockKind.RESOLVE,)
    return clocks.live(session, ticket.id, kinds, handling_id=handling.id)


def _is_assigner(scene: Scene) -> bool:
    if scene.handling is None or scene.actor.union_id is None:
        return False
    if scene.state is State.REPORTED:
        following = results.next_assigner(scene.session, scene.handling)
        return following is not None and following.union_id == scene.actor.union_id
    return any(each.union_id == scene.actor.union_id for each in assigners(scene.session, scene.handling))


def _in_return_window(scene: Scene) -> bool:
    return scene.handling is not None and handlings.may_return(
        scene.session, scene.ticket, scene.handling, policy=scene.policy, now=scene.now
    )


def _before_expiry(scene: Scene) -> bool:
    if scene.handling is None or pending_extension(scene.session, scene.handling) is not None:
        return False
    own = [
        clock
        for clock in resolving(scene.session, scene.ticket, scene.handling)
        if clock.handling_id == scene.handling.id or is_petition(scene.ticket)
    ]
    return any(clock.due_at is not None and clock.due_at > scene.now and clock.card != "red" for clock in own)


def _extension_asked(scene: Scene) -> bool:
    if scene.handling is None or pending_extension(scene.session, scene.handling) is None:
        return False
    if scene.actor.of_centre:
        return True
    above = assigners(scene.session, scene.handling)
    return bool(above) and above[0].union_id == scene.actor.union_id


def _may_await(scene: Scene) -> bool:
    waited = clocks.latest(scene.session, scene.ticket.id, ClockKind.AWAIT_CALLER)
    return len(waited) < scene.policy.sla.limits.await_caller_times


def _leader_signs(scene: Scene) -> bool:
    if scene.handling is None:
        return False
    return bool(scene.session.scalar(select(Union.leader_signs).where(Union.id == scene.handling.union_id)))


def _report_unsigned(scene: Scene) -> bool:
    handling = scene.handling
    if handling is None or handling.union_id != scene.actor.union_id:
        return False
    return results.unsigned_report(scene.session, handling) is not None


def _follow_up(scene: Scene) -> bool:
    opens = scene.ticket.created_at + timedelta(hours=scene.policy.sla.limits.p0_counsellor_from_h)
    return scene.now >= opens and bool(clocks.live(scene.session, scene.ticket.id, [ClockKind.FOLLOW_UP]))


def _contact_due(scene: Scene) -> bool:
    due = clocks.live(scene.session, scene.ticket.id, [ClockKind.FIRST_CONTACT])
    return scene.handling is not None and any(each.handling_id == scene.handling.id for each in due)


def _petition_answered(scene: Scene) -> bool:
    ticket = scene.ticket
    if not is_petition(ticket) or ticket.relation == RE_REVIEW or ticket.closed_at is None:
        return False
    last = ticket.closed_at + timedelta(days=scene.policy.sla.limits.petition_review_asked_d)
    asked = select(Ticket.id).where(
        Ticket.parent_id == ticket.id, Ticket.relation.in_(("petition_review", RE_REVIEW))
    )
    return scene.now <= last and scene.session.scalar(asked.limit(1)) is None


def _letter_open(scene: Scene) -> bool:
    query = select(Letter.id).where(Letter.ticket_id == scene.ticket.id, Letter.replied_at.is_(None))
    return scene.session.scalar(query.limit(1)) is not None


def _co_handlers(scene: Scene) -> bool:
    query = select(Handling.id).where(
        Handling.ticket_id == scene.ticket.id, Handling.role == "co", Handling.ended_at.is_(None)
    )
    return scene.session.scalar(query.limit(1)) is not None


def _own_state(scene: Scene, *states: str) -> bool:
    return scene.handling is not None and scene.handling.state in states


def _live(scene: Scene, kind: ClockKind) -> bool:
    return bool(clocks.live(scene.session, scene.ticket.id, [kind]))


_CHECKS: Final[Mapping[Condition, Callable[[Scene], bool]]] = {
    Condition.P0: lambda scene: scene.ticket.urgency == "P0",
    Condition.ASSIGNER: _is_assigner,
    Condition.IN_RETURN_WINDOW: _in_return_window,
    Condition.BEFORE_EXPIRY: _before_expiry,
    Condition.EXTENSION_ASKED: _extension_asked,
    Condition.MAY_AWAIT: _may_await,
    Condition.TERMINATION_PROPOSED: lambda scene: (
        scene.handling is not None and pending_termination(scene.session, scene.handling) is not None
    ),
    Condition.MAY_REOPEN: lambda scene: not scene.ticket.hard_case,
    Condition.LEADER_SIGNS: _leader_signs,
    Condition.REPORT_UNSIGNED: _report_unsigned,
    Condition.CO_UNSIGNED: lambda scene: _own_state(scene, "dispatched"),
    Condition.CO_SIGNED: lambda scene: _own_state(scene, "signed"),
    Condition.CONTACT_DUE: _contact_due,
    Condition.CALLBACK_DUE: lambda scene: _live(scene, ClockKind.CALLBACK),
    Condition.FOLLOW_UP: _follow_up,
    Condition.NOTICE_DUE: lambda scene: _live(scene, ClockKind.PETITION_NOTICE),
    Condition.PETITION_ANSWERED: _petition_answered,
    Condition.HARD_CASE: lambda scene: scene.ticket.hard_case,
    Condition.LETTER_OPEN: _letter_open,
    Condition.CHILD: lambda scene: scene.ticket.relation == "child",
    Condition.CO_HANDLERS: _co_handlers,
}
