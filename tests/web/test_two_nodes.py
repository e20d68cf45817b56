"""The same software at both ends: a province gives a ticket to a city's own node, and each keeps its clocks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dispatch.database import Database
from dispatch.models.clocks import Clock
from dispatch.models.partners import PartnerLink
from dispatch.partners import PartnerDetails, add_partner, partner_named, set_secret
from dispatch.rules.partner_terms import PartnerKind, Speaks
from tests.partnership import MACHINE, Partnership
from tests.web.house import running_house
from tests.web.test_api_tickets import commanded, dispatched
from tests.web.test_partner_events import RESULT, read


@pytest.fixture
def two(furnished_file: Path, tmp_path: Path) -> Iterator[tuple[Partnership, Partnership]]:
    with ExitStack() as stack:
        ends = []
        for name in ("province", "city"):
            folder = tmp_path / name
            folder.mkdir()
            shutil.copy(furnished_file, folder / "hotline.db")
            database = Database(f"sqlite:///{folder / 'hotline.db'}")
            stack.callback(database.dispose)
            ends.append(Partnership(stack.enter_context(running_house(database, folder))))
        yield ends[0], ends[1]


def introduce(here: Partnership, there: Partnership, code: str, ours: str, **more: Any) -> str:
    """Add the other end here and return the secret with which it signs."""
    details = PartnerDetails(
        code=code,
        name=code,
        speaks=Speaks.PARTNER_API,
        endpoint=there.house.url,
        our_code=ours,
        **more,
    )
    with here.house.database.writing() as session:
        partner = add_partner(session, details, by=MACHINE, now=here.house.clock())
        return secret(here, session, partner, "inbound", None)


def secret(here: Partnership, session: Any, partner: Any, use: Any, given: str | None) -> str:
    return set_secret(
        session, partner, use, key=here.services.partner_key, by=MACHINE, now=here.house.clock(),
        overlap=timedelta(), given=given,
    )  # fmt: skip


def clocks(end: Partnership) -> dict[str, Any]:
    with end.house.database.reading() as session:
        rows = session.execute(select(Clock.kind, Clock.due_at).where(Clock.due_at.is_not(None)))
        return {row[0]: row[1] for row in rows}


def exchange(*ends: Partnership) -> None:
    for _ in range(4):
        for end in ends:
            end.deliver()


def test_a_city_node_works_on_what_its_province_gives_it_and_the_result_comes_home(
    two: tuple[Partnership, Partnership],
) -> None:
    province, city = two
    theirs = introduce(province, city, "node-3702", "province-37", kind=PartnerKind.CENTRE, union_code="3702")
    ours = introduce(city, province, "province-37", "node-3702", kind=PartnerKind.UPPER_UNION)
    for end, code, given in ((province, "node-3702", ours), (city, "province-37", theirs)):
        with end.house.database.writing() as session:
            secret(end, session, partner_named(session, code), "outbound", given)
    desk, dispatcher = province.house.browser("operator"), province.house.browser("dispatcher")
    number = dispatched(province.house, desk, to="3702", disclosure="union", region_code="370202")["number"]
    exchange(province, city)
    with city.house.database.reading() as session:
        link = session.scalars(select(PartnerLink)).one()
        assert (link.external_id, link.direction, link.state) == (number, "in", "offered")
        below = link.number
    assert read(dispatcher, number)["state"] == "dispatched", "one side's word is not enough"
    desk_below, sender, union = (city.house.browser(who) for who in ("operator", "dispatcher", "lixia"))
    ticket = commanded(desk_below, read(desk_below, below), "accept")
    ticket = commanded(
        sender, ticket, "dispatch", union_id=city.house.world.union("370102"), override_reason="测试指定"
    )
    commanded(union, read(union, below), "sign_for", **city.people(union))
    exchange(city, province)
    assert read(dispatcher, number)["state"] == "in_progress"
    assert {"resolve", "dispatch"} <= clocks(province).keys() & clocks(city).keys(), "each keeps its own"
    ticket = commanded(
        union,
        read(union, below),
        "record_first_contact",
        at=city.house.clock().isoformat(),
        means="phone",
        outcome="已核实",
    )
    ticket = commanded(union, ticket, "report_result", **RESULT)
    # Who called at the province is called back from there.
    assert commanded(sender, read(sender, below), "review", approved=True)["state"] == "closed"
    exchange(city, province)
    reported = read(dispatcher, number)
    assert reported["state"] == "reported"
    assert commanded(dispatcher, reported, "review", approved=True)["state"] == "pending_callback"
    for end in two:
        assert end.house.browser("dispatcher").get("/api/partner-events/dead").json()["items"] == []


def test_what_the_other_centre_will_not_take_comes_back_with_its_reason(
    two: tuple[Partnership, Partnership],
) -> None:
    province, city = two
    theirs = introduce(province, city, "node-3702", "province-37", kind=PartnerKind.CENTRE, union_code="3702")
    ours = introduce(city, province, "province-37", "node-3702", kind=PartnerKind.UPPER_UNION)
    for end, code, given in ((province, "node-3702", ours), (city, "province-37", theirs)):
        with end.house.database.writing() as session:
            secret(end, session, partner_named(session, code), "outbound", given)
    desk, dispatcher = province.house.browser("operator"), province.house.browser("dispatcher")
    number = dispatched(province.house, desk, to="3702", region_code="370202")["number"]
    exchange(province, city)
    with city.house.database.reading() as session:
        below = session.scalars(select(PartnerLink.number)).one()
    leader = city.house.browser("supervisor")
    commanded(leader, read(leader, below), "decline", reason="用工地不在本市", route_told="请转历下区")
    exchange(city, province)
    returned = read(dispatcher, number)
    assert returned["state"] == "returned"
    assert "用工地不在本市" in str(returned["events"])
