"""How many statements a ticket's first steps take: each is a round trip, and nobody adds one without noticing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from dispatch.commands import perform
from dispatch.database import Database
from dispatch.rules.ticket_state import Command
from dispatch.ticket_views import ticket_detail
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.unit_of_work import Fact, unit_of_work
from tests.builders import NOW, PHONE, WAGES, World, build_world, give, make_ticket

MOST = {"open": 19, "view of a draft": 12, "accept": 18, "dispatch": 47, "view of a dispatched one": 14}


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Collect the statements that any session of these purposes sends."""
    said: list[str] = []
    engines = {database.engine(purpose) for purpose in ("command", "webhook")}

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        said.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def test_a_tickets_first_steps_take_few_statements(world: World) -> None:
    operator = world.actor("operator")
    union = world.union("370102")

    def view(number: str) -> int:
        with counted(world.database) as said, world.database.reading() as session:
            ticket_detail(session, operator, number, policy=world.policy, now=NOW)
        return len(said)

    with counted(world.database) as opening, unit_of_work(world.database, publish=lambda _: None) as session:
        ticket = open_ticket(
            session,
            operator,
            channel="phone",
            policy=world.policy,
            now=NOW,
            fields=dict(WAGES),
            caller=CallerDetails(phone=PHONE),
            employers=(ToldEmployer(name="某厂"),),
        )
        number = ticket.number
    found = {"open": len(opening), "view of a draft": view(number)}
    version = 1
    for command, data in (
        (Command.ACCEPT, {}),
        (Command.DISPATCH, {"union_id": union, "override_reason": "就近"}),
    ):
        with counted(world.database) as said, unit_of_work(world.database, publish=lambda _: None) as session:
            version = perform(
                session, operator, number, command, data, version=version, policy=world.policy, now=NOW
            ).version
        found[command.value] = len(said)
    found["view of a dispatched one"] = view(number)
    assert {step: count for step, count in found.items() if count > MOST[step]} == {}


def test_a_note_is_told_to_all_who_see_the_ticket_though_it_rewrites_no_list(world: World) -> None:
    told: list[Fact] = []
    with unit_of_work(world.database, publish=lambda _: None) as session:
        ticket = make_ticket(session, world, **WAGES)
        give(session, world, "operator", ticket, Command.ACCEPT)
        give(
            session,
            world,
            "operator",
            ticket,
            Command.DISPATCH,
            union_id=world.union("370102"),
            override_reason="近",
        )
        number, version = ticket.number, ticket.version
    with unit_of_work(world.database, publish=told.extend) as session:
        note = {"text": "已电话核实"}
        perform(
            session,
            world.actor("supervisor"),
            number,
            Command.ADD_PROGRESS,
            note,
            version=version,
            policy=world.policy,
            now=NOW,
        )
    (fact,) = [each for each in told if each.kind == "ticket"]
    unions = {f"union:{world.union(code)}" for code in ("37", "3701", "370102")}
    assert (fact.id, fact.version, set(fact.rooms)) == (number, version + 1, unions | {"centre"})
