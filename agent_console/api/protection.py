"""What supervisors switch on for a while, blocked numbers and the incident announcement; and what callers thought."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from agent_console.api.moments import Moment
from agent_console.api.schemas import (
    BlockedNumberOut,
    BlockIn,
    IncidentIn,
    IncidentOut,
    SatisfactionOut,
)
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls import protection
from hotline.calls.satisfaction import satisfaction

router = APIRouter(prefix="/api", tags=["protection"])
Protector = Annotated[Visit, requires(Action.PROTECT)]
Reader = Annotated[Visit, requires(Action.LINE_READ)]
Counter = Annotated[Visit, requires(Action.SATISFACTION_READ)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]


@router.get("/blocked-numbers")
def blocked(visit: Protector, past: bool = False) -> list[BlockedNumberOut]:
    """Return the blocks in force, masked; with `past` those that are over too."""
    with visit.reading() as session:
        found = protection.blocked_numbers(session, now=visit.now, past=past)
    return [BlockedNumberOut.model_validate(each) for each in found]


@router.post("/blocked-numbers", status_code=201)
def block(given: BlockIn, visit: Protector) -> BlockedNumberOut:
    """Block the number of a call for some days."""
    with visit.writing() as session:
        made = protection.block(
            session,
            visit.actor,
            given.call_sid,
            days=given.days,
            reason=given.reason,
            most=visit.services.messages.block_days_most,
            seals=seals_of(visit),
            now=visit.now,
        )
        return BlockedNumberOut.model_validate(made)


@router.post("/blocked-numbers/{id}/lift")
def lift(blocked_id: Id, visit: Protector) -> BlockedNumberOut:
    """End a block before its time."""
    with visit.writing() as session:
        return BlockedNumberOut.model_validate(
            protection.lift(session, visit.actor, blocked_id, now=visit.now)
        )


@router.get("/incident")
def incident(visit: Reader) -> IncidentOut | None:
    """Return the announcement that callers hear now."""
    with visit.reading() as session:
        found = protection.incident_now(session)
        return IncidentOut.model_validate(found) if found is not None else None


@router.put("/incident")
def announce(given: IncidentIn, visit: Protector) -> IncidentOut:
    """Switch an announcement on, in place of the one that was on."""
    with visit.writing() as session:
        made = protection.announce(
            session, visit.actor, text=given.text, text_en=given.text_en, now=visit.now
        )
        return IncidentOut.model_validate(made)


@router.delete("/incident", status_code=204)
def end_announcement(visit: Protector) -> None:
    """Switch the announcement off."""
    with visit.writing() as session:
        protection.end_announcement(session, visit.actor, now=visit.now)


@router.get("/satisfaction")
def satisfied(visit: Counter, since: Moment, until: Moment) -> SatisfactionOut:
    """Count what callers said after their calls, from `since` to before `until`."""
    with visit.reading() as session:
        return SatisfactionOut.model_validate(satisfaction(session, since=since, until=until))
