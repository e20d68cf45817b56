"""Reports and the wall over HTTP: figures that open as lists, a workbook that carries nothing out, limits that hold."""

from __future__ import annotations

import io
from typing import Any

import anyio
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, text, update

from agent_console.slow_reads import SlowReads
from dispatch.database import Busy, Database, ReadingSession
from dispatch.models.history import Event
from dispatch.models.unions import Employer
from tests.web.house import House
from tests.web.test_api_tickets import commanded, created, dispatched

MONTH = {"first": "2026-11-01", "last": "2026-11-30", "grain": "month"}


def figures(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in report["figures"]}


def test_a_report_says_what_it_counts_opens_as_lists_and_goes_out_as_a_workbook(house: House) -> None:
    operator, leader = house.browser("operator"), house.browser("supervisor")
    with house.database.writing() as session:
        session.execute(update(Employer).values(name="=1+1"))
    employer = [{"name": "=1+1", "employer_id": house.world.employer()}]
    for _ in range(2):
        dispatched(house, operator, employers=employer)
    commanded(operator, created(operator, category="joining", region_code="370202"), "accept")
    created(operator, category="sexual_harassment", headcount=1)
    answer = leader.get("/api/reports", params=MONTH)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    found = figures(report)
    assert found["received"]["total"] == {"numerator": 3, "base": 3, "value": 3.0, "hidden": False}
    assert (found["dispatched"]["total"]["base"], found["calls"]["total"]["base"]) == (2, 0)
    assert "÷" in found["sign_on_time"]["definition"]
    assert (report["columns"], report["previous_first"], report["note"]) == (
        ["2026-11-01"],
        "2026-10-01",
        None,
    )
    # Every number that opens as a list opens as that many tickets.
    opened = [(found["received"]["where"], 3)]
    for ranking in report["hot"]:
        opened += [(row["where"], row["count"]) for row in ranking["rows"] if row["where"]]
    assert len(opened) == 5
    for where, count in opened:
        listed = leader.get("/api/tickets", params={"bucket": "all", "where": where}).json()["items"]
        assert len(listed) == count

    file = leader.get("/api/reports/export", params=MONTH)
    assert file.status_code == 200
    assert "report-month-20261101-20261130.xlsx" in file.headers["content-disposition"]
    book = load_workbook(io.BytesIO(file.content))
    assert book.sheetnames == ["指标", "不计入", "热点"]
    rows = {row[1]: row for row in book["指标"].iter_rows(values_only=True)}
    assert rows["受理诉求"][3:6] == (found["received"]["definition"], 3, 3)
    employers = [row for row in book["热点"].iter_rows() if row[0].value == "用人单位"]
    assert [(row[1].value, row[1].data_type, row[2].value) for row in employers] == [("'=1+1", "s", 2)]
    with house.database.reading() as session:
        (event,) = session.scalars(select(Event).where(Event.kind == "ReportExported"))
        assert (event.actor_id, event.payload["grain"]) == (house.actor("supervisor").user_id, "month")

    union = house.browser("lixia").get("/api/reports", params=MONTH).json()
    assert figures(union)["dispatched"]["total"] == {
        "numerator": None,
        "base": None,
        "value": None,
        "hidden": True,
    }
    assert union["note"]
    assert [row for ranking in union["hot"] for row in ranking["rows"]] == []
    mine = operator.get("/api/reports", params=MONTH).json()
    assert ({row["group"] for row in mine["figures"]}, mine["hot"]) == ({"calls"}, [])
    refused = house.browser("lixia").get("/api/reports", params={**MONTH, "grain": "day"})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["grain"])
    for wrong in ({"grain": "hour"}, {"first": "2026-11-31"}, {"last": "2026-10-01"}, {"more": "x"}):
        assert leader.get("/api/reports", params={**MONTH, **wrong}).status_code == 422

    wall = leader.get("/api/wallboard").json()
    assert (wall["received"], wall["open"], wall["overdue"], wall["waiting"]) == (3, 3, 0, 0)
    assert wall["days"][-1] == {"day": "2026-11-23", "received": 3, "closed": 0}
    told = leader.get("/api/wallboard").text
    assert not any(word in told for word in ("13800000001", "测试诉求人", "1+1", "operator"))


def test_a_report_that_takes_too_long_is_given_up(database: Database) -> None:
    reads = SlowReads(database)

    def sleeps(session: ReadingSession) -> object:
        return session.scalar(text("SELECT 1" if database.on_sqlite else "SELECT pg_sleep(30)"))

    async def ask() -> object:
        return await reads.run(sleeps, within_s=0.05)

    if database.on_sqlite:
        assert anyio.run(ask) == 1
        return
    with pytest.raises(Busy, match="longer"):
        anyio.run(ask)
    with database.reading("report") as session:
        assert session.scalar(text("SHOW statement_timeout")) == "0", "the next one has its own time"
