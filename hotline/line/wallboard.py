"""The figures on the wall: how the centre is doing now and today, without a word about anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from dispatch.actors import Actor
from dispatch.reports.days import Sums, shanghai_hour
from dispatch.reports.reach import Reach
from dispatch.reports.tallies import closed, received
from dispatch.rules.report_terms import Grain, Group, Period
from dispatch.rules.small_cells import EVERYTHING
from dispatch.rules.working_time import SHANGHAI
from dispatch.ticket_counts import count_tickets
from hotline.line.call_figures import each_call, how_many
from hotline.line.models import Presence, Waiting
from hotline.line.presence import State
from hotline.line.waiting import IN_LINE

DAYS: Final = 7
"""Days of the second chart, today the last."""


@dataclass(frozen=True, slots=True)
class Hour:
    """Callers of one hour of today who asked for a person."""

    hour: int
    answered: int
    abandoned: int


@dataclass(frozen=True, slots=True)
class Day:
    """What came and what was closed on one day, by its date in Shanghai."""

    day: str
    received: int
    closed: int


@dataclass(frozen=True, slots=True)
class Wallboard:
    """Six figures and two charts; `answered_in_15s` is of today's callers who asked for a person."""

    waiting: int
    longest_since: datetime | None
    ready: int
    talking: int
    signed_in: int
    calls: int
    queued: int
    answered_in_15s: int
    received: int
    open: int
    overdue: int
    more: bool
    """Whether more tickets are open than were counted."""
    hours: list[Hour]
    days: list[Day]
    server_time: datetime


def wallboard(session: Session, actor: Actor, *, now: datetime) -> Wallboard:
    """Count what is on the wall at this moment."""
    day = now.astimezone(SHANGHAI).date()
    today = Period(day, day, Grain.DAY)
    week = Period(day - timedelta(days=DAYS - 1), day, Grain.DAY)
    reach = Reach(actor, frozenset({Group.DISPATCH, Group.RESULTS}), EVERYTHING)
    came = received(session, reach, week)
    days = _days(week, came, closed(session, reach, week)[0])
    waiting, since = session.execute(
        select(func.count(), func.min(Waiting.entered_at)).where(Waiting.state.in_(IN_LINE))
    ).one()
    states: dict[str, int] = {}
    states.update(
        (state, count)
        for state, count in session.execute(
            select(Presence.state, func.count())
            .where(Presence.state.not_in((State.OFFLINE.value, State.UNREACHABLE.value)))
            .group_by(Presence.state)
        )
    )
    hours = _hours(session, today, until=now.astimezone(SHANGHAI).hour)
    tickets = count_tickets(session, actor, now=now)
    return Wallboard(
        waiting=waiting,
        longest_since=since,
        ready=states.get(State.READY.value, 0),
        talking=states.get(State.TALKING.value, 0),
        signed_in=sum(states.values()),
        calls=sum(hour.calls for hour in hours),
        queued=sum(hour.queued for hour in hours),
        answered_in_15s=sum(hour.in_15s for hour in hours),
        received=days[-1].received,
        open=tickets.open,
        overdue=tickets.overdue,
        more=tickets.more,
        hours=[Hour(each.hour, each.answered, each.abandoned) for each in hours],
        days=days,
        server_time=now,
    )


@dataclass(frozen=True, slots=True)
class _Counted:
    hour: int
    calls: int
    queued: int
    answered: int
    in_15s: int
    abandoned: int


def _hours(session: Session, today: Period, *, until: int) -> list[_Counted]:
    """Return every hour of the day until now, in order; quiet ones are part of the picture."""
    each = each_call(today)
    hour = shanghai_hour(each.c.started_at).label("hour")
    queued, answered = each.c.entered_at.is_not(None), each.c.answered_at.is_not(None)
    rows = session.execute(
        select(
            hour,
            func.count(),
            how_many(queued),
            how_many(and_(queued, answered)),
            how_many(and_(queued, answered, each.c.waited_s <= 15)),
            how_many(and_(queued, ~answered, each.c.gave_up == 1)),
        ).group_by(hour)
    )
    found = {row[0]: _Counted(*(int(value or 0) for value in row)) for row in rows}
    return [found.get(each) or _Counted(each, 0, 0, 0, 0, 0) for each in range(until + 1)]


def _days(week: Period, came: Sums, ended: Sums) -> list[Day]:
    arrived, done = came.get("received", {}), ended.get("closed", {})
    return [
        Day(
            day.isoformat(),
            arrived[day].base if day in arrived else 0,
            done[day].base if day in done else 0,
        )
        for day in week.columns()
    ]
