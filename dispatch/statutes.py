"""Terms of law that run for a ticket: the day told at intake, the days left, and the urgency that rises by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dispatch import clocks, scope
from dispatch.actors import MACHINE, Actor
from dispatch.errors import Invalid
from dispatch.events import record, ticket_stream
from dispatch.models.history import Notice
from dispatch.models.signals import TicketStatute
from dispatch.models.tickets import Ticket
from dispatch.policy import CENTRE_CALENDAR, Policy
from dispatch.receivers import Receiver, Surroundings
from dispatch.rules.categories import Category
from dispatch.rules.sla_terms import Recipient
from dispatch.rules.statutes import NOTICE, Countdown, StatutoryTerm, countdown, raise_at
from dispatch.rules.ticket_state import OPEN_STATES, ClockKind, State
from dispatch.rules.urgency import Urgency
from dispatch.rules.working_time import SHANGHAI
from dispatch.unit_of_work import Fact, tell

OLDEST_YEARS: Final = 60
TELLS: Final = (Recipient.HANDLER, Recipient.LEADER_IN_CHARGE, Recipient.DISPATCHING_LEVEL)
LOOK_AGAIN: Final = timedelta(days=1)
"""A ticket that has ended may be reopened while its term still runs."""


@dataclass(frozen=True, slots=True)
class StatuteView:
    """One countdown as screens show it; `days_left` is negative once the term is over."""

    code: str
    label: str
    begins_on: date
    runs_from: str
    last_day: date
    days_left: int
    raises_urgency: bool
    source: str
    notice: str


@dataclass(frozen=True, slots=True)
class StatuteQuestion:
    """A term that usually runs in a category: which day to ask for."""

    code: str
    label: str
    runs_from: str
    source: str
    notice: str


def questions(categories: Collection[Category], *, policy: Policy) -> list[StatuteQuestion]:
    """Return the terms whose first day should be asked for."""
    return [
        StatuteQuestion(term.code, term.label, term.runs_from, term.source, NOTICE)
        for term in policy.sla.statutory
        if any(term.concerns(category.code, category.group_code) for category in categories)
    ]


def enter_days(
    session: Session,
    ticket: Ticket,
    days: Mapping[str, date | None],
    *,
    actor: Actor,
    policy: Policy,
    now: datetime,
) -> None:
    """Write the days from which terms run, None takes one back; raises Invalid. The urgency is assessed afterwards."""
    wrong: dict[str, str] = {}
    today = _today(now)
    for code, day in days.items():
        if code not in {term.code for term in policy.sla.statutory}:
            wrong[f"statutes.{code}"] = "没有这个法定期限"
        elif day is not None and day > today:
            wrong[f"statutes.{code}"] = "起算日不能晚于今天"
        elif day is not None and day.year < today.year - OLDEST_YEARS:
            wrong[f"statutes.{code}"] = "起算日太早"
    if wrong:
        raise Invalid(wrong)
    known = {
        row.code: row
        for row in session.scalars(select(TicketStatute).where(TicketStatute.ticket_id == ticket.id))
    }
    for code, day in days.items():
        row = known.get(code)
        if day is None:
            if row is not None:
                session.delete(row)
            continue
        if row is not None and row.begins_on == day:
            continue
        if row is None:
            row = TicketStatute(ticket_id=ticket.id, code=code)
            session.add(row)
        term = _term(code, policy)
        last_day = term.last_day(day, calendar=policy.calendar(CENTRE_CALENDAR))
        hurries = term.raises_urgency and last_day >= today
        limit = policy.sla.limits.limitation_days
        row.begins_on, row.settled_at = day, None
        row.raise_at = raise_at(last_day, limitation_days=limit) if hurries else None
        row.entered_at, row.entered_by_id = now, actor.user_id
    session.flush()


def hurrying(
    session: Session, ticket: Ticket, *, policy: Policy, now: datetime
) -> tuple[list[Countdown], bool]:
    """Return the limitations that are running out, and whether one of them is heeded for the first time."""
    today, found, fresh = _today(now), [], False
    for row in session.scalars(select(TicketStatute).where(TicketStatute.ticket_id == ticket.id)):
        term = _known_term(row.code, policy)
        if term is None or not term.raises_urgency or row.raise_at is None or row.raise_at > now:
            continue
        found.append(countdown(term, row.begins_on, today=today, calendar=policy.calendar(CENTRE_CALENDAR)))
        if row.settled_at is None:
            fresh = True
            row.settled_at = now
    return found, fresh


def statute_views(
    session: Session, ticket_ids: Collection[int], *, policy: Policy, now: datetime
) -> dict[int, list[StatuteView]]:
    """Return each ticket's countdowns, the nearest end first."""
    found: dict[int, list[StatuteView]] = defaultdict(list)
    for row in session.scalars(select(TicketStatute).where(TicketStatute.ticket_id.in_(ticket_ids))):
        term = _known_term(row.code, policy)
        if term is None:
            continue
        left = countdown(term, row.begins_on, today=_today(now), calendar=policy.calendar(CENTRE_CALENDAR))
        found[row.ticket_id].append(
            StatuteView(
                code=row.code,
                label=term.label,
                begins_on=row.begins_on,
                runs_from=term.runs_from,
                last_day=left.last_day,
                days_left=left.days_left,
                raises_urgency=term.raises_urgency,
                source=term.source,
                notice=left.notice,
            )
        )
    return {ticket: sorted(views, key=lambda view: view.last_day) for ticket, views in found.items()}


def next_due(session: Session) -> datetime | None:
    """Return when the next limitation begins to hurry."""
    return session.scalar(select(func.min(TicketStatute.raise_at)).where(TicketStatute.settled_at.is_(None)))


def raise_due(session: Session, *, policy: Policy, now: datetime, limit: int) -> int:
    """Raise the urgency of tickets whose limitation is running out, each once; return how many were looked at."""
    is_due = (TicketStatute.settled_at.is_(None), TicketStatute.raise_at <= now)
    if session.scalar(select(TicketStatute.ticket_id).where(*is_due).limit(1)) is None:
        return 0
    ids = session.scalars(
        select(Ticket.id)
        .join(TicketStatute, TicketStatute.ticket_id == Ticket.id)
        .where(*is_due)
        .order_by(TicketStatute.raise_at, Ticket.id)
        .limit(limit)
        .with_for_update(of=Ticket, skip_locked=True, key_share=True)
    ).all()
    rows = session.execute(
        select(TicketStatute, Ticket)
        .join(Ticket, Ticket.id == TicketStatute.ticket_id)
        .where(Ticket.id.in_(set(ids)), *is_due)
        .order_by(TicketStatute.raise_at, Ticket.id)
        .execution_options(populate_existing=True)
    ).all()
    around = Surroundings(session, {ticket for _, ticket in rows}, province=policy.province) if rows else None
    for row, ticket in rows:
        left = countdown(
            _term(row.code, policy),
            row.begins_on,
            today=_today(now),
            calendar=policy.calendar(CENTRE_CALENDAR),
        )
        if left.days_left < 0:
            row.settled_at = now
        elif State(ticket.state) not in OPEN_STATES:
            row.raise_at = now + LOOK_AGAIN
        elif around is not None:
            row.settled_at = now
            _raise(session, ticket, left, around, policy=policy, now=now)
    session.flush()
    return len(rows)


def restart_clocks(session: Session, ticket: Ticket, *, policy: Policy, now: datetime) -> None:
    """Let the clocks of a ticket that has become more urgent follow."""
    running = clocks.live(session, ticket.id, [ClockKind.DISPATCH])
    for clock in running:
        begun = clock.started_at
        clocks.stop(session, [clock], policy=policy, now=now, cancelled=True)
        # The worker has been waiting since then, however urgent the case turned out to be.
        clocks.start(session, ticket, ClockKind.DISPATCH, policy=policy, now=begun)
    if not running:
        clocks.hurry(session, ticket, policy=policy, now=now)


def _raise(
    session: Session,
    ticket: Ticket,
    left: Countdown,
    around: Surroundings,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    before = Urgency(ticket.urgency)
    rises = before.rank > Urgency.P1.rank
    reason = f"{left.label}仅剩{left.days_left}天"
    said = f"{reason} → P1（估算）" if rises else f"{reason}（估算）"
    ticket.urgency_reasons = [*ticket.urgency_reasons, said]
    if rises:
        ticket.urgency = Urgency.P1.value
        restart_clocks(session, ticket, policy=policy, now=now)
    ticket.version += 1
    record(
        session,
        "UrgencyRaised" if rises else "LimitationNear",
        stream=ticket_stream(ticket.id),
        by=MACHINE.by,
        now=now,
        payload={
            "urgency": ticket.urgency,
            "before": before.value,
            "statute": left.label,
            "last_day": left.last_day.isoformat(),
            "basis": left.source,
        },
        ticket_id=ticket.id,
        ticket_version=ticket.version,
    )
    case = around.case(ticket, None)
    receivers: dict[Receiver, None] = {}
    for recipient in TELLS:
        receivers |= dict.fromkeys(around.receivers(case, recipient))
    for receiver in receivers:
        session.add(
            Notice(
                at=now,
                kind="limitation",
                ticket_id=ticket.id,
                user_id=receiver.user_id,
                union_id=receiver.union_id,
                role=receiver.role.value if receiver.role is not None else None,
                text=f"{ticket.number} {said}；{NOTICE}",
            )
        )
        rooms = around.rooms_of(receiver)
        tell(session, Fact("notice", ticket.number, ticket.version, now, rooms))
    scope.rewrite(session, ticket, now=now)


def _term(code: str, policy: Policy) -> StatutoryTerm:
    return next(term for term in policy.sla.statutory if term.code == code)


def _known_term(code: str, policy: Policy) -> StatutoryTerm | None:
    return next((term for term in policy.sla.statutory if term.code == code), None)


def _today(now: datetime) -> date:
    return now.astimezone(SHANGHAI).date()
