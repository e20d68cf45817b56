"""Lists over HTTP: filters, counters, kept views, files and one command for many tickets, each cut to its reader."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from dispatch import exports, ticket_counts
from dispatch.audit import verify
from dispatch.exports import ACTIVE, COLUMNS, harmless
from dispatch.models.clocks import Clock
from dispatch.models.history import Event
from dispatch.models.people import User
from dispatch.models.tickets import Ticket
from dispatch.rules.roles import Role
from tests.builders import NOW
from tests.web.house import PASSWORD, PASSWORDS, House
from tests.web.test_api_tickets import commanded, created, dispatched

PHONE = "13800000001"


def numbers(browser: httpx.Client, **params: Any) -> list[str]:
    answer = browser.get("/api/tickets", params=params)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()["items"]]


def where(browser: httpx.Client, condition: object, **params: Any) -> list[str]:
    return numbers(browser, where=json.dumps(condition), **params)


def person(house: House, role: Role) -> httpx.Client:
    with house.database.writing() as session:
        session.add(
            User(
                name=f"as-{role}",
                display_name=role.label,
                password_hash=PASSWORDS.hash(PASSWORD),
                role=role.value,
                skills=[],
                created_at=NOW,
            )
        )
    return house.browser(f"as-{role}")


def test_a_list_is_cut_by_what_is_on_the_allow_list(house_on_each_engine: House) -> None:
    browser = house_on_each_engine.browser("operator")
    big = created(browser, headcount=40, amount_cents=5_000_00)["number"]
    small = created(browser, headcount=2, category="joining")["number"]
    plain = created(browser)["number"]
    many = {"field": "headcount", "op": "ge", "value": 10}
    assert where(browser, many) == [big]
    assert set(where(browser, {"not": {"field": "category", "op": "eq", "value": "joining"}})) == {big, plain}
    assert set(where(browser, {"any": [many, {"field": "headcount", "op": "lt", "value": 3}]})) == {
        big,
        small,
    }
    wages = {"field": "category", "op": "in", "value": ["wage_arrears", "joining"]}
    assert where(
        browser, {"all": [wages, {"any": [many]}, {"field": "urgency", "op": "ne", "value": "P3"}]}
    ) == [big]
    assert len(where(browser, {"field": "region_code", "op": "prefix", "value": "3701"})) == 3
    after = {"field": "created_at", "op": "gt", "value": "2026-11-24T00:00:00+08:00"}
    assert where(browser, after) == []
    assert where(browser, {"field": "outcome", "op": "ne", "value": "solved"}, q="工资") != [], (
        "null is not solved"
    )
    assert where(browser, many, q="工资") == [big]


REFUSED: list[tuple[object, str]] = [
    ({"field": "password_hash", "op": "eq", "value": "x"}, "where.password_hash"),
    ({"field": "text", "op": "eq", "value": "x"}, "where.text"),
    ({"field": "sealed", "op": "eq", "value": True}, "where.sealed"),
    ({"field": "caller.phone", "op": "eq", "value": "1"}, "where.caller.phone"),
    ({"field": "urgency", "op": "like", "value": "P%"}, "where.urgency"),
    ({"field": "urgency", "op": "prefix", "value": "P"}, "where.urgency"),
    ({"field": "urgency", "op": "eq", "value": 1}, "where.urgency"),
    ({"field": "urgency", "op": "in", "value": "P1"}, "where.urgency"),
    ({"field": "urgency", "op": "in", "value": []}, "where.urgency"),
    ({"field": "urgency", "op": "in", "value": ["P1"] * 51}, "where.urgency"),
    ({"field": "headcount", "op": "ge", "value": "10"}, "where.headcount"),
    ({"field": "headcount", "op": "ge", "value": True}, "where.headcount"),
    ({"field": "headcount", "op": "ge", "value": 10**30}, "where.headcount"),
    ({"field": "supervised", "op": "eq", "value": "yes"}, "where.supervised"),
    ({"field": "created_at", "op": "ge", "value": "2026-11-24T00:00:00"}, "where.created_at"),
    ({"field": "created_at", "op": "ge", "value": "soon"}, "where.created_at"),
    ({"field": "urgency", "op": "eq"}, "where"),
    ({"field": "urgency", "op": "eq", "value": "P1", "or": 1}, "where"),
    ({"all": []}, "where"),
    ({"all": [1]}, "where"),
    ([], "where"),
    ("P1", "where"),
    ({"not": {"not": {"not": {"not": {"field": "urgency", "op": "eq", "value": "P1"}}}}}, "where"),
    ({"all": [{"field": "urgency", "op": "eq", "value": "P1"}] * 21}, "where"),
]


def test_a_filter_that_is_not_on_the_allow_list_is_refused_by_name(house: House) -> None:
    browser = house.browser("operator")
    for condition, named in REFUSED:
        answer = browser.get("/api/tickets", params={"where": json.dumps(condition)})
        assert (answer.status_code, list(answer.json()["fields"])) == (422, [named]), condition
    for raw in ("{", "[" * 1500, '{"all":' * 500, "null"):
        answer = browser.get("/api/tickets", params={"where": raw})
        assert answer.status_code == 422, raw[:20]
    assert browser.get("/api/tickets", params={"where": "x" * 4001}).status_code == 422


def test_badges_count_what_their_reader_may_see_and_no_more(
    house_on_each_engine: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = house_on_each_engine
    operator, lixia, other = house.browser("operator"), house.browser("lixia"), house.browser("qingdao")
    before = other.get("/api/tickets/counts").json()
    assert (before["open"], before["states"], before["overdue"]) == (0, {}, 0)
    created(operator)
    dispatched(house, operator)
    dispatched(house, operator, category="construction_wage_arrears")
    sealed = created(operator, category="sexual_harassment")
    commanded(operator, sealed, "accept")
    centre = operator.get("/api/tickets/counts").json()
    assert (centre["open"], centre["more"]) == (3, False)
    assert centre["states"] == {"draft": 1, "dispatched": 2}
    assert sum(centre["urgencies"].values()) == 3
    mine = lixia.get("/api/tickets/counts").json()
    assert (mine["open"], mine["states"]) == (2, {"dispatched": 2})
    assert (
        other.get("/api/tickets/counts").content
        == json.dumps(before, ensure_ascii=False, separators=(",", ":")).encode()
    )
    monkeypatch.setattr(ticket_counts, "MOST", 2)
    many = operator.get("/api/tickets/counts").json()
    assert (many["open"], many["more"]) == (2, True)


def test_a_kept_view_is_ones_own_until_it_is_shared_with_a_role(house: House) -> None:
    supervisor, operator, dispatcher = (
        house.browser(name) for name in ("supervisor", "operator", "dispatcher")
    )
    urgent = {"field": "urgency", "op": "in", "value": ["P0", "P1"]}
    kept = supervisor.put(
        "/api/views", json={"name": "紧急", "filter": {"where": json.dumps(urgent), "due": "today"}}
    )
    assert kept.status_code == 200, kept.text
    assert kept.json()["mine"] is True
    assert operator.get("/api/views").json() == []
    shared = supervisor.put(
        "/api/views", json={"name": "紧急", "filter": {"urgency": "P1"}, "shared_role": "operator"}
    ).json()
    assert shared["id"] == kept.json()["id"], "a name is kept once"
    (seen,) = operator.get("/api/views").json()
    assert (seen["name"], seen["filter"], seen["mine"]) == (
        "紧急",
        {"bucket": "open", "urgency": "P1"},
        False,
    )
    assert dispatcher.get("/api/views").json() == []
    assert operator.delete(f"/api/views/{shared['id']}").status_code == 404
    assert supervisor.delete(f"/api/views/{shared['id']}").status_code == 204
    assert operator.get("/api/views").json() == []


def test_a_kept_view_gets_another_name_from_its_owner_alone(house: House) -> None:
    operator, dispatcher = house.browser("operator"), house.browser("dispatcher")
    first = operator.put("/api/views", json={"name": "甲", "filter": {"urgency": "P1"}}).json()
    operator.put("/api/views", json={"name": "乙", "filter": {}})
    address = f"/api/views/{first['id']}"
    assert operator.patch(address, json={"name": " 丙 "}).json() == {**first, "name": "丙"}
    assert operator.patch(address, json={"name": "丙"}).status_code == 200, "its own name is not taken"
    assert operator.patch(address, json={"name": "乙"}).json()["fields"] == {"name": "已有同名的列表"}
    assert operator.patch(address, json={"name": " "}).status_code == 422
    assert dispatcher.patch(address, json={"name": "丁"}).status_code == 404
    assert [each["name"] for each in operator.get("/api/views").json()] == ["丙", "乙"]


def test_a_union_shares_within_its_own_house(house: House) -> None:
    jinan = house.browser("jinan")
    own = jinan.put("/api/views", json={"name": "待办", "filter": {}, "shared_role": "union_handler"})
    assert own.status_code == 200, own.text
    with house.database.writing() as session:
        user = session.scalars(select(User).where(User.name == "shizhong")).one()
        user.union_id = house.world.union("3701")
    assert [each["name"] for each in house.browser("shizhong").get("/api/views").json()] == ["待办"]
    assert house.browser("lixia").get("/api/views").json() == []
    assert (
        jinan.put("/api/views", json={"name": "x", "filter": {}, "shared_role": "operator"}).status_code
        == 422
    )
    lixia = house.browser("lixia")
    refused = lixia.put("/api/views", json={"name": "x", "filter": {}, "shared_role": "union_handler"})
    assert refused.status_code == 403


def test_a_view_with_a_bad_filter_is_not_kept(house: House) -> None:
    browser = house.browser("operator")
    bad = {"name": "x", "filter": {"where": json.dumps({"field": "text", "op": "eq", "value": "x"})}}
    assert browser.put("/api/views", json=bad).status_code == 422
    assert browser.put("/api/views", json={"name": "x", "filter": {"password": "x"}}).status_code == 422
    assert browser.put("/api/views", json={"name": " ", "filter": {}}).status_code == 422
    assert browser.get("/api/views").json() == []


def test_one_command_for_many_tickets_says_of_each_what_became_of_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, dispatcher = house.browser("operator"), house.browser("dispatcher")
    ready = [commanded(operator, created(operator), "accept") for _ in range(2)]
    draft = created(operator)
    sealed = commanded(operator, created(operator, category="sexual_harassment"), "accept")
    items = [{"number": each["number"], "version": each["version"]} for each in (*ready, draft, sealed)]
    items[1]["version"] -= 1
    answer = dispatcher.post(
        "/api/tickets/bulk",
        json={
            "command": "dispatch",
            "items": [*items, {"number": "37-20261123-999999-0", "version": 1}],
            "data": {"union_id": house.world.union("370102"), "override_reason": "整批改派"},
        },
    )
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert [each["ok"] for each in results] == [True, False, False, False, False]
    assert results[0]["state"] == "dispatched"
    codes = [each["problem"]["code"] for each in results[1:]]
    assert codes == ["conflict", "wrong_state", "not_found", "not_found"]
    assert results[3]["problem"] == results[4]["problem"], "a sealed one and none at all look alike"
    states = {each["number"]: each["state"] for each in operator.get("/api/tickets").json()["items"]}
    assert states[ready[1]["number"]] == "pending_dispatch", "what failed was left as it was"
    nudged = operator.post(
        "/api/tickets/bulk",
        json={
            "command": "nudge",
            "items": [{"number": ready[0]["number"], "version": results[0]["version"]}],
        },
    )
    assert nudged.json()["results"][0]["ok"] is True
    with house.database.reading() as session:
        assert list(verify(session)) == []


def test_many_tickets_go_each_to_the_union_recommended_for_it(house: House) -> None:
    operator, dispatcher = house.browser("operator"), house.browser("dispatcher")
    ready = [
        commanded(operator, created(operator, region_code=region), "accept")
        for region in ("370102", "370103")
    ]
    best = [
        dispatcher.get(f"/api/tickets/{each['number']}/unions").json()["recommendations"][0]["union_name"]
        for each in ready
    ]
    items = [{"number": each["number"], "version": each["version"]} for each in ready]
    answer = dispatcher.post("/api/tickets/bulk", json={"command": "dispatch", "items": items})
    assert [each["ok"] for each in answer.json()["results"]] == [True, True], answer.text
    sent = {each["number"]: each["lead_union"] for each in operator.get("/api/tickets").json()["items"]}
    assert [sent[each["number"]] for each in ready] == best
    assert len(set(best)) == 2


def test_a_list_is_cut_by_the_level_that_handles_and_by_cards(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = house.browser("operator")
    county, city = dispatched(house, operator), dispatched(house, operator, to="3701")
    created(operator)
    level = {"field": "lead_level", "op": "eq", "value": "county"}
    assert where(operator, level) == [county["number"]]
    assert where(operator, {"field": "lead_level", "op": "in", "value": ["city"]}) == [city["number"]]
    with house.database.writing() as session:
        found = select(Ticket.id).where(Ticket.number == city["number"]).scalar_subquery()
        running = update(Clock).where(Clock.ticket_id == found, Clock.kind == "sign")
        session.execute(running.values(card="yellow"))
        session.execute(
            update(Clock).where(Clock.ticket_id == found, Clock.kind == "dispatch").values(card="red")
        )
    assert where(operator, {"field": "card", "op": "eq", "value": "yellow"}) == [city["number"]]
    assert where(operator, {"field": "card", "op": "in", "value": ["red"]}) == [], "its clock has stopped"
    assert len(where(operator, {"field": "card", "op": "eq", "value": "none"})) == 2


def test_bulk_takes_only_what_needs_nothing_of_a_single_ticket(house: House) -> None:
    browser = house.browser("operator")
    number = created(browser)["number"]
    item = {"number": number, "version": 1}
    for body in (
        {"command": "accept", "items": [item]},
        {"command": "nudge", "items": []},
        {"command": "nudge", "items": [item] * 101},
        {"command": "nudge", "items": [item, item]},
        {"command": "nudge", "items": [item], "data": {"text": "x"}},
    ):
        assert browser.post("/api/tickets/bulk", json=body).status_code == 422, body


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf"), "spreadsheets know UTF-8 by its mark"
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_file_holds_what_the_list_shows_masked_and_is_on_record(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, supervisor, leader = (
        house.browser("operator"),
        house.browser("supervisor"),
        house.browser("jinan"),
    )
    ours = dispatched(house, operator, wish=f"请回电{PHONE}")["number"]
    other = created(operator, category="joining", wish="入会")["number"]
    sealed = created(operator, category="sexual_harassment")["number"]
    answer = supervisor.get("/api/tickets/export")
    rows = read_csv(answer)
    assert answer.headers["content-disposition"] == 'attachment; filename="tickets-20261123-0200.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert {row["工单号"] for row in rows} == {ours, other}
    assert set(rows[0]) == set(COLUMNS)
    assert PHONE not in answer.text
    assert "测试诉求人" not in answer.text
    assert sealed not in answer.text
    assert [row["工单号"] for row in read_csv(leader.get("/api/tickets/export"))] == [ours]
    cut = supervisor.get("/api/tickets/export", params={"category": "joining", "q": "入会", "format": "csv"})
    assert [row["工单号"] for row in read_csv(cut)] == [other]
    with house.database.reading() as session:
        events = session.scalars(
            select(Event).where(Event.kind == "TicketsExported").order_by(Event.seq)
        ).all()
        assert [event.payload["rows"] for event in events] == [2, 1, 1]
        assert events[2].payload == {
            "format": "csv",
            "rows": 1,
            "filter": {"bucket": "open", "category": "joining"},
        }
        assert events[2].personal == {"q": "入会"}
        assert events[0].stream == "administration"


def test_no_cell_of_a_file_is_carried_out(house: House) -> None:
    operator, supervisor = house.browser("operator"), house.browser("supervisor")
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "＝cmd", " =1+1", '=HYPERLINK("http://x")']
    for wish in evil:
        created(operator, wish=wish, employers=[{"name": "=cmd|' /C calc'!A0"}])
    created(operator, wish='逗号,引号"换行\n第二行')
    rows = read_csv(supervisor.get("/api/tickets/export"))
    wishes = [row["诉求"] for row in rows]
    assert sorted(wishes[:0] + wishes) == sorted(
        [*(f"'{each.strip()}" for each in evil), '逗号,引号"换行\n第二行']
    )
    assert {row["用人单位"] for row in rows} == {"'=cmd|' /C calc'!A0", "某某建筑公司"}
    for row in rows:
        assert not [value for value in row.values() if value.lstrip(" ").startswith(ACTIVE)]
    answer = supervisor.get("/api/tickets/export", params={"format": "xlsx"})
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    book = load_workbook(io.BytesIO(answer.content))
    cells = [cell for row in book["工单"].iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"], "no formula"
    assert {cell.value for cell in cells if isinstance(cell.value, str)} >= {"'=1+1", "工单号"}
    sheet = ZipFile(io.BytesIO(answer.content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


@pytest.mark.parametrize("sign", ACTIVE)
def test_every_sign_that_begins_a_formula_is_made_harmless(sign: str) -> None:
    assert harmless(f"{sign}1") == f"'{sign}1"
    assert harmless(f"  {sign}1").startswith("'")
    assert harmless(f"1{sign}1") == f"1{sign}1"
    assert harmless(5) == 5


def test_a_file_that_would_be_too_long_says_so_and_nothing_is_cut_off(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, supervisor = house.browser("operator"), house.browser("supervisor")
    for _ in range(3):
        created(operator)
    monkeypatch.setattr(exports.export_tickets, "__kwdefaults__", {"most": 2})
    answer = supervisor.get("/api/tickets/export")
    assert answer.status_code == 422
    assert answer.json()["fields"] == {"export": "结果超过2行，请缩小筛选范围后分批导出"}
    assert supervisor.get("/api/tickets/export", params={"format": "pdf"}).status_code == 422
    assert operator.get("/api/tickets/export").status_code == 403
    with house.database.reading() as session:
        assert session.scalars(select(Event).where(Event.kind == "TicketsExported")).all() == []


def test_an_auditors_file_has_sealed_tickets_without_their_stories(house: House) -> None:
    operator, auditor = house.browser("operator"), person(house, Role.AUDITOR)
    number = created(operator, category="sexual_harassment", wish="主管骚扰我")["number"]
    (row,) = read_csv(auditor.get("/api/tickets/export"))
    assert (row["工单号"], row["诉求"], row["用人单位"]) == (number, "（密件，未启封）", "")
