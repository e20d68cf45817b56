"""A changed calendar moves every live deadline once, in batches that survive a kill, and shows beforehand what it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.load import load_policy
from dispatch import clocks, recompute
from dispatch.actors import MACHINE, Actor
from dispatch.calendars import DayChange, LiveCalendars, change_days, missing_years
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, VersionConflict
from dispatch.events import ADMINISTRATION, ticket_stream, verify_chain
from dispatch.models.calendars import CalendarOverride, CalendarRevision
from dispatch.models.clocks import Clock, Recompute, Timer
from dispatch.models.history import Event
from dispatch.models.tickets import CentreList, Ticket, TicketScope
from dispatch.models.unions import Union
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.roles import Role
from dispatch.rules.sla import SlaPolicy
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.rules.working_time import SHANGHAI
from dispatch.timers import fire_due
from tests.builders import NOW, World, build_world, give, make_ticket
from tests.rules.policies import CONFIG, YEARS

ADMINISTRATOR = Actor(Role.ADMINISTRATOR)
LATER = NOW + timedelta(days=60)
WEDNESDAY = date(2026, 11, 25)
REST = DayChange("*", WEDNESDAY, working=False, source="临时放假")


def live_policy(world: World) -> World:
    """Return the world with calendars that take over stored changes, as a running programme has them."""
    written = load_policy(CONFIG / "calendar.yaml", CalendarPolicy.from_mapping)
    return World(world.database, replace(world.policy, calendars=LiveCalendars(written, list(YEARS))))


@pytest.fixture
def world(database: Database) -> World:
    built = build_world(database)
    with database.writing() as session:
        session.execute(update(Union).values(calendar="union_default"))
    return live_policy(built)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def contacted(session: Session, world: World, **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, **fields)
    give(session, world, "operator", ticket, Command.ACCEPT)
    to: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "指定"}
    give(session, world, "dispatcher", ticket, Command.DISPATCH, **to)
    people: dict[str, Any] = {
        "handler_id": world.actor("lixia").user_id,
        "deputy_id": world.actor("lixia-deputy").user_id,
    }
    give(session, world, "lixia", ticket, Command.SIGN_FOR, **people)
    said: dict[str, Any] = {"at": NOW, "means": "phone", "outcome": "已联系"}
    return give(session, world, "lixia", ticket, Command.RECORD_FIRST_CONTACT, **said)


def change(session: Session, world: World, *changes: DayChange, revision: int = 0, **more: Any) -> None:
    change_days(
        session,
        ADMINISTRATOR,
        changes,
        reason="省里通知",
        revision=revision,
        policy=world.policy,
        now=NOW,
        **more,
    )


def resolving(session: Session, ticket: Ticket) -> Clock:
    (own,) = [each for each in clocks.live(session, ticket.id, [ClockKind.RESOLVE]) if each.handling_id]
    return own


def run(session: Session, world: World, *, limit: int = 100, now: datetime = NOW) -> Recompute:
    job = recompute.order_if_stale(session, policy=world.policy, now=now)
    assert job is not None
    while recompute.step(session, policy=world.policy, now=now, limit=limit):
        pass
    session.refresh(job)
    assert job.state == "done"
    return job


def killed_in_the_middle(world: World) -> None:
    with world.database.writing() as session:
        assert recompute.step(session, policy=world.policy, now=NOW, limit=3) == 3
        raise KeyboardInterrupt


def due_on(clock: Clock) -> str:
    assert clock.due_at is not None
    return f"{clock.due_at.astimezone(SHANGHAI):%m-%d %H:%M}"


def test_a_holiday_declared_afterwards_moves_the_deadline_its_steps_and_its_place_in_the_lists(
    session: Session, world: World
) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    assert due_on(clock) == "11-30 17:30"
    generation, place = clock.generation, session.get_one(CentreList, ticket.id).sort_key
    change(session, world, REST)
    job = run(session, world)
    assert due_on(clock) == "12-01 17:30"
    assert clock.generation == generation + 1
    assert clock.calendar_version == world.policy.calendar(clock.calendar).version
    steps = session.execute(
        select(Timer.step, Timer.due_at, Timer.generation).where(Timer.clock_id == clock.id)
    ).all()
    assert {row.generation for row in steps} == {clock.generation}
    cards = {row.step: f"{row.due_at.astimezone(SHANGHAI):%m-%d %H:%M}" for row in steps}
    assert cards["yellow_card"] == "12-02 09:00"
    session.expire_all()
    assert session.get_one(CentreList, ticket.id).sort_key > place
    rows = session.scalars(select(TicketScope.sort_key).where(TicketScope.ticket_id == ticket.id)).all()
    assert place not in rows
    # Progress, the union's own clock and the case clock.
    assert (job.tickets, job.clocks, job.moved) == (1, 3, 3)
    (event,) = session.scalars(select(Event).where(Event.kind == "ClocksRecomputed")).all()
    assert event.payload == {"clocks": ["办理", "进展"], "basis": "日历版本已变化"}
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []
    assert list(verify_chain(session, ADMINISTRATION)) == []


def test_a_pass_takes_batches_and_one_that_is_killed_goes_on_with_each_clock_counted_once(
    world: World,
) -> None:
    with world.database.writing() as session:
        tickets = [contacted(session, world).id for _ in range(7)]
        change(session, world, REST)
        recompute.begin(session, ADMINISTRATOR, kind="calendar", reason="临时放假", now=NOW)
    with world.database.writing() as session:
        assert recompute.step(session, policy=world.policy, now=NOW, limit=3) == 3
    with pytest.raises(KeyboardInterrupt):
        killed_in_the_middle(world)
    with world.database.reading() as session:
        job = session.scalars(select(Recompute)).one()
        assert (job.state, job.tickets, job.clocks) == ("running", 3, 9)
    for wanted in (3, 1, 0):
        with world.database.writing() as session:
            assert recompute.step(session, policy=world.policy, now=NOW, limit=3) == wanted
    with world.database.reading() as session:
        job = session.scalars(select(Recompute)).one()
        assert (job.state, job.tickets, job.clocks, job.moved) == ("done", 7, 21, 21)
        assert recompute.order_if_stale(session, policy=world.policy, now=NOW) is None
        told = Counter(session.scalars(select(Event.ticket_id).where(Event.kind == "ClocksRecomputed")))
        assert told == dict.fromkeys(tickets, 1)
        generations = set(
            session.scalars(select(Clock.generation).where(Clock.kind == "resolve", Clock.state == "running"))
        )
        assert len(generations) <= 2, "each was raised once: the case clock and the union's own"


def test_a_change_far_ahead_only_writes_down_the_new_version(session: Session, world: World) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    generation, due = clock.generation, clock.due_at
    change(session, world, replace(REST, day=date(2027, 3, 3)))
    job = run(session, world)
    assert (job.clocks, job.moved) == (3, 0)
    assert (clock.generation, clock.due_at) == (generation, due)
    assert clock.calendar_version == world.policy.calendar(clock.calendar).version
    assert session.scalar(select(func.count(Event.id)).where(Event.kind == "ClocksRecomputed")) == 0


def test_taking_a_change_back_brings_every_deadline_back(session: Session, world: World) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    due = clock.due_at
    change(session, world, REST)
    run(session, world)
    assert clock.due_at != due
    change(session, world, replace(REST, working=None), revision=1)
    run(session, world)
    assert clock.due_at == due
    assert session.scalars(select(CalendarOverride)).all() == []
    assert len(session.scalars(select(CalendarRevision)).all()) == 2, "both changes stay on record"


def test_a_weekend_that_is_worked_brings_deadlines_nearer(session: Session, world: World) -> None:
    clock = resolving(session, contacted(session, world))
    change(session, world, DayChange("union_default", date(2026, 11, 28), working=True, source="调休"))
    run(session, world)
    assert due_on(clock) == "11-28 17:30"


def test_an_extension_and_what_was_consumed_outlive_a_recompute(session: Session, world: World) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    later = datetime(2026, 12, 2, 17, 30, tzinfo=SHANGHAI)
    clocks.move(session, ticket, [clock], due_at=later, policy=world.policy, now=NOW)
    clocks.pause(session, [clock], policy=world.policy, now=NOW + timedelta(hours=1))
    clocks.resume(session, ticket, [clock], policy=world.policy, now=NOW + timedelta(hours=1))
    used, due = clock.consumed_s, clock.due_at
    assert (used, due) == (3600, later)
    change(session, world, REST)
    run(session, world)
    assert (clock.consumed_s, due_on(clock)) == (used, "12-03 17:30")


def test_a_paused_clock_is_recounted_and_runs_on_by_the_new_calendar(session: Session, world: World) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    clocks.pause(session, [clock], policy=world.policy, now=NOW)
    change(session, world, REST)
    run(session, world)
    assert (clock.state, clock.due_at) == ("paused", None)
    clocks.resume(session, ticket, [clock], policy=world.policy, now=NOW)
    assert due_on(clock) == "12-01 17:30"


def test_no_step_fires_on_a_calendar_that_is_no_longer_in_force(session: Session, world: World) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    old = session.scalars(select(Timer.due_at).where(Timer.clock_id == clock.id, Timer.step == "nudge")).one()
    change(session, world, replace(REST, day=date(2026, 11, 24)))
    fire_due(session, now=old, limit=10, policy=world.policy)
    assert due_on(clock) == "12-01 17:30"
    fired = session.execute(
        select(Clock.kind, Timer.step)
        .join(Clock, Clock.id == Timer.clock_id)
        .where(Timer.fired_at.is_not(None))
    ).all()
    assert ("resolve", "nudge") not in {(kind, step) for kind, step in fired}
    run(session, world)
    fire_due(session, now=LATER, limit=10, policy=world.policy)
    steps = Counter(
        session.scalars(select(Timer.step).where(Timer.clock_id == clock.id, Timer.fired_at.is_not(None)))
    )
    assert steps == dict.fromkeys(("remind", "nudge", "yellow_card", "red_card", "escalate_level"), 1)


def test_a_step_that_lies_ahead_again_fires_again_in_the_new_generation(
    session: Session, world: World
) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    at = session.scalars(select(Timer.due_at).where(Timer.clock_id == clock.id, Timer.step == "remind")).one()
    fire_due(session, now=at, limit=10, policy=world.policy)
    # The whole of today and tomorrow turn out to be holidays: half of the time is not yet over.
    days = [replace(REST, day=NOW.date() + timedelta(days=each)) for each in range(3)]
    change(session, world, *days)
    run(session, world, now=at)
    rows = session.execute(
        select(Timer.generation, Timer.fired_at).where(Timer.clock_id == clock.id, Timer.step == "remind")
    ).all()
    assert [fired is None for _, fired in sorted(rows)] == [False, True]


def test_a_yellow_card_that_the_right_calendar_would_not_have_shown_is_taken_back(
    session: Session, world: World
) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    due = clock.due_at
    assert due is not None
    shown = due + timedelta(days=1)
    fire_due(session, now=shown, limit=10, policy=world.policy)
    assert clock.card == "yellow"
    # Three days turn out to have been holidays.
    change(session, world, *(replace(REST, day=date(2026, 11, 25 + each)) for each in range(3)))
    run(session, world, now=shown)
    assert clock.card == "none"
    assert clock.due_at is not None
    assert clock.due_at > shown
    while fire_due(session, now=LATER, limit=10, policy=world.policy):
        pass
    cards = session.execute(
        select(Timer.generation, Timer.fired_at).where(
            Timer.clock_id == clock.id, Timer.step == "yellow_card"
        )
    ).all()
    assert len(cards) == 2, "and shown again when its time really came"
    assert clock.card == "yellow"


def test_new_service_levels_reach_open_tickets_only_when_somebody_says_so(
    session: Session, world: World
) -> None:
    ticket = contacted(session, world)
    clock = resolving(session, ticket)
    data = load_policy(CONFIG / "sla.yaml", lambda each: each)
    for row in data["targets"]:
        if row["kind"] == "resolve" and row.get("urgency") == "P2" and row.get("difficulty") == "ordinary":
            row["amount"] = 3
    changed = World(world.database, replace(world.policy, sla=SlaPolicy.from_mapping(data)))
    assert recompute.order_if_stale(session, policy=changed.policy, now=NOW) is None
    assert due_on(clock) == "11-30 17:30"
    job = recompute.begin(session, ADMINISTRATOR, kind="sla", reason="新办法施行", now=NOW)
    while recompute.step(session, policy=changed.policy, now=NOW, limit=1):
        pass
    assert due_on(clock) == "11-26 17:30"
    assert clock.policy_snapshot["sla"] == changed.policy.sla.version
    assert job.state == "done"
    again = recompute.begin(session, ADMINISTRATOR, kind="sla", reason="再来一遍", now=NOW)
    while recompute.step(session, policy=changed.policy, now=NOW, limit=1):
        pass
    assert (again.state, again.clocks) == ("done", 0)


def test_a_preview_says_what_would_change_and_writes_nothing(session: Session, world: World) -> None:
    tickets = [contacted(session, world) for _ in range(3)]
    sealed = contacted(session, world)
    sealed.sealed = True
    session.flush()
    before = session.scalars(select(Clock.due_at).order_by(Clock.id)).all()
    found = recompute.preview(session, ADMINISTRATOR, [REST], policy=world.policy, now=NOW)
    assert (found.revision, found.moved, found.earlier) == (0, found.later, 0)
    named = {line.number for line in found.sample}
    assert named == {ticket.number for ticket in tickets}
    assert sealed.number not in named
    wages = [line for line in found.sample if line.number == tickets[0].number and line.clock == "办理"]
    assert {f"{line.new_due_at.astimezone(SHANGHAI):%m-%d}" for line in wages} == {"12-01"}
    assert session.scalars(select(Clock.due_at).order_by(Clock.id)).all() == before
    assert session.scalars(select(CalendarRevision)).all() == []
    change(session, world, REST)
    assert run(session, world).moved == found.moved


def test_a_preview_counts_deadlines_that_would_have_passed(session: Session, world: World) -> None:
    contacted(session, world)
    worked = DayChange("*", date(2026, 11, 28), working=True, source="调休")
    change(session, world, worked)
    run(session, world)
    at = datetime(2026, 11, 28, 18, tzinfo=SHANGHAI)
    found = recompute.preview(
        session, ADMINISTRATOR, [replace(worked, working=None)], policy=world.policy, now=at
    )
    assert (found.earlier, found.overdue_again) == (0, 0)
    assert found.later == found.moved > 0


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (replace(REST, calendar="nobody"), "days.0.calendar"),
        (replace(REST, day=date(1066, 1, 1)), "days.0.day"),
        (replace(REST, working=True, hours=("9-12",)), "days.0.hours"),
        (replace(REST, working=True, hours=("09:00-12:00", "11:00-13:00")), "days.0.hours"),
    ],
)
def test_impossible_days_are_refused_by_name(
    session: Session, world: World, changed: DayChange, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        change(session, world, changed)
    assert set(refused.value.fields) == {field}
    assert session.scalars(select(CalendarRevision)).all() == []


def test_a_calendar_that_would_rest_for_more_than_a_month_is_refused(session: Session, world: World) -> None:
    days = [replace(REST, day=date(2026, 12, 1) + timedelta(days=each)) for each in range(40)]
    with pytest.raises(Invalid, match="没有工作时间"):
        change(session, world, *days)


def test_only_an_administrator_changes_calendars_and_never_on_a_stale_page(
    session: Session, world: World
) -> None:
    for who in ("dispatcher", "supervisor", "jinan"):
        with pytest.raises(NotAllowed):
            change_days(
                session, world.actor(who), [REST], reason="x", revision=0, policy=world.policy, now=NOW
            )
        with pytest.raises(NotAllowed):
            recompute.begin(session, world.actor(who), kind="sla", reason="x", now=NOW)
    change(session, world, REST)
    with pytest.raises(VersionConflict):
        change(session, world, replace(REST, day=date(2026, 11, 26)))


def test_another_process_takes_a_change_over_when_it_looks(world: World) -> None:
    other = live_policy(world)
    with world.database.writing() as session:
        change(session, world, REST)
    assert other.policy.calendar("centre").is_working_day(WEDNESDAY)
    with world.database.reading() as session:
        calendars = other.policy.calendars
        assert isinstance(calendars, LiveCalendars)
        assert calendars.refresh(session)
        assert not calendars.refresh(session)
    assert not other.policy.calendar("centre").is_working_day(WEDNESDAY)
    assert {code: each.version for code, each in other.policy.calendars.items()} == {
        code: each.version for code, each in world.policy.calendars.items()
    }


def test_a_year_that_nobody_has_published_is_missed_in_time_and_until_a_person_confirms_it(
    session: Session, world: World
) -> None:
    assert missing_years(world.policy, now=datetime(2029, 10, 1, tzinfo=SHANGHAI)) == [2029]
    assert missing_years(world.policy, now=datetime(2029, 12, 1, tzinfo=SHANGHAI)) == [2029, 2030]
    change(session, world, years=[2029])
    assert missing_years(world.policy, now=datetime(2029, 12, 1, tzinfo=SHANGHAI)) == [2030]


def test_a_redispatch_carries_the_case_clock_over_to_the_new_unions_hours_and_keeps_the_share_used(
    session: Session, world: World
) -> None:
    session.execute(update(Union).where(Union.code == "370103").values(calendar="yuhang_staggered"))
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.ACCEPT)
    first: dict[str, Any] = {"union_id": world.union("370102"), "override_reason": "指定"}
    give(session, world, "dispatcher", ticket, Command.DISPATCH, **first)
    (case,) = [
        each for each in clocks.live(session, ticket.id, [ClockKind.RESOLVE]) if each.handling_id is None
    ]
    begun, whole = case.started_at, case.target_s
    later = NOW + timedelta(days=2)
    used = world.policy.calendar("union_default").between(NOW, later) / whole
    second: dict[str, Any] = {"union_id": world.union("370103"), "reason": "改派", "override_reason": "改派"}
    give(session, world, "dispatcher", ticket, Command.DISPATCH, now=later, **second)
    assert (case.calendar, case.started_at) == ("yuhang_staggered", begun)
    assert case.consumed_s / case.target_s == pytest.approx(used, abs=1e-4)
    own = resolving(session, ticket)
    assert own.consumed_s == 0
    assert case.due_at is not None
    assert own.due_at is not None
    assert begun < case.due_at < own.due_at, "the worker has waited longer than the present union"
    steps = set(session.scalars(select(Timer.step).where(Timer.clock_id == case.id)))
    assert steps == {"alarm_supervisor"}, "and the centre hears when that time is up"


def test_the_machine_orders_a_pass_by_itself_where_a_process_was_behind(
    session: Session, world: World
) -> None:
    behind = live_policy(world)
    change(session, world, REST)
    ticket = contacted(session, behind)
    assert due_on(resolving(session, ticket)) == "11-30 17:30"
    job = run(session, world)
    assert job.by_id is None
    assert due_on(resolving(session, ticket)) == "12-01 17:30"


def test_a_calendar_that_no_file_names_any_more_becomes_the_unions_default(
    session: Session, world: World
) -> None:
    clock = resolving(session, contacted(session, world))
    clock.calendar = "gone"
    session.flush()
    assert recompute.order_if_stale(session, policy=world.policy, now=NOW) is None
    job = recompute.order_if_stale(session, policy=world.policy, now=NOW, unknown=True)
    assert job is not None
    while recompute.step(session, policy=world.policy, now=NOW, limit=10):
        pass
    assert (clock.calendar, job.state, MACHINE.user_id) == ("union_default", "done", job.by_id)
