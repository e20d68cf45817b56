"""Each deadline fires exactly once, tells the right people, and never a union off duty."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from dispatch import clocks
from dispatch.access import find_ticket
from dispatch.clocks import live
from dispatch.database import Database
from dispatch.errors import Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.clocks import Clock, StepProposal, Timer
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.tickets import Handling, SealedAccess, Ticket, TicketRecusal, TicketScope
from dispatch.models.unions import Union
from dispatch.notices import mark_seen, notices, unseen
from dispatch.policy import Policy
from dispatch.proposals import decide_proposal, open_proposals
from dispatch.queries import list_tickets
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.working_time import SHANGHAI, Calendar, Override
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import edit_ticket
from dispatch.timers import fire_due, next_due
from dispatch.unit_of_work import facts_told
from tests.builders import NOW, World, build_world, give, make_ticket
from tests.rules.policies import YEARS

LATER = NOW + timedelta(days=60)


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def _session(world: World) -> Any:
    return world.database.writing()


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _dispatched(session: Session, world: World, *, to: str = "370102", **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, **fields)
    give(session, world, "operator", ticket, Command.ACCEPT)
    data: dict[str, Any] = {"union_id": world.union(to), "override_reason": "指定"}
    return give(session, world, "dispatcher", ticket, Command.DISPATCH, **data)


def _signed(session: Session, world: World) -> Ticket:
    ticket = _dispatched(session, world)
    people: dict[str, Any] = {
        "handler_id": world.actor("lixia").user_id,
        "deputy_id": world.actor("lixia-deputy").user_id,
    }
    return give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)


def _contacted(session: Session, world: World) -> Ticket:
    ticket = _signed(session, world)
    return give(
        session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, at=NOW, means="phone", outcome="已联系"
    )


def _account(session: Session, name: str, role: Role, union_id: int | None = None) -> int:
    user = User(
        name=name,
        display_name=name,
        password_hash="!",
        role=role.value,
        union_id=union_id,
        skills=[],
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return user.id


def _fire(session: Session, world: World, now: datetime, *, policy: Policy | None = None) -> int:
    return fire_due(session, now=now, limit=100, policy=policy or world.policy)


def _due(session: Session, clock: Clock, step: str) -> datetime:
    due = session.scalar(select(Timer.due_at).where(Timer.clock_id == clock.id, Timer.step == step))
    assert due is not None
    return due


def _clock(session: Session, ticket: Ticket, kind: ClockKind) -> Clock:
    (found,) = [
        each for each in live(session, ticket.id, [kind]) if each.handling_id or kind is ClockKind.DISPATCH
    ]
    return found


def _first_due(session: Session, ticket: Ticket) -> datetime:
    query = select(func.min(Timer.due_at)).join(Clock, Clock.id == Timer.clock_id)
    due = session.scalar(query.where(Clock.ticket_id == ticket.id))
    assert due is not None
    return due


def _told(session: Session, ticket: Ticket, step: str) -> set[tuple[int | None, int | None, str | None]]:
    rows = session.execute(
        select(Notice.user_id, Notice.union_id, Notice.role).where(
            Notice.ticket_id == ticket.id, Notice.step == step
        )
    )
    return {(user, union, role) for user, union, role in rows}


def _fired(session: Session, ticket: Ticket) -> list[tuple[str, str]]:
    rows = session.execute(
        select(Clock.kind, Timer.step)
        .join(Clock, Clock.id == Timer.clock_id)
        .where(Clock.ticket_id == ticket.id, Timer.fired_at.is_not(None))
        .order_by(Timer.due_at, Timer.id)
    )
    return [(kind, step) for kind, step in rows]


def test_nothing_fires_a_second_before_its_moment_and_once_at_it(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    at = next_due(session)
    assert at is not None
    assert _fire(session, world, at - timedelta(seconds=1)) == 0
    assert _fire(session, world, at) == 1
    assert _fire(session, world, at) == 0
    assert _fired(session, ticket) == [("sign", "deputy_takes_over")]
    timer = session.scalars(select(Timer).where(Timer.fired_at.is_not(None))).one()
    assert (timer.fired_at, timer.late_by_s) == (at, 0)


def test_a_fired_step_is_on_the_tickets_record_with_who_was_told(session: Session, world: World) -> None:
    ticket = _signed(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    _fire(session, world, _due(session, clock, "nudge") + timedelta(minutes=3))
    event = session.scalars(
        select(Event).where(Event.ticket_id == ticket.id, Event.kind == "StepFired").order_by(Event.id.desc())
    ).first()
    assert event is not None
    assert event.payload == {
        "clock": "办理",
        "step": "催办",
        "late_by_s": 180,
        "told": ["经办人", "B岗", "工会督办人"],
    }
    assert event.actor_kind == "machine"
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_four_tickers_fire_each_step_exactly_once(world: World) -> None:
    with _session(world) as session:
        tickets = [_signed(session, world).id for _ in range(12)]
        wanted = session.scalar(select(func.count(Timer.id)))
    ready = threading.Barrier(4)

    def ticker() -> int:
        ready.wait()
        total = 0
        while True:
            with world.database.writing("clock") as session:
                total += fire_due(session, now=LATER, limit=3, policy=world.policy)
            with world.database.reading("clock") as session:
                due = next_due(session)
            if due is None or due > LATER:
                return total

    with ThreadPoolExecutor(4) as pool:
        totals = [done.result() for done in [pool.submit(ticker) for _ in range(4)]]
    with world.database.reading() as session:
        said = Counter(session.scalars(select(Event.ticket_id).where(Event.kind == "StepFired")))
        fired = session.scalar(select(func.count(Timer.id)).where(Timer.fired_at.is_not(None)))
        doubled = session.execute(
            select(Notice.ticket_id, Notice.step, Notice.user_id, Notice.union_id, Notice.role)
            .where(Notice.step.is_not(None))
            .group_by(Notice.ticket_id, Notice.step, Notice.user_id, Notice.union_id, Notice.role)
            .having(func.count() > 1)
        ).all()
        broken = [each for ticket in tickets for each in verify_chain(session, ticket_stream(ticket))]
    assert sum(totals) == fired == wanted == sum(said.values())
    assert set(said) == set(tickets)
    assert doubled == []
    assert broken == []


def test_a_ticker_leaves_alone_what_a_command_has_in_hand(world: World) -> None:
    if world.database.on_sqlite:
        return  # There is one writer at a time: the ticker waits its turn.
    with _session(world) as session:
        ticket = _dispatched(session, world)
        number = ticket.number
    with _session(world) as person:
        find_ticket(person, world.actor("dispatcher"), number, lock=True)
        with world.database.writing("clock") as session:
            assert fire_due(session, now=LATER, limit=10, policy=world.policy) == 0
    with world.database.writing("clock") as session:
        assert fire_due(session, now=LATER, limit=10, policy=world.policy) > 0


def test_a_stopped_clock_fires_nothing(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    at = _due(session, _clock(session, ticket, ClockKind.SIGN), "deputy_takes_over")
    give(session, world, "operator", ticket, Command.WITHDRAW, reason="诉求人撤回", means="phone")
    assert _fire(session, world, at) == 0
    assert next_due(session) is None


def test_a_paused_clock_fires_nothing_until_it_runs_on(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    progress = live(session, ticket.id, [ClockKind.PROGRESS])
    clocks.stop(session, progress, policy=world.policy, now=NOW)
    at = _due(session, clock, "remind")
    clocks.pause(session, [clock], policy=world.policy, now=NOW + timedelta(hours=1))
    assert _fire(session, world, LATER) == 0
    clocks.resume(session, ticket, [clock], policy=world.policy, now=NOW + timedelta(days=7))
    assert _fire(session, world, at + timedelta(days=6)) == 0
    assert _fire(session, world, at + timedelta(days=7)) == 1


def test_a_stale_timer_is_dropped_and_never_fires(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    clock = _clock(session, ticket, ClockKind.SIGN)
    # As if the generation had risen and the old timers had been left behind.
    session.execute(update(Clock).where(Clock.id == clock.id).values(generation=2))
    assert _fire(session, world, _due(session, clock, "parent_takes_over")) == 0
    assert session.scalar(select(func.count(Timer.id)).where(Timer.clock_id == clock.id)) == 0
    assert _told(session, ticket, "parent_takes_over") == set()


def test_a_redo_runs_on_new_clocks_and_the_old_ones_are_silent(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    old = _clock(session, ticket, ClockKind.RESOLVE)
    report: dict[str, Any] = {
        "true_claim": True,
        "done": "已督促",
        "solved": "solved",
        "reply_text": "已补发",
    }
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, **report)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "callback", ticket, Command.REOPEN, reason="没有拿到钱")
    data: dict[str, Any] = {"union_id": world.union("370102")}
    give(session, world, "dispatcher", ticket, Command.DISPATCH, **data)
    new = _clock(session, ticket, ClockKind.RESOLVE)
    assert new.id != old.id
    _fire(session, world, LATER)
    fired = {clock for (clock,) in session.execute(select(Timer.clock_id).where(Timer.fired_at.is_not(None)))}
    assert old.id not in fired


def test_a_rejected_report_does_not_repeat_the_steps_that_have_fired(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    at = _due(session, clock, "yellow_card")
    _fire(session, world, at)
    assert clock.card == "yellow"
    report: dict[str, Any] = {
        "true_claim": True,
        "done": "已督促",
        "solved": "solved",
        "reply_text": "已补发",
    }
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, now=at, **report)
    back: dict[str, Any] = {"approved": False, "reason": "没有凭证"}
    give(session, world, "dispatcher", ticket, Command.REVIEW, now=at + timedelta(hours=1), **back)
    _fire(session, world, LATER)
    steps = Counter(step for kind, step in _fired(session, ticket) if kind == "resolve")
    assert steps == {"remind": 1, "nudge": 1, "yellow_card": 1, "red_card": 1, "escalate_level": 1}


def test_after_a_downtime_the_oldest_fire_first_and_say_how_late(session: Session, world: World) -> None:
    old, young = _dispatched(session, world), make_ticket(session, world, now=NOW + timedelta(days=7))
    found, young_due = _first_due(session, old), _first_due(session, young)
    assert found < young_due
    up_again = young_due + timedelta(minutes=10)
    assert fire_due(session, now=up_again, limit=1, policy=world.policy) >= 1
    assert _fired(session, old) != []
    assert _fired(session, young) == []
    late = session.scalars(
        select(Timer.late_by_s).where(Timer.fired_at.is_not(None)).order_by(Timer.due_at)
    ).first()
    assert late == int((up_again - found).total_seconds())
    notice = session.scalars(select(Notice).where(Notice.ticket_id == old.id, Notice.step.is_not(None)))
    assert all("系统迟发" in each.text for each in notice)
    assert fire_due(session, now=up_again, limit=1, policy=world.policy) == 1
    assert _fired(session, young) == [("dispatch", "remind")]


def test_after_a_downtime_each_receiver_hears_of_a_step_once_for_all_clocks(
    session: Session, world: World
) -> None:
    ticket = _contacted(session, world)
    assert {clock.kind for clock in live(session, ticket.id, ClockKind)} == {"progress", "resolve"}
    _fire(session, world, LATER)
    assert Counter(step for _, step in _fired(session, ticket))["nudge"] == 2
    rows = session.scalars(select(Notice).where(Notice.ticket_id == ticket.id, Notice.step == "nudge")).all()
    assert len(rows) == len({(row.user_id, row.union_id, row.role) for row in rows}) == 3
    assert all("进展、办理" in row.text for row in rows)


def test_a_reminder_goes_to_the_handler_and_a_nudge_to_deputy_and_leader_too(
    session: Session, world: World
) -> None:
    leader = _account(session, "lixia-leader", Role.UNION_LEADER, world.union("370102"))
    ticket = _signed(session, world)
    handler, deputy = world.actor("lixia").user_id, world.actor("lixia-deputy").user_id
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    _fire(session, world, _due(session, clock, "nudge"))
    assert _told(session, ticket, "remind") == {(handler, None, None)}
    assert _told(session, ticket, "nudge") == {
        (handler, None, None),
        (deputy, None, None),
        (leader, None, None),
    }


def test_a_handler_whose_account_is_gone_is_replaced_by_his_union(session: Session, world: World) -> None:
    ticket = _signed(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    session.execute(update(User).where(User.name == "lixia").values(disabled_at=NOW))
    _fire(session, world, _due(session, clock, "remind"))
    assert _told(session, ticket, "remind") == {(None, world.union("370102"), None)}


def test_half_unsigned_goes_to_the_deputy_of_the_union(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    clock = _clock(session, ticket, ClockKind.SIGN)
    deputy = world.actor("lixia-deputy").user_id
    session.execute(update(User).where(User.name == "lixia").values(deputy_id=deputy))
    _fire(session, world, _due(session, clock, "deputy_takes_over"))
    assert (deputy, None, None) in _told(session, ticket, "deputy_takes_over")
    assert ticket.lead_union_id == world.union("370102")


def test_an_unsigned_ticket_goes_to_the_parent_union_which_has_its_own_time_to_sign(
    session: Session, world: World
) -> None:
    ticket = _dispatched(session, world)
    clock = _clock(session, ticket, ClockKind.SIGN)
    at = _due(session, clock, "parent_takes_over")
    _fire(session, world, at)
    assert (ticket.state, ticket.lead_union_id) == ("dispatched", world.union("3701"))
    assert clock.state in ("met", "missed")
    assert _clock(session, ticket, ClockKind.SIGN).due_at > at  # type: ignore[operator]  # a running clock is due
    assert (world.actor("jinan").user_id, None, None) in _told(session, ticket, "parent_takes_over")
    assert (None, None, "dispatcher") in _told(session, ticket, "parent_takes_over")
    left = session.scalars(select(Handling).where(Handling.union_id == world.union("370102"))).one()
    assert left.state == "ended"
    kinds = session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.seq)).all()
    assert kinds[-2:] == ["StepFired", "TicketDispatched"]
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_after_the_parent_took_over_nothing_more_falls_on_the_union_before_it(
    session: Session, world: World
) -> None:
    ticket = _dispatched(session, world)
    left = session.scalars(select(Handling.id).where(Handling.ticket_id == ticket.id)).one()
    _fire(session, world, LATER)
    rows = session.execute(
        select(Clock.kind, Timer.step)
        .join(Clock, Clock.id == Timer.clock_id)
        .where(Clock.handling_id == left, Timer.fired_at.is_not(None))
    )
    assert {(kind, step) for kind, step in rows} == {
        ("sign", "deputy_takes_over"),
        ("sign", "nudge"),
        ("sign", "parent_takes_over"),
    }


def test_a_parent_that_cannot_receive_is_passed_over(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    session.execute(update(Union).where(Union.code == "3701").values(can_receive=False))
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "parent_takes_over"))
    assert ticket.lead_union_id == world.union("37")


def test_nobody_above_to_take_over_alarms_the_supervisor(session: Session, world: World) -> None:
    ticket = _dispatched(session, world, to="37")
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "parent_takes_over"))
    assert (ticket.state, ticket.lead_union_id) == ("dispatched", world.union("37"))
    alarm = session.scalars(select(Notice).where(Notice.ticket_id == ticket.id, Notice.kind == "alarm")).one()
    assert alarm.role == "supervisor"
    steps = [
        payload["step"] for payload in session.scalars(select(Event.payload).where(Event.kind == "StepFired"))
    ]
    assert any("没有可以接手的上级工会" in step for step in steps)


def test_a_union_that_may_not_see_the_ticket_hears_nothing_of_it(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    session.execute(
        delete(TicketScope).where(
            TicketScope.ticket_id == ticket.id, TicketScope.union_id == world.union("3701")
        )
    )
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "parent_takes_over"))
    told = _told(session, ticket, "parent_takes_over")
    assert world.actor("jinan").user_id not in {user for user, _, _ in told}
    assert world.union("3701") not in {union for _, union, _ in told}
    assert world.union("37") in {union for _, union, _ in told}


def _proposed(session: Session, clock: Clock, step: str = "red_card") -> StepProposal:
    return session.scalars(
        select(StepProposal).where(StepProposal.clock_id == clock.id, StepProposal.step == step)
    ).one()


def _decide(
    session: Session,
    world: World,
    who: str,
    ticket: Ticket,
    proposal: StepProposal,
    now: datetime,
    *,
    confirmed: bool = True,
    version: int | None = None,
    reason: str = "多次催办无果",
) -> None:
    decide_proposal(
        session,
        world.actor(who),
        ticket.number,
        proposal.id,
        confirmed=confirmed,
        reason=reason,
        version=ticket.version if version is None else version,
        policy=world.policy,
        now=now,
    )


def test_a_yellow_card_is_shown_and_a_red_one_only_proposed_until_a_person_confirms(
    session: Session, world: World
) -> None:
    _account(session, "duty-leader", Role.DUTY_LEADER)
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    _fire(session, world, _due(session, clock, "yellow_card"))
    assert clock.card == "yellow"
    assert (None, None, "dispatcher") in _told(session, ticket, "yellow_card")
    assert "办理" not in {line.clock for line in open_proposals(session, world.actor("supervisor"))}
    at = _due(session, clock, "red_card")
    _fire(session, world, at)
    assert clock.card == "yellow"
    assert _told(session, ticket, "red_card") == {(None, None, "supervisor"), (None, None, "duty_leader")}
    lines = {line.clock: line for line in open_proposals(session, world.actor("supervisor"))}
    assert (lines["办理"].ticket_number, lines["办理"].label) == (ticket.number, "红牌")
    proposal = _proposed(session, clock)
    _decide(session, world, "supervisor", ticket, proposal, at)
    assert clock.card == "red"
    told = _told(session, ticket, "red_card")
    assert {(world.actor("jinan").user_id, None, None), (None, world.union("37"), None)} <= told
    with pytest.raises(WrongState, match="已经确认过"):
        _decide(session, world, "supervisor", ticket, proposal, at)
    assert clock.id not in {line.clock_id for line in open_proposals(session, world.actor("supervisor"))}
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []


def test_a_red_card_is_refused_with_the_reason_on_record(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    at = _due(session, clock, "red_card")
    _fire(session, world, at)
    proposal = _proposed(session, clock)
    with pytest.raises(Missing):
        _decide(session, world, "supervisor", ticket, proposal, at, confirmed=False, reason=" ")
    _decide(session, world, "supervisor", ticket, proposal, at, confirmed=False, reason="等法院文书")
    assert (clock.card, proposal.state) == ("yellow", "refused")
    event = session.scalars(select(Event).where(Event.kind == "CardRefused")).one()
    assert event.personal == {"reason": "等法院文书"}
    with pytest.raises(WrongState, match="不予采纳"):
        _decide(session, world, "supervisor", ticket, proposal, at)
    _fire(session, world, LATER)
    assert _fired(session, ticket).count(("resolve", "red_card")) == 1, "and it is not proposed again"


def test_what_was_proposed_lapses_when_the_union_reports_after_all(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    at = _due(session, clock, "red_card")
    _fire(session, world, at)
    report: dict[str, Any] = {
        "true_claim": True,
        "done": "已督促",
        "solved": "solved",
        "reply_text": "已补发",
    }
    give(session, world, "lixia", ticket, Command.REPORT_RESULT, now=at, **report)
    session.expire_all()
    proposal = _proposed(session, clock)
    assert proposal.state == "lapsed"
    with pytest.raises(WrongState, match="时限已经停止"):
        _decide(session, world, "supervisor", ticket, proposal, at)


def test_a_red_card_is_not_confirmed_by_a_dispatcher_nor_on_a_stale_page(
    session: Session, world: World
) -> None:
    ticket, other = _contacted(session, world), _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    _fire(session, world, LATER)
    proposal = _proposed(session, clock)
    with pytest.raises(NotAllowed, match="值班长"):
        _decide(session, world, "dispatcher", ticket, proposal, LATER)
    with pytest.raises(VersionConflict):
        _decide(session, world, "supervisor", ticket, proposal, LATER, version=ticket.version - 1)
    with pytest.raises(NotFound):
        _decide(session, world, "supervisor", other, proposal, LATER)
    assert clock.card == "yellow"


def test_taking_a_ticket_up_a_level_is_only_proposed(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    _fire(session, world, _due(session, clock, "escalate_level"))
    assert ticket.lead_union_id == world.union("370102")
    proposal = _proposed(session, clock, "escalate_level")
    _decide(session, world, "supervisor", ticket, proposal, LATER, confirmed=False, reason="下周能办结")
    assert ticket.lead_union_id == world.union("370102")
    assert session.scalars(select(Event.kind).where(Event.kind == "EscalationRefused")).one()


def test_a_union_in_which_nobody_is_left_alarms_the_supervisor_instead_of_keeping_silent(
    session: Session, world: World
) -> None:
    ticket = _signed(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    session.execute(update(User).where(User.name.startswith("lixia")).values(disabled_at=NOW))
    _fire(session, world, _due(session, clock, "remind"))
    assert _told(session, ticket, "remind") == {(None, None, "supervisor")}
    kinds = session.scalars(select(Notice.kind).where(Notice.ticket_id == ticket.id, Notice.step == "remind"))
    assert set(kinds) == {"alarm"}


def test_a_leader_tied_to_the_employer_is_passed_over_and_somebody_else_hears(
    session: Session, world: World
) -> None:
    second = _account(session, "jinan-second", Role.UNION_LEADER, world.union("3701"))
    ticket = _dispatched(session, world)
    tied = world.actor("jinan").user_id
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=tied, reason="亲属在该单位任职"))
    session.flush()
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "parent_takes_over"))
    told = {user for user, _, _ in _told(session, ticket, "parent_takes_over")}
    assert second in told
    assert tied not in told


def test_a_post_that_nobody_holds_is_answered_for_by_the_next(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="mass_incident", urgency="P0")
    _fire(session, world, NOW + timedelta(minutes=10))
    assert _told(session, ticket, "alarm_duty_leader") == {(None, None, "supervisor")}
    leader = _account(session, "province-leader", Role.UNION_LEADER, world.union("37"))
    session.execute(update(User).where(User.role == "supervisor").values(disabled_at=NOW))
    _fire(session, world, NOW + timedelta(minutes=30))
    assert _told(session, ticket, "alarm_provincial_leader") == {(leader, None, None)}
    other = make_ticket(session, world, category="mass_incident", urgency="P0")
    _fire(session, world, NOW + timedelta(minutes=31))
    assert _told(session, other, "alarm_supervisor") == {(leader, None, None)}


def test_at_half_the_deputy_finds_the_unsigned_ticket_on_his_own_list(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    deputy = world.actor("lixia-deputy").user_id
    session.execute(update(User).where(User.name == "lixia").values(deputy_id=deputy))
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "deputy_takes_over"))
    handling = session.scalars(select(Handling).where(Handling.ticket_id == ticket.id)).one()
    assert handling.deputy_id == deputy
    mine = list_tickets(
        session, world.actor("lixia-deputy"), TicketFilter(mine=True), policy=world.policy, now=NOW
    )
    assert [line.number for line in mine.items] == [ticket.number]


def test_no_card_is_shown_while_the_union_is_off_duty(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    calendar = world.policy.calendar(clock.calendar)
    shown = {}
    at = NOW
    while clock.card == "none" or "red_card" not in {step for _, step in _fired(session, ticket)}:
        at += timedelta(minutes=30)
        before = set(_fired(session, ticket))
        _fire(session, world, at)
        for kind, step in set(_fired(session, ticket)) - before:
            if step in ("yellow_card", "red_card"):
                shown[(kind, step)] = at
    assert {step for _, step in shown} == {"yellow_card", "red_card"}
    assert all(
        calendar.is_working(moment - timedelta(minutes=29)) or calendar.is_working(moment)
        for moment in shown.values()
    )
    # The deadline is a close of business: the card waits for the next opening.
    assert clock.due_at is not None
    opened, closed = (
        moment.astimezone(SHANGHAI) for moment in (shown[("resolve", "yellow_card")], clock.due_at)
    )
    assert opened.date() > closed.date()


def test_a_ticket_that_becomes_p0_on_its_way_has_the_new_time_from_now_and_wakes_people_in_turn(
    session: Session, world: World
) -> None:
    _account(session, "duty-leader", Role.DUTY_LEADER)
    ticket = _dispatched(session, world)
    later = NOW + timedelta(hours=3)
    _fire(session, world, later)
    edit_ticket(
        session,
        world.actor("supervisor"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=later,
        fields={"urgency": "P0"},
    )
    sign = _clock(session, ticket, ClockKind.SIGN)
    assert (sign.due_at, sign.calendar) == (later + timedelta(minutes=30), "always")
    assert sign.policy_snapshot["before_s"] == 3 * 3600
    assert _clock(session, ticket, ClockKind.RESOLVE).due_at == later + timedelta(hours=24)
    assert _fire(session, world, later) == 0, "nothing is late at a stroke"
    for minutes, step in (
        (5, "alarm_supervisor"),
        (10, "alarm_duty_leader"),
        (30, "alarm_provincial_leader"),
    ):
        assert _told(session, ticket, step) == set()
        _fire(session, world, later + timedelta(minutes=minutes))
        assert len(_told(session, ticket, step)) == 1


def test_a_holiday_declared_afterwards_puts_the_card_off(session: Session, world: World) -> None:
    ticket = _contacted(session, world)
    clock = _clock(session, ticket, ClockKind.RESOLVE)
    at = _due(session, clock, "yellow_card")
    closed = _closed_on(world.policy, clock.calendar, at)
    _fire(session, world, at + timedelta(hours=2), policy=closed)
    assert clock.card == "none"
    later = _due(session, clock, "yellow_card")
    assert later > at
    _fire(session, world, later, policy=closed)
    assert clock.card == "yellow"


def _closed_on(policy: Policy, code: str, at: datetime) -> Policy:
    calendar = policy.calendar(code)
    overrides = {**calendar.overrides, at.astimezone(SHANGHAI).date(): Override(working=False)}
    closed = Calendar.build(code, calendar.hours, YEARS, overrides)
    return replace(policy, calendars={**policy.calendars, code: closed})


def test_an_undispatched_p0_ticket_wakes_supervisor_then_leaders(session: Session, world: World) -> None:
    leader = _account(session, "province-leader", Role.UNION_LEADER, world.union("37"))
    _account(session, "duty-leader", Role.DUTY_LEADER)
    ticket = make_ticket(session, world, category="mass_incident", urgency="P0")
    for minutes, step in (
        (5, "alarm_supervisor"),
        (10, "alarm_duty_leader"),
        (30, "alarm_provincial_leader"),
    ):
        assert _fire(session, world, NOW + timedelta(minutes=minutes) - timedelta(seconds=1)) == 0
        assert _fire(session, world, NOW + timedelta(minutes=minutes)) == 1
        assert len(_told(session, ticket, step)) == 1
    assert _told(session, ticket, "alarm_supervisor") == {(None, None, "supervisor")}
    assert _told(session, ticket, "alarm_duty_leader") == {(None, None, "duty_leader")}
    assert _told(session, ticket, "alarm_provincial_leader") == {(leader, None, None)}


def test_a_sealed_crisis_alarms_the_supervisor_who_may_not_open_it(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="crisis", urgency="P0")
    assert ticket.sealed
    _fire(session, world, NOW + timedelta(minutes=5))
    (seen,) = notices(session, world.actor("supervisor"))
    assert (seen.kind, seen.ticket_number) == ("alarm", ticket.number)
    assert notices(session, world.actor("dispatcher")) == []
    tied = world.actor("supervisor").user_id
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=tied, reason="亲属为当事人"))
    session.flush()
    assert notices(session, world.actor("supervisor")) == []


def test_steps_of_a_sealed_ticket_reach_named_people_not_a_whole_post(session: Session, world: World) -> None:
    ticket = make_ticket(session, world, category="sexual_harassment")
    give(session, world, "operator", ticket, Command.ACCEPT)
    named = _account(session, "named", Role.DISPATCHER)
    session.add(SealedAccess(ticket_id=ticket.id, user_id=named, reason="指定", at=NOW))
    session.flush()
    at = next_due(session)
    assert at is not None
    _fire(session, world, at)
    assert _told(session, ticket, "remind") == {(named, None, None)}
    assert notices(session, world.actor("dispatcher")) == []


def test_facts_name_the_people_told_and_everyone_who_may_see_the_ticket(
    session: Session, world: World
) -> None:
    ticket = _signed(session, world)
    session.info.pop("facts", None)
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.RESOLVE), "yellow_card"))
    facts = {fact.kind: fact for fact in facts_told(session)}
    assert {fact.id for fact in facts.values()} == {ticket.number}
    assert {"centre", f"union:{world.union('370102')}", f"union:{world.union('3701')}"} <= set(
        facts["ticket"].rooms
    )
    assert {f"user:{world.actor('lixia').user_id}", f"user:{world.actor('dispatcher').user_id}"} <= set(
        facts["notice"].rooms
    )
    assert "centre" not in facts["notice"].rooms


def test_a_step_does_not_make_an_open_page_stale(session: Session, world: World) -> None:
    ticket = _signed(session, world)
    seen = ticket.version
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.RESOLVE), "remind"))
    assert ticket.version == seen


def test_notices_reach_whom_they_name_and_nobody_else(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    (new,) = notices(session, world.actor("lixia"))
    assert (new.kind, new.ticket_number, new.seen_at) == ("dispatched", ticket.number, None)
    assert [each.id for each in notices(session, world.actor("lixia-deputy"))] == [new.id]
    for other in ("jinan", "shizhong", "qingdao", "operator"):
        assert notices(session, world.actor(other)) == []
    assert unseen(session, world.actor("lixia")) == 1


def test_only_whom_a_notice_names_can_mark_it_seen(session: Session, world: World) -> None:
    _dispatched(session, world)
    (new,) = notices(session, world.actor("lixia"))
    assert mark_seen(session, world.actor("shizhong"), [new.id], now=LATER) == 0
    assert mark_seen(session, world.actor("lixia"), [new.id, 999_999], now=LATER) == 1
    assert mark_seen(session, world.actor("lixia-deputy"), [new.id], now=LATER) == 0
    assert unseen(session, world.actor("lixia-deputy")) == 0
    assert notices(session, world.actor("lixia"), unseen_only=True) == []
    assert notices(session, world.actor("lixia"))[0].seen_at == LATER


def test_notices_page_from_the_newest_back(session: Session, world: World) -> None:
    for _ in range(5):
        _dispatched(session, world)
    first = notices(session, world.actor("lixia"), limit=3)
    rest = notices(session, world.actor("lixia"), before=first[-1].id)
    ids = [each.id for each in (*first, *rest)]
    assert len(ids) == 5
    assert ids == sorted(ids, reverse=True)


def test_a_tied_person_learns_nothing_from_his_unions_notices(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    tied = world.actor("lixia-deputy").user_id
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=tied, reason="亲属在该单位任职"))
    session.flush()
    assert notices(session, world.actor("lixia-deputy")) == []
    assert unseen(session, world.actor("lixia-deputy")) == 0
    assert len(notices(session, world.actor("lixia"))) == 1


def test_a_union_that_lost_the_ticket_no_longer_reads_its_notices(session: Session, world: World) -> None:
    ticket = _dispatched(session, world)
    _fire(session, world, _due(session, _clock(session, ticket, ClockKind.SIGN), "parent_takes_over"))
    assert notices(session, world.actor("lixia")) == []


def test_the_ticker_sleeps_until_the_next_step(session: Session, world: World) -> None:
    assert next_due(session) is None
    make_ticket(session, world)
    assert next_due(session) == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
