"""A union's inbox: its sections, who takes over, who is away, and what its leader sees of the subtree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from agent_console.api.inbox_schemas import (
    AbsenceIn,
    AbsenceOut,
    InboxOut,
    OversightOut,
    Section,
    TakeOverIn,
)
from agent_console.api.schemas import Line, TicketOut
from agent_console.api.shapes import ticket_out
from agent_console.idempotency import IdempotencyKey, ticket_done_before
from agent_console.permissions import Action, Visit, requires
from dispatch import absences, handover, inbox, once
from dispatch.oversight import oversight

router = APIRouter(prefix="/api", tags=["inbox"])
Reader = Annotated[Visit, requires(Action.INBOX_READ)]
Worker = Annotated[Visit, requires(Action.INBOX_WORK)]
Overseer = Annotated[Visit, requires(Action.INBOX_OVERSEE)]
AbsenceKeeper = Annotated[Visit, requires(Action.ABSENCE_KEEP)]
UnionId = Annotated[int | None, Query(ge=1, le=2**63 - 1)]


@router.get("/inbox")
def sections(
    visit: Reader,
    section: Section = "to_sign",
    cursor: Line | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> InboxOut:
    """Return a page of one section of the reader's own union, with the counts of all."""
    with visit.reading() as session:
        found = inbox.inbox(
            session,
            visit.actor,
            inbox.Section(section),
            policy=visit.services.policy,
            now=visit.now,
            cursor=cursor,
            limit=limit,
        )
    return InboxOut.model_validate(found)


@router.post("/inbox/{number}/take_over")
def take_over(number: Line, given: TakeOverIn, visit: Worker, key: IdempotencyKey = None) -> TicketOut:
    """Let the deputy, or whom the leader names, go on with the ticket."""
    asked = once.digest_of(f"{number}/take_over", given.model_dump(exclude={"version"}))
    with visit.writing() as session:
        if key is not None and not once.begin(session, visit.actor, key, asked, now=visit.now):
            return ticket_out(visit, ticket_done_before(visit, key))
        ticket = handover.take_over(session, visit.actor, number, **given.model_dump(), now=visit.now)
        if key is not None:
            once.finish(session, visit.actor, key, ticket.number)
    return ticket_out(visit, ticket)


@router.get("/oversight")
async def subtree(visit: Overseer, union_id: UnionId = None) -> OversightOut:
    """Return what lies with the unions below, how they keep time, and the union's people."""
    # A province counts over everything below it: no command waits behind that.
    found = await visit.console.slow_reads.run(
        lambda session: oversight(session, visit.actor, now=visit.now, union_id=union_id)
    )
    return OversightOut.model_validate(found)


@router.get("/absences")
def away(visit: AbsenceKeeper) -> list[AbsenceOut]:
    """Return who of the reader's union is or will be away."""
    with visit.reading() as session:
        return [
            AbsenceOut.model_validate(each) for each in absences.absences(session, visit.actor, now=visit.now)
        ]


@router.post("/absences", status_code=201)
def enter(given: AbsenceIn, visit: AbsenceKeeper) -> list[AbsenceOut]:
    """Write an absence down; the answer is the union's list."""
    with visit.writing() as session:
        absences.enter_absence(session, visit.actor, **given.model_dump(), now=visit.now)
    return away(visit)


@router.delete("/absences/{absence_id}")
def be_back(absence_id: Annotated[int, Path(ge=1, le=2**63 - 1)], visit: AbsenceKeeper) -> list[AbsenceOut]:
    """End an absence, or take a coming one away."""
    with visit.writing() as session:
        absences.end_absence(session, visit.actor, absence_id, now=visit.now)
    return away(visit)
