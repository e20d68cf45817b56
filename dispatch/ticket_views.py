"""Tickets as screens show them: one line for lists, everything for the page, each cut to what the reader may know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from dispatch.access import can_seen, find_ticket, withheld
from dispatch.actors import Actor
from dispatch.commands import buttons
from dispatch.identity import CallerView, caller_views
from dispatch.models.people import User
from dispatch.models.tickets import Handling, Ticket, TicketEmployer
from dispatch.models.unions import Employer, Region, Union
from dispatch.policy import Policy
from dispatch.results import received
from dispatch.rules.masking import mask_text
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.permissions import Action
from dispatch.rules.ticket_state import State
from dispatch.scope import UNION_CLOCKS
from dispatch.side_views import (
    AccusedView,
    LetterView,
    LinkView,
    accused_views,
    leader_name,
    letters,
    links,
    sides,
)
from dispatch.sla_view import ClockView, clock_views
from dispatch.statutes import StatuteView, statute_views
from dispatch.timeline import EventView, timeline

KEPT_BACK: Final = "（密件，未启封）"
"""What stands where a story is kept back."""


@dataclass(frozen=True, slots=True)
class EmployerOnTicketView:
    employer_id: int | None
    name: str
    uscc: str | None
    role: str


@dataclass(frozen=True, slots=True)
class HandlingView:
    """One union's turn at the ticket."""

    id: int
    union_id: int
    union_name: str
    role: str
    state: str
    dispatched_at: datetime
    signed_at: datetime | None
    handler_name: str | None
    deputy_name: str | None
    ended_at: datetime | None
    end_reason: str | None
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class ActionView:
    """One command as a button; `why_not` is a Chinese sentence when it is disabled."""

    command: str
    label: str
    enabled: bool
    why_not: str | None


@dataclass(frozen=True, slots=True)
class TicketLine:
    """One row of a list."""

    number: str
    state: str
    state_label: str
    urgency: str
    category: str | None
    category_name: str | None
    wish: str
    employer: str | None
    headcount: int | None
    region: str | None
    lead_union: str | None
    channel: str
    created_at: datetime
    clock: ClockView | None
    """The one that is due next, among those which concern the reader."""
    sealed: bool
    supervised: bool
    version: int


@dataclass(frozen=True, slots=True)
class TicketDetail(TicketLine):
    """The whole page."""

    text: str
    nature: str | None
    secondary_categories: list[str]
    region_code: str | None
    employers: list[EmployerOnTicketView]
    accused: list[AccusedView]
    amount_cents: int | None
    confidentiality: str | None
    disclosure: str | None
    contact_mode: str | None
    callback_wanted: bool
    urgency_reasons: list[str]
    query_number: str | None
    callers: list[CallerView]
    handlings: list[HandlingView]
    clocks: list[ClockView]
    events: list[EventView]
    calls: list[Any]
    """Filled by whoever knows telephone calls."""
    difficulty: str
    petition_kind: str | None
    petition_article: int | None
    hard_case: bool
    leader_name: str | None
    repeat_count: int
    received_cents: int
    letters: list[LetterView]
    links: list[LinkView]
    actions: list[ActionView]
    outcome: str | None
    statutes: list[StatuteView]
    """Countdowns of law, the nearest end first."""
    server_time: datetime


def ticket_lines(
    session: Session,
    actor: Actor,
    tickets: Sequence[Ticket],
    *,
    policy: Policy,
    now: datetime,
    clocks: Mapping[int, Sequence[ClockView]] | None = None,
    employers: Mapping[int, str] | None = None,
) -> list[TicketLine]:
    """Return the tickets as rows, in the given order; the actor must be allowed to see each.

    `clocks` and `employers` are those of the tickets, where they have been read already: running clocks first.
    """
    ids = [ticket.id for ticket in tickets]
    kept = withheld(session, actor, tickets)
    if clocks is None:
        kinds = UNION_CLOCKS if actor.of_union else None
        clocks = clock_views(session, ids, policy=policy, now=now, running_only=True, kinds=kinds)
    if employers is None:
        employers = _first_employers(session, ids)
    regions = _region_names(session, {ticket.region_code for ticket in tickets if ticket.region_code})
    leads = {ticket.lead_union_id for ticket in tickets if ticket.lead_union_id}
    unions = dict(session.execute(_UNION_NAMES, {"ids": sorted(leads)}).all()) if leads else {}
    return [
        TicketLine(
            number=ticket.number,
            state=ticket.state,
            state_label=State(ticket.state).label,
            urgency=ticket.urgency,
            category=ticket.category,
            category_name=_category_name(ticket.category, policy),
            wish=KEPT_BACK if ticket.id in kept else mask_text(ticket.wish),
            employer=None if ticket.id in kept else employers.get(ticket.id),
            headcount=ticket.headcount,
            region=regions.get(ticket.region_code or ""),
            lead_union=unions.get(ticket.lead_union_id or 0),
            channel=ticket.channel,
            created_at=ticket.created_at,
            clock=next((each for each in clocks.get(ticket.id, ()) if each.state == "running"), None),
            sealed=ticket.sealed,
            supervised=ticket.supervised,
            version=ticket.version,
        )
        for ticket in tickets
    ]


def ticket_detail(
    session: Session, actor: Actor, number: str, *, policy: Policy, now: datetime
) -> TicketDetail:
    """Return the whole ticket as this actor may see it; raises NotFound."""
    ticket = find_ticket(session, actor, number)
    kinds = UNION_CLOCKS if actor.of_union else None
    read = clock_views(session, [ticket.id], policy=policy, now=now, kinds=kinds)
    clocks = read.get(ticket.id, [])
    employers = _employers(session, ticket.id)
    first = next((each.name for each in employers if each.name), None)
    named = {ticket.id: first} if first is not None else {}
    (line,) = ticket_lines(session, actor, [ticket], policy=policy, now=now, clocks=read, employers=named)
    unmasked = can_seen(session, actor, Action.IDENTITY_REVEAL, ticket)
    beside = sides(session, ticket)
    kept = bool(withheld(session, actor, [ticket]))
    handlings = _handlings(session, actor, ticket)
    shown = {handling.id for handling in handlings}
    values = {each.name: getattr(line, each.name) for each in fields(line)}
    values["wish"] = ticket.wish if unmasked else line.wish
    return TicketDetail(
        **values,
        text=KEPT_BACK if kept else ticket.text if unmasked else mask_text(ticket.text),
        nature=ticket.nature,
        secondary_categories=list(ticket.secondary_categories),
        region_code=ticket.region_code,
        employers=[] if kept else employers,
        accused=[] if kept else accused_views(session, ticket),
        amount_cents=ticket.amount_cents,
        confidentiality=ticket.confidentiality,
        disclosure=ticket.disclosure,
        contact_mode=ticket.contact_mode,
        callback_wanted=ticket.callback_wanted,
        urgency_reasons=list(ticket.urgency_reasons),
        query_number=TicketNumber.parse(ticket.number).spoken if actor.of_centre else None,
        callers=list(
            caller_views(
                session,
                ticket,
                can_reveal=unmasked,
                relay_only=kept or (actor.of_union and not unmasked),
                merged=beside.below,
            )
        ),
        handlings=handlings,
        clocks=[each for each in clocks if each.handling_id is None or each.handling_id in shown],
        events=list(timeline(session, actor, ticket, unmasked=unmasked, kept_back=kept)),
        calls=[],
        difficulty=ticket.difficulty,
        petition_kind=ticket.petition_kind,
        petition_article=ticket.petition_article,
        hard_case=ticket.hard_case,
        leader_name=leader_name(session, ticket),
        repeat_count=ticket.repeat_count,
        received_cents=received(session, ticket) if beside.paid else 0,
        letters=letters(session, ticket) if beside.letters else [],
        links=links(session, actor, ticket) if beside.below or ticket.parent_id is not None else [],
        actions=_actions(session, actor, ticket, policy, now),
        outcome=ticket.outcome,
        statutes=_statutes(session, ticket, policy, now) if beside.statutes else [],
        server_time=now,
    )


def _actions(
    session: Session, actor: Actor, ticket: Ticket, policy: Policy, now: datetime
) -> list[ActionView]:
    return [
        ActionView(button.command.value, button.command.label, button.why_not is None, button.why_not)
        for button in buttons(session, actor, ticket, policy=policy, now=now)
    ]


def _statutes(session: Session, ticket: Ticket, policy: Policy, now: datetime) -> list[StatuteView]:
    return statute_views(session, [ticket.id], policy=policy, now=now).get(ticket.id, [])


def _category_name(code: str | None, policy: Policy) -> str | None:
    category = policy.category(code)
    return category.name if category is not None else code


def _first_employers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    rows = session.execute(_FIRST_EMPLOYERS, {"tickets": list(ids)})
    return {ticket: known or told for ticket, told, known in rows if known or told}


def _employers(session: Session, ticket_id: int) -> list[EmployerOnTicketView]:
    rows = session.execute(_EMPLOYERS, {"ticket": ticket_id})
    return [_employer(told, known) for told, known in rows]


def _employer(told: TicketEmployer, known: Employer | None) -> EmployerOnTicketView:
    name, code = (told.name, told.uscc) if known is None else (known.name, known.uscc)
    return EmployerOnTicketView(told.employer_id, name, code, told.role)


def _region_names(session: Session, codes: set[str]) -> dict[str, str]:
    """Return names such as 济南市历下区: a district's own name alone is shared by several cities."""
    wanted = {code[:length] for code in codes for length in (4, 6, 9) if len(code) >= length} | codes
    if not wanted:
        return {}
    rows = session.execute(_REGION_NAMES, {"codes": sorted(wanted)})
    names = dict(rows.all())
    return {
        code: "".join(names.get(part, "") for part in dict.fromkeys((code[:4], code[:6], code)) if part)
        for code in codes
    }


def _handlings(session: Session, actor: Actor, ticket: Ticket) -> list[HandlingView]:
    if ticket.lead_union_id is None:
        # No union has had it yet.
        return []
    rows = session.execute(_HANDLINGS, {"ticket": ticket.id})
    return [
        HandlingView(
            id=handling.id,
            union_id=union.id,
            union_name=union.name,
            role=handling.role,
            state=handling.state,
            dispatched_at=handling.dispatched_at,
            signed_at=handling.signed_at,
            handler_name=handler_name,
            deputy_name=deputy_name,
            ended_at=handling.ended_at,
            end_reason=handling.end_reason,
            reasons=list(handling.reasons),
        )
        for handling, union, handler_name, deputy_name in rows
        if _concerns(actor, handling, union)
    ]


def _concerns(actor: Actor, handling: Handling, union: Union) -> bool:
    # A union sees who works on the ticket beside it, but not the past turns of others.
    if not actor.of_union or handling.state != "ended":
        return True
    return actor.union_id in union.ancestor_ids()


# Built once: building a statement takes as long as executing it.
_HANDLER, _DEPUTY = aliased(User), aliased(User)
_HANDLINGS: Final = (
    select(Handling, Union, _HANDLER.display_name, _DEPUTY.display_name)
    .join(Union, Union.id == Handling.union_id)
    .outerjoin(_HANDLER, _HANDLER.id == Handling.handler_id)
    .outerjoin(_DEPUTY, _DEPUTY.id == Handling.deputy_id)
    .where(Handling.ticket_id == bindparam("ticket"))
    .order_by(Handling.id)
)
_UNION_NAMES: Final = select(Union.id, Union.name).where(Union.id.in_(bindparam("ids", expanding=True)))
_REGION_NAMES: Final = select(Region.code, Region.name).where(
    Region.code.in_(bindparam("codes", expanding=True)), ~Region.pseudo
)
_FIRST_EMPLOYERS: Final = (
    select(TicketEmployer.ticket_id, TicketEmployer.name, Employer.name)
    .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
    .where(TicketEmployer.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(TicketEmployer.ordinal.desc())
)
_EMPLOYERS: Final = (
    select(TicketEmployer, Employer)
    .outerjoin(Employer, Employer.id == TicketEmployer.employer_id)
    .where(TicketEmployer.ticket_id == bindparam("ticket"))
    .order_by(TicketEmployer.ordinal)
)
