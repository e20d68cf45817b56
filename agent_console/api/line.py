"""The desk: one's own presence, what rings, the line, and the calls we owe."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path

from agent_console.api.schemas import (
    CallDetail,
    Line,
    LineOut,
    OfferOut,
    PresenceIn,
    PresenceOut,
    ReturnCallDone,
    ReturnCallOut,
    ReturnCallPage,
    WrapUpIn,
)
from agent_console.api.shapes import call_out, presence_out, return_call_out
from agent_console.permissions import Action, Visit, requires
from hotline.line import offers, presence, queries, return_calls, seats
from hotline.line.presence import State

router = APIRouter(prefix="/api", tags=["line"])
Seat = Annotated[Visit, requires(Action.SEAT)]
LineReader = Annotated[Visit, requires(Action.LINE_READ)]
OwedReader = Annotated[Visit, requires(Action.RETURN_CALL_READ)]
OwedCaller = Annotated[Visit, requires(Action.RETURN_CALL_MAKE)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.get("/presence")
def read_presence(visit: Seat) -> PresenceOut:
    """Return one's own state, with what rings."""
    return presence_out(visit)


@router.put("/presence")
def choose_presence(given: PresenceIn, visit: Seat) -> PresenceOut:
    """Take a state; whoever is ready may be rung at once."""
    with visit.writing() as session:
        seats.choose_state(
            session,
            visit.actor,
            State(given.state),
            reason=given.reason,
            lines=visit.services.lines,
            now=visit.now,
        )
    return presence_out(visit)


@router.post("/presence/heartbeat")
def heartbeat(visit: Seat) -> PresenceOut:
    """Say that the browser is still there."""
    with visit.writing() as session:
        presence.heartbeat(session, seats.seat_of(visit.actor), now=visit.now)
    return presence_out(visit)


@router.post("/presence/wrap-up")
def extend_wrap_up(given: WrapUpIn, visit: Seat) -> PresenceOut:
    """Ask for more time after a call."""
    with visit.writing() as session:
        presence.extend_wrap_up(session, seats.seat_of(visit.actor), seconds=given.seconds, now=visit.now)
    return presence_out(visit)


@router.post("/presence/finish")
def finish_wrap_up(visit: Seat) -> PresenceOut:
    """End the time after a call: ready."""
    with visit.writing() as session:
        seats.finish_wrap_up(session, visit.actor, lines=visit.services.lines, now=visit.now)
    return presence_out(visit)


@router.get("/offers/current")
def current_offer(visit: Seat) -> OfferOut | None:
    """Return what rings at the reader now."""
    return presence_out(visit).offer


@router.post("/offers/{id}/accept")
def accept_offer(offer_id: Id, visit: Seat) -> CallDetail:
    """Take the call; 409 when it is no longer there to take."""
    with visit.writing() as session:
        call = offers.accept(session, offer_id, user_id=seats.seat_of(visit.actor), now=visit.now)
    return call_out(visit, call.sid)


@router.post("/offers/{id}/decline", status_code=204)
def decline_offer(offer_id: Id, visit: Seat) -> None:
    """Refuse a ring; the caller keeps the place."""
    with visit.writing() as session:
        offers.decline(
            session, offer_id, user_id=seats.seat_of(visit.actor), now=visit.now, lines=visit.services.lines
        )


@router.get("/line")
def line(visit: LineReader) -> LineOut:
    """Return the whole line in four numbers."""
    with visit.reading() as session:
        found = queries.line_now(session, now=visit.now)
    return LineOut.model_validate(found)


@router.get("/return-calls")
def owed(
    visit: OwedReader, state: Literal["due", "done", "all"] = "due", cursor: Line | None = None
) -> ReturnCallPage:
    """Return one page of the calls we owe, or of those that were made."""
    with visit.reading() as session:
        page = queries.list_return_calls(session, state=state, cursor=cursor)
    return ReturnCallPage.model_validate(page)


@router.post("/return-calls/{id}/call")
def call_back(task_id: Id, visit: OwedCaller) -> ReturnCallOut:
    """Ring the caller's number once the reader's own telephone has answered."""
    services = visit.services
    with visit.writing() as session:
        return_calls.call_back(
            session,
            visit.actor,
            task_id,
            number=services.numbers[0],
            outbound=services.outbound,
            may_dial_mainland=services.carrier.capabilities.dials_mainland_china,
            now=visit.now,
        )
    return return_call_out(visit, task_id)


@router.post("/return-calls/{id}/done")
def finish_return_call(task_id: Id, given: ReturnCallDone, visit: OwedCaller) -> ReturnCallOut:
    """Record how a call we owed ended."""
    with visit.writing() as session:
        return_calls.finish(
            session,
            visit.actor,
            task_id,
            version=given.version,
            outcome=given.outcome,
            note=given.note,
            now=visit.now,
        )
    return return_call_out(visit, task_id)
