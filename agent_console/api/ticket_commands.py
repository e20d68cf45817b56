"""The commands of a ticket's life over HTTP: one route and one schema for each row of the table of commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter

from agent_console.api.command_schemas import BODIES, CommandIn
from agent_console.api.schemas import TicketOut
from agent_console.api.shapes import ticket_out
from agent_console.idempotency import IdempotencyKey, ticket_done_before
from agent_console.permissions import Action, Visit, requires
from dispatch import once
from dispatch.commands import perform
from dispatch.rules.ticket_state import Command

router = APIRouter(prefix="/api/tickets", tags=["tickets"])
Commander = Annotated[Visit, requires(Action.TICKET_COMMAND)]


def _endpoint(command: Command, body: type[CommandIn]) -> Callable[..., TicketOut]:
    def give(number: str, given: CommandIn, visit: Visit, key: str | None = None) -> TicketOut:
        data = given.model_dump(exclude={"version"}, exclude_unset=True)
        # The version is no part of what was asked: a client may send the same command on top of a newer one.
        asked = once.digest_of(f"{number}/{command.value}", data)
        with visit.writing() as session:
            if key is not None and not once.begin(session, visit.actor, key, asked, now=visit.now):
                return ticket_out(visit, ticket_done_before(visit, key))
            ticket = perform(
                session,
                visit.actor,
                number,
                command,
                data,
                version=given.version,
                policy=visit.services.policy,
                now=visit.now,
            )
            if key is not None:
                once.finish(session, visit.actor, key, ticket.number)
        return ticket_out(visit, ticket)

    # FastAPI reads the body and the door of a route off its annotations.
    give.__annotations__ |= {"number": str, "given": body, "visit": Commander, "return": TicketOut}
    give.__annotations__ |= {"key": IdempotencyKey}
    give.__name__ = command.value
    return give


for _command, _body in BODIES.items():
    router.add_api_route(
        f"/{{number}}/{_command.value}",
        _endpoint(_command, _body),
        methods=["POST"],
        summary=_command.label,
        description="409 on a stale version (with what changed) or out of turn (with what could be done), "
        "422 with what is missing.",
    )
