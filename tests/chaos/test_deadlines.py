"""Ten thousand deadlines, four tickers, `kill -9` and clocks that jump by an hour: none is missed, none doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dispatch.database import Database, database_now
from dispatch.events import ticket_stream, verify_chain
from dispatch.models.clocks import Timer
from dispatch.models.tickets import Ticket
from dispatch.timers import fire_due, next_due
from hotline.keys import load_keys
from hotline.migrations.metadata import metadata
from tests.builders import World, build_world
from tests.chaos.deadlines import STEPS, account_for, fill

TICKETS = 2_000
TICKERS = 4
KILLS = 12
PATIENCE_S = 400.0


def spawn(database_url: str, data_dir: Path) -> subprocess.Popen[bytes]:
    ours = {
        "HOTLINE_DATABASE_URL": database_url,
        "HOTLINE_DATA_DIR": str(data_dir),
        "HOTLINE_LOG_LEVEL": "error",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.ticker"],
        env={**clean, **ours},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def left(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count(Timer.id)).where(Timer.fired_at.is_(None))) or 0


def assert_each_exactly_once(world: World, deadlines: int) -> list[float]:
    """Hold timers, events, notices and chains against each other and return how late each step was."""
    with world.database.reading() as session:
        found = account_for(session)
        some = session.scalars(select(Ticket.id).order_by(func.random()).limit(50)).all()
        broken = [each for ticket in some for each in verify_chain(session, ticket_stream(ticket))]
    assert (found["deadlines"], found["different"], found["missed"]) == (deadlines, deadlines, 0)
    assert found["events"] == deadlines
    assert found["each"] == {len(STEPS)}
    assert found["doubled_notices"] == 0
    assert broken == []
    late: list[float] = found["late"]
    return late


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_four_processes_that_are_killed_and_whose_clocks_jump_fire_every_deadline_once(
    database: Database, tmp_path: Path
) -> None:
    world = build_world(database)
    # The key that every process of one centre shares.
    load_keys("", tmp_path)
    with database.writing() as session:
        begins_at = database_now(session) + timedelta(seconds=8)
        deadlines = fill(session, world, tickets=TICKETS, begins_at=begins_at, spread=timedelta(seconds=25))
    assert deadlines == 10_000
    url = database.url.render_as_string(hide_password=False)
    tickers = [spawn(url, tmp_path) for _ in range(TICKERS)]
    chance, killed, deadline = random.Random(12351), 0, time.monotonic() + PATIENCE_S
    try:
        while (waiting := left(database)) and time.monotonic() < deadline:
            time.sleep(chance.uniform(0.5, 2.0))
            if killed < KILLS and waiting < deadlines:
                place = chance.randrange(TICKERS)
                tickers[place].send_signal(signal.SIGKILL)
                tickers[place].wait()
                tickers[place] = spawn(url, tmp_path)
                killed += 1
    finally:
        for each in tickers:
            each.kill()
            each.wait()
    late = assert_each_exactly_once(world, deadlines)
    assert killed >= KILLS // 2, "the run was over before anybody was killed"
    # Whose own clock jumps by an hour, and yet nothing came early: the database's time is what counts.
    assert late[0] >= 0
    print(
        f"\n10,000 deadlines, {TICKERS} tickers, {killed} kills: 0 missed, 0 doubled; "
        f"late p50 {late[len(late) // 2]:.1f} s, p99 {late[len(late) * 99 // 100]:.1f} s"
    )


@pytest.mark.timeout(600)
def test_four_threads_on_sqlite_that_stumble_and_whose_clocks_jump_fire_every_deadline_once(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    metadata.create_all(database.engine())
    world = build_world(database)
    begins_at = datetime.now(UTC)
    with database.writing() as session:
        deadlines = fill(session, world, tickets=TICKETS, begins_at=begins_at, spread=timedelta(hours=2))
    ready = threading.Barrier(TICKERS)

    def ticker(seed: int) -> int:
        chance, stumbles = random.Random(seed), 0
        ready.wait()
        while True:
            # Two hours pass in the time of the test, and each thread's clock is off by up to an hour.
            now = begins_at + timedelta(hours=2) + timedelta(seconds=chance.uniform(-3600, 3600))
            try:
                with database.writing("clock") as session:
                    fire_due(session, now=now, limit=100, policy=world.policy)
                    perhaps_stumble(chance)
            except Stumbled:
                stumbles += 1
            with database.reading("clock") as session:
                if next_due(session) is None:
                    return stumbles

    with ThreadPoolExecutor(TICKERS) as pool:
        stumbles = sum(pool.map(ticker, range(TICKERS)))
    assert stumbles > 0
    assert_each_exactly_once(world, deadlines)
    database.dispose()


def perhaps_stumble(chance: random.Random) -> None:
    if chance.random() < 0.1:
        raise Stumbled


class Stumbled(RuntimeError):
    """A ticker that dies with everything done and nothing committed."""
