"""Shapes what the use cases return into what the API gives; knows both vocabularies, decides nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any, Final

from agent_console.api.schemas import (
    CallDetail,
    CategoryOut,
    PresenceOut,
    ReturnCallOut,
    TicketFields,
    TicketOut,
    UserOut,
)
from agent_console.auth import Account
from agent_console.permissions import Visit
from dispatch.errors import NotFound
from dispatch.models.tickets import Ticket
from dispatch.rules.categories import Category
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import State
from dispatch.ticket_views import ticket_detail
from dispatch.tickets import CallerDetails, ToldEmployer
from hotline.calls.access import Seals
from hotline.calls.queries import call_pop, calls_of_ticket
from hotline.carriers.base import NotSupported
from hotline.line import queries
from hotline.line.presence import State as PresenceState
from hotline.line.presence import identity_of
from hotline.line.seats import seat_of

TOKEN_S: Final = 3600
"""How long a browser telephone's credential is good for."""
_NEVER_NULL: Final = frozenset({"secondary_categories", "urgency", "wish", "text", "callback_wanted"})
"""Fields of a ticket that always have a value; null for one of them says nothing and is left out."""


def user_out(account: Account) -> UserOut:
    """Return a user as screens show him."""
    user = account.user
    return UserOut(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        role_label=Role(user.role).label,
        union_id=user.union_id,
        union_name=account.union_name,
        extension=user.extension,
    )


def category_out(category: Category) -> CategoryOut:
    """Return a category as forms show it."""
    entry = category.entry[0] if category.entry else None
    level = entry.level or entry if entry is not None else None
    return CategoryOut(
        code=category.code,
        name=category.name,
        group_code=category.group_code,
        group_name=category.group_name,
        rights_defence=category.rights_defence,
        sealed=category.sealed,
        urgency=category.urgency.value,
        entry_level=level.value if level is not None else None,
    )


def ticket_out(visit: Visit, ticket: Ticket | str) -> TicketOut:
    """Return a ticket as the visitor may see it; raises NotFound for a number.

    For a ticket that the visitor's own command has just taken out of his sight only a receipt is left.
    """
    number = ticket if isinstance(ticket, str) else ticket.number
    try:
        with visit.reading() as session:
            detail = ticket_detail(session, visit.actor, number, policy=visit.services.policy, now=visit.now)
            calls = calls_of_ticket(session, visit.actor, number, now=visit.now)
    except NotFound:
        if isinstance(ticket, str):
            raise
        return _receipt(ticket, visit)
    return TicketOut.model_validate(replace(detail, calls=calls))


def seals_of(visit: Visit) -> Seals:
    """Return what makes a call a sealed one."""
    return Seals.of(visit.services.policy, visit.services.lines)


def call_out(visit: Visit, sid: str) -> CallDetail:
    """Return a call as the visitor may see it; raises NotFound."""
    services = visit.services
    with visit.reading() as session:
        pop = call_pop(
            session,
            visit.actor,
            sid,
            policy=services.policy,
            lines=services.lines,
            called=services.called,
            now=visit.now,
        )
    return CallDetail.model_validate(pop)


def presence_out(visit: Visit) -> PresenceOut:
    """Return the visitor's own state; a telephone's credential only for whoever is at his desk."""
    services, user_id = visit.services, seat_of(visit.actor)
    with visit.reading() as session:
        view = queries.presence_of(
            session, user_id, policy=services.policy, lines=services.lines, now=visit.now
        )
    return PresenceOut.model_validate({**asdict(view), "device_token": _device_token(visit, view.state)})


def return_call_out(visit: Visit, task_id: int) -> ReturnCallOut:
    """Return a call we owe; raises NotFound."""
    with visit.reading() as session:
        return ReturnCallOut.model_validate(queries.return_call(session, task_id))


def fields_of(given: TicketFields) -> dict[str, Any]:
    """Return the ticket's own columns as far as they were given."""
    kept = set(TicketFields.model_fields) - {"employers", "caller", "callers", "statutes"}
    told = given.model_dump(include=kept, exclude_unset=True)
    return {name: value for name, value in told.items() if value is not None or name not in _NEVER_NULL}


def caller_of(given: TicketFields) -> CallerDetails | None:
    """Return what was told of the caller, None where nothing was."""
    return CallerDetails(**given.caller.model_dump()) if given.caller is not None else None


def callers_of(given: TicketFields) -> list[CallerDetails] | None:
    """Return all callers as told, None where they are left alone."""
    if given.callers is None:
        return None
    return [CallerDetails(**each.model_dump()) for each in given.callers]


def employers_of(given: TicketFields) -> list[ToldEmployer] | None:
    """Return the employers as told, None where they are left alone."""
    if given.employers is None:
        return None
    return [ToldEmployer(**each.model_dump()) for each in given.employers]


def statutes_of(given: TicketFields) -> dict[str, date | None] | None:
    """Return the days from which terms of law run, as told; None where they are left alone."""
    if given.statutes is None:
        return None
    return {each.code: each.begins_on for each in given.statutes}


def _device_token(visit: Visit, state: str) -> str | None:
    carrier = visit.services.carrier
    if state == PresenceState.OFFLINE.value or not carrier.capabilities.has_browser_phones:
        return None
    identity = identity_of(seat_of(visit.actor))
    try:
        return carrier.device_token(identity, ttl_s=TOKEN_S).token
    except NotSupported:
        # No key was given for it: such a centre answers on desk telephones.
        return None


def _receipt(ticket: Ticket, visit: Visit) -> TicketOut:
    """Return what whoever gave the last command knows by it: the number and the state, and no content."""
    return TicketOut(
        number=ticket.number,
        state=ticket.state,
        state_label=State(ticket.state).label,
        urgency=ticket.urgency,
        category=None,
        category_name=None,
        wish="",
        employer=None,
        headcount=None,
        region=None,
        lead_union=None,
        channel=ticket.channel,
        created_at=ticket.created_at,
        clock=None,
        sealed=ticket.sealed,
        supervised=False,
        version=ticket.version,
        text="",
        nature=None,
        secondary_categories=[],
        region_code=None,
        employers=[],
        accused=[],
        amount_cents=None,
        confidentiality=None,
        disclosure=None,
        contact_mode=None,
        callback_wanted=ticket.callback_wanted,
        urgency_reasons=[],
        query_number=None,
        callers=[],
        handlings=[],
        clocks=[],
        events=[],
        calls=[],
        difficulty=ticket.difficulty,
        petition_kind=None,
        petition_article=None,
        hard_case=False,
        leader_name=None,
        repeat_count=0,
        received_cents=0,
        letters=[],
        links=[],
        actions=[],
        outcome=None,
        statutes=[],
        server_time=visit.now,
    )
