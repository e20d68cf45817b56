"""How soon 500 consoles are told a fact, beside the least that a broadcast to 500 sockets can be, in one run."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from websockets.asyncio.client import ClientConnection, connect

from agent_console import auth
from dispatch.database import Database
from dispatch.models.people import User
from dispatch.rules.roles import Role
from dispatch.tickets import open_ticket
from dispatch.unit_of_work import unit_of_work
from hotline.wiring import now
from tests.bench.pushing import BARE
from tests.bench.test_turns_and_tickets import engine_of
from tests.builders import WAGES, World, build_world
from tests.processes import eventually
from tests.servers import free_port

pytestmark = pytest.mark.bench

SOCKETS, EACH = 500, 20
ROUNDS = 40
KINDS = ("bare", "line", "ticket")
GRACE_S = 30.0


@contextmanager
def serving(database: Database, folder: Path) -> Iterator[str]:
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    ours = {"HOTLINE_DATABASE_URL": database.url.render_as_string(hide_password=False)}
    command = [sys.executable, "-m", "tests.bench.pushing", str(folder), str(port)]
    process = subprocess.Popen(command, env=clean | ours)
    try:
        eventually(lambda: is_live(f"http://127.0.0.1:{port}"), "the server should start")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def is_live(url: str) -> bool:
    """Whether it answers; a database that no migration has made is never ready."""
    try:
        return httpx.get(f"{url}/health/live").is_success
    except httpx.TransportError:
        return False


def sign_in_many(database: Database) -> list[str]:
    """Return a session's token for each socket; no user has more sockets than he may."""
    with database.writing() as session:
        for number in range(SOCKETS // EACH):
            name = f"bench-{number}"
            session.add(
                User(
                    name=name,
                    display_name=name,
                    password_hash="!",
                    role=Role.SUPERVISOR.value,
                    extension=str(7000 + number),
                    skills=[],
                    created_at=now(),
                )
            )
        session.flush()
        users = session.scalars(select(User.id).where(User.name.startswith("bench-"))).all()
        return [
            auth.begin_session(session, user, now=now(), user_agent="", replaces=None)
            for user in users
            for _ in range(EACH)
        ]


def open_draft(world: World) -> str:
    """Return the number of a ticket that every supervisor sees."""
    with unit_of_work(world.database, publish=lambda _: None) as session:
        actor = world.actor("operator")
        ticket = open_ticket(
            session, actor, channel="phone", policy=world.policy, now=now(), fields=dict(WAGES)
        )
        return ticket.number


class Console:
    """One socket of either kind, which notes when it was told what."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.delays: dict[int, float] = {}
        """Milliseconds, by the moment of the push."""

    async def listen(self) -> None:
        async for message in self.socket:
            heard_at = time.monotonic_ns()
            if message == "2":
                await self.socket.send("3")
            elif str(message).startswith("42"):
                told = json.loads(str(message)[2:])[1]
                if "version" in told:
                    self.delays[told["version"]] = (heard_at - told["version"]) / 1e6


async def open_socket(host: str, token: str | None) -> Console:
    """Open a socket as a browser does; without a token, one of the bare broadcast."""
    if token is None:
        return Console(await connect(f"ws://{host}{BARE}"))
    origin, cookie = f"http://{host}", {"Cookie": f"{auth.COOKIE}={token}"}
    address = f"ws://{host}/socket.io/?EIO=4&transport=websocket"
    socket = await connect(address, additional_headers=cookie, origin=origin)  # type: ignore[arg-type]  # a str in disguise
    await socket.recv()
    await socket.send("40")
    assert str(await socket.recv()).startswith("40")
    return Console(socket)


async def measured(host: str, tokens: list[str], number: str) -> dict[str, list[float]]:
    """Return the delays in ms of every socket and push, by kind; the kinds take turns."""
    bare = [await open_socket(host, None) for _ in tokens]
    ours = [await open_socket(host, token) for token in tokens]
    listening = [asyncio.create_task(each.listen()) for each in (*bare, *ours)]
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    async with httpx.AsyncClient(base_url=f"http://{host}", timeout=GRACE_S) as client:
        for count in range(ROUNDS):
            for kind in KINDS:
                path = f"{kind}/{number}" if kind == "ticket" else kind
                (await client.post(f"/bench/push/{path}")).raise_for_status()
                told = bare if kind == "bare" else ours
                ends = time.monotonic() + GRACE_S
                while min(len(each.delays) for each in told) == 0:
                    assert time.monotonic() < ends, f"{kind} does not reach everybody"
                    await asyncio.sleep(0.01)
                # The first pushes warm everything up.
                if count >= ROUNDS // 10:
                    found[kind] += [delay for each in told for delay in each.delays.values()]
                for each in told:
                    each.delays.clear()
                await asyncio.sleep(0.05)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await asyncio.gather(*(each.socket.close() for each in (*bare, *ours)))
    return found


def test_a_fact_reaches_five_hundred_consoles_nearly_as_soon_as_a_bare_broadcast(
    database: Database, tmp_path: Path
) -> None:
    world = build_world(database)
    number = open_draft(world)
    tokens = sign_in_many(database)
    with serving(database, tmp_path) as host:
        found = asyncio.run(measured(host, tokens, number))
    marks = {
        kind: (statistics.median(each), statistics.quantiles(each, n=100)[98]) for kind, each in found.items()
    }
    for kind, (half, most) in marks.items():
        print(
            f"\n{engine_of(database):<11}push of {kind:<7}to {SOCKETS} sockets  p50 {half:6.1f} ms  p99 {most:6.1f} ms",
            end="",
        )
    ratios = {
        kind: [ours / bare for ours, bare in zip(marks[kind], marks["bare"], strict=True)]
        for kind in KINDS[1:]
    }
    for kind, (half, most) in ratios.items():
        print(
            f"\n{engine_of(database):<11}{kind}/bare: p50 {half:.2f}x (goal ≤ 2), p99 {most:.2f}x (goal ≤ 4)",
            end="",
        )
    assert all(len(each) == SOCKETS * (ROUNDS - ROUNDS // 10) for each in found.values())
