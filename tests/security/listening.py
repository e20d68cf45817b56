"""A browser's socket as a stranger would open one: what it was told, and whether it is still open."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import socketio

from agent_console.auth import COOKIE


class Listener:
    """One open socket, on a loop of its own; keeps everything that it was told."""

    def __init__(self, url: str, token: str) -> None:
        self._client = socketio.AsyncSimpleClient()
        self._url, self._token = url, token
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.told: list[tuple[str, Any]] = []

    def open(self) -> None:
        """Connect; raises socketio.exceptions.ConnectionError where the server refuses."""
        headers = {"Cookie": f"{COOKIE}={self._token}"}
        try:
            self._run(
                self._client.connect(self._url, headers=headers, transports=["websocket"], wait_timeout=60)
            )
        except socketio.exceptions.ConnectionError:
            self._end()
            raise

    def ask(self, event: str, data: object) -> Any:
        """Send an event and return the answer."""
        return self._run(self._client.call(event, data, timeout=60))

    def hear(self, seconds: float) -> list[tuple[str, Any]]:
        """Listen for so long and return what was told in the meantime."""
        ends, begun = time.monotonic() + seconds, len(self.told)
        while (left := ends - time.monotonic()) > 0:
            try:
                name, *data = self._run(self._client.receive(timeout=left))
            except (socketio.exceptions.TimeoutError, socketio.exceptions.DisconnectedError):
                break
            self.told.append((name, data))
        return self.told[begun:]

    def waits_for(self, number: str, *, kind: str = "ticket", seconds: float = 60.0) -> bool:
        """Whether the ticket is named in so much time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if number in self._named(kind):
                return True
            self.hear(0.05)
        return False

    def numbers(self) -> set[str]:
        """Return the tickets that were named until now: the answer to a question comes after all that was told before."""
        self.ask("unwatch", {"ticket": "none"})
        self.hear(0.05)
        return self._named("ticket")

    def forget(self) -> None:
        """Begin anew."""
        self.numbers()
        self.told.clear()

    def _named(self, kind: str) -> set[str]:
        return {data[0]["id"] for name, data in self.told if name == "fact" and data[0]["kind"] == kind}

    def closed_within(self, seconds: float) -> bool:
        """Whether the server closes the socket in so much time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if not self._client.connected:
                return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        """Disconnect and end the loop."""
        self._run(self._client.disconnect())
        self._end()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=90)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()


@contextmanager
def listening(browser: httpx.Client) -> Iterator[Listener]:
    """Open the socket of a signed-in browser until the context ends."""
    listener = Listener(str(browser.base_url), browser.cookies[COOKIE])
    listener.open()
    try:
        yield listener
    finally:
        listener.close()
