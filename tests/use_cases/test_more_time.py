"""Waiting for the caller, legal procedures, extensions, returns and ends: what each carries and does to the clocks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.clocks import latest, live
from dispatch.commands import buttons
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, WrongState
from dispatch.models.clocks import Clock
from dispatch.models.tickets import Extension, Ticket
from dispatch.models.unions import Union
from dispatch.rules.ticket_state import ClockKind, Command, State
from dispatch.timers import fire_due
from tests.builders import NOW, World, give
from tests.life import accepted, dispatched, pending_callback, people, people_world, report, signed

DAY = timedelta(days=1)


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _own(session: Session, ticket: Ticket, kind: ClockKind = ClockKind.RESOLVE) -> Clock:
    (found,) = [clock for clock in live(session, ticket.id, [kind]) if clock.handling_id is not None]
    return found


def _case(session: Session, ticket: Ticket) -> Clock:
    (found,) = [clock for clock in live(session, ticket.id, [ClockKind.RESOLVE]) if clock.handling_id is None]
    return found


def test_waiting_for_the_caller_stops_the_deadline_once_and_ends_by_itself(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    before = _own(session, ticket).due_at
    wait: dict[str, Any] = {"missing": "工资条", "due_at": NOW + 2 * DAY}
    give(session, world, "lixia", ticket, Command.AWAIT_CALLER, **wait)
    assert ticket.state == "awaiting_caller"
    assert {clock.state for clock in live(session, ticket.id, [ClockKind.RESOLVE])} == {"paused"}
    assert fire_due(session, now=NOW + 2 * DAY + timedelta(seconds=1), limit=50, policy=world.policy)
    assert State(ticket.state) is State.IN_PROGRESS
    after = _own(session, ticket).due_at
    assert before is not None
    assert after is not None
    assert after > before, "the time of waiting is given back"
    with pytest.raises(WrongState, match="只能等待补充一次"):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.AWAIT_CALLER,
            now=NOW + 3 * DAY,
            missing="考勤",
            due_at=NOW + 4 * DAY,
        )


def test_the_callers_answer_ends_the_wait_early(session: Session, world: World) -> None:
    ticket = signed(session, world)
    give(session, world, "lixia", ticket, Command.AWAIT_CALLER, missing="工资条", due_at=NOW + DAY)
    give(session, world, "operator", ticket, Command.RESUME, now=NOW + timedelta(hours=1), reason="已补充")
    assert State(ticket.state) is State.IN_PROGRESS
    assert live(session, ticket.id, [ClockKind.AWAIT_CALLER]) == []


def test_nobody_waits_longer_than_five_working_days(session: Session, world: World) -> None:
    ticket = signed(session, world)
    with pytest.raises(Invalid, match="5个工作日"):
        give(session, world, "lixia", ticket, Command.AWAIT_CALLER, missing="x", due_at=NOW + 9 * DAY)
    with pytest.raises(Invalid, match="之后"):
        give(session, world, "lixia", ticket, Command.AWAIT_CALLER, missing="x", due_at=NOW - DAY)


def test_a_suspension_names_the_procedure_and_counts_its_term_of_law(session: Session, world: World) -> None:
    ticket = signed(session, world)
    with pytest.raises(NotAllowed):
        give(
            session, world, "lixia", ticket, Command.SUSPEND, reason="仲裁", reference="济劳人仲案〔2026〕1号"
        )
    data: dict[str, Any] = {"reason": "已受理仲裁", "reference": "济劳人仲案〔2026〕1号"}
    with pytest.raises(Missing, match="procedure"):
        give(session, world, "dispatcher", ticket, Command.SUSPEND, **data)
    with pytest.raises(Invalid, match="没有这种法定程序"):
        give(session, world, "dispatcher", ticket, Command.SUSPEND, **data, procedure="prayer")
    give(session, world, "dispatcher", ticket, Command.SUSPEND, **data, procedure="arbitration_award")
    assert ticket.state == "suspended"
    (term,) = live(session, ticket.id, [ClockKind.STATUTORY])
    # 45 days after 23 November: 7 January is the last, its midnight the end.
    assert term.due_at == datetime(2027, 1, 7, 16, 0, tzinfo=UTC)
    assert _own(session, ticket).state == "paused"
    later = NOW + 40 * DAY
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.RESUME,
        now=later,
        reason="裁决",
        reference="济劳人仲裁1号",
    )
    assert State(ticket.state) is State.IN_PROGRESS
    assert _own(session, ticket).state == "running"
    assert _case(session, ticket).state == "running"
    assert live(session, ticket.id, [ClockKind.STATUTORY]) == []


def test_an_extension_is_asked_in_time_and_moves_the_union_and_the_case(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    wanted = datetime(2026, 12, 9, 9, 30, tzinfo=UTC)
    ask: dict[str, Any] = {"reason": "等待银行流水", "due_at": wanted, "caller_told": True}
    with pytest.raises(Invalid, match="先告知诉求人"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **{**ask, "caller_told": False})
    with pytest.raises(Invalid, match="晚于现在的期限"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **{**ask, "due_at": NOW + DAY})
    give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)
    with pytest.raises(WrongState, match="待审批"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)
    give(session, world, "dispatcher", ticket, Command.DECIDE_EXTENSION, approved=True, reason="属实")
    assert (_own(session, ticket).due_at, _case(session, ticket).due_at) == (wanted, wanted)
    assert _own(session, ticket).generation == 2
    assert session.scalars(select(Extension.granted)).all() == [True]


def test_a_refused_extension_leaves_the_deadline_where_it_was(session: Session, world: World) -> None:
    ticket = signed(session, world)
    before = _own(session, ticket).due_at
    with pytest.raises(WrongState, match="没有待审批"):
        give(session, world, "dispatcher", ticket, Command.DECIDE_EXTENSION, approved=True, reason="x")
    ask: dict[str, Any] = {"reason": "忙", "due_at": NOW + 20 * DAY, "caller_told": True}
    give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)
    give(session, world, "dispatcher", ticket, Command.DECIDE_EXTENSION, approved=False, reason="理由不足")
    assert _own(session, ticket).due_at == before


def test_after_the_deadline_or_a_red_card_no_extension_is_asked(session: Session, world: World) -> None:
    ticket = signed(session, world)
    ask: dict[str, Any] = {"reason": "忙", "due_at": NOW + 40 * DAY, "caller_told": True}
    with pytest.raises(WrongState, match="到期前"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, now=NOW + 20 * DAY, **ask)
    _own(session, ticket).card = "red"
    with pytest.raises(WrongState, match="红牌"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)


def test_a_difficult_case_has_the_time_of_one_once_the_dispatching_level_agrees(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    ask: dict[str, Any] = {"reason": "涉及两个工地", "difficulty": "difficult", "caller_told": True}
    give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)
    assert ticket.difficulty == "ordinary"
    give(session, world, "dispatcher", ticket, Command.DECIDE_EXTENSION, approved=True, reason="同意")
    assert ticket.difficulty == "difficult"
    due = _own(session, ticket).due_at
    # Fifteen working days from Monday 23 November: Friday 11 December... and the close of the next Monday.
    assert due is not None
    assert due.astimezone(UTC).date().isoformat() == "2026-12-14"


def test_the_assigner_decides_within_its_own_deadline_and_reviews_first(
    session: Session, world: World
) -> None:
    ticket = dispatched(session, world, to="3701")
    give(session, world, "jinan", ticket, Command.SIGN_FOR, **people(world, "jinan", "jinan-deputy"))
    give(
        session,
        world,
        "jinan",
        ticket,
        Command.ASSIGN_DOWN,
        union_id=world.union("370102"),
        due_at=NOW + 2 * DAY,
    )
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people(world))
    case = _case(session, ticket).due_at
    for far, refused in ((NOW + 30 * DAY, True), (NOW + 3 * DAY, False)):
        if refused:
            ask: dict[str, Any] = {"reason": "忙", "due_at": far, "caller_told": True}
            give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask)
            with pytest.raises(Invalid, match="自己的期限"):
                give(session, world, "jinan", ticket, Command.DECIDE_EXTENSION, approved=True, reason="可")
        else:
            give(
                session,
                world,
                "jinan",
                ticket,
                Command.DECIDE_EXTENSION,
                approved=True,
                reason="可",
                due_at=far,
            )
    turn = next(
        clock for clock in live(session, ticket.id, [ClockKind.RESOLVE]) if clock.due_at == NOW + 3 * DAY
    )
    assert turn.handling_id is not None
    assert _case(session, ticket).due_at == case, "the worker's deadline stands"
    report(session, world, ticket)
    with pytest.raises(Missing, match="override_reason"):
        give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "jinan", ticket, Command.REVIEW, approved=True)
    assert ticket.state == "reported"
    with pytest.raises(WrongState, match="下派此单"):
        give(session, world, "jinan", ticket, Command.REVIEW, approved=True)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    assert (ticket.state, ticket.outcome) == ("pending_callback", "solved")
    assert live(session, ticket.id, [ClockKind.RESOLVE]) == [], "the assigner's own clock stopped as well"


def test_a_return_after_signing_needs_evidence_and_comes_once(session: Session, world: World) -> None:
    ticket = signed(session, world)
    data: dict[str, Any] = {
        "reason_code": "wrong_region",
        "basis": "工地在市中区",
        "union_id": world.union("370103"),
    }
    with pytest.raises(Missing, match="evidence"):
        give(session, world, "lixia", ticket, Command.RETURN_TICKET, **data)
    with pytest.raises(Invalid, match="退单原因"):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.RETURN_TICKET,
            **{**data, "reason_code": "tired"},
            evidence="x",
        )
    give(session, world, "lixia", ticket, Command.RETURN_TICKET, **data, evidence="施工许可证")
    give(session, world, "dispatcher", ticket, Command.DECIDE_OBJECTION, upheld=False, reason="项目部在历下")
    assert ticket.state == "dispatched"
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people(world))
    with pytest.raises(WrongState, match="已退过一次"):
        give(session, world, "lixia", ticket, Command.RETURN_TICKET, **data, evidence="再附一份")


def test_the_second_decision_on_a_return_is_final(session: Session, world: World) -> None:
    ticket = dispatched(session, world)
    data: dict[str, Any] = {"reason_code": "wrong_region", "basis": "市中区"}
    give(session, world, "lixia", ticket, Command.RETURN_TICKET, **data, union_id=world.union("370103"))
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DECIDE_OBJECTION,
        upheld=True,
        reason="属实",
        union_id=world.union("370103"),
    )
    back: dict[str, Any] = {**data, "basis": "历下区", "union_id": world.union("370102")}
    give(session, world, "shizhong", ticket, Command.RETURN_TICKET, **back)
    give(session, world, "dispatcher", ticket, Command.DECIDE_OBJECTION, upheld=False, reason="工地在市中")
    with pytest.raises(WrongState, match="退单时限"):
        give(session, world, "shizhong", ticket, Command.RETURN_TICKET, **back)


def test_an_end_unfinished_is_proposed_by_the_union_and_decided_by_the_centre(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    with pytest.raises(WrongState, match="尚未提出"):
        give(session, world, "dispatcher", ticket, Command.TERMINATE, approved=True, reason="x")
    propose: dict[str, Any] = {"reason_code": "caller_refuses", "reason": "三次拒绝配合", "basis": "联系记录"}
    give(session, world, "lixia", ticket, Command.TERMINATE, **propose)
    assert ticket.state == "in_progress"
    with pytest.raises(NotAllowed, match="请等中心审核"):
        give(session, world, "lixia", ticket, Command.TERMINATE, **propose)
    give(session, world, "dispatcher", ticket, Command.TERMINATE, approved=False, reason="再联系一次")
    assert State(ticket.state) is State.IN_PROGRESS
    give(session, world, "lixia", ticket, Command.TERMINATE, **propose)
    give(session, world, "dispatcher", ticket, Command.TERMINATE, approved=True, reason="属实")
    assert ticket.state == "terminated"
    assert live(session, ticket.id, ClockKind) == []


def test_a_case_goes_up_a_level_and_the_worker_keeps_his_clock(session: Session, world: World) -> None:
    ticket = signed(session, world)
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.SUSPEND,
        reason="仲裁",
        reference="1号",
        procedure="arbitration_award",
    )
    case = _case(session, ticket)
    with pytest.raises(Invalid, match="上级工会"):
        give(
            session,
            world,
            "supervisor",
            ticket,
            Command.ESCALATE_LEVEL,
            union_id=world.union("3702"),
            reason="x",
        )
    give(
        session,
        world,
        "supervisor",
        ticket,
        Command.ESCALATE_LEVEL,
        union_id=world.union("3701"),
        reason="逾期",
    )
    assert (ticket.state, ticket.lead_union_id) == ("dispatched", world.union("3701"))
    assert (case.state, case.id) == ("running", _case(session, ticket).id)
    assert live(session, ticket.id, [ClockKind.STATUTORY]) == []
    assert len(live(session, ticket.id, [ClockKind.SIGN])) == 1
    give(session, world, "jinan", ticket, Command.SIGN_FOR, **people(world, "jinan", "jinan-deputy"))


def test_two_redos_then_a_leader_takes_the_case_and_then_no_more(session: Session, world: World) -> None:
    ticket = pending_callback(session, world)
    again: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "原工会"}
    for _ in range(2):
        give(session, world, "callback", ticket, Command.REOPEN, reason="没有到账")
        assert not ticket.hard_case
        give(session, world, "dispatcher", ticket, Command.DISPATCH, **again)
        _through(session, world, ticket)
    give(session, world, "callback", ticket, Command.REOPEN, reason="还是没有")
    assert ticket.hard_case
    with pytest.raises(NotAllowed, match="包案领导"):
        give(session, world, "dispatcher", ticket, Command.DISPATCH, **again)
    leader = world.actor("lixia-leader").user_id
    with pytest.raises(NotAllowed):
        give(
            session,
            world,
            "supervisor",
            ticket,
            Command.LEADER_TAKES_CASE,
            leader_id=leader,
            reason="三次未办结",
        )
    with pytest.raises(NotAllowed, match="负责人"):
        give(
            session,
            world,
            "duty-leader",
            ticket,
            Command.LEADER_TAKES_CASE,
            leader_id=world.actor("lixia").user_id,
            reason="三次未办结",
        )
    give(
        session,
        world,
        "duty-leader",
        ticket,
        Command.LEADER_TAKES_CASE,
        leader_id=leader,
        reason="三次未办结",
    )
    give(session, world, "dispatcher", ticket, Command.DISPATCH, **again)
    _through(session, world, ticket)
    with pytest.raises(WrongState, match="不再重办"):
        give(session, world, "callback", ticket, Command.REOPEN, reason="第四次")


def _through(session: Session, world: World, ticket: Ticket) -> None:
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people(world))
    report(session, world, ticket)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)


def test_a_union_that_wants_it_has_its_leader_sign_every_report(session: Session, world: World) -> None:
    ticket = signed(session, world)
    session.get_one(Union, world.union("370102")).leader_signs = True
    session.flush()
    report(session, world, ticket)
    assert State(ticket.state) is State.IN_PROGRESS
    assert _own(session, ticket).state == "running", "the deadline runs until the signature"
    with pytest.raises(NotAllowed):
        give(session, world, "lixia", ticket, Command.REVIEW, approved=True)
    give(session, world, "lixia-leader", ticket, Command.REVIEW, approved=False, reason="补充付款凭证")
    report(session, world, ticket, done="已附凭证")
    give(session, world, "lixia-leader", ticket, Command.REVIEW, approved=True)
    assert ticket.state == "reported"
    assert latest(session, ticket.id, ClockKind.RESOLVE)[0].state == "met"


def test_a_withdrawal_says_whose_wish_it_was_and_how_it_came(session: Session, world: World) -> None:
    ticket = signed(session, world)
    with pytest.raises(Missing, match="means"):
        give(session, world, "operator", ticket, Command.WITHDRAW, reason="本人表示工资已到账")
    give(session, world, "operator", ticket, Command.WITHDRAW, reason="本人表示工资已到账", means="phone")
    assert ticket.state == "withdrawn"
    assert live(session, ticket.id, ClockKind) == []


def test_a_request_that_is_declined_names_the_route_that_the_caller_was_told(
    session: Session, world: World
) -> None:
    ticket = accepted(session, world)
    with pytest.raises(WrongState):
        give(session, world, "supervisor", ticket, Command.DECLINE, reason="x", route_told="y")
    with pytest.raises(NotFound):
        give(session, world, "shizhong", ticket, Command.NUDGE)


def test_a_refusal_names_what_could_be_done_instead(session: Session, world: World) -> None:
    ticket = dispatched(session, world)
    with pytest.raises(WrongState) as refused:
        give(session, world, "lixia", ticket, Command.ADD_PROGRESS, text="x")
    legal = set(refused.value.legal)
    offered = {
        button.command.value
        for button in buttons(session, world.actor("lixia"), ticket, policy=world.policy, now=NOW)
        if button.why_not is None
    }
    assert legal == offered
    assert "sign_for" in legal


def test_a_note_before_the_first_contact_leaves_one_progress_clock_and_the_contact_is_made_once(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    give(session, world, "lixia", ticket, Command.ADD_PROGRESS, text="查到单位地址")
    contact: dict[str, Any] = {"at": NOW, "means": "phone", "outcome": "reached"}
    give(session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, **contact)
    assert len(live(session, ticket.id, [ClockKind.PROGRESS])) == 1
    with pytest.raises(WrongState, match="已经登记"):
        give(session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, **contact)
