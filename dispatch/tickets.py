"""Opening and editing tickets: the number, the story, the people and employers it is about."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Executable, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch import clocks, scope
from dispatch.access import find_ticket
from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.errors import Invalid, NotAllowed, VersionConflict
from dispatch.events import By, record, ticket_stream
from dispatch.models.base import Base
from dispatch.models.history import Event
from dispatch.models.tickets import Caller, Ticket, TicketEmployer, TicketSequence
from dispatch.models.unions import Employer, Region, Union
from dispatch.policy import Policy
from dispatch.rules import uscc
from dispatch.rules.numbering import TicketNumber
from dispatch.rules.phones import normalise
from dispatch.rules.priority import assess
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, OPENED_STARTS, ClockKind, State
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


@dataclass(frozen=True, slots=True)
class CallerDetails:
    """Who called, as told; `phone` as it came."""

    name: str | None = None
    phone: str | None = None
    member_card_no: str | None = None


@dataclass(frozen=True, slots=True)
class ToldEmployer:
    """An employer on a ticket: a known one by id, or one as told; neither means that the caller does not know."""

    employer_id: int | None = None
    name: str = ""
    uscc: str | None = None
    role: str = "employing"


def open_ticket(
    session: Session,
    actor: Actor,
    *,
    channel: str,
    policy: Policy,
    now: datetime,
    fields: Mapping[str, Any] | None = None,
    caller: CallerDetails | None = None,
    employers: Sequence[ToldEmployer] | None = None,
    external_id: str | None = None,
) -> Ticket:
    """Open a draft with a number of its own and its `dispatch` clock running; raises Invalid."""
    values = _checked(session, dict(fields or {}), policy)
    told = _known_employers(session, employers) if employers is not None else []
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
        wish="",
        text="",
    )
    for name, value in values.items():
        setattr(ticket, name, value)
    _assess(ticket, policy, chosen=values.get("urgency"))
    session.add(ticket)
    try:
        session.flush()
    except IntegrityError as error:
        if external_id is None:
            raise
        # The number is ours and new: what is taken is the sender's own.
        raise Invalid({"external_id": "这个编号已经登记过"}) from error
    if caller is not None:
        session.add(
            _details(Caller(ticket_id=ticket.id, ordinal=1, relay_no=_relay_no(ticket)), caller, policy)
        )
    _add_employers(session, ticket, told)
    log(session, ticket, "TicketOpened", by=actor.by, now=now, payload={"channel": channel}, begins=True)
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
        _write_caller(session, ticket, caller, policy)
        touched.append("caller")
    if employers is not None:
        _write_employers(session, ticket, employers)
        touched.append("employers")
    if not touched:
        return ticket
    old_urgency = ticket.urgency
    _assess(ticket, policy, chosen=values.get("urgency"))
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
    scope.rewrite(session, ticket, now=now)
    return ticket


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


def phone_key(secret: bytes, phone: str) -> str:
    """Return the keyed digest by which repeat callers are found, hexadecimal."""
    return hmac.digest(secret, b"phone|" + phone.encode(), hashlib.sha256).hex()


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
    if wrong:
        raise Invalid(wrong)
    return {name: value for name, value in fields.items() if name in PLAIN_FIELDS}


def _assess(ticket: Ticket, policy: Policy, *, chosen: str | None) -> None:
    """Set what follows from the categories: R, sealed, and the urgency where nobody has chosen one."""
    codes = [ticket.category, *ticket.secondary_categories]
    categories = [category for code in codes if (category := policy.category(code)) is not None]
    ticket.rights_defence = any(category.rights_defence for category in categories)
    ticket.sealed = any(category.sealed for category in categories)
    found = assess(categories, limits=policy.sla.limits, headcount=ticket.headcount)
    ticket.urgency_reasons = [*found.reasons, *([found.warning] if found.warning else [])]
    if chosen is None and (categories or ticket.headcount):
        ticket.urgency = found.urgency.value


def _restart_dispatch(session: Session, ticket: Ticket, policy: Policy, now: datetime) -> None:
    running = clocks.live(session, ticket.id, [ClockKind.DISPATCH])
    for clock in running:
        begun = clock.started_at
        clocks.stop(session, [clock], policy=policy, now=now, cancelled=True)
        # The worker has been waiting since then, however urgent the case turned out to be.
        clocks.start(session, ticket, ClockKind.DISPATCH, policy=policy, now=begun)


def _write_caller(session: Session, ticket: Ticket, details: CallerDetails, policy: Policy) -> None:
    row = session.scalar(select(Caller).where(Caller.ticket_id == ticket.id, Caller.ordinal == 1))
    if row is None:
        row = Caller(ticket_id=ticket.id, ordinal=1, relay_no=_relay_no(ticket))
        session.add(row)
    _details(row, details, policy)
    session.flush()


def _relay_no(ticket: Ticket) -> str:
    return f"{ticket.day[2:]}{ticket.sequence:06d}1"


def _details(row: Caller, details: CallerDetails, policy: Policy) -> Caller:
    if details.name is not None:
        row.name = details.name.strip() or None
    if details.phone is not None:
        phone = normalise(details.phone)
        row.phone = phone.e164 or phone.raw or None
        row.phone_key = phone_key(policy.secret, phone.identity) if phone.identity else None
    if details.member_card_no is not None:
        row.member_card_no = details.member_card_no.strip() or None
    return row


def _write_employers(session: Session, ticket: Ticket, told: Sequence[ToldEmployer]) -> None:
    known = _known_employers(session, told)
    session.execute(delete(TicketEmployer).where(TicketEmployer.ticket_id == ticket.id))
    _add_employers(session, ticket, known)


def _known_employers(session: Session, told: Sequence[ToldEmployer]) -> list[ToldEmployer]:
    """Return the employers with the ids of those which are known; raises Invalid."""
    wrong: dict[str, str] = {}
    for index, each in enumerate(told):
        if each.employer_id is not None and session.get(Employer, each.employer_id) is None:
            wrong[f"employers.{index}"] = "没有这个用人单位"
        reason = uscc.why_invalid(each.uscc) if each.uscc else None
        if reason is not None:
            wrong[f"employers.{index}.uscc"] = reason
    if wrong:
        raise Invalid(wrong)
    found = []
    for each in told:
        known = each.employer_id
        if known is None and each.uscc:
            known = session.scalar(select(Employer.id).where(Employer.uscc == uscc.normalise(each.uscc)))
        found.append(replace(each, employer_id=known))
    return found


def _add_employers(session: Session, ticket: Ticket, known: Sequence[ToldEmployer]) -> None:
    rows = [
        {
            "ticket_id": ticket.id,
            "ordinal": ordinal,
            "employer_id": each.employer_id,
            "name": each.name,
            "uscc": each.uscc,
            "role": each.role,
        }
        for ordinal, each in enumerate(known, start=1)
    ]
    if rows:
        session.connection().execute(_TELL, rows)


_REGION: Final = select(Region.code).where(Region.code == bindparam("code"))
_TELL: Final = insert(Base.metadata.tables["ticket_employer"])
_NEXT: Final[Mapping[str, Executable]] = {
    dialect.dialect.name: dialect.insert(TicketSequence)
    .values(day=bindparam("day"), last=1)
    .on_conflict_do_update(index_elements=[TicketSequence.day], set_={"last": TicketSequence.last + 1})
    .returning(TicketSequence.last)
    for dialect in (postgresql, sqlite)
}
"""Built once: building a statement takes as long as executing it."""
