"""协办: unions that help keep clocks of their own; another province takes a child ticket that both sides accept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.clocks import live
from dispatch.commands import buttons
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, WrongState
from dispatch.models.history import Notice
from dispatch.models.people import User
from dispatch.models.tickets import Caller, Handling, Ticket
from dispatch.models.unions import Union
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command
from tests.builders import NOW, World, give
from tests.life import RESULT, accepted, people, people_world, report, signed

HOUR = timedelta(hours=1)


@pytest.fixture
def world(database: Database) -> World:
    made = people_world(database)
    with database.writing() as session:
        sichuan = Union(
            code="51",
            name="四川省总工会",
            level="province",
            region_code="51",
            calendar="union_default",
            can_receive=True,
        )
        session.add(sichuan)
        session.flush()
        sichuan.path = f"/{sichuan.id}/"
        for name in ("sichuan", "sichuan-deputy"):
            session.add(
                User(
                    name=name,
                    display_name=name,
                    password_hash="!",
                    role=Role.UNION_HANDLER.value,
                    union_id=sichuan.id,
                    skills=[],
                    created_at=NOW,
                )
            )
    return made


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _helped(session: Session, world: World, *, to: str = "3702") -> Ticket:
    ticket = signed(session, world)
    ask: dict[str, Any] = {"union_id": world.union(to), "reason": "用人单位总部在青岛"}
    return give(session, world, "lixia", ticket, Command.ADD_CO_HANDLER, **ask)


def _turn(session: Session, ticket: Ticket, role: str = "co") -> Handling:
    return session.scalars(
        select(Handling)
        .where(Handling.ticket_id == ticket.id, Handling.role == role)
        .order_by(Handling.id.desc())
    ).first() or pytest.fail("no such handling")


def _kinds(session: Session, ticket: Ticket, handling: Handling) -> set[str]:
    return {clock.kind for clock in live(session, ticket.id, ClockKind) if clock.handling_id == handling.id}


def test_a_co_handler_signs_works_and_reports_on_its_own_clocks(session: Session, world: World) -> None:
    ticket = _helped(session, world)
    turn = _turn(session, ticket)
    assert can_read(session, world.actor("qingdao"), ticket.id)
    assert _kinds(session, ticket, turn) == {"sign", "resolve"}
    give(
        session,
        world,
        "qingdao",
        ticket,
        Command.SIGN_FOR,
        **people(world, "qingdao", "qingdao-deputy"),
    )
    assert (ticket.state, turn.state) == ("in_progress", "signed")
    assert _kinds(session, ticket, turn) == {"first_contact", "resolve"}
    with pytest.raises(WrongState, match="已经签收"):
        give(
            session,
            world,
            "qingdao",
            ticket,
            Command.SIGN_FOR,
            **people(world, "qingdao", "qingdao-deputy"),
        )
    give(
        session,
        world,
        "qingdao",
        ticket,
        Command.RECORD_FIRST_CONTACT,
        at=NOW,
        means="visit",
        outcome="已约谈",
    )
    give(session, world, "qingdao", ticket, Command.ADD_PROGRESS, text="总部同意付款")
    report(session, world, ticket, who="qingdao")
    assert (ticket.state, turn.state) == ("in_progress", "reported")
    assert _kinds(session, ticket, turn) == set()
    lead = _turn(session, ticket, "lead")
    assert "resolve" in _kinds(session, ticket, lead), "the lead union's clock is not touched"


def test_the_leads_report_waits_for_its_helpers_or_says_why_not(session: Session, world: World) -> None:
    ticket = _helped(session, world)
    with pytest.raises(Missing) as refused:
        report(session, world, ticket)
    assert "青岛市总工会" in refused.value.fields["pending_note"]
    report(session, world, ticket, pending_note="款项已由济南子公司付清")
    assert ticket.state == "reported"
    give(session, world, "qingdao", ticket, Command.SIGN_FOR, **people(world, "qingdao", "qingdao-deputy"))
    assert (ticket.state, _turn(session, ticket).state) == ("reported", "signed")


def test_a_helper_never_signs_or_reports_for_the_lead(session: Session, world: World) -> None:
    ticket = _helped(session, world)
    for command, data in (
        (Command.ASSIGN_DOWN, {"union_id": 1, "due_at": NOW + HOUR}),
        (Command.REQUEST_EXTENSION, {"reason": "x", "due_at": NOW + HOUR, "caller_told": True}),
        (Command.REMOVE_CO_HANDLER, {"union_id": world.union("3702"), "reason": "x"}),
        (Command.REPORT_RESULT, RESULT),
    ):
        with pytest.raises((NotAllowed, WrongState)):
            give(session, world, "qingdao", ticket, command, **data)
    assert ticket.state == "in_progress"
    shown = {
        button.command
        for button in buttons(session, world.actor("qingdao"), ticket, policy=world.policy, now=NOW)
    }
    assert shown == {
        Command.SIGN_FOR,
        Command.RECORD_FIRST_CONTACT,
        Command.ADD_PROGRESS,
        Command.REPORT_RESULT,
    }


def test_a_helper_that_is_let_go_sees_the_ticket_no_more(session: Session, world: World) -> None:
    ticket = _helped(session, world)
    turn = _turn(session, ticket)
    with pytest.raises(Invalid, match="已经在办理"):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.ADD_CO_HANDLER,
            union_id=world.union("3702"),
            reason="再请",
        )
    give(
        session,
        world,
        "lixia",
        ticket,
        Command.REMOVE_CO_HANDLER,
        union_id=world.union("3702"),
        reason="已解决",
    )
    assert (turn.state, turn.end_reason) == ("ended", "removed")
    assert not can_read(session, world.actor("qingdao"), ticket.id)
    assert _kinds(session, ticket, turn) == set()
    with pytest.raises(WrongState, match="没有协办"):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.REMOVE_CO_HANDLER,
            union_id=world.union("3702"),
            reason="x",
        )


def test_two_unions_are_dispatched_to_at_once_and_a_redispatch_keeps_the_second(
    session: Session, world: World
) -> None:
    ticket = accepted(session, world)
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("370102"),
        override_reason="双派单",
        dual_dispatch=[world.union("3702")],
    )
    turn = _turn(session, ticket)
    assert _kinds(session, ticket, turn) == {"sign", "resolve"}
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("370103"),
        reason="工地在市中区",
    )
    assert turn.ended_at is None
    assert can_read(session, world.actor("qingdao"), ticket.id)
    assert not can_read(session, world.actor("lixia"), ticket.id)


def test_another_provinces_union_takes_a_child_ticket_that_both_sides_accept(
    session: Session, world: World
) -> None:
    ticket = _helped(session, world, to="51")
    child = session.scalars(select(Ticket).where(Ticket.parent_id == ticket.id)).one()
    assert (child.state, child.relation, child.wish) == ("draft", "child", ticket.wish)
    assert session.scalars(select(Caller.phone).where(Caller.ticket_id == child.id)).one() == "+8613800000001"
    assert can_read(session, world.actor("sichuan"), child.id)
    assert can_read(session, world.actor("lixia"), child.id), "the union at home keeps watch"
    with pytest.raises(NotAllowed):
        give(session, world, "lixia", child, Command.ACCEPT)
    with pytest.raises(NotFound):
        give(session, world, "sichuan", ticket, Command.ADD_PROGRESS, text="看不到本单")
    with pytest.raises(Missing, match="pending_note"):
        report(session, world, ticket)
    give(session, world, "sichuan", child, Command.ACCEPT)
    assert (child.state, child.lead_union_id) == ("dispatched", world.union("51"))
    give(session, world, "sichuan", child, Command.SIGN_FOR, **people(world, "sichuan", "sichuan-deputy"))
    with pytest.raises(NotAllowed):
        give(session, world, "lixia", child, Command.ADD_PROGRESS, text="代写")
    report(session, world, child, who="sichuan")
    give(session, world, "dispatcher", child, Command.REVIEW, approved=True)
    assert child.state == "closed", "whoever lives here is called back from here"
    told = session.scalars(select(Notice.union_id).where(Notice.kind == "child")).all()
    assert world.union("370102") in told
    report(session, world, ticket)
    assert ticket.state == "reported"


def test_the_other_side_may_decline_and_the_home_union_goes_on(session: Session, world: World) -> None:
    ticket = _helped(session, world, to="51")
    child = session.scalars(select(Ticket).where(Ticket.parent_id == ticket.id)).one()
    give(
        session,
        world,
        "supervisor",
        child,
        Command.DECLINE,
        reason="对方不受理",
        route_told="由本地工会继续办理",
    )
    assert child.state == "declined"
    report(session, world, ticket)
    assert ticket.state == "reported"


def test_a_recused_union_is_no_helper_either(session: Session, world: World) -> None:
    ticket = signed(session, world)
    ticket.accused_union_ids = [world.union("3702")]
    session.flush()
    with pytest.raises(NotAllowed, match="回避"):
        give(
            session, world, "lixia", ticket, Command.ADD_CO_HANDLER, union_id=world.union("3702"), reason="x"
        )


def test_whoever_leads_at_home_next_keeps_watch_and_an_end_at_home_is_told_abroad(
    session: Session, world: World
) -> None:
    ticket = _helped(session, world, to="51")
    child = session.scalars(select(Ticket).where(Ticket.parent_id == ticket.id)).one()
    give(session, world, "sichuan", child, Command.ACCEPT)
    give(
        session,
        world,
        "supervisor",
        ticket,
        Command.ESCALATE_LEVEL,
        union_id=world.union("3701"),
        reason="上级办理",
    )
    assert can_read(session, world.actor("jinan"), child.id)
    assert not can_read(session, world.actor("lixia"), child.id)
    give(session, world, "operator", ticket, Command.WITHDRAW, reason="本人撤回", means="phone")
    told = session.scalars(select(Notice.union_id).where(Notice.kind == "child")).all()
    assert world.union("51") in told
