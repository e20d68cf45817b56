"""Money in hand, several callers, merged tickets, letters, petitions, and what follows a P0."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.access import can_read
from dispatch.clocks import live
from dispatch.commands import EVENTS
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, WrongState
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.clocks import Clock, Timer
from dispatch.models.history import Event, Notice
from dispatch.models.life import Letter, Payment, PetitionAgency
from dispatch.models.tickets import CallbackAttempt, Caller, Report, Ticket, TicketEmployer
from dispatch.models.unions import Union
from dispatch.queries import callbacks_due
from dispatch.rules.sampling import drawn
from dispatch.rules.ticket_state import ClockKind, Command, State
from dispatch.tickets import CallerDetails, ToldEmployer, edit_ticket, open_ticket
from dispatch.timeline import LABELS
from dispatch.timers import fire_due
from tests.builders import NOW, WAGES, World, give, make_ticket
from tests.life import accepted, dispatched, pending_callback, people, people_world, report, signed

DAY = timedelta(days=1)
ANSWER: dict[str, Any] = {"reached": True, "solved": "solved", "satisfied": "satisfied"}


@pytest.fixture
def world(database: Database) -> World:
    return people_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def _kinds(session: Session, ticket: Ticket) -> set[str]:
    return {clock.kind for clock in live(session, ticket.id, ClockKind)}


def test_promised_money_is_waited_for_and_the_callback_comes_after_the_day(
    session: Session, world: World
) -> None:
    promise: dict[str, Any] = {
        "amount_cents": 2_700_000,
        "amount_state": "promised",
        "payment_on": date(2026, 12, 1),
    }
    ticket = pending_callback(session, world, **promise)
    assert _kinds(session, ticket) == {"payment"}
    assert callbacks_due(session, world.actor("callback"), policy=world.policy, now=NOW) == []
    with pytest.raises(WrongState, match="付款日未到"):
        give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER)
    (payment,) = live(session, ticket.id, [ClockKind.PAYMENT])
    # The end of 1 December in Shanghai.
    assert payment.due_at == datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    later = datetime(2026, 12, 1, 16, 0, 1, tzinfo=UTC)
    assert fire_due(session, now=later, limit=50, policy=world.policy)
    assert (State(ticket.state), _kinds(session, ticket)) == (State.PENDING_CALLBACK, {"callback"})
    (due,) = callbacks_due(session, world.actor("callback"), policy=world.policy, now=later)
    assert "之前说好的款项到账了吗？" in due.script
    give(
        session, world, "callback", ticket, Command.RECORD_CALLBACK, now=later, **ANSWER, money_received=False
    )
    assert (ticket.state, ticket.outcome) == ("closed", "partly"), "money that has not come solves nothing"


def test_money_that_comes_early_brings_the_callback_forward(session: Session, world: World) -> None:
    parts = [
        {"amount_cents": 1_000_000, "payment_on": date(2026, 12, 1)},
        {"amount_cents": 1_700_000, "payment_on": date(2027, 1, 4)},
    ]
    ticket = pending_callback(session, world, amount_state="instalments", instalments=parts)
    kept = session.scalars(select(Report)).one()
    assert (kept.amount_cents, kept.payment_on) == (2_700_000, date(2027, 1, 4))
    with pytest.raises(Invalid, match="不能晚于今天"):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.RECORD_PAYMENT,
            amount_cents=1_000_000,
            paid_on=date(2026, 12, 1),
        )
    december = datetime(2026, 12, 2, 2, 0, tzinfo=UTC)
    first: dict[str, Any] = {"amount_cents": 1_000_000, "paid_on": date(2026, 12, 1)}
    give(session, world, "lixia", ticket, Command.RECORD_PAYMENT, now=december, **first)
    assert _kinds(session, ticket) == {"payment"}
    second: dict[str, Any] = {"amount_cents": 1_700_000, "paid_on": date(2026, 12, 2)}
    give(session, world, "lixia", ticket, Command.RECORD_PAYMENT, now=december, **second)
    assert _kinds(session, ticket) == {"callback"}
    give(
        session,
        world,
        "callback",
        ticket,
        Command.RECORD_CALLBACK,
        now=december,
        **ANSWER,
        money_received=True,
    )
    assert (ticket.state, ticket.outcome) == ("closed", "solved")
    assert sum(session.scalars(select(Payment.amount_cents))) == 2_700_000


@pytest.mark.parametrize(
    ("money", "field"),
    [
        ({"amount_state": "promised", "amount_cents": 1}, "payment_on"),
        ({"amount_state": "promised", "amount_cents": 1, "payment_on": date(2026, 11, 1)}, "payment_on"),
        ({"amount_state": "paid"}, "amount_cents"),
        ({"amount_state": "instalments"}, "instalments"),
        (
            {
                "amount_state": "instalments",
                "instalments": [
                    {"amount_cents": 1, "payment_on": date(2027, 1, 2)},
                    {"amount_cents": 1, "payment_on": date(2027, 1, 1)},
                ],
            },
            "instalments",
        ),
        (
            {
                "amount_state": "instalments",
                "amount_cents": 3,
                "instalments": [{"amount_cents": 2, "payment_on": date(2027, 1, 2)}],
            },
            "amount_cents",
        ),
    ],
)
def test_money_that_cannot_be_is_refused(
    session: Session, world: World, money: dict[str, Any], field: str
) -> None:
    ticket = signed(session, world)
    with pytest.raises(Invalid) as refused:
        report(session, world, ticket, **money)
    assert field in refused.value.fields


def test_every_caller_of_a_merged_ticket_gets_a_callback_and_the_worst_answer_counts(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    other = make_ticket(session, world, actor="other-operator", wish="要回两个月工资", headcount=1)
    edit_ticket(
        session,
        world.actor("other-operator"),
        other.number,
        version=other.version,
        policy=world.policy,
        now=NOW,
        fields={},
        caller=CallerDetails(name="钱某", phone="13800000002"),
    )
    give(session, world, "dispatcher", other, Command.MERGE, parent_number=ticket.number)
    assert (other.state, other.parent_id, other.outcome) == ("merged", ticket.id, "merged")
    assert live(session, other.id, ClockKind) == []
    unfired = select(Timer.id).join(Clock, Clock.id == Timer.clock_id)
    assert session.scalars(unfired.where(Clock.ticket_id == other.id, Timer.fired_at.is_(None))).all() == []
    report(session, world, ticket)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    theirs = session.scalars(select(Caller.id).where(Caller.ticket_id == other.id)).one()
    with pytest.raises(NotFound):
        give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER, caller_id=10**6)
    give(
        session,
        world,
        "callback",
        ticket,
        Command.RECORD_CALLBACK,
        reached=True,
        solved="unsolved",
        satisfied="dissatisfied",
        caller_id=theirs,
    )
    assert State(ticket.state) is State.PENDING_CALLBACK
    for _ in range(2):
        give(session, world, "callback", ticket, Command.RECORD_CALLBACK, reached=False)
        assert State(ticket.state) is State.PENDING_CALLBACK
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER)
    assert (ticket.state, ticket.outcome) == ("closed", "unsolved")
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []
    assert list(verify_chain(session, ticket_stream(other.id))) == []


def test_a_merged_ticket_brings_its_employers_categories_and_urgency(session: Session, world: World) -> None:
    ticket = accepted(session, world, category="wage_arrears")
    other = accepted(
        session,
        world,
        category="construction_wage_arrears",
        employers=(ToldEmployer(name="某某劳务公司", role="subcontractor"),),
    )
    give(session, world, "dispatcher", other, Command.MERGE, parent_number=ticket.number)
    assert (ticket.urgency, ticket.secondary_categories) == ("P1", ["construction_wage_arrears"])
    names = session.scalars(select(TicketEmployer.name).where(TicketEmployer.ticket_id == ticket.id)).all()
    assert set(names) == {"", "某某劳务公司"}


def test_a_merge_into_itself_a_loop_or_an_ended_ticket_is_refused(session: Session, world: World) -> None:
    first, second = accepted(session, world), accepted(session, world)
    with pytest.raises(Invalid):
        give(session, world, "dispatcher", first, Command.MERGE, parent_number=first.number)
    with pytest.raises(NotFound):
        give(session, world, "dispatcher", first, Command.MERGE, parent_number="37-20261123-999999-0")
    give(session, world, "dispatcher", first, Command.MERGE, parent_number=second.number)
    with pytest.raises(Invalid):
        give(session, world, "dispatcher", second, Command.MERGE, parent_number=first.number)
    give(session, world, "operator", second, Command.WITHDRAW, reason="本人撤回", means="phone")
    third = accepted(session, world)
    with pytest.raises(Invalid, match="未办结"):
        give(session, world, "dispatcher", third, Command.MERGE, parent_number=second.number)


def test_at_most_five_represent_a_group_and_each_is_called_back(session: Session, world: World) -> None:
    told = [CallerDetails(name=f"代表{n}", phone=f"1380000001{n}") for n in range(6)]
    with pytest.raises(Invalid, match="不超过5人"):
        open_ticket(
            session,
            world.actor("operator"),
            channel="phone",
            policy=world.policy,
            now=NOW,
            fields=WAGES,
            callers=told,
        )
    ticket = open_ticket(
        session,
        world.actor("operator"),
        channel="phone",
        policy=world.policy,
        now=NOW,
        fields={**WAGES, "headcount": 30},
        callers=told[:5],
        employers=[ToldEmployer(name="总包公司", role="contractor"), ToldEmployer(name="劳务公司")],
    )
    assert ticket.urgency == "P1"
    assert len(session.scalars(select(Caller.relay_no).where(Caller.ticket_id == ticket.id)).all()) == 5
    edit_ticket(
        session,
        world.actor("operator"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=NOW,
        fields={},
        callers=told[:2],
    )
    give(session, world, "operator", ticket, Command.ACCEPT)
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("370102"),
        override_reason="属地",
    )
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people(world))
    report(session, world, ticket)
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER)
    assert State(ticket.state) is State.PENDING_CALLBACK
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER)
    assert ticket.state == "closed"
    assert len(set(session.scalars(select(CallbackAttempt.caller_id)).all())) == 2


def test_one_rights_category_and_the_most_urgent_one_decide_for_all(session: Session, world: World) -> None:
    ticket = make_ticket(
        session, world, category="suggestion", secondary_categories=["construction_wage_arrears"]
    )
    assert (ticket.rights_defence, ticket.urgency) == (True, "P1")


def test_an_opinion_letter_has_fifteen_working_days_to_be_answered(session: Session, world: World) -> None:
    ticket = signed(session, world)
    letter: dict[str, Any] = {
        "letter_kind": "opinion_letter",
        "addressee": "某某建筑公司",
        "text": "请于收到之日起支付拖欠工资",
        "reference": "历工劳监意〔2026〕1号",
    }
    with pytest.raises(NotAllowed):
        give(session, world, "lixia", ticket, Command.SEND_LETTER, **letter)
    give(session, world, "lixia-leader", ticket, Command.SEND_LETTER, **letter)
    give(
        session,
        world,
        "lixia-leader",
        ticket,
        Command.SEND_LETTER,
        **{**letter, "letter_kind": "reminder_letter"},
    )
    opinion, reminder = session.scalars(select(Letter).order_by(Letter.id)).all()
    clock = session.get_one(Clock, opinion.clock_id)
    assert clock.due_at is not None
    assert clock.due_at.date().isoformat() == "2026-12-14"
    steps = session.scalars(select(Timer.step).where(Timer.clock_id == clock.id)).all()
    assert steps == ["remind"]
    with pytest.raises(NotFound):
        give(session, world, "lixia", ticket, Command.RECORD_REPLY, letter_id=10**6, text="x")
    give(session, world, "lixia", ticket, Command.RECORD_REPLY, letter_id=opinion.id, text="同意支付")
    assert (clock.state, opinion.reply) == ("met", "同意支付")
    assert session.get_one(Clock, reminder.clock_id).state == "running"
    with pytest.raises(NotFound):
        give(session, world, "lixia", ticket, Command.RECORD_REPLY, letter_id=opinion.id, text="再次")


def test_a_petition_of_article_31_6_runs_on_the_time_of_the_petition_rules(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    claim: dict[str, Any] = {"petition_kind": "claim", "article": 6}
    with pytest.raises(WrongState):
        give(session, world, "dispatcher", ticket, Command.PETITION, **claim)
    with pytest.raises(Missing, match="petition_kind"):
        give(session, world, "supervisor", ticket, Command.PETITION)
    with pytest.raises(WrongState, match="受理之后"):
        give(session, world, "supervisor", make_ticket(session, world), Command.PETITION, **claim)
    give(session, world, "supervisor", ticket, Command.PETITION, **claim)
    assert _kinds(session, ticket) == {"petition_notice", "first_contact"}
    (notice,) = live(session, ticket.id, [ClockKind.PETITION_NOTICE])
    assert notice.due_at == NOW + 15 * DAY
    with pytest.raises(WrongState, match="书面告知"):
        report(session, world, ticket, reference="信访意见1号")
    give(
        session,
        world,
        "lixia",
        ticket,
        Command.PETITION,
        now=NOW + DAY,
        reference="受理告知1号",
        at=NOW + DAY,
    )
    (handling,) = live(session, ticket.id, [ClockKind.PETITION])
    assert handling.due_at == NOW + 61 * DAY
    ask: dict[str, Any] = {"reason": "情况复杂", "caller_told": True}
    with pytest.raises(Invalid, match="不得超过30日"):
        give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask, due_at=NOW + 92 * DAY)
    give(session, world, "lixia", ticket, Command.REQUEST_EXTENSION, **ask, due_at=NOW + 91 * DAY)
    give(session, world, "dispatcher", ticket, Command.DECIDE_EXTENSION, approved=True, reason="同意")
    assert handling.due_at == NOW + 91 * DAY
    with pytest.raises(Missing, match="reference"):
        report(session, world, ticket)
    report(session, world, ticket, reference="信访意见1号")
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=False, reason="未答复第二项请求")
    assert handling.state == "running"
    assert live(session, ticket.id, [ClockKind.RESOLVE, ClockKind.PETITION_NOTICE]) == []
    report(session, world, ticket, reference="信访意见1号")
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    give(session, world, "callback", ticket, Command.RECORD_CALLBACK, **ANSWER)
    assert ticket.state == "closed"
    late = NOW + 40 * DAY
    with pytest.raises(WrongState, match="期限内"):
        give(session, world, "supervisor", ticket, Command.PETITION, now=late, reason="不服")
    give(session, world, "supervisor", ticket, Command.PETITION, now=NOW + 20 * DAY, reason="不服")
    review = session.scalars(select(Ticket).where(Ticket.relation == "petition_review")).one()
    assert (review.state, _kinds(session, review)) == ("pending_dispatch", {"dispatch", "petition_review"})
    with pytest.raises(WrongState):
        give(session, world, "supervisor", ticket, Command.PETITION, now=NOW + 21 * DAY, reason="再次")


def test_other_petitions_are_channelled_and_keep_the_hotlines_own_time(
    session: Session, world: World
) -> None:
    ticket = signed(session, world)
    with pytest.raises(Missing, match="route_told"):
        give(session, world, "supervisor", ticket, Command.PETITION, petition_kind="claim", article=2)
    with pytest.raises(Invalid, match="第六项"):
        give(
            session,
            world,
            "supervisor",
            ticket,
            Command.PETITION,
            petition_kind="claim",
            article=7,
            route_told="x",
        )
    give(
        session,
        world,
        "supervisor",
        ticket,
        Command.PETITION,
        petition_kind="claim",
        article=2,
        route_told="向劳动仲裁委申请",
    )
    assert (ticket.petition, ticket.petition_article) == (True, 2)
    assert "resolve" in _kinds(session, ticket)


def test_a_report_on_officials_is_sealed_and_goes_to_discipline_inspection(
    session: Session, world: World
) -> None:
    ticket = accepted(session, world)
    give(
        session,
        world,
        "supervisor",
        ticket,
        Command.PETITION,
        petition_kind="report",
        route_told="转纪检监察机关",
    )
    assert ticket.sealed
    told = session.scalars(select(Notice.text).where(Notice.role == "duty_leader")).all()
    assert any("纪检监察机关" in text for text in told)


def test_whoever_stands_for_the_caller_has_a_signed_authority(session: Session, world: World) -> None:
    ticket = signed(session, world)
    agent: dict[str, Any] = {"handler_id": world.actor("lixia").user_id, "reference": "委托书1号"}
    with pytest.raises(Invalid, match="不能晚于今天"):
        give(session, world, "lixia", ticket, Command.PETITION_AGENCY, **agent, signed_on=date(2026, 12, 1))
    for day in (22, 23):
        give(session, world, "lixia", ticket, Command.PETITION_AGENCY, **agent, signed_on=date(2026, 11, day))
    first, second = session.scalars(select(PetitionAgency).order_by(PetitionAgency.id)).all()
    assert first.revoked_at is not None
    assert second.revoked_at is None
    with pytest.raises(NotFound):
        give(
            session,
            world,
            "lixia",
            ticket,
            Command.PETITION_AGENCY,
            handler_id=world.actor("qingdao").user_id,
            reference="x",
            signed_on=date(2026, 11, 22),
        )


def test_of_a_p0_the_rest_is_written_within_two_hours_and_the_follow_ups_are_linked(
    session: Session, world: World
) -> None:
    ticket = make_ticket(
        session,
        world,
        category="accident",
        urgency="P0",
        wish="",
        confidentiality=None,
        disclosure=None,
        employers=(),
    )
    give(session, world, "operator", ticket, Command.ACCEPT)
    (details,) = live(session, ticket.id, [ClockKind.DETAILS])
    assert details.due_at == NOW + timedelta(hours=2)
    edit_ticket(
        session,
        world.actor("supervisor"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=NOW + timedelta(hours=1),
        fields={"wish": "救人", "confidentiality": "open", "disclosure": "employer"},
        employers=[ToldEmployer(name="某某化工公司")],
    )
    assert details.state == "met"
    give(
        session,
        world,
        "supervisor",
        ticket,
        Command.DISPATCH,
        union_id=world.union("3701"),
        override_reason="属地",
    )
    give(session, world, "operator", ticket, Command.SIGN_FOR, at=NOW, text="济南市总工会值班员电话签收")
    report(session, world, ticket, who="jinan", solved="partly")
    with pytest.raises(Missing, match="linked"):
        give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True)
    follow: list[dict[str, Any]] = [
        {"urgency": "P1", "wish": "工伤认定"},
        {"urgency": "P2", "wish": "家属安抚"},
    ]
    give(session, world, "dispatcher", ticket, Command.REVIEW, approved=True, linked=follow)
    followers = session.scalars(select(Ticket).where(Ticket.relation == "linked").order_by(Ticket.id)).all()
    assert [(each.state, each.urgency, each.wish) for each in followers] == [
        ("pending_dispatch", "P1", "工伤认定"),
        ("pending_dispatch", "P2", "家属安抚"),
    ]
    assert all(live(session, each.id, [ClockKind.DISPATCH]) for each in followers)


def test_after_a_crisis_a_counsellor_looks_after_the_caller_and_nobody_surveys_him(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world, actor="counsellor", category="crisis")
    assert ticket.urgency == "P0"
    with pytest.raises(NotAllowed, match="心理跟进"):
        give(session, world, "counsellor", ticket, Command.DIRECT_ANSWER, answer="已安抚", knowledge_id="k1")
    give(session, world, "counsellor", ticket, Command.ACCEPT)
    (task,) = live(session, ticket.id, [ClockKind.FOLLOW_UP])
    assert task.due_at == NOW + timedelta(hours=72)
    call: dict[str, Any] = {"reached": True, "text": "情绪平稳，已约下次"}
    with pytest.raises(WrongState, match="24小时"):
        give(session, world, "counsellor", ticket, Command.RECORD_CALLBACK, now=NOW + 23 * DAY / 24, **call)
    give(
        session,
        world,
        "counsellor",
        ticket,
        Command.RECORD_CALLBACK,
        now=NOW + 25 * DAY / 24,
        reached=False,
        text="无人接听",
    )
    assert task.state == "running"
    assert session.scalars(select(Notice).where(Notice.kind == "alarm", Notice.role == "supervisor")).all()
    give(session, world, "counsellor", ticket, Command.RECORD_CALLBACK, now=NOW + 30 * DAY / 24, **call)
    assert (task.state, State(ticket.state)) == ("met", State.PENDING_DISPATCH)


def test_a_crisis_that_an_operator_took_is_followed_up_by_a_counsellor_who_is_named_on_it(
    session: Session, world: World
) -> None:
    ticket = make_ticket(session, world, category="crisis")
    counsellor = world.actor("counsellor")
    assert ticket.sealed
    assert not can_read(session, counsellor, ticket.id)
    give(session, world, "operator", ticket, Command.ACCEPT)
    assert can_read(session, counsellor, ticket.id)
    assert not can_read(session, world.actor("supervisor"), ticket.id)
    named = select(Event.payload).where(Event.ticket_id == ticket.id, Event.kind == "SealedAssigned")
    assert session.scalars(named).all() == [{"person": "counsellor"}]
    call: dict[str, Any] = {"reached": True, "text": "情绪平稳"}
    give(session, world, "counsellor", ticket, Command.RECORD_CALLBACK, now=NOW + timedelta(hours=30), **call)
    assert live(session, ticket.id, [ClockKind.FOLLOW_UP]) == []


def test_a_caller_who_calls_again_is_counted_and_the_union_is_nudged(session: Session, world: World) -> None:
    ticket = dispatched(session, world)
    give(session, world, "operator", ticket, Command.NUDGE, text="还没人联系我", repeat_request=True)
    assert ticket.repeat_count == 1
    assert session.scalars(select(Notice.union_id).where(Notice.kind == "nudge")).all() == [
        world.union("370102")
    ]


def test_quiet_tickets_are_reviewed_and_called_back_by_sample_and_never_lie_without_a_clock(
    session: Session, world: World
) -> None:
    percent = world.policy.sla.limits.sample_percent
    seen = set()
    for _ in range(40):
        ticket = signed(session, world, category="suggestion")
        lucky = drawn(ticket.number, percent)
        if lucky in seen:
            continue
        seen.add(lucky)
        assert ticket.urgency == "P3"
        report(session, world, ticket)
        if lucky:
            assert (ticket.state, _kinds(session, ticket)) == ("reported", {"review"})
        else:
            assert (ticket.state, ticket.outcome, _kinds(session, ticket)) == ("closed", "solved", set())
            assert list(verify_chain(session, ticket_stream(ticket.id))) == []
        if len(seen) == 2:
            break
    assert seen == {True, False}


def test_recusal_covers_every_employer_of_a_ticket(session: Session, world: World) -> None:
    own = session.scalars(select(Union).where(Union.level == "enterprise")).first()
    assert own is not None
    ticket = accepted(
        session,
        world,
        employers=(
            ToldEmployer(name="某某劳务公司", role="subcontractor"),
            ToldEmployer(employer_id=world.employer(union_code=own.code), role="contractor"),
        ),
    )
    with pytest.raises(NotAllowed, match="回避"):
        give(
            session, world, "dispatcher", ticket, Command.DISPATCH, union_id=own.id, override_reason="试一试"
        )
    give(
        session,
        world,
        "dispatcher",
        ticket,
        Command.DISPATCH,
        union_id=world.union("3701"),
        override_reason="x",
    )
    with pytest.raises(NotAllowed, match="回避"):
        give(session, world, "dispatcher", ticket, Command.ADD_CO_HANDLER, union_id=own.id, reason="x")


def test_an_employer_named_later_that_recuses_the_union_alarms_the_dispatcher(
    session: Session, world: World
) -> None:
    own = session.scalars(select(Union).where(Union.level == "enterprise")).first()
    assert own is not None
    ticket = accepted(session, world)
    give(session, world, "dispatcher", ticket, Command.DISPATCH, union_id=own.id, override_reason="属地")
    edit_ticket(
        session,
        world.actor("supervisor"),
        ticket.number,
        version=ticket.version,
        policy=world.policy,
        now=NOW,
        fields={},
        employers=[ToldEmployer(employer_id=world.employer(union_code=own.code))],
    )
    told = session.scalars(select(Notice.text).where(Notice.kind == "recused")).all()
    assert len(told) == 1
    assert "请改派" in told[0]


def test_every_event_of_a_command_has_a_name_for_people() -> None:
    assert set(EVENTS.values()) <= set(LABELS)
    assert set(EVENTS) == set(Command)
