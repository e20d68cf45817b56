"""The floor, supervisors in conversations, and the credential of a browser telephone."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path

from agent_console.api.conversation_schemas import DeviceTokenOut, FloorOut, HelpOut, SuperviseIn
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls import help_requests, supervision
from hotline.carriers.base import NotSupported
from hotline.line import floor
from hotline.line.presence import identity_of
from hotline.line.seats import seat_of

TOKEN_S: Final = 600
"""How long a credential is good for; the console asks for the next one in time."""
SHORTEST_TOKEN: Final = timedelta(seconds=1)

router = APIRouter(prefix="/api", tags=["floor"])
Watcher = Annotated[Visit, requires(Action.FLOOR_READ)]
Listener = Annotated[Visit, requires(Action.CALL_LISTEN)]
Supervisor = Annotated[Visit, requires(Action.CALL_SUPERVISE)]
Telephone = Annotated[Visit, requires(Action.DEVICE)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.get("/floor")
def read(visit: Watcher) -> FloorOut:
    """Return who is there and on what, who waits, who asks for help."""
    services = visit.services
    with visit.reading() as session:
        found = floor.floor_now(
            session, visit.actor, policy=services.policy, lines=services.lines, now=visit.now
        )
    return FloorOut.model_validate(found)


@router.get("/help-requests")
def asked(visit: Supervisor) -> list[HelpOut]:
    """Return the requests for help that nobody has answered, the oldest first."""
    with visit.reading() as session:
        found = floor.help_now(session, seals=seals_of(visit))
    return [HelpOut.model_validate(each) for each in found]


@router.post("/help-requests/{id}/answer", status_code=204)
def answer(help_id: Id, visit: Supervisor) -> None:
    """Say that one is coming."""
    with visit.writing() as session:
        help_requests.answer(session, visit.actor, help_id, now=visit.now)


@router.post("/calls/{sid}/listen", status_code=204)
def listen(sid: str, visit: Listener) -> None:
    """Hear a conversation without being heard."""
    with visit.writing() as session:
        supervision.supervise(
            session,
            visit.actor,
            sid,
            "listen",
            seals=seals_of(visit),
            lines=visit.services.lines,
            now=visit.now,
        )


@router.post("/calls/{sid}/supervise", status_code=204)
def supervise(sid: str, given: SuperviseIn, visit: Supervisor) -> None:
    """Whisper to the operator, speak to both, or take the conversation over."""
    with visit.writing() as session:
        supervision.supervise(
            session,
            visit.actor,
            sid,
            given.mode,
            seals=seals_of(visit),
            lines=visit.services.lines,
            now=visit.now,
        )


@router.post("/calls/{sid}/leave", status_code=204)
def leave(sid: str, visit: Listener) -> None:
    """Go out of a conversation again."""
    with visit.writing() as session:
        supervision.leave(session, visit.actor, sid, now=visit.now)


@router.post("/device-token")
def device_token(visit: Telephone) -> DeviceTokenOut:
    """Return a credential for the reader's browser telephone; it ends with his session at the latest."""
    carrier = visit.services.carrier
    if not carrier.capabilities.has_browser_phones:
        raise NotSupported("no key for browser telephones")
    left = max(visit.signed_in.expires_at - visit.now, SHORTEST_TOKEN)
    identity = identity_of(seat_of(visit.actor))
    made = carrier.device_token(identity, ttl_s=min(TOKEN_S, int(left.total_seconds())))
    return DeviceTokenOut(
        kind="sandbox" if visit.console.sandbox else "twilio",
        identity=made.identity,
        token=made.token,
        expires_at=made.expires_at,
        server_time=visit.now,
    )
