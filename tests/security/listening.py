"""A browser's socket as a stranger would open one: what it was told, and whether it is still open."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import socketio

from agent_console.auth import COOKIE


class Listener:
    """One open socket; keeps everything that it was told."""

    def __init__(self, url: str, token: str) -> None:
        self._client = socketio.SimpleClient()
        self._url, self._token = url, token
        self.told: list[tuple[str, Any]] = []

    def open(self) -> None:
        """Connect; raises socketio.exceptions.ConnectionError where the server refuses."""
        self._client.connect(
            self._url, headers={"Cookie": f"{COOKIE}={self._token}"}, transports=["websocket"], wait_timeout=5
        )

    def ask(self, event: str, data: object) -> Any:
        """Send an event and return the answer."""
        return self._client.call(event, data, timeout=5)

    def hear(self, seconds: float) -> list[tuple[str, Any]]:
        """Listen for so long and return what was told in the meantime."""
        ends, begun = time.monotonic() + seconds, len(self.told)
        while (left := ends - time.monotonic()) > 0:
            try:
                name, *data = self._client.receive(timeout=left)
            except socketio.exceptions.TimeoutError:
                break
            except socketio.exceptions.DisconnectedError:
                break
            self.told.append((name, data))
        return self.told[begun:]

    def numbers(self, seconds: float = 0.4) -> set[str]:
        """Return the tickets that were named in the meantime."""
        return {
            data[0]["id"]
            for name, data in self.hear(seconds)
            if name == "fact" and data[0]["kind"] == "ticket"
        }

    def closed_within(self, seconds: float) -> bool:
        """Whether the server closes the socket in so much time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if not self._client.connected:
                return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        self._client.disconnect()


@contextmanager
def listening(browser: httpx.Client) -> Iterator[Listener]:
    """Open the socket of a signed-in browser until the context ends."""
    listener = Listener(str(browser.base_url), browser.cookies[COOKIE])
    listener.open()
    try:
        yield listener
    finally:
        listener.close()
