"""Relay calls over HTTP: "call the caller", without anybody learning a number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from agent_console.api.notice_schemas import RelayIn, RelayOut
from agent_console.api.schemas import Line
from agent_console.permissions import Action, Visit, requires
from hotline.calls import relay

router = APIRouter(prefix="/api", tags=["inbox"])
Worker = Annotated[Visit, requires(Action.INBOX_WORK)]


@router.post("/inbox/{number}/relay_calls", status_code=201)
def call(number: Line, given: RelayIn, visit: Worker) -> list[RelayOut]:
    """Ring the visitor's own registered telephone and then the caller's; both see the centre's number."""
    services = visit.services
    with visit.writing() as session:
        relay.begin_relay(
            session,
            visit.actor,
            number,
            caller_id=given.caller_id,
            outbound=services.outbound,
            may_dial_mainland=services.carrier.capabilities.dials_mainland_china,
            now=visit.now,
        )
    return calls(number, visit)


@router.get("/inbox/{number}/relay_calls")
def calls(number: Line, visit: Worker) -> list[RelayOut]:
    """Return the visitor's relay calls about a ticket, newest first."""
    with visit.reading() as session:
        return [RelayOut.model_validate(each) for each in relay.relay_calls(session, visit.actor, number)]
