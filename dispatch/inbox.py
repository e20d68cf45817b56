"""A union's inbox: what it must sign for, what is late, due today, or waits for somebody else; nearest deadline first."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from dispatch.access import visible
from dispatch.actors import Actor
from dispatch.attendance import RECEIVING
from dispatch.errors import Invalid, NotAllowed
from dispatch.models.clocks import Clock
from dispatch.models.people import User
from dispatch.models.places import Absence, Post
from dispatch.models.tickets import Handling, Report, Ticket, TicketRecusal, TicketScope
from dispatch.models.unions import Union
from dispatch.policy import Policy
from dispatch.rules.roles import Role
from dispatch.rules.ticket_state import ClockKind, Command, State
from dispatch.ticket_filters import due_range
from dispatch.ticket_views import TicketLine, ticket_lines

MAX_PAGE: Final = 100


class Section(StrEnum):
    """Where a ticket lies in the inbox; each lies in one."""

    TO_SIGN = "to_sign"
    TO_APPROVE = "to_approve"
    """A report waits for the leader's signature."""
    OVERDUE = "overdue"
    TODAY = "today"
    IN_HAND = "in_hand"
    WAITING = "waiting"
    """For the centre, the caller, a lower union or a legal procedure."""
    DRAFTS = "drafts"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final[Mapping[Section, str]] = {
    Section.TO_SIGN: "待签收",
    Section.TO_APPROVE: "待签发",
    Section.OVERDUE: "已超期",
    Section.TODAY: "今天到期",
    Section.IN_HAND: "办理中",
    Section.WAITING: "等待他人",
    Section.DRAFTS: "本会草稿",
}
_WAITING_STATES: Final = tuple(
    state.value
    for state in (
        State.RETURNED,
        State.AWAITING_CALLER,
        State.SUSPENDED,
        State.REPORTED,
        State.PENDING_CALLBACK,
        State.REOPENED,
    )
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Who would handle a ticket that this person signs for now, and who stands in."""

    handler_id: int
    handler_name: str
    deputy_id: int
    deputy_name: str


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One card: the ticket, what the union is to it, and the one next step."""

    ticket: TicketLine
    section: str
    role: str
    """lead or co."""
    mine: bool
    """Whether the reader is its handler or deputy."""
    handler_name: str | None
    deputy_name: str | None
    step: str | None
    """The command that is next for the reader; None where nothing waits for him."""
    one_tap: bool
    """Whether he may sign as `pair` says: neither of the two is recused from this ticket."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of one section, with the counts of all."""

    union_name: str
    counts: dict[str, int]
    items: list[InboxItem]
    next: str | None
    pair: Pair | None
    server_time: datetime


def inbox(
    session: Session,
    actor: Actor,
    section: Section,
    *,
    policy: Policy,
    now: datetime,
    cursor: str | None = None,
    limit: int = 30,
) -> Inbox:
    """Return a page of the actor's own union's tickets; raises Invalid for a bad cursor."""
    if actor.union_id is None:
        raise NotAllowed("inbox", "收件箱属于工会")
    name = session.scalars(select(Union.name).where(Union.id == actor.union_id)).one()
    limit = max(1, min(limit, MAX_PAGE))
    after = _read(cursor, section) if cursor is not None else None
    rows = list(session.execute(_page(actor, section, now, after, limit + 1)))
    following = _write(section, rows[limit - 1]) if len(rows) > limit else None
    rows = rows[:limit]
    tickets = [row[0] for row in rows]
    lines = ticket_lines(session, actor, tickets, policy=policy, now=now)
    turns = [row[2] for row in rows]
    names = _names(session, turns)
    due = _contacts_due(session, turns)
    pair = signing_pair(session, actor, now=now) if actor.role in _SIGNERS else None
    barred = _barred(session, [ticket.id for ticket in tickets], pair)
    items = [
        InboxItem(
            ticket=line,
            section=section.value,
            role=turn.role if turn is not None else "lead",
            mine=turn is not None and actor.user_id in (turn.handler_id, turn.deputy_id),
            handler_name=names.get(turn.handler_id) if turn is not None else None,
            deputy_name=names.get(turn.deputy_id) if turn is not None else None,
            step=_step(actor, section, turn, due),
            one_tap=pair is not None and ticket.id not in barred,
        )
        for ticket, line, turn in zip(tickets, lines, turns, strict=True)
    ]
    return Inbox(name, _counts(session, actor, now), items, following, pair, now)


def signing_pair(
    session: Session, actor: Actor, *, now: datetime, ticket_id: int | None = None
) -> Pair | None:
    """Return who signs when this person taps once: he himself, with the deputy of his account, his post or his union.

    With `ticket_id` nobody is named who is recused from that ticket.
    """
    if actor.user_id is None or actor.union_id is None:
        return None
    own = session.get(User, actor.user_id)
    if own is None:
        return None
    away = exists().where(Absence.user_id == User.id, Absence.begins_at <= now, Absence.ends_at > now)
    able = session.execute(
        select(User.id, User.display_name, away)
        .where(
            User.union_id == actor.union_id,
            User.disabled_at.is_(None),
            User.role.in_(RECEIVING),
            ~exists().where(TicketRecusal.ticket_id == ticket_id, TicketRecusal.user_id == User.id),
        )
        .order_by(User.id)
    ).all()
    names = {row[0]: row[1] for row in able}
    of_posts = session.scalars(
        select(Post.deputy_id).where(Post.holder_id == own.id, Post.deputy_id.is_not(None)).order_by(Post.id)
    )
    present = [row[0] for row in able if not row[2]]
    wanted = [own.deputy_id, *of_posts, *present, *names]
    deputy = next((each for each in wanted if each in names and each != own.id), own.id)
    return Pair(own.id, own.display_name, deputy, names.get(deputy, own.display_name))


def _barred(session: Session, ticket_ids: list[int], pair: Pair | None) -> set[int]:
    if pair is None:
        return set()
    query = select(TicketRecusal.ticket_id).where(
        TicketRecusal.ticket_id.in_(ticket_ids), TicketRecusal.user_id.in_((pair.handler_id, pair.deputy_id))
    )
    return set(session.scalars(query))


def own_turn(session: Session, actor: Actor, ticket_id: int) -> Handling | None:
    """Return the actor's union's open turn at a ticket."""
    return session.scalar(
        select(Handling)
        .where(
            Handling.ticket_id == ticket_id,
            Handling.union_id == actor.union_id,
            Handling.ended_at.is_(None),
        )
        .order_by(Handling.id.desc())
        .limit(1)
    )


# The question whether he may see a ticket asks the same tables by themselves.
_TURN: Final = aliased(Handling)
_SEEN: Final = aliased(TicketScope)
_SIGNERS: Final = frozenset({Role.UNION_HANDLER, Role.UNION_LEADER})


def _section(now: datetime) -> ColumnElement[str]:
    low, high = due_range("today", now)
    unsigned = exists().where(
        Report.handling_id == _TURN.id, Report.signed_at.is_(None), Report.reviewed_at.is_(None)
    )
    waiting = or_(Ticket.state.in_(_WAITING_STATES), _TURN.state.in_(("assigned_down", "reported", "closed")))
    return case(
        (waiting, Section.WAITING.value),
        (_TURN.state == "dispatched", Section.TO_SIGN.value),
        (and_(Union.leader_signs, unsigned), Section.TO_APPROVE.value),
        (_SEEN.sort_key < low, Section.OVERDUE.value),
        (_SEEN.sort_key < high, Section.TODAY.value),
        else_=Section.IN_HAND.value,
    )


def _own(query: Select[*tuple[Any, ...]], actor: Actor) -> Select[*tuple[Any, ...]]:
    """Narrow to the open turns of the actor's union at tickets that he may see."""
    return (
        query.join(_TURN, _TURN.ticket_id == Ticket.id)
        .join(Union, Union.id == _TURN.union_id)
        .join(_SEEN, and_(_SEEN.ticket_id == Ticket.id, _SEEN.union_id == _TURN.union_id))
        .where(
            _TURN.union_id == actor.union_id,
            _TURN.ended_at.is_(None),
            _SEEN.bucket == "open",
            visible(actor),
        )
    )


def _drafts(actor: Actor) -> ColumnElement[bool]:
    return and_(
        Ticket.state == State.DRAFT.value,
        Ticket.origin_union_id == actor.union_id,
        Ticket.created_by_id == actor.user_id,
        visible(actor),
    )


def _page(
    actor: Actor, section: Section, now: datetime, after: tuple[int, int] | None, limit: int
) -> Select[*tuple[Any, ...]]:
    if section is Section.DRAFTS:
        # A draft is nobody's turn yet: the third column stays empty.
        query: Select[*tuple[Any, ...]] = (
            select(Ticket, (-Ticket.id).label("sort_key"), _TURN)
            .outerjoin(_TURN, and_(_TURN.ticket_id == Ticket.id, _TURN.id < 0))
            .where(_drafts(actor))
            .order_by(-Ticket.id, Ticket.id)
        )
        if after is not None:
            query = query.where(tuple_(-Ticket.id, Ticket.id) > tuple_(*after))
        return query.limit(limit)
    query = _own(select(Ticket, _SEEN.sort_key, _TURN), actor).where(_section(now) == section.value)
    if after is not None:
        query = query.where(tuple_(_SEEN.sort_key, Ticket.id) > tuple_(*after))
    return query.order_by(_SEEN.sort_key, Ticket.id).limit(limit)


def _counts(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    where = _section(now).label("section")
    inner = _own(select(Ticket.id, where), actor).subquery()
    rows = session.execute(select(inner.c.section, func.count()).group_by(inner.c.section))
    found = dict.fromkeys((section.value for section in Section), 0) | {row[0]: row[1] for row in rows}
    drafts = session.scalar(select(func.count()).select_from(Ticket).where(_drafts(actor)))
    return found | {Section.DRAFTS.value: drafts or 0}


def _names(session: Session, turns: list[Handling | None]) -> dict[int | None, str]:
    ids = {each for turn in turns if turn is not None for each in (turn.handler_id, turn.deputy_id)}
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids - {None})))
    return {row[0]: row[1] for row in rows}


def _contacts_due(session: Session, turns: list[Handling | None]) -> set[int]:
    ids = [turn.id for turn in turns if turn is not None]
    query = select(Clock.handling_id).where(
        Clock.handling_id.in_(ids),
        Clock.kind == ClockKind.FIRST_CONTACT.value,
        Clock.state.in_(("running", "paused")),
    )
    return {each for each in session.scalars(query) if each is not None}


def _step(actor: Actor, section: Section, turn: Handling | None, due: set[int]) -> str | None:
    if section is Section.DRAFTS:
        return Command.ACCEPT.value
    if turn is None or section is Section.WAITING or actor.role not in _SIGNERS:
        return None
    if section is Section.TO_SIGN:
        return Command.SIGN_FOR.value
    if section is Section.TO_APPROVE:
        return Command.REVIEW.value if actor.role is Role.UNION_LEADER else None
    if actor.role is Role.UNION_HANDLER and actor.user_id not in (turn.handler_id, turn.deputy_id):
        return None
    return (Command.RECORD_FIRST_CONTACT if turn.id in due else Command.REPORT_RESULT).value


def _write(section: Section, row: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([section.value, row[1], row[0].id]).encode()).decode()


def _read(cursor: str, section: Section) -> tuple[int, int]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError) as error:
        raise Invalid({"cursor": "翻页标记无效"}) from error
    match parts:
        case [section.value, int(key), int(ticket)] if max(abs(key), abs(ticket)) < 2**63:
            return key, ticket
        case _:
            raise Invalid({"cursor": "翻页标记无效"})
