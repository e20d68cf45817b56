"""The doors of the API: each route names its action, and none is without one; who may is `dispatch.rules.permissions`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Depends, Request

from agent_console import auth
from agent_console.auth import COOKIE, RENEW_AFTER, SignedIn
from agent_console.console import Console, console_of
from agent_console.link_door import LinkDoor
from dispatch.actors import Actor
from dispatch.database import ReadingSession, WritingSession
from dispatch.errors import NotAllowed
from dispatch.rules.permissions import ALLOWED, Action, actions_of
from dispatch.unit_of_work import unit_of_work
from hotline.errors import NotSignedIn
from hotline.services import Services

WITH_TEMPORARY_PASSWORD: Final = frozenset({Action.SESSION, Action.PASSWORD_CHANGE})
"""What an account may do whose password somebody else has made."""

__all__ = [
    "ALLOWED",
    "Action",
    "Door",
    "Open",
    "SignedDoor",
    "Visit",
    "actions_of",
    "doors_of",
    "open_to_all",
    "requires",
]


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
        if signed_in.password_temporary and self.action not in WITH_TEMPORARY_PASSWORD:
            raise NotAllowed(self.action.value, "请先把管理员给的临时口令换成自己的")
        return Visit(console, signed_in, now)


@dataclass(frozen=True, slots=True)
class SignedDoor:
    """The dependency by which a partner's route names its action; the route has checked the signature before."""

    action: Action

    def __call__(self, request: Request) -> Any:
        """Return the partner's visit."""
        return request.state.visit


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


def doors_of(calls: Iterator[Callable[..., Any] | None]) -> tuple[Door | SignedDoor | Open | LinkDoor, ...]:
    """Return the doors among a route's dependencies; a route with none is a hole."""
    return tuple(call for call in calls if isinstance(call, Door | SignedDoor | Open | LinkDoor))
