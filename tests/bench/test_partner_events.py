"""How many events a second partners can send, beside a bare route that checks the same signature and commits one row."""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import time
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.to_thread import run_sync
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from sqlalchemy import func, select, text

from config.settings import Settings
from dispatch.database import Database
from dispatch.events import By
from dispatch.models.partners import PartnerIntake
from dispatch.partners import PartnerDetails, add_partner, set_secret
from dispatch.rules.partner_terms import PartnerKind
from hotline.app import build
from hotline.jobs.loop import Deliveries
from hotline.wiring import now
from tests.bench.test_turns_and_tickets import engine_of
from tests.builders import build_world
from tests.partner_client import Document, signature

pytestmark = pytest.mark.bench

BASE = "http://bench.test"
CLIENTS, ROUNDS = 16, 400
GOAL_PER_S = 200
BURST, EVENTS = 50, 1000
API = "/api/partner/v1/tickets"


def batches(opened: list[str]) -> list[list[dict[str, Any]]]:
    """Return a thousand words about these cases, in bursts."""
    numbers = count(1)
    return [
        [
            {
                "id": f"E{next(numbers)}",
                "act": "append",
                "number": opened[(first + n) % len(opened)],
                "data": {"text": "补充：还差一个月工资"},
            }
            for n in range(BURST)
        ]
        for first in range(0, EVENTS, BURST)
    ]


def bare_app(database: Database, secret: str) -> FastAPI:
    """Return the least that a signed event can be."""
    app, numbers = FastAPI(), count(1)
    with database.engine().begin() as connection:
        connection.execute(text("CREATE TABLE bare_event (id INTEGER PRIMARY KEY, body VARCHAR(4000))"))

    def write(body: str) -> None:
        with database.writing() as session:
            row = {"id": next(numbers), "body": body[:4000]}
            session.execute(text("INSERT INTO bare_event VALUES (:id, :body)"), row)

    @app.post("/bare")
    async def bare(request: Request) -> Response:
        body, headers = await request.body(), request.headers
        wanted = signature(
            secret, "POST", "/bare", headers["Hotline-Timestamp"], headers["Hotline-Nonce"], body
        )
        assert secrets.compare_digest(wanted, headers["Hotline-Signature"])
        json.loads(body)
        await run_sync(write, body.decode())
        return Response(status_code=201)

    return app


async def send(client: httpx.AsyncClient, path: str, secret: str, body: Any) -> httpx.Response:
    """Send one signed event."""
    raw, moment, nonce = (
        json.dumps(body, ensure_ascii=False).encode(),
        str(int(time.time())),
        secrets.token_hex(16),
    )
    headers = {
        "Hotline-Partner": "bench",
        "Hotline-Timestamp": moment,
        "Hotline-Nonce": nonce,
        "Hotline-Signature": signature(secret, "POST", path, moment, nonce, raw),
        "Idempotency-Key": secrets.token_hex(16),
        "Content-Type": "application/json",
    }
    answer = await client.post(path, content=raw, headers=headers)
    assert answer.is_success, answer.text
    return answer


async def drive(
    app: FastAPI, secret: str, asked: list[tuple[str, Any]]
) -> tuple[float, float, list[httpx.Response]]:
    """Return (per second, p99 in ms, the answers) of these events from `CLIENTS` at once."""
    times: list[float] = []
    answers: list[httpx.Response] = []
    left = iter(asked)

    async def partner(client: httpx.AsyncClient) -> None:
        for path, body in left:
            began = time.perf_counter()
            answers.append(await send(client, path, secret, body))
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, timeout=60) as client:
        await asyncio.gather(*(partner(client) for _ in range(CLIENTS)))
    assert len(times) == len(asked)
    return len(asked) / (time.perf_counter() - began), statistics.quantiles(times, n=100)[98] * 1000, answers


def test_partner_events_beside_a_bare_signed_route(database: Database, tmp_path: Path) -> None:
    build_world(database)
    settings = Settings(
        data_dir=tmp_path, public_url=BASE, secret_key=SecretStr("only for the benchmark, nothing else!")
    )
    programme = build(settings, deliver=False, clock=False, database=database)
    services = programme.services
    details = PartnerDetails(code="bench", name="协作单位", kind=PartnerKind.LINE_12345)
    with database.writing() as session:
        partner = add_partner(session, details, by=By("machine"), now=now())
        secret = set_secret(
            session,
            partner,
            "inbound",
            key=services.partner_key,
            by=By("machine"),
            now=now(),
            overlap=timedelta(),
        )
    example = Document(programme.app.openapi()).example("create")
    numbers = count(1)

    def cases(rounds: int) -> list[tuple[str, Any]]:
        due = (now() + timedelta(days=5)).isoformat()
        return [
            (API, {**example, "external_id": f"B{next(numbers)}", "due_at": due, "attachments": []})
            for _ in range(rounds)
        ]

    bare = bare_app(database, secret)
    asyncio.run(drive(bare, secret, [("/bare", body) for _, body in cases(40)]))
    asyncio.run(drive(programme.app, secret, cases(40)))
    marks = {"bare": asyncio.run(drive(bare, secret, [("/bare", body) for _, body in cases(ROUNDS)]))[:2]}
    rate, p99, answers = asyncio.run(drive(programme.app, secret, cases(ROUNDS)))
    marks["create"] = rate, p99
    opened = [str(answer.json()["number"]) for answer in answers]
    words = [(f"{API}/{number}/append", {"text": "补充：还差一个月工资"}) for number in opened]
    marks["append"] = asyncio.run(drive(programme.app, secret, words))[:2]
    bursts = [("/api/partner/v1/events", {"events": burst}) for burst in batches(opened)]
    rate, p99, answers = asyncio.run(drive(programme.app, secret, bursts))
    marks["burst"] = rate * BURST, p99
    assert sum(answer.json()["accepted"] for answer in answers) == len(bursts) * BURST
    began = time.perf_counter()
    Deliveries(services, queues=("slow",)).run_once()
    marks["applied"] = len(bursts) * BURST / (time.perf_counter() - began), 0.0
    done = select(func.count()).where(PartnerIntake.state == "applied")
    with database.reading() as reading:
        assert reading.scalar(done) == len(bursts) * BURST
    for name, (rate, p99) in marks.items():
        print(f"\n{engine_of(database):<11}partner {name:<8}{rate:8.0f}/s  p99 {p99:7.1f} ms", end="")
    print(
        f"\n{engine_of(database):<11}create/bare {marks['create'][0] / marks['bare'][0]:.2f}, append/bare "
        f"{marks['append'][0] / marks['bare'][0]:.2f}, burst/bare {marks['burst'][0] / marks['bare'][0]:.2f} "
        f"(goal {GOAL_PER_S} events/s accepted)"
    )
