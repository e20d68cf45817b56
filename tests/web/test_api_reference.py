"""What forms choose from, over HTTP."""

from __future__ import annotations

from tests.web.house import House


def test_categories_come_grouped_in_the_catalogues_order(house: House) -> None:
    categories = house.browser("operator").get("/api/categories").json()
    wages = next(each for each in categories if each["code"] == "wage_arrears")
    assert wages["group_name"] == "劳动报酬"
    assert wages["rights_defence"] is True
    assert wages["urgency"] == "P2"
    assert wages["entry_level"] == "county"
    assert len(categories) == len(house.services.policy.catalogue.categories)
    assert {each["entry_level"] for each in categories if each["code"] == "work_stress"} == {None}


def test_places_are_walked_from_the_province_down(house_on_each_engine: House) -> None:
    browser = house_on_each_engine.browser("operator")
    provinces = browser.get("/api/regions").json()
    assert {"code": "37", "name": "山东省", "parent": None, "level": "province"} in provinces
    cities = browser.get("/api/regions", params={"parent": "37"}).json()
    assert "3701" in {each["code"] for each in cities}
    found = browser.get("/api/regions", params={"prefix": "历下"}).json()
    assert [each["code"] for each in found] == ["370102"]


def test_unions_and_employers_are_found_by_part_of_the_name(house_on_each_engine: House) -> None:
    browser = house_on_each_engine.browser("dispatcher")
    unions = browser.get("/api/unions", params={"q": "历下", "limit": 5}).json()
    assert "370102" in {each["code"] for each in unions}
    employers = browser.get("/api/employers", params={"q": ""}).json()
    assert employers
    assert employers[0]["open_tickets"] == 0
    assert browser.get("/api/unions", params={"limit": 0}).status_code == 422


def test_a_union_sees_only_its_own_people(house: House) -> None:
    lixia = house.browser("lixia")
    assert {each["name"] for each in lixia.get("/api/users").json()} == {"lixia", "lixia-deputy"}
    other = house.world.union("370103")
    refused = lixia.get("/api/users", params={"union_id": other})
    assert refused.status_code == 404
    assert refused.content == lixia.get("/api/users", params={"union_id": 99_999_999}).content
    seen_by_centre = house.browser("dispatcher").get("/api/users", params={"union_id": other}).json()
    assert [each["name"] for each in seen_by_centre] == ["shizhong"]


def test_suggestions_name_the_words_that_led_to_them(house: House) -> None:
    browser = house.browser("operator")
    answer = browser.post(
        "/api/suggest", json={"text": "老板三个月没发工资，我不想活了", "headcount": 6}
    ).json()
    codes = {each["code"] for each in answer["categories"]}
    assert "wage_arrears" in codes
    assert answer["crisis_words"] == ["不想活"]
    assert answer["urgency"] == "P0"
    assert all(each["words"] for each in answer["categories"])
