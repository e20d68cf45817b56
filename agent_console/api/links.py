"""One-link access: a token is redeemed by a button's POST into a device's cookie; the device then works on one ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from agent_console import lockout
from agent_console.api.notice_schemas import (
    LinkAction,
    LinkContact,
    LinkLineOut,
    LinkProgress,
    LinkSign,
    LinkTicketOut,
    RedeemIn,
)
from agent_console.api.schemas import ClockOut
from agent_console.console import console_of
from agent_console.idempotency import IdempotencyKey
from agent_console.link_door import COOKIE, LinkVisit, by_link, path_of
from agent_console.permissions import Action, Visit, open_to_all, requires
from dispatch import access_links, once, telling
from dispatch.access_links import BY_LINK
from dispatch.commands import perform
from dispatch.errors import NotAllowed
from dispatch.inbox import own_turn, signing_pair
from dispatch.models.inbox import NoticeDelivery
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.models.unions import Union
from dispatch.rules.notice_policy import ROBOTS, ChannelKind
from dispatch.rules.ticket_state import Command
from dispatch.ticket_views import ticket_detail
from dispatch.unit_of_work import unit_of_work
from hotline.errors import LinkShut

router = APIRouter(prefix="/api", tags=["links"])
Device = Annotated[LinkVisit, by_link()]
Person = Annotated[Visit, requires(Action.LINK_KEEP)]
Id = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post("/link/redeem", dependencies=[open_to_all("the token is the proof")])
def redeem(given: RedeemIn, request: Request, response: Response) -> LinkTicketOut:
    """Bind a link to this device; only a POST does it, so that whatever merely fetches addresses uses nothing up."""
    console = console_of(request)
    services, now = console.services, console.services.now()
    address = request.client.host if request.client else ""
    with services.database.writing() as session:
        # Named by the address: nobody can shut others' links out by guessing.
        attempt = lockout.begin_attempt(session, f"link:{address}", address, now=now)
    with unit_of_work(services.database, publish=services.publish) as session:
        found = access_links.redeem(
            session,
            given.token,
            life=services.notices.device_life,
            user_agent=request.headers.get("user-agent", ""),
            now=now,
        )
        if found is not None:
            lockout.succeed(session, attempt)
    if found is None:
        raise LinkShut
    link_id, secret = found
    response.set_cookie(
        f"{COOKIE}{link_id}",
        secret,
        max_age=int(services.notices.device_life.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=console.over_tls,
        path=path_of(link_id),
    )
    with services.database.reading() as session:
        seen = access_links.opened(session, link_id, secret, now=now)
        if seen is None:
            raise LinkShut
        session.expunge_all()
    return _shown(LinkVisit(console, seen, now))


@router.post("/link/again", status_code=202, dependencies=[open_to_all("answers alike whatever is asked")])
def ask_again(given: RedeemIn, request: Request) -> None:
    """Send a new link to the person of an old one, by the way the old one came; the answer never says whether it did."""
    console = console_of(request)
    services, now = console.services, console.services.now()
    address = request.client.host if request.client else ""
    with services.database.writing() as session:
        lockout.begin_attempt(session, f"link-again:{address}", address, now=now)
    with unit_of_work(services.database, publish=services.publish, wake=services.wake) as session:
        old = access_links.known(session, given.token)
        user = session.get(User, old.user_id) if old is not None else None
        ticket = session.get(Ticket, old.ticket_id) if old is not None else None
        if old is None or user is None or ticket is None:
            return
        if not access_links.may_have_link(session, user, ticket, now=now):
            return
        if telling.links_asked_today(session, user.id, now=now) >= services.notices.link_again_a_day:
            return
        # A robot's group is asked for no link: the new one goes to the person's own telephone.
        channel = old.channel if ChannelKind(old.channel) not in ROBOTS else ChannelKind.SMS.value
        delivery = NoticeDelivery(
            purpose="link",
            ticket_id=ticket.id,
            user_id=user.id,
            union_id=user.union_id,
            channel=channel,
            created_at=now,
        )
        key = f"link:{old.id}:again:{now.timestamp():.3f}"
        telling.put(session, delivery, key=key, begins=now, notices=services.notices, now=now)


@router.get("/link/{link_id}")
def look(device: Device) -> LinkTicketOut:
    """Return what the device may see of its ticket."""
    return _shown(device)


@router.post("/link/{link_id}/sign_for")
def sign_for(given: LinkSign, device: Device, key: IdempotencyKey = None) -> LinkTicketOut:
    """Sign for the ticket: the person himself, with the deputy of his account, post or union."""
    with device.reading() as session:
        pair = signing_pair(session, device.opened.actor, now=device.now, ticket_id=device.opened.ticket.id)
    if pair is None:
        raise NotAllowed("sign_for", "您的账号现在不能签收，请登录处理")
    data = {"handler_id": pair.handler_id, "deputy_id": pair.deputy_id}
    return _command(device, Command.SIGN_FOR, data, given.version, key)


@router.post("/link/{link_id}/record_first_contact")
def record_first_contact(given: LinkContact, device: Device, key: IdempotencyKey = None) -> LinkTicketOut:
    """Record the first contact with the caller."""
    data = {**given.model_dump(exclude={"version"}, exclude_none=True), "at": device.now}
    return _command(device, Command.RECORD_FIRST_CONTACT, data, given.version, key)


@router.post("/link/{link_id}/add_progress")
def add_progress(given: LinkProgress, device: Device, key: IdempotencyKey = None) -> LinkTicketOut:
    """Write a progress note."""
    return _command(device, Command.ADD_PROGRESS, {"text": given.text}, given.version, key)


@router.get("/access-links")
def mine(visit: Person) -> list[LinkLineOut]:
    """Return the reader's own links and the devices that hold one."""
    with visit.reading() as session:
        found = access_links.links(session, visit.actor, now=visit.now)
        return [LinkLineOut.model_validate(each) for each in found]


@router.post("/access-links/revoke")
def revoke_all(visit: Person) -> list[LinkLineOut]:
    """Shut all of the reader's links: a telephone was lost."""
    with visit.writing() as session:
        access_links.revoke(session, visit.actor, now=visit.now)
    return mine(visit)


@router.post("/access-links/{link_id}/revoke")
def revoke(link_id: Id, visit: Person) -> list[LinkLineOut]:
    """Shut one of the reader's links."""
    with visit.writing() as session:
        access_links.revoke(session, visit.actor, link_id, now=visit.now)
    return mine(visit)


def _command(
    device: LinkVisit, command: Command, data: Mapping[str, Any], version: int, key: str | None
) -> LinkTicketOut:
    number, actor = device.opened.ticket.number, device.opened.actor
    told = {name: value for name, value in data.items() if name != "at"}
    asked = once.digest_of(f"{number}/{command.value}", told)
    with device.writing() as session:
        if key is not None and not once.begin(session, actor, key, asked, now=device.now):
            return _shown(device)
        policy = device.console.services.policy
        perform(session, actor, number, command, data, version=version, policy=policy, now=device.now)
        if key is not None:
            once.finish(session, actor, key, number)
    return _shown(device)


def _shown(device: LinkVisit) -> LinkTicketOut:
    actor, number = device.opened.actor, device.opened.ticket.number
    policy = device.console.services.policy
    with device.reading() as session:
        detail = ticket_detail(session, actor, number, policy=policy, now=device.now)
        turn = own_turn(session, actor, device.opened.ticket.id)
        union = session.get_one(Union, actor.union_id)
        handler_id = turn.handler_id if turn is not None else None
        deputy_id = turn.deputy_id if turn is not None else None
        people = {
            user.id: user.display_name
            for each in (handler_id, deputy_id)
            if (user := session.get(User, each or 0)) is not None
        }
        union_name = union.name
    able = [each for each in detail.actions if each.enabled]
    named = {command.value for command in BY_LINK}
    return LinkTicketOut(
        link_id=device.opened.link_id,
        person=actor.name,
        union_name=union_name,
        number=detail.number,
        version=detail.version,
        state=detail.state,
        state_label=detail.state_label,
        urgency=detail.urgency,
        category_name=detail.category_name,
        wish=detail.wish,
        employer=detail.employer,
        headcount=detail.headcount,
        region=detail.region,
        relay_nos=[each.relay_no for each in detail.callers],
        clock=ClockOut.model_validate(detail.clock) if detail.clock is not None else None,
        handler_name=people.get(handler_id or 0),
        deputy_name=people.get(deputy_id or 0),
        actions=[
            LinkAction(command=each.command, label=each.label) for each in able if each.command in named
        ],
        signed_in_only=[
            LinkAction(command=each.command, label=each.label) for each in able if each.command not in named
        ],
        server_time=device.now,
    )
