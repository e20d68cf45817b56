"""What screens ask of the record: lists nearest deadline first, callbacks due, tickets of one telephone number."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select, tuple_
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import Invalid
from dispatch.models.clocks import Clock
from dispatch.models.tickets import (
    CallbackAttempt,
    Caller,
    CentreList,
    Handling,
    Report,
    Ticket,
    TicketEmployer,
    TicketScope,
)
from dispatch.models.unions import Employer
from dispatch.policy import Policy
from dispatch.rules.numbering import NumberError, SpokenNumber, TicketNumber
from dispatch.rules.phones import normalise
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, State
from dispatch.rules.working_time import SHANGHAI
from dispatch.ticket_views import TicketLine, ticket_lines
from dispatch.tickets import phone_key

ListRow: TypeAlias = type[TicketScope] | type[CentreList]

MAX_PAGE: Final = 200
DUE: Final = ("overdue", "15m", "1h", "today")


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """What a list is cut to; None leaves a thing alone. `due`: overdue, or not yet overdue and due within."""

    bucket: str = "open"
    """open, closed, all (the open ones first)."""
    state: str | None = None
    category: str | None = None
    urgency: str | None = None
    union_id: int | None = None
    employer: str | None = None
    q: str | None = None
    mine: bool = False
    due: str | None = None


@dataclass(frozen=True, slots=True)
class TicketLines:
    """One page; `next` is the cursor of the following page, None at the end."""

    items: list[TicketLine]
    next: str | None
    server_time: datetime


@dataclass(frozen=True, slots=True)
class CallbackDue:
    """A ticket whose caller is to be called back."""

    ticket: TicketLine
    due_at: datetime
    attempts: int
    script: list[str]


def list_tickets(
    session: Session,
    actor: Actor,
    wanted: TicketFilter,
    *,
    policy: Policy,
    now: datetime,
    cursor: str | None = None,
    limit: int = 50,
) -> TicketLines:
    """Return one page of what this actor may see, nearest deadline first; raises Invalid on a bad filter or cursor."""
    _check(wanted)
    limit = max(1, min(limit, MAX_PAGE))
    buckets = ["open", "closed"] if wanted.bucket == "all" else [wanted.bucket]
    after: tuple[int, int] | None = None
    if cursor is not None:
        bucket, after = _read_cursor(cursor)
        if bucket not in buckets:
            raise Invalid({"cursor": "翻页标记与筛选条件不符"})
        buckets = buckets[buckets.index(bucket) :]
    found: list[tuple[str, Ticket, int]] = []
    for bucket in buckets:
        rows = _page(session, actor, wanted, bucket, after, limit + 1 - len(found), policy=policy, now=now)
        found += [(bucket, ticket, key) for ticket, key in rows]
        after = None
        if len(found) > limit:
            break
    following = None
    if len(found) > limit:
        found = found[:limit]
        bucket, ticket, key = found[-1]
        following = _write_cursor(bucket, key, ticket.id)
    items = ticket_lines(session, actor, [ticket for _, ticket, _ in found], policy=policy, now=now)
    return TicketLines(items, following, now)


def callbacks_due(
    session: Session, actor: Actor, *, policy: Policy, now: datetime, limit: int = 100
) -> list[CallbackDue]:
    """Return the tickets which this actor may call back now: nearest deadline first, never his own."""
    own_handling = exists().where(
        Handling.ticket_id == Ticket.id,
        or_(Handling.handler_id == actor.user_id, Handling.deputy_id == actor.user_id),
    )
    rows = session.execute(
        select(Ticket, Clock.due_at)
        .join(
            Clock,
            and_(
                Clock.ticket_id == Ticket.id,
                Clock.kind == ClockKind.CALLBACK.value,
                Clock.state == "running",
            ),
        )
        .where(
            Ticket.state == State.PENDING_CALLBACK.value,
            visible(actor),
            or_(Ticket.created_by_id.is_(None), Ticket.created_by_id != actor.user_id),
            ~own_handling,
        )
        .order_by(Clock.due_at, Ticket.id)
        .limit(limit)
    ).all()
    tickets = [ticket for ticket, _ in rows]
    lines = ticket_lines(session, actor, tickets, policy=policy, now=now)
    tried = _attempts(session, tickets)
    paying = set(
        session.scalars(
            select(Report.ticket_id).where(
                Report.ticket_id.in_([ticket.id for ticket in tickets]), Report.amount_cents > 0
            )
        )
    )
    return [
        CallbackDue(
            line,
            due or now,
            tried.get((ticket.id, ticket.redo_count), 0),
            _script(money=bool(ticket.amount_cents) or ticket.id in paying),
        )
        for line, (ticket, due) in zip(lines, rows, strict=True)
    ]


def tickets_of_phone(
    session: Session, actor: Actor, phone: str, *, policy: Policy, now: datetime, open_only: bool = True
) -> list[TicketLine]:
    """Return the tickets raised from a telephone number, newest first, as far as this actor may see them."""
    identity = normalise(phone).identity
    if not identity:
        return []
    query = (
        select(Ticket)
        .join(Caller, Caller.ticket_id == Ticket.id)
        .where(Caller.phone_key == phone_key(policy.secret, identity), visible(actor))
        .order_by(Ticket.id.desc())
        .limit(20)
    )
    if open_only:
        query = query.where(Ticket.state.in_([state.value for state in OPEN_STATES]))
    tickets = session.scalars(query).unique().all()
    return ticket_lines(session, actor, tickets, policy=policy, now=now)


def _page(
    session: Session,
    actor: Actor,
    wanted: TicketFilter,
    bucket: str,
    after: tuple[int, int] | None,
    limit: int,
    *,
    policy: Policy,
    now: datetime,
) -> Sequence[Row[Ticket, int]]:
    listing: ListRow = TicketScope if actor.of_union else CentreList
    query = (
        select(Ticket, listing.sort_key)
        .join(listing, listing.ticket_id == Ticket.id)
        .where(listing.bucket == bucket, visible(actor), *_conditions(actor, wanted, policy, now))
        .order_by(listing.sort_key, listing.ticket_id)
        .limit(limit)
    )
    if actor.of_union:
        query = query.where(TicketScope.union_id == actor.union_id)
    if after is not None:
        query = query.where(tuple_(listing.sort_key, listing.ticket_id) > tuple_(*after))
    if wanted.due is not None:
        low, high = _due_range(wanted.due, now)
        query = query.where(listing.sort_key >= low, listing.sort_key < high)
    return session.execute(query).all()


def _conditions(
    actor: Actor, wanted: TicketFilter, policy: Policy, now: datetime
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (Ticket.state, wanted.state),
        (Ticket.category, wanted.category),
        (Ticket.urgency, wanted.urgency),
        (Ticket.lead_union_id, wanted.union_id),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.employer:
        found.append(_about(wanted.employer))
    if wanted.mine:
        found.append(_mine(actor))
    if wanted.q and wanted.q.strip():
        found.append(_matches(actor, wanted.q.strip(), policy, now))
    return found


def _mine(actor: Actor) -> ColumnElement[bool]:
    if not actor.of_union:
        return Ticket.created_by_id == actor.user_id
    return exists().where(
        Handling.ticket_id == Ticket.id,
        Handling.ended_at.is_(None),
        or_(Handling.handler_id == actor.user_id, Handling.deputy_id == actor.user_id),
    )


def _about(name: str) -> ColumnElement[bool]:
    known = exists().where(
        TicketEmployer.ticket_id == Ticket.id,
        Employer.id == TicketEmployer.employer_id,
        or_(Employer.name.contains(name, autoescape=True), Employer.uscc == name.upper()),
    )
    told = exists().where(
        TicketEmployer.ticket_id == Ticket.id, TicketEmployer.name.contains(name, autoescape=True)
    )
    return or_(known, told)


def _matches(actor: Actor, text: str, policy: Policy, now: datetime) -> ColumnElement[bool]:
    """Numbers of tickets, the ten digits that callers are told, telephone numbers, or words."""
    try:
        return Ticket.number == str(TicketNumber.parse(text))
    except NumberError:
        pass
    if actor.of_centre:
        try:
            spoken = SpokenNumber.parse(text)
        except NumberError:
            pass
        else:
            days = [f"{day:%Y%m%d}" for day in spoken.days(today=now.astimezone(SHANGHAI).date())]
            return and_(Ticket.day.in_(days), Ticket.sequence == spoken.sequence)
        phone = normalise(text)
        # A number is a way to a name: only whoever answers and calls people may search by it.
        if phone.e164 and actor.role in (Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_LEADER):
            key = phone_key(policy.secret, phone.e164)
            return exists().where(Caller.ticket_id == Ticket.id, Caller.phone_key == key)
    return or_(Ticket.wish.contains(text, autoescape=True), _about(text))


def _due_range(due: str, now: datetime) -> tuple[int, int]:
    stamp = int(now.timestamp() * 1000)
    if due == "overdue":
        return 0, stamp
    if due == "today":
        local = now.astimezone(SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return stamp, int(midnight.timestamp() * 1000)
    minutes = 15 if due == "15m" else 60
    return stamp, stamp + minutes * 60_000


def _check(wanted: TicketFilter) -> None:
    wrong = {}
    if wanted.bucket not in ("open", "closed", "all"):
        wrong["bucket"] = "只能是open、closed或all"
    if wanted.due is not None and wanted.due not in DUE:
        wrong["due"] = f"只能是{'、'.join(DUE)}"
    if wanted.state is not None and wanted.state not in set(State):
        wrong["state"] = f"没有“{wanted.state}”这个状态"
    if wanted.urgency is not None and wanted.urgency not in ("P0", "P1", "P2", "P3"):
        wrong["urgency"] = "只能是P0、P1、P2或P3"
    if wrong:
        raise Invalid(wrong)


def _write_cursor(bucket: str, sort_key: int, ticket_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([bucket, sort_key, ticket_id]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[str, tuple[int, int]]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError) as error:
        raise Invalid({"cursor": "翻页标记无效"}) from error
    match parts:
        case [str(bucket), int(sort_key), int(ticket_id)] if max(abs(sort_key), abs(ticket_id)) < 2**63:
            return bucket, (sort_key, ticket_id)
        case _:
            raise Invalid({"cursor": "翻页标记无效"})


def _attempts(session: Session, tickets: Sequence[Ticket]) -> dict[tuple[int, int], int]:
    rows = session.execute(
        select(CallbackAttempt.ticket_id, CallbackAttempt.round).where(
            CallbackAttempt.ticket_id.in_([ticket.id for ticket in tickets])
        )
    )
    counts: dict[tuple[int, int], int] = {}
    for ticket_id, rounds in rows:
        counts[(ticket_id, rounds)] = counts.get((ticket_id, rounds), 0) + 1
    return counts


def _script(*, money: bool) -> list[str]:
    """Return what the callback operator says; never employer or subject before the caller is known."""
    return [
        "您好，这里是12351工会服务职工热线，现在方便接听吗？",
        "请问您之前反映的问题解决了吗？已解决、部分解决，还是没有解决？",
        *(["之前说好的款项到账了吗？"] if money else []),
        "请问您对办理结果满意吗？满意、基本满意，还是不满意？",
        "感谢您的来电，再见。",
    ]
