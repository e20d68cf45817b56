"""Jinjiang: the court's territory is a map of its own, and unions bring in what comes to their own doors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dispatch.access import can_read
from dispatch.database import Database
from dispatch.errors import NotAllowed
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from dispatch.tables import Sheet
from tests.builders import NOW
from tests.use_cases.town import UNIONS, Town, town

TOWNS = ("青阳", "陈埭", "池店", "安海", "磁灶", "东石", "龙湖", "深沪", "金井", "英林", "内坑", "紫帽")
DISTRICTS = {
    "城区片区": ("青阳", "紫帽"),
    "陈埭片区": ("陈埭",),
    "池店片区": ("池店",),
    "安海片区": ("安海", "内坑"),
    "磁灶片区": ("磁灶",),
    "东石片区": ("东石", "英林"),
    "金井片区": ("龙湖", "深沪", "金井"),
}


def code(name: str) -> str:
    return f"350582{TOWNS.index(name) + 1:03d}"


@pytest.fixture
def jinjiang(database: Database) -> Iterator[Town]:
    with database.writing() as session:
        place = town(session, province="35")
        place.regions(
            {"35": "福建", "3505": "泉州", "350582": "晋江", **{code(name): name for name in TOWNS}}
        )
        place.load(
            Sheet.UNIONS,
            UNIONS,
            "35,福建省总工会,province,territory,,35,,,,",
            "3505,泉州市总工会,city,territory,35,3505,,,,",
            "350582,晋江市总工会,county,territory,3505,350582,,,,",
            *(f"{code(name)},{name}镇总工会,town,territory,350582,{code(name)},,,," for name in TOWNS),
            *(
                f"V{number},第{number}村工会联合会,village,federation,{code('陈埭')},{code('陈埭')},,,,"
                for number in range(20)
            ),
        )
        place.load(
            Sheet.COURT_DISTRICTS,
            "code,name,court,union_code,phone,regions",
            *(
                f"P{number},{name},晋江市人民法院{towns[0]}法庭,{code(towns[0])},,{';'.join(map(code, towns))}"
                for number, (name, towns) in enumerate(DISTRICTS.items())
            ),
        )
        place.people(
            {
                "operator": (Role.OPERATOR, None),
                "dispatcher": (Role.DISPATCHER, None),
                "jinjiang": (Role.UNION_LEADER, "350582"),
                "chendai": (Role.UNION_HANDLER, code("陈埭")),
                "anhai": (Role.UNION_HANDLER, code("安海")),
            }
        )
        yield place


@pytest.mark.parametrize(
    ("where", "district", "seat"),
    [("青阳", "城区片区", "青阳"), ("紫帽", "城区片区", "青阳"), ("内坑", "安海片区", "安海"),
     ("深沪", "金井片区", "龙湖"), ("英林", "东石片区", "东石")],
)  # fmt: skip
def test_a_judgment_that_is_not_obeyed_goes_by_the_courts_map(
    jinjiang: Town, where: str, district: str, seat: str
) -> None:
    ticket = jinjiang.ticket("operator", category="unenforced_judgment", region_code=code(where))
    best = jinjiang.ranking(ticket).recommendations[0]
    assert best.union_name == f"{seat}镇总工会"
    assert best.reasons[0] == f"法院片区：{code(where)}属{district}（晋江市人民法院{seat}法庭）"


def test_a_wage_claim_of_the_same_place_goes_by_the_map_of_places_and_names_the_court(jinjiang: Town) -> None:
    ticket = jinjiang.ticket("operator", region_code=code("内坑"))
    ranking = jinjiang.ranking(ticket)
    assert ranking.recommendations[0].union_name == "晋江市总工会"
    assert "如起诉，事发地属安海片区，由晋江市人民法院安海法庭管辖" in ranking.advice


def test_seven_districts_cover_every_town_once(jinjiang: Town) -> None:
    assert len(DISTRICTS) == 7
    assert sorted(name for towns in DISTRICTS.values() for name in towns) == sorted(TOWNS)
    for name in TOWNS:
        ticket = jinjiang.ticket("operator", category="unenforced_judgment", region_code=code(name))
        assert jinjiang.ranking(ticket).recommendations[0].reasons[0].startswith("法院片区")


def test_a_town_union_brings_in_what_a_worker_told_at_its_counter(jinjiang: Town) -> None:
    ticket = jinjiang.ticket("chendai", channel="walk_in", region_code=code("陈埭"))
    assert (ticket.channel, ticket.origin_union_id) == ("walk_in", jinjiang.union(code("陈埭")))
    # Its own draft: nobody else's union may touch it, nor see it.
    assert can_read(jinjiang.session, jinjiang.actor("jinjiang"), ticket.id)
    assert not can_read(jinjiang.session, jinjiang.actor("anhai"), ticket.id)
    with pytest.raises(NotAllowed):
        jinjiang.give("jinjiang", ticket, Command.ACCEPT)
    jinjiang.give("chendai", ticket, Command.ACCEPT)
    assert ticket.state == "pending_dispatch"
    jinjiang.give("dispatcher", ticket, Command.DISPATCH, union_id=jinjiang.union("350582"))
    # Who took the story down follows it to its end.
    assert can_read(jinjiang.session, jinjiang.actor("chendai"), ticket.id)
    assert not can_read(jinjiang.session, jinjiang.actor("anhai"), ticket.id)


def test_stepwise_the_county_passes_it_on_to_the_town(jinjiang: Town) -> None:
    ticket = jinjiang.ticket("chendai", channel="union_phone", region_code=code("安海"))
    jinjiang.give("chendai", ticket, Command.ACCEPT)
    jinjiang.give("dispatcher", ticket, Command.DISPATCH, union_id=jinjiang.union("350582"))
    leader = jinjiang.actor("jinjiang").user_id
    jinjiang.people({"jinjiang-b": (Role.UNION_HANDLER, "350582")})
    deputy = jinjiang.actor("jinjiang-b").user_id
    jinjiang.give("jinjiang", ticket, Command.SIGN_FOR, handler_id=leader, deputy_id=deputy)
    assert not can_read(jinjiang.session, jinjiang.actor("anhai"), ticket.id)
    jinjiang.give(
        "jinjiang",
        ticket,
        Command.ASSIGN_DOWN,
        union_id=jinjiang.union(code("安海")),
        due_at=NOW + timedelta(days=2),
    )
    assert can_read(jinjiang.session, jinjiang.actor("anhai"), ticket.id)
    assert can_read(jinjiang.session, jinjiang.actor("jinjiang"), ticket.id)
