"""The sandbox's side of a webhook: sign, send, retry by the connection overrides, and suffer the faults."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urldefrag, urlencode, urlsplit, urlunsplit

import httpx
from twilio.request_validator import RequestValidator

from hotline.carriers.sandbox.clock import Clock
from hotline.carriers.sandbox.faults import Fault, Faults, WebhookRequest
from hotline.carriers.sandbox.wire import NoReply, Outgoing, Overrides, Post, Reply, through

HTTP_FAILED, CONNECTION_FAILED = 11200, 11205  # twilio.com/docs/api/errors


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One webhook that went out, for the developer's log and for assertions; `ms` is real time."""

    request: WebhookRequest
    status: int
    body: str
    ms: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """The end of a delivery: a 2xx reply, or Twilio's error code."""

    reply: Reply | None
    error_code: int = 0
    reason: str = ""


@dataclass(slots=True)
class _Held:
    request: WebhookRequest
    then: Callable[[Delivered], None] = field(default=lambda _: None)


class Courier:
    """Delivers webhooks, one task each, and knows when none is on its way (a wait for a timer is not)."""

    def __init__(self, *, auth_token: str, clock: Clock, post: Post | None, faults: Faults) -> None:
        self.post = post
        self.log: deque[Exchanged] = deque(maxlen=5000)
        self.on_exchanged: Callable[[Exchanged], None] = lambda _: None
        self._validator = RequestValidator(auth_token)
        self._clock = clock
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._active = 0
        self._closed = False
        self._client: httpx.AsyncClient | None = None
        self._quiet: asyncio.Event | None = None
        self._held: list[_Held] = []

    def send(self, request: WebhookRequest, then: Callable[[Delivered], None] = lambda _: None) -> None:
        """Start a delivery; `then` is called on the event loop with how it ended."""
        fault = self._faults.of(request)
        if fault is not None and fault.kind == "late":
            self._clock.after(fault.seconds, lambda: self._spawn(request, None, then))
        elif fault is not None and fault.kind == "after_next":
            self._held.append(_Held(request, then))
        else:
            self._spawn(request, fault, then)

    def release_held(self) -> None:
        """Send what was held back and never overtaken."""
        held, self._held = self._held, []
        for each in held:
            self._spawn(each.request, None, each.then)

    async def quiet(self) -> None:
        """Return when no webhook is on its way."""
        while self._active:
            self._quiet = asyncio.Event()
            await self._quiet.wait()

    def signature(self, url: str, parameters: tuple[tuple[str, str], ...]) -> str:
        """Return `X-Twilio-Signature` for a form post."""
        values: dict[str, list[str]] = {}
        for name, value in parameters:
            values.setdefault(name, []).append(value)
        return str(self._validator.compute_signature(url, _Form(values)))

    async def close(self) -> None:
        """Stop every delivery, and begin none."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    def _spawn(self, request: WebhookRequest, fault: Fault | None, then: Callable[[Delivered], None]) -> None:
        if not self._closed:
            self._run(self._deliver(request, fault, then))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._active += 1
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._release()
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error

    def _release(self) -> None:
        self._active -= 1
        if not self._active and self._quiet is not None:
            self._quiet.set()

    async def _deliver(
        self, request: WebhookRequest, fault: Fault | None, then: Callable[[Delivered], None]
    ) -> None:
        if fault is not None and fault.kind == "drop" and request.kind != "turn":
            return
        if fault is not None and fault.kind == "hang_up" and fault.when == "before":
            request.hang_up()
            return
        delivered = await self._attempts(request, fault)
        if fault is not None and fault.kind == "hang_up" and fault.when == "after":
            request.hang_up()
        then(delivered)
        self._let_overtaken_go(request)

    def _let_overtaken_go(self, request: WebhookRequest) -> None:
        passed = [
            h for h in self._held if (h.request.kind, h.request.call_sid) == (request.kind, request.call_sid)
        ]
        for each in passed:
            self._held.remove(each)
            self._spawn(each.request, None, each.then)

    async def _attempts(self, request: WebhookRequest, fault: Fault | None) -> Delivered:
        overrides = Overrides.of(urldefrag(request.url).fragment)
        left_s = overrides.total_s
        failed = Delivered(None, HTTP_FAILED, "no time left")
        for _ in range(overrides.retries + 1):
            try:
                reply = await self._attempt(request, overrides, fault, left_s)
            except NoReply as error:
                left_s -= min(overrides.read_timeout_s, left_s) if error.read else 0.0
                failed = Delivered(None, HTTP_FAILED if error.read else CONNECTION_FAILED, str(error))
                failure = "rt" if error.read else "ct"
            else:
                if 200 <= reply.status < 300:
                    return Delivered(reply)
                failed = Delivered(None, HTTP_FAILED, f"HTTP {reply.status}")
                failure = f"{reply.status // 100}xx"
            if left_s <= 0 or not overrides.repeats(failure):
                break
        return failed

    async def _attempt(
        self, request: WebhookRequest, overrides: Overrides, fault: Fault | None, left_s: float
    ) -> Reply:
        kind = fault.kind if fault is not None else None
        if fault is None or kind in ("late", "after_next"):
            return await self._once(request, overrides)
        if kind == "drop":
            raise NoReply("connection refused", read=False)
        if kind == "error":
            return Reply(fault.status, b"", "text/plain")
        if kind == "repeat":
            return await self._repeat(request, overrides, fault)
        if kind == "hang_up" and fault.when == "during":
            return await self._hung_up_on(request, overrides)
        reply = await self._once(request, overrides)
        if kind == "lost_reply":
            await self._sleep(fault.seconds or min(overrides.read_timeout_s, left_s))
            raise NoReply("no reply in time", read=True)
        return reply

    async def _hung_up_on(self, request: WebhookRequest, overrides: Overrides) -> Reply:
        on_its_way = asyncio.create_task(self._once(request, overrides))
        await asyncio.sleep(0)
        request.hang_up()
        return await on_its_way

    async def _repeat(self, request: WebhookRequest, overrides: Overrides, fault: Fault) -> Reply:
        if fault.concurrently:
            replies = await asyncio.gather(*(self._once(request, overrides) for _ in range(fault.copies)))
            return replies[0]
        first = await self._once(request, overrides)
        for _ in range(fault.copies - 1):
            await self._once(request, overrides)
        return first

    async def _once(self, request: WebhookRequest, overrides: Overrides) -> Reply:
        if self.post is None:
            self._client = httpx.AsyncClient(trust_env=False)
            self.post = through(self._client)
        began = time.perf_counter()
        try:
            reply = await self.post(self._signed(request, overrides))
        except NoReply as error:
            self._note(Exchanged(request, 0, str(error), (time.perf_counter() - began) * 1000))
            raise
        body = reply.body.decode("utf-8", "replace")
        self._note(Exchanged(request, reply.status, body, (time.perf_counter() - began) * 1000))
        return reply

    def _note(self, exchanged: Exchanged) -> None:
        self.log.append(exchanged)
        self.on_exchanged(exchanged)

    def _signed(self, request: WebhookRequest, overrides: Overrides) -> Outgoing:
        # Overrides are instructions to the carrier: neither sent nor signed.
        url = urldefrag(request.url).url
        parameters = request.parameters
        if request.method == "GET":
            url, parameters = _with_query(url, parameters), ()
        headers = {
            "X-Twilio-Signature": self.signature(url, parameters),
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": request.token,
        }
        if request.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return Outgoing(
            request.method, url, parameters, headers, overrides.connect_timeout_s, overrides.read_timeout_s
        )

    async def _sleep(self, seconds: float) -> None:
        """Wait on the sandbox's clock; meanwhile this delivery leaves the exchange quiet."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            self._active += 1
            if not woken.done():
                woken.set_result(None)

        self._clock.after(seconds, wake, busy=True)
        self._release()
        await woken


class _Form:
    """The multi-value view which the validator understands."""

    def __init__(self, values: dict[str, list[str]]) -> None:
        self._values = values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def getlist(self, name: str) -> list[str]:
        return self._values[name]


def _with_query(url: str, parameters: tuple[tuple[str, str], ...]) -> str:
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
