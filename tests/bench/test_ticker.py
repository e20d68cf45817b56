"""The ticker over many open clocks: nothing due, a burst due, one ticker against two, each beside a bare UPDATE.

HOTLINE_BENCH_CLOCKS sets how many clocks are open (200,000 by default; QUALITY's row speaks of a million).
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from dispatch.database import Database
from dispatch.models.base import Base
from dispatch.models.clocks import Timer
from dispatch.timers import fire_due
from tests.bench.ticking import AT_ONCE, fire_all
from tests.builders import NOW, World, build_world
from tests.chaos.deadlines import STEPS, fill

CLOCKS = int(os.environ.get("HOTLINE_BENCH_CLOCKS", "200000"))
DUE = 5_000
pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]


def quiet_clocks(database: Database, world: World) -> None:
    """Fill the database with open clocks whose steps lie far ahead, a batch at a time."""
    far = NOW + timedelta(days=300)
    with database.writing() as session:
        fill(session, world, tickets=1, begins_at=far, spread=timedelta(days=60))
    with database.engine().begin() as connection:
        ticket, clock, timer = (
            connection.scalar(text(f"SELECT max(id) FROM {table}")) or 0
            for table in ("ticket", "clock", "timer")
        )
    columns = {table: _columns(table) for table in ("ticket", "clock", "timer")}
    with database.engine().begin() as connection:
        series = _series(database)
        connection.execute(
            text(
                f"INSERT INTO ticket (id, number, sequence, {columns['ticket']}) "
                f"SELECT {ticket} + n, 'bench-' || n, 2000000 + n, {columns['ticket']} "
                f"FROM ticket, {series} WHERE id = {ticket}"
            ),
            {"n": CLOCKS},
        )
        connection.execute(
            text(
                f"INSERT INTO clock (id, ticket_id, {columns['clock']}) "
                f"SELECT {clock} + n, {ticket} + n, {columns['clock']} FROM clock, {series} WHERE id = {clock}"
            ),
            {"n": CLOCKS},
        )
        connection.execute(
            text(
                f"INSERT INTO timer (id, clock_id, {columns['timer']}) "
                f"SELECT {timer} + n, {clock} + n, {columns['timer']} FROM timer, {series} WHERE id = {timer}"
            ),
            {"n": CLOCKS},
        )
    if not database.on_sqlite:
        with database.engine().begin() as connection:
            for table in ("ticket", "clock", "timer", "handling"):
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                    )
                )
    with database.engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))


def _columns(table: str) -> str:
    ours = {"ticket": {"id", "number", "sequence"}, "clock": {"id", "ticket_id"}, "timer": {"id", "clock_id"}}
    return ", ".join(
        column.name for column in Base.metadata.tables[table].columns if column.name not in ours[table]
    )


def _series(database: Database) -> str:
    if database.on_sqlite:
        return (
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :n) SELECT n FROM s)"
        )
    return "generate_series(1, :n) AS n"


def burst(database: Database, world: World, *, tickers: int) -> float:
    """Make 5,000 steps due at one second and return how long these tickers take to record them all."""
    with database.writing() as session:
        fill(
            session,
            world,
            tickets=DUE // len(STEPS),
            begins_at=NOW + timedelta(minutes=1),
            spread=timedelta(seconds=1),
        )

    if database.on_sqlite:
        # One process, one writer at a time: two tickers can only be threads.
        began = time.perf_counter()
        with ThreadPoolExecutor(tickers) as pool:
            fired = sum(pool.map(lambda _: fire_all(database, world.policy), range(tickers)))
    else:
        began, fired = _in_processes(database, tickers)
    elapsed = time.perf_counter() - began
    assert fired == DUE
    return elapsed


def _in_processes(database: Database, tickers: int) -> tuple[float, int]:
    url = database.url.render_as_string(hide_password=False)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.ticking", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(tickers)
    ]
    for each in running:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    began = time.perf_counter()
    for each in running:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    fired = sum(int(each.communicate()[0]) for each in running)
    return began, fired


def bare(database: Database) -> float:
    """Return how long the database alone takes to mark as many rows."""
    with database.writing() as session:
        ids = session.scalars(
            select(Timer.id).where(Timer.fired_at.is_(None)).order_by(Timer.id).limit(DUE)
        ).all()
        began = time.perf_counter()
        session.execute(update(Timer).where(Timer.id.in_(ids)).values(fired_at=NOW, late_by_s=0))
        session.flush()
        elapsed = time.perf_counter() - began
        session.rollback()
    return elapsed


def test_a_tick_over_many_open_clocks(database: Database) -> None:
    world = build_world(database)
    quiet_clocks(database, world)
    engine = "SQLite" if database.on_sqlite else "PostgreSQL"
    with database.reading() as session:
        clocks = session.scalar(select(func.count(Timer.id))) or 0
    idle = []
    for _ in range(200):
        began = time.perf_counter()
        with database.writing("clock") as session:
            assert fire_due(session, now=NOW, limit=AT_ONCE, policy=world.policy) == 0
        idle.append((time.perf_counter() - began) * 1000)
    beside = bare(database)
    one, two = burst(database, world, tickers=1), burst(database, world, tickers=2)
    print(
        f"\n{engine}, {clocks:,} steps waiting:"
        f"\n  nothing due            {statistics.median(idle):7.2f} ms p50, {max(idle):.2f} ms max (goal <= 1 ms)"
        f"\n  {DUE:,} due, one ticker  {one:7.2f} s (goal <= 5 s), "
        f"{one / beside:.0f}x the bare UPDATE of {beside * 1000:.0f} ms"
        f"\n  {DUE:,} due, two tickers {two:7.2f} s, {one / two:.2f}x as fast as one"
    )
