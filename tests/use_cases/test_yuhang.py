"""Yuhang: staggered hours from 7:30 to 18:00, two people to a post, and whoever is on call at night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.clocks import live
from dispatch.database import Database
from dispatch.recommendations import ranked_unions
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.working_time import SHANGHAI
from dispatch.tables import Sheet
from tests.use_cases.town import UNIONS, Town, town

MONDAY = datetime(2026, 11, 22, 23, 40, tzinfo=UTC)
"""7:40 in the morning in Shanghai: open in Yuhang, shut everywhere else."""
NIGHT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""Eleven at night."""

POSTS = "code,name,union_code,service_point_code,holder,deputy"
ABSENCES = "user,begins_at,ends_at,reason"
ROSTERS = "union_code,user,begins_at,ends_at,phone"


@pytest.fixture
def yuhang(database: Database) -> Iterator[Town]:
    with database.writing() as session:
        place = town(session, province="33")
        place.regions({"33": "浙江", "3301": "杭州", "330110": "余杭", "330109": "萧山"})
        place.load(
            Sheet.UNIONS,
            UNIONS,
            "33,浙江省总工会,province,territory,,33,,,,",
            "3301,杭州市总工会,city,territory,33,3301,,,,",
            "330110,余杭区总工会,county,territory,3301,330110,,,yuhang_staggered,",
            "330109,萧山区总工会,county,territory,3301,330109,,,,",
        )
        place.people(
            {
                "operator": (Role.OPERATOR, None),
                "dispatcher": (Role.DISPATCHER, None),
                "A岗": (Role.UNION_HANDLER, "330110"),
                "B岗": (Role.UNION_HANDLER, "330110"),
                "杭州值班": (Role.UNION_LEADER, "3301"),
            }
        )
        place.load(Sheet.POSTS, POSTS, "YH-1,综合窗口,330110,,A岗,B岗")
        yield place


def first(place: Town, *, now: datetime, urgency: str = "P2") -> tuple[str, str, tuple[str, ...]]:
    ticket = place.ticket("operator", region_code="330110", urgency=urgency, now=now)
    best = place.ranking(ticket, now=now).recommendations[0]
    return best.union_name, best.reasons[-1], best.on_duty


def test_a_deadline_runs_on_the_unions_own_hours(yuhang: Town) -> None:
    closes = {}
    for region in ("330110", "330109"):
        ticket = yuhang.ticket("operator", region_code=region, now=MONDAY)
        yuhang.give("operator", ticket, Command.ACCEPT, now=MONDAY)
        yuhang.give("dispatcher", ticket, Command.DISPATCH, now=MONDAY, union_id=yuhang.union(region))
        (sign,) = live(yuhang.session, ticket.id, [ClockKind.SIGN])
        assert sign.due_at is not None
        closes[region] = f"{sign.due_at.astimezone(SHANGHAI):%H:%M}"
    assert closes == {"330110": "18:00", "330109": "17:30"}


def test_before_eight_in_the_morning_yuhang_can_be_reached(yuhang: Town) -> None:
    assert first(yuhang, now=MONDAY)[2] == ("A岗",)
    noon = MONDAY + timedelta(hours=5)
    assert first(yuhang, now=noon)[2] == ("A岗",)
    assert first(yuhang, now=NIGHT)[2] == ()


def test_the_deputy_takes_over_while_the_holder_is_away(yuhang: Town) -> None:
    yuhang.load(Sheet.ABSENCES, ABSENCES, "A岗,2026-11-23 07:30,2026-11-24 18:00,年休假")
    name, reason, people = first(yuhang, now=MONDAY)
    assert (name, reason, people) == ("余杭区总工会", "综合窗口A岗不在岗，由B岗B岗接收", ("B岗",))
    # After the holiday the holder is back by himself.
    assert first(yuhang, now=MONDAY + timedelta(days=2))[2] == ("A岗",)


def test_a_ticket_of_the_night_looks_at_who_will_be_there_in_the_morning(yuhang: Town) -> None:
    yuhang.load(Sheet.ABSENCES, ABSENCES, "A岗,2026-11-24 07:30,2026-11-24 18:00,年休假")
    assert first(yuhang, now=NIGHT)[1] == "综合窗口A岗不在岗，由B岗B岗接收"


def test_with_both_away_the_city_receives_and_says_why(yuhang: Town) -> None:
    for name in ("A岗", "B岗"):
        yuhang.load(Sheet.ABSENCES, ABSENCES, f"{name},2026-11-23 07:30,2026-11-24 18:00,培训")
    name, reason, _ = first(yuhang, now=MONDAY)
    assert (name, reason) == ("杭州市总工会", "余杭区总工会A岗、B岗均不在岗，转上级")


def test_at_night_what_cannot_wait_goes_to_whoever_is_on_call(yuhang: Town) -> None:
    yuhang.load(Sheet.ROSTERS, ROSTERS, "3301,杭州值班,2026-11-23 18:00,2026-11-24 08:00,")
    name, reason, people = first(yuhang, now=NIGHT, urgency="P0")
    assert (name, reason, people) == ("杭州市总工会", "值班：杭州值班", ("杭州值班",))
    yuhang.load(Sheet.ROSTERS, ROSTERS, "330110,B岗,2026-11-23 18:00,2026-11-24 07:30,")
    assert first(yuhang, now=NIGHT, urgency="P0")[:2] == ("余杭区总工会", "值班：B岗")


def test_where_nobody_is_on_call_anywhere_the_ticket_is_not_dropped(yuhang: Town) -> None:
    name, reason, _ = first(yuhang, now=NIGHT, urgency="P0")
    assert (name, reason) == ("余杭区总工会", "下班时间无人值班，上级也无人在岗：请先电话通知其负责人")


def test_the_dispatch_panel_shows_who_can_be_reached(yuhang: Town) -> None:
    yuhang.load(Sheet.ABSENCES, ABSENCES, "A岗,2026-11-23 07:30,2026-11-24 18:00,年休假")
    ticket = yuhang.ticket("operator", region_code="330110", now=MONDAY)
    panel = ranked_unions(
        yuhang.session, yuhang.actor("operator"), ticket.number, policy=yuhang.policy, now=MONDAY
    )
    assert panel.recommendations[0].on_duty == ["B岗"]
