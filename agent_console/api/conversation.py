"""A conversation's other buttons: transfer, third parties, keys, help; and what a colleague says to being asked in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from agent_console.api.conversation_schemas import (
    DigitsIn,
    HelpIn,
    RingOut,
    TalkOut,
    TargetsOut,
    TransferIn,
)
from agent_console.api.shapes import seals_of
from agent_console.permissions import Action, Visit, requires
from hotline.calls import help_requests, talk_commands, talk_view
from hotline.calls.talk_commands import Rules, Target
from hotline.line.seats import seat_of

router = APIRouter(prefix="/api", tags=["conversation"])
Reader = Annotated[Visit, requires(Action.CALL_READ)]
Talker = Annotated[Visit, requires(Action.CALL_CONTROL)]
Seat = Annotated[Visit, requires(Action.SEAT)]
Id = Annotated[int, Path(alias="id", ge=1, le=2**63 - 1)]
LegId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("/calls/{sid}/talk")
def read(sid: str, visit: Reader) -> TalkOut:
    """Return who is in the conversation, and what is under way."""
    with visit.reading() as session:
        found = talk_view.talk_of(
            session,
            visit.actor,
            sid,
            policy=visit.services.talk,
            recording=visit.services.recording,
            seals=seals_of(visit),
            now=visit.now,
        )
    return TalkOut.model_validate(found)


@router.get("/transfer-targets")
def targets(visit: Talker) -> TargetsOut:
    """Return whom the reader can bring in: colleagues at their desks, lines, and others by name."""
    services = visit.services
    with visit.reading() as session:
        found = talk_view.targets_of(
            session,
            visit.actor,
            policy=services.talk,
            lines=services.lines,
            may_dial=services.carrier.capabilities.dials_mainland_china,
            now=visit.now,
        )
    return TargetsOut.model_validate(found)


@router.post("/calls/{sid}/transfer", status_code=204)
def begin(sid: str, given: TransferIn, visit: Talker) -> None:
    """Ask somebody in, or hand the caller over at once; a caller whom nobody takes comes back, or into the line."""
    target = Target(given.user_id, given.line, given.party, given.number)
    with visit.writing() as session:
        talk_commands.begin(
            session,
            visit.actor,
            sid,
            style=given.style,
            target=target,
            rules=_rules(visit),
            now=visit.now,
        )


@router.post("/calls/{sid}/transfer/complete", status_code=204)
def complete(sid: str, visit: Talker) -> None:
    """Leave the caller with whoever was asked in."""
    with visit.writing() as session:
        talk_commands.complete(
            session, visit.actor, sid, seals=seals_of(visit), lines=visit.services.lines, now=visit.now
        )


@router.post("/calls/{sid}/transfer/merge")
def merge(sid: str, visit: Talker) -> TalkOut:
    """Let all three talk together."""
    with visit.writing() as session:
        talk_commands.merge(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.post("/calls/{sid}/transfer/cancel")
def cancel(sid: str, visit: Talker) -> TalkOut:
    """Take the transfer back; the caller is with the reader again."""
    with visit.writing() as session:
        talk_commands.cancel(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.post("/calls/{sid}/transfer/leave", status_code=204)
def go_out(sid: str, visit: Talker) -> None:
    """Leave a conversation into which the reader was asked."""
    with visit.writing() as session:
        talk_commands.go_out(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)


@router.delete("/calls/{sid}/parties/{leg_id}")
def remove(sid: str, leg_id: LegId, visit: Talker) -> TalkOut:
    """Send somebody away who was brought in."""
    with visit.writing() as session:
        talk_commands.remove(session, visit.actor, sid, leg_id, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.post("/calls/{sid}/digits", status_code=204)
def digits(sid: str, given: DigitsIn, visit: Talker) -> None:
    """Press keys for somebody outside who has a menu."""
    with visit.writing() as session:
        talk_commands.send_digits(
            session, visit.actor, sid, given.digits, seals=seals_of(visit), now=visit.now
        )


@router.post("/calls/{sid}/help")
def ask_for_help(sid: str, given: HelpIn, visit: Talker) -> TalkOut:
    """Call for a supervisor."""
    with visit.writing() as session:
        help_requests.ask(session, visit.actor, sid, text=given.text, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.delete("/calls/{sid}/help")
def withdraw_help(sid: str, visit: Talker) -> TalkOut:
    """Take the request back."""
    with visit.writing() as session:
        help_requests.withdraw(session, visit.actor, sid, seals=seals_of(visit), now=visit.now)
    return read(sid, visit)


@router.get("/transfers/current")
def current(visit: Seat) -> RingOut | None:
    """Return the conversation into which the reader is asked now."""
    services = visit.services
    with visit.reading() as session:
        found = talk_view.ring_at(
            session, seat_of(visit.actor), policy=services.policy, lines=services.lines, now=visit.now
        )
    return RingOut.model_validate(found) if found is not None else None


@router.post("/transfers/{id}/accept", status_code=204)
def accept(transfer_id: Id, visit: Seat) -> None:
    """Go into the conversation; 409 when one is wanted there no longer."""
    with visit.writing() as session:
        talk_commands.accept(session, transfer_id, user_id=seat_of(visit.actor), now=visit.now)


@router.post("/transfers/{id}/decline", status_code=204)
def decline(transfer_id: Id, visit: Seat) -> None:
    """Refuse; the caller goes back to whoever asked."""
    with visit.writing() as session:
        talk_commands.decline(
            session, transfer_id, user_id=seat_of(visit.actor), lines=visit.services.lines, now=visit.now
        )


def _rules(visit: Visit) -> Rules:
    services = visit.services
    return Rules(
        talk=services.talk,
        outbound=services.outbound,
        lines=services.lines,
        seals=seals_of(visit),
        may_dial_mainland=services.carrier.capabilities.dials_mainland_china,
    )
