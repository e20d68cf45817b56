"""The board of deadlines over HTTP: columns, rows, pages and ladders, cut to what its reader may see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx

from tests.web.house import House
from tests.web.test_api_tickets import commanded, created, dispatched

COLUMNS = ["overdue", "15m", "1h", "today"]


def board(browser: httpx.Client, **params: Any) -> dict[str, Any]:
    answer = browser.get("/api/sla/board", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def placed(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["column"]: [card["ticket"]["number"] for card in each["cards"]] for each in found["columns"]}


def test_a_ticket_walks_through_the_columns_and_its_ladder_says_what_comes_next(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator, leader = house.browser("operator"), house.browser("supervisor")
    urgent = created(operator, urgency="P1")["number"]
    assert placed(board(leader)) == {"overdue": [], "15m": [], "1h": [urgent], "today": []}
    house.clock.advance(timedelta(minutes=20))
    found = board(leader)
    assert placed(found) == {"overdue": [], "15m": [urgent], "1h": [], "today": []}
    card = found["columns"][1]["cards"][0]
    assert card["ticket"]["clock"]["kind"] == "dispatch"
    assert [rung["label"] for rung in card["ladder"]] == ["提醒", "催办", "报带班领导"]
    assert card["ticket"]["clock"]["next_step"] in [rung["label"] for rung in card["ladder"]]
    house.clock.advance(timedelta(minutes=11))
    found = board(leader)
    assert placed(found) == {"overdue": [urgent], "15m": [], "1h": [], "today": []}
    assert found["columns"][0]["count"] == 1
    assert found["rows"] == [{"key": "", "name": "", "counts": {"overdue": 1, "15m": 0, "1h": 0, "today": 0}}]


def test_rows_count_what_stands_in_each_column_and_cut_the_cards(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = house.browser("operator")
    lixia = [dispatched(house, operator, urgency="P1")["number"] for _ in range(3)]
    waiting = created(operator, urgency="P1", category="joining")["number"]
    house.clock.advance(timedelta(hours=20))
    dispatcher = house.browser("dispatcher")
    union = str(house.world.union("370102"))
    rows = {row["key"]: row for row in board(dispatcher)["rows"]}
    assert rows[union]["counts"]["overdue"] == 3
    assert rows[union]["name"].startswith("历下区")
    assert rows[""]["counts"]["overdue"] == 1
    assert placed(board(dispatcher, row=union))["overdue"] == lixia
    assert placed(board(dispatcher, row=""))["overdue"] == [waiting]
    by_category = {row["key"]: row["counts"]["overdue"] for row in board(dispatcher, by="category")["rows"]}
    assert by_category == {"wage_arrears": 3, "joining": 1}
    handler = house.world.actor("lixia").user_id
    union_handler = house.browser("lixia")
    seen = union_handler.get(f"/api/tickets/{lixia[0]}").json()
    deputy = house.world.actor("lixia-deputy").user_id
    commanded(union_handler, seen, "sign_for", handler_id=handler, deputy_id=deputy)
    house.clock.advance(timedelta(days=2))
    dispatcher = house.browser("dispatcher")
    named = {row["key"]: row for row in board(dispatcher, by="handler")["rows"]}
    assert named[str(handler)]["counts"]["overdue"] == 1
    (card,) = board(dispatcher, by="handler", row=str(handler))["columns"][0]["cards"]
    assert card["handler"] == named[str(handler)]["name"]


def test_a_column_is_paged_without_gaps_and_a_bad_mark_is_refused(house: House) -> None:
    operator, leader = house.browser("operator"), house.browser("supervisor")
    numbers = [created(operator, urgency="P1")["number"] for _ in range(5)]
    first = board(leader, limit=2)["columns"][2]
    assert (first["count"], first["more"]) == (5, False)
    found, after = [card["ticket"]["number"] for card in first["cards"]], first["next"]
    for row in (None, ""):
        seen, mark = list(found), after
        while mark is not None:
            params = {"limit": 2, "after": mark, **({} if row is None else {"row": row})}
            page = leader.get("/api/sla/board/1h", params=params).json()
            seen += [card["ticket"]["number"] for card in page["cards"]]
            mark = page["next"]
        assert seen == numbers
    refused = leader.get("/api/sla/board/1h", params={"after": "x"})
    assert (refused.status_code, refused.json()["fields"]) == (422, {"after": "翻页标记无效"})
    assert leader.get("/api/sla/board/later").status_code == 422


def test_a_sealed_ticket_stands_on_no_board_of_those_who_may_not_read_it(house: House) -> None:
    operator, leader = house.browser("operator"), house.browser("supervisor")
    created(operator, urgency="P1", category="sexual_harassment", headcount=1)
    plain = created(operator, urgency="P1")["number"]
    found = board(leader)
    listed = {each["number"] for each in leader.get("/api/tickets").json()["items"]}
    shown = {number for column in placed(found).values() for number in column}
    assert shown == listed == {plain}
    assert sum(each["count"] for each in found["columns"]) == 1
