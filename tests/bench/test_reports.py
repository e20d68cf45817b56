"""A month's report on a filled centre, beside the bare statements of its heaviest sums in the same run, on both engines."""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, func, select, text

from dispatch.actors import Actor
from dispatch.database import Database
from dispatch.models.clocks import Clock
from dispatch.models.tickets import CallbackAttempt, Handling, Ticket
from dispatch.models.unions import Union
from dispatch.reports.days import shanghai_day
from dispatch.rules.report_terms import Grain, Period
from dispatch.rules.roles import Role
from dispatch.rules.working_time import SHANGHAI
from hotline.line.centre_report import centre_report
from hotline.line.wallboard import wallboard
from tests.bench.test_at_scale import POLICY, TICKETS, UNIONS, Centre, fill

ROUNDS = 5

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]


@pytest.fixture(params=["sqlite", "postgresql"])
def centre(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    url = f"sqlite:///{tmp_path_factory.mktemp('reports') / 'large.db'}"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        admin, own = create_engine(server, isolation_level="AUTOCOMMIT"), f"reports_{secrets.token_hex(6)}"
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {own}"))
        admin.dispose()
        url = f"{server.rsplit('/', 1)[0]}/{own}"
    made = fill("large", Database(url), UNIONS, TICKETS)
    with made.database.engine().connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    yield made
    made.database.dispose()


def test_a_month_beside_bare_sums(centre: Centre) -> None:
    with centre.database.reading() as session:
        union = session.scalars(select(Union.id).where(Union.code == "3701")).one()
        newest = session.scalars(select(func.max(Ticket.created_at))).one()
    last = (newest.astimezone(SHANGHAI).date()).replace(day=1) - timedelta(days=1)
    month = Period(last.replace(day=1), last, Grain.MONTH)
    days = Period(month.first, month.last, Grain.DAY)
    bare = median(lambda: bare_sums(centre.database, month) + bare_sums(centre.database, month.before()))
    with centre.database.reading() as session:
        received = session.scalar(
            select(func.count()).where(
                Ticket.day >= f"{month.first:%Y%m%d}", Ticket.day <= f"{month.last:%Y%m%d}"
            )
        )
    supervisor, leader = Actor(Role.SUPERVISOR, 10**9), Actor(Role.UNION_LEADER, 10**9, union)
    for name, actor, period in (("centre by day", supervisor, days), ("city by month", leader, month)):
        took = median(lambda actor=actor, period=period: read(centre.database, actor, period))  # type: ignore[misc]  # bound at once
        print(
            f"\n{centre.engine:<11}report {name:<14} {took * 1000:8.1f} ms of {received} tickets, "
            f"bare sums {bare * 1000:8.1f} ms, ratio {took / bare:.2f}",
            end="",
        )
    wall = median(lambda: look(centre.database, supervisor))
    print(f"\n{centre.engine:<11}wallboard            {wall * 1000:8.1f} ms")


def median(act: Callable[[], object]) -> float:
    act()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def read(database: Database, actor: Actor, period: Period) -> int:
    with database.reading("report") as session:
        return len(centre_report(session, actor, period, policy=POLICY, now=datetime.now(UTC)).figures)


def look(database: Database, actor: Actor) -> int:
    with database.reading("report") as session:
        return wallboard(session, actor, now=datetime.now(UTC)).received


def bare_sums(database: Database, period: Period) -> int:
    """Sum what a month received, gave out and closed, for everybody, with no reason why a case should not count."""
    with database.reading("report") as session:
        received = session.execute(
            select(Ticket.day, func.count())
            .where(Ticket.day >= f"{period.first:%Y%m%d}", Ticket.day <= f"{period.last:%Y%m%d}")
            .group_by(Ticket.day)
        ).all()
        day = shanghai_day(Handling.dispatched_at)
        given = session.execute(
            select(day, Clock.kind, Clock.state, func.count())
            .join(Clock, Clock.handling_id == Handling.id)
            .where(Handling.dispatched_at >= period.since, Handling.dispatched_at < period.until)
            .group_by(day, Clock.kind, Clock.state)
        ).all()
        day = shanghai_day(Ticket.closed_at)
        closed = session.execute(
            select(day, CallbackAttempt.solved, CallbackAttempt.satisfied, func.count())
            .outerjoin(CallbackAttempt, CallbackAttempt.ticket_id == Ticket.id)
            .where(Ticket.closed_at >= period.since, Ticket.closed_at < period.until)
            .group_by(day, CallbackAttempt.solved, CallbackAttempt.satisfied)
        ).all()
        return len(received) + len(given) + len(closed)
