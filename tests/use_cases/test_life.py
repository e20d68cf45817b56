"""A ticket's life from the call to the closed case, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.clocks import latest, live
from dispatch.commands import buttons
from dispatch.database import Database
from dispatch.errors import Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.clocks import Timer
from dispatch.models.tickets import Ticket, TicketScope
from dispatch.models.unions import Union
from dispatch.routing import recommend
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.tickets import ToldEmployer, edit_ticket
from tests.builders import NOW, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _dispatched(session: Session, world: World, *, to: str = "370102") -> Ticket:
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.ACCEPT)
    return give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union(to))


def _signed(session: Session, world: World) -> Ticket:
    ticket = _dispatched(session, world)
    people: dict[str, Any] = {
        "handler_id": world.actor("lixia").user_id,
        "deputy_id": world.actor("lixia-deputy").user_id,
    }
    return give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)


def _reported(session: Session, world: World) -> Ticket:
    ticket = _signed(session, world)
    give(
        session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, at=NOW, means="phone", outcome="已联系"
    )
    return give(
        session,
        world,
        "lixia",
        ticket,
        Command.REPORT_RESULT,
        true_claim=True,
        done="已督促用人单位补发",
        solved="solved",
        reply_text="工资已补发",
        amount_cents=2_700_000,
        amount_state="paid",
    )


def test_a_wage_claim_goes_to_the_county_union_with_reasons_and_is_closed_after_the_callback(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world)
    assert ticket.number.startswith("37-20261123-000001-")
    give(session, world, "operator", ticket, Command.ACCEPT)
    best = recommend(session, ticket, policy=world.policy, now=NOW).recommendations[0]
    assert best.union_name == "历下区总工会"
    assert any("历下区" in reason for reason in best.reasons)
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=best.union_id)
    people: dict[str, Any] = {
        "handler_id": world.actor("lixia").user_id,
        "deputy_id": world.actor("lixia-deputy").user_id,
    }
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)
    give(
        session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, at=NOW, means="phone", outcome="已联系"
    )
    give(session, world, "lixia", ticket, Command.ADD_PROGRESS, text="约谈用人单位")
    report: dict[str, Any] = {
        "true_claim": True,
        "done": "已督促补发",
        "solved": "solved",
        "reply_text": "工资已补发",
    }
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, **report)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    assert ticket.state == "pending_callback"
    give(
        session,
        world,
        "callback",
        ticket,
        Command.RECORD_CALLBACK,
        reached=True,
        solved="solved",
        satisfied="satisfied",
    )
    assert (ticket.state, ticket.outcome) == ("closed", "solved")
    assert live(session, ticket.id, ClockKind) == []
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_each_day_counts_its_own_tickets(session: Session, world: World) -> None:
    first, second = make_ticket(session, world), make_ticket(session, world)
    assert (first.sequence, second.sequence) == (1, 2)
    # Half past midnight in Shanghai is still the day before in UTC.
    next_day = make_ticket(session, world, now=datetime(2026, 11, 23, 16, 30, tzinfo=UTC))
    assert (next_day.day, next_day.sequence) == ("20261124", 1)


def test_only_the_union_and_those_above_it_see_the_ticket(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    sees = {
        who: can_read(session, world.actor(who), ticket.id)
        for who in ("lixia", "jinan", "province", "shizhong", "qingdao")
    }
    assert sees == {"lixia": True, "jinan": True, "province": True, "shizhong": False, "qingdao": False}
    with pytest.raises(NotFound):
        give(session, world, "shizhong", ticket, Command.SIGN_FOR)
    with pytest.raises(NotAllowed, match="正在办理"):
        give(session, world, "jinan", ticket, Command.ADD_PROGRESS, text="上级说明")


def test_the_employers_own_union_never_receives_nor_sees_a_rights_ticket(
    session: Session, world: World
) -> None:
    own = session.scalars(select(Union).where(Union.level == "enterprise")).first()
    assert own is not None
    employer = world.employer(union_code=own.code)
    ticket = make_ticket(
        session, world, employers=(ToldEmployer(employer_id=employer),), region_code=own.region_code
    )
    give(session, world, "operator", ticket, Command.ACCEPT)
    ranking = recommend(session, ticket, policy=world.policy, now=NOW)
    assert own.id not in {each.union_id for each in ranking.recommendations}
    with pytest.raises(NotAllowed, match="回避"):
        give(
            session, world, "dispatcher", ticket, Command.DISPATCH, union_id=own.id, override_reason="试一试"
        )
    give(session, world, "dispatcher", ticket, Command.DISPATCH, union_id=ranking.recommendations[0].union_id)
    scope = session.scalars(select(TicketScope.union_id).where(TicketScope.ticket_id == ticket.id)).all()
    assert scope
    assert own.id not in scope


def test_dispatching_elsewhere_than_recommended_needs_a_reason(session: Session, world: World) -> None:
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.ACCEPT)
    with pytest.raises(Missing, match="override_reason"):
        give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("3702"))
    give(
        session,
        world,
        "operator",
        ticket,
        Command.DISPATCH,
        union_id=world.union("3702"),
        override_reason="工地在青岛",
    )
    assert ticket.lead_union_id == world.union("3702")


def test_accepting_names_everything_that_is_missing(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, wish="", confidentiality=None, employers=())
    with pytest.raises(Missing) as refused:
        give(session, world, "operator", ticket, Command.ACCEPT)
    assert set(refused.value.fields) == {"wish", "confidentiality", "employers"}
    assert ticket.state == "draft"


def test_six_workers_make_it_urgent_with_the_reason(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, headcount=6)
    assert ticket.urgency == "P1"
    assert any("6人" in reason for reason in ticket.urgency_reasons)


def test_clocks_follow_the_policy_on_the_unions_calendar(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    (sign,) = live(session, ticket.id, [ClockKind.SIGN])
    resolving = live(session, ticket.id, [ClockKind.RESOLVE])
    assert sign.due_at is not None
    # One working day: the close of Tuesday, on Lixia's own hours.
    assert sign.due_at.date().isoformat() == "2026-11-24"
    assert {clock.handling_id is None for clock in resolving} == {True, False}
    assert live(session, ticket.id, [ClockKind.DISPATCH]) == []
    steps = session.scalars(select(Timer.step).where(Timer.clock_id == sign.id)).all()
    assert set(steps) == {"deputy_takes_over", "nudge", "parent_takes_over"}


def test_a_rejected_report_lets_the_deadline_run_on(session: Session, world: World) -> None:
    ticket = _reported(session, world)
    assert live(session, ticket.id, [ClockKind.RESOLVE]) == []
    later = NOW + timedelta(hours=1)
    give(
        session, world, "dispatcher", ticket, Command.REVIEW, now=later, approved=False, reason="没有付款凭证"
    )
    assert ticket.state == "in_progress"
    running = live(session, ticket.id, [ClockKind.RESOLVE])
    assert {clock.handling_id is None for clock in running} == {True, False}
    assert all(clock.running_since == later for clock in running)


def test_a_return_in_time_goes_to_the_union_that_it_names(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    case = next(clock for clock in live(session, ticket.id, [ClockKind.RESOLVE]) if clock.handling_id is None)
    data: dict[str, Any] = {
        "reason_code": "wrong_region",
        "basis": "单位在市中区",
        "union_id": world.union("370103"),
    }
    give(session, world, "lixia", ticket, Command.RETURN_TICKET, **data)
    assert ticket.state == "returned"
    decision: dict[str, Any] = {"upheld": True, "reason": "属实", "union_id": world.union("370103")}
    give(session, world, "dispatcher", ticket, Command.DECIDE_OBJECTION, **decision)
    assert ticket.state == "dispatched"
    assert can_read(session, world.actor("shizhong"), ticket.id)
    assert not can_read(session, world.actor("lixia"), ticket.id)
    # The worker's own clock keeps its start; the new union has one of its own.
    assert case.state == "running"
    assert len([c for c in live(session, ticket.id, [ClockKind.RESOLVE]) if c.handling_id is not None]) == 1


def test_a_return_after_the_window_is_refused_with_the_reason(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    data: dict[str, Any] = {
        "reason_code": "wrong_region",
        "basis": "单位在市中区",
        "union_id": world.union("370103"),
    }
    with pytest.raises(WrongState, match="退单时限"):
        give(session, world, "lixia", ticket, Command.RETURN_TICKET, now=NOW + timedelta(days=4), **data)


def test_the_handler_never_calls_back_and_three_failed_attempts_close(session: Session, world: World) -> None:
    ticket = _reported(session, world)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    for _ in range(2):
        give(session, world, "callback", ticket, Command.RECORD_CALLBACK, reached=False)
        assert ticket.state == "pending_callback"
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, reached=False)
    assert (ticket.state, ticket.outcome) == ("closed", "unreachable")


def test_an_unsolved_case_is_done_again_in_half_the_time(session: Session, world: World) -> None:
    ticket = _reported(session, world)
    full = next(c for c in latest(session, ticket.id, ClockKind.RESOLVE) if c.handling_id is not None)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "callback", ticket, Command.REOPEN, reason="钱没有到账")
    assert ticket.state == "reopened"
    give(session, world, "dispatcher", ticket, Command.DISPATCH, union_id=world.union("370102"))
    again = next(c for c in live(session, ticket.id, [ClockKind.RESOLVE]) if c.handling_id is not None)
    assert again.target_s == pytest.approx(full.target_s / 2, abs=1)


def test_a_stale_version_is_refused_with_what_changed(session: Session, world: World) -> None:
    ticket = make_ticket(session, world)
    seen, operator = ticket.version, world.actor("operator")
    edit_ticket(
        session, operator, ticket.number, version=seen, policy=world.policy, now=NOW, fields={"headcount": 3}
    )
    with pytest.raises(VersionConflict) as refused:
        edit_ticket(
            session,
            operator,
            ticket.number,
            version=seen,
            policy=world.policy,
            now=NOW,
            fields={"headcount": 4},
        )
    assert refused.value.fields["headcount"] == 3
    assert ticket.headcount == 3


def test_a_sealed_story_is_closed_to_the_desk_once_it_is_accepted(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="sexual_harassment")
    assert ticket.sealed
    assert can_read(session, world.actor("operator"), ticket.id)
    assert not can_read(session, world.actor("other-operator"), ticket.id)
    give(session, world, "operator", ticket, Command.ACCEPT)
    assert not can_read(session, world.actor("operator"), ticket.id)


def test_buttons_say_why_they_are_disabled(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    offered = {
        button.command: button.why_not
        for button in buttons(session, world.actor("lixia"), ticket, policy=world.policy, now=NOW)
    }
    assert offered[Command.SIGN_FOR] is None
    assert offered[Command.REPORT_RESULT] == "工单处于“待签收”，不能反馈结果"
    assert Command.VOID not in offered


def test_tickets_opened_at_once_have_numbers_of_their_own_and_a_failed_one_takes_nobody_elses(
    world: World,
) -> None:
    def opened(number: int) -> int:
        with world.database.writing() as session:
            ticket = make_ticket(session, world)
            if number % 5 == 0:
                session.rollback()
                return 0
            return ticket.sequence

    with ThreadPoolExecutor(8) as pool:
        given = [each for each in pool.map(opened, range(1, 41)) if each]
    assert len(given) == len(set(given)) == 32
    with world.database.reading() as session:
        assert set(session.scalars(select(Ticket.sequence))) == set(given)
