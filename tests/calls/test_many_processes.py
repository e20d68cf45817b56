"""Two webs, a worker and a clock run apart on PostgreSQL and Valkey; any of them may be killed and started again."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from redis import Redis
from sqlalchemy import create_engine, select, text

from agent_console.auth import COOKIE
from dispatch.database import Database
from dispatch.models.history import Outbox
from hotline.demo import load_demo
from hotline.migrations.run import migrate
from tests.processes import Server, eventually, is_up
from tests.servers import Unavailable, free_port, valkey_url

SPEED = 10.0
NEW_NAME = "奖金和提成"


@dataclass(slots=True)
class Province:
    """A centre whose programmes run apart."""

    database: Database
    environment: dict[str, str]
    webs: list[Server]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *, port: int | None = None) -> None:
        """Start one programme: `worker`, `clock`, or `web…` on its port."""
        own = {} if port is None else {"HOTLINE_PORT": str(port)}
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "hotline", name.rstrip("0123456789")],
                env=self.environment | own,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def kill(self, name: str) -> None:
        """End one programme as a power cut does."""
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(timeout=20) for name, process in self.processes.items()}
        # The web server raises again the signal that ended it.
        assert set(codes.values()) <= {0, -signal.SIGTERM}, (
            codes,
            self.log.read_text(errors="replace")[-2000:],
        )

    def deliveries(self) -> dict[str, list[str]]:
        """Return the states of all deliveries by kind."""
        with self.database.reading() as session:
            rows = session.execute(select(Outbox.kind, Outbox.state).order_by(Outbox.id)).all()
        found: dict[str, list[str]] = {}
        for kind, state in rows:
            found.setdefault(kind, []).append(state)
        return found


@pytest.fixture(scope="module")
def province(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    tmp_path = tmp_path_factory.mktemp("province")
    try:
        redis_url = valkey_url().replace("/0", "/7")
    except Unavailable as error:
        pytest.skip(str(error))
    with Redis.from_url(redis_url) as redis:
        redis.flushdb()
    name = f"province_{secrets.token_hex(4)}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with ExitStack() as stack:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        url = f"{postgres_server.rsplit('/', 1)[0]}/{name}"
        database = Database(url)
        stack.callback(_drop, admin, name)
        stack.callback(database.dispose)
        migrate(database)
        load_demo(database, data_dir=tmp_path, now=datetime.now(UTC))
        ports = [free_port(), free_port()]
        outside = {key: value for key, value in os.environ.items() if not key.startswith("HOTLINE_")}
        environment = outside | {
            "HOTLINE_DATABASE_URL": url,
            "HOTLINE_REDIS_URL": redis_url,
            "HOTLINE_DATA_DIR": str(tmp_path),
            "HOTLINE_PUBLIC_URL": f"http://127.0.0.1:{ports[0]}",
            "HOTLINE_SANDBOX_SPEED": str(SPEED),
        }
        webs = [Server(f"http://127.0.0.1:{port}", tmp_path, SPEED) for port in ports]
        centre = Province(database, environment, webs, tmp_path / "log")
        stack.callback(centre.stop)
        for number, port in enumerate(ports, start=1):
            centre.start(f"web{number}", port=port)
        centre.start("worker")
        centre.start("clock")
        eventually(lambda: all(is_up(web.url) for web in webs), "the webs should start", seconds=60)
        yield centre
        for web in webs:
            for browser in web.browsers:
                browser.close()


def _drop(admin: Any, name: str) -> None:
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def listening(browser: httpx.Client, url: str) -> socketio.SimpleClient:
    """Return the console's socket of a signed-in browser."""
    client = socketio.SimpleClient()
    client.connect(url, headers={"Cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}, transports=["polling"])
    return client


def kinds_heard(client: socketio.SimpleClient, *, until: str) -> set[str]:
    """Return the kinds of facts that came, up to and with this one."""
    kinds: set[str] = set()
    while until not in kinds:
        _, fact = client.receive(timeout=20)
        kinds.add(fact["kind"])
    return kinds


def talk(province: Province, *, number: str) -> str:
    """Let a caller at the first web speak with the operator at the second; return the call."""
    at_first, at_second = province.webs
    operator = at_second.browser("operator")
    ready = operator.put("/api/presence", json={"state": "ready"}).json()
    identity = f"operator_{operator.get('/api/session').json()['user']['id']}"
    with listening(operator, at_second.url) as socket, at_first.line() as line:
        desk = line.device(identity, token=ready["device_token"], auto_answer=True)
        caller = line.phone(number)
        caller.dial("12351").hears("12351工会服务职工热线").presses("0").hears("正在为您转接")
        # What happens at the first web is heard at the second one.
        assert "offer" in kinds_heard(socket, until="offer")
        offer = eventually(lambda: operator.get("/api/offers/current").json(), "the operator should be rung")
        sid = str(operator.post(f"/api/offers/{offer['id']}/accept").json()["sid"])
        caller.is_in_conference()
        desk.is_in_conference()
        eventually(
            lambda: operator.get(f"/api/calls/{sid}").json()["conversation_state"] == "connected",
            "the two should talk",
        )
        assert operator.post(f"/api/calls/{sid}/hang_up").status_code == 200
        caller.hears("请为本次服务打分").presses("1").was_hung_up()
    eventually(
        lambda: operator.get(f"/api/calls/{sid}").json()["outcome"] == "conversation", "the call should end"
    )
    assert operator.post(f"/api/calls/{sid}/outcome", json={"outcome": "answered"}).status_code == 200
    assert operator.post("/api/presence/finish").status_code == 200
    assert operator.put("/api/presence", json={"state": "offline"}).status_code == 200
    return sid


def test_a_caller_at_one_web_speaks_with_an_operator_at_another(province: Province) -> None:
    talk(province, number="+8613800000001")
    assert set(province.deliveries()["originate_operator"]) == {"sent"}
    with Redis.from_url(province.environment["HOTLINE_REDIS_URL"]) as redis:
        assert redis.exists("rq:workers"), "workers have registered where they are looked for"


def publish_a_name(province: Province) -> None:
    """Have an administrator at the first web give a category another name, as a new version of the catalogue."""
    administrator = province.webs[0].browser("administrator")
    asked = {"document": "categories.yaml"}
    text = administrator.get("/api/configuration/text", params=asked).json()["text"]
    draft = {**asked, "text": text.replace("name: 奖金提成", f"name: {NEW_NAME}"), "reason": "改名"}
    made = administrator.post("/api/configuration/check", json=draft).json()
    published = administrator.post("/api/configuration/publish", json={**asked, "number": made["number"]})
    assert published.status_code == 200, published.text


def knows_the_name(browser: httpx.Client) -> bool:
    return NEW_NAME in {each["name"] for each in browser.get("/api/categories").json()}


def test_programmes_that_are_killed_are_missed_by_nobody_once_they_are_back(province: Province) -> None:
    elsewhere = province.webs[1].browser("supervisor")
    publish_a_name(province)
    eventually(
        lambda: knows_the_name(elsewhere), "the other web should go by it without a restart", seconds=60
    )
    province.kill("worker")
    province.start("worker")
    talk(province, number="+8613800000002")
    province.kill("clock")
    province.start("clock")
    talk(province, number="+8613800000003")
    province.kill("web2")
    province.start("web2", port=int(province.webs[1].url.rsplit(":", 1)[1]))
    eventually(lambda: is_up(province.webs[1].url), "the web should be back", seconds=60)
    assert knows_the_name(elsewhere), "a web that starts goes by what is published from its first answer"
    talk(province, number="+8613800000004")


def test_without_redis_calls_are_carried_on_all_the_same(province: Province) -> None:
    with Redis.from_url(province.environment["HOTLINE_REDIS_URL"]) as redis:
        redis.flushdb()
    talk(province, number="+8613800000005")
    # No worker at all: the clock's process delivers by itself, at the latest when its registration has run out.
    province.kill("worker")
    with Redis.from_url(province.environment["HOTLINE_REDIS_URL"]) as redis:
        redis.flushdb()
    talk(province, number="+8613800000006")
