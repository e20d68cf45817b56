"""A hotline's web side on a real server: a database with the demonstration world, a clock to move, browsers."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select, update

from agent_console.console import STATIC, Console
from agent_console.mount import add_console, around
from agent_console.passwords import Passwords
from agent_console.push import Push
from agent_console.server import Sockets
from config.settings import Settings
from dispatch.actors import Actor, actor_of
from dispatch.database import Database
from dispatch.models.people import User
from hotline.keys import Keys
from hotline.services import Services
from hotline.wiring import services_of
from tests.builders import NOW, World, build_world

PASSWORD = "mountain-river-9-lantern"
PASSWORDS = Passwords(Argon2Hasher(time_cost=1, memory_cost=1024, parallelism=1))
"""As weak as argon2 allows: the tests sign in a hundred times."""


class MovableClock:
    """The time of day, which only a test moves."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.at += by


@dataclass(frozen=True, slots=True)
class House:
    """One running server and its insides."""

    services: Services
    world: World
    clock: MovableClock
    app: FastAPI
    url: str
    browsers: list[httpx.Client] = field(default_factory=list)

    @property
    def database(self) -> Database:
        return self.services.database

    def browser(self, name: str | None = None) -> httpx.Client:
        """Return a client with a cookie jar of its own, signed in where a name is given."""
        client = httpx.Client(base_url=self.url, timeout=60)
        self.browsers.append(client)
        if name is not None:
            answer = client.post("/api/session", json={"name": name, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return client

    def actor(self, name: str) -> Actor:
        """Return a person by post."""
        with self.database.reading() as session:
            return actor_of(session.scalars(select(User).where(User.name == name)).one())


def furnish(database: Database) -> World:
    """Fill an empty database with the demonstration world, whose people all have `PASSWORD`."""
    world = build_world(database)
    with database.writing() as session:
        session.execute(update(User).values(password_hash=PASSWORDS.hash(PASSWORD)))
    return world


@contextmanager
def running_house(
    database: Database, data_dir: Path, *, sandbox: bool = True, static: Path = STATIC
) -> Iterator[House]:
    """Serve a furnished database on a free port until the context ends."""
    clock, push = MovableClock(), Push()
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = Settings(data_dir=data_dir, public_url=url)
    services = services_of(
        settings,
        Keys(b"only for tests " * 3),
        database=database,
        publish=push.publish,
        wake=lambda: None,
        clock=clock,
    )
    sockets = Sockets(services, push, check_every_s=0.1)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with sockets.running():
            yield

    app = FastAPI(openapi_url="/api/openapi.json", docs_url=None, redoc_url=None, lifespan=lifespan)
    add_console(app, Console(services, PASSWORDS, sandbox=sandbox, static=static))
    server = uvicorn.Server(
        uvicorn.Config(around(app, sockets, public_url=url), log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    house = House(services, World(database, services.policy), clock, app, url)
    try:
        _wait_until_started(server, thread)
        yield house
    finally:
        for browser in house.browsers:
            browser.close()
        server.should_exit = True
        thread.join(timeout=60)
        listening.close()
        assert not thread.is_alive(), "the server did not stop"


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + 60
    while not server.started:
        assert thread.is_alive(), "the server stopped while starting"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
