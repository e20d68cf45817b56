"""Lines and seats: what a supervisor opens, closes, diverts and sets, and where an operator answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from agent_console.api.acd_schemas import (
    BreakKindOut,
    BreaksOut,
    LineStateOut,
    LineSwitchIn,
    SeatOut,
    SeatStateIn,
    TelephoneIn,
)
from agent_console.permissions import Action, Visit, requires
from hotline.line import breaks, seats, switches
from hotline.line.models import Presence
from hotline.line.presence import State
from hotline.line.seat_views import seat_views

router = APIRouter(prefix="/api", tags=["line"])
Seat = Annotated[Visit, requires(Action.SEAT)]
LineReader = Annotated[Visit, requires(Action.LINE_READ)]
Switcher = Annotated[Visit, requires(Action.LINE_SWITCH)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.get("/lines")
def lines(visit: LineReader) -> list[LineStateOut]:
    """Return every line: open or not, diverted or not, who waits and who is there."""
    return _lines(visit)


@router.put("/lines/{code}")
def switch_line(code: str, given: LineSwitchIn, visit: Switcher) -> list[LineStateOut]:
    """Open, close or divert a line; who waits in a diverted one goes along and keeps the place."""
    with visit.writing() as session:
        switches.set_line(
            session,
            visit.actor,
            code,
            is_open=given.is_open,
            divert_to=given.divert_to,
            reason=given.reason,
            version=given.version,
            lines=visit.services.lines,
            now=visit.now,
        )
    return _lines(visit)


@router.get("/seats")
def all_seats(visit: Switcher) -> list[SeatOut]:
    """Return everybody's seat."""
    with visit.reading() as session:
        return [SeatOut.model_validate(each) for each in seat_views(session, now=visit.now)]


@router.put("/seats/{id}")
def set_seat(user_id: Id, given: SeatStateIn, visit: Switcher) -> SeatOut:
    """Take somebody else's seat to a state, with the reason on record."""
    with visit.writing() as session:
        seats.set_state(
            session,
            visit.actor,
            user_id,
            State(given.state),
            reason=given.reason,
            lines=visit.services.lines,
            now=visit.now,
        )
        return SeatOut.model_validate(seat_views(session, now=visit.now, user_id=user_id)[0])


@router.get("/presence/telephone")
def own_telephone(visit: Seat) -> SeatOut | None:
    """Return the reader's own seat, with whether it is an ordinary telephone; None for who has never sat down."""
    with visit.reading() as session:
        found = seat_views(session, now=visit.now, user_id=seats.seat_of(visit.actor))
    return SeatOut.model_validate(found[0]) if found else None


@router.put("/presence/telephone")
def use_telephone(given: TelephoneIn, visit: Seat) -> SeatOut:
    """Answer on an ordinary telephone (press 1 to take a call), or without a number in the browser again."""
    services = visit.services
    with visit.writing() as session:
        presence = seats.use_telephone(
            session,
            visit.actor,
            given.number,
            outbound=services.outbound,
            may_dial_mainland=services.carrier.capabilities.dials_mainland_china,
            now=visit.now,
        )
        return SeatOut.model_validate(seat_views(session, now=visit.now, user_id=presence.user_id)[0])


@router.get("/breaks")
def my_breaks(visit: Seat) -> BreaksOut:
    """Return the kinds of break with their limits, and whether one after a call in distress is offered now."""
    with visit.reading() as session:
        user_id = seats.seat_of(visit.actor)
        presence = session.get(Presence, user_id)
        return BreaksOut(
            kinds=[BreakKindOut.model_validate(each) for each in visit.services.lines.breaks.kinds],
            offered=breaks.is_offered(session, user_id, now=visit.now),
            break_until=presence.break_until if presence is not None else None,
        )


def _lines(visit: Visit) -> list[LineStateOut]:
    with visit.reading() as session:
        found = switches.line_states(session, lines=visit.services.lines, now=visit.now)
    return [LineStateOut.model_validate(each) for each in found]
