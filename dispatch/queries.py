"""What screens ask of the record: lists nearest deadline first, callbacks due, tickets of one telephone number."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.errors import Invalid
from dispatch.models.clocks import Clock
from dispatch.models.tickets import CallbackAttempt, Caller, Handling, Report, Ticket
from dispatch.policy import Policy
from dispatch.rules.phones import normalise
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, State
from dispatch.ticket_filters import TicketFilter, check
from dispatch.ticket_pages import Pages
from dispatch.ticket_views import TicketLine, ticket_lines
from dispatch.tickets import phone_key

MAX_PAGE: Final = 200


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
    check(wanted)
    limit = max(1, min(limit, MAX_PAGE))
    buckets = ["open", "closed"] if wanted.bucket == "all" else [wanted.bucket]
    after: tuple[int, int] | None = None
    if cursor is not None:
        bucket, after = _read_cursor(cursor)
        if bucket not in buckets:
            raise Invalid({"cursor": "翻页标记与筛选条件不符"})
        buckets = buckets[buckets.index(bucket) :]
    pages = Pages(session, actor, wanted, policy=policy, now=now)
    found: list[tuple[str, Ticket, int]] = []
    following = None
    for bucket in buckets:
        page = pages.read(bucket, after, limit + 1 - len(found))
        found += [(bucket, ticket, key) for ticket, key in page.rows]
        after = None
        if len(found) > limit:
            found = found[:limit]
            bucket, ticket, key = found[-1]
            following = _write_cursor(bucket, key, ticket.id)
            break
        if page.looked_until is not None:
            # A common word among what hardly ever has it: this page ends here, the next one looks further.
            following = _write_cursor(bucket, *page.looked_until)
            break
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
