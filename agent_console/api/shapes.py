"""Shapes what the use cases return into what the API gives; knows both vocabularies, decides nothing."""

from __future__ import annotations

from typing import Any, Final

from agent_console.api.schemas import CategoryOut, TicketFields, TicketOut, UserOut
from agent_console.auth import Account
from agent_console.permissions import Visit
from dispatch.errors import NotFound
from dispatch.models.tickets import Ticket
from dispatch.rules.categories import Category
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import Command, State
from dispatch.ticket_views import ticket_detail
from dispatch.tickets import CallerDetails, ToldEmployer

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
    except NotFound:
        if isinstance(ticket, str):
            raise
        return _receipt(ticket, visit)
    return TicketOut.model_validate(detail)


def fields_of(given: TicketFields) -> dict[str, Any]:
    """Return the ticket's own columns as far as they were given."""
    kept = set(TicketFields.model_fields) - {"employers", "caller"}
    told = given.model_dump(include=kept, exclude_unset=True)
    return {name: value for name, value in told.items() if value is not None or name not in _NEVER_NULL}


def caller_of(given: TicketFields) -> CallerDetails | None:
    """Return what was told of the caller, None where nothing was."""
    return CallerDetails(**given.caller.model_dump()) if given.caller is not None else None


def employers_of(given: TicketFields) -> list[ToldEmployer] | None:
    """Return the employers as told, None where they are left alone."""
    if given.employers is None:
        return None
    return [ToldEmployer(**each.model_dump()) for each in given.employers]


def command_of(name: str) -> Command:
    """Return the command of this name; raises NotFound."""
    try:
        return Command(name)
    except ValueError:
        raise NotFound("command", name) from None


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
        actions=[],
        outcome=None,
        server_time=visit.now,
    )
