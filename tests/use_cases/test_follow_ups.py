"""The machine's follow-up calls: whom it may ask, when, and what it leaves to people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.database import Database
from dispatch.models.history import Event, Notice, Outbox
from dispatch.models.tickets import CallbackAttempt, Caller, Ticket
from dispatch.rules.policy import PolicyError
from dispatch.rules.ticket_state import Command
from hotline.calls.follow_up_models import FollowUp
from hotline.calls.models import Call
from hotline.calls.outbound import OutboundPolicy
from hotline.line import follow_ups
from hotline.line.endings import caller_gone
from hotline.line.follow_ups import FollowUpPolicy
from hotline.line.lines import Lines
from tests.builders import NOW, World, build_world, give, make_ticket

SHIPPED = load_policy(SHIPPED_CONFIG / "follow_up.yaml", FollowUpPolicy.from_mapping)
POLICY = replace(SHIPPED, enabled=True)
LINES = load_policy(SHIPPED_CONFIG / "lines.yaml", Lines.from_mapping)
OUTBOUND = load_policy(SHIPPED_CONFIG / "outbound.yaml", OutboundPolicy.from_mapping)


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def settled(session: Session, world: World, *, payment_on: date | None = None, **fields: Any) -> Ticket:
    """Return a ticket whose handling has been reviewed and which waits for its callback."""
    ticket = make_ticket(session, world, **fields)
    give(session, world, "operator", ticket, Command.ACCEPT)
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))
    people: dict[str, Any] = {
        "handler_id": world.actor("lixia").user_id,
        "deputy_id": world.actor("lixia-deputy").user_id,
    }
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)
    reached: dict[str, Any] = {"at": NOW, "means": "phone", "outcome": "已联系"}
    give(session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, **reached)
    done: dict[str, Any] = {"true_claim": True, "done": "已督促", "solved": "solved", "reply_text": "已到账"}
    money: dict[str, Any] = (
        {}
        if payment_on is None
        else {"payment_on": payment_on, "amount_cents": 100, "amount_state": "promised"}
    )
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, **done, **money)
    return give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)


def plan(session: Session, *, policy: FollowUpPolicy = POLICY, now: datetime = NOW) -> list[FollowUp]:
    follow_ups.plan(session, policy=policy, now=now)
    session.flush()
    return list(session.scalars(select(FollowUp).order_by(FollowUp.id)))


def dial(session: Session, *, policy: FollowUpPolicy = POLICY, now: datetime = NOW) -> int:
    begun = follow_ups.dial_due(
        session, policy=policy, outbound=OUTBOUND, number="12351", may_dial_mainland=True, now=now
    )
    session.flush()
    return begun


def call_of(session: Session, row: FollowUp) -> Call:
    session.refresh(row)
    return session.get_one(Call, row.call_id)


def answer(session: Session, world: World, row: FollowUp, solved: str, satisfied: str) -> None:
    call = call_of(session, row)
    follow_ups.answered(session, call, solved=solved, satisfied=satisfied, policy=world.policy, now=NOW)
    session.flush()


def test_the_machine_asks_who_wants_to_be_asked_and_nobody_else(world: World, session: Session) -> None:
    wanted = settled(session, world)
    settled(session, world, contact_mode="query_code")
    # Sealed meanwhile, or the wish was withdrawn: not called.
    settled(session, world).sealed = True
    settled(session, world).callback_wanted = False
    make_ticket(session, world)
    session.flush()
    assert [row.ticket_id for row in plan(session)] == [wanted.id]
    assert [row.ticket_id for row in plan(session)] == [wanted.id], "planning twice plans once"


def test_nothing_is_planned_or_dialled_where_it_is_switched_off(world: World, session: Session) -> None:
    settled(session, world)
    assert plan(session, policy=SHIPPED) == []
    plan(session)
    assert dial(session, policy=SHIPPED) == 0


@pytest.mark.parametrize(
    ("hour", "minute", "next_hour", "next_minute", "days"),
    [
        (8, 59, 9, 0, 0),
        (9, 0, 9, 0, 0),
        (11, 59, 11, 59, 0),
        (12, 0, 14, 0, 0),
        (19, 30, 9, 0, 1),
        (3, 0, 9, 0, 0),
    ],
)
def test_people_are_called_in_their_hours(
    hour: int, minute: int, next_hour: int, next_minute: int, days: int
) -> None:
    at = datetime(2026, 11, 23, hour, minute, tzinfo=UTC) - timedelta(hours=8)
    expected = datetime(2026, 11, 23, next_hour, next_minute, tzinfo=UTC) - timedelta(hours=8)
    assert POLICY.next_moment(at) == expected + timedelta(days=days)


def test_nobody_is_rung_outside_the_hours_and_few_at_once(world: World, session: Session) -> None:
    for _ in range(3):
        settled(session, world)
    plan(session)
    evening = NOW + timedelta(hours=11)
    assert dial(session, now=evening) == 0
    two = replace(POLICY, at_once=2)
    assert dial(session, policy=two) == 2
    assert dial(session, policy=two) == 0
    kinds = [row.kind for row in session.scalars(select(Outbox).where(Outbox.kind == "originate_follow_up"))]
    assert len(kinds) == 2


def test_money_that_is_still_to_come_is_asked_about_afterwards(world: World, session: Session) -> None:
    settled(session, world, payment_on=date(2026, 11, 25))
    (row,) = plan(session)
    assert row.next_at == datetime(2026, 11, 26, 1, 0, tzinfo=UTC), "nine in the morning of the next day"
    assert dial(session) == 0


@pytest.mark.parametrize("solved", ["solved", "partly"])
def test_a_clear_answer_closes_the_ticket_by_the_machine(world: World, session: Session, solved: str) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    dial(session)
    answer(session, world, row, solved, "satisfied")
    assert (row.state, ticket.state, ticket.outcome) == ("done", "closed", solved)
    attempt = session.scalars(select(CallbackAttempt)).one()
    assert (attempt.by_id, attempt.reached, attempt.satisfied) == (None, True, "satisfied")
    event = session.scalars(select(Event).where(Event.kind == "CallbackRecorded")).one()
    assert event.actor_kind == "machine"


@pytest.mark.parametrize(("solved", "satisfied"), [("unsolved", ""), ("solved", ""), ("", "")])
def test_every_other_answer_is_a_persons_to_decide(
    world: World, session: Session, solved: str, satisfied: str
) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    dial(session)
    answer(session, world, row, solved, satisfied)
    assert (row.state, ticket.state) == ("person", "pending_callback")
    notice = session.scalars(select(Notice).where(Notice.kind == "callback")).one()
    assert (notice.role, notice.ticket_id) == ("callback_operator", ticket.id)


def ring_out(session: Session, world: World, row: FollowUp, now: datetime, *, rung: bool = True) -> None:
    follow_ups.ended(session, call_of(session, row), rung=rung, policy=world.policy, now=now)
    session.flush()


def test_calls_nobody_answers_are_counted_and_the_last_attempt_is_a_persons(
    world: World, session: Session
) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    dial(session)
    ring_out(session, world, row, NOW)
    (row,) = plan(session)
    assert (row.state, row.attempts) == ("due", 1)
    assert row.next_at == datetime(2026, 11, 23, 6, 0, tzinfo=UTC), (
        "three hours later is at lunch: from two on"
    )
    assert dial(session, now=row.next_at) == 1
    ring_out(session, world, row, row.next_at)
    (row,) = plan(session)
    assert (row.state, row.reason) == ("person", "机器回访2次未接通")
    assert ticket.state == "pending_callback", "the third attempt, which would close the case, is a person's"
    assert len(session.scalars(select(CallbackAttempt)).all()) == 2


def test_a_call_that_never_rang_is_nobodys_attempt(world: World, session: Session) -> None:
    settled(session, world)
    (row,) = plan(session)
    dial(session)
    ring_out(session, world, row, NOW, rung=False)
    (row,) = plan(session)
    assert (row.state, row.attempts) == ("due", 0)
    assert session.scalars(select(CallbackAttempt)).all() == []


@pytest.mark.parametrize(
    ("status", "attempts"), [("completed", 1), ("no_answer", 1), ("busy", 1), ("failed", 0), ("canceled", 0)]
)
def test_the_end_of_a_call_says_whether_it_rang_also_when_no_other_report_came(
    world: World, session: Session, status: str, attempts: int
) -> None:
    settled(session, world)
    (row,) = plan(session)
    dial(session)
    call = call_of(session, row)
    call.carrier_status = status
    caller_gone(session, call, policy=world.policy, lines=LINES, now=NOW)
    assert (row.state, row.attempts) == ("missed", attempts)


def test_a_person_who_was_faster_is_not_overruled(world: World, session: Session) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    dial(session)
    said: dict[str, Any] = {"reached": True, "solved": "partly", "satisfied": "basically"}
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **said)
    answer(session, world, row, "solved", "satisfied")
    assert (ticket.state, ticket.outcome) == ("closed", "partly")
    assert len(session.scalars(select(CallbackAttempt)).all()) == 1


def test_a_ticket_that_moved_on_before_its_turn_is_not_called_about(world: World, session: Session) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    give(session, world, "callback", ticket, Command.REOPEN, reason="没有到账")
    assert dial(session) == 0
    session.refresh(row)
    assert row.state == "void"


def test_a_number_that_may_not_be_called_goes_to_a_person_with_the_reason(
    world: World, session: Session
) -> None:
    ticket = settled(session, world)
    (row,) = plan(session)
    session.scalars(select(Caller).where(Caller.ticket_id == ticket.id)).one().phone = "+864008000000"
    session.flush()
    assert dial(session) == 0
    session.refresh(row)
    assert row.state == "person"
    assert row.reason is not None
    assert "付费号段" in row.reason


@pytest.mark.parametrize(
    "changed", [{"hours": []}, {"attempts": 3}, {"hours": ["12:00-09:00"]}, {"at_once": 0}, {"source": ""}]
)
def test_a_policy_that_cannot_be_obeyed_is_refused(changed: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "enabled": True,
        "hours": ["09:00-12:00"],
        "attempts": 2,
        "again_after_min": 60,
        "at_once": 1,
        "source": "[D]",
    }
    FollowUpPolicy.from_mapping(whole)
    with pytest.raises(PolicyError):
        FollowUpPolicy.from_mapping({**whole, **changed})
