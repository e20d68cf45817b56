"""A caller learns where his request stands by two numbers, and nobody learns it by trying."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch import progress
from dispatch.access import find_ticket
from dispatch.actors import CALLER, caller_of
from dispatch.database import Database
from dispatch.errors import NotFound
from dispatch.models.history import Event, Notice
from dispatch.models.tickets import Ticket
from dispatch.progress import Looked, Lookup
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def spoken(ticket: Ticket) -> str:
    return TicketNumber.parse(ticket.number).spoken


def code_of(world: World, ticket: Ticket) -> str:
    return query_code(world.policy.secret, ticket.number, ticket.query_code_generation)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def ask(
    session: Session, world: World, number: str, code: str, *, caller: str = "one", now: Any = NOW
) -> Looked:
    return progress.look_up(session, number=number, code=code, caller=caller, policy=world.policy, now=now)


def accepted(session: Session, world: World, **fields: Any) -> Ticket:
    return give(session, world, "operator", make_ticket(session, world, **fields), Command.ACCEPT)


def dispatched(session: Session, world: World) -> Ticket:
    ticket = accepted(session, world)
    return give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))


def test_number_and_code_open_the_ticket_and_it_says_state_union_and_day(world: World) -> None:
    with world.database.writing() as session:
        ticket = dispatched(session, world)
        found = ask(session, world, spoken(ticket), code_of(world, ticket))
        assert found == Looked(Lookup.FOUND, ticket.id)
        assert progress.told(session, ticket.id, language="zh-CN") == {
            "state": "待签收",
            "union": "历下区总工会",
            "expected": "11月30日",
        }
        assert progress.told(session, ticket.id, language="en-US")["expected"] == "30 November"


def test_before_a_union_has_it_there_is_no_union_and_no_day(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        assert progress.told(session, ticket.id, language="zh-CN") == {
            "state": "待派单",
            "union": "",
            "expected": "",
        }


def test_a_wrong_number_and_a_wrong_code_are_answered_alike(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        code = code_of(world, ticket)
        assert ask(session, world, spoken(ticket), wrong(code)) == Looked(Lookup.WRONG)
        assert ask(session, world, "1123999999", code) == Looked(Lookup.WRONG)
        assert ask(session, world, "9999999999", code) == Looked(Lookup.WRONG)
        assert ask(session, world, "", "") == Looked(Lookup.WRONG)


def test_five_wrong_tries_lock_the_caller_and_the_ticket_until_midnight(world: World) -> None:
    with world.database.writing() as session:
        ticket, other = accepted(session, world), accepted(session, world)
        number, code = spoken(ticket), code_of(world, ticket)
        tries = [ask(session, world, number, wrong(code)).result for _ in range(5)]
        assert tries == [*[Lookup.WRONG] * 4, Lookup.LOCKED]
        assert ask(session, world, number, code).result is Lookup.LOCKED
        # The caller is locked for other tickets, the ticket for other callers; everything else is open.
        assert ask(session, world, spoken(other), code_of(world, other)).result is Lookup.LOCKED
        assert ask(session, world, number, code, caller="two").result is Lookup.LOCKED
        assert ask(session, world, spoken(other), code_of(world, other), caller="two").result is Lookup.FOUND
        evening = NOW + timedelta(hours=13, minutes=59)
        assert ask(session, world, number, code, now=evening).result is Lookup.LOCKED
        assert ask(session, world, number, code, now=NOW + timedelta(hours=14)).result is Lookup.FOUND


def test_guesses_spread_over_many_callers_lock_the_ticket(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        number, code = spoken(ticket), code_of(world, ticket)
        for caller in range(5):
            ask(session, world, number, wrong(code), caller=f"caller {caller}")
        assert ask(session, world, number, code, caller="the owner").result is Lookup.LOCKED


def test_a_new_code_makes_the_old_one_wrong(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        old = code_of(world, ticket)
        ticket.query_code_generation += 1
        assert ask(session, world, spoken(ticket), old).result is Lookup.WRONG
        assert ask(session, world, spoken(ticket), code_of(world, ticket)).result is Lookup.FOUND


def test_two_years_that_fit_both_numbers_are_a_persons_to_tell_apart(world: World) -> None:
    with world.database.writing() as session:
        ticket, older = accepted(session, world), accepted(session, world)
        number = TicketNumber.parse(ticket.number)
        older_number = str(TicketNumber(number.province, number.day.replace(year=2025), number.sequence))
        session.execute(
            update(Ticket)
            .where(Ticket.id == older.id)
            .values(number=older_number, day="20251123", sequence=number.sequence)
        )
        session.refresh(older)
        codes = {query_code(world.policy.secret, ticket.number, each): each for each in range(1, 3_000)}
        for generation in range(1, 3_000):
            code = query_code(world.policy.secret, older.number, generation)
            if code in codes:
                break
        assert code in codes
        assert ask(session, world, number.spoken, code).result is Lookup.WRONG
        ticket.query_code_generation, older.query_code_generation = codes[code], generation
        session.flush()
        assert ask(session, world, number.spoken, code) == Looked(Lookup.AMBIGUOUS)


def test_a_sealed_ticket_opens_but_says_nothing(world: World) -> None:
    with world.database.writing() as session:
        ticket = make_ticket(session, world, category="sexual_harassment")
        found = ask(session, world, spoken(ticket), code_of(world, ticket))
        assert found == Looked(Lookup.SEALED, ticket.id)
        assert progress.told(session, ticket.id, language="zh-CN") == {}


def test_a_nudge_by_telephone_reaches_whoever_has_the_ticket(world: World) -> None:
    with world.database.writing() as session:
        ticket = dispatched(session, world)
        assert progress.nudge(session, ticket.id, policy=world.policy, now=NOW)
        notice = session.scalars(select(Notice).where(Notice.kind == "nudge")).one()
        assert notice.union_id == world.union("370102")
        event = session.scalars(select(Event).where(Event.kind == "TicketNudged")).one()
        assert event.actor_kind == "caller"


def test_what_the_caller_adds_is_in_the_history_and_a_closed_ticket_takes_no_more(world: World) -> None:
    with world.database.writing() as session:
        ticket = dispatched(session, world)
        assert progress.add_note(session, ticket.id, text="补充语音", policy=world.policy, now=NOW)
        event = session.scalars(select(Event).where(Event.kind == "ProgressAdded")).one()
        assert (event.actor_kind, event.personal) == ("caller", {"text": "补充语音"})
        draft = make_ticket(session, world)
        # Nobody has taken it up yet: there is nobody to nudge, but what belongs to the story is kept.
        assert not progress.nudge(session, draft.id, policy=world.policy, now=NOW)
        assert progress.add_note(session, draft.id, text="还有一件事", policy=world.policy, now=NOW)
        give(session, world, "operator", ticket, Command.WITHDRAW, reason="已协商解决", means="phone")
        assert not progress.add_note(session, ticket.id, text="x", policy=world.policy, now=NOW)
        assert not progress.nudge(session, ticket.id, policy=world.policy, now=NOW)


def test_a_nudge_counts_once_a_day(world: World) -> None:
    with world.database.writing() as session:
        ticket = dispatched(session, world)
        for now in (NOW, NOW + timedelta(hours=1), NOW + timedelta(days=1)):
            assert progress.nudge(session, ticket.id, policy=world.policy, now=now)
        events = session.scalars(select(Event.at).where(Event.kind == "TicketNudged")).all()
        assert events == [NOW, NOW + timedelta(days=1)]


def test_the_answer_that_a_union_waits_for_ends_the_wait(world: World) -> None:
    with world.database.writing() as session:
        ticket = dispatched(session, world)
        handler, deputy = world.actor("lixia").user_id, world.actor("lixia-deputy").user_id
        give(session, world, "lixia", ticket, Command.SIGN_FOR, handler_id=handler, deputy_id=deputy)
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.AWAIT_CALLER,
            missing="工资条",
            due_at=NOW + timedelta(days=2),
        )
        assert ticket.state == "awaiting_caller"
        assert progress.add_note(session, ticket.id, text="工资条在这里", policy=world.policy, now=NOW)
        assert ticket.state == "in_progress"
        resumed = session.scalars(select(Event).where(Event.kind == "TicketResumed")).one()
        assert resumed.actor_kind == "caller"


def test_a_number_that_nobody_has_is_locked_and_answered_as_one_that_somebody_has(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        code = wrong(code_of(world, ticket))
        told = {
            number: [
                progress.look_up(
                    session,
                    number=number,
                    code=code,
                    caller=f"address {number}",
                    policy=world.policy,
                    now=NOW,
                    caller_tries=20,
                ).result
                for _ in range(7)
            ]
            for number in (spoken(ticket), "1123888888")
        }
        assert told["1123888888"] == told[spoken(ticket)] == [*[Lookup.WRONG] * 5, *[Lookup.LOCKED] * 2]


def test_a_caller_sees_the_ticket_he_has_proven_and_no_other(world: World) -> None:
    with world.database.writing() as session:
        mine, other = accepted(session, world), accepted(session, world)
        assert find_ticket(session, caller_of(mine.id), mine.number).id == mine.id
        for actor, number in ((caller_of(mine.id), other.number), (CALLER, mine.number)):
            with pytest.raises(NotFound):
                find_ticket(session, actor, number)
