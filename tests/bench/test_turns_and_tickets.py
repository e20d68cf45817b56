"""How fast a caller's turn and a new ticket are, each beside its bare counterpart in the same run, on both engines."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import httpx
import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from sqlalchemy import text
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from agent_console.slow_reads import SlowReads
from config.settings import Settings
from dispatch.database import Busy, Database, ReadingSession
from dispatch.tickets import CallerDetails, ToldEmployer, open_ticket
from dispatch.unit_of_work import unit_of_work
from hotline.app import build
from tests.builders import NOW, PHONE, WAGES, World, build_world

BASE = "http://bench.test"
CLIENTS = 16
ROUNDS = 400
PACE, PACED_S, REPORTS_A_S = 50, 8, 60

pytestmark = pytest.mark.bench


def measure(work: Callable[[], None], *, clients: int, rounds: int) -> tuple[float, float]:
    """Return (per second, p99 in ms) of `rounds` calls by `clients` threads."""
    times: list[float] = []
    guard = threading.Lock()

    def one(_: int) -> None:
        began = time.perf_counter()
        work()
        with guard:
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, range(rounds)))
    elapsed = time.perf_counter() - began
    assert len(times) == rounds
    return rounds / elapsed, statistics.quantiles(times, n=100)[98] * 1000


def bare_app(database: Database, secret: str) -> FastAPI:
    """Return the least that a signed webhook can be: validate, commit one row, answer."""
    app, validator = FastAPI(), RequestValidator(secret)
    with database.engine().begin() as connection:
        connection.execute(text("CREATE TABLE bare (sid VARCHAR(64) PRIMARY KEY, body VARCHAR(200))"))

    def write(sid: str) -> None:
        with database.writing("webhook") as session:
            session.execute(text("INSERT INTO bare VALUES (:sid, 'x')"), {"sid": sid})

    @app.post("/bare")
    async def bare(request: Request) -> Response:
        form = await request.form()
        assert validator.validate(f"{BASE}/bare", form, request.headers["X-Twilio-Signature"])
        await run_sync(write, str(form["CallSid"]))
        return Response("<Response/>", media_type="application/xml")

    return app


async def post_signed(client: httpx.AsyncClient, path: str, secret: str, numbers: count[int]) -> float:
    """Send one signed first turn and return how long the answer took, in seconds."""
    sid = f"CA{next(numbers):032d}"
    form = {"CallSid": sid, "From": "+8613800000001", "To": "12351", "CallStatus": "ringing"}
    signature = RequestValidator(secret).compute_signature(BASE + path, FormData(form))
    began = time.perf_counter()
    answer = await client.post(path, data=form, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200
    return time.perf_counter() - began


async def drive(
    app: FastAPI, path: str, secret: str, numbers: count[int], rounds: int
) -> tuple[float, float]:
    """Return (per second, p99 in ms) of `rounds` turns from `CLIENTS` callers at once."""
    times: list[float] = []
    left = iter(range(rounds))

    async def caller(client: httpx.AsyncClient) -> None:
        times.extend([await post_signed(client, path, secret, numbers) for _ in left])

    transport = httpx.ASGITransport(app)
    began = time.perf_counter()
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        await asyncio.gather(*(caller(client) for _ in range(CLIENTS)))
    assert len(times) == rounds
    return rounds / (time.perf_counter() - began), statistics.quantiles(times, n=100)[98] * 1000


def test_turns_beside_a_bare_route(database: Database, tmp_path: Path) -> None:
    build_world(database)
    settings = Settings(
        data_dir=tmp_path, public_url=BASE, secret_key=SecretStr("only for the benchmark, nothing else!")
    )
    programme = build(settings, deliver=False, clock=False, database=database)
    secret, numbers = programme.services.webhook_secret, count(1)
    runs = {"bare": (bare_app(database, secret), "/bare"), "turn": (programme.app, "/voice/incoming")}

    def run(name: str, rounds: int) -> tuple[float, float]:
        app, path = runs[name]
        return asyncio.run(drive(app, path, secret, numbers, rounds))

    for name in runs:
        run(name, 40)
    found = {name: run(name, ROUNDS) for name in runs}
    for name, (rate, p99) in found.items():
        print(f"\n{engine_of(database):<11}{name:<28}{rate:8.0f}/s  p99 {p99:7.1f} ms", end="")
    steady = asyncio.run(paced(runs, secret, numbers, None))
    reports = Reports(database)
    beside = asyncio.run(paced(runs, secret, numbers, reports))
    for title, times in (("", steady), (" beside reports", beside)):
        for name, p99 in times.items():
            print(f"\n{engine_of(database):<11}{f'{name} at {PACE}/s{title}':<39} p99 {p99:7.1f} ms", end="")
    print(
        f"\n{engine_of(database):<11}turn/bare {found['turn'][0] / found['bare'][0]:.2f} (goal ≥ 0.5); at {PACE}/s p99 "
        f"{steady['turn'] / steady['bare']:.2f}x, beside reports {beside['turn'] / steady['bare']:.2f}x (goal ≤ 3); "
        f"reports: {reports.asked} asked for at {REPORTS_A_S}/s, {reports.served} served, {reports.refused} refused"
    )


def engine_of(database: Database) -> str:
    return "sqlite" if database.on_sqlite else "postgresql"


class Reports:
    """Reports of a second each, asked for sixty times a second through the programme's own queue for slow reads."""

    def __init__(self, database: Database) -> None:
        self.asked = self.served = self.refused = 0
        self._reads = SlowReads(database)

    async def ask(self) -> None:
        """Ask for one; a report that is refused because too many wait is no fault."""
        self.asked += 1
        try:
            await self._reads.run(_one_second)
            self.served += 1
        except Busy:
            self.refused += 1


def _one_second(session: ReadingSession) -> None:
    session.execute(text("SELECT count(*), max(at) FROM turn")).all()
    time.sleep(1.0)


async def paced(
    runs: Mapping[str, tuple[FastAPI, str]], secret: str, numbers: count[int], reports: Reports | None
) -> dict[str, float]:
    """Return each route's p99 in ms at `PACE` turns a second, whether or not the last turn was answered.

    The routes take turns of a second each, so that a neighbour on the machine troubles both alike.
    """
    turns: dict[str, list[asyncio.Task[float]]] = {name: [] for name in runs}
    asked: list[asyncio.Task[None]] = []
    began = time.perf_counter()
    for _ in range(PACED_S):
        for name, (app, path) in runs.items():
            block, sent = time.perf_counter(), 0
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, timeout=60)
            while (passed := time.perf_counter() - block) < 1:
                for _ in range(int(passed * PACE) + 1 - sent):
                    turns[name].append(asyncio.create_task(post_signed(client, path, secret, numbers)))
                    sent += 1
                while reports is not None and len(asked) < (time.perf_counter() - began) * REPORTS_A_S:
                    asked.append(asyncio.create_task(reports.ask()))
                await asyncio.sleep(0.002)
            await asyncio.gather(*turns[name])
            await client.aclose()
    await asyncio.gather(*asked)
    return {
        name: statistics.quantiles([task.result() for task in tasks], n=100)[98] * 1000
        for name, tasks in turns.items()
    }


def test_tickets_beside_bare_inserts(database: Database) -> None:
    world: World = build_world(database)
    with database.engine().begin() as connection:
        connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, body VARCHAR(200))"))
    numbers, operator = count(1), world.actor("operator")

    def bare() -> None:
        with database.writing() as session:
            session.execute(text("INSERT INTO bare VALUES (:id, 'x')"), {"id": next(numbers)})

    def ticket() -> None:
        with unit_of_work(database, publish=lambda _: None) as session:
            open_ticket(
                session,
                operator,
                channel="phone",
                policy=world.policy,
                now=NOW,
                fields=dict(WAGES),
                caller=CallerDetails(phone=PHONE),
                employers=(ToldEmployer(name=""),),
            )

    rates = {}
    for name, work in {"bare": bare, "ticket": ticket}.items():
        measure(work, clients=4, rounds=20)
        rates[name], p99 = measure(work, clients=CLIENTS, rounds=ROUNDS)
        print(f"\n{engine_of(database):<11}{name:<22}{rates[name]:8.0f}/s  p99 {p99:7.1f} ms", end="")
    print(f"\nratio ticket/bare insert {rates['ticket'] / rates['bare']:.2f}")
