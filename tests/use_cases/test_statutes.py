"""Terms of law: the day is told at intake, the days left are shown, and the urgency rises by itself, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dispatch import clocks, statutes
from dispatch.database import Database
from dispatch.errors import Invalid
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.history import Event, Notice
from dispatch.models.signals import TicketStatute
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.rules.statutes import NOTICE
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.working_time import SHANGHAI
from dispatch.ticket_views import ticket_detail
from dispatch.tickets import ToldEmployer, edit_ticket, open_ticket
from tests.builders import NOW, WAGES, World, build_world, give
from tests.rules.policies import catalogue, sla

FAR = date(2026, 3, 2)
"""Its limitation ends on 2 March 2027; 1 February is the first day with less than thirty left."""
PRESSING = datetime(2027, 2, 1, tzinfo=SHANGHAI)
NEAR = date(2025, 12, 10)


@pytest.fixture
def world(database: Database) -> World:
    built = build_world(database)
    with database.writing() as session:
        session.execute(update(Union).values(calendar="union_default"))
    return built


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def opened(session: Session, world: World, day: date | None, **fields: Any) -> Ticket:
    return open_ticket(
        session,
        world.actor("operator"),
        channel="phone",
        policy=world.policy,
        now=NOW,
        fields={**WAGES, "category": "unlawful_dismissal", **fields},
        employers=(ToldEmployer(name=""),),
        statutes={"arbitration": day} if day is not None else None,
    )


def edited(session: Session, world: World, ticket: Ticket, *, now: datetime = NOW, **fields: Any) -> Ticket:
    days = fields.pop("statutes", None)
    return edit_ticket(
        session,
        world.actor("supervisor"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=now,
        fields=fields,
        statutes=days,
    )


def raised(session: Session, world: World, now: datetime) -> int:
    return statutes.raise_due(session, policy=world.policy, now=now, limit=10)


def dispatched(session: Session, world: World, ticket: Ticket) -> Ticket:
    give(session, world, "operator", ticket, Command.ACCEPT)
    to: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "指定"}
    return give(session, world, "dispatcher", ticket, Command.DISPATCH, **to)


def kinds(session: Session, ticket: Ticket) -> list[str]:
    return list(session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.seq)))


def test_the_days_left_are_shown_with_the_caveat_and_the_article(session: Session, world: World) -> None:
    ticket = opened(session, world, FAR)
    page = ticket_detail(session, world.actor("operator"), ticket.number, policy=world.policy, now=NOW)
    (shown,) = page.statutes
    assert (shown.label, shown.last_day, shown.days_left) == ("申请劳动仲裁时效", date(2027, 3, 2), 99)
    assert shown.notice == NOTICE
    assert "第27条" in shown.source
    assert (ticket.urgency, shown.raises_urgency) == ("P2", True)


def test_the_urgency_rises_by_itself_on_the_first_day_with_less_than_thirty_left(
    session: Session, world: World
) -> None:
    ticket = dispatched(session, world, opened(session, world, FAR))
    assert statutes.next_due(session) == PRESSING
    assert raised(session, world, PRESSING - timedelta(seconds=1)) == 0
    assert ticket.urgency == "P2"
    assert raised(session, world, PRESSING) == 1
    assert ticket.urgency == "P1"
    assert "申请劳动仲裁时效仅剩29天 → P1（估算）" in ticket.urgency_reasons
    event = session.scalars(select(Event).where(Event.kind == "UrgencyRaised")).one()
    assert (event.actor_kind, event.payload["before"], event.payload["urgency"]) == ("machine", "P2", "P1")
    assert "第27条" in event.payload["basis"]
    assert raised(session, world, PRESSING + timedelta(days=5)) == 0
    assert kinds(session, ticket).count("UrgencyRaised") == 1
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_the_union_and_the_dispatcher_hear_that_the_term_is_running_out(
    session: Session, world: World
) -> None:
    ticket = dispatched(session, world, opened(session, world, FAR))
    raised(session, world, PRESSING)
    rows = session.scalars(
        select(Notice).where(Notice.ticket_id == ticket.id, Notice.kind == "limitation")
    ).all()
    assert {(row.union_id, row.role) for row in rows} == {
        (world.union("370102"), None),
        (None, "dispatcher"),
    }
    assert all("仅剩29天" in row.text and NOTICE in row.text for row in rows)


def test_the_timeline_says_in_chinese_why_the_urgency_rose(session: Session, world: World) -> None:
    ticket = dispatched(session, world, opened(session, world, FAR))
    raised(session, world, PRESSING)
    page = ticket_detail(session, world.actor("dispatcher"), ticket.number, policy=world.policy, now=PRESSING)
    (line,) = [event for event in page.events if event.kind == "UrgencyRaised"]
    assert (line.label, line.actor) == ("自动提高紧急程度", "系统")
    assert line.details == {
        "紧急程度": "P1",
        "原紧急程度": "P2",
        "法定期限": "申请劳动仲裁时效",
        "最后一日": "2027-03-02",
        "依据": "[L] 劳动争议调解仲裁法第27条",
    }


def test_clocks_follow_and_none_is_lengthened_nor_overdue_at_a_stroke(session: Session, world: World) -> None:
    ticket = dispatched(session, world, opened(session, world, FAR))
    before = {clock.id: clock.due_at for clock in clocks.live(session, ticket.id, ClockKind)}
    # As if it had been dispatched the evening before.
    session.execute(update(TicketStatute).values(raise_at=NOW))
    session.execute(update(TicketStatute).values(begins_on=date(2025, 12, 10)))
    raised(session, world, NOW)
    after = {clock.id: clock.due_at for clock in clocks.live(session, ticket.id, ClockKind)}
    assert after.keys() == before.keys()
    (sign,) = clocks.live(session, ticket.id, [ClockKind.SIGN])
    assert before[sign.id] is not None
    assert sign.due_at is not None
    assert NOW + timedelta(hours=2) <= sign.due_at < before[sign.id]  # type: ignore[operator]  # not None
    assert all(after[each] <= before[each] for each in before)  # type: ignore[operator]  # running clocks are due


def test_a_term_with_few_days_left_makes_the_ticket_urgent_at_intake(session: Session, world: World) -> None:
    ticket = opened(session, world, NEAR)
    assert ticket.urgency == "P1"
    assert any("仅剩17天" in reason for reason in ticket.urgency_reasons)
    assert raised(session, world, NOW + timedelta(days=1)) == 0, "it was heeded already"


def test_the_law_raises_what_a_person_chose_but_never_lowers_it(session: Session, world: World) -> None:
    urgent = opened(session, world, FAR, urgency="P0")
    quiet = opened(session, world, FAR, urgency="P3")
    assert (urgent.urgency, quiet.urgency) == ("P0", "P3")
    raised(session, world, PRESSING)
    assert (urgent.urgency, quiet.urgency) == ("P0", "P1")
    assert kinds(session, urgent)[-1] == "LimitationNear"


def test_a_person_who_lowers_the_urgency_afterwards_is_not_overruled(session: Session, world: World) -> None:
    ticket = opened(session, world, NEAR)
    edited(session, world, ticket, urgency="P2")
    assert ticket.urgency == "P2"
    edited(session, world, ticket, text="又补充了一些情况")
    raised(session, world, NOW + timedelta(days=3))
    assert ticket.urgency == "P2"


def test_an_edit_of_something_else_leaves_a_persons_choice_alone(session: Session, world: World) -> None:
    ticket = opened(session, world, None, urgency="P1")
    edited(session, world, ticket, text="补充")
    assert ticket.urgency == "P1"
    machine = opened(session, world, None)
    edited(session, world, machine, headcount=6)
    assert machine.urgency == "P1", "where nobody chose, the numbers speak"


def test_a_corrected_day_moves_the_moment_and_a_day_taken_back_leaves_none(
    session: Session, world: World
) -> None:
    ticket = opened(session, world, FAR)
    edited(session, world, ticket, statutes={"arbitration": date(2026, 4, 2)})
    assert statutes.next_due(session) == PRESSING + timedelta(days=31)
    edited(session, world, ticket, statutes={"arbitration": None})
    assert statutes.next_due(session) is None
    assert ticket.urgency == "P2"


@pytest.mark.parametrize(
    ("code", "day"),
    [
        ("arbitration", date(2026, 11, 24)),
        ("arbitration", date(1900, 1, 1)),
        ("law_of_the_sea", date(2026, 1, 1)),
    ],
)
def test_impossible_days_are_refused_by_name(session: Session, world: World, code: str, day: date) -> None:
    ticket = opened(session, world, None)
    with pytest.raises(Invalid) as refused:
        edited(session, world, ticket, statutes={code: day})
    assert set(refused.value.fields) == {f"statutes.{code}"}


def test_an_ended_ticket_is_looked_at_again_as_long_as_its_term_runs(session: Session, world: World) -> None:
    ticket = opened(session, world, FAR)
    give(session, world, "operator", ticket, Command.WITHDRAW, reason="不办了", means="phone")
    assert raised(session, world, PRESSING) == 1
    assert ticket.urgency == "P2"
    assert statutes.next_due(session) == PRESSING + timedelta(days=1)
    raised(session, world, datetime(2027, 3, 3, tzinfo=SHANGHAI))
    assert statutes.next_due(session) is None


def test_terms_that_hurry_nobody_are_shown_and_raise_nothing(session: Session, world: World) -> None:
    ticket = opened(session, world, None)
    edited(session, world, ticket, statutes={"arbitration_award": date(2026, 10, 20)})
    assert statutes.next_due(session) is None
    page = ticket_detail(session, world.actor("operator"), ticket.number, policy=world.policy, now=NOW)
    assert [(each.code, each.days_left) for each in page.statutes] == [("arbitration_award", 11)]


def test_each_category_asks_for_the_days_that_matter_to_it(world: World) -> None:
    def asked(code: str) -> set[str]:
        found = statutes.questions([world.policy.catalogue.get(code)], policy=world.policy)
        assert all(each.notice == NOTICE for each in found)
        return {each.code for each in found}

    assert {"arbitration", "inspection_look_back"} <= asked("wage_arrears")
    assert {"injury_by_employer", "injury_by_worker"} <= asked("injury_recognition")
    assert asked("festival_benefits") == set()


def test_the_file_names_only_categories_that_there_are() -> None:
    groups = {each.group_code for each in catalogue().categories.values()}
    named = {code for term in sla().statutory for code in term.categories}
    assert named <= groups | set(catalogue().categories)
