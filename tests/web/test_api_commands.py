"""Every command over HTTP: its own route and schema, what it says when out of turn, and whose ids it knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select

from agent_console.api.command_schemas import BODIES
from dispatch.models.tickets import Ticket
from dispatch.rules.ticket_fields import FIELD_LABELS
from dispatch.rules.ticket_state import TRANSITIONS, Command
from hotline.calls.models import Call, TicketCall
from tests.builders import NOW
from tests.web.house import House
from tests.web.telephone import WORKER, caller_hangs_up
from tests.web.test_api_calls import talking
from tests.web.test_api_tickets import commanded, created, dispatched

RESULT: dict[str, Any] = {"true_claim": True, "done": "已督促", "solved": "solved", "reply_text": "已补发"}


def signed(house: House) -> tuple[httpx.Client, dict[str, Any]]:
    union = house.browser("lixia")
    ticket = dispatched(house, house.browser("operator"))
    people = [each["id"] for each in union.get("/api/users").json()]
    return union, commanded(union, ticket, "sign_for", handler_id=people[0], deputy_id=people[1])


def test_every_command_has_a_route_with_a_schema_of_its_own(house: House) -> None:
    document = house.browser("operator").get("/api/openapi.json").json()
    assert set(BODIES) == set(Command)
    bodies = set()
    for command in Command:
        post = document["paths"][f"/api/tickets/{{number}}/{command.value}"]["post"]
        bodies.add(post["requestBody"]["content"]["application/json"]["schema"]["$ref"])
    assert len(bodies) == len(Command)


def test_whatever_the_state_table_asks_of_a_command_its_schema_takes() -> None:
    of_the_ticket = set(BODIES[Command.ACCEPT].model_fields) | {
        *("category", "urgency", "region_code", "employers", "wish", "confidentiality", "disclosure"),
        *("contact_mode", "callback_wanted"),
    }
    for row in TRANSITIONS:
        known = set(BODIES[row.command].model_fields) | {"category"}
        if row.command is Command.ACCEPT:
            known |= of_the_ticket | {"text"}
        assert set(row.must_carry) <= known, row.command
        assert set(row.must_carry) <= set(FIELD_LABELS)


def test_a_command_out_of_turn_names_the_legal_ones(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    union, ticket = signed(house)
    answer = union.post(
        f"/api/tickets/{ticket['number']}/resume", json={"version": ticket["version"], "reason": "x"}
    )
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "wrong_state"
    offered = [each["command"] for each in ticket["actions"] if each["enabled"]]
    assert problem["legal"] == offered
    assert "report_result" in offered


def test_a_field_of_another_command_is_refused(house: House) -> None:
    union, ticket = signed(house)
    answer = union.post(
        f"/api/tickets/{ticket['number']}/add_progress",
        json={"version": ticket["version"], "text": "约谈", "approved": True},
    )
    assert answer.status_code == 422
    assert answer.json()["fields"] == {"approved": "没有这个项目"}


def test_what_a_command_misses_is_named_for_its_own_case(house: House) -> None:
    union, ticket = signed(house)
    url = f"/api/tickets/{ticket['number']}"
    for command, data, missing in (
        ("request_extension", {}, {"reason", "due_at", "caller_told"}),
        ("request_extension", {"difficulty": "difficult", "caller_told": True}, {"reason"}),
        ("await_caller", {"missing": "工资条"}, {"due_at"}),
        ("terminate", {"reason": "x"}, {"reason_code", "basis"}),
        ("return_ticket", {"reason_code": "other", "basis": "x", "union_id": 1}, {"evidence"}),
        ("report_result", {**RESULT, "done": "  "}, {"done"}),
    ):
        answer = union.post(f"{url}/{command}", json={"version": ticket["version"], **data})
        assert answer.status_code == 422, answer.text
        assert set(answer.json()["fields"]) == missing
        assert all(text.startswith("请填写") for text in answer.json()["fields"].values())


def test_ids_of_others_are_not_found(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    union, ticket = signed(house)
    stranger = house.world.actor("qingdao").user_id
    hidden = created(house.browser("operator"), category="sexual_harassment")["number"]
    url, version = f"/api/tickets/{ticket['number']}", ticket["version"]
    for browser, command, data in (
        (union, "petition_agency", {"handler_id": stranger, "reference": "1号", "signed_on": "2026-11-20"}),
        (union, "add_co_handler", {"union_id": 10**6, "reason": "x"}),
        (house.browser("dispatcher"), "merge", {"parent_number": hidden}),
        (house.browser("dispatcher"), "merge", {"parent_number": "37-20261123-999999-0"}),
    ):
        answer = browser.post(f"{url}/{command}", json={"version": version, **data})
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] == "not_found"
    again = union.get(url).json()
    assert again["version"] == version, "nothing of it was written"


def test_an_extension_over_http_moves_the_deadline(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    union, ticket = signed(house)
    wanted = (NOW + timedelta(days=20)).isoformat()
    asked = commanded(union, ticket, "request_extension", reason="等待流水", due_at=wanted, caller_told=True)
    stale = union.post(
        f"/api/tickets/{ticket['number']}/add_progress", json={"version": ticket["version"], "text": "x"}
    )
    assert stale.status_code == 409
    assert stale.json()["fields"]["version"] == {"seen": ticket["version"], "current": asked["version"]}
    dispatcher = house.browser("dispatcher")
    granted = commanded(dispatcher, asked, "decide_extension", approved=True, reason="同意")
    dues = {each["due_at"] for each in granted["clocks"] if each["kind"] == "resolve"}
    assert {due[:16] for due in dues} == {wanted[:16]}


def test_a_report_in_instalments_is_shown_with_what_has_arrived(house: House) -> None:
    union, ticket = signed(house)
    parts = [
        {"amount_cents": 100_00, "payment_on": "2026-12-01"},
        {"amount_cents": 200_00, "payment_on": "2026-12-31"},
    ]
    reported = commanded(
        union, ticket, "report_result", **RESULT, amount_state="instalments", instalments=parts
    )
    waiting = commanded(house.browser("dispatcher"), reported, "review", approved=True)
    assert [each["kind"] for each in waiting["clocks"] if each["state"] == "running"] == ["payment"]
    paid = commanded(
        union,
        union.get(f"/api/tickets/{ticket['number']}").json(),
        "record_payment",
        amount_cents=100_00,
        paid_on="2026-11-23",
    )
    assert paid["received_cents"] == 100_00
    early = house.browser("callback").post(
        f"/api/tickets/{ticket['number']}/record_callback",
        json={"version": paid["version"], "reached": False},
    )
    assert early.status_code == 409
    assert early.json()["detail"] == "约定的付款日未到，到账后再回访"


def test_a_letter_is_listed_with_when_its_answer_is_due(house: House) -> None:
    union, ticket = signed(house)
    letter = {
        "letter_kind": "reminder_letter",
        "addressee": "某某建筑公司",
        "text": "请依法支付工资",
        "reference": "提示〔2026〕1号",
    }
    sent = commanded(house.browser("supervisor"), ticket, "send_letter", **letter)
    assert (sent["letters"][0]["label"], sent["letters"][0]["replied_at"]) == ("提示函", None)
    assert sent["letters"][0]["due_at"]
    answered = commanded(union, sent, "record_reply", letter_id=sent["letters"][0]["id"], text="已支付")
    assert answered["letters"][0]["reply"] == "已支付"
    gone = union.post(
        f"/api/tickets/{ticket['number']}/record_reply",
        json={"version": answered["version"], "letter_id": sent["letters"][0]["id"], "text": "再"},
    )
    assert gone.status_code == 409


def test_representatives_are_given_as_a_list_and_revealed_one_by_one(house: House) -> None:
    browser = house.browser("operator")
    told = [{"name": f"代表{n}", "phone": f"1380000001{n}"} for n in range(5)]
    draft = created(browser, callers=told)
    assert len(draft["callers"]) == 5
    last = draft["callers"][-1]["id"]
    answer = browser.post(
        f"/api/tickets/{draft['number']}/reveal", json={"reason": "核对", "caller_id": last}
    )
    assert answer.json()["name"] == "代表4"
    other = browser.post(
        f"/api/tickets/{draft['number']}/reveal", json={"reason": "核对", "caller_id": 10**6}
    )
    assert other.status_code == 404
    many = browser.patch(
        f"/api/tickets/{draft['number']}", json={"version": draft["version"], "callers": [*told, told[0]]}
    )
    assert many.status_code == 422
    assert many.json()["fields"] == {"callers": "诉求人代表不超过5人"}


def test_whoever_calls_again_joins_the_open_ticket_and_opens_no_second_one(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    operator = talking(house, "CA0")
    draft = operator.post("/api/calls/CA0/ticket").json()
    filled = operator.patch(
        f"/api/tickets/{draft['number']}",
        json={
            "version": draft["version"],
            "category": "wage_arrears",
            "region_code": "370102",
            "wish": "要回工资",
            "confidentiality": "open",
            "disclosure": "union",
            "contact_mode": "phone",
            "employers": [{}],
        },
    ).json()
    ticket = commanded(operator, filled, "accept")
    caller_hangs_up(house, "CA0")
    operator.post("/api/presence/finish")
    house.clock.advance(timedelta(hours=2))
    again = talking(house, "CA1", number=WORKER)
    second = again.post("/api/calls/CA1/ticket").json()
    joined = again.post(
        "/api/calls/CA1/repeat_request",
        json={"number": ticket["number"], "version": ticket["version"], "text": "还没有人联系我"},
    )
    assert joined.status_code == 200, joined.text
    assert joined.json()["repeat_count"] == 1
    assert [each["relation"] for each in joined.json()["calls"]] == ["origin", "nudge"]
    with house.database.reading() as session:
        state = session.scalar(select(Ticket.state).where(Ticket.number == second["number"]))
        relations = session.scalars(
            select(TicketCall.relation)
            .join(Call, Call.id == TicketCall.call_id)
            .where(Call.sid == "CA1")
            .order_by(TicketCall.ordinal)
        ).all()
    assert state == "merged"
    assert relations == ["origin", "nudge"]
    stranger = house.browser("other-operator").post(
        "/api/calls/CA1/repeat_request",
        json={"number": ticket["number"], "version": 1, "text": "x"},
    )
    assert stranger.status_code == 403
