"""Calls: the list, the screen pop, and the buttons of the call bar."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.schemas import (
    CallDetail,
    CallPage,
    CrisisIn,
    CrisisOut,
    Line,
    OutcomeIn,
    RepeatIn,
    TicketOut,
)
from agent_console.api.shapes import call_out, seals_of, ticket_out
from agent_console.permissions import Action, Visit, requires
from hotline.calls import abuse, commands
from hotline.calls.queries import list_calls

router = APIRouter(prefix="/api/calls", tags=["calls"])
Reader = Annotated[Visit, requires(Action.CALL_READ)]
Talker = Annotated[Visit, requires(Action.CALL_CONTROL)]
Opener = Annotated[Visit, requires(Action.TICKET_OPEN)]


@router.get("")
def calls(
    visit: Reader, cursor: Line | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> CallPage:
    """Return one page of the calls which the reader may see, newest first."""
    services = visit.services
    with visit.reading() as session:
        page = list_calls(
            session, visit.actor, policy=services.policy, lines=services.lines, cursor=cursor, limit=limit
        )
    return CallPage.model_validate(page)


@router.get("/{sid}")
def read(sid: str, visit: Reader) -> CallDetail:
    """Return the screen pop."""
    return call_out(visit, sid)


@router.post("/{sid}/hold")
def hold(sid: str, visit: Talker) -> CallDetail:
    """Keep the caller apart with music."""
    with visit.writing() as session:
        commands.hold(session, visit.actor, sid, on=True, seals=seals_of(visit), now=visit.now)
    return call_out(visit, sid)


@router.post("/{sid}/unhold")
def unhold(sid: str, visit: Talker) -> CallDetail:
    """Bring the caller back."""
    with visit.writing() as session:
        commands.hold(session, visit.actor, sid, on=False, seals=seals_of(visit), now=visit.now)
    return call_out(visit, sid)


@router.post("/{sid}/mute")
def mute(sid: str, visit: Talker) -> CallDetail:
    """Let the caller hear the operator no more."""
    with visit.writing() as session:
        commands.mute(session, visit.actor, sid, on=True, seals=seals_of(visit), now=visit.now)
    return call_out(visit, sid)


@router.post("/{sid}/unmute")
def unmute(sid: str, visit: Talker) -> CallDetail:
    """Let the caller hear the operator again."""
    with visit.writing() as session:
        commands.mute(session, visit.actor, sid, on=False, seals=seals_of(visit), now=visit.now)
    return call_out(visit, sid)


@router.post("/{sid}/hang_up")
def hang_up(sid: str, visit: Talker) -> CallDetail:
    """Put the operator's telephone down; the caller goes on to the survey, or out."""
    with visit.writing() as session:
        commands.hang_up(
            session,
            visit.actor,
            sid,
            seals=seals_of(visit),
            lines=visit.services.lines,
            now=visit.now,
        )
    return call_out(visit, sid)


@router.post("/{sid}/warn")
def warn(sid: str, visit: Talker) -> CallDetail:
    """Let the caller hear the next warning against abuse."""
    with visit.writing() as session:
        abuse.warn(session, visit.actor, sid, most=_warnings(visit), seals=seals_of(visit), now=visit.now)
    return call_out(visit, sid)


@router.post("/{sid}/end_for_abuse")
def end_for_abuse(sid: str, visit: Talker) -> CallDetail:
    """End the call after the last warning."""
    with visit.writing() as session:
        abuse.end_for_abuse(
            session, visit.actor, sid, most=_warnings(visit), seals=seals_of(visit), now=visit.now
        )
    return call_out(visit, sid)


@router.post("/{sid}/crisis")
def crisis(sid: str, given: CrisisIn, visit: Talker) -> CrisisOut:
    """Confirm that the caller is in distress, or say that the machine was wrong.

    A confirmed call is sealed: whoever confirmed it may see no more of it than the answer.
    """
    with visit.writing() as session:
        call = abuse.judge_crisis(
            session,
            visit.actor,
            sid,
            confirmed=given.confirmed,
            seals=seals_of(visit),
            policy=visit.services.policy,
            now=visit.now,
        )
        return CrisisOut.model_validate(call)


def _warnings(visit: Visit) -> int:
    return len(visit.services.messages.warnings)


@router.post("/{sid}/ticket", status_code=201)
def open_ticket(sid: str, visit: Opener) -> TicketOut:
    """Open the ticket of this call, or return the one there is."""
    with visit.writing() as session:
        ticket = commands.open_call_ticket(
            session,
            visit.actor,
            sid,
            seals=seals_of(visit),
            policy=visit.services.policy,
            now=visit.now,
        )
    return ticket_out(visit, ticket.number)


@router.post("/{sid}/repeat_request")
def repeat_request(sid: str, given: RepeatIn, visit: Opener) -> TicketOut:
    """Let the call join the caller's open ticket with a nudge instead of opening a second one."""
    with visit.writing() as session:
        ticket = commands.join_ticket(
            session,
            visit.actor,
            sid,
            number=given.number,
            version=given.version,
            text=given.text,
            seals=seals_of(visit),
            policy=visit.services.policy,
            now=visit.now,
        )
    return ticket_out(visit, ticket)


@router.post("/{sid}/outcome")
def record_outcome(sid: str, given: OutcomeIn, visit: Talker) -> CallDetail:
    """Record what came of a call that needs no ticket."""
    with visit.writing() as session:
        commands.record_outcome(
            session,
            visit.actor,
            sid,
            outcome=given.outcome,
            note=given.note,
            seals=seals_of(visit),
            now=visit.now,
        )
    return call_out(visit, sid)
