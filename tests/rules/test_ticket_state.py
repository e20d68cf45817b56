"""The table of a ticket's life: complete, reachable, never without a clock, and obeyed by every question about it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.roles import ACCOUNT_ROLES, CENTRE_ROLES, UNION_ROLES, Role
from dispatch.rules.ticket_state import (
    ENDED_STATES,
    FIELD_LABELS,
    OPEN_STATES,
    OPENED_STARTS,
    OPENED_STATE,
    PETITION_CLOCKS,
    SIDE_CLOCKS,
    TRANSITIONS,
    ClockKind,
    Command,
    Condition,
    State,
    TransitionError,
    allowed,
    find,
    missing_fields,
    next_state,
    outcome_of,
    why_not,
)

# DOMAIN §4 written out once more, independently of the table: from, command, to.
DOMAIN = {
    ("draft", "void", "void"),
    ("draft", "direct_answer", "answered"),
    ("answered", "reopen", "pending_dispatch"),
    ("draft", "accept", "pending_dispatch"),
    ("draft", "decline", "declined"),
    ("pending_dispatch", "dispatch", "dispatched"),
    ("reopened", "dispatch", "dispatched"),
    ("dispatched", "dispatch", "dispatched"),
    ("dispatched", "return_ticket", "returned"),
    ("in_progress", "return_ticket", "returned"),
    ("returned", "decide_objection", "dispatched"),
    ("dispatched", "sign_for", "in_progress"),
    ("in_progress", "assign_down", "dispatched"),
    ("in_progress", "await_caller", "awaiting_caller"),
    ("awaiting_caller", "resume", "in_progress"),
    ("in_progress", "suspend", "suspended"),
    ("suspended", "resume", "in_progress"),
    ("in_progress", "report_result", "reported"),
    ("reported", "review", "in_progress"),
    ("reported", "review", "pending_callback"),
    ("reported", "review", "closed"),
    ("pending_callback", "record_callback", "closed"),
    ("pending_callback", "reopen", "reopened"),
    ("in_progress", "terminate", "terminated"),
    # The union's leader signs the handler's report where the union wants it.
    ("in_progress", "review", "reported"),
    *((state, "merge", "merged") for state in OPEN_STATES),
    *((state, "withdraw", "withdrawn") for state in OPEN_STATES),
    *((state, "archive", "archived") for state in ENDED_STATES - {State.ARCHIVED}),
    *(
        (state, "escalate_level", "dispatched")
        for state in ("dispatched", "returned", "in_progress", "awaiting_caller", "suspended")
    ),
}

states, commands, roles = st.sampled_from(State), st.sampled_from(Command), st.sampled_from(Role)
conditions = st.frozensets(st.sampled_from(Condition))


def test_the_table_moves_tickets_exactly_as_the_domain_says() -> None:
    moves = {
        (state.value, row.command.value, row.to_state.value)
        for row in TRANSITIONS
        for state in row.from_states
        if row.to_state is not None
    }
    assert moves == DOMAIN


def test_every_command_and_every_state_is_in_the_table() -> None:
    assert {row.command for row in TRANSITIONS} == set(Command)
    reached = {OPENED_STATE} | {row.to_state for row in TRANSITIONS if row.to_state is not None}
    assert reached == set(State)


def test_every_open_state_can_be_left_and_an_ended_one_only_to_be_archived_or_reopened() -> None:
    for state in State:
        out = {
            row.command
            for row in TRANSITIONS
            if state in row.from_states and row.to_state not in (None, state)
        }
        if state is State.ARCHIVED:
            assert out == set()
        elif state in ENDED_STATES:
            assert out == {Command.ARCHIVE} | ({Command.REOPEN} if state is State.ANSWERED else set())
        else:
            assert out - {Command.MERGE, Command.WITHDRAW}, f"{state} is a dead end"


def test_no_path_through_the_table_leaves_an_open_ticket_without_a_running_clock() -> None:
    start = (OPENED_STATE, frozenset(OPENED_STARTS), frozenset[ClockKind]())
    seen, todo = {start}, [start]
    while todo:
        state, running, paused = todo.pop()
        for row in TRANSITIONS:
            if state not in row.from_states:
                continue
            if row.roles == {Role.CO_HANDLER} or row.command is Command.ADD_CO_HANDLER:
                # A co-handler's clocks are its own; they never carry the case.
                continue
            after = row.to_state or state
            gone = row.stops | row.cancels
            if ClockKind.RESOLVE in gone and row.command is not Command.PETITION:
                # Where the petition rules set the time, their clocks stand in for it.
                gone |= PETITION_CLOCKS
            live = (running - gone - row.pauses) | row.starts | row.resumes
            held = (paused | (row.pauses & running)) - gone - row.resumes - row.starts
            # A counsellor's task carries the case only once nothing but it is left.
            beside = SIDE_CLOCKS - ({ClockKind.FOLLOW_UP} if after is State.PENDING_CALLBACK else set())
            assert not (after in OPEN_STATES and not live - beside), (
                f"{row.command} leaves {after} without a clock"
            )
            assert not (after in ENDED_STATES and (live | held) - SIDE_CLOCKS), (
                f"{row.command} ends with {sorted(live | held)}"
            )
            if after in ENDED_STATES:
                # What ran beside the case is cancelled with it.
                live = held = frozenset()
            if (node := (after, live, held)) not in seen:
                seen.add(node)
                todo.append(node)
    assert {state for state, _, _ in seen} == set(State)


@given(states, commands, roles, conditions)
def test_a_button_is_enabled_exactly_when_the_command_would_be_taken(
    state: State, command: Command, role: Role, met: frozenset[Condition]
) -> None:
    possible = command in allowed(state, role, conditions=met)
    assert possible == (why_not(state, command, role, conditions=met) is None)
    outcomes = {row.outcome for row in TRANSITIONS if row.command is command}
    taken = []
    for outcome in sorted(outcomes):
        try:
            taken.append(next_state(state, command, role, outcome=outcome, conditions=met))
        except TransitionError:
            continue
    assert bool(taken) == possible


@given(states, commands, roles, conditions)
def test_a_refusal_is_a_chinese_sentence(
    state: State, command: Command, role: Role, met: frozenset[Condition]
) -> None:
    reason = why_not(state, command, role, conditions=met)
    if reason is not None:
        assert any("\u4e00" <= sign <= "\u9fff" for sign in reason)
        assert role.value not in reason


@given(
    states, commands, roles, conditions, st.dictionaries(st.sampled_from(sorted(FIELD_LABELS)), st.booleans())
)
def test_whatever_a_body_says_its_outcome_is_one_the_table_knows(
    state: State, command: Command, role: Role, met: frozenset[Condition], data: dict[str, object]
) -> None:
    if why_not(state, command, role, conditions=met) is not None:
        return
    outcome = outcome_of(command, role, data)
    assert find(state, command, role, outcome=outcome, conditions=met).command is command


def test_the_callback_is_never_made_by_whoever_handles_or_dispatches() -> None:
    for role in UNION_ROLES | {Role.OPERATOR, Role.DISPATCHER}:
        assert Command.RECORD_CALLBACK not in allowed(State.PENDING_CALLBACK, role)
    due = {Condition.CALLBACK_DUE}
    assert Command.RECORD_CALLBACK in allowed(State.PENDING_CALLBACK, Role.CALLBACK_OPERATOR, conditions=due)


def test_auditors_and_administrators_command_no_ticket() -> None:
    everything = frozenset(Condition)
    for state in State:
        for role in (Role.AUDITOR, Role.ADMINISTRATOR):
            assert allowed(state, role, conditions=everything) == ()


def test_an_operator_cannot_decline_and_is_told_who_can() -> None:
    assert why_not(State.DRAFT, Command.DECLINE, Role.OPERATOR) == "“不予受理”由值班长、带班领导操作"


def test_a_closed_ticket_says_why_it_cannot_be_signed_for() -> None:
    assert why_not(State.CLOSED, Command.SIGN_FOR, Role.UNION_HANDLER) == "工单处于“办结”，不能签收"


def test_a_p0_ticket_is_signed_by_voice_and_only_a_p0_ticket() -> None:
    assert why_not(State.DISPATCHED, Command.SIGN_FOR, Role.OPERATOR) == Condition.P0.why_not
    signed = find(State.DISPATCHED, Command.SIGN_FOR, Role.OPERATOR, conditions={Condition.P0})
    assert signed.to_state is State.IN_PROGRESS
    assert signed.must_carry == ("at", "text")


def test_a_p0_ticket_is_accepted_with_place_event_and_number_alone() -> None:
    data = {"urgency": "P0", "region_code": "370102", "text": "脚手架倒塌", "contact_mode": "phone"}
    brief = find(State.DRAFT, Command.ACCEPT, Role.OPERATOR, conditions={Condition.P0})
    assert missing_fields(brief, data) == {}
    assert "wish" in missing_fields(find(State.DRAFT, Command.ACCEPT, Role.OPERATOR), data)


def test_missing_fields_are_named_in_chinese_and_no_is_an_answer() -> None:
    row = find(State.DRAFT, Command.ACCEPT, Role.OPERATOR)
    data = dict.fromkeys(row.must_carry, "x") | {"callback_wanted": False, "employers": [], "wish": "  "}
    assert missing_fields(row, data) == {
        "employers": "请填写用人单位（不清楚也要注明）",
        "wish": "请填写诉求人的要求",
    }


def test_a_union_returns_a_ticket_only_inside_its_window() -> None:
    refused = why_not(State.DISPATCHED, Command.RETURN_TICKET, Role.UNION_HANDLER)
    assert refused == Condition.IN_RETURN_WINDOW.why_not
    open_window = {Condition.IN_RETURN_WINDOW}
    returned = next_state(
        State.IN_PROGRESS, Command.RETURN_TICKET, Role.UNION_HANDLER, conditions=open_window
    )
    assert returned is State.RETURNED


def test_a_denied_objection_restarts_signing_but_not_the_unions_own_deadline() -> None:
    denied = find(State.RETURNED, Command.DECIDE_OBJECTION, Role.DISPATCHER, outcome="denied")
    upheld = find(State.RETURNED, Command.DECIDE_OBJECTION, Role.DISPATCHER, outcome="upheld")
    assert ClockKind.RESOLVE not in denied.starts
    assert ClockKind.RESOLVE in upheld.starts
    assert "union_id" in upheld.must_carry


def test_waiting_for_the_caller_pauses_the_deadline_and_ends_by_itself() -> None:
    waits = find(
        State.IN_PROGRESS, Command.AWAIT_CALLER, Role.UNION_HANDLER, conditions={Condition.MAY_AWAIT}
    )
    assert ClockKind.RESOLVE in waits.pauses
    assert ClockKind.AWAIT_CALLER in waits.starts
    ends = find(State.AWAITING_CALLER, Command.RESUME, Role.SYSTEM)
    assert ClockKind.RESOLVE in ends.resumes


def test_the_assigner_reviews_first_and_only_the_centre_sends_to_callback() -> None:
    met = {Condition.ASSIGNER}
    assert why_not(State.REPORTED, Command.REVIEW, Role.UNION_LEADER) == Condition.ASSIGNER.why_not
    first = next_state(State.REPORTED, Command.REVIEW, Role.UNION_LEADER, outcome="approved", conditions=met)
    assert first is State.REPORTED
    second = next_state(State.REPORTED, Command.REVIEW, Role.DISPATCHER, outcome="approved")
    assert second is State.PENDING_CALLBACK


@pytest.mark.parametrize(
    ("command", "role", "data", "outcome"),
    [
        (Command.REVIEW, Role.DISPATCHER, {"approved": False}, "rejected"),
        (Command.REVIEW, Role.DISPATCHER, {"approved": True}, "approved"),
        (
            Command.REVIEW,
            Role.DISPATCHER,
            {"approved": True, "callback_wanted": False},
            "approved_without_callback",
        ),
        (
            Command.REVIEW,
            Role.DISPATCHER,
            {"approved": True, "contact_mode": "anonymous"},
            "approved_without_callback",
        ),
        (Command.REVIEW, Role.UNION_LEADER, {"approved": True, "callback_wanted": False}, "approved"),
        (Command.RECORD_CALLBACK, Role.CALLBACK_OPERATOR, {"reached": True}, "reached"),
        (
            Command.RECORD_CALLBACK,
            Role.CALLBACK_OPERATOR,
            {"reached": False, "failed_attempts": 2},
            "no_answer",
        ),
        (
            Command.RECORD_CALLBACK,
            Role.CALLBACK_OPERATOR,
            {"reached": False, "failed_attempts": 3},
            "unreachable",
        ),
        (Command.RECORD_FIRST_CONTACT, Role.UNION_HANDLER, {"means": "site_check"}, "site_check"),
        (Command.RECORD_FIRST_CONTACT, Role.UNION_HANDLER, {"outcome": "no_answer"}, "no_answer"),
        (
            Command.RECORD_FIRST_CONTACT,
            Role.UNION_HANDLER,
            {"outcome": "no_answer", "failed_attempts": 3},
            "three_attempts",
        ),
        (Command.TERMINATE, Role.UNION_HANDLER, {"approved": True}, "proposed"),
        (Command.TERMINATE, Role.DISPATCHER, {"approved": True}, "approved"),
        (Command.DECIDE_OBJECTION, Role.DISPATCHER, {"upheld": False}, "denied"),
        (Command.DECIDE_EXTENSION, Role.DISPATCHER, {"approved": True}, "granted"),
        (Command.REQUEST_EXTENSION, Role.UNION_HANDLER, {"due_at": "x"}, "more_time"),
        (Command.REQUEST_EXTENSION, Role.UNION_HANDLER, {"difficulty": "difficult"}, "more_difficult"),
        (Command.REVIEW, Role.DISPATCHER, {"approved": True, "money_due": True}, "approved_money_due"),
        (Command.REVIEW, Role.DISPATCHER, {"approved": True, "follow_up_due": True}, "approved_follow_up"),
        (
            Command.RECORD_CALLBACK,
            Role.CALLBACK_OPERATOR,
            {"reached": True, "others_waiting": 2},
            "reached_next",
        ),
        (
            Command.RECORD_CALLBACK,
            Role.CALLBACK_OPERATOR,
            {"reached": False, "failed_attempts": 3, "others_waiting": 1},
            "unreachable_next",
        ),
        (
            Command.RECORD_CALLBACK,
            Role.CALLBACK_OPERATOR,
            {"reached": False, "failed_attempts": 1, "others_waiting": 1},
            "no_answer",
        ),
        (Command.RECORD_CALLBACK, Role.COUNSELLOR, {"reached": True, "following_up": True}, "followed_up"),
        (Command.PETITION, Role.SUPERVISOR, {"petition_kind": "claim", "article": 6}, "replaces"),
        (Command.PETITION, Role.SUPERVISOR, {"petition_kind": "claim", "article": 2}, "channelled"),
        (Command.PETITION, Role.SUPERVISOR, {"petition_kind": "report"}, "to_discipline"),
        (Command.PETITION, Role.SUPERVISOR, {"petition_kind": "suggestion"}, "noted"),
        (Command.PETITION, Role.SUPERVISOR, {"reference": "x", "notice_due": True}, "noticed"),
        (Command.PETITION, Role.SUPERVISOR, {"reason": "x", "answered": True}, "review_asked"),
        (Command.RECORD_PAYMENT, Role.UNION_HANDLER, {"money_settled": True}, "arrived"),
        (Command.NUDGE, Role.CALLER, {}, ""),
    ],
)
def test_the_body_of_a_command_decides_its_outcome(
    command: Command, role: Role, data: dict[str, object], outcome: str
) -> None:
    assert outcome_of(command, role, data) == outcome


def test_an_unknown_outcome_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TransitionError, match="approved"):
        find(State.REPORTED, Command.REVIEW, Role.DISPATCHER, outcome="maybe")


def test_no_two_rows_answer_the_same_question() -> None:
    asked = [
        (state, row.command, role, row.outcome, row.condition)
        for row in TRANSITIONS
        for state in row.from_states
        for role in row.roles
    ]
    assert len(asked) == len(set(asked))


def test_everything_a_command_carries_has_a_chinese_name() -> None:
    assert {name for row in TRANSITIONS for name in row.must_carry} <= set(FIELD_LABELS)


def test_every_label_is_chinese() -> None:
    labels = [each.label for kind in (State, Command, ClockKind, Role) for each in kind]
    assert all("\u4e00" <= sign <= "\u9fff" or sign == "B" for label in labels for sign in label)


def test_roles_are_of_the_centre_or_of_a_union_or_a_partner_and_some_have_no_account() -> None:
    assert CENTRE_ROLES | UNION_ROLES | {Role.PARTNER} == ACCOUNT_ROLES
    assert not CENTRE_ROLES & UNION_ROLES
    assert set(Role) - ACCOUNT_ROLES == {Role.CALLER, Role.SYSTEM, Role.CO_HANDLER}
