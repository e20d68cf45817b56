"""Rows of the state table from the report to the archive: review, callback, redo, and every other way to end."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_groups import (
    ACCEPTED,
    ASSIGNERS,
    AUTOMATIC,
    CALLING_BACK,
    DESK,
    DISPATCHING,
    HANDLING_CLOCKS,
    WATCHING,
)
from dispatch.rules.ticket_terms import (
    ENDED_STATES,
    OPEN_STATES,
    SIDE_CLOCKS,
    ClockKind,
    Command,
    Condition,
    State,
)
from dispatch.rules.transition import Transition, row

_ALL_CLOCKS = frozenset(ClockKind)


def _results() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    carries = ("true_claim", "done", "solved", "reply_text")
    off = {k.RESOLVE} | HANDLING_CLOCKS
    yield row(c.REPORT_RESULT, s.IN_PROGRESS, s.REPORTED, UNION_ROLES, carries, stops=off, starts={k.REVIEW})
    # Where the union wants it, its leader signs before the centre sees the report; the deadline runs on.
    yield row(
        c.REPORT_RESULT,
        s.IN_PROGRESS,
        None,
        {Role.UNION_HANDLER},
        carries,
        condition=Condition.LEADER_SIGNS,
    )
    yield row(
        c.REVIEW,
        s.IN_PROGRESS,
        s.REPORTED,
        ASSIGNERS,
        ("approved",),
        outcome="approved",
        condition=Condition.REPORT_UNSIGNED,
        stops=off,
        starts={k.REVIEW},
    )
    yield row(
        c.REVIEW,
        s.IN_PROGRESS,
        None,
        ASSIGNERS,
        ("approved", "reason"),
        outcome="rejected",
        condition=Condition.REPORT_UNSIGNED,
    )
    for roles, condition in ((DISPATCHING, None), (ASSIGNERS, Condition.ASSIGNER)):
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
        ASSIGNERS,
        ("approved",),
        outcome="approved",
        condition=Condition.ASSIGNER,
    )
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.PENDING_CALLBACK,
        DISPATCHING,
        ("approved",),
        outcome="approved",
        stops={k.REVIEW},
        starts={k.CALLBACK},
    )
    # Money that is promised is waited for: the home union watches, the callback comes after the day.
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.PENDING_CALLBACK,
        DISPATCHING,
        ("approved",),
        outcome="approved_money_due",
        stops={k.REVIEW},
        starts={k.PAYMENT},
    )
    # After a crisis a counsellor looks after the caller; nobody asks how satisfied he was.
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.PENDING_CALLBACK,
        DISPATCHING,
        ("approved",),
        outcome="approved_follow_up",
        stops={k.REVIEW},
        starts={k.FOLLOW_UP},
    )
    yield row(
        c.REVIEW,
        s.REPORTED,
        s.CLOSED,
        DISPATCHING | AUTOMATIC,
        ("approved",),
        outcome="approved_without_callback",
        stops={k.REVIEW},
    )
    yield from _calling_back()
    yield row(
        c.REOPEN,
        s.PENDING_CALLBACK,
        s.REOPENED,
        CALLING_BACK,
        ("reason",),
        condition=Condition.MAY_REOPEN,
        stops={k.CALLBACK, k.PAYMENT},
        starts={k.DISPATCH},
    )


def _calling_back() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    # The machine asks and counts; a case which nobody has reached is closed by a person alone. Who gives his own
    # answer, on his page, needs nobody to ask him.
    asked = CALLING_BACK | AUTOMATIC | {Role.CALLER}
    for outcome, carries, to_state, roles in (
        ("reached", ("reached", "solved", "satisfied"), s.CLOSED, asked),
        ("unreachable", ("reached",), s.CLOSED, CALLING_BACK),
        ("no_answer", ("reached",), None, CALLING_BACK | AUTOMATIC),
        # Every caller of a merged ticket is called; the last answer closes it.
        ("reached_next", ("reached", "solved", "satisfied"), None, asked),
        ("unreachable_next", ("reached",), None, CALLING_BACK),
    ):
        yield row(
            c.RECORD_CALLBACK,
            s.PENDING_CALLBACK,
            to_state,
            roles,
            carries,
            outcome=outcome,
            condition=Condition.CALLBACK_DUE,
            stops={k.CALLBACK, k.PAYMENT} if to_state else set(),
        )
    # A partner that has the caller's ear asks him itself.
    partner = {Role.PARTNER}
    yield row(
        c.RECORD_CALLBACK,
        s.PENDING_CALLBACK,
        s.CLOSED,
        partner,
        ("reached", "solved", "satisfied"),
        outcome="reached",
        condition=Condition.CALLBACK_DUE,
        stops={k.CALLBACK, k.PAYMENT},
    )
    yield row(
        c.RECORD_CALLBACK,
        s.PENDING_CALLBACK,
        None,
        partner,
        ("reached",),
        outcome="no_answer",
        condition=Condition.CALLBACK_DUE,
    )
    for outcome, state, to_state in (
        ("followed_up", s.PENDING_CALLBACK, s.CLOSED),
        ("followed_up", ACCEPTED - {s.PENDING_CALLBACK}, None),
        ("not_reached", ACCEPTED, None),
    ):
        yield row(
            c.RECORD_CALLBACK,
            state,
            to_state,
            {Role.COUNSELLOR, *WATCHING},
            ("reached", "text"),
            outcome=outcome,
            condition=Condition.FOLLOW_UP,
            stops={k.FOLLOW_UP, *({k.CALLBACK, k.PAYMENT} if to_state else ())}
            if outcome == "followed_up"
            else set(),
        )
    yield row(
        c.RESUME,
        s.PENDING_CALLBACK,
        None,
        AUTOMATIC,
        ("reason",),
        stops={k.PAYMENT},
        starts={k.CALLBACK},
    )


def _endings() -> Iterator[Transition]:
    c, s = Command, State
    yield row(
        c.TERMINATE, s.IN_PROGRESS, None, UNION_ROLES, ("reason_code", "reason", "basis"), outcome="proposed"
    )
    proposed = Condition.TERMINATION_PROPOSED
    yield row(
        c.TERMINATE,
        s.IN_PROGRESS,
        s.TERMINATED,
        DISPATCHING,
        ("approved", "reason"),
        outcome="approved",
        condition=proposed,
        stops=_ALL_CLOCKS - SIDE_CLOCKS,
    )
    yield row(
        c.TERMINATE,
        s.IN_PROGRESS,
        None,
        DISPATCHING,
        ("approved", "reason"),
        outcome="refused",
        condition=proposed,
    )
    merging = DESK | {Role.DISPATCHER}
    yield row(c.MERGE, OPEN_STATES, s.MERGED, merging, ("parent_number",), cancels=_ALL_CLOCKS)
    # The wish is recorded: in whose words and by which way it reached the centre.
    wishing = DESK | {Role.CALLBACK_OPERATOR}
    yield row(c.WITHDRAW, OPEN_STATES, s.WITHDRAWN, wishing, ("reason", "means"), cancels=_ALL_CLOCKS)
    own = {Role.CALLER, Role.PARTNER}
    yield row(c.WITHDRAW, OPEN_STATES, s.WITHDRAWN, own, ("reason",), cancels=_ALL_CLOCKS)
    yield row(c.ARCHIVE, ENDED_STATES - {s.ARCHIVED}, s.ARCHIVED, AUTOMATIC)


RESULTS: tuple[Transition, ...] = (*_results(), *_endings())
