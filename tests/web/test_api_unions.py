"""The union tree over HTTP: pages, points, files, rosters, rules and consent, and every way to be refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.models.people import User
from dispatch.models.unions import Union
from dispatch.rules.roles import Role
from tests.builders import NOW
from tests.use_cases.test_tables import ABSENCES, DISTRICTS, POINTS, POSTS
from tests.web.house import PASSWORD, PASSWORDS, House
from tests.web.test_api_tickets import commanded, created


@pytest.fixture
def administrator(house: House) -> httpx.Client:
    with house.database.writing() as session:
        session.add(
            User(
                name="admin",
                display_name="系统管理员",
                password_hash=PASSWORDS.hash(PASSWORD),
                role=Role.ADMINISTRATOR.value,
                skills=[],
                created_at=NOW,
            )
        )
    return house.browser("admin")


def sent(browser: httpx.Client, sheet: str, text: str, **params: Any) -> httpx.Response:
    headers = {"Content-Type": "text/csv"}
    return browser.post(f"/api/tables/{sheet}", content=text.encode(), headers=headers, params=params)


def test_files_go_in_and_come_out_over_http(administrator: httpx.Client) -> None:
    counts = {"created": 3, "updated": 0, "unchanged": 0}
    assert sent(administrator, "service_points", POINTS, dry_run=True).json() == {**counts, "dry_run": True}
    assert sent(administrator, "service_points", POINTS).json() == {**counts, "dry_run": False}
    out = administrator.get("/api/tables/service_points")
    assert out.headers["content-type"].startswith("text/csv")
    assert sent(administrator, "service_points", out.text).json()["unchanged"] == 3
    bad = sent(administrator, "service_points", POINTS.replace("370102,370102,", "999,370102,"))
    assert bad.status_code == 422
    assert bad.json()["fields"] == {"2": "没有工会“999”"}
    shut = sent(administrator, "service_points", POINTS.replace("yuhang_staggered", "nowhere"))
    assert shut.json()["fields"] == {"2": "没有日历“nowhere”"}
    assert sent(administrator, "no_such_table", POINTS).status_code == 422


def test_a_union_has_a_page_with_its_line_its_posts_and_whoever_is_there(
    house: House, administrator: httpx.Client
) -> None:
    for sheet, text in {"service_points": POINTS, "posts": POSTS, "absences": ABSENCES}.items():
        assert sent(administrator, sheet, text).status_code == 200
    lixia = house.world.union("370102")
    page = administrator.get(f"/api/unions/{lixia}").json()
    assert [each["code"] for each in page["line"]] == ["37", "3701"]
    assert page["posts"] == [
        {"code": "LX-1", "name": "法律窗口", "holder": "lixia", "deputy": "lixia-deputy"}
    ]
    assert page["on_duty"] == ["lixia-deputy"]
    assert page["points"][0]["services"] == ["法律服务", "心理服务", "劳动仲裁庭"]
    # Who belongs to another union learns where it is, not who sits there.
    stranger = house.browser("qingdao").get(f"/api/unions/{lixia}").json()
    assert (stranger["posts"], stranger["on_duty"]) == ([], [])
    assert house.browser("jinan").get(f"/api/unions/{lixia}").json()["posts"]
    assert administrator.get("/api/unions/999999").status_code == 404


def test_the_nearest_point_that_can_act_is_found(house: House, administrator: httpx.Client) -> None:
    sent(administrator, "service_points", POINTS)
    operator = house.browser("operator")
    asked = {"region": "370102001", "need": "劳动仲裁庭"}
    (found,) = operator.get("/api/service-points", params=asked).json()
    assert (found["code"], found["open_now"]) == ("C1", True)
    assert found["reasons"] == ["同一区县（370102）", "可办理：劳动仲裁庭", "现在开放"]
    assert operator.get("/api/service-points", params={**asked, "need": "算命"}).status_code == 422


def test_a_place_lies_in_one_court_district(house: House, administrator: httpx.Client) -> None:
    sent(administrator, "court_districts", DISTRICTS)
    operator = house.browser("operator")
    assert len(operator.get("/api/court-districts").json()) == 2
    (found,) = operator.get("/api/court-districts", params={"region": "370102003"}).json()
    assert found["code"] == "P2"
    assert operator.get("/api/court-districts", params={"region": "370202"}).json() == []


def test_an_administrator_changes_a_union_and_nobody_overwrites_another(
    house: House, administrator: httpx.Client
) -> None:
    lixia = house.world.union("370102")
    path = f"/api/unions/{lixia}"
    version = administrator.get(path).json()["version"]
    changed = administrator.patch(path, json={"version": version, "can_receive": False, "phone": "0531-1"})
    assert (changed.json()["can_receive"], changed.json()["phone"]) == (False, "0531-1")
    late = administrator.patch(path, json={"version": version, "name": "某工会"})
    assert late.status_code == 409
    again = {"version": version + 1}
    assert administrator.patch(path, json={**again, "calendar": "x"}).status_code == 422
    closing = administrator.patch(path, json={**again, "closed": True})
    assert closing.json()["fields"] == {"closed": "还有下级工会，不能注销"}
    with house.database.reading() as session:
        assert session.scalars(select(Union.closed_at).where(Union.id == lixia)).one() is None


def test_a_supervisor_keeps_the_rosters_and_nothing_else(house: House) -> None:
    supervisor = house.browser("supervisor")
    csv = {"Content-Type": "text/csv"}
    answer = supervisor.post("/api/rosters/absences", content=ABSENCES.encode(), headers=csv)
    assert answer.json()["created"] == 1
    assert supervisor.post("/api/rosters/posts", content=POSTS.encode(), headers=csv).status_code == 404
    assert sent(supervisor, "absences", ABSENCES).status_code == 403
    assert "lixia" in supervisor.get("/api/rosters/absences").text


def rule(code: str, **fields: Any) -> dict[str, Any]:
    return {
        "code": code,
        "union_code": "3701",
        "valid_from": "2026-01-01",
        "source": "[D]",
        "category_prefix": "wage_arrears",
        **fields,
    }


def test_rules_come_into_force_as_a_version_and_a_wrong_book_is_refused_at_its_place(
    house: House, administrator: httpx.Client
) -> None:
    shipped = administrator.get("/api/routing-rules").json()
    assert shipped["versions"] == []

    def put(*rules: dict[str, Any], mode: str = "stepwise") -> httpx.Response:
        return administrator.put("/api/routing-rules", json={"dispatch_mode": mode, "rules": list(rules)})

    circle = put(rule("a", otherwise="b"), rule("b", otherwise="a"))
    assert circle.status_code == 422
    assert "循环" in circle.json()["fields"]["rules.0.otherwise"]
    unknown = put(rule("a"), rule("b", union_code="999"))
    assert list(unknown.json()["fields"]) == ["rules.1.union_code"]
    stored = put(rule("city", region_prefix="3701"))
    assert stored.status_code == 200
    assert stored.json()["versions"][0]["version"] == stored.json()["version"] != shipped["version"]
    operator = house.browser("operator")
    ranking = operator.get(f"/api/tickets/{created(operator)['number']}/unions").json()
    assert ranking["rules_version"] == stored.json()["version"]
    assert ranking["recommendations"][0]["union_name"] == "济南市总工会"
    # A province may choose to send straight to the lowest level.
    put(mode="direct")
    towns = operator.get(f"/api/tickets/{created(operator, region_code='370102001')['number']}/unions").json()
    assert towns["recommendations"][0]["level"] == "town"


def test_only_the_centre_records_a_callers_consent(house: House) -> None:
    operator = house.browser("operator")
    ticket = commanded(operator, created(operator), "accept")
    path = f"/api/tickets/{ticket['number']}/consent"
    given = {
        "version": ticket["version"],
        "waives": True,
        "means": "recording",
        "words": "可以让厂里的工会知道",
    }
    assert operator.put(path, json={**given, "words": " "}).status_code == 422
    assert operator.put(path, json=given).status_code == 200
    assert operator.put(path, json=given).status_code == 409
    assert house.browser("lixia").put(path, json=given).status_code == 403
