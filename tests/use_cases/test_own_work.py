"""Within a union: whoever has signed for a ticket works on it, his deputy and their leader, and no other colleague."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.commands import buttons, perform
from dispatch.database import Database
from dispatch.errors import NotAllowed
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket


@pytest.fixture
def world(database: Database) -> World:
    return build_world(database)


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.database.writing() as opened:
        yield opened


def colleague(session: Session, world: World, role: Role) -> Actor:
    union = world.union("370102")
    user = User(
        name=f"third-{role}",
        display_name=f"third-{role}",
        password_hash="!",
        role=role.value,
        union_id=union,
        skills=[],
        created_at=NOW,
    )
    session.add(user)
    session.flush()
    return Actor(role, user.id, union, user.name, NOW)


def note(session: Session, world: World, actor: Actor, ticket: Ticket) -> None:
    perform(
        session,
        actor,
        ticket.number,
        Command.ADD_PROGRESS,
        {"text": "已联系单位"},
        version=ticket.version,
        policy=world.policy,
        now=NOW,
    )


def test_a_signed_ticket_is_worked_on_by_its_people_alone(session: Session, world: World) -> None:
    ticket = make_ticket(session, world)
    give(session, world, "operator", ticket, Command.ACCEPT)
    lixia = world.union("370102")
    give(session, world, "operator", ticket, Command.DISPATCH, union_id=lixia, override_reason="测试")
    handler, deputy = world.actor("lixia"), world.actor("lixia-deputy")
    third, leader = (colleague(session, world, role) for role in (Role.UNION_HANDLER, Role.UNION_LEADER))
    give(
        session,
        world,
        "lixia-deputy",
        ticket,
        Command.SIGN_FOR,
        handler_id=handler.user_id,
        deputy_id=deputy.user_id,
    )
    with pytest.raises(NotAllowed, match="经办人"):
        note(session, world, third, ticket)
    shown = buttons(session, third, ticket, policy=world.policy, now=NOW)
    assert all(button.why_not for button in shown if button.command is Command.ADD_PROGRESS)
    for actor in (handler, deputy, leader):
        note(session, world, actor, ticket)
