"""The table of a ticket's life: which command leads where, by whom, carrying what, and what the clocks do."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_terms import ENDED_STATES, OPEN_STATES, ClockKind, Command, Condition, State
from dispatch.rules.transition import Transition, row

OPENED_STATE = State.DRAFT
OPENED_STARTS = frozenset({ClockKind.DISPATCH})
"""How every ticket begins; opening one is no command of the table."""

_DESK = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER})
_EXPERTS = frozenset({Role.LAWYER, Role.COUNSELLOR})
_DISPATCHING = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.DUTY_LEADER})
_WATCHING = frozenset({Role.SUPERVISOR, Role.DUTY_LEADER})
_ASSIGNERS = frozenset({Role.UNION_LEADER, Role.UNION_ADMINISTRATOR})
_AUTOMATIC = frozenset({Role.SYSTEM})
_CALLING_BACK = frozenset({Role.CALLBACK_OPERATOR, Role.SUPERVISOR})

_HANDLED = frozenset({State.IN_PROGRESS, State.AWAITING_CALLER, State.SUSPENDED})
_WITH_UNION = _HANDLED | {State.DISPATCHED}
_ALL_CLOCKS = frozenset(ClockKind)
_HANDLING_CLOCKS = frozenset({ClockKind.FIRST_CONTACT, ClockKind.PROGRESS})

_ACCEPT_CARRIES = (
    "category",
    "urgency",
    "region_code",
    "employers",
    "wish",
    "confidentiality",
    "disclosure",
    "contact_mode",
    "callback_wanted",
)


def _intake() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    yield row(c.VOID, s.DRAFT, s.VOID, _DESK, ("reason_code",), stops={k.DISPATCH})
    yield row(
        c.DIRECT_ANSWER,
        s.DRAFT,
        s.ANSWERED,
        _DESK | _EXPERTS,
        ("category", "answer", "knowledge_id"),
        stops={k.DISPATCH},
    )
    yield row(c.DECLINE, s.DRAFT, s.DECLINED, _WATCHING, ("reason", "route_told"), stops={k.DISPATCH})
    # 首接负责制: whoever received the request accepts it, a union what came to its own door.
    takers = _DESK | _EXPERTS | UNION_ROLES | {Role.PARTNER, Role.SYSTEM}
    yield row(c.ACCEPT, s.DRAFT, s.PENDING_DISPATCH, takers, _ACCEPT_CARRIES)
    # P0: place, event and a number suffice; the rest within two hours.
    yield row(
        c.ACCEPT,
        s.DRAFT,
        s.PENDING_DISPATCH,
        takers,
        ("urgency", "region_code", "text", "contact_mode"),
        condition=Condition.P0,
    )
    yield row(
        c.REOPEN,
        s.ANSWERED,
        s.PENDING_DISPATCH,
        _DESK | {Role.INSPECTOR, Role.CALLER},
        ("reason",),
        starts={k.DISPATCH},
    )


def _dispatching() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    new_union = {k.SIGN, k.RESOLVE}
    # The operator dispatches from the form on a recommendation; the rest goes to the dispatcher's pool.
    yield row(
        c.DISPATCH,
        {s.PENDING_DISPATCH, s.REOPENED},
        s.DISPATCHED,
        _DISPATCHING | {Role.OPERATOR, Role.SYSTEM},
        ("union_id",),
        stops={k.DISPATCH},
        starts=new_union,
    )
    # 转派: nobody signs, or the wrong union has it.
    yield row(
        c.DISPATCH,
        s.DISPATCHED,
        s.DISPATCHED,
        _DISPATCHING | _AUTOMATIC,
        ("union_id", "reason"),
        stops={k.SIGN},
        starts=new_union,
    )
    yield row(
        c.RETURN_TICKET,
        {s.DISPATCHED, s.IN_PROGRESS},
        s.RETURNED,
        UNION_ROLES,
        ("reason_code", "basis", "union_id"),
        condition=Condition.IN_RETURN_WINDOW,
        stops={k.SIGN} | _HANDLING_CLOCKS,
        starts={k.OBJECTION},
    )
    yield row(
        c.DECIDE_OBJECTION,
        s.RETURNED,
        s.DISPATCHED,
        _DISPATCHING,
        ("upheld", "reason", "union_id"),
        outcome="upheld",
        stops={k.OBJECTION},
        starts=new_union,
    )
    yield row(
        c.DECIDE_OBJECTION,
        s.RETURNED,
        s.DISPATCHED,
        _DISPATCHING,
        ("upheld", "reason"),
        outcome="denied",
        stops={k.OBJECTION},
        starts={k.SIGN},
    )
    yield row(
        c.ASSIGN_DOWN,
        s.IN_PROGRESS,
        s.DISPATCHED,
        UNION_ROLES,
        ("union_id", "due_at"),
        stops=_HANDLING_CLOCKS,
        starts=new_union,
    )
    yield row(
        c.ESCALATE_LEVEL,
        _WITH_UNION | {s.RETURNED},
        s.DISPATCHED,
        _WATCHING | _AUTOMATIC,
        ("union_id", "reason"),
        stops={k.SIGN, k.OBJECTION, k.AWAIT_CALLER} | _HANDLING_CLOCKS,
        starts=new_union,
        resumes={k.RESOLVE},
    )


def _handling() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    yield row(
        c.SIGN_FOR,
        s.DISPATCHED,
        s.IN_PROGRESS,
        UNION_ROLES,
        ("handler_id", "deputy_id"),
        stops={k.SIGN},
        starts={k.FIRST_CONTACT},
    )
    # 先电后单: the duty officer signs by voice, the centre records who and when.
    voice = _DESK | _DISPATCHING
    yield row(
        c.SIGN_FOR,
        s.DISPATCHED,
        s.IN_PROGRESS,
        voice,
        ("at", "text"),
        condition=Condition.P0,
        stops={k.SIGN},
        starts={k.FIRST_CONTACT},
    )
    for outcome in ("reached", "site_check", "three_attempts"):
        yield row(
            c.RECORD_FIRST_CONTACT,
            s.IN_PROGRESS,
            None,
            UNION_ROLES,
            ("at", "means", "outcome"),
            outcome=outcome,
            stops={k.FIRST_CONTACT},
            starts={k.PROGRESS},
        )
    yield row(
        c.RECORD_FIRST_CONTACT,
        s.IN_PROGRESS,
        None,
        UNION_ROLES,
        ("at", "means", "outcome"),
        outcome="no_answer",
    )
    yield row(
        c.ADD_PROGRESS,
        {s.IN_PROGRESS, s.SUSPENDED},
        None,
        UNION_ROLES | _EXPERTS,
        ("text",),
        stops={k.PROGRESS},
        starts={k.PROGRESS},
    )
    # What the caller or the desk adds is on record, but does not stand in for the union's own progress.
    yield row(c.ADD_PROGRESS, OPEN_STATES - {s.DRAFT}, None, _DESK | {Role.CALLER, Role.PARTNER}, ("text",))
    yield row(c.ADD_PROGRESS, s.AWAITING_CALLER, None, UNION_ROLES | _EXPERTS, ("text",))
    yield row(
        c.AWAIT_CALLER,
        s.IN_PROGRESS,
        s.AWAITING_CALLER,
        UNION_ROLES,
        ("missing", "due_at"),
        pauses={k.RESOLVE, k.PROGRESS},
        starts={k.AWAIT_CALLER},
    )
    yield row(
        c.RESUME,
        s.AWAITING_CALLER,
        s.IN_PROGRESS,
        UNION_ROLES | _DESK | {Role.CALLER, Role.SYSTEM},
        ("reason",),
        stops={k.AWAIT_CALLER},
        resumes={k.RESOLVE, k.PROGRESS},
    )
    for roles, condition in ((_DISPATCHING, None), (_ASSIGNERS, Condition.ASSIGNER)):
        # Progress runs on while a legal procedure holds the deadline: the union still watches the case.
        yield row(
            c.SUSPEND,
            s.IN_PROGRESS,
            s.SUSPENDED,
            roles,
            ("reason", "reference"),
            condition=condition,
            pauses={k.RESOLVE},
        )
        yield row(
            c.RESUME, s.SUSPENDED, s.IN_PROGRESS, roles, ("reason",), condition=condition, resumes={k.RESOLVE}
        )


def _deadlines() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    yield row(
        c.REQUEST_EXTENSION,
        s.IN_PROGRESS,
        None,
        UNION_ROLES,
        ("reason", "due_at"),
        condition=Condition.BEFORE_EXPIRY,
    )
    for roles, condition in ((_DISPATCHING, None), (_ASSIGNERS, Condition.ASSIGNER)):
        for outcome, moved in (("granted", {k.RESOLVE}), ("refused", set[ClockKind]())):
            yield row(
                c.DECIDE_EXTENSION,
                s.IN_PROGRESS,
                None,
                roles,
                ("approved", "reason"),
                outcome=outcome,
                condition=condition,
                moves=moved,
            )
    nudging = _DESK | _DISPATCHING | {Role.CALLER, Role.SYSTEM}
    underway = OPEN_STATES - {s.DRAFT}
    yield row(c.NUDGE, underway, None, nudging)
    yield row(c.NUDGE, _WITH_UNION, None, _ASSIGNERS, condition=Condition.ASSIGNER)
    yield row(c.SUPERVISE, underway, None, _WATCHING | _AUTOMATIC, ("reason",))
    yield row(c.SUPERVISE, _WITH_UNION, None, _ASSIGNERS, ("reason",), condition=Condition.ASSIGNER)
    yield row(c.ADD_CO_HANDLER, _WITH_UNION, None, _DISPATCHING | UNION_ROLES, ("union_id", "reason"))


def _results() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    yield row(
        c.REPORT_RESULT,
        s.IN_PROGRESS,
        s.REPORTED,
        UNION_ROLES,
        ("true_claim", "done", "solved", "reply_text"),
        stops={k.RESOLVE} | _HANDLING_CLOCKS,
        starts={k.REVIEW},
    )
    for roles, condition in ((_DISPATCHING, None), (_ASSIGNERS, Condition.ASSIGNER)):
        yield row(
            c.REVIEW,
            s.REPORTED,
            s.IN_PROGRESS,
            roles,
            ("approved", "reason"),
            outcome="rejected",
            condition=condition,
            stops={k.REVIEW},
            starts={k.PROGRESS},
            resumes={k.RESOLVE},
        )
    # The assigner reviews first; its approval only passes the report up.
    yield row(
        c.REVIEW,
        s.REPORTED,
        None,
        _ASSIGNERS,
        ("approved",),
        outcome="approved",
        condition=Condition.ASSIGNER,
    )
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.PENDING_CALLBACK,
        _DISPATCHING,
        ("approved",),
        outcome="approved",
        stops={k.REVIEW},
        starts={k.CALLBACK},
    )
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.CLOSED,
        _DISPATCHING,
        ("approved",),
        outcome="approved_without_callback",
        stops={k.REVIEW},
    )
    # The machine asks and counts; a case which nobody has reached is closed by a person alone.
    for outcome, carries, to_state, roles in (
        ("reached", ("reached", "solved", "satisfied"), s.CLOSED, _CALLING_BACK | _AUTOMATIC),
        ("unreachable", ("reached",), s.CLOSED, _CALLING_BACK),
        ("no_answer", ("reached",), None, _CALLING_BACK | _AUTOMATIC),
    ):
        yield row(
            c.RECORD_CALLBACK,
            s.PENDING_CALLBACK,
            to_state,
            roles,
            carries,
            outcome=outcome,
            stops={k.CALLBACK} if to_state else set(),
        )
    yield row(
        c.REOPEN,
        s.PENDING_CALLBACK,
        s.REOPENED,
        _CALLING_BACK,
        ("reason",),
        stops={k.CALLBACK},
        starts={k.DISPATCH},
    )


def _endings() -> Iterator[Transition]:
    c, s = Command, State
    yield row(c.TERMINATE, s.IN_PROGRESS, None, UNION_ROLES, ("reason", "basis"), outcome="proposed")
    yield row(
        c.TERMINATE,
        s.IN_PROGRESS,
        s.TERMINATED,
        _DISPATCHING,
        ("approved", "reason"),
        outcome="approved",
        stops=_ALL_CLOCKS,
    )
    yield row(c.TERMINATE, s.IN_PROGRESS, None, _DISPATCHING, ("approved", "reason"), outcome="refused")
    merging = _DESK | {Role.DISPATCHER}
    yield row(c.MERGE, OPEN_STATES, s.MERGED, merging, ("parent_number",), stops=_ALL_CLOCKS)
    wishing = _DESK | {Role.CALLBACK_OPERATOR, Role.CALLER}
    yield row(c.WITHDRAW, OPEN_STATES, s.WITHDRAWN, wishing, ("reason",), stops=_ALL_CLOCKS)
    yield row(c.ARCHIVE, ENDED_STATES - {s.ARCHIVED}, s.ARCHIVED, _AUTOMATIC)


TRANSITIONS: tuple[Transition, ...] = (
    *_intake(),
    *_dispatching(),
    *_handling(),
    *_deadlines(),
    *_results(),
    *_endings(),
)
