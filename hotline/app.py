"""Puts one process together: the carrier's doors, the console, the socket, the sandbox, deliveries and the clock."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import FastAPI
from starlette.types import ASGIApp

from agent_console.console import Console
from agent_console.mount import add_console, around
from agent_console.push import Push
from agent_console.server import Sockets
from config.settings import Settings
from dispatch.database import POOL_SIZES, Database
from hotline.carriers.base import Carrier
from hotline.carriers.sandbox.app import create_sandbox
from hotline.carriers.sandbox.clock import Clock, RealClock
from hotline.carriers.sandbox.exchange import Exchange
from hotline.carriers.twilio import device_identity
from hotline.jobs.loop import Background
from hotline.public.webhook import add_messages
from hotline.services import Services
from hotline.voice.union_calls import add_union_calls
from hotline.voice.webhooks import add_voice
from hotline.wiring import Line, both, bus_of, database_of, each_of, keys_of, line_of, services_of
from hotline.wiring import now as present

if TYPE_CHECKING:
    from hotline.bus import Bus

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Programme:
    """One process, ready to be served: `asgi` is what a web server runs."""

    asgi: ASGIApp
    app: FastAPI
    services: Services
    sandbox: ASGIApp | None
    exchange: Exchange | None
    """The sandbox's telephone exchange, where there is one."""


def create_app(settings: Settings, *, deliver: bool = True, clock: bool = True) -> ASGIApp:
    """Return the ASGI application of one process; `deliver` and `clock` say what else it does beside the web."""
    return build(settings, deliver=deliver, clock=clock).asgi


def build(
    settings: Settings,
    *,
    deliver: bool = True,
    clock: bool = True,
    database: Database | None = None,
    sandbox_clock: Clock | None = None,
    carrier: Carrier | None = None,
    now: Callable[[], datetime] = present,
) -> Programme:
    """Build one process's parts; raises ConfigError where the configuration cannot be read."""
    keys = keys_of(settings)
    database = database if database is not None else database_of(settings)
    push, woken = Push(), threading.Event()
    bus = bus_of(settings)
    services = services_of(
        settings,
        keys,
        database=database,
        publish=both(push.publish, bus.publish) if bus is not None else push.publish,
        wake=each_of(woken.set, bus.wake) if bus is not None else woken.set,
        carrier=carrier,
        clock=now,
    )
    line = line_of(settings, keys)
    sandbox = _sandbox(settings, line, sandbox_clock) if line.sandboxed else None
    sockets = Sockets(services, push)
    background = Background(services, woken, deliver=deliver, clock=clock)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Commands have as many threads as connections: none waits for one with a thread in hand.
        current_default_thread_limiter().total_tokens = POOL_SIZES["command"]
        async with AsyncExitStack() as stack:
            if sandbox is not None:
                stack.push_async_callback(sandbox[1].close)
            await stack.enter_async_context(sockets.running())
            if bus is not None:
                await stack.enter_async_context(_listening(bus, push, woken, sockets))
            background.start()
            # In a thread: a sender may be waiting for this very server's answer.
            stack.push_async_callback(run_sync, background.stop)
            yield

    app = FastAPI(
        title="12351 hotline",
        version=VERSION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    add_voice(app, services)
    add_messages(app)
    add_union_calls(app)
    if sandbox is not None:
        app.mount("/sandbox", sandbox[0])
    add_console(app, Console(services, sandbox=sandbox is not None))
    return Programme(
        asgi=around(app, sockets, public_url=services.public_url, twilio_phones=settings.carrier == "twilio"),
        app=app,
        services=services,
        sandbox=sandbox[0] if sandbox is not None else None,
        exchange=sandbox[1] if sandbox is not None else None,
    )


@asynccontextmanager
async def _listening(bus: Bus, push: Push, woken: threading.Event, sockets: Sockets) -> AsyncIterator[None]:
    """Hear what other processes say until the context ends."""
    loop = asyncio.get_running_loop()

    def on_gap() -> None:
        asyncio.run_coroutine_threadsafe(sockets.ask_everyone_to_read_again(), loop)

    listener = bus.listener(on_facts=push.publish, on_wake=woken.set, on_gap=on_gap)
    listener.start()
    try:
        yield
    finally:
        await run_sync(listener.stop)
        bus.close()


def _sandbox(settings: Settings, line: Line, clock: Clock | None) -> tuple[ASGIApp, Exchange]:
    base = settings.effective_public_url
    number = {
        "voice_url": f"{base}/voice/incoming",
        "status_callback": f"{base}/voice/status",
        "fallback_url": f"{base}/voice/fallback.xml",
        "sms_url": f"{base}/messages/incoming",
    }
    return create_sandbox(
        account_sid=line.account.account_sid,
        auth_token=line.account.auth_token,
        numbers=dict.fromkeys(settings.numbers, number),
        clock=clock if clock is not None else RealClock(speed=settings.sandbox_speed),
        verify_device_token=device_identity(line.account),
        api_keys={line.account.api_key_sid: line.account.api_key_secret},
    )
