"""Group signals: several callers, one employer, one proposed case; nobody counts twice, nobody sealed is named."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.collective import SignalLine, confirm, dismiss, signals
from dispatch.database import Database
from dispatch.duplicates import likely_duplicates
from dispatch.errors import Missing, NotAllowed, VersionConflict, WrongState
from dispatch.events import ADMINISTRATION, ticket_stream, verify_chain
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.signals import GroupSignal, SignalCheck
from dispatch.models.tickets import Caller, Ticket
from dispatch.models.unions import EmployerTie
from dispatch.notices import notices
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.signals import check_new
from dispatch.tickets import CallerDetails, ToldEmployer, edit_ticket, open_ticket
from tests.builders import NOW, WAGES, World, build_world, give


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def told(
    session: Session,
    world: World,
    phone: str | None,
    *,
    now: datetime = NOW,
    employer: ToldEmployer | None = None,
    **fields: Any,
) -> Ticket:
    """Open a wage claim against one employer, by default a known one, from this number."""
    known = employer if employer is not None else ToldEmployer(employer_id=world.employer())
    return open_ticket(
        session,
        world.actor("operator"),
        channel="phone",
        policy=world.policy,
        now=now,
        fields={**WAGES, **fields},
        caller=CallerDetails(phone=phone) if phone is not None else None,
        employers=(known,),
    )


def number(tail: int) -> str:
    return f"+86138{tail:08d}"


def check(session: Session, world: World, now: datetime = NOW) -> None:
    while check_new(session, policy=world.policy, now=now, limit=3):
        pass


def proposed(session: Session, world: World, who: str = "supervisor") -> list[SignalLine]:
    return signals(session, world.actor(who), policy=world.policy)


def confirmed(session: Session, world: World, line: SignalLine, now: datetime = NOW) -> Ticket:
    return confirm(
        session,
        world.actor("supervisor"),
        line.id,
        reason="核实为同一事件",
        version=line.version,
        policy=world.policy,
        now=now,
    )


def leader(session: Session, world: World, union: str, name: str) -> int:
    user = User(
        name=name,
        display_name=name,
        password_hash="!",
        role=Role.UNION_LEADER.value,
        union_id=world.union(union),
        skills=[],
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return user.id


def test_three_callers_in_a_week_about_one_employer_are_proposed_as_one_case(
    session: Session, world: World
) -> None:
    tickets = [told(session, world, number(each)) for each in range(2)]
    check(session, world)
    assert proposed(session, world) == []
    tickets.append(told(session, world, number(2)))
    check(session, world)
    (line,) = proposed(session, world)
    assert (line.callers, line.headcount, line.state) == (3, 3, "proposed")
    assert line.tickets == [ticket.number for ticket in tickets]
    assert line.reason == "7天内3个不同号码来电反映同一用人单位"
    rows = session.scalars(select(Notice).where(Notice.kind == "group_signal")).all()
    assert {row.role for row in rows} == {"supervisor", "dispatcher"}
    assert session.scalar(select(func.count()).select_from(SignalCheck)) == 0
    assert {ticket.parent_id for ticket in tickets} == {None}, "nothing happens before a person says so"


def test_one_caller_who_calls_five_times_is_one_caller(session: Session, world: World) -> None:
    for _ in range(5):
        told(session, world, number(1))
    told(session, world, "0086 " + number(1).removeprefix("+86"))
    check(session, world)
    assert proposed(session, world) == []


def test_callers_without_a_number_count_as_one_in_all(session: Session, world: World) -> None:
    for _ in range(6):
        told(session, world, None)
    told(session, world, number(1))
    check(session, world)
    assert proposed(session, world) == []
    told(session, world, number(2))
    check(session, world)
    (line,) = proposed(session, world)
    assert line.callers == 3


def test_two_callers_on_one_ticket_are_two(session: Session, world: World) -> None:
    ticket = told(session, world, number(1))
    first = session.scalars(select(Caller).where(Caller.ticket_id == ticket.id)).one()
    session.add(Caller(ticket_id=ticket.id, ordinal=2, phone_key="another", relay_no=f"{first.relay_no}2"))
    told(session, world, number(2))
    check(session, world)
    (line,) = proposed(session, world)
    assert line.callers == 3


def test_what_is_older_than_a_week_no_longer_counts(session: Session, world: World) -> None:
    for each in range(2):
        told(session, world, number(each), now=NOW - timedelta(days=8))
    told(session, world, number(2))
    check(session, world)
    assert proposed(session, world) == []


def test_services_and_void_calls_make_no_group(session: Session, world: World) -> None:
    for each in range(3):
        told(session, world, number(each), category="festival_benefits")
    prank = told(session, world, number(4))
    give(session, world, "operator", prank, Command.VOID, reason_code="prank")
    for each in range(5, 7):
        told(session, world, number(each))
    check(session, world)
    assert proposed(session, world) == []


def test_an_employer_is_recognised_by_its_name_within_one_city(session: Session, world: World) -> None:
    for each, name in enumerate(("测试某建筑有限公司", "测试某建筑公司", "测试 某建筑（有限公司）")):
        told(session, world, number(each), employer=ToldEmployer(name=name))
    told(session, world, number(9), employer=ToldEmployer(name="测试某建筑有限公司"), region_code="370202")
    check(session, world)
    (line,) = proposed(session, world)
    assert (line.callers, line.employer_name) == (3, "测试 某建筑（有限公司）")


def test_a_place_that_is_no_name_makes_no_group(session: Session, world: World) -> None:
    for each in range(5):
        told(session, world, number(each), employer=ToldEmployer(name="工地"))
    check(session, world)
    assert proposed(session, world) == []


def test_sealed_tickets_are_neither_counted_nor_named(session: Session, world: World) -> None:
    for each in range(3):
        told(session, world, number(each), category="sexual_harassment")
    told(session, world, number(10))
    told(session, world, number(11))
    check(session, world)
    assert proposed(session, world) == []
    later = told(session, world, number(12))
    check(session, world)
    (line,) = proposed(session, world)
    assert (line.callers, len(line.tickets)) == (3, 3)
    # One that is sealed afterwards disappears from the list and is not linked.
    edit_ticket(
        session,
        world.actor("operator"),
        later.number,
        version=later.version,
        policy=world.policy,
        now=NOW,
        fields={"category": "sexual_harassment"},
    )
    (line,) = proposed(session, world)
    assert later.number not in line.tickets
    confirmed(session, world, line)
    assert later.parent_id is None


def test_five_callers_make_the_tickets_urgent_once_a_person_has_confirmed(
    session: Session, world: World
) -> None:
    tickets = [told(session, world, number(each)) for each in range(5)]
    chosen = told(session, world, number(5), urgency="P0")
    check(session, world)
    assert {ticket.urgency for ticket in tickets} == {"P2"}
    (line,) = proposed(session, world)
    collective = confirmed(session, world, line)
    assert (collective.headcount, collective.urgency, collective.category) == (6, "P1", "wage_arrears")
    assert {(ticket.parent_id, ticket.relation) for ticket in (*tickets, chosen)} == {
        (collective.id, "collective")
    }
    assert {ticket.urgency for ticket in tickets} == {"P1"}
    assert chosen.urgency == "P0", "a higher choice stands"
    assert any("群体诉求涉及6人 → P1" in reason for reason in tickets[0].urgency_reasons)
    edit_ticket(
        session,
        world.actor("operator"),
        tickets[0].number,
        version=tickets[0].version,
        policy=world.policy,
        now=NOW,
        fields={"text": "补充"},
    )
    assert tickets[0].urgency == "P1"
    assert any("群体诉求" in reason for reason in tickets[0].urgency_reasons)
    event = session.scalars(select(Event).where(Event.kind == "CollectiveLinked").limit(1)).one()
    assert event.payload["collective"] == collective.number
    assert list(verify_chain(session, ticket_stream(tickets[0].id))) == []
    assert list(verify_chain(session, ADMINISTRATION)) == []
    (done,) = signals(session, world.actor("supervisor"), policy=world.policy, state="confirmed")
    assert done.collective_number == collective.number


def test_thirty_people_warn_the_county_leader_at_once_and_never_one_tied_to_the_employer(
    session: Session, world: World
) -> None:
    county = leader(session, world, "370102", "county-leader")
    tied = leader(session, world, "370102", "tied-leader")
    session.add(EmployerTie(employer_id=world.employer(), user_id=tied, reason="亲属任职"))
    session.flush()
    ticket = told(session, world, number(1), headcount=35)
    check(session, world)
    assert ticket.urgency == "P1"
    (line,) = proposed(session, world)
    assert (line.callers, line.headcount) == (1, 35)
    assert line.warned_at == NOW
    warned = session.scalars(select(Notice).where(Notice.kind == "early_warning")).all()
    assert [row.user_id for row in warned] == [county]
    assert "35人" in warned[0].text
    assert ticket.number not in warned[0].text
    check(session, world)
    told(session, world, number(2), headcount=36)
    check(session, world)
    assert len(session.scalars(select(Notice).where(Notice.kind == "early_warning")).all()) == 1


def test_a_warning_climbs_past_a_county_without_a_leader(session: Session, world: World) -> None:
    told(session, world, number(1), headcount=40)
    check(session, world)
    (warned,) = session.scalars(select(Notice).where(Notice.kind == "early_warning")).all()
    assert warned.user_id == world.actor("jinan").user_id
    assert [each.kind for each in notices(session, world.actor("jinan"))] == ["early_warning"]


def test_a_warning_that_nobody_may_hear_alarms_the_supervisor(session: Session, world: World) -> None:
    session.add(
        EmployerTie(
            employer_id=world.employer(), user_id=world.actor("jinan").user_id or 0, reason="亲属任职"
        )
    )
    session.flush()
    told(session, world, number(1), headcount=40)
    check(session, world)
    assert session.scalars(select(Notice).where(Notice.kind == "early_warning")).all() == []
    (alarm,) = session.scalars(select(Notice).where(Notice.kind == "alarm")).all()
    assert alarm.role == "supervisor"


def test_very_many_people_are_a_signal_even_where_nobody_names_the_employer(
    session: Session, world: World
) -> None:
    told(session, world, number(1), headcount=50, employer=ToldEmployer(name=""))
    told(session, world, number(2), headcount=4, employer=ToldEmployer(name=""))
    check(session, world)
    (line,) = proposed(session, world)
    assert (line.employer_name, line.headcount) == ("用人单位不详", 50)
    assert line.warned_at is not None


def test_a_dismissed_group_is_not_proposed_again_for_the_same_callers(session: Session, world: World) -> None:
    for each in range(3):
        told(session, world, number(each))
    check(session, world)
    (line,) = proposed(session, world)
    dismiss(
        session,
        world.actor("dispatcher"),
        line.id,
        reason="各自不同的事",
        version=line.version,
        now=NOW + timedelta(hours=1),
    )
    later = NOW + timedelta(hours=2)
    told(session, world, number(3), now=later)
    told(session, world, number(4), now=later)
    check(session, world, later)
    assert proposed(session, world) == []
    told(session, world, number(5), now=later)
    check(session, world, later)
    (again,) = proposed(session, world)
    assert again.callers == 3


def test_a_newcomer_is_proposed_to_join_the_collective_case_that_there_is(
    session: Session, world: World
) -> None:
    for each in range(3):
        told(session, world, number(each))
    check(session, world)
    collective = confirmed(session, world, proposed(session, world)[0])
    later = NOW + timedelta(hours=2)
    told(session, world, number(1), now=later)
    check(session, world, later)
    assert proposed(session, world) == [], "one of them calling again is no newcomer"
    newcomer = told(session, world, number(7), now=later)
    check(session, world, later)
    (line,) = proposed(session, world)
    assert line.collective_number == collective.number
    assert "建议并入" in line.reason
    assert confirmed(session, world, line, later).id == collective.id
    assert newcomer.parent_id == collective.id


def test_only_whoever_dispatches_or_leads_decides_with_a_reason_and_on_what_is_current(
    session: Session, world: World
) -> None:
    for each in range(3):
        told(session, world, number(each))
    check(session, world)
    (line,) = proposed(session, world)
    for who in ("operator", "callback", "jinan"):
        with pytest.raises(NotAllowed):
            dismiss(session, world.actor(who), line.id, reason="x", version=line.version, now=NOW)
    with pytest.raises(Missing):
        dismiss(session, world.actor("dispatcher"), line.id, reason=" ", version=line.version, now=NOW)
    told(session, world, number(3))
    check(session, world)
    with pytest.raises(VersionConflict) as stale:
        confirmed(session, world, line)
    assert stale.value.fields == {"callers": 4, "headcount": 4}
    (line,) = proposed(session, world)
    confirmed(session, world, line)
    with pytest.raises((WrongState, VersionConflict)):
        confirmed(session, world, line)


def test_a_crowd_counted_by_several_processes_is_proposed_once(world: World) -> None:
    with world.database.writing() as session:
        for each in range(24):
            told(session, world, number(each))

    def look(_: int) -> int:
        total = 0
        while True:
            with world.database.writing("clock") as session:
                done = check_new(session, policy=world.policy, now=NOW, limit=2)
            if not done:
                return total
            total += done

    with ThreadPoolExecutor(4) as pool:
        totals = list(pool.map(look, range(4)))
    assert sum(totals) == 24
    with world.database.reading() as looking:
        rows = looking.scalars(select(GroupSignal)).all()
        assert [(row.callers, row.state) for row in rows] == [(24, "proposed")]


def test_a_repeat_caller_is_recognised_with_the_reason_and_ahead_of_mere_neighbours(
    session: Session, world: World
) -> None:
    first = told(session, world, number(1))
    neighbour = told(session, world, number(2))
    other_trouble = told(
        session, world, number(1), employer=ToldEmployer(name="别的单位某某"), category="annual_leave"
    )
    again = told(session, world, number(1))
    check(session, world)
    found = likely_duplicates(session, world.actor("operator"), again.number, policy=world.policy, now=NOW)
    assert [line.number for line in found] == [first.number, neighbour.number]
    assert (found[0].same_caller, found[1].same_caller) == (True, False)
    assert found[0].reasons == ["同一来电号码，尚未办结", "同一用人单位", "同一诉求类别"]
    assert found[1].reasons == ["同一用人单位，7天内登记", "同一诉求类别"]
    assert other_trouble.number not in {line.number for line in found}
    give(session, world, "operator", first, Command.WITHDRAW, reason="不办了", means="phone")
    found = likely_duplicates(session, world.actor("operator"), again.number, policy=world.policy, now=NOW)
    assert first.number not in {line.number for line in found}


def test_a_sealed_ticket_is_nobodys_duplicate(session: Session, world: World) -> None:
    sealed = told(session, world, number(1), category="sexual_harassment")
    give(session, world, "operator", sealed, Command.ACCEPT)
    again = told(session, world, number(1))
    check(session, world)
    found = likely_duplicates(session, world.actor("dispatcher"), again.number, policy=world.policy, now=NOW)
    assert found == []
