"""Random commands, people and jumps of the clock on both engines: whatever is done, the record stays sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.clocks import live
from dispatch.commands import perform
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.clocks import Clock, Timer
from dispatch.models.tickets import CentreList, Handling, Ticket, TicketScope
from dispatch.models.unions import Union
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import (
    ENDED_STATES,
    OPEN_STATES,
    SIDE_CLOCKS,
    TRANSITIONS,
    ClockKind,
    Command,
    State,
    Transition,
)
from dispatch.timers import fire_due
from tests.builders import NOW, World, make_ticket
from tests.life import dispatched, people_world, signed

WHO: Final = (
    *("operator", "other-operator", "dispatcher", "callback", "supervisor", "duty-leader", "counsellor"),
    *("province", "jinan", "lixia", "lixia-leader", "shizhong", "qingdao"),
)
REFUSALS: Final = (Invalid, Missing, NotAllowed, NotFound, VersionConflict, WrongState)
STATES: Final = {(state, row.to_state or state) for row in TRANSITIONS for state in row.from_states}
LATE: Final = frozenset({State.REPORTED, State.PENDING_CALLBACK}) | ENDED_STATES
UNIONS: Final = ("37", "3701", "370102", "370103", "3702")


def _bodies(world: World) -> dict[str, list[Any]]:
    """Return what each field may be: mostly sensible, so that lives go somewhere."""
    unions = [world.union(code) for code in UNIONS]
    return {
        "leader_id": [world.actor("lixia-leader").user_id, world.actor("lixia").user_id],
        "union_id": [*unions, 10**6],
        "dual_dispatch": [[], [], *([union] for union in unions)],
        "reason_code": ["silent", "wrong_union", "caller_refuses", "nonsense"],
        "means": ["phone", "site_check"],
        "outcome": ["reached", "no_answer"],
        "solved": ["solved", "partly", "unsolved"],
        "satisfied": ["satisfied"],
        "procedure": ["arbitration_award", "lawsuit"],
        "letter_kind": ["reminder_letter", "opinion_letter", "recommendation_letter"],
        "petition_kind": [None, "suggestion", "claim", "report"],
        "article": [2, 6],
        "amount_state": [None, "promised", "paid"],
        "amount_cents": [100_00, 200_00],
        "difficulty": [None, "difficult"],
        "letter_id": [1, 2, 3],
        "linked": [[{"urgency": "P2", "wish": "后续"}]],
        "caller_told": [True],
        "knowledge_id": ["k1", "k1", "no-such-article"],
        **{
            name: [True, True, False]
            for name in ("approved", "reached", "upheld", "true_claim", "money_received")
        },
    }


SEEDS: Final = st.integers(0, 2**32 - 1)
DONE: Counter[tuple[str, str]] = Counter()
MAY: Final = frozenset(
    {"amount_state", "difficulty", "petition_kind", "dual_dispatch", "money_received", "linked"}
)
TEXTS: Final = (
    *("reason", "basis", "evidence", "text", "answer", "route_told", "missing", "reference"),
    *("done", "reply_text", "override_reason", "pending_note", "addressee"),
)


class Lives(RuleBasedStateMachine):
    """Three tickets at once; every rule may be refused, and a refusal must change nothing."""

    world: World
    actors: Mapping[str, Actor]
    fields: Mapping[str, list[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.steps = 0
        self.seen: dict[int, tuple[int, str]] = {}
        with self.world.database.writing() as session:
            made = [
                signed(session, self.world),
                dispatched(session, self.world, category="suggestion", to="3701"),
                make_ticket(session, self.world, actor="counsellor", category="crisis"),
            ]
            self.tickets = [(ticket.id, ticket.number) for ticket in made]

    @rule(seed=SEEDS, which=st.integers(0, 2))
    def somebody_does_what_could_be_done(self, seed: int, which: int) -> None:
        chance = self._chance(seed)
        with self.world.database.reading() as session:
            state = State(
                session.scalar(select(Ticket.state).where(Ticket.id == self.tickets[which][0])) or ""
            )
        rows = [row for row in TRANSITIONS if state in row.from_states and self._people_for(row)]
        if chance.random() < 0.9:
            # Lives that end at once teach little.
            rows = [row for row in rows if row.to_state not in ENDED_STATES or state in LATE] or rows
        onward = [row for row in rows if row.to_state is not None]
        for _ in range(6):
            row = chance.choice(onward if onward and chance.random() < 0.5 else rows or list(TRANSITIONS))
            if self._perform(chance, which, chance.choice(self._people_for(row) or WHO), row.command):
                return

    @rule(seed=SEEDS, which=st.integers(0, 2), who=st.sampled_from(WHO), command=st.sampled_from(Command))
    def somebody_does_anything(self, seed: int, which: int, who: str, command: Command) -> None:
        self._perform(self._chance(seed), which, who, command)

    def _chance(self, seed: int) -> Random:
        # Hypothesis likes to give the same number again; each step shall go its own way.
        self.steps += 1
        return Random(f"{seed} {self.steps}")

    def _people_for(self, row: Transition) -> list[str]:
        return [
            name
            for name in WHO
            if self.actors[name].role in row.roles
            or (Role.CO_HANDLER in row.roles and self.actors[name].of_union)
        ]

    def _perform(self, chance: Random, which: int, who: str, command: Command) -> bool:
        number, actor = self.tickets[which][1], self.actors[who]
        with self.world.database.reading() as session:
            version = session.scalar(select(Ticket.version).where(Ticket.number == number)) or 0
        wanted = {name for row in TRANSITIONS if row.command is command for name in row.must_carry} | MAY
        fields = {**self.fields, **dict.fromkeys(("handler_id", "deputy_id"), self._colleagues(actor))}
        body: dict[str, Any] = {name: chance.choice(fields[name]) for name in sorted(wanted & fields.keys())}
        days = chance.choice((1, 4, 30, -1))
        body |= dict.fromkeys(TEXTS, "说明")
        body |= {
            "at": self.now - timedelta(minutes=1),
            "due_at": self.now + timedelta(days=days),
            "payment_on": (self.now + timedelta(days=3)).date(),
            "paid_on": self.now.date(),
            "signed_on": date(2026, 11, 1),
            "parent_number": self.tickets[which - 1][1],
        }
        refused = None
        try:
            with self.world.database.writing() as session:
                perform(
                    session,
                    actor,
                    number,
                    command,
                    body,
                    version=version,
                    policy=self.world.policy,
                    now=self.now,
                )
        except REFUSALS as error:
            refused = error
        DONE[(command.value, type(refused).__name__ if refused else "")] += 1
        if refused is not None:
            with self.world.database.reading() as session:
                still = session.scalar(select(Ticket.version).where(Ticket.number == number))
            assert still == version, "a refusal changes nothing"
        return refused is None

    def _colleagues(self, actor: Actor) -> list[Any]:
        same = [each.user_id for each in self.actors.values() if each.union_id == actor.union_id]
        return [*same, *same, self.actors["qingdao"].user_id]

    @rule(hours=st.sampled_from((1, 9, 30, 24 * 8)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with self.world.database.writing("clock") as session:
            fire_due(session, now=self.now, limit=100, policy=self.world.policy)

    @invariant()
    def the_record_is_sound(self) -> None:
        with self.world.database.reading() as session:
            for ticket in session.scalars(select(Ticket).order_by(Ticket.id)).all():
                if ticket.id < self.tickets[0][0]:
                    continue
                self._moved_by_the_table(ticket)
                _is_sound(session, ticket, self.now)

    def _moved_by_the_table(self, ticket: Ticket) -> None:
        version, state = self.seen.get(ticket.id, (0, ticket.state))
        assert ticket.version >= version
        if state != ticket.state:
            assert ticket.version > version
            # What the machine does at once on top of a command makes two steps of one.
            steps = {after for before, after in STATES if before == State(state)}
            twice = {after for before, after in STATES if before in steps}
            assert State(ticket.state) in steps | twice, (state, ticket.state)
        if state in {each.value for each in ENDED_STATES} and state != ticket.state:
            assert (state, ticket.state) in {
                *((each.value, "archived") for each in ENDED_STATES),
                ("answered", "pending_dispatch"),
            }
        self.seen[ticket.id] = (ticket.version, ticket.state)


def _is_sound(session: Session, ticket: Ticket, now: datetime) -> None:
    running = live(session, ticket.id, ClockKind)
    if State(ticket.state) in OPEN_STATES:
        carrying = [
            each for each in running if ClockKind(each.kind) not in SIDE_CLOCKS - {ClockKind.FOLLOW_UP}
        ]
        assert carrying, f"{ticket.number} in {ticket.state} has no clock"
    else:
        assert running == [], f"{ticket.number} has ended in {ticket.state} with {[c.kind for c in running]}"
        assert ticket.closed_at is not None
        unfired = select(func.count(Timer.id)).join(Clock, Clock.id == Timer.clock_id)
        assert session.scalar(unfired.where(Clock.ticket_id == ticket.id, Timer.fired_at.is_(None))) == 0
    single = [
        (each.kind, each.handling_id) for each in running if ClockKind(each.kind) not in (ClockKind.LETTER,)
    ]
    assert len(single) == len(set(single)), f"a clock runs twice: {single}"
    turns = session.scalars(
        select(Handling).where(Handling.ticket_id == ticket.id, Handling.ended_at.is_(None))
    ).all()
    leads = [each for each in turns if each.role == "lead" and each.state != "assigned_down"]
    assert len(leads) <= 1
    assert len({(each.union_id, each.role) for each in turns if each.role == "co"}) == len(
        [each for each in turns if each.role == "co"]
    )
    bucket = session.scalar(select(CentreList.bucket).where(CentreList.ticket_id == ticket.id))
    assert bucket == ("open" if State(ticket.state) in OPEN_STATES else "closed")
    if State(ticket.state) in OPEN_STATES:
        scope = set(session.scalars(select(TicketScope.union_id).where(TicketScope.ticket_id == ticket.id)))
        expected: set[int] = set()
        for each in turns:
            expected |= set(session.get_one(Union, each.union_id).ancestor_ids())
        assert scope == expected
    assert list(verify_chain(session, ticket_stream(ticket.id))) == []
    assert now >= ticket.created_at


@pytest.mark.timeout(600)
def test_no_life_of_a_ticket_breaks_the_record(database: Database) -> None:
    made = people_world(database)

    class Here(Lives):
        world = made
        actors = {name: made.actor(name) for name in WHO}  # noqa: RUF012  # read only
        fields = _bodies(made)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=15,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            # Shrinking replays lives on a real database for minutes; the seeds of a failure are enough.
            phases=(Phase.explicit, Phase.generate),
        ),
    )
    print("TOTAL", sum(DONE.values()), sorted((k, v) for k, v in DONE.items() if not k[1]))
