"""How a caller learns where his request stands: ten digits, six digits, and no more tries than five a day."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dispatch.access import find_ticket
from dispatch.actors import caller_of
from dispatch.commands import perform
from dispatch.models.clocks import Clock
from dispatch.models.history import Event
from dispatch.models.progress import QueryTry
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.numbering import NumberError, SpokenNumber, query_code
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, Command, State
from dispatch.rules.working_time import SHANGHAI

WRONG_TRIES: Final = 5
"""Then ticket and caller are locked for the day [docs/domain.md §8]."""


class Lookup(StrEnum):
    FOUND = "found"
    SEALED = "sealed"
    WRONG = "wrong"
    """The number or the code; nobody is told which."""
    LOCKED = "locked"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a query came to; `ticket_id` only where the code was right."""

    result: Lookup
    ticket_id: int | None = None


def look_up(
    session: Session,
    *,
    number: str,
    code: str,
    caller: str,
    policy: Policy,
    now: datetime,
    caller_tries: int = WRONG_TRIES,
) -> Looked:
    """Return the ticket of a ten-digit number whose query code was named; a wrong try is counted.

    `caller` is whoever asks, as a digest of the number or address: so many wrong tries lock him, and five each ticket
    he tried, until midnight in Shanghai. Two at once about the same ticket wait for each other. A number that nobody
    has is counted, locked and computed just as one with a wrong code is.
    """
    tickets = _candidates(session, number, now)
    day = f"{now.astimezone(SHANGHAI):%Y%m%d}"
    asked: dict[str, _Candidate | None] = {f"ticket:{each.id}": each for each in tickets}
    if not asked:
        asked[_nobody(number, caller)] = None
    subjects = sorted([f"caller:{caller}", *asked])
    wrong = {subject: _lock(session, subject, day) for subject in subjects}
    open_now = [each for subject, each in asked.items() if wrong[subject] < WRONG_TRIES]
    if wrong[f"caller:{caller}"] >= caller_tries or not open_now:
        return Looked(Lookup.LOCKED)
    matching = [each for each in open_now if _fits(each, code, policy) and each is not None]
    if len(matching) > 1:
        return Looked(Lookup.AMBIGUOUS)
    if not matching:
        session.execute(
            update(QueryTry)
            .where(QueryTry.subject.in_(subjects), QueryTry.day == day)
            .values(wrong=QueryTry.wrong + 1)
        )
        locked = wrong[f"caller:{caller}"] + 1 >= caller_tries
        return Looked(Lookup.LOCKED if locked else Lookup.WRONG)
    (ticket,) = matching
    return Looked(Lookup.SEALED if ticket.sealed else Lookup.FOUND, ticket.id)


def forget_tries(session: Session, *, now: datetime) -> int:
    """Delete the tries of days that are over, which lock nobody any more, and return how many there were."""
    day = f"{(now - timedelta(days=1)).astimezone(SHANGHAI):%Y%m%d}"
    gone = session.execute(delete(QueryTry).where(QueryTry.day < day).returning(QueryTry.subject))
    return len(gone.all())


def told(session: Session, ticket_id: int, *, language: str) -> Mapping[str, str]:
    """Return what may be said of a ticket now: state, union, expected date; of a sealed one nothing."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.sealed:
        return {}
    english = language.startswith("en")
    state = State(ticket.state)
    union = session.scalar(select(Union.name).where(Union.id == ticket.lead_union_id))
    due = expected_at(session, ticket)
    return {
        "state": _ENGLISH[state] if english else state.label,
        "union": union or "",
        "expected": _spoken_day(due, english=english) if due is not None else "",
    }


def nudge(session: Session, ticket_id: int, *, policy: Policy, now: datetime) -> bool:
    """Remind whoever has the caller's ticket; False when it is no longer under way. Raises NotFound.

    Once a day: reminding again and again reminds nobody any better.
    """
    ticket = own_ticket(session, ticket_id)
    if State(ticket.state) not in OPEN_STATES - {State.DRAFT}:
        return False
    if has_nudged_today(session, ticket_id, now=now):
        return True
    perform(
        session,
        caller_of(ticket_id),
        ticket.number,
        Command.NUDGE,
        {},
        version=ticket.version,
        policy=policy,
        now=now,
    )
    return True


def has_nudged_today(session: Session, ticket_id: int, *, now: datetime) -> bool:
    """Whether the caller has nudged since midnight in Shanghai."""
    midnight = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(Event.id).where(
        Event.ticket_id == ticket_id,
        Event.kind == "TicketNudged",
        Event.actor_kind == "caller",
        Event.at >= midnight,
    )
    return session.scalar(query.limit(1)) is not None


def add_note(session: Session, ticket_id: int, *, text: str, policy: Policy, now: datetime) -> bool:
    """Put what a caller adds on record; False when the ticket takes no more. Raises NotFound.

    Where the union waits for him, his answer ends the wait.
    """
    ticket = own_ticket(session, ticket_id)
    if State(ticket.state) not in OPEN_STATES:
        return False
    perform(
        session,
        caller_of(ticket_id),
        ticket.number,
        Command.ADD_PROGRESS,
        {"text": text},
        version=ticket.version,
        policy=policy,
        now=now,
    )
    end_wait(session, ticket, policy=policy, now=now)
    return True


def end_wait(session: Session, ticket: Ticket, *, policy: Policy, now: datetime) -> None:
    """Let a case go on that waited for what its caller has just added; any other is left alone."""
    if State(ticket.state) is not State.AWAITING_CALLER:
        return
    perform(
        session,
        caller_of(ticket.id),
        ticket.number,
        Command.RESUME,
        {"reason": "诉求人已补充"},
        version=ticket.version,
        policy=policy,
        now=now,
    )


def own_ticket(session: Session, ticket_id: int) -> Ticket:
    """Return the ticket that its caller has proven to be his, locked; raises NotFound."""
    ticket = session.get_one(Ticket, ticket_id)
    return find_ticket(session, caller_of(ticket_id), ticket.number, lock=True)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """As much of a ticket as a try needs: reading the whole of it would take longer than finding none."""

    id: int
    number: str
    query_code_generation: int
    sealed: bool


def _candidates(session: Session, number: str, now: datetime) -> Sequence[_Candidate]:
    """Return the tickets that ten digits may mean: they name no year."""
    try:
        spoken = SpokenNumber.parse(number)
    except NumberError:
        return ()
    days = [f"{day:%Y%m%d}" for day in spoken.days(today=now.astimezone(SHANGHAI).date())]
    rows = session.execute(
        select(Ticket.id, Ticket.number, Ticket.query_code_generation, Ticket.sealed)
        .where(Ticket.day.in_(days), Ticket.sequence == spoken.sequence)
        .order_by(Ticket.id)
    )
    return [_Candidate(*row) for row in rows]


def _nobody(number: str, caller: str) -> str:
    """Return what counts the tries at a number without a ticket; what is no number at all is the caller's alone."""
    try:
        spoken = SpokenNumber.parse(number)
    except NumberError:
        return f"none:{caller}"
    return f"number:{spoken.month:02d}{spoken.day:02d}{spoken.sequence:06d}"


def _fits(ticket: _Candidate | None, code: str, policy: Policy) -> bool:
    number, generation = (ticket.number, ticket.query_code_generation) if ticket is not None else ("none", 1)
    right = query_code(policy.secret, number, generation)
    return hmac.compare_digest(right.encode(), code.encode())


def _lock(session: Session, subject: str, day: str) -> int:
    """Return how often this was wrong today, its row locked until commit."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(QueryTry)
        .values(subject=subject, day=day, wrong=0)
        .on_conflict_do_update(index_elements=["subject", "day"], set_={"wrong": QueryTry.wrong})
        .returning(QueryTry.wrong)
    )
    return int(session.execute(statement).scalar_one())


def expected_at(session: Session, ticket: Ticket) -> datetime | None:
    """Return the deadline of the whole case, as its caller sees it."""
    if State(ticket.state) not in OPEN_STATES:
        return None
    return session.scalar(
        select(Clock.due_at)
        .where(
            Clock.ticket_id == ticket.id,
            Clock.kind == ClockKind.RESOLVE.value,
            Clock.handling_id.is_(None),
            Clock.state == "running",
        )
        .order_by(Clock.id.desc())
        .limit(1)
    )


def _spoken_day(moment: datetime, *, english: bool) -> str:
    day = moment.astimezone(SHANGHAI)
    return f"{day.day} {day:%B}" if english else f"{day.month}月{day.day}日"


_ENGLISH: Final[Mapping[State, str]] = {
    State.DRAFT: "received",
    State.VOID: "closed",
    State.ANSWERED: "answered",
    State.PENDING_DISPATCH: "accepted, waiting to be given to a union",
    State.DECLINED: "declined",
    State.DISPATCHED: "given to a union",
    State.RETURNED: "returned by the union, being decided",
    State.IN_PROGRESS: "being handled",
    State.AWAITING_CALLER: "waiting for something from you",
    State.SUSPENDED: "suspended during a legal procedure",
    State.REPORTED: "handled, being reviewed",
    State.PENDING_CALLBACK: "handled, we will call you",
    State.CLOSED: "closed",
    State.REOPENED: "being handled again",
    State.TERMINATED: "ended",
    State.MERGED: "joined with another request",
    State.WITHDRAWN: "withdrawn",
    State.ARCHIVED: "closed",
}
