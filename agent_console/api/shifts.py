"""The centre's roster and the handover from shift to shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import StringConstraints

from agent_console.api.moments import Moment
from agent_console.api.schemas import Given, Line, Taken
from agent_console.permissions import Action, Visit, requires
from hotline.line import shifts

router = APIRouter(prefix="/api", tags=["line"])
Reader = Annotated[Visit, requires(Action.SHIFT_READ)]
Keeper = Annotated[Visit, requires(Action.SHIFT_KEEP)]
Giver = Annotated[Visit, requires(Action.HANDOVER)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


class ShiftOut(Given):
    id: int
    user_id: int
    name: str
    deputy_id: int | None
    deputy_name: str | None
    line: str | None
    begins_at: datetime
    ends_at: datetime
    note: str
    present: bool
    version: int


class ShiftPersonOut(Given):
    """Somebody of the centre who can be on the roster."""

    id: int
    display_name: str
    role_label: str


class ShiftIn(Taken):
    user_id: int
    deputy_id: int | None = None
    line: Annotated[Line, StringConstraints(max_length=24)] | None = None
    begins_at: Moment
    ends_at: Moment
    note: Annotated[str, StringConstraints(max_length=300)] = ""


class ShiftCancel(Taken):
    version: int


class HandoverOut(Given):
    id: int
    at: datetime
    from_name: str
    to_name: str | None
    text: str
    waiting: int
    owed: int
    taken_at: datetime | None
    taken_by: str | None


class HandoverIn(Taken):
    to_id: int | None = None
    text: Annotated[str, StringConstraints(max_length=5000)]


@router.get("/shifts")
def roster(visit: Reader, since: Moment | None = None, until: Moment | None = None) -> list[ShiftOut]:
    """Return the roster; without a stretch of time, that of the next week."""
    begins = since or visit.now
    with visit.reading() as session:
        found = shifts.shifts_between(session, begins, until or begins + timedelta(days=7))
    return [ShiftOut.model_validate(each) for each in found]


@router.get("/shifts/people")
def people(visit: Reader) -> list[ShiftPersonOut]:
    """Return who can be on the roster, and take a handover."""
    with visit.reading() as session:
        return [ShiftPersonOut.model_validate(each) for each in shifts.people_of_the_centre(session)]


@router.post("/shifts", status_code=201)
def plan(given: ShiftIn, visit: Keeper) -> list[ShiftOut]:
    """Put somebody on the roster; return it as far as the new shift reaches."""
    with visit.writing() as session:
        shifts.plan_shift(
            session,
            visit.actor,
            **given.model_dump(),
            lines=visit.services.lines,
            now=visit.now,
        )
    return roster(visit, given.begins_at, given.ends_at)


@router.post("/shifts/{id}/cancel", status_code=204)
def cancel(shift_id: Id, given: ShiftCancel, visit: Keeper) -> None:
    """Take a shift off the roster."""
    with visit.writing() as session:
        shifts.cancel_shift(session, visit.actor, shift_id, version=given.version, now=visit.now)


@router.get("/handovers")
def read_handovers(visit: Reader) -> list[HandoverOut]:
    """Return the latest handovers."""
    with visit.reading() as session:
        return [HandoverOut.model_validate(each) for each in shifts.handovers(session)]


@router.post("/handovers", status_code=201)
def give(given: HandoverIn, visit: Giver) -> list[HandoverOut]:
    """Tell the next shift what it must know."""
    with visit.writing() as session:
        shifts.hand_over(session, visit.actor, to_id=given.to_id, text=given.text, now=visit.now)
    return read_handovers(visit)


@router.post("/handovers/{id}/take")
def take(handover_id: Id, visit: Giver) -> list[HandoverOut]:
    """Say that one has taken it in."""
    with visit.writing() as session:
        shifts.take_over(session, visit.actor, handover_id, now=visit.now)
    return read_handovers(visit)
