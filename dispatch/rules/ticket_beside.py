"""Rows of the state table that go on beside a case: more time, co-handlers, supervision, letters, money, petitions."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_groups import (
    ACCEPTED,
    ASSIGNERS,
    AUTOMATIC,
    CO,
    DESK,
    DISPATCHING,
    EXPERTS,
    HANDLED,
    HANDLING_CLOCKS,
    REPORTED_ON,
    WATCHING,
    WITH_UNION,
)
from dispatch.rules.ticket_terms import OPEN_STATES, ClockKind, Command, Condition, State
from dispatch.rules.transition import Transition, row


def _more_time() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    for outcome, wanted in (("more_time", "due_at"), ("more_difficult", "difficulty")):
        yield row(
            c.REQUEST_EXTENSION,
            s.IN_PROGRESS,
            None,
            UNION_ROLES,
            ("reason", wanted, "caller_told"),
            outcome=outcome,
            condition=Condition.BEFORE_EXPIRY,
        )
    # Who may decide is the level that dispatched: the centre, or the union that assigned down.
    for outcome, moved in (("granted", {k.RESOLVE}), ("refused", set[ClockKind]())):
        yield row(
            c.DECIDE_EXTENSION,
            s.IN_PROGRESS,
            None,
            DISPATCHING | ASSIGNERS,
            ("approved", "reason"),
            outcome=outcome,
            condition=Condition.EXTENSION_ASKED,
            moves=moved,
        )


def _co_handling() -> Iterator[Transition]:
    c, k = Command, ClockKind
    asking = WITH_UNION | {State.REPORTED}
    own = {k.SIGN, k.RESOLVE}
    yield row(c.ADD_CO_HANDLER, asking, None, DISPATCHING | UNION_ROLES, ("union_id", "reason"), starts=own)
    yield row(
        c.REMOVE_CO_HANDLER,
        WITH_UNION | REPORTED_ON | {State.RETURNED},
        None,
        DISPATCHING | UNION_ROLES,
        ("union_id", "reason"),
        condition=Condition.CO_HANDLERS,
    )
    # A co-handler's commands move its own handling and clocks, never the ticket.
    helping = WITH_UNION | REPORTED_ON | {State.RETURNED}
    yield row(
        c.SIGN_FOR,
        helping,
        None,
        CO,
        ("handler_id", "deputy_id"),
        condition=Condition.CO_UNSIGNED,
        stops={k.SIGN},
        starts={k.FIRST_CONTACT},
    )
    for outcome in ("reached", "site_check", "three_attempts", "no_answer"):
        done = outcome != "no_answer"
        yield row(
            c.RECORD_FIRST_CONTACT,
            helping,
            None,
            CO,
            ("at", "means", "outcome"),
            outcome=outcome,
            condition=Condition.CONTACT_DUE,
            stops=HANDLING_CLOCKS if done else set(),
            starts={k.PROGRESS} if done else set(),
        )
    yield row(
        c.ADD_PROGRESS,
        helping,
        None,
        CO,
        ("text",),
        condition=Condition.CO_SIGNED,
        stops={k.PROGRESS},
        starts={k.PROGRESS},
    )
    yield row(
        c.REPORT_RESULT,
        helping,
        None,
        CO,
        ("true_claim", "done", "solved", "reply_text"),
        condition=Condition.CO_SIGNED,
        stops={k.RESOLVE} | HANDLING_CLOCKS,
    )


def _supervision() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    nudging = DESK | DISPATCHING | {Role.CALLER, Role.SYSTEM}
    yield row(c.NUDGE, ACCEPTED, None, nudging)
    yield row(c.NUDGE, WITH_UNION, None, ASSIGNERS, condition=Condition.ASSIGNER)
    yield row(c.SUPERVISE, ACCEPTED, None, WATCHING | AUTOMATIC, ("reason",))
    yield row(c.SUPERVISE, WITH_UNION, None, ASSIGNERS, ("reason",), condition=Condition.ASSIGNER)
    yield row(
        c.LEADER_TAKES_CASE,
        ACCEPTED,
        None,
        {Role.DUTY_LEADER},
        ("leader_id", "reason"),
        condition=Condition.HARD_CASE,
    )
    writing = ASSIGNERS | WATCHING
    yield row(
        c.SEND_LETTER,
        HANDLED | REPORTED_ON,
        None,
        writing,
        ("letter_kind", "addressee", "text", "reference"),
        starts={k.LETTER},
    )
    yield row(
        c.RECORD_REPLY,
        HANDLED | REPORTED_ON | {s.DISPATCHED, s.RETURNED},
        None,
        writing | {Role.UNION_HANDLER, Role.DISPATCHER},
        ("letter_id", "text"),
        condition=Condition.LETTER_OPEN,
    )
    yield row(
        c.PETITION_AGENCY,
        ACCEPTED,
        None,
        UNION_ROLES | DISPATCHING | EXPERTS,
        ("handler_id", "reference", "signed_on"),
    )


def _money() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    watching = UNION_ROLES | DISPATCHING | {Role.CALLBACK_OPERATOR}
    carries = ("amount_cents", "paid_on")
    yield row(c.RECORD_PAYMENT, HANDLED | REPORTED_ON, None, watching, carries, outcome="part")
    yield row(
        c.RECORD_PAYMENT,
        s.PENDING_CALLBACK,
        None,
        watching,
        carries,
        outcome="arrived",
        stops={k.PAYMENT},
        starts={k.CALLBACK},
    )


def _petitions() -> Iterator[Transition]:
    c, s, k = Command, State, ClockKind
    for outcome, carries in (
        ("noted", ("petition_kind",)),
        ("channelled", ("petition_kind", "article", "route_told")),
        ("to_discipline", ("petition_kind", "route_told")),
    ):
        yield row(c.PETITION, OPEN_STATES, None, WATCHING, carries, outcome=outcome)
    # Once there is a report, its review is what the caller waits for.
    underway = ACCEPTED - REPORTED_ON
    yield row(
        c.PETITION,
        underway,
        None,
        WATCHING,
        ("petition_kind", "article"),
        outcome="replaces",
        cancels={k.RESOLVE},
        starts={k.PETITION_NOTICE},
    )
    yield row(
        c.PETITION,
        underway,
        None,
        DISPATCHING | UNION_ROLES,
        ("reference", "at"),
        outcome="noticed",
        condition=Condition.NOTICE_DUE,
        stops={k.PETITION_NOTICE},
        starts={k.PETITION},
    )
    # 复查, 复核: a higher level looks again, on a ticket of its own; this one stays closed.
    yield row(
        c.PETITION,
        s.CLOSED,
        None,
        WATCHING,
        ("reason",),
        outcome="review_asked",
        condition=Condition.PETITION_ANSWERED,
    )


BESIDE: tuple[Transition, ...] = (
    *_more_time(),
    *_co_handling(),
    *_supervision(),
    *_money(),
    *_petitions(),
)
