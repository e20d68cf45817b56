"""Names of places in reasons, duty hours of a rostered union, a leader's signature in a file, opposite mergers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dispatch.clocks import live
from dispatch.commands import perform
from dispatch.database import Database
from dispatch.errors import ImportRefused, Invalid, VersionConflict, WrongState
from dispatch.events import By
from dispatch.models.places import Duty
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.recommendations import ranked_unions
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.working_time import SHANGHAI
from dispatch.unions import export_unions, import_unions
from tests.builders import NOW, World, give
from tests.life import accepted, dispatched, people_world


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


def test_the_reason_says_a_place_by_its_name(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world, region_code="370102")
        ranking = ranked_unions(
            session, world.actor("dispatcher"), ticket.number, policy=world.policy, now=NOW
        )
        reasons = "；".join(ranking.recommendations[0].reasons)
    assert "事发地济南市历下区在历下区总工会辖区" in reasons


def test_an_urgent_ticket_is_signed_for_in_duty_hours_where_there_is_a_roster(world: World) -> None:
    sunday = datetime(2026, 11, 22, 20, tzinfo=SHANGHAI)
    with world.database.writing() as session:
        without = dispatched(session, world, now=sunday, urgency="P1")
        session.add(
            Duty(
                union_id=world.union("370102"),
                user_id=world.actor("lixia").user_id,
                begins_at=sunday - timedelta(hours=12),
                ends_at=sunday + timedelta(hours=2),
            )
        )
        session.flush()
        rostered = dispatched(session, world, now=sunday, urgency="P1")
        (one,), (other,) = (live(session, each.id, [ClockKind.SIGN]) for each in (without, rostered))
    assert other.due_at == sunday + timedelta(hours=2)
    assert one.due_at is not None
    assert one.due_at > datetime(2026, 11, 23, tzinfo=SHANGHAI)


def test_whether_a_leader_signs_comes_and_goes_by_file(world: World) -> None:
    with world.database.writing() as session:
        header, *lines = "".join(export_unions(session)).splitlines()
        assert header.endswith(",can_receive,leader_signs")
        (lixia,) = (line for line in lines if line.startswith("370102,"))
        changed = lixia.removesuffix("否") + "是"
        import_unions(session, f"{header}\n{changed}\n".encode(), by=By("machine"), now=NOW)
        assert session.scalars(select(Union.leader_signs).where(Union.code == "370102")).one()
        wrong = lixia.removesuffix("否") + "maybe"
        with pytest.raises(ImportRefused, match="leader_signs应为是或否"):
            import_unions(session, f"{header}\n{wrong}\n".encode(), by=By("machine"), now=NOW)


def test_a_stale_command_is_told_what_another_command_has_changed(world: World) -> None:
    with world.database.writing() as session:
        ticket = accepted(session, world)
        seen = ticket.version
        give(session, world, "supervisor", ticket, Command.SUPERVISE, reason="重大", urgency="P1")
        with pytest.raises(VersionConflict) as refused:
            perform(
                session,
                world.actor("supervisor"),
                ticket.number,
                Command.SUPERVISE,
                {"reason": "重大"},
                version=seen,
                policy=world.policy,
                now=NOW,
            )
    assert refused.value.fields == {"urgency": ticket.urgency, "state": "pending_dispatch"}


def test_two_opposite_mergers_at_once_end_with_one_of_them(world: World) -> None:
    with world.database.writing() as session:
        first, second = accepted(session, world), accepted(session, world)
        numbers = (first.number, second.number)

    def merge(ours: str, theirs: str) -> bool:
        try:
            with world.database.writing() as session:
                ticket = session.scalars(select(Ticket).where(Ticket.number == ours)).one()
                give(session, world, "dispatcher", ticket, Command.MERGE, parent_number=theirs)
        except (Invalid, VersionConflict, WrongState):
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(merge, numbers, reversed(numbers)))
    with world.database.reading() as after:
        states = after.scalars(select(Ticket.state).where(Ticket.number.in_(numbers)))
        assert sorted(states) == ["merged", "pending_dispatch"]
    assert sorted(done) == [False, True]
