"""A ticket brought to each station of its life, for tests that begin there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dispatch.database import Database
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command
from tests.builders import NOW, World, build_world, give, make_ticket

MORE_PEOPLE: Mapping[str, tuple[Role, str | None]] = {
    "duty-leader": (Role.DUTY_LEADER, None),
    "counsellor": (Role.COUNSELLOR, None),
    "lixia-leader": (Role.UNION_LEADER, "370102"),
    "qingdao-deputy": (Role.UNION_HANDLER, "3702"),
    "jinan-deputy": (Role.UNION_HANDLER, "3701"),
}


def people_world(database: Database) -> World:
    """Return the demonstration world with somebody for each post that a whole life needs."""
    world = build_world(database)
    with database.writing() as session:
        unions = dict(session.execute(select(Union.code, Union.id)).all())
        for name, (role, code) in MORE_PEOPLE.items():
            session.add(
                User(
                    name=name,
                    display_name=name,
                    password_hash="!",
                    role=role.value,
                    union_id=unions[code] if code else None,
                    skills=[],
                    created_at=NOW,
                )
            )
    return world


RESULT: dict[str, Any] = {
    "true_claim": True,
    "done": "已督促用人单位补发",
    "solved": "solved",
    "reply_text": "工资已补发",
}


def people(world: World, *names: str) -> dict[str, Any]:
    """Return who signs for: a handler and a deputy."""
    handler, deputy = names or ("lixia", "lixia-deputy")
    return {"handler_id": world.actor(handler).user_id, "deputy_id": world.actor(deputy).user_id}


def accepted(session: Session, world: World, *, now: datetime = NOW, **fields: Any) -> Ticket:
    """Return a ticket in the dispatcher's pool."""
    ticket = make_ticket(session, world, now=now, **fields)
    return give(session, world, "operator", ticket, Command.ACCEPT, now=now)


def dispatched(
    session: Session, world: World, *, to: str = "370102", now: datetime = NOW, **fields: Any
) -> Ticket:
    """Return a ticket that a union has not signed for."""
    ticket = accepted(session, world, now=now, **fields)
    return give(
        session,
        world,
        "supervisor",
        ticket,
        Command.DISPATCH,
        now=now,
        union_id=world.union(to),
        override_reason="测试指定",
    )


def signed(session: Session, world: World, *, now: datetime = NOW, **fields: Any) -> Ticket:
    """Return a ticket in Lixia's hands."""
    ticket = dispatched(session, world, now=now, **fields)
    return give(session, world, "lixia", ticket, Command.SIGN_FOR, now=now, **people(world))


def report(
    session: Session, world: World, ticket: Ticket, *, who: str = "lixia", now: datetime = NOW, **more: Any
) -> Ticket:
    """Report a solved case."""
    return give(session, world, who, ticket, Command.REPORT_RESULT, now=now, **{**RESULT, **more})


def pending_callback(session: Session, world: World, *, now: datetime = NOW, **more: Any) -> Ticket:
    """Return a ticket whose caller is to be asked."""
    ticket = report(session, world, signed(session, world, now=now), now=now, **more)
    return give(session, world, "dispatcher", ticket, Command.REVIEW, now=now, approved=True)
