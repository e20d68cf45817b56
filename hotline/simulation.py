"""`hotline simulate`: callers and operators by the hundred against a running server with its sandbox carrier.

Callers are the sandbox's own test telephones and operators use the console's API, so that everything is as real as in
a day's work: signed webhooks, turns, offers, conversations, surveys. Every turn's time comes from the carrier's side.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

POLL_S: Final = 2.0
"""A real console hears of its offers by the socket; this one asks, which is the dearer way."""
DRAIN_S: Final = 90.0
_WAYS: Final = ("0", "11", "21")
"""Keys through the day menu to three lines: one line alone would be full."""
CPU: Final = "hotline_process_cpu_seconds"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many callers at once, how fast they come, for how long, and who answers."""

    url: str
    number: str
    calls: int
    per_second: float
    hold_s: float
    talk_s: float
    seats: Sequence[tuple[str, str]]
    """(identity of the browser telephone, cookie) of each operator."""
    cookie: str
    run: int
    """Part of the callers' numbers, so that two runs are told apart."""


@dataclass(slots=True)
class Measured:
    """What came out."""

    turns_ms: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    numbers: list[str] = field(default_factory=list)
    served: int = 0
    peak: int = 0
    cpu_s: float = 0.0
    seconds: float = 0.0
    idle_share: float = 0.0
    """CPU of the server without any call, per second."""

    @property
    def cpu_ms_per_turn(self) -> float:
        """Return the server's CPU time of one turn with everything around it, less what it uses at rest."""
        used = max(0.0, self.cpu_s - self.idle_share * self.seconds)
        return used * 1000 / max(1, len(self.turns_ms))

    def quantile_ms(self, share: float) -> float:
        ordered = sorted(self.turns_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def simulate(plan: Plan, *, say: Callable[[str], None]) -> Measured:
    """Run one plan to its end: every caller has hung up or has been let go."""
    measured = Measured()
    async with httpx.AsyncClient(base_url=plan.url, timeout=30, trust_env=False) as client:
        measured.idle_share = await _idle_share(client)
        over = asyncio.Event()
        seats = [asyncio.create_task(_operator(plan, client, seat, over)) for seat in plan.seats]
        await asyncio.sleep(1)
        began, cpu = time.monotonic(), await _cpu_s(client)
        await _callers(plan, measured, say)
        measured.seconds, measured.cpu_s = time.monotonic() - began, await _cpu_s(client) - cpu
        over.set()
        await asyncio.gather(*seats)
    return measured


async def _callers(plan: Plan, measured: Measured, say: Callable[[str], None]) -> None:
    draining, live = asyncio.Event(), set[asyncio.Task[None]]()
    until: float | None = None
    # Where callers leave as fast as they come (a full line, a quick desk) the number is never reached.
    latest = time.monotonic() + 2 * plan.calls / plan.per_second + 30
    while until is None or time.monotonic() < until:
        if until is None and time.monotonic() > latest:
            say(f"只达到{len(live)}个来电同时在线")
            until = time.monotonic() + plan.hold_s
        if len(live) < plan.calls:
            number = f"+861{plan.run % 100:02d}{len(measured.numbers):08d}"
            measured.numbers.append(number)
            task = asyncio.create_task(_caller(plan, number, measured, draining))
            live.add(task)
            task.add_done_callback(live.discard)
        elif until is None:
            say(f"{len(live)}个来电同时在线")
            until = time.monotonic() + plan.hold_s
        measured.peak = max(measured.peak, len(live))
        await asyncio.sleep(1 / plan.per_second)
    draining.set()
    if live:
        _, late = await asyncio.wait(live, timeout=DRAIN_S)
        for task in late:
            measured.ends["never_let_go"] += 1
            task.cancel()


async def _caller(plan: Plan, number: str, measured: Measured, draining: asyncio.Event) -> None:
    """Dial, go through the menu, wait, talk and rate the service; once the run is over ask for a return call."""
    try:
        async with connect(_socket(plan.url) + "/sandbox/phone", proxy=None, open_timeout=30) as phone:
            await _say(phone, plug_in={"number": number})
            await _say(phone, dial={"from": number, "to": plan.number})
            keys = _WAYS[int(number[-3:]) % len(_WAYS)]
            measured.ends[await _talk(phone, keys, measured, draining)] += 1
    except (OSError, TimeoutError, WebSocketException) as error:
        measured.ends[type(error).__name__] += 1


async def _talk(phone: ClientConnection, keys: str, measured: Measured, draining: asyncio.Event) -> str:
    stage, left = "menu", list(keys)
    async for text in phone:
        event: dict[str, Any] = json.loads(text)
        match event["event"]:
            case "turn":
                measured.turns_ms.append(event["ms"])
            case "conference":
                stage = "talks" if event["on"] else "rates"
                measured.served += bool(event["on"])
            case "listening" if event["on"] and stage == "menu":
                await _say(phone, press=left.pop(0))
                stage = "menu" if left else "waits"
            case "listening" if event["on"] and stage == "rates":
                await _say(phone, press="1")
            case "listening" if event["on"] and stage == "waits" and draining.is_set():
                await _say(phone, press="2")
            case "ended":
                return str(event["reason"])
    return "socket_closed"


async def _operator(
    plan: Plan, client: httpx.AsyncClient, seat: tuple[str, str], over: asyncio.Event
) -> None:
    """Sit at a desk: take what is offered, talk for a while, hang up, be ready again."""
    headers = {"Cookie": f"{plan.cookie}={seat[1]}"}

    async def ask(method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = await client.request(method, path, headers=headers, json=body or None)
        return dict(answer.json()) if answer.is_success and answer.content else {}

    ready = await ask("PUT", "/api/presence", state="ready")
    address = f"{_socket(plan.url)}/sandbox/device?token={ready.get('device_token', '')}"
    async with connect(address, proxy=None, open_timeout=30) as device:
        await _say(device, auto_answer=True)
        drain = asyncio.create_task(_listen(device))
        hang_up_at = 0.0
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), POLL_S * random.uniform(0.8, 1.2))  # noqa: S311  # no secret
            seen = await ask("GET", "/api/presence")
            offer, now = seen.get("offer"), time.monotonic()
            if offer:
                await ask("POST", f"/api/offers/{offer['id']}/accept")
                hang_up_at = now + plan.talk_s * random.uniform(0.5, 1.5)  # noqa: S311  # no secret
            elif seen.get("state") == "talking" and now >= hang_up_at:
                await ask("POST", f"/api/calls/{seen['call_sid']}/hang_up")
            elif seen.get("state") == "wrap_up":
                await ask("POST", "/api/presence/finish")
            elif seen.get("state") in ("unreachable", "not_ready"):
                await ask("PUT", "/api/presence", state="ready")
            else:
                await ask("POST", "/api/presence/heartbeat")
        await ask("PUT", "/api/presence", state="offline")
        drain.cancel()


async def _listen(device: ClientConnection) -> None:
    with suppress(WebSocketException):
        async for _ in device:
            pass


async def _say(phone: ClientConnection, **message: Any) -> None:
    await phone.send(json.dumps(message))


async def _idle_share(client: httpx.AsyncClient) -> float:
    before, since = await _cpu_s(client), time.monotonic()
    await asyncio.sleep(3)
    return (await _cpu_s(client) - before) / (time.monotonic() - since)


async def _cpu_s(client: httpx.AsyncClient) -> float:
    lines = (await client.get("/metrics")).text.splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{CPU} ")), 0.0)


def _socket(url: str) -> str:
    return url.replace("http", "ws", 1)
