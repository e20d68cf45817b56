"""The knowledge base and quality checks over the API and the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from dispatch.database import Database
from hotline.cli_knowledge import knowledge_app
from hotline.migrations.metadata import metadata
from tests.builders import build_world
from tests.web.house import House
from tests.web.telephone import caller_hangs_up
from tests.web.test_api_calls import as_role, talking
from tests.web.test_api_recordings import SOUND, keep, played
from tests.web.test_api_tickets import commanded, created

ARTICLE: dict[str, Any] = {
    "title": "拖欠工资怎么办",
    "body": "可以向劳动监察投诉，也可以申请仲裁。",
    "categories": ["wage_arrears"],
    "laws": [{"law": "劳动法", "article": "第五十条"}],
    "ask": ["欠了几个月"],
    "evidence": ["工资条"],
}


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_article_goes_from_a_proposal_to_an_answer_that_cites_it(house: House) -> None:
    writer, leader, operator = (house.browser(x) for x in ("dispatcher", "supervisor", "operator"))
    made = ok(writer.post("/api/knowledge", json={"code": "wages", **ARTICLE}), 201)
    assert (made["state"], made["n"], made["may_decide"]) == ("draft", 1, False)
    assert operator.get("/api/knowledge/wages").status_code == 404
    assert writer.post("/api/knowledge", json={"code": "wages", **ARTICLE}).json()["fields"].keys() == {
        "code"
    }
    shown = ok(leader.post("/api/knowledge/wages/decide", json={"version": 1, "approved": True}))
    assert (shown["state"], shown["published_n"], shown["may_keep"]) == ("published", 1, True)
    at_hand = {"category": "wage_arrears", "region": "370102"}
    items = ok(operator.get("/api/knowledge", params=at_hand))["items"]
    assert [each["code"] for each in items] == ["wages", "K-001", "k1"]
    assert (items[0]["ask"], items[0]["stale"]) == (["欠了几个月"], None)
    assert operator.get("/api/knowledge", params={"q": "资"}).status_code == 422

    ticket = created(operator)
    path = f"/api/tickets/{ticket['number']}/direct_answer"
    refused = operator.post(
        path, json={"version": ticket["version"], "answer": "见条目", "knowledge_id": "none"}
    )
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["knowledge_id"])
    commanded(operator, ticket, "direct_answer", answer="请申请仲裁", knowledge_id="wages")
    later = ok(leader.put("/api/knowledge/wages", json={"version": 2, **ARTICLE, "body": "全新的内容。"}))
    assert (later["n"], later["published_n"], later["may_decide"]) == (2, 1, False)
    conflict = leader.put("/api/knowledge/wages", json={"version": 2, **ARTICLE})
    assert conflict.status_code == 409
    as_role(house, "lixia", "administrator")
    administrator = house.browser("lixia")
    ok(administrator.post("/api/knowledge/wages/decide", json={"version": 3, "approved": True}))
    (cited,) = operator.get(f"/api/tickets/{ticket['number']}/citations").json()
    assert (cited["code"], cited["n"], cited["current_n"]) == ("wages", 1, 2)
    assert ok(operator.get("/api/knowledge/wages", params={"n": 1}))["body"] == ARTICLE["body"]
    assert ok(operator.get("/api/knowledge/wages"))["body"] == "全新的内容。"
    assert ok(operator.get("/api/knowledge/wages"))["history"] == []

    file = writer.get("/api/knowledge-file").text
    as_yaml = {"Content-Type": "application/yaml"}

    def sent(text: str, **query: Any) -> httpx.Response:
        return writer.post("/api/knowledge-file", content=text.encode(), headers=as_yaml, params=query)

    more = f"{file}- code: local\n  title: 本省办法\n  body: 正文\n  source: 本省文件\n"
    counts = {"created": 1, "updated": 0, "unchanged": 3}
    assert ok(sent(more, dry_run=True)) == counts
    assert ok(sent(more)) == counts
    assert ok(sent(more)) == {"created": 0, "updated": 0, "unchanged": 4}
    bad = sent(f"{more}- code: broken\n  body: 没有标题\n")
    assert bad.status_code == 422
    assert list(bad.json()["fields"]) == [str(more.count("\n") + 1)]
    ok(administrator.post("/api/knowledge/wages/withdraw", json={"version": 4, "reason": "已废止"}))
    assert operator.get("/api/knowledge", params={"q": "全新"}).json()["items"] == []
    confirmed = administrator.post("/api/knowledge/k1/confirm", json={"version": 0})
    assert ok(confirmed)["reviewed_on"] == "2026-11-23"


def test_an_inspector_draws_hears_and_scores_and_the_operator_appeals(house: House) -> None:
    operator = talking(house)
    ticket = ok(operator.post("/api/calls/CA1/ticket"), 201)
    caller_hangs_up(house)
    commanded(operator, ticket, "void", reason_code="prank")
    path = f"/api/recordings/{keep(house)}"
    as_role(house, "dispatcher", "inspector")
    inspector, leader = house.browser("dispatcher"), house.browser("supervisor")
    number = ticket["number"]
    shown = (f"/api/tickets/{number}", "/api/calls/CA1", path)
    lists = ("/api/tickets?bucket=all", "/api/tickets/export?bucket=all", "/api/calls")
    assert [inspector.get(each).status_code for each in shown] == [404, 404, 404]
    assert not any(each in inspector.get(which).text for which in lists for each in (number, "CA1"))
    # The shipped share of such calls is a fifth: here all of them are drawn.
    policy = house.services.quality
    everything = replace(policy, percent=dict.fromkeys(policy.percent, 100))
    object.__setattr__(house.services, "quality", everything)
    days = {"first": "2026-11-20", "last": "2026-11-23"}
    assert ok(inspector.post("/api/quality/draws", json=days)) == {"looked_at": 1, "drawn": 1}
    (line,) = ok(inspector.get("/api/quality/samples", params={"state": "open"}))["items"]
    where = f"/api/quality/samples/{line['id']}"
    detail = ok(inspector.get(where))
    assert [inspector.get(each).status_code for each in shown[:2]] == [200, 200], "drawn, it is his to read"
    assert all(number in inspector.get(which).text for which in lists[:2])
    assert [each["id"] for call in detail["calls"] for each in call["recordings"]] == [
        int(path.split("/")[-1])
    ]
    assert inspector.get(path).content == SOUND
    assert played(house) == ["ticket"]

    sheet = ok(inspector.get("/api/quality/sheet"))
    points = {item["code"]: item["weight"] for item in sheet["items"]}
    marks = {"version": 1, "sheet_version": sheet["version"], "points": points, "vetoes": {"abuse": ""}}
    assert list(inspector.post(f"{where}/score", json=marks).json()["fields"]) == ["abuse"]
    marks["vetoes"] = {"abuse": "对来电人说了重话"}
    assert ok(inspector.post(f"{where}/score", json=marks))["score"]["total"] == 0
    (mine,) = ok(operator.get("/api/quality/results"))["items"]
    assert (mine["score"]["vetoes"], mine["inspector"], mine["may_appeal"]) == (marks["vetoes"], None, True)
    assert ok(house.browser("other-operator").get("/api/quality/results"))["items"] == []
    mine_path = f"/api/quality/results/{line['id']}/appeal"
    given = {"version": 2, "reason": "是来电人先骂人"}
    assert house.browser("other-operator").post(mine_path, json=given).status_code == 404
    ok(operator.post(mine_path, json=given))
    decision = {"version": 3, "upheld": True, "total": 90, "decision": "录音可证"}
    assert ok(leader.post(f"{where}/decide", json=decision))["score"]["total"] == 90
    (figures,) = leader.get("/api/quality/figures", params=days).json()
    assert (figures["average"], figures["appeals"], figures["upheld"]) == (90.0, 1, 1)


def test_reviewed_files_are_imported_and_exported_at_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    metadata.create_all(database.engine())
    build_world(database)
    database.dispose()

    def run(*words: str) -> Any:
        return CliRunner().invoke(knowledge_app, list(words))

    bad = tmp_path / "bad.yaml"
    bad.write_text("articles:\n- code: one\n  title: 题\n", encoding="utf-8")
    refused = run("import", str(bad))
    assert (refused.exit_code, f"{bad}:2:" in refused.output) == (1, True)
    unreviewed = tmp_path / "unreviewed.yaml"
    unreviewed.write_text("articles:\n- {code: one, title: 题, body: 文, source: 源}\n", encoding="utf-8")
    assert "reviewed_on" in run("import", str(unreviewed)).output
    assert "将新增32条" in run("import", "--dry-run").output
    assert "已新增32条，更新0条" in run("import").output
    out = tmp_path / "out.yaml"
    assert "已导出" in run("export", str(out)).output
    assert "已新增0条，更新0条，未变34条" in run("import", str(out)).output
