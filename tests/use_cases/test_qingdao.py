"""Qingdao: 26,554 basic unions in one tree, every kind beside the territory, and six doors by which tickets come in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from dispatch.access import can_read
from dispatch.database import Database
from dispatch.errors import Invalid
from dispatch.models.unions import Union, UnionClosure
from dispatch.reference import unions as find_unions
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.rules.uscc import check_character
from dispatch.tables import Sheet
from dispatch.tickets import ToldEmployer
from tests.use_cases.town import UNIONS, Town, town

BASIC = 26_554
DISTRICTS = (
    "370202",
    "370203",
    "370211",
    "370212",
    "370213",
    "370214",
    "370215",
    "370281",
    "370283",
    "370285",
)
TOWNS = tuple(f"{district}{number:03d}" for district in DISTRICTS for number in range(1, 15))
EMPLOYERS = "name,uscc,region_code,union_code,group_code,industry"


def basic_union(number: int) -> str:
    above = TOWNS[number % len(TOWNS)]
    return f"B{number},第{number}基层工会,enterprise,enterprise,{above},{above},,,,"


def uscc_of(number: int) -> str:
    body = f"91370200MA{number:07d}"
    return body + check_character(body)


@pytest.fixture
def qingdao(database: Database) -> Iterator[Town]:
    with database.writing() as session:
        place = town(session, province="37")
        places = ("37", "3702", *DISTRICTS, *TOWNS, "370271")
        place.regions(dict.fromkeys(places, "某地"))
        place.load(
            Sheet.UNIONS,
            UNIONS,
            "37,山东省总工会,province,territory,,37,,,,",
            "3702,青岛市总工会,city,territory,37,3702,,,,",
            "QD-KFQ,青岛高新区总工会,county,territory,3702,370271,,,,",
            "QD-GANG,青岛港口产业工会,city,industry_union,3702,3702,,port,,",
            "QD-JG,青岛市直机关工会,city,institution,3702,,,,,",
            *(f"{each},{each}区总工会,county,territory,3702,{each},,,," for each in DISTRICTS),
            *(f"{each},{each}街道总工会,town,territory,{each[:6]},{each},,,," for each in TOWNS),
            "JB-1,沿街商户联合工会,village,joint_basic,370202001,370202001,,,,",
            "Z-1,高新区某科技公司工会,enterprise,enterprise,QD-KFQ,370214001,,,,",
            *(basic_union(number) for number in range(BASIC)),
        )
        place.load(
            Sheet.EMPLOYERS,
            EMPLOYERS,
            f"青岛某制造公司,{uscc_of(1)},370203001,B1,,",
            f"高新区某科技公司,{uscc_of(2)},370214001,Z-1,,",
            f"某码头公司,{uscc_of(3)},370202001,,,port",
        )
        place.people(
            {
                "operator": (Role.OPERATOR, None),
                "dispatcher": (Role.DISPATCHER, None),
                "qingdao": (Role.UNION_HANDLER, "3702"),
                "shinan": (Role.UNION_HANDLER, "370202"),
            }
        )
        yield place


def known(number: int) -> tuple[ToldEmployer, ...]:
    return (ToldEmployer(uscc=uscc_of(number)),)


def test_the_whole_tree_stands_and_is_searched(qingdao: Town) -> None:
    session = qingdao.session
    basic = select(func.count()).select_from(Union).where(Union.level == "enterprise")
    assert session.scalar(basic) == BASIC + 1
    below = select(func.count()).where(UnionClosure.ancestor_id == qingdao.union("3702"))
    everything = session.scalar(select(func.count()).select_from(Union)) or 0
    assert session.scalar(below) == everything - 1
    (found,) = find_unions(session, q="第26000基层")
    assert found.code == "B26000"
    # A town's own page lists what is directly below it, no more.
    assert len(find_unions(session, parent=qingdao.union(TOWNS[0]), limit=500)) >= BASIC // len(TOWNS)


def test_every_kind_of_union_receives_what_is_its_own(qingdao: Town) -> None:
    wages = qingdao.ticket("operator", region_code=TOWNS[20], employers=known(1))
    codes = [each.union_code for each in qingdao.ranking(wages).recommendations]
    assert codes == [TOWNS[20][:6], "3702", "37"]

    zone = qingdao.ticket("operator", region_code="370214001", employers=known(2))
    first, second, *_ = qingdao.ranking(zone).recommendations
    assert (first.union_code, first.reasons[0]) == (
        "QD-KFQ",
        "单位：高新区某科技公司的工会隶属青岛高新区总工会",
    )
    assert second.union_code == "370214"

    port = qingdao.ticket("operator", region_code="370202001", employers=known(3))
    codes = [each.union_code for each in qingdao.ranking(port).recommendations]
    assert codes[0] == "370202"
    assert "QD-GANG" in codes

    # Who has no union at work may go to the joint one of the street.
    poor = qingdao.ticket("operator", category="hardship_registration", region_code="370202001")
    recommended = qingdao.ranking(poor).recommendations
    joint = next(each for each in recommended if each.union_code == "JB-1")
    assert joint.reasons[-1] == "单位没有自己的工会，由联合工会办理"


def test_a_ticket_from_another_line_keeps_its_number_and_comes_in_once(qingdao: Town) -> None:
    for channel in ("upper_12351", "line_12345", "line_12348", "inspection"):
        ticket = qingdao.ticket("operator", channel=channel, external_id="2026-0001", region_code="370202001")
        assert (ticket.channel, ticket.external_id) == (channel, "2026-0001")
        saved = qingdao.session.begin_nested()
        with pytest.raises(Invalid, match="已经登记过"):
            qingdao.ticket("operator", channel=channel, external_id="2026-0001", region_code="370202001")
        saved.rollback()
        qingdao.give("operator", ticket, Command.ACCEPT)
        qingdao.give("dispatcher", ticket, Command.DISPATCH, union_id=qingdao.union("370202"))
        assert can_read(qingdao.session, qingdao.actor("qingdao"), ticket.id)
    # A union directly under the city applies for its members by letter.
    letter = qingdao.ticket("shinan", channel="letter", category="membership", region_code="370202001")
    qingdao.give("shinan", letter, Command.ACCEPT)
    assert qingdao.ranking(letter).recommendations[0].union_code == "370202001"
