"""The door of a device that holds a link: it opens one ticket for one person, and three commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Depends, Request

from agent_console.console import Console, console_of
from dispatch.access_links import Opened, opened
from dispatch.database import ReadingSession, WritingSession
from dispatch.unit_of_work import unit_of_work
from hotline.errors import LinkShut

COOKIE: Final = "hotline_link_"
"""Followed by the link's id: one device may hold several."""


def path_of(link_id: int) -> str:
    """Return the path to which a device's cookie goes, and to nothing else."""
    return f"/api/link/{link_id}"


@dataclass(frozen=True, slots=True)
class LinkVisit:
    """One request of a device: which ticket, as whom, and when."""

    console: Console
    opened: Opened
    now: datetime

    @contextmanager
    def reading(self) -> Iterator[ReadingSession]:
        """Open a transaction that only reads."""
        with self.console.services.database.reading() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[WritingSession]:
        """Open the one transaction of a command."""
        services = self.console.services
        with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
            yield session


@dataclass(frozen=True, slots=True)
class LinkDoor:
    """The dependency by which a route says that a link's device may call it, and nobody by a session."""

    def __call__(self, link_id: int, request: Request) -> LinkVisit:
        """Return the visit; raises LinkShut alike for a foreign, expired, revoked or overtaken link."""
        console = console_of(request)
        now = console.services.now()
        secret = request.cookies.get(f"{COOKIE}{link_id}")
        if not secret or not 0 < link_id < 2**63:
            raise LinkShut
        with console.services.database.reading() as session:
            found = opened(session, link_id, secret, now=now)
            if found is not None:
                session.expunge_all()
        if found is None:
            raise LinkShut
        return LinkVisit(console, found, now)


def by_link() -> Any:
    """Return the parameter default-marker by which an endpoint takes its `LinkVisit`."""
    return Depends(LinkDoor())
