"""The table of a ticket's life: which command leads where, by whom, carrying what, and what the clocks do."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_beside import BESIDE
from dispatch.rules.ticket_groups import (
    ACCEPTED,
    ASSIGNERS,
    AUTOMATIC,
    DESK,
    DISPATCHING,
    EXPERTS,
    HANDLING_CLOCKS,
    WATCHING,
    WITH_UNION,
)
from dispatch.rules.ticket_results import RESULTS
from dispatch.rules.ticket_terms import (
    ClockKind,
    Command,
    Condition,
    State,
)
from dispatch.rules.transition import Transition, row

OPENED_STATE = State.DRAFT
OPENED_STARTS = frozenset({ClockKind.DISPATCH})
"""How every ticket begins; opening one is no command of the table."""

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
    yield row(c.VOID, s.DRAFT, s.VOID, DESK, ("reason_code",), stops={k.DISPATCH})
    yield row(
        c.DIRECT_ANSWER,
        s.DRAFT,
        s.ANSWERED,
        DESK | EXPERTS,
        ("category", "answer", "knowledge_id"),
        stops={k.DISPATCH},
    )
    yield row(c.DECLINE, s.DRAFT, s.DECLINED, WATCHING, ("reason", "route_told"), stops={k.DISPATCH})
    yield row(
        c.DECLINE,
        s.DRAFT,
        s.DECLINED,
        UNION_ROLES,
        ("reason",),
        condition=Condition.CHILD,
        stops={k.DISPATCH},
    )
    # 首接负责制: whoever received the request accepts it, a union what came to its own door.
    takers = DESK | EXPERTS | UNION_ROLES | {Role.PARTNER, Role.SYSTEM}
    yield row(c.ACCEPT, s.DRAFT, s.PENDING_DISPATCH, takers, _ACCEPT_CARRIES, starts={k.FOLLOW_UP})
    # P0: place, event and a number suffice; the rest within two hours.
    yield row(
        c.ACCEPT,
        s.DRAFT,
        s.PENDING_DISPATCH,
        takers,
        ("urgency", "region_code", "text", "contact_mode"),
        condition=Condition.P0,
        starts={k.DETAILS, k.FOLLOW_UP},
    )
    yield row(
        c.REOPEN,
        s.ANSWERED,
        s.PENDING_DISPATCH,
        DESK | {Role.INSPECTOR, Role.CALLER},
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
        DISPATCHING | {Role.OPERATOR, Role.SYSTEM},
        ("union_id",),
        stops={k.DISPATCH},
        starts=new_union,
    )
    # 转派: nobody signs, or the wrong union has it.
    yield row(
        c.DISPATCH,
        s.DISPATCHED,
        s.DISPATCHED,
        DISPATCHING | AUTOMATIC,
        ("union_id", "reason"),
        stops={k.SIGN},
        starts=new_union,
    )
    for state, evidence in ((s.DISPATCHED, ()), (s.IN_PROGRESS, ("evidence",))):
        yield row(
            c.RETURN_TICKET,
            state,
            s.RETURNED,
            UNION_ROLES,
            ("reason_code", "basis", "union_id", *evidence),
            condition=Condition.IN_RETURN_WINDOW,
            stops={k.SIGN} | HANDLING_CLOCKS,
            starts={k.OBJECTION},
        )
    yield row(
        c.DECIDE_OBJECTION,
        s.RETURNED,
        s.DISPATCHED,
        DISPATCHING,
        ("upheld", "reason", "union_id"),
        outcome="upheld",
        stops={k.OBJECTION},
        starts=new_union,
    )
    yield row(
        c.DECIDE_OBJECTION,
        s.RETURNED,
        s.DISPATCHED,
        DISPATCHING,
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
        stops=HANDLING_CLOCKS,
        starts=new_union,
    )
    yield row(
        c.ESCALATE_LEVEL,
        WITH_UNION | {s.RETURNED},
        s.DISPATCHED,
        WATCHING | AUTOMATIC,
        ("union_id", "reason"),
        stops={k.SIGN, k.OBJECTION, k.AWAIT_CALLER, k.STATUTORY} | HANDLING_CLOCKS,
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
    voice = DESK | DISPATCHING
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
            condition=Condition.CONTACT_DUE,
            # A note may have been made before anybody was reached.
            stops=HANDLING_CLOCKS,
            starts={k.PROGRESS},
        )
    yield row(
        c.RECORD_FIRST_CONTACT,
        s.IN_PROGRESS,
        None,
        UNION_ROLES,
        ("at", "means", "outcome"),
        outcome="no_answer",
        condition=Condition.CONTACT_DUE,
    )
    yield row(
        c.ADD_PROGRESS,
        {s.IN_PROGRESS, s.SUSPENDED},
        None,
        UNION_ROLES | EXPERTS,
        ("text",),
        stops={k.PROGRESS},
        starts={k.PROGRESS},
    )
    # What the caller or the desk adds is on record, but does not stand in for the union's own progress.
    yield row(c.ADD_PROGRESS, ACCEPTED, None, DESK | {Role.CALLER, Role.PARTNER}, ("text",))
    # A request that came by itself (voicemail, web, short message) may be added to before anybody takes it up.
    yield row(c.ADD_PROGRESS, s.DRAFT, None, {Role.CALLER}, ("text",))
    # A partner adds to what it has sent before anybody has taken it up.
    yield row(c.ADD_PROGRESS, s.DRAFT, None, {Role.PARTNER}, ("text",))
    yield row(c.ADD_PROGRESS, s.AWAITING_CALLER, None, UNION_ROLES | EXPERTS, ("text",))
    yield row(
        c.AWAIT_CALLER,
        s.IN_PROGRESS,
        s.AWAITING_CALLER,
        UNION_ROLES,
        ("missing", "due_at"),
        condition=Condition.MAY_AWAIT,
        pauses={k.RESOLVE, k.PROGRESS},
        starts={k.AWAIT_CALLER},
    )
    yield row(
        c.RESUME,
        s.AWAITING_CALLER,
        s.IN_PROGRESS,
        UNION_ROLES | DESK | {Role.CALLER, Role.SYSTEM},
        ("reason",),
        stops={k.AWAIT_CALLER},
        resumes={k.RESOLVE, k.PROGRESS},
    )
    for roles, condition in ((DISPATCHING, None), (ASSIGNERS, Condition.ASSIGNER)):
        # Progress runs on while a legal procedure holds the deadline: the union still watches the case.
        yield row(
            c.SUSPEND,
            s.IN_PROGRESS,
            s.SUSPENDED,
            roles,
            ("reason", "reference", "procedure"),
            condition=condition,
            pauses={k.RESOLVE},
            starts={k.STATUTORY},
        )
        yield row(
            c.RESUME,
            s.SUSPENDED,
            s.IN_PROGRESS,
            roles,
            ("reason", "reference"),
            condition=condition,
            stops={k.STATUTORY},
            resumes={k.RESOLVE},
        )


TRANSITIONS: tuple[Transition, ...] = (
    *_intake(),
    *_dispatching(),
    *_handling(),
    *RESULTS,
    *BESIDE,
)
