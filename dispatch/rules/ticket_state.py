"""What a ticket may do next: the questions that use cases, buttons and docs ask of the one table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from dispatch.rules.petition import petition_outcome
from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_fields import FIELD_LABELS
from dispatch.rules.ticket_groups import CO
from dispatch.rules.ticket_table import OPENED_STARTS, OPENED_STATE, TRANSITIONS
from dispatch.rules.ticket_terms import (
    ENDED_STATES,
    OPEN_STATES,
    PETITION_CLOCKS,
    SIDE_CLOCKS,
    ClockKind,
    Command,
    Condition,
    State,
)
from dispatch.rules.transition import Transition

__all__ = [
    "ENDED_STATES",
    "FIELD_LABELS",
    "OPENED_STARTS",
    "OPENED_STATE",
    "OPEN_STATES",
    "PETITION_CLOCKS",
    "SIDE_CLOCKS",
    "TRANSITIONS",
    "ClockKind",
    "Command",
    "Condition",
    "State",
    "Transition",
    "TransitionError",
    "allowed",
    "find",
    "missing_fields",
    "next_state",
    "outcome_of",
    "why_not",
]

NO_CONDITIONS: frozenset[Condition] = frozenset()
FAILED_ATTEMPTS = 3
"""First contact and callback both give up after the third attempt [D]."""


class TransitionError(ValueError):
    """The table has no such transition; the message is a Chinese sentence for the actor."""


def allowed(
    state: State, role: Role, *, conditions: Collection[Condition] = NO_CONDITIONS
) -> tuple[Command, ...]:
    """Return the commands this role may give now, in the table's order."""
    return tuple(
        command for command in Command if why_not(state, command, role, conditions=conditions) is None
    )


def why_not(
    state: State, command: Command, role: Role, *, conditions: Collection[Condition] = NO_CONDITIONS
) -> str | None:
    """Return a Chinese sentence for a disabled button, or None when the command is possible."""
    here = [
        row
        for row in TRANSITIONS
        if row.command is command
        and state in row.from_states
        and (role is Role.CO_HANDLER or row.roles != CO)
    ]
    if not here:
        return f"工单处于“{state.label}”，不能{command.label}"
    mine = [row for row in here if role in row.roles]
    if not mine:
        # Who may only in a special case would mislead whoever reads this.
        usual = [row for row in here if row.condition is None] or here
        roles = {allowed_role for row in usual for allowed_role in row.roles}
        names = "、".join(each.label for each in Role if each in roles)
        return f"“{command.label}”由{names}操作"
    unmet = [row.condition for row in mine if row.condition is not None and row.condition not in conditions]
    if len(unmet) == len(mine):
        return unmet[0].why_not
    return None


def find(
    state: State,
    command: Command,
    role: Role,
    *,
    outcome: str = "",
    conditions: Collection[Condition] = NO_CONDITIONS,
) -> Transition:
    """Return the row that applies; raises TransitionError with a Chinese reason."""
    reason = why_not(state, command, role, conditions=conditions)
    if reason is not None:
        raise TransitionError(reason)
    rows = list(_rows(state, command, role, conditions))
    matching = [row for row in rows if row.outcome == outcome]
    if not matching:
        known = "、".join(sorted({row.outcome for row in rows if row.outcome})) or "无"
        raise TransitionError(f"“{command.label}”没有“{outcome}”这种结果，可用：{known}")
    # A row for the special case outranks the ordinary one: P0 carries less, an assigner only passes on.
    return next((row for row in matching if row.condition is not None), matching[0])


def _rows(
    state: State, command: Command, role: Role, conditions: Collection[Condition]
) -> Iterator[Transition]:
    for row in TRANSITIONS:
        if row.command is not command or state not in row.from_states or role not in row.roles:
            continue
        if row.condition is None or row.condition in conditions:
            yield row


def next_state(
    state: State,
    command: Command,
    role: Role,
    *,
    outcome: str = "",
    conditions: Collection[Condition] = NO_CONDITIONS,
) -> State:
    """Return the state after the command; the same one where the command only moves clocks."""
    return find(state, command, role, outcome=outcome, conditions=conditions).to_state or state


def missing_fields(transition: Transition, data: Mapping[str, object]) -> dict[str, str]:
    """Map each field that the row must carry and `data` lacks to a Chinese sentence."""
    return {
        name: f"请填写{FIELD_LABELS[name]}" for name in transition.must_carry if _is_blank(data.get(name))
    }


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    # An empty list is no answer: an unknown employer is one entry that says so.
    return value is None or (isinstance(value, list | tuple | set | frozenset) and not value)


def outcome_of(command: Command, role: Role, data: Mapping[str, object]) -> str:
    """Return which result of a command `data` describes; empty for a command with one result.

    Beside the command's own fields, `data` holds facts: the ticket's `callback_wanted` and `contact_mode`,
    `money_due` and `follow_up_due` for a review; `failed_attempts` (this one included), `others_waiting` and
    `following_up` for a first contact or a callback; `money_settled` for a payment.
    """
    known = _OUTCOMES.get(command)
    return known(role, data) if known is not None else ""


def _terminate(role: Role, data: Mapping[str, object]) -> str:
    if role in UNION_ROLES:
        return "proposed"
    return "approved" if data.get("approved") else "refused"


def _review(role: Role, data: Mapping[str, object]) -> str:
    if not data.get("approved"):
        return "rejected"
    if role in UNION_ROLES:
        return "approved"
    if data.get("follow_up_due"):
        return "approved_follow_up"
    if data.get("callback_wanted") is False or data.get("contact_mode") == "anonymous":
        return "approved_without_callback"
    return "approved_money_due" if data.get("money_due") else "approved"


def _callback(_: Role, data: Mapping[str, object]) -> str:
    reached = data.get("reached") is True
    if data.get("following_up"):
        return "followed_up" if reached else "not_reached"
    outcome = _contact_outcome(reached, data, exhausted="unreachable")
    return f"{outcome}_next" if data.get("others_waiting") and outcome != "no_answer" else outcome


def _first_contact(_: Role, data: Mapping[str, object]) -> str:
    if data.get("means") == "site_check":
        return "site_check"
    return _contact_outcome(data.get("outcome") != "no_answer", data, exhausted="three_attempts")


def _contact_outcome(reached: bool, data: Mapping[str, object], *, exhausted: str) -> str:
    if reached:
        return "reached"
    failed = data.get("failed_attempts")
    return exhausted if isinstance(failed, int) and failed >= FAILED_ATTEMPTS else "no_answer"


_OUTCOMES: Mapping[Command, Callable[[Role, Mapping[str, object]], str]] = {
    Command.DECIDE_OBJECTION: lambda _, data: "upheld" if data.get("upheld") else "denied",
    Command.REQUEST_EXTENSION: lambda _, data: "more_difficult" if data.get("difficulty") else "more_time",
    Command.DECIDE_EXTENSION: lambda _, data: "granted" if data.get("approved") else "refused",
    Command.RECORD_PAYMENT: lambda _, data: "arrived" if data.get("money_settled") else "part",
    Command.PETITION: lambda _, data: petition_outcome(data),
    Command.TERMINATE: _terminate,
    Command.REVIEW: _review,
    Command.RECORD_CALLBACK: _callback,
    Command.RECORD_FIRST_CONTACT: _first_contact,
}
