"""The worker's page: a number and a code open a ticket in this browser, and its caller does with it what he may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, File, Response, UploadFile
from sqlalchemy import select
from sqlalchemy.orm import Session

from agent_console.api.problem_answers import PUBLIC
from agent_console.api.public_schemas import (
    CheckIn,
    ClaimRecordOut,
    DoneOut,
    NoteIn,
    OpenIn,
    OwnFileOut,
    OwnTicketOut,
    RatingIn,
    ReasonIn,
)
from agent_console.permissions import open_to_all
from agent_console.public_guests import TICKET_COOKIE, TICKET_PATH, Guest, Stranger
from dispatch import own_ticket, progress
from dispatch.actors import caller_of
from dispatch.attachments import attach, attachments_of
from dispatch.errors import WrongState
from dispatch.models.tickets import Ticket
from dispatch.policy import Policy
from dispatch.progress import Lookup
from dispatch.rules.files import FILE_LIMIT, take_in
from dispatch.rules.numbering import NumberError, SpokenNumber
from hotline.line import follow_ups
from hotline.public import claims, openings
from hotline.public.errors import AskAPerson, NotProven, TriesUsedUp
from hotline.public.limits import use
from hotline.public.words import cleaned

router = APIRouter(
    prefix="/api/public",
    tags=["public"],
    dependencies=[open_to_all("who knows a ticket's number and code acts as its caller")],
    responses=PUBLIC,
)

REFUSALS: Final[dict[Lookup, type[Exception]]] = {
    Lookup.WRONG: NotProven,
    Lookup.LOCKED: TriesUsedUp,
    Lookup.AMBIGUOUS: AskAPerson,
}
PDF: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/progress")
def open_page(given: OpenIn, guest: Stranger, response: Response) -> OwnTicketOut:
    """Open a ticket by number and code; a wrong number and a wrong code are answered alike.

    Of a sealed ticket the answer says only that it is there, and nothing is opened.
    """
    services = guest.services
    with guest.writing() as session:
        use(session, services.public, "opens_per_address_an_hour", guest.address, now=guest.now)
        opened = openings.open_by_code(
            session,
            number=given.number,
            code=_digits(given.code),
            address=guest.address,
            policy=services.policy,
            public=services.public,
            now=guest.now,
        )
        if opened.token:
            # One page a browser: what was open before is closed on the server too.
            openings.close(session, guest.ticket_token, now=guest.now)
    # A wrong try is on record before it is refused.
    if opened.result in REFUSALS:
        raise REFUSALS[opened.result]
    if opened.ticket_id is None:
        return _sealed(given.number, guest)
    guest.keep(response, TICKET_COOKIE, opened.token, path=TICKET_PATH, age=services.public.open_longest)
    return _page(guest, opened.ticket_id)


@router.get("/progress")
def read_page(guest: Stranger) -> OwnTicketOut:
    """Return the ticket that is open in this browser."""
    return _page(guest, guest.opened())


@router.delete("/progress", status_code=204)
def close_page(guest: Stranger, response: Response) -> None:
    """Close it, here and on the server."""
    with guest.writing() as session:
        openings.close(session, guest.ticket_token, now=guest.now)
    guest.drop(response, TICKET_COOKIE, path=TICKET_PATH)


@router.post("/progress/nudge")
def nudge(guest: Stranger) -> DoneOut:
    """Remind whoever has the case, once a day."""
    return _done(
        guest, lambda session, ticket_id, policy: _took(progress.nudge, session, ticket_id, policy, guest)
    )


@router.post("/progress/add_progress")
def add_progress(given: NoteIn, guest: Stranger) -> DoneOut:
    """Add to the story; where the union waits for it, the case goes on."""

    def work(session: Session, ticket_id: int, policy: Policy) -> bool:
        use(session, guest.services.public, "notes_per_ticket_a_day", str(ticket_id), now=guest.now)
        text = f"诉求人网上补充：{cleaned(given.text)}"
        return _took(progress.add_note, session, ticket_id, policy, guest, text=text)

    return _done(guest, work)


@router.post("/progress/withdraw")
def withdraw(given: ReasonIn, guest: Stranger) -> DoneOut:
    """Take the request back, in the caller's own words."""

    def work(session: Session, ticket_id: int, policy: Policy) -> bool:
        reason = f"诉求人在网上撤回：{cleaned(given.reason)}"
        own_ticket.withdraw(session, ticket_id, reason=reason, policy=policy, now=guest.now)
        return True

    return _done(guest, work)


@router.post("/progress/record_callback")
def record_callback(given: RatingIn, guest: Stranger) -> DoneOut:
    """Rate the result; what is not solved closes nothing, a person calls first."""

    def work(session: Session, ticket_id: int, policy: Policy) -> bool:
        done = own_ticket.rate(
            session,
            ticket_id,
            solved=given.solved,
            satisfied=given.satisfied,
            text=cleaned(given.text),
            money_received=given.money_received,
            policy=policy,
            now=guest.now,
        )
        if not done:
            follow_ups.leave_to_a_person(session, ticket_id, "诉求人在网上表示没有解决", now=guest.now)
        return done

    return _done(guest, work)


@router.post("/progress/reopen")
def reopen(given: ReasonIn, guest: Stranger) -> DoneOut:
    """Ask that the case be handled anew."""

    def work(session: Session, ticket_id: int, policy: Policy) -> bool:
        reason = cleaned(given.reason)
        done = own_ticket.ask_again(session, ticket_id, reason=reason, policy=policy, now=guest.now)
        if not done:
            follow_ups.leave_to_a_person(session, ticket_id, "诉求人在网上要求重新办理", now=guest.now)
        return done

    return _done(guest, work)


@router.get("/progress/attachments")
def list_attachments(guest: Stranger) -> list[OwnFileOut]:
    """Return the files that the caller himself has sent in."""
    ticket_id = guest.opened()
    with guest.reading() as session:
        number = session.scalars(select(Ticket.number).where(Ticket.id == ticket_id)).one()
        found = attachments_of(session, caller_of(ticket_id), number)
        return [OwnFileOut.model_validate(each) for each in found]


@router.post("/progress/attachments", status_code=201)
def send_file(file: Annotated[UploadFile, File()], guest: Stranger) -> OwnFileOut:
    """Keep a photo, a recording or a document; the same file sent again is the one that is there."""
    ticket_id = guest.opened()
    content = file.file.read(FILE_LIMIT + 1)
    taken = take_in(file.filename or "", content)
    services = guest.services
    with guest.writing() as session:
        use(session, services.public, "files_per_ticket_a_day", str(ticket_id), now=guest.now)
        ticket = progress.own_ticket(session, ticket_id)
        kept = attach(
            session,
            caller_of(ticket_id),
            ticket.number,
            taken,
            source=content,
            vault=services.vault,
            now=guest.now,
        )
        progress.end_wait(session, ticket, policy=services.policy, now=guest.now)
        return OwnFileOut.model_validate(kept)


@router.post("/progress/claim_record", response_class=Response, responses=PDF)
def claim_record(guest: Stranger) -> Response:
    """Give the dated record of the claim as PDF, with a code by which anybody can check it."""
    # Here: the setter takes half a second to load, and most processes never set a record.
    from hotline.public.claim_pdf import render

    services, ticket_id = guest.services, guest.opened()
    verify_at = f"{services.public_url}/verify"
    with guest.reading() as session:
        composed = claims.compose(
            session, ticket_id, policy=services.policy, verify_at=verify_at, now=guest.now
        )
    content = render(composed.sheet)
    with guest.writing() as session:
        claims.issue(session, ticket_id, composed, content, public=services.public, now=guest.now)
    headers = {"Content-Disposition": f'attachment; filename="12351-{composed.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.post("/claim_records/check")
def check_claim_record(given: CheckIn, guest: Stranger) -> ClaimRecordOut:
    """Say what the code of a claim record answers for: when it was issued, for which number, and the file's digest."""
    with guest.writing() as session:
        use(session, guest.services.public, "checks_per_address_an_hour", guest.address, now=guest.now)
    with guest.reading() as session:
        return ClaimRecordOut.model_validate(claims.verify(session, given.code))


def _digits(text: str) -> str:
    """Return the digits of a code as people type them, full width and with gaps."""
    return "".join(str(int(sign)) for sign in text if sign.isdecimal())


def _page(guest: Guest, ticket_id: int) -> OwnTicketOut:
    with guest.reading() as session:
        seen = own_ticket.look_at(session, ticket_id, policy=guest.services.policy, now=guest.now)
    return _out(seen, guest)


def _sealed(number: str, guest: Guest) -> OwnTicketOut:
    try:
        spoken = SpokenNumber.parse(number)
        plain = f"{spoken.month:02d}{spoken.day:02d}{spoken.sequence:06d}"
    except NumberError:
        plain = ""
    return _out(own_ticket.OwnTicket(plain, sealed=True), guest)


def _out(seen: own_ticket.OwnTicket, guest: Guest) -> OwnTicketOut:
    given = {name: getattr(seen, name) for name in OwnTicketOut.model_fields if name != "server_time"}
    return OwnTicketOut.model_validate({**given, "server_time": guest.now}, from_attributes=True)


def _done(guest: Guest, work: Callable[[Session, int, Policy], bool]) -> DoneOut:
    ticket_id = guest.opened()
    with guest.writing() as session:
        settled = work(session, ticket_id, guest.services.policy)
    return DoneOut(ticket=_page(guest, ticket_id), called_first=not settled)


def _took(
    act: Callable[..., bool], session: Session, ticket_id: int, policy: Policy, guest: Guest, **given: str
) -> bool:
    if not act(session, ticket_id, policy=policy, now=guest.now, **given):
        raise WrongState(str(ticket_id), act.__name__, "over", "这件诉求已经办结，不能再这样操作")
    return True
