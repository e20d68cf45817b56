"""Opening and editing tickets: the number, the story, the people and employers it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch import clocks, scope
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.errors import Invalid, NotAllowed, VersionConflict
from dispatch.events import By, record, ticket_stream
from dispatch.models.history import Event, Notice
from dispatch.models.tickets import Ticket, TicketEmployer, TicketSequence
from dispatch.models.unions import Region, Union
from dispatch.parties import CallerDetails as CallerDetails
from dispatch.parties import ToldEmployer as ToldEmployer
from dispatch.parties import phone_key as phone_key
from dispatch.parties import write_caller, write_callers, write_employers
from dispatch.policy import Policy
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.priority import assess
from dispatch.rules.recusal import recused
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import (
    OPEN_STATES,
    OPENED_STARTS,
    ClockKind,
    Command,
    State,
    find,
    missing_fields,
)
from dispatch.rules.urgency import Nature, Urgency

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
)
"""Columns of the ticket that its editors may write."""

PERSONAL_FIELDS: Final = frozenset({"wish", "text"})
"""What a worker said may name people: history keeps it where erasure can reach it."""


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
    external_id: str | None = None,
) -> Ticket:
    """Open a draft with a number of its own and its `dispatch` clock running; raises Invalid."""
    values = _checked(session, dict(fields or {}), policy)
    number = TicketNumber.issue(policy.province, _next_sequence(session, now, policy), now=now)
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
        wish="",
        text="",
    )
    for name, value in values.items():
        setattr(ticket, name, value)
    session.add(ticket)
    try:
        session.flush()
    except IntegrityError as error:
        if external_id is None:
            raise
        # The number is ours and new: what is taken is the sender's own.
        raise Invalid({"external_id": "这个编号已经登记过"}) from error
    if caller is not None:
        write_caller(session, ticket, caller, policy)
    if callers is not None:
        write_callers(session, ticket, callers, policy)
    if employers is not None:
        write_employers(session, ticket, employers)
    _assess(session, ticket, policy, chosen=values.get("urgency"))
    log(session, ticket, "TicketOpened", by=actor.by, now=now, payload={"channel": channel})
    for kind in OPENED_STARTS:
        clocks.start(session, ticket, kind, policy=policy, now=now)
    scope.rewrite(session, ticket, now=now)
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
    if not touched:
        return ticket
    old_urgency = ticket.urgency
    _assess(session, ticket, policy, chosen=values.get("urgency"))
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
        _restart_dispatch(session, ticket, policy, now)
    _after_edit(session, ticket, policy, now)
    scope.rewrite(session, ticket, now=now)
    return ticket


def missing_details(session: Session, ticket: Ticket) -> dict[str, str]:
    """Map what a whole form has and this ticket lacks to Chinese sentences; a P0 is accepted with less."""
    told = session.scalar(select(func.count()).where(TicketEmployer.ticket_id == ticket.id)) or 0
    known = {**{name: getattr(ticket, name) for name in PLAIN_FIELDS}, "employers": ["known"] * told}
    whole = find(State.DRAFT, Command.ACCEPT, Role.OPERATOR)
    return missing_fields(whole, known)


def reassess(session: Session, ticket: Ticket, policy: Policy) -> None:
    """Settle anew what follows from the categories; the urgency stays as it is."""
    _assess(session, ticket, policy, chosen=ticket.urgency)


def may_edit(actor: Actor, ticket: Ticket) -> bool:
    """Whether this actor may write the ticket's fields; whoever may not see it has been turned away before."""
    if State(ticket.state) not in OPEN_STATES:
        return False
    if actor.role in (Role.SUPERVISOR, Role.DUTY_LEADER, Role.DISPATCHER, Role.SYSTEM):
        return True
    if actor.of_union:
        return ticket.state == State.DRAFT.value and ticket.origin_union_id == actor.union_id
    # What the machine wrote down belongs to whichever operator takes it up.
    return actor.role in (Role.OPERATOR, Role.LAWYER, Role.COUNSELLOR) and ticket.created_by_id in (
        None,
        actor.user_id,
    )


def require_version(session: Session, ticket: Ticket, seen: int) -> None:
    """Raise VersionConflict with the fields that changed since `seen`."""
    if ticket.version == seen:
        return
    rows = session.scalars(
        select(Event.payload).where(
            Event.ticket_id == ticket.id, Event.ticket_version > seen, Event.kind == "TicketEdited"
        )
    )
    names = {name for payload in rows for name in payload.get("fields", [])}
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
) -> None:
    """Append an event to the ticket's own chain."""
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
    )


def _next_sequence(session: Session, now: datetime, policy: Policy) -> int:
    day = f"{TicketNumber.issue(policy.province, 1, now=now).day:%Y%m%d}"
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(TicketSequence).values(day=day, last=1)
    upsert = statement.on_conflict_do_update(
        index_elements=[TicketSequence.day], set_={"last": TicketSequence.last + 1}
    ).returning(TicketSequence.last)
    return int(session.execute(upsert).scalar_one())


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
    if region and session.get(Region, region) is None:
        wrong["region_code"] = f"没有行政区划{region}"
    if fields.get("nature") and fields["nature"] not in set(Nature):
        wrong["nature"] = f"没有“{fields['nature']}”这种性质"
    accused = fields.get("accused_union_ids")
    if accused:
        known = session.scalars(select(Union.id).where(Union.id.in_(accused))).all()
        if set(accused) - set(known):
            wrong["accused_union_ids"] = "没有这个工会"
    if wrong:
        raise Invalid(wrong)
    return {name: value for name, value in fields.items() if name in PLAIN_FIELDS}


def _assess(session: Session, ticket: Ticket, policy: Policy, *, chosen: str | None) -> None:
    """Set what follows from the categories: R, sealed, and the urgency where nobody has chosen one."""
    codes = [ticket.category, *ticket.secondary_categories]
    categories = [category for code in codes if (category := policy.category(code)) is not None]
    ticket.rights_defence = any(category.rights_defence for category in categories)
    ticket.sealed = any(category.sealed for category in categories) or ticket.petition_kind == "report"
    found = assess(categories, limits=policy.sla.limits, headcount=ticket.headcount)
    ticket.urgency_reasons = [*found.reasons, *([found.warning] if found.warning else [])]
    if chosen is None and (categories or ticket.headcount):
        ticket.urgency = found.urgency.value
    session.flush()


def _after_edit(session: Session, ticket: Ticket, policy: Policy, now: datetime) -> None:
    """The rest of a P0's form is there; and a union that must not have the ticket any more loses it to somebody."""
    if ticket.state == State.DRAFT.value:
        return
    details = clocks.live(session, ticket.id, [ClockKind.DETAILS])
    if details and not missing_details(session, ticket):
        clocks.stop(session, details, policy=policy, now=now)
    if ticket.lead_union_id is None or State(ticket.state) not in OPEN_STATES:
        return
    union = session.get_one(Union, ticket.lead_union_id)
    employers = scope.employers_of(session, ticket.id)
    reason = recused(
        scope.view_of(union),
        employers,
        rights_defence=ticket.rights_defence,
        consent=ticket.recusal_waived,
        accused=ticket.accused_union_ids,
        corporate=scope.corporate_of(session, employers),
    )
    if reason is not None:
        text = f"{ticket.number} {union.name}须回避：{reason}，请改派"
        session.add(
            Notice(at=now, kind="recusal", ticket_id=ticket.id, role=Role.DISPATCHER.value, text=text)
        )


def _restart_dispatch(session: Session, ticket: Ticket, policy: Policy, now: datetime) -> None:
    running = clocks.live(session, ticket.id, [ClockKind.DISPATCH])
    for clock in running:
        begun = clock.started_at
        clocks.stop(session, [clock], policy=policy, now=now, cancelled=True)
        # The worker has been waiting since then, however urgent the case turned out to be.
        clocks.start(session, ticket, ClockKind.DISPATCH, policy=policy, now=begun)
