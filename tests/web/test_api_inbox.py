"""The union inbox over HTTP: where each ticket lies, a command sent twice, who takes over, who is away, what leaders see."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import func, select, update

from dispatch.inbox import signing_pair
from dispatch.models.history import Event
from dispatch.models.people import User
from dispatch.models.tickets import Contact, Ticket, TicketRecusal
from dispatch.models.unions import Union
from dispatch.once import KEPT, forget
from tests.builders import NOW
from tests.web.house import House
from tests.web.test_api_commands import RESULT
from tests.web.test_api_tickets import WAGES, commanded, created, dispatched


def lies_in(browser: httpx.Client, number: str) -> dict[str, Any]:
    """Return the one section that holds the ticket, and its card."""
    first = browser.get("/api/inbox").json()
    found = []
    for section in first["counts"]:
        page = browser.get(f"/api/inbox?section={section}").json()
        assert len(page["items"]) == first["counts"][section]
        found += [each for each in page["items"] if each["ticket"]["number"] == number]
    assert len(found) == 1, found
    card: dict[str, Any] = found[0]
    return card


def test_a_ticket_wanders_through_the_inbox_and_one_tap_signs_for_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    lixia, deputy, operator = (house.browser(name) for name in ("lixia", "lixia-deputy", "operator"))
    ticket = dispatched(house, operator)
    number = ticket["number"]
    card = lies_in(lixia, number)
    assert (card["section"], card["step"], card["role"]) == ("to_sign", "sign_for", "lead")
    pair = lixia.get("/api/inbox").json()["pair"]
    assert (pair["handler_name"], pair["deputy_name"]) == ("lixia", "lixia-deputy")
    ticket = commanded(lixia, ticket, "sign_for", handler_id=pair["handler_id"], deputy_id=pair["deputy_id"])
    card = lies_in(lixia, number)
    assert (card["section"], card["step"], card["mine"]) == ("in_hand", "record_first_contact", True)
    at = house.clock().isoformat()
    ticket = commanded(lixia, ticket, "record_first_contact", at=at, means="phone", outcome="reached")
    assert lies_in(deputy, number)["step"] == "report_result"
    house.clock.advance(timedelta(days=3, hours=4))
    lixia, deputy = house.browser("lixia"), house.browser("lixia-deputy")
    assert lies_in(lixia, number)["section"] == "today"
    house.clock.advance(timedelta(days=1))
    lixia = house.browser("lixia")
    assert lies_in(lixia, number)["section"] == "overdue"
    commanded(lixia, ticket, "report_result", **RESULT)
    card = lies_in(lixia, number)
    assert (card["section"], card["step"]) == ("waiting", None)
    for other in ("shizhong", "jinan", "qingdao"):
        page = house.browser(other).get("/api/inbox").json()
        assert set(page["counts"].values()) == {0}, other


def test_pages_of_a_section_come_in_order_and_miss_nothing(house: House) -> None:
    operator, lixia = house.browser("operator"), house.browser("lixia")
    numbers = [dispatched(house, operator)["number"] for _ in range(5)]
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = lixia.get("/api/inbox", params=params).json()
        seen += [each["ticket"]["number"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(numbers)
    assert len(seen) == 5
    for bad in ("x", "eyJhIjoxfQ=="):
        assert lixia.get("/api/inbox", params={"cursor": bad}).status_code == 422


def test_a_command_sent_again_and_again_is_carried_out_once(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    lixia, operator = house.browser("lixia"), house.browser("operator")
    ticket = dispatched(house, operator)
    pair = lixia.get("/api/inbox").json()["pair"]
    ticket = commanded(lixia, ticket, "sign_for", handler_id=pair["handler_id"], deputy_id=pair["deputy_id"])
    at = f"/api/tickets/{ticket['number']}/add_progress"
    body = {"version": ticket["version"], "text": "已约谈单位"}
    headers = {"Idempotency-Key": "progress-0001"}

    def send(_: int) -> int:
        return lixia.post(at, json=body, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(12))) == {200}
    with house.database.reading() as session:
        assert session.scalar(select(func.count(Contact.id))) == 1
        assert session.scalar(select(func.count()).where(Event.kind == "ProgressAdded")) == 1
    again = lixia.post(at, json={**body, "version": 1}, headers=headers)
    assert again.json()["version"] == ticket["version"] + 1
    other = lixia.post(at, json={**body, "text": "另一条"}, headers=headers)
    assert (other.status_code, list(other.json()["fields"])) == (422, ["idempotency_key"])
    refused = {"Idempotency-Key": "refused-0001"}
    assert lixia.post(at, json=body, headers=refused).status_code == 409
    fresh = {**body, "version": ticket["version"] + 1}
    assert lixia.post(at, json=fresh, headers=refused).status_code == 200, "a refused command keeps no key"
    assert lixia.post(at, json=fresh, headers={"Idempotency-Key": "x"}).status_code == 422
    with house.database.writing() as writing:
        assert forget(writing, now=NOW) == 0
        assert forget(writing, now=NOW + KEPT + timedelta(days=1)) == 2


def test_a_union_writes_down_what_is_told_at_its_own_counter_once(house: House) -> None:
    lixia = house.browser("lixia")
    headers = {"Idempotency-Key": "walk-in-0001"}
    drafts = [lixia.post("/api/tickets", json={**WAGES, "channel": "walk_in"}, headers=headers) for _ in "ab"]
    assert [each.status_code for each in drafts] == [201, 201]
    assert len({each.json()["number"] for each in drafts}) == 1
    draft = drafts[0].json()
    card = lies_in(lixia, draft["number"])
    assert (card["section"], card["step"]) == ("drafts", "accept")
    assert commanded(lixia, draft, "accept")["state"] == "pending_dispatch"
    with house.database.reading() as session:
        assert session.scalar(select(func.count(Ticket.id))) == 1


def test_the_deputy_takes_over_and_who_has_nothing_to_do_with_it_does_not(house: House) -> None:
    lixia, deputy = house.browser("lixia"), house.browser("lixia-deputy")
    ticket = dispatched(house, house.browser("operator"))
    pair = lixia.get("/api/inbox").json()["pair"]
    at = f"/api/inbox/{ticket['number']}/take_over"
    change = {
        "version": ticket["version"],
        "handler_id": pair["deputy_id"],
        "deputy_id": pair["handler_id"],
        "reason": "主办人住院",
    }
    assert deputy.post(at, json=change).status_code == 409, "nobody has signed yet"
    ticket = commanded(lixia, ticket, "sign_for", handler_id=pair["handler_id"], deputy_id=pair["deputy_id"])
    change["version"] = ticket["version"]
    qingdao = house.browser("qingdao")
    assert qingdao.post(at, json=change).status_code == 404
    assert house.browser("jinan").post(at, json=change).status_code == 403
    stranger = {**change, "handler_id": house.actor("qingdao").user_id}
    assert deputy.post(at, json=stranger).status_code == 404
    headers = {"Idempotency-Key": "take-over-1"}
    answers = [deputy.post(at, json=change, headers=headers) for _ in "ab"]
    assert [each.status_code for each in answers] == [200, 200]
    lead = answers[0].json()["handlings"][0]
    assert (lead["handler_name"], lead["deputy_name"]) == ("lixia-deputy", "lixia")
    assert any("主办" in each["text"] for each in lixia.get("/api/notices").json()["items"])
    clocks = {each["kind"]: each["state"] for each in answers[1].json()["clocks"]}
    assert clocks["first_contact"] == "running"


def test_who_is_away_receives_nothing_and_says_so_himself(house: House) -> None:
    lixia, deputy = house.browser("lixia"), house.browser("lixia-deputy")
    span = {
        "begins_at": NOW.isoformat(),
        "ends_at": (NOW + timedelta(days=2)).isoformat(),
        "reason": "出差",
    }
    entered = deputy.post("/api/absences", json=span)
    assert entered.status_code == 201, entered.text
    assert [each["user_name"] for each in entered.json()] == ["lixia-deputy"]
    assert (
        lixia.post("/api/absences", json={**span, "user_id": entered.json()[0]["user_id"]}).status_code == 403
    )
    assert deputy.post("/api/absences", json=span).status_code == 422, "twice the same"
    assert lixia.post("/api/absences", json={**span, "ends_at": span["begins_at"]}).status_code == 422
    other = {**span, "user_id": house.actor("qingdao").user_id}
    assert house.browser("jinan").post("/api/absences", json=other).status_code == 404
    union = lixia.get(f"/api/unions/{house.world.union('370102')}").json()
    assert union["on_duty"] == ["lixia"]
    absence = entered.json()[0]["id"]
    assert house.browser("qingdao").delete(f"/api/absences/{absence}").status_code == 404
    assert deputy.delete(f"/api/absences/{absence}").json() == []


def test_a_leader_sees_his_subtree_with_its_people_and_nothing_beside_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator, jinan = house.browser("operator"), house.browser("jinan")
    before = jinan.get("/api/oversight").json()
    assert before["unions"][0]["own"] is True
    dispatched(house, operator)
    dispatched(house, operator, to="3702")
    after = jinan.get("/api/oversight").json()
    lixia = next(each for each in after["unions"] if each["id"] == house.world.union("370102"))
    assert (lixia["open"], lixia["to_sign"], lixia["overdue"], lixia["kept"]) == (1, 1, 0, None)
    assert sum(each["open"] for each in after["unions"]) == 1, "Qingdao's is none of Jinan's"
    inside = jinan.get("/api/oversight", params={"union_id": lixia["id"]}).json()
    assert [each["name"] for each in inside["people"]] == ["lixia", "lixia-deputy"]
    for other in ("3702", "37"):
        answer = jinan.get("/api/oversight", params={"union_id": house.world.union(other)})
        assert answer.status_code == 404
    assert house.browser("lixia").get("/api/oversight").status_code == 403
    assert created(operator)["number"] not in jinan.get("/api/oversight").text


def test_a_report_waits_for_the_leader_and_a_co_handler_has_a_part_of_its_own(house: House) -> None:
    operator, jinan, lixia = (house.browser(name) for name in ("operator", "jinan", "lixia"))
    with house.database.writing() as session:
        session.execute(update(Union).where(Union.code == "3701").values(leader_signs=True))
        values = {"role": "union_handler", "union_id": house.world.union("3701")}
        session.execute(update(User).where(User.name == "qingdao").values(**values))
    handler = house.browser("qingdao")
    ticket = dispatched(house, operator, to="3701")
    pair = handler.get("/api/inbox").json()["pair"]
    assert (pair["handler_name"], pair["deputy_name"]) == ("qingdao", "jinan")
    ids = {name: pair[name] for name in ("handler_id", "deputy_id")}
    ticket = commanded(handler, ticket, "sign_for", **ids)
    helped = {"union_id": house.world.union("370102"), "reason": "协助走访"}
    ticket = commanded(house.browser("dispatcher"), ticket, "add_co_handler", **helped)
    card = lies_in(lixia, ticket["number"])
    assert (card["section"], card["role"], card["step"]) == ("to_sign", "co", "sign_for")
    at = house.clock().isoformat()
    ticket = commanded(handler, ticket, "record_first_contact", at=at, means="phone", outcome="reached")
    ticket = commanded(handler, ticket, "report_result", **RESULT, pending_note="协办另行反馈")
    assert lies_in(handler, ticket["number"])["section"] == "to_approve"
    card = lies_in(jinan, ticket["number"])
    assert (card["section"], card["step"]) == ("to_approve", "review")
    assert commanded(jinan, ticket, "review", approved=True)["state"] == "reported"
    assert lies_in(jinan, ticket["number"])["section"] == "waiting"


def test_one_tap_names_nobody_who_is_recused(house: House) -> None:
    ticket = dispatched(house, house.browser("operator"))
    lixia, deputy = house.actor("lixia"), house.actor("lixia-deputy")
    with house.database.writing() as session:
        ticket_id = session.scalars(select(Ticket.id)).one()
        session.add(TicketRecusal(ticket_id=ticket_id, user_id=deputy.user_id, reason="亲属"))
    browser = house.browser("lixia")
    card = lies_in(browser, ticket["number"])
    assert (card["step"], card["one_tap"]) == ("sign_for", False)
    with house.database.reading() as reading:
        pair = signing_pair(reading, lixia, now=NOW, ticket_id=ticket_id)
    assert pair is not None
    assert (pair.handler_id, pair.deputy_id) == (lixia.user_id, lixia.user_id)
