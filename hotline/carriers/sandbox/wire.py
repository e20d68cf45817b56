"""What goes over the wire between the sandbox and an application: requests, replies, connection overrides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

import httpx


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed request, ready for the wire; times in seconds."""

    method: str
    url: str
    parameters: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    connect_timeout_s: float
    read_timeout_s: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application answered."""

    status: int
    body: bytes
    content_type: str


class NoReply(Exception):  # what happened
    """The application was not reached (`read` False) or did not answer in time (`read` True)."""

    def __init__(self, message: str, *, read: bool) -> None:
        super().__init__(message)
        self.read = read


Post = Callable[[Outgoing], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Overrides:
    """Connection overrides in a URL's fragment.

    Source: twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
    """

    connect_timeout_s: float
    read_timeout_s: float
    total_s: float
    retries: int
    policy: frozenset[str]

    @classmethod
    def of(cls, fragment: str) -> Overrides:
        """Return the overrides, each kept within Twilio's limits; unknown ones are ignored."""
        given = dict(parse_qsl(fragment))

        def bounded(name: str, least: int, most: int, usual: int) -> int:
            text = given.get(name, "")
            return min(max(int(text), least), most) if text.isdigit() else usual

        return cls(
            connect_timeout_s=bounded("ct", 100, 10_000, 5_000) / 1000,
            read_timeout_s=bounded("rt", 100, 15_000, 15_000) / 1000,
            total_s=bounded("tt", 100, 15_000, 15_000) / 1000,
            retries=bounded("rc", 0, 5, 1),
            policy=frozenset(given.get("rp", "ct").split(",")),
        )

    def repeats(self, failure: str) -> bool:
        return failure in self.policy or "all" in self.policy


def through(client: httpx.AsyncClient) -> Post:
    """Return a poster that uses this HTTP client."""

    async def post(outgoing: Outgoing) -> Reply:
        timeout = httpx.Timeout(outgoing.read_timeout_s, connect=outgoing.connect_timeout_s)
        body = urlencode(outgoing.parameters).encode() if outgoing.method == "POST" else None
        try:
            answer = await client.request(
                outgoing.method, outgoing.url, content=body, headers=outgoing.headers, timeout=timeout
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NoReply(str(error), read=False) from error
        except httpx.HTTPError as error:
            raise NoReply(str(error), read=True) from error
        return Reply(answer.status_code, answer.content, answer.headers.get("content-type", ""))

    return post
