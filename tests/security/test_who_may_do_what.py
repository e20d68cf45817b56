"""The whole table of who may do what, over random houses: REST, socket, lists, search, counters and files agree with it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent_console.auth import COOKIE, digest
from agent_console.console import Console
from agent_console.mount import add_console
from agent_console.rooms import CENTRE, audience_of, rooms_of
from config.settings import Settings
from dispatch import scope, search
from dispatch.access import can, visible
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.models.people import Session as BrowserSession
from dispatch.models.people import User
from dispatch.models.quality import QualitySample
from dispatch.models.tickets import (
    CallbackAttempt,
    Caller,
    Handling,
    SealedAccess,
    Ticket,
    TicketEmployer,
)
from dispatch.models.unions import Employer, EmployerTie, Union
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.permissions import Action
from dispatch.rules.roles import Role
from dispatch.unit_of_work import Fact, facts_told
from hotline.keys import Keys
from hotline.migrations.metadata import metadata
from hotline.services import Services
from hotline.wiring import services_of
from tests.builders import NOW
from tests.security import houses as table
from tests.security.houses import House, Person, Story, houses
from tests.web.house import PASSWORDS

WORD = "凤凰"
"""Stands in every story, so that a search finds whatever its reader may read."""
PROPERTY = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OVER_HTTP = settings(PROPERTY, max_examples=4)
"""Each example asks some three hundred requests."""


def number_of(told: Story) -> str:
    return str(TicketNumber.issue("37", told.id, now=NOW))


def actor_of(person: Person) -> Actor:
    return Actor(person.role, person.id, person.union, f"p{person.id}", NOW)


def empty(database: Database) -> None:
    with database.engine().begin() as connection:
        if database.on_sqlite:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            for each in reversed(metadata.sorted_tables):
                connection.execute(each.delete())
            connection.exec_driver_sql("INSERT INTO ticket_terms(ticket_terms) VALUES ('delete-all')")
        else:
            names = ", ".join(f'"{each.name}"' for each in metadata.sorted_tables)
            connection.exec_driver_sql(f"TRUNCATE {names}, ticket_terms RESTART IDENTITY CASCADE")


def furnish(session: Session, house: House) -> None:
    for number in house.parents:
        path = "/" + "/".join(str(each) for each in reversed(house.above(number))) + "/"
        level = ("province", "city", "county", "town", "village", "enterprise")[min(5, path.count("/") - 2)]
        session.add(
            Union(
                id=number,
                code=f"U{number}",
                name=f"工会{number}",
                level=level,
                parent_id=house.parents[number],
                path=path,
            )
        )
        session.flush()
    for person in house.people:
        session.add(
            User(
                id=person.id,
                name=f"p{person.id}",
                display_name=f"p{person.id}",
                password_hash="!",
                role=person.role.value,
                union_id=person.union,
                skills=[],
                created_at=NOW,
            )
        )
        session.flush()
        session.add(
            BrowserSession(
                token_sha256=digest(f"token-{person.id}"),
                user_id=person.id,
                created_at=NOW,
                last_seen_at=NOW,
                expires_at=NOW.replace(year=2027),
            )
        )


def tell_story(session: Session, told: Story) -> Fact:
    """Put one ticket in and return the fact by which the socket learns of it."""
    employer = Employer(id=told.id, name=f"单位{told.id}", name_key=f"单位{told.id}", created_at=NOW)
    session.add(employer)
    number = TicketNumber.issue("37", told.id, now=NOW)
    ticket = Ticket(
        id=told.id,
        number=str(number),
        day=f"{number.day:%Y%m%d}",
        sequence=number.sequence,
        state=told.state,
        channel="phone",
        created_at=NOW,
        created_by_id=told.owner,
        origin_union_id=told.origin,
        closed_at=NOW if told.state in table.ENDED else None,
        category="wage_arrears",
        wish=f"{WORD}{told.id}",
        text=f"{WORD}的事",
        disclosure=told.disclosure,
        rights_defence=True,
        sealed=told.sealed,
        accused_union_ids=list(told.accused),
        accused_user_ids=sorted(told.complained_of),
        secondary_categories=[],
        urgency="P2",
        urgency_reasons=[],
    )
    session.add(ticket)
    session.flush()
    session.add(Caller(ticket_id=told.id, name="某某", phone="+8613800000001", relay_no=f"R{told.id}"))
    session.add(TicketEmployer(ticket_id=told.id, ordinal=1, employer_id=told.id))
    session.add_all(EmployerTie(employer_id=told.id, user_id=each, reason="亲属") for each in told.tied)
    for turn in told.turns:
        session.add(
            Handling(
                ticket_id=told.id,
                union_id=turn.union,
                state="ended" if turn.ended else "signed",
                dispatched_at=NOW,
                handler_id=turn.handler,
                deputy_id=turn.deputy,
                ended_at=NOW if turn.ended else None,
                reasons=[],
            )
        )
    for user, until in told.named.items():
        session.add(SealedAccess(ticket_id=told.id, user_id=user, reason="指定", at=NOW, until=until))
    if told.drawn_of is not None:
        session.add(QualitySample(ticket_id=told.id, subject_id=told.drawn_of, ended_at=NOW, drawn_at=NOW))
    for attempt, user in enumerate(sorted(told.called_back_by), start=1):
        session.add(
            CallbackAttempt(ticket_id=told.id, round=0, attempt=attempt, at=NOW, by_id=user, reached=False)
        )
    search.write(session, ticket)
    scope.rewrite(session, ticket, now=NOW)
    return next(fact for fact in facts_told(session) if fact.id == ticket.number)


def told_by_socket(session: Session, house: House, fact: Fact) -> set[int]:
    """Whom the socket tells, as `agent_console.server` does it."""
    connected = [actor_of(person) for person in house.people]
    audience = audience_of(session, fact.id, rooms=fact.rooms, connected=connected)
    in_room = {
        actor.user_id or 0 for actor in connected if CENTRE in fact.rooms and CENTRE in rooms_of(actor)
    }
    return (in_room - audience.not_told) | audience.told


ACTIONS = {
    Action.TICKET_READ: table.reads,
    Action.TICKET_EDIT: table.edits,
    Action.IDENTITY_REVEAL: table.learns_the_name,
    Action.SEAL_BREAK: table.breaks_the_seal,
    Action.SEAL_NAME: table.names_people,
    Action.TICKET_EXPORT: table.exports,
}


@dataclass(frozen=True)
class Doorstep:
    """The API in this process, and a loop that outlives one example."""

    database: Database
    app: FastAPI
    runner: asyncio.Runner

    def ask(self, person: Person, asked: list[tuple[str, str]]) -> list[httpx.Response]:
        async def all_of_them() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True)
            cookies = {COOKIE: f"token-{person.id}"}
            async with httpx.AsyncClient(
                transport=transport, base_url="http://house.test", cookies=cookies
            ) as client:
                return [
                    await client.request(method, path, json={"reason": "核实"} if method == "POST" else None)
                    for method, path in asked
                ]

        return self.runner.run(all_of_them())


@pytest.fixture
def doorstep(database: Database, tmp_path: Path) -> Iterator[Doorstep]:
    services: Services = services_of(
        Settings(data_dir=tmp_path, public_url="http://house.test"),
        Keys(b"only for tests " * 3),
        database=database,
        publish=lambda _: None,
        wake=lambda: None,
        clock=lambda: NOW,
    )
    app = FastAPI(openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    add_console(app, Console(services, PASSWORDS))
    with asyncio.Runner() as runner:
        yield Doorstep(database, app, runner)


LISTS = [
    ("GET", "/api/tickets?bucket=all&limit=200"),
    ("GET", f"/api/tickets?bucket=all&limit=200&q={WORD}"),
    ("GET", "/api/tickets/export?bucket=all"),
    ("GET", "/api/tickets/counts"),
    ("GET", "/api/tickets?bucket=all&limit=1"),
    ("GET", f"/api/tickets?bucket=all&limit=1&q={WORD}"),
    ("GET", "/api/employers?q=单位1"),
    ("GET", "/api/callbacks"),
    ("GET", "/api/views"),
    ("GET", "/api/inbox?section=to_sign&limit=100"),
    ("GET", "/api/inbox?section=in_hand&limit=100"),
    ("GET", "/api/inbox?section=overdue&limit=100"),
    ("GET", "/api/oversight"),
    ("GET", "/api/deliveries"),
    ("GET", "/api/reports?first=2026-11-01&last=2026-11-30&grain=month"),
]


def listed(answer: httpx.Response) -> set[str]:
    return {each["number"] for each in answer.json()["items"]}


def in_file(answer: httpx.Response) -> set[str]:
    return {row["工单号"] for row in csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))}


@PROPERTY
@given(house=houses())
def test_can_visible_and_the_table_are_one(database: Database, house: House) -> None:
    empty(database)
    with database.writing() as session:
        furnish(session, house)
        facts = {told.id: tell_story(session, told) for told in house.stories}
        tickets = {ticket.id: ticket for ticket in session.scalars(select(Ticket))}
        for person in house.people:
            actor = actor_of(person)
            seen = set(session.scalars(select(Ticket.id).where(visible(actor))))
            for told in house.stories:
                assert (told.id in seen) == can(session, actor, Action.TICKET_READ, tickets[told.id])
                for action, rule in ACTIONS.items():
                    allowed = rule(house, person, told)
                    assert can(session, actor, action, tickets[told.id]) == allowed, (action, person, told)
        for told in house.stories:
            informed = told_by_socket(session, house, facts[told.id])
            for person in house.people:
                if person.role is not Role.PARTNER:
                    assert (person.id in informed) == table.reads(house, person, told), (person, told)
            assert not {each.id for each in house.people if each.role is Role.PARTNER} & informed


TREE = {1: None, 2: 1, 3: 1, 4: 2, 5: 3}
RELATIONS = {"own": 2, "child": 4, "sibling": 3, "parent": 1, "foreign": 5}
FROM_THE_SECOND_UNION: dict[Action, dict[Role, str]] = {
    Action.TICKET_READ: dict.fromkeys(table.OF_UNION, "own child"),
    Action.TICKET_EDIT: {Role.UNION_HANDLER: "own", Role.UNION_LEADER: "own"},
    Action.TICKET_EXPORT: {Role.UNION_LEADER: "own child"},
    Action.IDENTITY_REVEAL: dict.fromkeys(table.OF_UNION, "own"),
    Action.SEAL_BREAK: {},
    Action.SEAL_NAME: {},
}
"""docs/quality.md: a union sees its subtree, never a sibling's, an ancestor's or anybody else's tickets."""


def test_from_its_place_in_the_tree_a_union_does_what_the_table_says(database: Database) -> None:
    people = tuple(Person(n, role, 2) for n, role in enumerate(table.OF_UNION, start=1))
    drafts = [
        Story(n, "draft", False, None, union, (), (), frozenset(), {}, frozenset(), "union")
        for n, union in enumerate(RELATIONS.values(), start=1)
    ]
    handled = [
        Story(
            n,
            "in_progress",
            False,
            None,
            None,
            (table.Turn(union, None, None, False),),
            (),
            frozenset(),
            {},
            frozenset(),
            "union",
        )
        for n, union in enumerate(RELATIONS.values(), start=101)
    ]
    house = House(TREE, people, (*drafts, *handled))
    with database.writing() as session:
        furnish(session, house)
        for told in house.stories:
            tell_story(session, told)
        for stories in (drafts, handled):
            for action, allowed in FROM_THE_SECOND_UNION.items():
                for person in people:
                    may = {
                        relation
                        for relation, told in zip(RELATIONS, stories, strict=True)
                        if can(session, actor_of(person), action, session.get_one(Ticket, told.id))
                    }
                    wanted = set(allowed.get(person.role, "").split())
                    if action is Action.TICKET_EDIT and stories is handled:
                        wanted = set()
                    assert may == wanted, (action, person.role)


@OVER_HTTP
@given(house=houses())
def test_the_api_shows_each_person_exactly_what_the_table_says(doorstep: Doorstep, house: House) -> None:
    database = doorstep.database
    empty(database)
    *first, added = house.stories
    with database.writing() as session:
        furnish(session, house)
        for told in first:
            tell_story(session, told)
    details = [("GET", f"/api/tickets/{number_of(told)}") for told in house.stories]
    before = {person: doorstep.ask(person, [*LISTS, *details]) for person in house.people}
    for person, answers in before.items():
        readable = {number_of(told) for told in first if table.reads(house, person, told)}
        readable_words = {number_of(told) for told in first if table.reads_words(house, person, told)}
        everything, found, file, counts = answers[:4]
        if person.role is Role.ADMINISTRATOR:
            assert {each.status_code for each in (everything, found, file, counts)} == {403}
            continue
        assert listed(everything) == readable
        assert listed(found) == readable_words
        if table.exports(house, person, house.stories[0]) or file.status_code == 200:
            assert in_file(file) == readable
        open_ones = {number_of(told) for told in first if told.state in table.OPEN}
        assert counts.json()["open"] == len(readable & open_ones)
        for told, answer in zip(house.stories, answers[len(LISTS) :], strict=True):
            shown = answer.status_code == 200
            assert shown == (number_of(told) in readable), (person, told)
            if shown:
                assert (WORD in answer.text) == (number_of(told) in readable_words)
    with database.writing() as session:
        tell_story(session, added)
    for person, answers in before.items():
        if table.reads(house, person, added):
            continue
        after = doorstep.ask(person, [*LISTS, *details])
        for (_, path), old, new in zip([*LISTS, *details], answers, after, strict=True):
            assert (new.status_code, new.content) == (old.status_code, old.content), (person, path)
            assert new.headers == old.headers, (person, path)


@OVER_HTTP
@given(house=houses(), data=st.data())
def test_a_name_is_given_over_http_only_where_the_table_says(
    doorstep: Doorstep, house: House, data: st.DataObject
) -> None:
    database = doorstep.database
    empty(database)
    with database.writing() as session:
        furnish(session, house)
        for told in house.stories:
            tell_story(session, told)
    told = data.draw(st.sampled_from(house.stories), label="ticket")
    number = number_of(told)
    for person in house.people:
        revealed, broken = doorstep.ask(
            person,
            [("POST", f"/api/tickets/{number}/reveal"), ("POST", f"/api/tickets/{number}/break_glass")],
        )
        assert (revealed.status_code == 200) == table.learns_the_name(house, person, told), (person, told)
        assert ("某某" in revealed.text) == table.learns_the_name(house, person, told)
        assert (broken.status_code == 200) == table.breaks_the_seal(house, person, told), (person, told)
