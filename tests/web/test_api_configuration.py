"""Administration over HTTP: edit, check on real open tickets, publish, roll back; drafts are tried out first."""

from __future__ import annotations

from typing import Any

import httpx
from sqlalchemy import select, update

from dispatch.audit import verify
from dispatch.models.clocks import Clock, Recompute
from dispatch.models.configuration import ConfigVersion
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.rules.roles import Role
from hotline.calls.models import Call
from hotline.configuration.live import Configuration
from hotline.jobs.ticker import tick
from hotline.preflight import unreadable_versions
from tests.builders import NOW
from tests.web.house import House
from tests.web.test_api_clocks import account, run_clock
from tests.web.test_api_tickets import created, dispatched

DAY = "flows/day.yaml"


def text_of(browser: httpx.Client, document: str, number: int | None = None) -> str:
    asked: dict[str, str | int] = {"document": document}
    if number is not None:
        asked["number"] = number
    answer = browser.get("/api/configuration/text", params=asked)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["text"])


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def check(browser: httpx.Client, document: str, text: str | None = None, **data: Any) -> httpx.Response:
    body = {"document": document, "text": text, "reason": "省里通知", **data}
    return browser.post("/api/configuration/check", json=body)


def publish(browser: httpx.Client, document: str, number: int, **data: Any) -> httpx.Response:
    return browser.post("/api/configuration/publish", json={"document": document, "number": number, **data})


def published(browser: httpx.Client, document: str, text: str, **data: Any) -> int:
    drafted = check(browser, document, text)
    assert drafted.status_code == 201, drafted.text
    number = int(drafted.json()["number"])
    answer = publish(browser, document, number, **data)
    assert answer.status_code == 200, answer.text
    return number


def findings(answer: httpx.Response) -> list[tuple[str, int | None, str]]:
    assert (answer.status_code, answer.json()["code"]) == (422, "config_refused"), answer.text
    return [(each["document"], each["line"], each["reason"]) for each in answer.json()["fields"]["findings"]]


def line_with(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


def sign_due(house: House, ticket: dict[str, Any]) -> Any:
    with house.database.reading() as session:
        query = select(Clock.due_at).join(Ticket, Ticket.id == Clock.ticket_id)
        return session.scalar(query.where(Clock.kind == "sign", Ticket.number == ticket["number"]))


def test_service_levels_are_checked_on_open_tickets_published_everywhere_and_rolled_back(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator, administrator = house.browser("operator"), account(house, Role.ADMINISTRATOR)
    ticket = dispatched(house, operator)
    due_at = sign_due(house, ticket)
    elsewhere = Configuration(house.services.configuration.files)
    shipped = text_of(administrator, "sla.yaml")
    row = "{kind: sign, urgency: P2, amount: 1, unit: wd"
    longer = changed(shipped, row, row.replace("amount: 1", "amount: 3"))

    drafted = check(administrator, "sla.yaml", longer)
    assert drafted.status_code == 201, drafted.text
    found = drafted.json()["effects"]
    assert (found["open_tickets"], found["looked_at"], found["changed"]) == (1, 1, 1)
    (line,) = found["sample"]
    assert (line["number"], line["what"]) == (ticket["number"], "签收")
    assert line["before"] < line["after"]
    # Nothing goes by a draft.
    assert house.services.policy.sla is elsewhere.policy.sla
    assert publish(administrator, "sla.yaml", 1).json()["published_by"] == Role.ADMINISTRATOR.label
    # Here at once, in another process at its next look; what is open keeps what it was promised.
    with house.database.reading() as session:
        assert elsewhere.refresh(session)
        assert not elsewhere.refresh(session)
    assert elsewhere.policy.sla.version == house.services.policy.sla.version != ticket["clocks"]
    run_clock(house)
    assert sign_due(house, ticket) == due_at
    # New clocks go by it.
    later = dispatched(house, operator)
    assert sign_due(house, later) > due_at

    # The older text comes back as a new version, also for what is open.
    assert check(administrator, "sla.yaml", longer).json()["fields"] == {"text": "与现行版本没有区别"}
    back = check(administrator, "sla.yaml", restores=0).json()
    assert (back["number"], back["restores"], back["based_on"]) == (2, 0, 1)
    assert publish(administrator, "sla.yaml", 2, adopt=True).status_code == 200
    run_clock(house)
    assert sign_due(house, ticket) == sign_due(house, later) == due_at
    assert text_of(administrator, "sla.yaml") == shipped
    assert text_of(administrator, "sla.yaml", 1) == longer
    history = administrator.get("/api/configuration/versions", params={"document": "sla.yaml"}).json()
    assert [each["number"] for each in history["versions"]] == [2, 1]
    assert history["versions"][1]["superseded_at"]
    with house.database.reading() as session:
        events = session.scalars(select(Event).where(Event.kind.startswith("ConfigVersion"))).all()
        digests = set(session.scalars(select(ConfigVersion.digest)))
        assert [each.kind for each in events] == ["ConfigVersionWritten", "ConfigVersionPublished"] * 2
        assert {each.payload["digest"] for each in events} == digests
        assert list(verify(session)) == []
        assert session.scalar(select(Recompute.kind)) == "sla"


def test_a_calendar_moves_deadlines_once_published_and_two_administrators_do_not_overwrite_each_other(
    house: House,
) -> None:
    operator, administrator = house.browser("operator"), account(house, Role.ADMINISTRATOR)
    ticket = dispatched(house, operator)
    due_at = sign_due(house, ticket)
    shipped = text_of(administrator, "calendar.yaml")
    rest = '[{date: 2026-11-24, working: false, source: "省里通知"}, {date: 2026-11-25, working: false, source: "省里通知"}]'
    closed = changed(shipped, "overrides: []", f"overrides: {rest}")
    ask = {"calendar": "union_default", "start": "2026-11-23T10:00:00+08:00", "amount": 1, "text": closed}
    tried = administrator.post("/api/configuration/try-deadline", json=ask).json()
    assert (tried["due_at"][:10], tried["draft_due_at"][:10]) == ("2026-11-24", "2026-11-26")

    first, second = (
        check(administrator, "calendar.yaml", closed),
        check(administrator, "calendar.yaml", closed),
    )
    assert first.json()["effects"]["changed"] >= 1
    assert "个因此逾期" in first.json()["effects"]["notes"][0]
    assert publish(administrator, "calendar.yaml", first.json()["number"]).status_code == 200
    # It was checked against what is no longer in force: what it would change nobody has seen.
    late = publish(administrator, "calendar.yaml", second.json()["number"])
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    again = publish(administrator, "calendar.yaml", first.json()["number"])
    assert "已经发布过" in again.json()["fields"]["number"]
    while tick(house.services):
        pass
    assert sign_due(house, ticket) > due_at
    # A day that is changed by itself counts on top of the text.
    change = {"day": "2026-11-24", "working": True, "source": "更正"}
    body = {"days": [change], "revision": 0, "reason": "更正"}
    assert administrator.post("/api/calendars/change", json=body).status_code == 200
    assert (
        administrator.post("/api/configuration/try-deadline", json={**ask, "text": None}).json()["due_at"][
            :10
        ]
        == "2026-11-24"
    )


def test_rules_are_tried_on_a_case_and_each_way_to_change_them_is_a_version(house: House) -> None:
    operator, administrator = house.browser("operator"), account(house, Role.ADMINISTRATOR)
    ticket = created(operator)
    case = {"category": "wage_arrears", "region": "370102", "headcount": 6}
    before = administrator.post("/api/configuration/try-route", json=case).json()
    assert (before["recommendations"][0]["union_code"], before["urgency"]) == ("370102", "P1")
    assert before["urgency_reasons"]
    assert before["recommendations"][0]["reasons"]
    rule = (
        '  - {code: wages, category_prefix: wage_arrears, region_prefix: "3701", union_code: "3701", '
        'valid_from: 2026-01-01, source: "市里统一受理"}\n'
    )
    draft = text_of(administrator, "routing_rules.yaml") + rule
    tried = {**case, "document": "routing_rules.yaml", "text": draft}
    after = administrator.post("/api/configuration/try-route", json=tried).json()
    assert after["recommendations"][0]["union_code"] == "3701"
    assert after["rules_version"] != before["rules_version"]
    # Nothing of the case was kept, and the draft is in force for nobody.
    assert len(operator.get("/api/tickets").json()["items"]) == 1
    assert administrator.post("/api/configuration/try-route", json=case).json() == before

    found = check(administrator, "routing_rules.yaml", draft).json()["effects"]
    assert (found["looked_at"], found["changed"]) == (1, 1)
    assert found["sample"][0]["number"] == ticket["number"]
    assert publish(administrator, "routing_rules.yaml", 1).status_code == 200
    ranking = operator.get(f"/api/tickets/{ticket['number']}/unions").json()
    assert ranking["recommendations"][0]["union_id"] == house.world.union("3701")
    # A programme that puts the rules whole makes a version as well, which can be read and rolled back.
    whole = administrator.put("/api/routing-rules", json={"rules": []})
    assert whole.status_code == 200, whole.text
    assert text_of(administrator, "routing_rules.yaml").startswith("dispatch_mode: stepwise")
    assert check(administrator, "routing_rules.yaml", restores=1).json()["number"] == 3
    assert publish(administrator, "routing_rules.yaml", 3).status_code == 200
    assert len(administrator.get("/api/routing-rules").json()["rules"]) == 4
    # Categories: who receives what changes with them; one that open tickets have cannot go.
    catalogue = text_of(administrator, "categories.yaml")
    created(operator, category="bonus")
    gone = findings(
        check(administrator, "categories.yaml", catalogue.replace("code: bonus\n", "code: extra\n", 1))
    )
    assert [reason for _, _, reason in gone] == ["还有1张在办工单属于“奖金提成”，不能删去bonus"]


def test_a_flow_is_drawn_walked_and_published_while_calls_go_on_in_the_version_they_began_with(
    house: House,
) -> None:
    administrator = account(house, Role.ADMINISTRATOR)
    shipped = text_of(administrator, DAY)
    welcome = "您好，这里是12351工会服务职工热线。"
    draft = changed(shipped, welcome, "您好，这里是12351。今天是宪法宣传日。")
    drawn = administrator.post("/api/configuration/draw-flow", json={"flow": DAY, "text": draft}).json()
    assert drawn["svg"].startswith("<svg ")
    assert "宪法宣传日" in drawn["svg"]
    heard = administrator.post(
        "/api/configuration/try-flow", json={"flow": DAY, "text": draft, "words": ["1", "…", "我不想活了"]}
    ).json()
    words = "\n".join(heard["lines"])
    assert "宪法宣传日" in words
    assert "诉求人：…" in words
    assert "flag_crisis" in words
    plain = administrator.post("/api/configuration/try-flow", json={"flow": DAY, "words": ["1"]}).json()
    assert "宪法宣传日" not in "\n".join(plain["lines"])
    assert (plain["ended"], plain["keys"]["0"]) == (False, "人工")

    running = house.services.flows["day"]
    with house.database.writing() as session:
        session.add(
            Call(
                sid="CA1",
                from_raw="1",
                to_raw="12351",
                flow="day",
                flow_version=running.version,
                flow_state={"node": "main"},
                started_at=NOW,
            )
        )
    found = check(administrator, DAY, draft).json()["effects"]
    assert any(note == "修改提示语：welcome" for note in found["notes"])
    assert any(note.startswith("现有1通电话") for note in found["notes"])
    assert publish(administrator, DAY, 1).status_code == 200
    now_in_force = house.services.flows["day"]
    assert "宪法宣传日" in now_in_force.prompts["welcome"]["zh-CN"]
    kept = house.services.configuration.flow("day", running.version)
    assert kept is running
    assert house.services.configuration.flow("day", "unknown") is now_in_force


def test_a_text_that_the_loader_refuses_is_not_kept_and_every_line_is_named_in_chinese(house: House) -> None:
    administrator = account(house, Role.ADMINISTRATOR)

    def refused(document: str, old: str, new: str) -> tuple[list[tuple[str, int | None, str]], int]:
        text = text_of(administrator, document)
        assert old in text, old
        draft = text.replace(old, new, 1)
        return findings(check(administrator, document, draft)), line_with(text, old.splitlines()[0])

    found, line = refused(
        "sla.yaml", "{kind: sign, urgency: P2, amount: 1", "{kind: sign, urgency: P2, amount: 一"
    )
    assert found == [("sla.yaml", line, "“amount”应是整数，现在是“一”")]
    found, line = refused("sla.yaml", "{kind: sign, urgency: P2,", "{kind: sign, urgency: P2, colour: red,")
    assert (found[0][1], "没有“colour”这个项目" in found[0][2]) == (line, True)
    found, line = refused("calendar.yaml", "code: union_default", "code: someone")
    assert found == [("calendar.yaml", None, "必须有“union_default”这个日历")]
    found, line = refused("routing_rules.yaml", "union_code: SD-RAILWAY", "union_code: NOWHERE")
    assert (found[0][1], "没有代码为“NOWHERE”的工会" in found[0][2]) == (line, True)
    found, _ = refused("routing_rules.yaml", "rules:", "rules: [")
    assert found[0][2].startswith("不是有效的YAML")
    found, line = refused("categories.yaml", "{code: ZC,", "{code: ZC, colour: red,")
    assert (found[0][1], "没有“colour”这个项目" in found[0][2]) == (line, True)
    found, line = refused(DAY, "say: {goto: main}", "say: {goto: nowhere}")
    assert any("nowhere" in reason for _, _, reason in found)
    found, line = refused("flows/parts/exits.yaml", "give_up: message\n", "give_up: nowhere\n")
    assert {document for document, _, _ in found} == {"flows/parts/exits.yaml"}
    found, _ = refused("readings.yaml", "readings:", "reading:")
    assert found[0][0] == "readings.yaml"
    # What would end the reader itself ends in a sentence.
    doubling = "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}]\n" for n in range(1, 40))
    for text, words in {
        "[" * 50_000: "嵌套太深",
        "a: " + "{b: " * 20_000: "嵌套太深",
        f"x0: &x0 [1]\n{doubling}": "展开后太大",
        "a: &a [*a]\n": "展开后太大",
    }.items():
        assert words in findings(check(administrator, "sla.yaml", text))[0][2]
    assert "嵌套太深" in findings(check(administrator, DAY, "[" * 50_000))[0][2]
    with house.database.reading() as session:
        assert session.scalar(select(ConfigVersion.id)) is None
    assert check(administrator, "../settings.py", "x").status_code == 404
    assert check(administrator, "sla.yaml", "x: y", reason=" ").status_code == 422
    assert publish(administrator, "sla.yaml", 9).status_code == 404


def test_a_published_text_that_this_programme_cannot_read_leaves_the_files_in_force_and_is_said(
    house: House,
) -> None:
    administrator = account(house, Role.ADMINISTRATOR)
    text = text_of(administrator, "messages.yaml")
    published(administrator, "messages.yaml", changed(text, "block_days_most: 30", "block_days_most: 20"))
    assert house.services.messages.block_days_most == 20
    with house.database.writing() as session:
        session.execute(update(ConfigVersion).values(text="nonsense: true\n"))
    restarted = Configuration(house.services.configuration.files)
    with house.database.reading() as session:
        assert not restarted.refresh(session)
        assert restarted.built.messages.block_days_most == 30
        (problem,) = unreadable_versions(session, restarted)
        assert "没有“nonsense”这个项目" in problem.what
    documents = {each["document"]: each for each in administrator.get("/api/configuration").json()}
    assert documents["messages.yaml"]["number"] == 1
    assert documents["flows/parts/exits.yaml"]["number"] == 0
