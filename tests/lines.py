"""What a story's telephones are plugged into: this process at virtual time, or a running server.

Between steps `settle` lets the application do what it does beside webhooks (deliveries, ticker).
"""

from __future__ import annotations

import asyncio
import io
import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Self

import httpx
import requests
from anyio.from_thread import BlockingPortal, start_blocking_portal
from requests.adapters import BaseAdapter
from starlette.types import ASGIApp, Message
from websockets.sync.client import ClientConnection, connect

from hotline.carriers.sandbox.endpoints import Endpoint, Event
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.sandbox.legs import Leg
from hotline.carriers.sandbox.wire import through
from hotline.carriers.twilio_http import RebasedHttpClient
from tests.phone import Phone, StoryBroken

_LONGEST_STRIDE_S = 1.0


class _LocalHandle:
    """A telephone plugged into an exchange of this process."""

    def __init__(
        self, exchange: Exchange, call: Callable[[Callable[[], object]], None], address: str
    ) -> None:
        self.events: list[Event] = []
        self._exchange = exchange
        self._call = call
        self._endpoint = Endpoint(address, self.events.append)
        call(lambda: exchange.switchboard.plug_in(self._endpoint))

    def do(self, command: str, value: Any) -> None:
        exchange, endpoint = self._exchange, self._endpoint
        acts: Mapping[str, Callable[[], object]] = {
            "dial": lambda: exchange.dial(endpoint, from_=value["from"], to=value["to"]),
            "text": lambda: exchange.text(from_=value["from"], to=value["to"], body=value["body"]),
            "answer": lambda: exchange.answer(endpoint, endpoint.incoming[0]),
            "decline": lambda: exchange.decline(endpoint, endpoint.incoming[0]),
            "press": lambda: exchange.press(self._leg(), value),
            "speak": lambda: exchange.speak(self._leg(), value["text"], value.get("seconds")),
            "hangup": lambda: exchange.hang_up(self._leg()),
            "mute": lambda: setattr(endpoint, "muted", value),
            "machine": lambda: setattr(endpoint, "is_machine", value),
            "auto_answer": lambda: setattr(endpoint, "auto_answer", value),
        }
        self._call(acts[command])

    def _leg(self) -> Leg:
        if self._endpoint.leg is None:
            raise StoryBroken(f"{self._endpoint.address} 没有通话")
        return self._endpoint.leg


class InProcessLine:
    """The application as an ASGI callable, on an event loop in a thread, at virtual time."""

    def __init__(self, app: ASGIApp, exchange: Exchange, *, settle: Callable[[], None] | None = None) -> None:
        self.exchange = exchange
        self.settle_hook = settle if settle is not None else lambda: None
        self._app = app
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None

    def __enter__(self) -> Self:
        self._portal = self._stack.enter_context(start_blocking_portal())
        self._stack.enter_context(self._portal.wrap_async_context_manager(_Lifespan(self._app)))
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport)
        self.exchange.courier.post = through(client)
        self._stack.callback(self._portal.call, client.aclose)
        self._stack.callback(self._portal.call, self.exchange.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def phone(self, number: str = "+8613800000001") -> Phone:
        return Phone(self, _LocalHandle(self.exchange, self.call, number), number)

    def device(self, identity: str, *, auto_answer: bool = False) -> Phone:
        """Return an operator's registered browser telephone."""
        handle = _LocalHandle(self.exchange, self.call, f"client:{identity}")
        handle.do("auto_answer", auto_answer)
        return Phone(self, handle, f"client:{identity}")

    def http_client(self, sandbox: ASGIApp, *, api_base: str = "http://sandbox.test") -> RebasedHttpClient:
        """Return a client for `TwilioCarrier` whose requests reach the sandbox without a socket."""
        client = RebasedHttpClient(api_base=api_base)
        client.session.mount("http://", _AsgiAdapter(self.portal, sandbox))
        return client

    @property
    def portal(self) -> BlockingPortal:
        if self._portal is None:
            raise RuntimeError("the line is not open: use it in a `with` block")
        return self._portal

    def call(self, act: Callable[[], object]) -> None:
        """Run something on the event loop."""
        self.portal.call(act)

    def begin_step(self) -> None:
        """Nothing to prepare: virtual time has no deadline."""

    def settle(self) -> None:
        self.portal.call(self.exchange.settle)
        self.settle_hook()
        self.portal.call(self.exchange.settle)

    def progress(self) -> bool:
        return self.portal.call(self.exchange.step)

    def wait(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, _LONGEST_STRIDE_S)
            self.portal.call(self.exchange.advance, step)
            self.settle()
            seconds -= step


class _SocketHandle:
    """A telephone at the far end of a WebSocket."""

    def __init__(self, socket: ClientConnection, changed: threading.Condition) -> None:
        self.events: list[Event] = []
        self._socket = socket
        self._changed = changed
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def do(self, command: str, value: Any) -> None:
        before = len(self.events)
        self._socket.send(json.dumps({command: value}))
        if command == "press":
            # The menu these keys may end must be over before a next `presses` looks for one.
            with self._changed:
                self._changed.wait_for(lambda: self._stopped_listening(before), timeout=1.0)

    def close(self) -> None:
        self._socket.close()
        self._reader.join(timeout=5)

    def _stopped_listening(self, since: int) -> bool:
        return any(event["event"] in ("listening", "recording", "ended") for event in self.events[since:])

    def _read(self) -> None:
        for text in self._socket:
            with self._changed:
                self.events.append(json.loads(text))
                self._changed.notify_all()


class ServerLine:
    """A running server; steps wait for events until a deadline. `speed` is that of the server's sandbox clock."""

    def __init__(
        self,
        base_url: str,
        *,
        speed: float = 1.0,
        deadline_s: float = 10.0,
        settle: Callable[[], None] | None = None,
    ) -> None:
        self._base = base_url.replace("http", "ws", 1)
        self._speed = speed
        self._deadline_s = deadline_s
        self._until = 0.0
        self._changed = threading.Condition()
        self._handles: list[_SocketHandle] = []
        self._stack = ExitStack()
        self.settle_hook = settle if settle is not None else lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def phone(self, number: str = "+8613800000001") -> Phone:
        handle = self._open("/sandbox/phone")
        handle.do("plug_in", {"number": number})
        return Phone(self, handle, number)

    def device(self, identity: str, *, token: str, auto_answer: bool = False) -> Phone:
        handle = self._open(f"/sandbox/device?token={token}")
        if auto_answer:
            handle.do("auto_answer", True)
        return Phone(self, handle, f"client:{identity}")

    def unplug(self, phone: Phone) -> None:
        """Close the page of this phone."""
        next(handle for handle in self._handles if handle.events is phone.events).close()

    def eventually(self, holds: Callable[[], bool]) -> bool:
        """Wait until it holds, or the deadline is over."""
        self.begin_step()
        while not holds():
            if not self.progress():
                return False
        return True

    def begin_step(self) -> None:
        self._until = time.monotonic() + self._deadline_s

    def settle(self) -> None:
        self.settle_hook()

    def progress(self) -> bool:
        left = self._until - time.monotonic()
        if left <= 0:
            return False
        with self._changed:
            self._changed.wait(min(left, 0.05))
        return True

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds / self._speed
        while (left := until - time.monotonic()) > 0:
            with self._changed:
                self._changed.wait(min(left, 0.05))
            self.settle()

    def _open(self, path: str) -> _SocketHandle:
        socket = self._stack.enter_context(connect(self._base + path, proxy=None))
        handle = _SocketHandle(socket, self._changed)
        self._stack.callback(handle.close)
        self._handles.append(handle)
        return handle


class _Lifespan:
    """Starts and stops an ASGI application; one that knows no lifespan is left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        self._task = asyncio.create_task(self._run(scope))
        await self._inbox.put({"type": "lifespan.startup"})
        answer = await self._outbox.get()
        if answer["type"] == "lifespan.startup.failed":
            raise RuntimeError(answer.get("message", "the application did not start"))

    async def __aexit__(self, *_: object) -> None:
        if self._task is None or self._task.done():
            return
        await self._inbox.put({"type": "lifespan.shutdown"})
        await self._outbox.get()
        await self._task

    async def _run(self, scope: dict[str, Any]) -> None:
        try:
            await self._app(scope, self._inbox.get, self._outbox.put)
        finally:
            await self._outbox.put({"type": "lifespan.gone"})


class _AsgiAdapter(BaseAdapter):
    """Carries `requests` (the SDK's HTTP library) into an ASGI application."""

    def __init__(self, portal: BlockingPortal, app: ASGIApp) -> None:
        super().__init__()
        self._portal = portal
        self._app = app

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        answer = self._portal.call(self._ask, request)
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.content)
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Nothing is kept open."""

    async def _ask(self, request: requests.PreparedRequest) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(
                request.method or "GET",
                request.url or "",
                content=request.body if isinstance(request.body, bytes | str) else None,
                headers={name: str(value) for name, value in request.headers.items()},
            )
