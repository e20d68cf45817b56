"""Sealed tickets: for named people only, captured and then closed, opened for an hour where others hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dispatch.access import can, can_read
from dispatch.actors import Actor
from dispatch.audit import verify
from dispatch.database import Database
from dispatch.errors import Invalid, Missing, NotAllowed, NotFound
from dispatch.identity import reveal
from dispatch.models.history import Event, Notice
from dispatch.models.people import User
from dispatch.models.tickets import SealedAccess, Ticket, TicketRecusal
from dispatch.notices import notices
from dispatch.queries import list_tickets
from dispatch.rules.permissions import Action
from dispatch.rules.roles import UNION_ROLES, Role
from dispatch.rules.ticket_state import Command
from dispatch.seals import OPEN_FOR, SEAL_BROKEN, break_seal, name_reader
from dispatch.ticket_filters import TicketFilter
from dispatch.ticket_views import KEPT_BACK, ticket_detail
from tests.builders import NOW, PHONE, World, build_world, give, make_ticket

STORY = "主管对我言语骚扰"
LATER = NOW + OPEN_FOR


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def person(session: Session, role: Role, *, at: datetime = NOW, union: int | None = None) -> Actor:
    name = f"{role}-{session.scalar(select(func.count()).select_from(User))}"
    user = User(
        name=name,
        display_name=name,
        password_hash="!",
        role=role.value,
        union_id=union,
        skills=[],
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return Actor(role, user.id, union, name, at)


def sealed(session: Session, world: World, *, accepted: bool = True, **fields: Any) -> Ticket:
    ticket = make_ticket(session, world, category="sexual_harassment", text=STORY, wish=STORY, **fields)
    assert ticket.sealed
    return give(session, world, "operator", ticket, Command.ACCEPT) if accepted else ticket


def shown(session: Session, world: World, actor: Actor, ticket: Ticket) -> str:
    return ticket_detail(session, actor, ticket.number, policy=world.policy, now=NOW).text


def events(session: Session, kind: str) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.id)))


@pytest.mark.parametrize("role", sorted(Role))
def test_an_accepted_sealed_ticket_is_read_by_no_role_that_nobody_named(
    session: Session, world: World, role: Role
) -> None:
    ticket = sealed(session, world)
    union = world.union("37") if role in UNION_ROLES else None
    actor = person(session, role, union=union)
    knows = role in (Role.AUDITOR, Role.SYSTEM)
    assert can_read(session, actor, ticket.id) == knows
    if role is Role.AUDITOR:
        assert shown(session, world, actor, ticket) == KEPT_BACK
        with pytest.raises(NotAllowed):
            reveal(session, actor, ticket.number, reason="想看看", now=NOW)


def test_the_operator_writes_the_name_down_and_never_reads_it_back(session: Session, world: World) -> None:
    ticket = sealed(session, world, accepted=False)
    operator = world.actor("operator")
    assert can(session, operator, Action.TICKET_EDIT, ticket)
    with pytest.raises(NotAllowed):
        reveal(session, operator, ticket.number, reason="核对", now=NOW)
    assert not can_read(session, world.actor("other-operator"), ticket.id)


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.DUTY_LEADER, Role.AUDITOR])
def test_a_broken_seal_shows_the_story_for_an_hour_and_leaves_a_trace(
    session: Session, world: World, role: Role
) -> None:
    ticket = sealed(session, world)
    actor = person(session, role)
    until = break_seal(session, actor, ticket.number, reason="家属报警，须核实", now=NOW)
    assert until == LATER
    assert shown(session, world, actor, ticket) == STORY
    assert reveal(session, actor, ticket.number, reason="通知家属", now=NOW).phone == PHONE
    (opened,) = events(session, "SealedOpened")
    assert (opened.actor_id, opened.ticket_id) == (actor.user_id, ticket.id)
    assert opened.personal == {"reason": "家属报警，须核实"}
    assert opened.payload == {"until": LATER.isoformat()}
    assert len(events(session, "IdentityRevealed")) == 1
    assert list(verify(session)) == []
    # To the last moment, and not a moment longer.
    assert can(session, replace(actor, at=LATER - timedelta(microseconds=1)), Action.IDENTITY_REVEAL, ticket)
    late = replace(actor, at=LATER)
    assert not can(session, late, Action.IDENTITY_REVEAL, ticket)
    assert can_read(session, late, ticket.id) == (role is Role.AUDITOR)
    if role is Role.AUDITOR:
        assert shown(session, world, late, ticket) == KEPT_BACK
    else:
        with pytest.raises(NotFound):
            shown(session, world, late, ticket)
    # Whoever says not when he asks is not let in.
    assert not can(session, replace(actor, at=None), Action.IDENTITY_REVEAL, ticket)


@pytest.mark.parametrize(
    "role", sorted(set(Role) - {Role.SUPERVISOR, Role.DUTY_LEADER, Role.AUDITOR, Role.SYSTEM, Role.CALLER})
)
def test_nobody_else_breaks_a_seal(session: Session, world: World, role: Role) -> None:
    ticket = sealed(session, world)
    actor = person(session, role, union=world.union("37") if role in UNION_ROLES else None)
    with pytest.raises(NotAllowed, match="启封"):
        break_seal(session, actor, ticket.number, reason="想知道是谁", now=NOW)
    assert events(session, "SealedOpened") == []
    assert session.scalars(select(SealedAccess)).all() == []


def test_a_seal_is_not_broken_without_a_reason_nor_where_there_is_none(
    session: Session, world: World
) -> None:
    ticket, plain = sealed(session, world), make_ticket(session, world)
    actor = person(session, Role.SUPERVISOR)
    with pytest.raises(Missing, match="reason"):
        break_seal(session, actor, ticket.number, reason="  ", now=NOW)
    with pytest.raises(Invalid):
        break_seal(session, actor, plain.number, reason="看看是什么", now=NOW)
    with pytest.raises(NotFound):
        break_seal(session, actor, "37-20261123-999999-0", reason="看看是什么", now=NOW)
    assert not can_read(session, actor, ticket.id)


def test_whoever_is_tied_to_the_employer_does_not_learn_that_there_is_a_seal(
    session: Session, world: World
) -> None:
    ticket = sealed(session, world)
    actor = person(session, Role.SUPERVISOR)
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=actor.user_id, reason="亲属"))
    with pytest.raises(NotFound):
        break_seal(session, actor, ticket.number, reason="家属报警，须核实", now=NOW)


def heard(session: Session, actor: Actor) -> list[str]:
    return [each.text for each in notices(session, actor) if each.kind == SEAL_BROKEN]


def test_another_leader_and_every_auditor_hear_of_a_broken_seal(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    actor = person(session, Role.SUPERVISOR)
    leader, auditor = person(session, Role.DUTY_LEADER), person(session, Role.AUDITOR)
    break_seal(session, actor, ticket.number, reason="家属报警，须核实", now=NOW)
    told = f"{ticket.number} 密件由值班长{actor.name}启封查看"
    assert heard(session, leader) == heard(session, auditor) == [told]
    assert heard(session, actor) == heard(session, world.actor("operator")) == []
    assert not can_read(session, leader, ticket.id), "to hear of it is not to see it"
    assert "家属" not in told
    break_seal(session, leader, ticket.number, reason="复核启封", now=NOW)
    assert len(heard(session, actor)) == 1, "and the other way about"


def test_a_lone_leader_is_heard_of_by_the_supervisors(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    leader = person(session, Role.DUTY_LEADER)
    break_seal(session, leader, ticket.number, reason="家属报警，须核实", now=NOW)
    assert len(heard(session, world.actor("supervisor"))) == 1


def test_breaking_again_opens_anew_and_is_written_down_again(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    actor = person(session, Role.DUTY_LEADER)
    break_seal(session, actor, ticket.number, reason="家属报警，须核实", now=NOW)
    again = break_seal(session, replace(actor, at=LATER), ticket.number, reason="继续核实", now=LATER)
    assert again == LATER + OPEN_FOR
    assert [each.personal for each in events(session, "SealedOpened")] == [
        {"reason": "家属报警，须核实"},
        {"reason": "继续核实"},
    ]
    assert session.scalars(select(SealedAccess.reason)).all() == ["继续核实"]


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.LAWYER, Role.SUPERVISOR, Role.DUTY_LEADER])
def test_a_named_person_reads_from_then_on_and_is_told(session: Session, world: World, role: Role) -> None:
    ticket = sealed(session, world)
    leader, named = person(session, Role.DUTY_LEADER), person(session, role)
    with pytest.raises(NotFound):
        name_reader(session, leader, ticket.number, named.user_id or 0, reason="值班", now=NOW)
    break_seal(session, leader, ticket.number, reason="指定办理人", now=NOW)
    name_reader(session, leader, ticket.number, named.user_id or 0, reason="值班", now=NOW)
    for moment in (None, NOW, NOW + timedelta(days=400)):
        at = replace(named, at=moment)
        assert shown(session, world, at, ticket) == STORY
        assert can(session, at, Action.IDENTITY_REVEAL, ticket)
    assert "sealed_assigned" in [each.kind for each in notices(session, named)]
    (event,) = events(session, "SealedAssigned")
    assert event.payload == {"person": named.name, "user_id": named.user_id}


def test_only_certain_people_can_be_named_and_only_by_whoever_reads(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    leader = person(session, Role.DUTY_LEADER)
    break_seal(session, leader, ticket.number, reason="指定办理人", now=NOW)
    for role in (
        Role.OPERATOR,
        Role.DISPATCHER,
        Role.INSPECTOR,
        Role.ADMINISTRATOR,
        Role.UNION_ADMINISTRATOR,
    ):
        other = person(session, role)
        with pytest.raises(Invalid, match="user_id"):
            name_reader(session, leader, ticket.number, other.user_id or 0, reason="值班", now=NOW)
    tied = person(session, Role.COUNSELLOR)
    session.add(TicketRecusal(ticket_id=ticket.id, user_id=tied.user_id, reason="亲属"))
    session.flush()
    with pytest.raises(Invalid, match="user_id"):
        name_reader(session, leader, ticket.number, tied.user_id or 0, reason="值班", now=NOW)
    counsellor = person(session, Role.COUNSELLOR)
    with pytest.raises(NotFound):
        name_reader(session, counsellor, ticket.number, counsellor.user_id or 0, reason="值班", now=NOW)
    plain = make_ticket(session, world)
    with pytest.raises(NotAllowed):
        name_reader(session, leader, plain.number, tied.user_id or 0, reason="值班", now=NOW)


def test_to_be_named_for_good_is_not_lost_by_breaking_the_seal(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    leader = person(session, Role.DUTY_LEADER)
    session.add(SealedAccess(ticket_id=ticket.id, user_id=leader.user_id, at=NOW, reason="指定", until=None))
    session.flush()
    break_seal(session, leader, ticket.number, reason="再看一次", now=NOW)
    assert can_read(session, replace(leader, at=NOW + timedelta(days=30)), ticket.id)


def test_of_a_union_only_the_named_know_of_a_sealed_ticket(session: Session, world: World) -> None:
    ticket = sealed(session, world)
    leader = person(session, Role.SUPERVISOR)
    break_seal(session, leader, ticket.number, reason="派单", now=NOW)
    session.execute(delete(Notice))
    lixia = world.union("370102")
    give_as(session, world, leader, ticket, Command.DISPATCH, union_id=lixia, override_reason="指定")
    for who in ("lixia", "lixia-deputy", "jinan", "province"):
        assert not can_read(session, world.actor(who), ticket.id), who
        page = list_tickets(session, world.actor(who), TicketFilter(), policy=world.policy, now=NOW)
        assert page.items == []
    handler = world.actor("lixia")
    name_reader(session, leader, ticket.number, handler.user_id or 0, reason="女工委员", now=NOW)
    assert shown(session, world, handler, ticket) == STORY
    assert not can_read(session, world.actor("lixia-deputy"), ticket.id)
    # Named is not yet trusted with the name: that takes the caller's consent.
    assert can(session, handler, Action.IDENTITY_REVEAL, ticket) == (ticket.disclosure == "union")
    ticket.disclosure = "none"
    assert not can(session, handler, Action.IDENTITY_REVEAL, ticket)
    outside = world.actor("qingdao")
    name_reader(session, leader, ticket.number, outside.user_id or 0, reason="误指定", now=NOW)
    assert not can_read(session, outside, ticket.id), "naming does not carry a ticket to another union"


def give_as(
    session: Session, world: World, actor: Actor, ticket: Ticket, command: Command, **data: Any
) -> Ticket:
    from dispatch.commands import perform

    return perform(
        session,
        actor,
        ticket.number,
        command,
        data,
        version=ticket.version,
        policy=world.policy,
        now=NOW,
    )
