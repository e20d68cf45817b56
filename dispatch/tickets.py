"""Opening and editing tickets: the number, the story, the people and employers it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Executable, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch import clocks, scope, search
from dispatch.access import find_ticket, may_edit
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, VersionConflict
from dispatch.events import By, record, ticket_stream
from dispatch.models.history import Event
from dispatch.models.people import User
from dispatch.models.tickets import Ticket, TicketEmployer, TicketSequence
from dispatch.models.unions import Region, Union
from dispatch.parties import CallerDetails as CallerDetails
from dispatch.parties import ToldEmployer as ToldEmployer
from dispatch.parties import phone_key as phone_key
from dispatch.parties import write_caller, write_callers, write_employers
from dispatch.policy import Policy
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.priority import assess
from dispatch.rules.roles import Role
from dispatch.rules.statutes import Countdown
from dispatch.rules.ticket_state import OPENED_STARTS, ClockKind, Command, State, find, missing_fields
from dispatch.rules.urgency import Nature, Urgency
from dispatch.signals import OF_GROUP, watch_for_groups
from dispatch.statutes import enter_days, restart_clocks
from dispatch.statutes import hurrying as limitations
from dispatch.union_tree import hold_tree

PLAIN_FIELDS: Final = (
    "category",
    "secondary_categories",
    "nature",
    "urgency",
    "region_code",
    "headcount",
    "amount_cents",
    "wish",
    "text",
    "confidentiality",
    "disclosure",
    "contact_mode",
    "callback_wanted",
    "accused_union_ids",
    "accused_user_ids",
)
"""Columns of the ticket that its editors may write."""

PERSONAL_FIELDS: Final = frozenset({"wish", "text"})
"""What a worker said may name people: history keeps it where erasure can reach it."""

_SEARCHED: Final = frozenset({"wish", "text", "employers"})


def open_ticket(
    session: Session,
    actor: Actor,
    *,
    channel: str,
    policy: Policy,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
    caller: CallerDetails | None = None,
    callers: Sequence[CallerDetails] | None = None,
    employers: Sequence[ToldEmployer] | None = None,
    statutes: Mapping[str, date | None] | None = None,
    external_id: str | None = None,
) -> Ticket:
    """Open a draft with a number of its own and its `dispatch` clock running; raises Invalid."""
    if actor.union_id is not None:
        hold_tree(session)
    values = _checked(session, dict(fields or {}), policy)
    number = TicketNumber.issue(policy.province, 1, now=now)
    number = replace(number, sequence=_next_sequence(session, f"{number.day:%Y%m%d}"))
    ticket = Ticket(
        number=str(number),
        day=f"{number.day:%Y%m%d}",
        sequence=number.sequence,
        version=1,
        state=State.DRAFT.value,
        channel=channel,
        external_id=external_id,
        created_at=now,
        created_by_id=actor.user_id,
        origin_union_id=actor.union_id,
        secondary_categories=[],
        urgency=Urgency.P2.value,
        urgency_reasons=[],
        accused_union_ids=[],
        accused_user_ids=[],
        wish="",
        text="",
    )
    for name, value in values.items():
        setattr(ticket, name, value)
    _assess(session, ticket, policy, chosen=values.get("urgency"), now=now, limited=False)
    session.add(ticket)
    try:
        session.flush()
    except IntegrityError as error:
        if external_id is None:
            raise
        # The number is ours and new: what is taken is the sender's own.
        raise Invalid({"external_id": "这个编号已经登记过"}) from error
    if caller is not None:
        write_caller(session, ticket, caller, policy, begins=True)
    if callers is not None:
        write_callers(session, ticket, callers, policy)
    if employers is not None:
        write_employers(session, ticket, employers, begins=True)
    log(session, ticket, "TicketOpened", by=actor.by, now=now, payload={"channel": channel}, begins=True)
    if statutes:
        enter_days(session, ticket, statutes, actor=actor, policy=policy, now=now)
        _assess(session, ticket, policy, chosen=values.get("urgency"), now=now)
    watch_for_groups(session, ticket, now=now)
    if ticket.wish or ticket.text or employers:
        search.write(session, ticket)
    for kind in OPENED_STARTS:
        clocks.start(session, ticket, kind, policy=policy, now=now)
    scope.rewrite(session, ticket, now=now, begins=True)
    return ticket


def edit_ticket(
    session: Session,
    actor: Actor,
    number: str,
    *,
    version: int,
    policy: Policy,
    now: datetime,
    fields: Mapping[str, Any],
    caller: CallerDetails | None = None,
    callers: Sequence[CallerDetails] | None = None,
    employers: Sequence[ToldEmployer] | None = None,
    statutes: Mapping[str, date | None] | None = None,
) -> Ticket:
    """Write fields of an open ticket; raises NotFound, NotAllowed, VersionConflict, Invalid."""
    ticket = find_ticket(session, actor, number, lock=True)
    if not may_edit(actor, ticket):
        raise NotAllowed("edit", f"“{actor.role.label}”不能修改这张工单")
    require_version(session, ticket, version)
    values = _checked(session, dict(fields), policy)
    before = {name: getattr(ticket, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    for name, value in changed.items():
        setattr(ticket, name, value)
    touched = list(changed)
    if caller is not None:
        write_caller(session, ticket, caller, policy)
        touched.append("caller")
    if callers is not None:
        write_callers(session, ticket, callers, policy)
        touched.append("callers")
    if employers is not None:
        write_employers(session, ticket, employers)
        touched.append("employers")
    if statutes:
        enter_days(session, ticket, statutes, actor=actor, policy=policy, now=now)
        touched.append("statutes")
    if not touched:
        return ticket
    if not _SEARCHED.isdisjoint(touched):
        search.write(session, ticket)
    old_urgency = before.get("urgency", ticket.urgency)
    _assess(session, ticket, policy, chosen=values.get("urgency"), now=now)
    watch_for_groups(session, ticket, now=now)
    ticket.version += 1
    payload = {name: value for name, value in changed.items() if name not in PERSONAL_FIELDS}
    personal = {name: value for name, value in changed.items() if name in PERSONAL_FIELDS}
    log(
        session,
        ticket,
        "TicketEdited",
        by=actor.by,
        now=now,
        payload={"fields": sorted(touched), "values": payload},
        personal=personal or None,
    )
    if ticket.urgency != old_urgency and State(ticket.state) in (State.DRAFT, State.PENDING_DISPATCH):
        restart_clocks(session, ticket, policy=policy, now=now)
    elif Urgency(ticket.urgency).rank < Urgency(old_urgency).rank:
        clocks.hurry(session, ticket, policy=policy, now=now)
    _after_edit(session, ticket, policy, now)
    scope.rewrite(session, ticket, now=now)
    return ticket


def missing_details(session: Session, ticket: Ticket) -> dict[str, str]:
    """Map what a whole form has and this ticket lacks to Chinese sentences; a P0 is accepted with less."""
    told = session.scalar(select(func.count()).where(TicketEmployer.ticket_id == ticket.id)) or 0
    known = {**{name: getattr(ticket, name) for name in PLAIN_FIELDS}, "employers": ["known"] * told}
    whole = find(State.DRAFT, Command.ACCEPT, Role.OPERATOR)
    return missing_fields(whole, known)


def reassess(session: Session, ticket: Ticket, policy: Policy, *, now: datetime) -> None:
    """Settle anew what follows from the categories; an urgency that a person chose stays as it is."""
    _assess(session, ticket, policy, chosen=None, now=now)


def require_version(session: Session, ticket: Ticket, seen: int) -> None:
    """Raise VersionConflict with the fields that changed since `seen`."""
    if ticket.version == seen:
        return
    rows = session.execute(
        select(Event.kind, Event.payload, Event.personal).where(
            Event.ticket_id == ticket.id, Event.ticket_version > seen
        )
    )
    names: set[str] = set()
    for kind, payload, personal in rows:
        # A command that carried fields of the ticket itself has changed those.
        carried = (payload.keys() | (personal or {}).keys()) & set(PLAIN_FIELDS)
        names |= set(payload.get("fields", [])) if kind == "TicketEdited" else carried
    current = {name: getattr(ticket, name) for name in sorted(names) if name in PLAIN_FIELDS}
    current |= {name: None for name in names if name not in PLAIN_FIELDS}
    raise VersionConflict(ticket.number, seen, ticket.version, {**current, "state": ticket.state})


def log(
    session: Session,
    ticket: Ticket,
    kind: str,
    *,
    by: By,
    now: datetime,
    payload: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    begins: bool = False,
) -> None:
    """Append an event to the ticket's own chain; `begins` for the first of a ticket made in this transaction."""
    record(
        session,
        kind,
        stream=ticket_stream(ticket.id),
        by=by,
        now=now,
        payload=payload,
        personal=personal,
        ticket_id=ticket.id,
        ticket_version=ticket.version,
        begins=begins,
    )


def _next_sequence(session: Session, day: str) -> int:
    """Return the day's next number; one that is then not used stays unused."""
    database = session.info.get("database")
    if not isinstance(database, Database) or database.on_sqlite:
        return int(session.connection().execute(_NEXT["sqlite"], {"day": day}).scalar_one())
    # Committed by itself: kept in the ticket's own transaction the day's row would queue all openings one by one.
    with database.engine("number").connect() as connection:
        return int(connection.execute(_NEXT["postgresql"], {"day": day}).scalar_one())


def _checked(session: Session, fields: dict[str, Any], policy: Policy) -> dict[str, Any]:
    """Return the writable fields; raises Invalid with a Chinese sentence for each that cannot be taken."""
    wrong: dict[str, str] = {name: "没有这个项目" for name in fields if name not in PLAIN_FIELDS}
    for name in ("category", "secondary_categories"):
        given = fields.get(name)
        codes = [given] if isinstance(given, str) else given or []
        unknown = [code for code in codes if policy.category(code) is None]
        if unknown:
            wrong[name] = f"没有“{'、'.join(unknown)}”这个类别"
    region = fields.get("region_code")
    if region and session.connection().execute(_REGION, {"code": region}).first() is None:
        wrong["region_code"] = f"没有行政区划{region}"
    if fields.get("nature") and fields["nature"] not in set(Nature):
        wrong["nature"] = f"没有“{fields['nature']}”这种性质"
    accused = fields.get("accused_union_ids")
    if accused:
        known = session.scalars(select(Union.id).where(Union.id.in_(accused))).all()
        if set(accused) - set(known):
            wrong["accused_union_ids"] = "没有这个工会"
    persons = fields.get("accused_user_ids")
    if persons:
        known = session.scalars(select(User.id).where(User.id.in_(persons))).all()
        if set(persons) - set(known):
            wrong["accused_user_ids"] = "没有这个人员"
    if wrong:
        raise Invalid(wrong)
    return {name: value for name, value in fields.items() if name in PLAIN_FIELDS}


def _assess(
    session: Session,
    ticket: Ticket,
    policy: Policy,
    *,
    chosen: str | None,
    now: datetime,
    limited: bool = True,
) -> None:
    """Set what follows from categories and terms of law: R, sealed, and the urgency where nobody has chosen one."""
    codes = [ticket.category, *ticket.secondary_categories]
    categories = [category for code in codes if (category := policy.category(code)) is not None]
    ticket.rights_defence = any(category.rights_defence for category in categories)
    ticket.sealed = any(category.sealed for category in categories) or ticket.petition_kind == "report"
    hurrying, unheeded = list[Countdown](), False
    if limited:
        hurrying, unheeded = limitations(session, ticket, policy=policy, now=now)
    found = assess(categories, limits=policy.sla.limits, headcount=ticket.headcount, countdowns=hurrying)
    kept = [reason for reason in ticket.urgency_reasons if reason.startswith(OF_GROUP)]
    ticket.urgency_reasons = [*found.reasons, *([found.warning] if found.warning else []), *kept]
    if chosen is not None:
        ticket.urgency_chosen = chosen
    elif ticket.urgency_chosen is None and (categories or ticket.headcount or hurrying):
        ticket.urgency = found.urgency.value
    if unheeded and Urgency(ticket.urgency).rank > Urgency.P1.rank:
        # Once, when the law's own time begins to press; a person who lowers it afterwards knows what he does.
        ticket.urgency = Urgency.P1.value


def _after_edit(session: Session, ticket: Ticket, policy: Policy, now: datetime) -> None:
    """The rest of a P0's form is there; and a union that must not have the ticket any more loses it to somebody."""
    if ticket.state == State.DRAFT.value:
        return
    details = clocks.live(session, ticket.id, [ClockKind.DETAILS])
    if details and not missing_details(session, ticket):
        clocks.stop(session, details, policy=policy, now=now)


_REGION: Final = select(Region.code).where(Region.code == bindparam("code"))
_NEXT: Final[Mapping[str, Executable]] = {
    dialect.dialect.name: dialect.insert(TicketSequence)
    .values(day=bindparam("day"), last=1)
    .on_conflict_do_update(index_elements=[TicketSequence.day], set_={"last": TicketSequence.last + 1})
    .returning(TicketSequence.last)
    for dialect in (postgresql, sqlite)
}
"""Built once: building a statement takes as long as executing it."""
