"""What forms choose from, and that nobody learns from it what he may not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from agent_console.api.schemas import EmployerOut, RegionOut, UnionOut, UserOut
from dispatch.database import Database
from dispatch.errors import NotFound
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.reference import employers, regions, unions, users_of_union
from dispatch.rules.ticket_state import Command
from dispatch.tickets import ToldEmployer
from tests.builders import NOW, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def test_below_a_province_are_its_cities_and_below_a_city_its_districts(session: Session) -> None:
    provinces = regions(session)
    assert {"11", "37"} <= {each.code for each in provinces}
    assert all(each.level == "province" for each in provinces)
    cities = {each.name for each in regions(session, parent="37")}
    assert {"济南市", "青岛市"} <= cities
    assert "历下区" in {each.name for each in regions(session, parent="3701")}


def test_a_mere_prefix_of_codes_is_passed_over(session: Session) -> None:
    below = regions(session, parent="11")
    assert "东城区" in {each.name for each in below}
    assert "市辖区" not in {each.name for each in below}
    assert {each.parent for each in below} == {"11"}


def test_places_are_found_by_the_beginning_of_code_or_name(session: Session) -> None:
    assert {each.name for each in regions(session, prefix="历下")} >= {"历下区"}
    assert all(each.code.startswith("3702") for each in regions(session, prefix="3702"))
    assert regions(session, prefix="%") == []


def test_unions_are_found_by_name_code_level_and_parent_upper_levels_first(
    session: Session, world: World
) -> None:
    found = unions(session, q="历下区", limit=5)
    assert found[0].name == "历下区总工会"
    assert [each.code for each in unions(session, q="3701", level="city")] == ["3701"]
    towns = unions(session, parent=world.union("370102"), level="town")
    assert towns
    assert {each.parent_id for each in towns} == {world.union("370102")}
    assert len(unions(session, limit=3)) == 3
    assert unions(session, q="100%") == []


def test_a_closed_union_is_no_longer_offered(session: Session) -> None:
    session.execute(update(Union).where(Union.code == "370102").values(closed_at=NOW))
    assert "370102" not in {each.code for each in unions(session, q="370102", limit=100)}


def test_employers_are_found_by_part_of_the_name_and_by_uscc(session: Session, world: World) -> None:
    by_name = employers(session, world.actor("operator"), q="示例建筑")
    assert [each.name for each in by_name] == ["济南示例建筑工程有限公司"]
    code = by_name[0].uscc
    assert code is not None
    assert [each.id for each in employers(session, world.actor("operator"), q=code.lower())] == [
        by_name[0].id
    ]
    assert [each.id for each in employers(session, world.actor("operator"), q="济南示例建筑工程 公司")] == [
        by_name[0].id
    ]


def test_open_tickets_of_an_employer_count_only_what_the_reader_may_see(
    session: Session, world: World
) -> None:
    employer = world.employer()
    for _ in range(2):
        ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=employer),))
    give(session, world, "operator", ticket, Command.ACCEPT)
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))

    def counted(who: str) -> int:
        found = {each.id: each.open_tickets for each in employers(session, world.actor(who), limit=100)}
        return found[employer]

    assert {who: counted(who) for who in ("operator", "lixia", "jinan", "shizhong", "qingdao")} == {
        "operator": 2,
        "lixia": 1,
        "jinan": 1,
        "shizhong": 0,
        "qingdao": 0,
    }


def test_a_closed_ticket_no_longer_counts_against_its_employer(session: Session, world: World) -> None:
    employer = world.employer()
    ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=employer),))
    give(session, world, "operator", ticket, Command.VOID, reason_code="test", now=NOW + timedelta(minutes=1))
    (found,) = [
        each for each in employers(session, world.actor("operator"), limit=100) if each.id == employer
    ]
    assert found.open_tickets == 0


def test_a_union_sees_its_own_people_and_nobody_elses(session: Session, world: World) -> None:
    own = users_of_union(session, world.actor("lixia"))
    assert {each.name for each in own} == {"lixia", "lixia-deputy"}
    assert {each.union_name for each in own} == {"历下区总工会"}
    for foreign in ("370103", "3701", "370102001"):
        with pytest.raises(NotFound):
            users_of_union(session, world.actor("lixia"), world.union(foreign))
    with pytest.raises(NotFound):
        users_of_union(session, world.actor("jinan"), world.union("370102"))


def test_the_centre_sees_the_people_of_any_union_but_none_of_no_union(session: Session, world: World) -> None:
    found = users_of_union(session, world.actor("dispatcher"), world.union("370102"))
    assert {each.name for each in found} == {"lixia", "lixia-deputy"}
    with pytest.raises(NotFound):
        users_of_union(session, world.actor("dispatcher"))
    with pytest.raises(NotFound):
        users_of_union(session, world.actor("dispatcher"), 999_999)


def test_an_account_out_of_use_is_not_offered_as_handler(session: Session, world: World) -> None:
    session.execute(update(User).where(User.name == "lixia-deputy").values(disabled_at=NOW))
    assert [each.name for each in users_of_union(session, world.actor("lixia"))] == ["lixia"]


def test_the_lines_have_the_shapes_that_the_console_gives(session: Session, world: World) -> None:
    actor = world.actor("lixia")
    assert RegionOut.model_validate(regions(session, parent="37")[0]).parent == "37"
    assert UnionOut.model_validate(unions(session)[0]).level_label == "省级"
    assert EmployerOut.model_validate(employers(session, actor)[0]).open_tickets == 0
    assert UserOut.model_validate(users_of_union(session, actor)[0]).role_label == "工会经办人"
