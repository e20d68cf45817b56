"""What machines ask: alive, ready, and figures without any content."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from dispatch.database import Database
from hotline.migrations.run import migrate
from tests.builders import make_ticket
from tests.web.house import House, furnish, running_house
from tests.web.telephone import WORKER, caller_waits


def test_a_process_is_alive_before_its_database_is(house: House) -> None:
    assert house.browser().get("/health/live").json() == {"status": "ok"}
    waiting = house.browser().get("/health/ready")
    assert waiting.status_code == 503
    assert waiting.headers["content-type"] == "application/problem+json"
    assert waiting.json()["detail"] == "数据库结构不是最新，请运行 hotline migrate"


def test_a_migrated_database_makes_it_ready(database_url: str, tmp_path: Path) -> None:
    database = Database(database_url)
    migrate(database)
    furnish(database)
    with running_house(database, tmp_path) as house:
        assert house.browser().get("/health/ready").json() == {"status": "ok"}
        with database.writing() as session:
            session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        assert house.browser().get("/health/ready").status_code == 503
    database.dispose()


def test_a_database_that_is_gone_makes_it_not_ready(tmp_path: Path, furnished_file: Path) -> None:
    database = Database(f"sqlite:///{furnished_file}")
    with running_house(database, tmp_path) as house:
        gone = Database(f"sqlite:///{tmp_path}")
        object.__setattr__(house.services, "database", gone)
        answer = house.browser().get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, "数据库没有应答")
        gone.dispose()
        object.__setattr__(house.services, "database", database)
    database.dispose()


def figure(exposition: str, name: str) -> float:
    (line,) = [each for each in exposition.splitlines() if each.startswith(f"{name} ")]
    return float(line.removeprefix(name))


def test_figures_count_what_waits_and_what_is_late(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    with house.database.writing() as session:
        make_ticket(session, house.world)
    caller_waits(house)
    house.clock.advance(timedelta(days=1))
    house.browser("operator").put("/api/presence", json={"state": "ready"})
    answer = house.browser().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    exposition = answer.text
    expected = {
        "hotline_waiting_callers": 1,
        "hotline_longest_wait_seconds": 86_400,
        "hotline_ready_operators": 0,
        "hotline_talking_operators": 0,
        "hotline_open_tickets": 1,
        "hotline_overdue_clocks": 1,
        'hotline_outbox{state="pending"}': 0,
        'hotline_outbox{state="unknown"}': 0,
        'hotline_outbox{state="failed"}': 0,
    }
    assert {name: figure(exposition, name) for name in expected} == expected


def test_figures_name_nobody(house: House) -> None:
    with house.database.writing() as session:
        ticket = make_ticket(session, house.world)
    caller_waits(house)
    exposition = house.browser().get("/metrics").text
    for secret in (WORKER, "3953100001", "13800000001", "测试诉求人", ticket.number, "CA1", "欠薪"):
        assert secret not in exposition


@pytest.mark.parametrize("path", ["/health/nothing", "/metrics/more"])
def test_a_machine_that_asks_for_nothing_we_have_gets_a_problem_document(house: House, path: str) -> None:
    answer = house.browser().get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
