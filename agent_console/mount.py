"""Puts the console on an application: routers, pages, errors, the socket, and the front door around all of it."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.types import ASGIApp

from agent_console import problems
from agent_console.api import (
    acd,
    attachments,
    calendars,
    call_recordings,
    callbacks,
    calls,
    configuration,
    conversation,
    floor,
    health,
    inbox,
    knowledge,
    line,
    line_health,
    links,
    lists,
    notices,
    partner_burst,
    partner_desk,
    partner_exchange,
    pool,
    protection,
    public_progress,
    public_request,
    quality,
    recordings,
    reference,
    relay,
    reports,
    session,
    shifts,
    sla,
    ticket_commands,
    tickets,
    unions,
    users,
    watch,
    watching,
)
from agent_console.api.partner_text import TAG as PARTNER_TAG
from agent_console.console import Console
from agent_console.front_door import TWILIO, FrontDoor
from agent_console.pages import add_pages, page_for_the_lost
from agent_console.server import Sockets

ROUTERS = (
    session.router,
    reference.router,
    users.router,
    inbox.router,
    relay.router,
    links.router,
    notices.router,
    unions.router,
    # Before the tickets: a word in the place of a number is one of its own.
    lists.router,
    tickets.router,
    ticket_commands.router,
    attachments.router,
    callbacks.router,
    calls.router,
    conversation.router,
    floor.router,
    call_recordings.router,
    line_health.router,
    recordings.router,
    recordings.opening,
    line.router,
    acd.router,
    shifts.router,
    sla.router,
    reports.router,
    pool.router,
    watch.router,
    watching.router,
    partner_exchange.router,
    partner_burst.router,
    partner_desk.router,
    calendars.router,
    configuration.router,
    protection.router,
    public_progress.router,
    public_request.router,
    knowledge.router,
    quality.router,
    health.router,
)


def add_console(app: FastAPI, console: Console) -> None:
    """Add the API and the screens; the application's own error answers become problem documents."""
    app.state.console = console
    app.openapi_tags = [*(app.openapi_tags or ()), PARTNER_TAG]
    for router in ROUTERS:
        app.include_router(router)
    add_pages(app, console)
    problems.install(app, page_for=page_for_the_lost)


def around(app: FastAPI, sockets: Sockets, *, public_url: str, twilio_phones: bool = False) -> ASGIApp:
    """Return the whole: front door, then the socket, then the application."""
    sources = TWILIO if twilio_phones else None
    return FrontDoor(sockets.around(app), public_url=public_url, sources=sources)
