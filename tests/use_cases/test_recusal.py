"""No rights-defence ticket is ever visible inside the employer's corporate group or to a tied person, whatever the path."""

from __future__ import annotations

import os
import random
import types
import typing
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent_console.api.command_schemas import BODIES
from dispatch.access import can_read, visible
from dispatch.actors import Actor
from dispatch.commands import buttons, perform
from dispatch.consent import record_consent
from dispatch.database import Database
from dispatch.errors import DispatchError, Invalid, NotAllowed
from dispatch.models.people import User
from dispatch.models.tickets import Ticket, TicketRecusal, TicketScope
from dispatch.models.unions import Employer, Union
from dispatch.notices import notices
from dispatch.queries import list_tickets
from dispatch.recommendations import ranked_unions
from dispatch.reference import employers as employers_shown
from dispatch.rules.roles import UNION_ROLES
from dispatch.rules.ticket_state import Command
from dispatch.tables import Sheet, import_sheet
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import CallerDetails, ToldEmployer, edit_ticket, open_ticket
from dispatch.timers import fire_due
from tests.builders import NOW, PHONE, WAGES, World, build_world, give, make_policy, make_ticket
from tests.use_cases.recusal_world import (
    BY,
    EMPLOYER_HEADER,
    UNION_HEADER,
    Plan,
    actors,
    forbidden,
    furnish,
    plans,
    union_line,
    uscc_of,
)

POLICY = make_policy()
FIELDS = {name: field for body in BODIES.values() for name, field in body.model_fields.items()}
"""Everything that any command may carry."""
SECRET_WORD = "独一无二的诉求"
CATEGORIES = ("wage_arrears", "wage_arrears", "unlawful_dismissal", "hardship_registration")
ENDINGS = frozenset(
    {Command.VOID, Command.DIRECT_ANSWER, Command.DECLINE, Command.WITHDRAW, Command.MERGE, Command.TERMINATE}
)
"""Given now and then: most walks should be long."""
STEPS = 40
WALKS = int(os.environ.get("HOTLINE_RECUSAL_WALKS", "12"))
"""On each engine; a night's run may take thousands."""
REACHED: Counter[str] = Counter()
"""What the walks of this run did: a property that nothing happened under would prove nothing."""


class Walk:
    """One example: a ticket, and whatever anyone may do to it, in random order."""

    def __init__(self, session: Session, plan: Plan, seed: int) -> None:
        self.session, self.plan, self.random = session, plan, random.Random(seed)
        self.now = NOW
        furnish(session, plan)
        self.actors = actors(session)
        self.unions = list(session.scalars(select(Union.id).order_by(Union.id)))
        self.employers = list(session.scalars(select(Employer.id).order_by(Employer.id)))
        self.union_people = [actor for actor in self.actors.values() if actor.role in UNION_ROLES]
        self.done: list[str] = []

    def open(self) -> None:
        opener = self.random.choice(
            [self.actors["operator"], self.actors["operator"], *self.union_people[:2]]
        )
        told = (
            *(ToldEmployer(employer_id=each) for each in self._some(self.employers)),
            ToldEmployer(name="某厂"),
        )
        categories = [code for code in CATEGORIES if code in POLICY.catalogue.categories]
        fields = {**WAGES, "category": self.random.choice(categories), "text": SECRET_WORD}
        fields["region_code"] = self.random.choice(("370101001", "370201001", "370102002"))
        open_ticket(
            self.session,
            opener,
            channel="phone",
            policy=POLICY,
            now=self.now,
            fields=fields,
            caller=CallerDetails(name="测试诉求人", phone=PHONE),
            employers=told,
        )
        self.done.append("open")

    def step(self) -> None:
        """Do something, of any kind; what is refused changes nothing."""
        kinds = [self.command] * 14 + [self.move, self.learn] * 2
        kinds += [self.edit, self.consent, self.pass_time, self.tie, self.route]
        act = self.random.choice(kinds)
        with self.session.no_autoflush:
            saved = self.session.begin_nested()
            try:
                act()
                self.session.flush()
            except DispatchError as refusal:
                saved.rollback()
                self.done.append(f"{act.__name__} refused: {refusal}")
            else:
                saved.commit()

    def command(self) -> None:
        """Give a command that the state table offers to somebody; now and then one that it does not."""
        ticket = self._ticket()
        actor = self.random.choice([*self.actors.values(), *self._likely(ticket)])
        offered = [
            button.command
            for button in buttons(self.session, actor, ticket, policy=POLICY, now=self.now)
            if button.why_not is None
        ]
        if Command.SIGN_FOR in offered and self.random.random() < 0.7:
            offered = [Command.SIGN_FOR]
        going_on = [command for command in offered if command not in ENDINGS]
        command = self.random.choice(going_on or offered or list(Command))
        if self.random.random() < 0.05:
            command = self.random.choice(list(Command))
        data = {name: self._value(name, actor) for name in FIELDS if name != "version"}
        # Wherever it may not go it should be tried, and then somewhere else, or no walk would get far.
        for union in self.random.sample(self.unions, len(self.unions)):
            tried = self.session.begin_nested()
            try:
                perform(
                    self.session, actor, ticket.number, command, {**data, "union_id": union},
                    version=ticket.version, policy=POLICY, now=self.now,
                )  # fmt: skip
            except (Invalid, NotAllowed):
                tried.rollback()
            else:
                tried.commit()
                self.done.append(f"{command.value} by {actor.name}")
                return

    def edit(self) -> None:
        ticket = self._ticket()
        told = (
            *(ToldEmployer(employer_id=each) for each in self._some(self.employers)),
            ToldEmployer(name="某厂"),
        )
        accused = self._some(self.unions) if self.random.random() < 0.2 else []
        persons = [person.user_id or 0 for person in self.actors.values() if person.name != "supervisor"]
        accused_persons = self._some(persons) if self.random.random() < 0.3 else []
        fields: dict[str, Any] = {"accused_union_ids": accused, "accused_user_ids": accused_persons}
        if self.random.random() < 0.2:
            fields["category"] = self.random.choice(("wage_arrears", "hardship_registration"))
        edit_ticket(
            self.session, self.actors["supervisor"], ticket.number,
            version=ticket.version, policy=POLICY, now=self.now, fields=fields, employers=told,
        )  # fmt: skip
        self.done.append("edit")

    def consent(self) -> None:
        ticket = self._ticket()
        record_consent(
            self.session, self.random.choice([self.actors["supervisor"], self.union_people[0]]), ticket.number,
            waives=self.random.random() < 0.2, means="recording", words="可以", version=ticket.version,
            now=self.now,
        )  # fmt: skip
        self.done.append("consent")

    def pass_time(self) -> None:
        self.now += timedelta(hours=self.random.choice((1, 9, 40)))
        while fire_due(self.session, now=self.now, limit=50, policy=POLICY):
            pass
        self.done.append("time passes")

    def move(self) -> None:
        """Hang a union elsewhere, or put it into another corporate group: mostly one that sees a ticket now."""
        near = self._near()
        union = self.random.choice(
            [each for each in self.plan.unions[1:] if f"U{each.id}" in near] or self.plan.unions[1:]
        )
        parent = self.session.get_one(Union, self.random.choice(self.unions)).code
        line = union_line(union, parent=parent, group=self.random.choice(("", "G1", "G1", "G2")))
        import_sheet(self.session, Sheet.UNIONS, f"{UNION_HEADER}\n{line}\n".encode(), by=BY, now=self.now)
        self.done.append(f"move {union.code}")

    def learn(self) -> None:
        """Learn which union an employer has, to which group it belongs, or whose branch it is."""
        place = self.random.randrange(len(self.employers))
        head = uscc_of(self.random.randrange(place)) if place and self.random.random() < 0.6 else ""
        union = self.random.choice(["", *self._near(), *self._near()])
        group = self.random.choice(("", "", "G1", "G2"))
        line = f"单位{place},{uscc_of(place)},370101001,{union},{group},,{head}"
        import_sheet(
            self.session, Sheet.EMPLOYERS, f"{EMPLOYER_HEADER}\n{line}\n".encode(), by=BY, now=self.now
        )
        self.done.append(f"learn {line}")

    def _near(self) -> list[str]:
        """Return the codes of the unions that see a ticket now: what is learned about them matters most."""
        scoped = select(Union.code).join(TicketScope, TicketScope.union_id == Union.id)
        return sorted(set(self.session.scalars(scoped)))

    def tie(self) -> None:
        employer = self.session.get_one(Employer, self.random.choice(self.employers))
        person = self.random.choice(self.union_people).name
        text = f"employer_uscc,user,reason\n{employer.uscc},{person},亲属\n"
        import_sheet(self.session, Sheet.EMPLOYER_TIES, text.encode(), by=BY, now=self.now)
        self.done.append(f"tie {person}")

    def route(self) -> None:
        """What is recommended is never recused."""
        ticket = self._ticket()
        ranking = ranked_unions(
            self.session, self.actors["supervisor"], ticket.number, policy=POLICY, now=self.now
        )
        unions, _ = forbidden(self.session, ticket)
        assert not unions & {each.union_id for each in ranking.recommendations}, self.done
        assert not unions & {each.union_id for each in ranking.proposals}, self.done

    def check(self, *, doors: bool = False) -> None:
        """Hold the lists against the account; with `doors` ask every door what it shows to whom it must not."""
        for ticket in self.session.scalars(select(Ticket)).all():
            unions, persons = forbidden(self.session, ticket)
            listed = set(
                self.session.scalars(select(TicketScope.union_id).where(TicketScope.ticket_id == ticket.id))
            )
            assert not unions & listed, "|".join(self.done)
            barred = select(TicketRecusal.user_id).where(TicketRecusal.ticket_id == ticket.id)
            assert persons <= set(self.session.scalars(barred)), self.done
            for actor in self.actors.values() if doors else ():
                if actor.union_id in unions or actor.user_id in persons:
                    self._sees_nothing(actor, ticket)

    def _sees_nothing(self, actor: Actor, ticket: Ticket) -> None:
        session = self.session
        assert not can_read(session, actor, ticket.id), (actor, self.done)
        assert ticket.id not in set(session.scalars(select(Ticket.id).where(visible(actor)))), self.done
        for bucket in ("open", "closed"):
            wanted = TicketFilter(bucket=bucket)
            page = list_tickets(session, actor, wanted, policy=POLICY, now=self.now, limit=50)
            assert ticket.number not in {line.number for line in page.items}, (actor, self.done)
        found = list_tickets(
            session, actor, TicketFilter(q=SECRET_WORD), policy=POLICY, now=self.now, limit=50
        )
        assert ticket.number not in {line.number for line in found.items}, (actor, self.done)
        seen = set(session.scalars(select(Ticket.id).where(visible(actor))))
        if not seen:
            assert all(each.open_tickets == 0 for each in employers_shown(session, actor)), self.done
        for notice in notices(session, actor, limit=200):
            assert notice.ticket_number != ticket.number, (actor, notice, self.done)

    def _ticket(self) -> Ticket:
        tickets = self.session.scalars(select(Ticket).order_by(Ticket.id)).all()
        return self.random.choice(tickets)

    def _likely(self, ticket: Ticket) -> list[Actor]:
        """Return the people in whose hands the ticket is: else most commands would be refused."""
        near = ticket.origin_union_id if ticket.state == "draft" else ticket.lead_union_id
        lead = [each for each in self.union_people if each.union_id == near]
        return [
            *lead * 6,
            *[self.actors["supervisor"], self.actors["dispatcher"], self.actors["operator"]] * 3,
        ]

    def _some(self, values: list[int]) -> list[int]:
        return self.random.sample(values, self.random.randint(0, min(2, len(values))))

    def _value(self, name: str, actor: Actor) -> Any:
        """Make up a value of the field's own type, so that new commands and fields are tried as they come."""
        if name in ("at", "due_at"):
            return self.now + timedelta(days=2 if name == "due_at" else 0)
        if name in ("handler_id", "deputy_id"):
            people = [each.user_id for each in self.union_people if each.union_id == actor.union_id]
            return self.random.choice(people) if people else None
        return self._of_type(FIELDS[name].annotation)

    def _of_type(self, kind: Any) -> Any:
        if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
            kinds = [each for each in typing.get_args(kind) if each is not type(None)]
            return self._of_type(kinds[0])
        origin = typing.get_origin(kind)
        if origin is typing.Annotated:
            return self._of_type(typing.get_args(kind)[0])
        if origin is typing.Literal:
            return self.random.choice(typing.get_args(kind))
        if origin in (list, tuple, dict):
            return None
        plain = {
            bool: self.random.random() < 0.7,
            int: self.random.choice(self.unions),
            datetime: self.now + timedelta(days=1) if self.random.random() < 0.5 else self.now,
            date: (self.now + timedelta(days=10)).date(),
            str: "说明",
        }
        return plain.get(kind)


@settings(
    max_examples=WALKS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # A walk is a seed: a smaller one is another walk, not a simpler one.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)  # fmt: skip
@given(plans(), st.integers(0, 2**32))
def test_no_path_leads_a_rights_ticket_into_the_employers_group_or_to_a_tied_person(
    database: Database, plan: Plan, seed: int
) -> None:
    # Every example begins in an empty database: nothing of it is ever committed.
    with database.writing() as session:
        walk = Walk(session, plan, seed)
        for _ in range(2):
            walk.open()
        walk.check(doors=True)
        for _ in range(STEPS):
            walk.step()
            walk.check()
        walk.check(doors=True)
        print(sorted(REACHED.items()))
        REACHED.update(name.split(" ")[0] for name in walk.done if "refused" not in name)
        session.rollback()
        session.expunge_all()


def test_the_walks_went_everywhere() -> None:
    if not REACHED:
        pytest.skip("no walk was taken in this run")
    for each in ("accept", "dispatch", "sign_for", "edit", "consent", "move", "learn", "tie", "time"):
        assert REACHED[each], REACHED


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


def test_a_consent_that_is_recorded_opens_the_ticket_and_one_that_is_withdrawn_shuts_it(world: World) -> None:
    employer = world.employer()
    with world.database.writing() as session:
        own = session.scalars(select(Employer.union_id).where(Employer.id == employer)).one()
        handler = User(
            name="own", display_name="本单位工会", password_hash="!", role="union_handler", union_id=own, created_at=NOW
        )  # fmt: skip
        session.add(handler)
        ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=employer),))
        give(session, world, "operator", ticket, Command.ACCEPT)
        actor = actors(session)["own"]
        to_own: dict[str, Any] = {"union_id": own, "override_reason": "诉求人要求"}
        with pytest.raises(NotAllowed, match="回避"):
            give(session, world, "dispatcher", ticket, Command.DISPATCH, **to_own)
        ask: dict[str, Any] = {"means": "recording", "words": "我同意厂工会知道", "now": NOW}
        record_consent(
            session, world.actor("operator"), ticket.number, waives=True, version=ticket.version, **ask
        )
        give(session, world, "dispatcher", ticket, Command.DISPATCH, **to_own)
        assert can_read(session, actor, ticket.id)
        with pytest.raises(NotAllowed):
            record_consent(session, actor, ticket.number, waives=True, version=ticket.version, **ask)
        ask["words"] = "我不同意了"
        record_consent(
            session, world.actor("supervisor"), ticket.number, waives=False, version=ticket.version, **ask
        )
        assert not can_read(session, actor, ticket.id)
        # Somebody must give the ticket to another union now.
        told = {notice.text for notice in notices(session, world.actor("dispatcher"))}
        assert any("须回避" in text and ticket.number in text for text in told)


def test_a_branch_that_is_learned_of_later_takes_the_ticket_out_of_its_unions_sight(world: World) -> None:
    employer, lixia = world.employer(), world.union("370102")
    with world.database.writing() as session:
        ticket = make_ticket(session, world, employers=(ToldEmployer(employer_id=employer),))
        give(session, world, "operator", ticket, Command.ACCEPT)
        give(session, world, "dispatcher", ticket, Command.DISPATCH, union_id=lixia)
        handler = world.actor("lixia")
        assert can_read(session, handler, ticket.id)
        head = session.scalars(select(Employer.uscc).where(Employer.id == employer)).one()
        line = f"分公司,{uscc_of(7)},370102001,370102,,,{head}"
        import_sheet(session, Sheet.EMPLOYERS, f"{EMPLOYER_HEADER}\n{line}\n".encode(), by=BY, now=NOW)
        assert not can_read(session, handler, ticket.id)
