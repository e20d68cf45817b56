"""A rehearsal's tickets are as the programme itself would have left them, on both engines."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, exists, func, select, text

from config.load import read_csv
from dispatch import scope
from dispatch.actors import actor_of
from dispatch.audit import verify
from dispatch.commands import perform
from dispatch.database import Database
from dispatch.models.clocks import Clock
from dispatch.models.history import Outbox
from dispatch.models.people import User
from dispatch.models.tickets import Caller, CentreList, Handling, Ticket, TicketScope
from dispatch.models.unions import Union, UnionClosure
from dispatch.policy import Policy
from dispatch.queries import list_tickets, tickets_of_phone
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.ticket_state import OPEN_STATES, Command, State
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import open_ticket
from hotline.migrations.metadata import metadata
from hotline.rehearsal.lives import LIVES
from hotline.rehearsal.seed import NotEmpty, seed_database
from tests.builders import NOW, make_policy
from tests.rules.policies import CONFIG

UNIONS, TICKETS = 5_600, 700
POLICY = make_policy()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    database: Database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def rehearsal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rehearsal]:
    """One rehearsal of each engine for all tests: filling it takes seconds."""
    url = f"sqlite:///{tmp_path_factory.mktemp('rehearsal') / 'hotline.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"test_{secrets.token_hex(6)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        url = f"{server.rsplit('/', 1)[0]}/{name}"
    database = Database(url)
    metadata.create_all(database.engine())
    seed(database)
    yield Rehearsal(database)
    database.dispose()


def seed(database: Database, policy: Policy = POLICY, tickets: int = TICKETS) -> None:
    rows = read_csv(CONFIG / "regions.csv", ("code", "name", "parent", "level", "pseudo"))
    seed_database(
        database,
        unions=UNIONS,
        tickets=tickets,
        regions=[row.values for row in rows],
        policy=policy,
        now=NOW,
    )


def test_a_rehearsal_is_as_large_as_asked_its_history_verifies_and_every_open_ticket_has_a_clock(
    rehearsal: Rehearsal,
) -> None:
    with rehearsal.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Union)) == UNIONS
        assert session.scalar(select(func.count()).select_from(Ticket)) == TICKETS
        assert list(verify(session)) == []
        live = exists().where(Clock.ticket_id == Ticket.id, Clock.state.in_(("running", "paused")))
        is_open = Ticket.state.in_([state.value for state in OPEN_STATES])
        assert session.scalars(select(Ticket.number).where(is_open, ~live)).all() == []
        states = set(session.scalars(select(Ticket.state).distinct()))
        assert {life.last for life in LIVES} >= {Command.DISPATCH, Command.ARCHIVE, None}
        assert {"draft", "pending_dispatch", "dispatched", "in_progress", "reported", "archived"} <= states
        # Nothing of a rehearsal may leave the house twice.
        assert (session.scalar(select(func.count()).select_from(Outbox)) or 0) <= len(LIVES) * 4


def test_the_list_rows_of_every_copy_are_those_which_the_programme_would_write(rehearsal: Rehearsal) -> None:
    def rows(ticket: Ticket) -> tuple[Any, ...]:
        of_unions = select(TicketScope.union_id, TicketScope.role, TicketScope.bucket, TicketScope.sort_key)
        of_centre = select(CentreList.bucket, CentreList.sort_key).where(CentreList.ticket_id == ticket.id)
        found = opened.execute(of_unions.where(TicketScope.ticket_id == ticket.id)).all()
        return sorted(map(tuple, found)), list(map(tuple, opened.execute(of_centre)))

    with rehearsal.database.writing() as opened:
        tickets = opened.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(300)).all()
        assert any(ticket.lead_union_id for ticket in tickets)
        for ticket in tickets:
            before = rows(ticket)
            scope.rewrite(opened, ticket, now=NOW)
            assert rows(ticket) == before, (ticket.number, ticket.state)


def test_copies_have_numbers_callers_and_people_of_their_own_place(rehearsal: Rehearsal) -> None:
    with rehearsal.database.reading() as session:
        tickets = session.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(300)).all()
        for ticket in tickets:
            assert TicketNumber.parse(ticket.number).sequence == ticket.sequence
        signed = session.execute(
            select(Handling, User).join(User, User.id == Handling.handler_id).order_by(Handling.id.desc())
        ).all()
        assert signed
        assert all(user.union_id == handling.union_id for handling, user in signed)
        caller = session.scalars(select(Caller).order_by(Caller.id.desc())).first()
        supervisor = actor_of(session.scalars(select(User).where(User.name == "supervisor1")).one())
        assert caller is not None
        assert caller.phone is not None
        theirs = tickets_of_phone(session, supervisor, caller.phone, policy=POLICY, now=NOW, open_only=False)
        assert caller.ticket_id in {
            session.scalars(select(Ticket.id).where(Ticket.number == each.number)).one() for each in theirs
        }


def test_the_centre_works_on_where_the_rehearsal_ends(rehearsal: Rehearsal) -> None:
    with rehearsal.database.writing() as session:
        operator = actor_of(session.scalars(select(User).where(User.name == "operator1")).one())
        fresh = open_ticket(session, operator, channel="phone", policy=POLICY, now=NOW)
        latest = session.scalar(select(func.max(Ticket.sequence)).where(Ticket.day == fresh.day))
        assert fresh.sequence == latest
        waiting = session.scalars(
            select(Ticket).where(Ticket.state == State.DISPATCHED.value).order_by(Ticket.id.desc())
        ).first()
        assert waiting is not None
        people = session.scalars(
            select(User).where(User.union_id == waiting.lead_union_id).order_by(User.id)
        ).all()
        handler, deputy, _ = people
        listed = list_tickets(session, actor_of(handler), TicketFilter(), policy=POLICY, now=NOW)
        assert waiting.number in {line.number for line in listed.items}
        perform(
            session,
            actor_of(handler),
            waiting.number,
            Command.SIGN_FOR,
            {"handler_id": handler.id, "deputy_id": deputy.id},
            version=waiting.version,
            policy=POLICY,
            now=NOW,
        )
        assert waiting.state == State.IN_PROGRESS.value
        below = select(func.count()).select_from(UnionClosure).where(UnionClosure.ancestor_id == 1)
        assert session.scalar(below) == UNIONS


def test_a_database_that_holds_anything_is_refused_and_left_alone(database: Database) -> None:
    with database.writing() as session:
        session.add(
            User(
                name="someone",
                display_name="x",
                password_hash="!",
                role="operator",
                skills=[],
                created_at=NOW,
            )
        )
    with pytest.raises(NotEmpty, match="user_account"):
        seed(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Union)) == 0


def test_a_rehearsal_is_whole_where_no_quiet_ticket_is_drawn_and_all_close_with_their_report(
    tmp_path: Path,
) -> None:
    limits = replace(POLICY.sla.limits, sample_percent=0)
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    metadata.create_all(database.engine())
    seed(database, replace(POLICY, sla=replace(POLICY.sla, limits=limits)), tickets=3 * TICKETS)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 3 * TICKETS
    database.dispose()
