"""The Neijiang case: wage owed by a debtor in another city; two unions, one ticket, and the home union watches the money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.archive import archive_ended
from dispatch.clocks import live
from dispatch.database import Database
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command, State
from dispatch.ticket_views import ticket_detail
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.timers import fire_due
from tests.builders import NOW, WAGES, World, give
from tests.life import people_world

PAYDAY = date(2026, 12, 4)


@pytest.fixture
def world(database: Database) -> World:
    """Sichuan is at home here: Neijiang, where the worker lives, and Chengdu, where the debtor hides."""
    made = people_world(database)
    with database.writing() as session:
        top = _union(session, "51", "四川省总工会", "province", None)
        neijiang = _union(session, "5110", "内江市总工会", "city", top)
        chengdu = _union(session, "5101", "成都市总工会", "city", top)
        dujiangyan = _union(session, "510181", "都江堰市总工会", "county", chengdu)
        for name, union in (("neijiang", neijiang), ("dujiangyan", dujiangyan)):
            for suffix in ("", "-deputy"):
                session.add(
                    User(
                        name=name + suffix,
                        display_name=name + suffix,
                        password_hash="!",
                        role=Role.UNION_HANDLER.value,
                        union_id=union.id,
                        skills=[],
                        created_at=NOW,
                    )
                )
    return replace(made, policy=replace(made.policy, province="51"))


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _union(session: Session, code: str, name: str, level: str, parent: Union | None) -> Union:
    union = Union(
        code=code,
        name=name,
        level=level,
        parent_id=parent.id if parent is not None else None,
        region_code=code,
        calendar="union_default",
        can_receive=True,
    )
    session.add(union)
    session.flush()
    union.path = (parent.path if parent is not None else "/") + f"{union.id}/"
    return union


def _signs(world: World, name: str) -> dict[str, Any]:
    return {"handler_id": world.actor(name).user_id, "deputy_id": world.actor(f"{name}-deputy").user_id}


def test_two_city_unions_find_the_debtor_and_the_home_union_watches_until_the_money_is_there(
    session: Session, world: World
) -> None:
    # A worker walks into the union's house in Neijiang; the union writes it down itself.
    ticket = open_ticket(
        session,
        world.actor("neijiang"),
        channel="walk_in",
        policy=world.policy,
        now=NOW,
        fields={**WAGES, "region_code": "511002", "amount_cents": 1_860_000},
        caller=CallerDetails(name="罗某", phone="13800000003"),
        employers=[ToldEmployer(name="陈某（包工头）", role="subcontractor")],
    )
    assert ticket.number.startswith("51-")
    give(session, world, "neijiang", ticket, Command.ACCEPT)
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("5110"),
        override_reason="首接负责",
    )
    give(session, world, "neijiang", ticket, Command.SIGN_FOR, **_signs(world, "neijiang"))

    # The debtor is in Dujiangyan: that city's union helps, on clocks of its own.
    ask: dict[str, Any] = {"union_id": world.union("510181"), "reason": "欠薪人在都江堰，电话不通"}
    give(session, world, "neijiang", ticket, Command.ADD_CO_HANDLER, **ask)
    assert can_read(session, world.actor("dujiangyan"), ticket.id)
    give(session, world, "dujiangyan", ticket, Command.SIGN_FOR, **_signs(world, "dujiangyan"))
    met = NOW + timedelta(days=2)
    give(
        session,
        world,
        "dujiangyan",
        ticket,
        Command.RECORD_FIRST_CONTACT,
        now=met,
        at=met,
        means="visit",
        outcome="在工地找到欠薪人",
    )
    result: dict[str, Any] = {"true_claim": True, "solved": "partly", "reply_text": "欠薪人书面承诺付款"}
    give(session, world, "dujiangyan", ticket, Command.REPORT_RESULT, now=met, **result, done="当面约谈")
    assert ticket.state == "in_progress", "the helper's report moves its own part only"

    # Home reports what was promised; the centre approves, and nobody calls before the day of payment.
    home: dict[str, Any] = {
        **result,
        "done": "两地工会共同约谈，达成付款协议",
        "amount_cents": 1_860_000,
        "amount_state": "promised",
        "payment_on": PAYDAY,
    }
    give(session, world, "neijiang", ticket, Command.REPORT_RESULT, now=met, **home)
    give(session, world, "dispatcher", ticket, Command.REVIEW, now=met, approved=True)
    assert ticket.state == "pending_callback"
    assert [clock.kind for clock in live(session, ticket.id, [ClockKind.PAYMENT, ClockKind.CALLBACK])] == [
        "payment"
    ]
    assert can_read(session, world.actor("neijiang"), ticket.id), "the home union keeps watch"

    # Twelve days after the visit the money is there; the union that watched says so, and the worker is asked.
    arrived = datetime(2026, 12, 4, 7, 0, tzinfo=UTC)
    assert (arrived - NOW).days < 15
    give(
        session,
        world,
        "neijiang",
        ticket,
        Command.RECORD_PAYMENT,
        now=arrived,
        amount_cents=1_860_000,
        paid_on=PAYDAY,
    )
    give(
        session,
        world,
        "callback",
        ticket,
        Command.RECORD_CALLBACK,
        now=arrived + timedelta(hours=1),
        reached=True,
        solved="solved",
        satisfied="satisfied",
        money_received=True,
    )
    assert (ticket.state, ticket.outcome) == ("closed", "solved")
    page = ticket_detail(session, world.actor("neijiang"), ticket.number, policy=world.policy, now=arrived)
    assert page.received_cents == 1_860_000
    assert [(turn.union_name, turn.role) for turn in page.handlings] == [
        ("内江市总工会", "lead"),
        ("都江堰市总工会", "co"),
    ]
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_when_the_day_passes_without_money_the_worker_is_asked_and_the_case_begins_again(
    session: Session, world: World
) -> None:
    ticket = open_ticket(
        session,
        world.actor("neijiang"),
        channel="walk_in",
        policy=world.policy,
        now=NOW,
        fields={**WAGES, "region_code": "511002"},
        employers=[ToldEmployer(name="陈某（包工头）")],
    )
    give(session, world, "neijiang", ticket, Command.ACCEPT)
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("5110"),
        override_reason="首接负责",
    )
    give(session, world, "neijiang", ticket, Command.SIGN_FOR, **_signs(world, "neijiang"))
    home: dict[str, Any] = {
        "true_claim": True,
        "done": "达成协议",
        "solved": "partly",
        "reply_text": "承诺12月4日付款",
        "amount_cents": 1_860_000,
        "amount_state": "promised",
        "payment_on": PAYDAY,
    }
    give(session, world, "neijiang", ticket, Command.REPORT_RESULT, **home)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    next_day = datetime(2026, 12, 5, 2, 0, tzinfo=UTC)
    assert fire_due(session, now=next_day, limit=50, policy=world.policy)
    assert live(session, ticket.id, [ClockKind.CALLBACK])
    told = session.scalars(select(Notice.user_id).where(Notice.kind == "expired")).all()
    assert world.actor("neijiang").user_id in told, "the home union hears that the day has passed"
    give(session, world, "callback", ticket, Command.REOPEN, now=next_day, reason="没有收到钱")
    assert State(ticket.state) is State.REOPENED
    turns = session.scalars(select(Handling.end_reason).where(Handling.ticket_id == ticket.id)).all()
    assert turns == ["reopened"]


def test_what_has_ended_long_enough_is_archived_by_the_machine(session: Session, world: World) -> None:
    ticket = open_ticket(
        session, world.actor("operator"), channel="phone", policy=world.policy, now=NOW, fields=WAGES
    )
    give(session, world, "operator", ticket, Command.VOID, reason_code="prank")
    for days, done in ((29, 0), (31, 1), (32, 0)):
        moment = NOW + timedelta(days=days)
        assert archive_ended(session, policy=world.policy, now=moment) == done
    assert session.scalars(select(Ticket.state)).all() == ["archived"]
