"""The console's side of the exchange: giving a ticket to a partner, and what partners could not be told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from agent_console.api.partner_schemas import DeadLetterOut, DeadLettersOut, PartnerOut, ReferIn
from agent_console.api.schemas import TicketOut
from agent_console.api.shapes import ticket_out
from agent_console.console import console_of
from agent_console.permissions import Action, Visit, open_to_all, requires
from dispatch.attachments import file_for_partner
from dispatch.dead_letters import dead_letters, resend
from dispatch.errors import NotFound
from dispatch.exchange import refer
from dispatch.partners import partners

router = APIRouter(prefix="/api", tags=["partners"])
Refers = Annotated[Visit, requires(Action.PARTNER_REFER)]
Delivers = Annotated[Visit, requires(Action.PARTNER_DELIVER)]


@router.get("/partner/v1/files/{token}", dependencies=[open_to_all("an address that we signed")])
def partner_file(token: Annotated[str, Path(max_length=160)], request: Request) -> Response:
    """Give a partner a file of a case that it was given: by an address of our making that is good for a day."""
    services = console_of(request).services
    now = services.now()
    name = services.file_links.name_in(token, now=now)
    if name is None:
        raise NotFound("file", token)
    with services.database.writing() as session:
        found = file_for_partner(session, name, vault=services.vault, now=now)
    return Response(
        found.content,
        media_type="application/octet-stream",
        headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
    )


@router.get("/partners")
def list_partners(visit: Refers) -> list[PartnerOut]:
    """Return the partners that a ticket may be given to: those that stand for no union."""
    with visit.reading() as session:
        return [
            PartnerOut.model_validate(each)
            for each in partners(session)
            if each.union_id is None and each.disabled_at is None
        ]


@router.post("/tickets/{number}/referrals", status_code=201)
def refer_ticket(number: str, given: ReferIn, visit: Refers) -> TicketOut:
    """Give the ticket to a partner beside the union that handles it."""
    with visit.writing() as session:
        refer(
            session,
            visit.actor,
            number,
            given.partner,
            reason=given.reason,
            consent_basis=given.consent_basis,
            due_at=given.due_at,
            now=visit.now,
        )
    return ticket_out(visit, number)


@router.get("/partner-events/dead")
def list_dead_letters(
    visit: Delivers, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> DeadLettersOut:
    """Return what partners could not be told, the newest first."""
    with visit.reading() as session:
        found, following = dead_letters(session, before=before)
        return DeadLettersOut(items=[DeadLetterOut.model_validate(each) for each in found], next=following)


@router.post("/partner-events/{event_id}/resend", status_code=204)
def resend_dead_letter(event_id: Annotated[int, Path(ge=1, le=2**53)], visit: Delivers) -> None:
    """Tell the partner again."""
    with visit.writing() as session:
        resend(session, visit.actor, event_id, now=visit.now)
