"""A whole programme as strangers meet it: one `hotline run --demo` process, and clients that sign in to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hotline.demo import read_accounts
from tests.lines import ServerLine
from tests.servers import free_port

DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """One running process, as strangers see it."""

    url: str
    data_dir: Path
    speed: float = 1.0
    """That of the clock of its sandbox."""
    browsers: list[httpx.Client] = field(default_factory=list)

    def password(self, account: str) -> str:
        """Return a demonstration account's password."""
        return next(secret for name, secret, _ in read_accounts(self.data_dir) if name == account)

    def browser(self, account: str) -> httpx.Client:
        """Return a signed-in client."""
        client = httpx.Client(base_url=self.url, timeout=DEADLINE_S)
        self.browsers.append(client)
        answer = client.post("/api/session", json={"name": account, "password": self.password(account)})
        assert answer.status_code == 200, answer.text
        return client

    def line(self) -> ServerLine:
        """Return a line into it for telephones and devices."""
        return ServerLine(self.url, speed=self.speed, deadline_s=DEADLINE_S)


@contextmanager
def running(
    data_dir: Path,
    *,
    speed: float = 1.0,
    more: Mapping[str, str] | None = None,
    demo: bool = True,
    port: int | None = None,
) -> Iterator[Server]:
    """Run `hotline run --demo` until the context ends; its telephones are `speed` times as fast as real ones."""
    port = port or free_port()
    ours = {"HOTLINE_DATA_DIR": str(data_dir), "HOTLINE_PORT": str(port), "HOTLINE_SANDBOX_SPEED": str(speed)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    # A file takes as much as the programme has to say; a pipe that nobody reads would stop it in the end.
    data_dir.mkdir(parents=True, exist_ok=True)
    said = data_dir / f"said-{port}.txt"
    with said.open("w", encoding="utf-8") as output_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotline", "run", *(["--demo"] if demo else [])],
            env=environment | ours | dict(more or {}),
            stdout=output_file,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    server = Server(url, data_dir, speed)
    try:
        eventually(lambda: process.poll() is not None or is_up(url), "the server should start", seconds=60)
        assert process.poll() is None, said.read_text(encoding="utf-8")
        yield server
    finally:
        for browser in server.browsers:
            browser.close()
        process.terminate()
        process.wait(timeout=DEADLINE_S)
    output = said.read_text(encoding="utf-8")
    assert "Traceback" not in output, output


def is_up(url: str) -> bool:
    """Return whether the server answers that it is ready."""
    try:
        return httpx.get(f"{url}/health/ready").status_code == 200
    except httpx.TransportError:
        return False


def eventually(holds: Callable[[], Any], what: str, *, seconds: float = DEADLINE_S) -> Any:
    """Return the first true answer; the story is broken when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
