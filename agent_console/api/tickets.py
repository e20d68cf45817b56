"""Tickets: lists, pages, drafts, where they should go, and who is behind them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from agent_console.api.clock_schemas import DuplicateOut
from agent_console.api.schemas import (
    BreakGlassOut,
    RankingOut,
    ReaderIn,
    RevealIn,
    RevealOut,
    SuggestIn,
    SuggestOut,
    TicketCreate,
    TicketEdit,
    TicketOut,
    TicketPage,
    TicketQuery,
    UnionPreview,
)
from agent_console.api.shapes import (
    caller_of,
    callers_of,
    employers_of,
    fields_of,
    seals_of,
    statutes_of,
    ticket_out,
)
from agent_console.idempotency import IdempotencyKey, ticket_done_before
from agent_console.permissions import Action, Visit, requires
from dispatch import once
from dispatch.duplicates import likely_duplicates
from dispatch.identity import reveal
from dispatch.queries import list_tickets
from dispatch.recommendations import preview, ranked_unions
from dispatch.seals import break_seal, name_reader
from dispatch.suggestions import suggest
from dispatch.ticket_filters import TicketFilter
from dispatch.tickets import edit_ticket, open_ticket
from hotline.calls.commands import open_call_ticket

router = APIRouter(prefix="/api", tags=["tickets"])
Reader = Annotated[Visit, requires(Action.TICKET_READ)]
Opener = Annotated[Visit, requires(Action.TICKET_OPEN)]
Editor = Annotated[Visit, requires(Action.TICKET_EDIT)]
Router = Annotated[Visit, requires(Action.TICKET_ROUTE)]
Revealer = Annotated[Visit, requires(Action.IDENTITY_REVEAL)]
SealBreaker = Annotated[Visit, requires(Action.SEAL_BREAK)]
SealNamer = Annotated[Visit, requires(Action.SEAL_NAME)]


@router.post("/suggest")
def suggest_categories(given: SuggestIn, visit: Editor) -> SuggestOut:
    """Return what a caller's words suggest, with the words that led to it; a person decides."""
    policy = visit.services.policy
    found = suggest(given.text, headcount=given.headcount, category=given.category, policy=policy)
    return SuggestOut.model_validate(found)


@router.get("/tickets")
def tickets(visit: Reader, query: Annotated[TicketQuery, Query()]) -> TicketPage:
    """Return one page of what the reader may see, nearest deadline first."""
    wanted = TicketFilter(**query.model_dump(exclude={"cursor", "limit"}))
    with visit.reading() as session:
        page = list_tickets(
            session,
            visit.actor,
            wanted,
            policy=visit.services.policy,
            now=visit.now,
            cursor=query.cursor,
            limit=query.limit,
        )
    return TicketPage.model_validate(page)


@router.post("/tickets", status_code=201)
def create(given: TicketCreate, visit: Opener, key: IdempotencyKey = None) -> TicketOut:
    """Open a draft, or with `call_sid` the one of that call, whose number then is the caller's."""
    if given.call_sid is not None:
        return _create_for_call(given, given.call_sid, visit)
    asked = once.digest_of("tickets", given.model_dump(exclude_unset=True))
    with visit.writing() as session:
        if key is not None and not once.begin(session, visit.actor, key, asked, now=visit.now):
            return ticket_out(visit, ticket_done_before(visit, key))
        ticket = open_ticket(
            session,
            visit.actor,
            channel=given.channel,
            policy=visit.services.policy,
            now=visit.now,
            fields=fields_of(given),
            caller=caller_of(given),
            callers=callers_of(given),
            employers=employers_of(given),
            statutes=statutes_of(given),
            external_id=given.external_id,
        )
        if key is not None:
            once.finish(session, visit.actor, key, ticket.number)
    return ticket_out(visit, ticket)


@router.get("/tickets/{number}")
def read(number: str, visit: Reader) -> TicketOut:
    """Return the whole ticket as the reader may see it."""
    return ticket_out(visit, number)


@router.patch("/tickets/{number}")
def edit(number: str, given: TicketEdit, visit: Editor) -> TicketOut:
    """Write the fields that are given and leave the others alone; 409 with what others changed meanwhile."""
    with visit.writing() as session:
        ticket = edit_ticket(
            session,
            visit.actor,
            number,
            version=given.version,
            policy=visit.services.policy,
            now=visit.now,
            fields=fields_of(given),
            caller=caller_of(given),
            callers=callers_of(given),
            employers=employers_of(given),
            statutes=statutes_of(given),
        )
    return ticket_out(visit, ticket)


@router.get("/tickets/{number}/unions")
def unions(number: str, visit: Router) -> RankingOut:
    """Return the unions that may receive the ticket, best first, and those that must not, each with its reasons."""
    with visit.reading() as session:
        found = ranked_unions(session, visit.actor, number, policy=visit.services.policy, now=visit.now)
    return RankingOut.model_validate(found)


@router.get("/tickets/{number}/duplicates")
def duplicates(number: str, visit: Router) -> list[DuplicateOut]:
    """Return open tickets that may be about the same thing, a repeat caller's first, each with the reasons."""
    with visit.reading() as session:
        found = likely_duplicates(session, visit.actor, number, policy=visit.services.policy, now=visit.now)
    return [DuplicateOut.model_validate(each) for each in found]


@router.get("/tickets/{number}/preview")
def preview_for_union(number: str, union_id: int, visit: Router) -> UnionPreview:
    """Return exactly what the union would see."""
    with visit.reading() as session:
        found = preview(session, visit.actor, number, union_id, policy=visit.services.policy, now=visit.now)
    return UnionPreview.model_validate(found)


@router.post("/tickets/{number}/reveal")
def reveal_caller(number: str, given: RevealIn, visit: Revealer) -> RevealOut:
    """Return who called, in clear; who looked and why is on record before the answer leaves."""
    with visit.writing() as session:
        found = reveal(
            session, visit.actor, number, reason=given.reason, now=visit.now, caller_id=given.caller_id
        )
    return RevealOut.model_validate(found)


@router.post("/tickets/{number}/break_glass")
def break_glass(number: str, given: RevealIn, visit: SealBreaker) -> BreakGlassOut:
    """Open a sealed ticket to whoever asks, for a while; the reason is on record and another leader is told."""
    with visit.writing() as session:
        until = break_seal(session, visit.actor, number, reason=given.reason, now=visit.now)
    return BreakGlassOut(number=number, until=until)


@router.post("/tickets/{number}/readers", status_code=204)
def readers(number: str, given: ReaderIn, visit: SealNamer) -> None:
    """Name a person who may read the sealed ticket from now on."""
    with visit.writing() as session:
        name_reader(session, visit.actor, number, given.user_id, reason=given.reason, now=visit.now)


def _create_for_call(given: TicketCreate, sid: str, visit: Visit) -> TicketOut:
    with visit.writing() as session:
        ticket = open_call_ticket(
            session,
            visit.actor,
            sid,
            seals=seals_of(visit),
            policy=visit.services.policy,
            now=visit.now,
            fields=fields_of(given),
            caller=caller_of(given),
            employers=employers_of(given),
        )
    return ticket_out(visit, ticket.number)
