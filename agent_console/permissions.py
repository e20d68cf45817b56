"""Which role may go through which door: each route names its action here, and none is without one.

A door says that a role may do something somewhere. Whether an actor may do it to this ticket or call is asked
of the thing itself (`dispatch.access`, the state table); see docs/quality.md, "who may do what".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from fastapi import Depends, Request

from agent_console import auth
from agent_console.auth import COOKIE, RENEW_AFTER, SignedIn
from agent_console.console import Console, console_of
from dispatch.actors import Actor
from dispatch.database import ReadingSession, WritingSession
from dispatch.errors import NotAllowed
from dispatch.rules.roles import ACCOUNT_ROLES, Role
from dispatch.unit_of_work import unit_of_work
from hotline.errors import NotSignedIn
from hotline.services import Services


class Action(StrEnum):
    """What a route does, as permissions name it."""

    SESSION = "session"
    REFERENCE_READ = "reference.read"
    TICKET_READ = "ticket.read"
    TICKET_OPEN = "ticket.open"
    TICKET_EDIT = "ticket.edit"
    TICKET_COMMAND = "ticket.command"
    TICKET_ROUTE = "ticket.route"
    IDENTITY_REVEAL = "identity.reveal"
    CALLBACK_READ = "callback.read"
    CALL_READ = "call.read"
    CALL_CONTROL = "call.control"
    RECORDING_PLAY = "recording.play"
    SEAT = "seat"
    LINE_READ = "line.read"
    RETURN_CALL_READ = "return_call.read"
    RETURN_CALL_MAKE = "return_call.make"
    PROTECT = "protect"
    """Blocking numbers and announcing incidents."""
    SATISFACTION_READ = "satisfaction.read"


_DESK = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER})
_SPECIALISTS = frozenset({Role.COUNSELLOR, Role.LAWYER})
_SEATS = _DESK | _SPECIALISTS | {Role.CALLBACK_OPERATOR}
_HANDLERS = frozenset({Role.UNION_HANDLER, Role.UNION_LEADER})
_READERS = _SEATS | _HANDLERS | {Role.DISPATCHER, Role.INSPECTOR, Role.AUDITOR}

ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    Action.SESSION: ACCOUNT_ROLES,
    Action.REFERENCE_READ: ACCOUNT_ROLES - {Role.PARTNER},
    Action.TICKET_READ: _READERS,
    Action.TICKET_OPEN: _DESK | _SPECIALISTS | _HANDLERS,
    Action.TICKET_EDIT: _DESK | _SPECIALISTS | _HANDLERS | {Role.DISPATCHER},
    Action.TICKET_COMMAND: _READERS - {Role.AUDITOR, Role.INSPECTOR},
    Action.TICKET_ROUTE: _DESK | _SPECIALISTS | {Role.DISPATCHER},
    Action.IDENTITY_REVEAL: _SEATS | _HANDLERS,
    Action.CALLBACK_READ: frozenset({Role.CALLBACK_OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER}),
    Action.CALL_READ: _SEATS | {Role.INSPECTOR, Role.AUDITOR},
    Action.CALL_CONTROL: _SEATS,
    Action.RECORDING_PLAY: _DESK | _SPECIALISTS,
    Action.SEAT: _SEATS,
    Action.LINE_READ: _SEATS | {Role.DISPATCHER},
    Action.RETURN_CALL_READ: _DESK | {Role.CALLBACK_OPERATOR, Role.AUDITOR},
    Action.RETURN_CALL_MAKE: _DESK | {Role.CALLBACK_OPERATOR},
    Action.PROTECT: frozenset({Role.SUPERVISOR, Role.DUTY_LEADER}),
    Action.SATISFACTION_READ: frozenset({Role.SUPERVISOR, Role.DUTY_LEADER, Role.INSPECTOR, Role.AUDITOR}),
}
"""docs/quality.md's table as far as these screens go; union administrators read reference data only."""


def actions_of(role: Role) -> tuple[Action, ...]:
    """Return the doors that open for a role."""
    return tuple(action for action in Action if role in ALLOWED[action])


@dataclass(frozen=True, slots=True)
class Visit:
    """One authorised request: who, when, and the way to a transaction."""

    console: Console
    signed_in: SignedIn
    now: datetime

    @property
    def services(self) -> Services:
        return self.console.services

    @property
    def actor(self) -> Actor:
        return self.signed_in.actor

    @contextmanager
    def reading(self) -> Iterator[ReadingSession]:
        """Open a transaction that only reads."""
        with self.services.database.reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[WritingSession]:
        """Open the one transaction of a command; its facts are published after it is committed."""
        services = self.services
        with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
            yield session


@dataclass(frozen=True, slots=True)
class Door:
    """The dependency by which a route names its action."""

    action: Action

    def __call__(self, request: Request) -> Visit:
        """Return the visit; raises NotSignedIn, or NotAllowed where the role has no such door."""
        console = console_of(request)
        services = console.services
        now = services.now()
        token = request.cookies.get(COOKIE)
        if not token:
            raise NotSignedIn
        with services.database.reading() as session:
            signed_in = auth.find_session(session, token, now=now)
        if signed_in is None:
            raise NotSignedIn
        if now - signed_in.last_seen_at >= RENEW_AFTER:
            with services.database.writing() as session:
                auth.renew(session, signed_in, now=now)
        role = signed_in.actor.role
        if role not in ALLOWED[self.action]:
            raise NotAllowed(self.action.value, f"“{role.label}”没有这项权限")
        return Visit(console, signed_in, now)


@dataclass(frozen=True, slots=True)
class Open:
    """The dependency of a route that anyone may call; `why` is read by whoever reviews the doors."""

    why: str

    async def __call__(self) -> None:
        """Let everyone in."""


def requires(action: Action) -> Any:
    """Return the parameter default-marker by which an endpoint takes its `Visit`."""
    return Depends(Door(action))


def open_to_all(why: str) -> Any:
    """Return the dependency of a public route."""
    return Depends(Open(why))


def doors_of(calls: Iterator[Callable[..., Any] | None]) -> tuple[Door | Open, ...]:
    """Return the doors among a route's dependencies; a route with none is a hole."""
    return tuple(call for call in calls if isinstance(call, Door | Open))
