"""The partner API's way for bursts: many events in one signed request, kept at once and done in order."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from agent_console.api.partner_burst_schemas import (
    PartnerBurstIn,
    PartnerBurstOut,
    PartnerOutcome,
    PartnerOutcomesOut,
)
from agent_console.api.partner_exchange import Asking, Key
from agent_console.api.partner_text import answers, extra
from agent_console.partner_door import SignedRoute
from dispatch.exchange import Exchange
from dispatch.exchange_intake import PAGE, outcomes, take_in
from dispatch.models.partners import PartnerIntake
from dispatch.rules.partner_terms import Act

router = APIRouter(prefix="/api/partner/v1", tags=["partner"], route_class=SignedRoute)

_OUTCOME = {
    "position": 4711,
    "id": "JN-E-20261125-0001",
    "act": "create",
    "state": "applied",
    "number": "37-20261125-000001-7",
    "problem": None,
    "at": "2026-11-25T02:00:00Z",
    "settled_at": "2026-11-25T02:00:01Z",
}


@router.post(
    "/events",
    status_code=202,
    response_model=PartnerBurstOut,
    responses=answers({"accepted": 2, "repeated": []}, status=202),
    openapi_extra=extra("burst"),
)
def take_partner_events(given: PartnerBurstIn, visit: Asking, key: Key) -> Response:
    """Give us many events at once: all are kept, or none; then they are done in the order in which they stand."""

    def keep(here: Exchange) -> PartnerBurstOut:
        events = [each.offered() for each in given.events]
        known = take_in(here.session, here.partner.id, events, now=here.now)
        return PartnerBurstOut(
            accepted=len(events) - len(known),
            repeated=[each.id for each in events if each.id in known],
        )

    return visit.once(key, keep, status=202)


@router.get(
    "/events",
    response_model=PartnerOutcomesOut,
    responses=answers({"items": [_OUTCOME], "next": None}),
    openapi_extra=extra(),
)
def list_partner_outcomes(visit: Asking, after: Annotated[int, Query(ge=0, le=2**53)] = 0) -> Any:
    """What became of your events, in the order in which they came."""

    def read(here: Exchange) -> PartnerOutcomesOut:
        here.require(Act.READ)
        rows = outcomes(here.session, here.partner.id, after=after)
        return PartnerOutcomesOut(
            items=[_shown(each) for each in rows],
            next=rows[-1].id if len(rows) == PAGE else None,
        )

    return visit.look(read)


def _shown(row: PartnerIntake) -> PartnerOutcome:
    plain = {name: getattr(row, name) for name in ("act", "state", "number", "problem", "at", "settled_at")}
    return PartnerOutcome.model_validate({"position": row.id, "id": row.event_id, **plain})
