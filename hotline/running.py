"""What the long-running commands do: prepare the database, say where everything is, and serve until told to stop."""

from __future__ import annotations

import json
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import uvicorn
from pydantic import SecretStr

from config.load import read_csv
from config.settings import Settings
from dispatch.regions import COLUMNS as REGION_COLUMNS
from dispatch.regions import bring_regions, has_regions
from hotline.app import build
from hotline.demo import load_demo, read_accounts
from hotline.first_articles import folder_of, has_articles, load_articles
from hotline.jobs.loop import Background
from hotline.migrations.run import is_current, migrate
from hotline.services import Services
from hotline.wiring import bus_of, config_file, database_of, each_of, keys_of, now, services_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from dispatch.database import Database
    from hotline.bus import Bus

MOST_FILES = 65_536
GRACE_S = 5
"""Seconds for requests under way when the process is asked to stop."""

logger = structlog.get_logger(__name__)


def serve(settings: Settings, *, deliver: bool, clock: bool) -> None:
    """Serve the web until told to stop; a single process also migrates its database."""
    _quieten(settings)
    allow_many_files()
    database = database_of(settings)
    if deliver and clock:
        prepare(settings, database)
        if settings.demo:
            load_demo(database, data_dir=settings.data_dir, now=now())
    programme = build(settings, deliver=deliver, clock=clock, database=database)
    server = uvicorn.Server(uvicorn_config(settings, programme.asgi))
    for line in greeting(settings):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    try:
        server.run()
    finally:
        database.dispose()


def prepare(settings: Settings, database: Database) -> None:
    """Bring the database to the newest schema; a new one learns the country's divisions and the first articles."""
    if not is_current(database):
        migrate(database)
    with database.reading() as session:
        known = has_regions(session)
    if not known:
        rows = read_csv(config_file(settings, "regions.csv"), REGION_COLUMNS)
        with database.writing() as session:
            bring_regions(session, (row.values for row in rows))
    with database.reading() as session:
        written = has_articles(session)
    if not written:
        with database.writing() as session:
            load_articles(session, now=now(), folder=folder_of(settings))


def uvicorn_config(settings: Settings, asgi: ASGIApp) -> uvicorn.Config:
    """Return how a web process is served."""
    return uvicorn.Config(
        asgi,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level if settings.log_level == "debug" else "warning",
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        # Facts are shorter than what compressing each of them for each socket costs.
        ws_per_message_deflate=False,
        # What somebody searches for stands in the address: a number, a name.
        access_log=False,
    )


def run_background(settings: Settings, *, deliver: bool, clock: bool) -> None:
    """Run deliveries or the clock without a web, until told to stop.

    With Redis the clock's process also hands deliveries to the workers, and carries them out while Redis is away.
    """
    _quieten(settings)
    database, bus = database_of(settings), bus_of(settings)
    woken, stopping = threading.Event(), threading.Event()
    services = services_of(
        settings,
        keys_of(settings),
        database=database,
        publish=bus.publish if bus is not None else lambda _: None,
        wake=each_of(woken.set, bus.wake) if bus is not None else woken.set,
    )
    _stop_on_signals(stopping)
    if bus is None:
        background = Background(services, woken, deliver=deliver, clock=clock)
        background.start()
        stopping.wait()
        background.stop()
    elif deliver:
        _work_for_redis(services, bus, stopping)
    else:
        _hand_over_to_redis(services, bus, woken, stopping)
    database.dispose()


def _work_for_redis(services: Services, bus: Bus, stopping: threading.Event) -> None:
    """Carry out what the clock's process hands over, also after Redis was away."""
    # Here and below: a start without Redis is spared loading its client.
    from redis.exceptions import RedisError

    from hotline.jobs import rq_queue

    rq_queue.provide(lambda: services)
    while not stopping.is_set():
        try:
            # Ends by a signal, which RQ takes while it works.
            rq_queue.worker(bus.blocking_connection()).work(logging_level="WARNING")
        except RedisError as error:
            logger.warning("redis is away", error=type(error).__name__)
            _stop_on_signals(stopping)
            stopping.wait(1.0)
        else:
            return


def _hand_over_to_redis(
    services: Services, bus: Bus, woken: threading.Event, stopping: threading.Event
) -> None:
    from hotline.jobs.rq_queue import HandOver

    hand_over = HandOver(services, bus.connection())
    background = Background(services, woken, deliver=True, clock=True, hand_over=hand_over)
    listener = bus.listener(on_wake=woken.set)
    listener.start()
    background.start()
    stopping.wait()
    background.stop()
    listener.stop()
    bus.close()


def allow_many_files() -> None:
    """Let this process hold as many sockets as the system permits: each open console and test phone is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _stop_on_signals(stopping: threading.Event) -> None:
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopping.set())


def greeting(settings: Settings) -> Iterator[str]:
    """Yield what whoever starts the programme wants to know."""
    base = settings.effective_public_url
    yield "12351 工会服务职工热线已启动"
    yield f"  控制台      {base}/"
    yield f"  工会收件箱  {base}/inbox"
    if settings.carrier == "sandbox":
        yield f"  测试电话    {base}/phone   （拨 {settings.numbers[0]}）"
    accounts = read_accounts(settings.data_dir) if settings.demo else []
    if accounts:
        yield f"演示账号（口令保存在 {settings.data_dir}）"
    for name, password, shown in accounts:
        yield f"  {name:<16}{password:<16}{shown}"
    yield "按 Ctrl+C 停止。"


def openapi_document() -> str:
    """Return the description of the API as JSON; needs no database and no settings."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder), secret_key=SecretStr("only to describe the interface, never to serve")
        )
        programme = build(settings, deliver=False, clock=False)
        document = programme.app.openapi()
        programme.services.database.dispose()
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _quieten(settings: Settings) -> None:
    levels = {"debug": 10, "info": 20, "warning": 30, "error": 40}
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(max(30, levels[settings.log_level]))
        if settings.log_level == "info"
        else structlog.make_filtering_bound_logger(levels[settings.log_level])
    )
