"""What machines ask: is the process alive, can it work, and how is the centre doing."""

from __future__ import annotations

import time
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError

from agent_console.console import console_of
from agent_console.permissions import open_to_all
from agent_console.problems import answer
from dispatch.calendars import missing_years
from dispatch.database import Database, ReadingSession
from dispatch.figures import Figures, figures
from hotline.calls.health import LineHealth, line_health
from hotline.errors import Answer, Problem
from hotline.line.queries import LineNow, line_now
from hotline.migrations.run import is_current

router = APIRouter(include_in_schema=False)
NOT_READY: Final = Answer(503, "not_ready", "尚未就绪")
Health = dict[Literal["status"], Literal["ok"]]


@router.get("/health/live", dependencies=[open_to_all("a supervisor of processes has no account")])
async def live() -> Health:
    """Answer as long as the process turns its loop; it asks nobody else."""
    return {"status": "ok"}


@router.get(
    "/health/ready", dependencies=[open_to_all("a load balancer has no account")], response_model=None
)
def ready(request: Request) -> Response | Health:
    """Answer whether calls may be sent here: the database answers and has the newest schema."""
    reason = _why_not_ready(console_of(request).services.database)
    return {"status": "ok"} if reason is None else answer(Problem(NOT_READY, reason))


@router.get("/metrics", dependencies=[open_to_all("counts only; the proxy decides who may scrape them")])
async def metrics(request: Request) -> Response:
    """Return the centre's figures for Prometheus; numbers only, nothing of any person or case."""
    console = console_of(request)
    now = console.services.now()

    def read(session: ReadingSession) -> tuple[Figures, LineNow, LineHealth]:
        health = line_health(session, console.services.numbers, now=now)
        return figures(session, now=now), line_now(session, now=now), health

    record, line, health = await console.slow_reads.run(read)
    years = len(missing_years(console.services.policy, now=now))
    return Response(_exposition(record, line, health, years), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _why_not_ready(database: Database) -> str | None:
    try:
        if not database.is_up():
            return "数据库没有应答"
        if not is_current(database):
            return "数据库结构不是最新，请运行 hotline migrate"
    except SQLAlchemyError:
        return "数据库没有应答"
    return None


def _exposition(record: Figures, line: LineNow, health: LineHealth, years: int) -> bytes:
    registry = CollectorRegistry()
    for name, words, value in (
        ("hotline_waiting_callers", "Callers in line.", line.waiting),
        ("hotline_longest_wait_seconds", "How long the first of them has been waiting.", line.longest_s),
        ("hotline_ready_operators", "Operators who are ready.", line.ready),
        ("hotline_talking_operators", "Operators who are talking.", line.talking),
        ("hotline_open_tickets", "Tickets that are open.", record.open_tickets),
        ("hotline_overdue_clocks", "Deadlines that have passed unmet.", record.overdue_clocks),
        ("hotline_late_steps", "Steps of deadlines that are due and have not fired.", record.late_steps),
        ("hotline_step_proposals", "Cards and escalations that wait for a person.", record.proposals),
        ("hotline_group_signals", "Possible collective requests that wait for a person.", record.signals),
        ("hotline_process_cpu_seconds", "CPU seconds this process has used.", time.process_time()),
        ("hotline_recomputes", "Passes over live clocks that are under way.", record.recomputing),
    ):
        Gauge(name, words, registry=registry).set(value)
    deliveries = Gauge("hotline_outbox", "Deliveries by state.", ["state"], registry=registry)
    for state, count in record.outbox.items():
        deliveries.labels(state).set(count)
    findings = Gauge(
        "hotline_self_audit", "What the hotline found wrong with itself.", ["kind"], registry=registry
    )
    for kind, count in record.findings.items():
        findings.labels(kind).set(count)
    _expose_health(registry, health)
    missing = Gauge("hotline_calendar_missing_years", "Years without published holidays.", registry=registry)
    missing.set(years)
    return generate_latest(registry)


def _expose_health(registry: CollectorRegistry, health: LineHealth) -> None:
    proven = Gauge(
        "hotline_number_proven",
        "1: the last synthetic call came through, 0: it did not.",
        ["number"],
        registry=registry,
    )
    success = Gauge(
        "hotline_number_last_success",
        "When a call last came through, in Unix seconds.",
        ["number"],
        registry=registry,
    )
    trip = Gauge(
        "hotline_number_round_trip_seconds",
        "How long the last synthetic call took.",
        ["number"],
        registry=registry,
    )
    for each in health.numbers:
        if each.state != "unproven":
            proven.labels(each.number).set(each.state == "proven")
        if each.last_success_at is not None:
            success.labels(each.number).set(each.last_success_at.timestamp())
        if each.round_trip_s is not None:
            trip.labels(each.number).set(each.round_trip_s)
    hour = Gauge(
        "hotline_line_last_hour", "What happened at the carrier's doors.", ["kind"], registry=registry
    )
    for kind, count in (
        ("calls", health.calls),
        ("failed_calls", health.failed_calls),
        ("fallbacks", health.fallbacks),
        ("failed_turns", health.failed_turns),
    ):
        hour.labels(kind).set(count)
    commands = Gauge(
        "hotline_carrier_commands_last_hour",
        "Commands to the carrier by how they ended.",
        ["state"],
        registry=registry,
    )
    for state, count in health.commands.items():
        commands.labels(state).set(count)
