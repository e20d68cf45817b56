"""Whoever comes to a public page without an account: where from, when, and which ticket his browser has opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from agent_console.console import Console, console_of
from dispatch.database import ReadingSession, WritingSession
from dispatch.unit_of_work import unit_of_work
from hotline.public import openings
from hotline.public.limits import address_key
from hotline.services import Services

TICKET_COOKIE: Final = "hotline_ticket"
TICKET_PATH: Final = "/api/public/progress"
DRAFT_COOKIE: Final = "hotline_request"
DRAFT_PATH: Final = "/api/public/request"


@dataclass(frozen=True, slots=True)
class Guest:
    """One request of a stranger; `address` is a digest."""

    console: Console
    address: str
    now: datetime
    ticket_token: str | None
    draft_token: str | None

    @property
    def services(self) -> Services:
        return self.console.services

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

    def opened(self) -> int:
        """Return the id of the ticket that this browser has opened; raises NotOpen."""
        with self.reading() as session:
            row = openings.find_opened(session, self.ticket_token, now=self.now)
            ticket_id, due = row.ticket_id, openings.is_due(row, now=self.now)
        if due and self.ticket_token is not None:
            with self.writing() as session:
                openings.renew(session, self.ticket_token, public=self.services.public, now=self.now)
        return ticket_id

    def keep(self, response: Response, name: str, token: str, *, path: str, age: timedelta) -> None:
        """Give the browser a token that no script reads and no other site sends."""
        response.set_cookie(
            name,
            token,
            max_age=int(age.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=self.console.over_tls,
            path=path,
        )

    def drop(self, response: Response, name: str, *, path: str) -> None:
        """Have the browser forget a token."""
        response.delete_cookie(
            name, path=path, httponly=True, samesite="strict", secure=self.console.over_tls
        )


def guest_of(request: Request) -> Guest:
    """Return who is there."""
    console = console_of(request)
    host = request.client.host if request.client else ""
    return Guest(
        console,
        address_key(console.services.policy.secret, host),
        console.services.now(),
        request.cookies.get(TICKET_COOKIE),
        request.cookies.get(DRAFT_COOKIE),
    )


Stranger = Annotated[Guest, Depends(guest_of)]
