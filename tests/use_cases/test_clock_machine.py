"""Clocks under random commands, calendars and time: consumed never falls, a step fires once a generation, none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.load import load_policy
from dispatch import clocks, recompute
from dispatch.actors import Actor
from dispatch.calendars import DayChange, LiveCalendars, change_days, read_stored
from dispatch.counting import consumed
from dispatch.database import Database
from dispatch.models.clocks import Clock, Timer
from dispatch.models.history import Event
from dispatch.models.tickets import Handling, Ticket
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.calendar_policy import CalendarPolicy
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command
from dispatch.timers import fire_due
from tests.builders import NOW, World, build_world, give, make_ticket
from tests.rules.policies import CONFIG, YEARS

ADMINISTRATOR = Actor(Role.ADMINISTRATOR)
END = NOW + timedelta(days=400)


@dataclass
class Bench:
    """One database for every run of the machine; each run has a ticket and a policy of its own."""

    world: World


class Clocks(RuleBasedStateMachine):
    """Everything that may happen to the clocks of one ticket, in any order, while time goes on."""

    bench: Bench

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with self.bench.world.database.writing() as session:
            yield session

    @property
    def policy(self) -> Policy:
        return self.current

    @initialize(redo=st.booleans())
    def begin(self, redo: bool) -> None:
        written = load_policy(CONFIG / "calendar.yaml", CalendarPolicy.from_mapping)
        self.current = replace(self.bench.world.policy, calendars=LiveCalendars(written, list(YEARS)))
        self.world = World(self.bench.world.database, self.current)
        with self.writing() as session:
            self.current.calendars.refresh(session)  # type: ignore[attr-defined]  # a live one
            ticket = make_ticket(session, self.world)
            give(session, self.world, "operator", ticket, Command.ACCEPT)
            to: dict[str, Any] = {"union_id": self.world.union("370102"), "override_reason": "指定"}
            give(session, self.world, "dispatcher", ticket, Command.DISPATCH, **to)
            self.ticket = ticket.id
            handling = session.scalars(select(Handling).where(Handling.ticket_id == ticket.id)).one()
            self.handling = handling.id
            # The signature is not the matter here: what runs is first contact, progress and resolve.
            for clock in clocks.live(session, ticket.id, [ClockKind.SIGN]):
                clocks.stop(session, [clock], policy=self.policy, now=self.now, cancelled=True)
            kinds = [ClockKind.FIRST_CONTACT, ClockKind.PROGRESS]
            for kind in kinds:
                clocks.start(
                    session,
                    ticket,
                    kind,
                    policy=self.policy,
                    now=self.now,
                    handling=handling,
                    percent=50 if redo else 100,
                )

    @rule(minutes=st.integers(1, 60 * 24 * 6))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(kind=st.sampled_from([ClockKind.RESOLVE, ClockKind.PROGRESS, ClockKind.FIRST_CONTACT]))
    def pause(self, kind: ClockKind) -> None:
        with self.writing() as session:
            clocks.pause(session, clocks.live(session, self.ticket, [kind]), policy=self.policy, now=self.now)

    @rule(kind=st.sampled_from([ClockKind.RESOLVE, ClockKind.PROGRESS, ClockKind.FIRST_CONTACT]))
    def resume(self, kind: ClockKind) -> None:
        with self.writing() as session:
            ticket = session.get_one(Ticket, self.ticket)
            clocks.resume(
                session, ticket, clocks.live(session, self.ticket, [kind]), policy=self.policy, now=self.now
            )

    @rule(days=st.integers(1, 20))
    def extend(self, days: int) -> None:
        with self.writing() as session:
            ticket = session.get_one(Ticket, self.ticket)
            found = clocks.live(session, self.ticket, [ClockKind.RESOLVE])
            clocks.move(
                session,
                ticket,
                [clock for clock in found if clock.due_at is not None and clock.due_at > self.now],
                due_at=self.now + timedelta(days=days),
                policy=self.policy,
                now=self.now,
            )

    @rule()
    def redo(self) -> None:
        with self.writing() as session:
            ticket = session.get_one(Ticket, self.ticket)
            handling = session.get_one(Handling, self.handling)
            running = clocks.live(session, self.ticket, [ClockKind.PROGRESS])
            clocks.stop(session, running, policy=self.policy, now=self.now)
            clocks.start(
                session,
                ticket,
                ClockKind.PROGRESS,
                policy=self.policy,
                now=self.now,
                handling=handling,
                percent=50,
            )

    @rule(day=st.integers(-3, 30), working=st.sampled_from([True, False, None]))
    def change_calendar(self, day: int, working: bool | None) -> None:
        on = date.fromordinal(self.now.date().toordinal() + day)
        with self.writing() as session:
            change_days(
                session,
                ADMINISTRATOR,
                [DayChange("*", on, working, source="x")],
                reason="x y",
                revision=read_stored(session).revision,
                policy=self.policy,
                now=self.now,
            )

    @rule()
    def recompute_everything(self) -> None:
        with self.writing() as session:
            recompute.order_if_stale(session, policy=self.policy, now=self.now)
            while recompute.step(session, policy=self.policy, now=self.now, limit=5):
                pass

    @rule()
    def move_to_another_union(self) -> None:
        with self.writing() as session:
            ticket = session.get_one(Ticket, self.ticket)
            codes = {"union_default": "yuhang_staggered", "yuhang_staggered": "union_default"}
            union = session.get_one(Union, ticket.lead_union_id)
            union.calendar = codes[union.calendar]
            session.flush()
            clocks.follow_lead(session, ticket, policy=self.policy, now=self.now)

    @rule()
    @precondition(lambda self: self.now > NOW)
    def becomes_urgent(self) -> None:
        with self.writing() as session:
            ticket = session.get_one(Ticket, self.ticket)
            before = {clock.id: clock.due_at for clock in clocks.live(session, self.ticket, ClockKind)}
            ticket.urgency = "P1"
            clocks.hurry(session, ticket, policy=self.policy, now=self.now)
            for clock in clocks.live(session, self.ticket, ClockKind):
                earlier = before[clock.id]
                if earlier is not None and clock.due_at is not None:
                    assert clock.due_at <= earlier, "a more urgent ticket never has more time"

    @rule()
    def tick(self) -> None:
        with self.writing() as session:
            fire_due(session, now=self.now, limit=20, policy=self.policy)

    @invariant()
    def what_is_consumed_never_falls_below_nothing(self) -> None:
        with self.bench.world.database.reading() as session:
            for clock in session.scalars(select(Clock).where(Clock.ticket_id == self.ticket)):
                assert clock.consumed_s >= 0
                assert consumed(clock, self.policy.calendar(clock.calendar), now=self.now) >= clock.consumed_s
                assert clock.target_s >= 0
                assert (clock.state == "running") == (clock.running_since is not None)
                assert clock.state != "running" or clock.due_at is not None
                assert clock.state != "paused" or clock.due_at is None

    @invariant()
    def only_steps_of_the_present_generation_wait(self) -> None:
        with self.bench.world.database.reading() as session:
            stale = session.scalar(
                select(func.count(Timer.id))
                .join(Clock, Clock.id == Timer.clock_id)
                .where(
                    Clock.ticket_id == self.ticket,
                    Timer.fired_at.is_(None),
                    (Timer.generation != Clock.generation) | (Clock.state != "running"),
                )
            )
            assert stale == 0

    @invariant()
    def a_step_fires_at_most_once_in_a_generation_and_is_on_record_once(self) -> None:
        with self.bench.world.database.reading() as session:
            fired = session.execute(
                select(Timer.clock_id, Timer.step, Timer.generation)
                .join(Clock, Clock.id == Timer.clock_id)
                .where(Clock.ticket_id == self.ticket, Timer.fired_at.is_not(None))
            ).all()
            assert len(fired) == len(set(fired))
            said = session.scalar(
                select(func.count(Event.id)).where(Event.ticket_id == self.ticket, Event.kind == "StepFired")
            )
            assert (said or 0) >= len(fired)

    def teardown(self) -> None:
        """Leave the clocks alone: what waits now fires, each step exactly once."""
        if not hasattr(self, "ticket"):
            return
        with self.writing() as session:
            recompute.order_if_stale(session, policy=self.policy, now=self.now)
            while recompute.step(session, policy=self.policy, now=self.now, limit=50):
                pass
            waiting = self._steps(session, fired=False)
            before = self._steps(session, fired=True)
            while fire_due(session, now=END, limit=50, policy=self.policy):
                pass
            after = self._steps(session, fired=True)
            assert after - before == waiting
            assert not self._steps(session, fired=False)
            assert max((waiting + before).values(), default=1) == 1
            for clock in clocks.live(session, self.ticket, ClockKind):
                clocks.stop(session, [clock], policy=self.policy, now=END, cancelled=True)
            session.execute(update(Union).values(calendar="union_default"))

    def _steps(self, session: Session, *, fired: bool) -> Counter[tuple[int, str, int]]:
        there = Timer.fired_at.is_not(None) if fired else Timer.fired_at.is_(None)
        rows = session.execute(
            select(Timer.clock_id, Timer.step, Timer.generation)
            .join(Clock, Clock.id == Timer.clock_id)
            .where(Clock.ticket_id == self.ticket, there)
        )
        return Counter((row.clock_id, row.step, row.generation) for row in rows)


def test_whatever_happens_to_clocks_nothing_is_lost_and_nothing_fires_twice(database: Database) -> None:
    world = build_world(database)
    with database.writing() as session:
        session.execute(update(Union).values(calendar="union_default"))

    class OnThisEngine(Clocks):
        bench = Bench(world)

    run_state_machine_as_test(
        OnThisEngine,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
