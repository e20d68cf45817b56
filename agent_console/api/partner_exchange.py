"""The partner API: 12345, 12348, labour inspection, upper unions and other centres give, take and finish cases here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from agent_console.api.moments import Day
from agent_console.api.partner_schemas import (
    PartnerAcceptIn,
    PartnerAppendIn,
    PartnerCallbackIn,
    PartnerExtendedIn,
    PartnerProgressIn,
    PartnerRejectIn,
    PartnerResultIn,
    PartnerTicketIn,
    PartnerTicketOut,
    PartnerTicketsOut,
    PartnerWithdrawnIn,
    ReconciliationDifference,
    ReconciliationFound,
    ReconciliationIn,
    ReconciliationLine,
    ReconciliationOut,
)
from agent_console.api.partner_text import TICKET, answers, extra
from agent_console.partner_door import PartnerVisit, SignedRoute, signed
from agent_console.permissions import Action
from dispatch import exchange
from dispatch.exchange import Exchange, by_external_id
from dispatch.exchange_intake import files_told
from dispatch.models.partners import PartnerLink
from dispatch.models.tickets import Ticket
from dispatch.reconciliation import MOST, Theirs, day_list, differences
from dispatch.rules.partner_terms import Act

router = APIRouter(prefix="/api/partner/v1", tags=["partner"], route_class=SignedRoute)

Asking = Annotated[PartnerVisit, signed(Action.PARTNER_EXCHANGE)]
Number = Annotated[str, Path(max_length=28, pattern=r"^[0-9][0-9.-]+$", examples=["37-20261125-000001-7"])]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[A-Za-z0-9._:-]+$",
        examples=["3f1d2c4b-create-1"],
    ),
]

_LINE = {
    "number": TICKET["number"],
    "external_id": TICKET["external_id"],
    "direction": "in",
    "state": "closed",
    "changed_at": "2026-11-25T02:00:00Z",
    "hash": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
}


@router.post(
    "/tickets",
    status_code=201,
    response_model=PartnerTicketOut,
    responses=answers(TICKET, status=201),
    openapi_extra=extra("create"),
)
def create_partner_ticket(given: PartnerTicketIn, visit: Asking, key: Key) -> Response:
    """Give us a case. A person here accepts or rejects it; you are told which."""
    return visit.once(key, lambda here: _shown(here, exchange.receive(here, given.offered())), status=201)


@router.get(
    "/tickets",
    response_model=PartnerTicketsOut,
    responses=answers({"items": [TICKET]}),
    openapi_extra=extra(),
)
def find_partner_tickets(
    visit: Asking, external_id: Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
) -> Any:
    """Find a case by your own number; nobody else's is found."""
    return visit.look(
        lambda here: PartnerTicketsOut(
            items=[_shown(here, link) for link in by_external_id(here, external_id)]
        )
    )


@router.get(
    "/tickets/{number}",
    response_model=PartnerTicketOut,
    responses=answers(TICKET),
    openapi_extra=extra(),
)
def read_partner_ticket(number: Number, visit: Asking) -> Any:
    """Where a case stands."""
    return visit.look(lambda here: _shown(here, exchange.look(here, number)))


@router.post(
    "/tickets/{number}/append",
    response_model=PartnerTicketOut,
    responses=answers(TICKET),
    openapi_extra=extra("append"),
)
def append_to_partner_ticket(number: Number, given: PartnerAppendIn, visit: Asking, key: Key) -> Response:
    """Add words or files to a case."""
    files = files_told([each.model_dump(mode="json") for each in given.attachments])
    return visit.once(key, lambda here: _shown(here, exchange.append(here, number, given.text, files)))


@router.post(
    "/tickets/{number}/accept",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "direction": "out", "state": "accepted"}),
    openapi_extra=extra("accept"),
)
def accept_partner_ticket(number: Number, given: PartnerAcceptIn, visit: Asking, key: Key) -> Response:
    """Take on a case that we gave you."""
    return visit.once(
        key, lambda here: _shown(here, exchange.accept(here, number, due_at=given.due_at, text=given.text))
    )


@router.post(
    "/tickets/{number}/reject",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "direction": "out", "state": "rejected"}),
    openapi_extra=extra("reject"),
)
def reject_partner_ticket(number: Number, given: PartnerRejectIn, visit: Asking, key: Key) -> Response:
    """Refuse a case that we gave you, with the reason."""
    return visit.once(
        key,
        lambda here: _shown(
            here, exchange.reject(here, number, reason_code=given.reason_code, reason=given.reason)
        ),
    )


@router.post(
    "/tickets/{number}/progress",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "direction": "out", "state": "in_progress"}),
    openapi_extra=extra("progress"),
)
def progress_of_partner_ticket(number: Number, given: PartnerProgressIn, visit: Asking, key: Key) -> Response:
    """Report how a case gets on."""
    contact = given.contact.model_dump() if given.contact is not None else None
    return visit.once(
        key, lambda here: _shown(here, exchange.progress(here, number, text=given.text, contact=contact))
    )


@router.post(
    "/tickets/{number}/extended",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "direction": "out", "state": "in_progress"}),
    openapi_extra=extra("extended"),
)
def extend_partner_ticket(number: Number, given: PartnerExtendedIn, visit: Asking, key: Key) -> Response:
    """Ask for more time for a case of ours, or give us more for one of yours."""
    told = given.model_dump()
    return visit.once(key, lambda here: _shown(here, exchange.extended(here, number, **told)))


@router.post(
    "/tickets/{number}/result",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "direction": "out", "state": "reported"}),
    openapi_extra=extra("result"),
)
def result_of_partner_ticket(number: Number, given: PartnerResultIn, visit: Asking, key: Key) -> Response:
    """Report what was done about a case of ours."""
    told = given.model_dump()
    return visit.once(key, lambda here: _shown(here, exchange.result(here, number, told)))


@router.post(
    "/tickets/{number}/callback",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "state": "closed"}),
    openapi_extra=extra("callback"),
)
def callback_of_partner_ticket(number: Number, given: PartnerCallbackIn, visit: Asking, key: Key) -> Response:
    """Tell us what the person said when you asked."""
    return visit.once(key, lambda here: _shown(here, exchange.callback(here, number, given.model_dump())))


@router.post(
    "/tickets/{number}/withdrawn",
    response_model=PartnerTicketOut,
    responses=answers({**TICKET, "state": "withdrawn"}),
    openapi_extra=extra("withdrawn"),
)
def withdraw_partner_ticket(number: Number, given: PartnerWithdrawnIn, visit: Asking, key: Key) -> Response:
    """Take back a case that you gave us."""
    return visit.once(key, lambda here: _shown(here, exchange.withdrawn(here, number, reason=given.reason)))


@router.get(
    "/reconciliation",
    response_model=ReconciliationOut,
    responses=answers({"day": "2026-11-25", "items": [_LINE], "next": None}),
    openapi_extra=extra(),
)
def list_reconciliation(
    visit: Asking,
    day: Day,
    after: Annotated[str | None, Query(max_length=28, pattern=r"^[0-9.-]+$")] = None,
) -> Any:
    """What was exchanged on a day (Shanghai time), by our number."""

    def read(here: Exchange) -> ReconciliationOut:
        here.require(Act.READ)
        lines = day_list(here.session, here.partner.id, day, after=after)
        return ReconciliationOut(
            day=day,
            items=[ReconciliationLine.model_validate(line) for line in lines],
            next=lines[-1].number if len(lines) == MOST else None,
        )

    return visit.look(read)


@router.post(
    "/reconciliation",
    response_model=ReconciliationFound,
    responses=answers(
        {
            "agreed": 41,
            "differences": [
                {
                    "kind": "state",
                    "number": TICKET["number"],
                    "external_id": TICKET["external_id"],
                    "ours": "closed",
                    "theirs": "reported",
                }
            ],
        }
    ),
    openapi_extra=extra("reconciliation"),
)
def compare_reconciliation(given: ReconciliationIn, visit: Asking, key: Key) -> Response:
    """Compare your list of a day with ours; each difference is named."""

    def compare(here: Exchange) -> ReconciliationFound:
        here.require(Act.READ)
        ours = day_list(here.session, here.partner.id, given.day)
        theirs = [Theirs(each.number, each.external_id, each.state, each.hash) for each in given.items]
        found = differences(ours, theirs)
        return ReconciliationFound(
            agreed=len({each.number for each in theirs} & {line.number for line in ours})
            - sum(each.kind in ("state", "content") for each in found),
            differences=[ReconciliationDifference.model_validate(each) for each in found],
        )

    return visit.once(key, compare)


def _shown(here: Exchange, link: PartnerLink) -> PartnerTicketOut:
    ticket = here.session.get_one(Ticket, link.ticket_id)
    return PartnerTicketOut.model_validate(
        {
            "number": link.number,
            "external_id": link.external_id,
            "direction": link.direction,
            "state": link.state,
            "ticket_state": ticket.state,
            "due_at": link.due_at,
            "changed_at": link.changed_at,
        }
    )
