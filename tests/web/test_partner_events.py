"""What partners are told by itself: the whole circle, a node below us, retries, dead letters, and no name on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dispatch.models.clocks import Clock
from dispatch.models.history import Event, Outbox
from dispatch.models.partners import PartnerEvent, PartnerFile, PartnerLink
from dispatch.models.tickets import Ticket
from dispatch.rules.partner_terms import PartnerKind
from hotline.jobs.loop import Deliveries
from tests.partner_receiver import Receiver, receiving
from tests.partnership import Partnership
from tests.web.house import House
from tests.web.test_api_tickets import commanded, created, dispatched
from tests.web.test_partner_api import case

NAME, PHONE = "鲲鹏翰墨", "13977776666"
RESULT: dict[str, Any] = {
    "true_claim": True,
    "done": f"与{NAME}（{PHONE}）核实后约谈用人单位",
    "solved": "solved",
    "reply_text": f"{NAME}的工资已补发",
    "amount_cents": 1_860_000,
    "amount_state": "paid",
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as state:
        yield state


def read(browser: httpx.Client, number: str) -> dict[str, Any]:
    ticket: dict[str, Any] = browser.get(f"/api/tickets/{number}").json()
    return ticket


def test_from_the_worker_through_hotline_and_union_the_result_goes_back_to_12345_by_itself(
    house_on_each_engine: House, receiver: Receiver
) -> None:
    house, partnership = house_on_each_engine, Partnership(house_on_each_engine)
    client = partnership.add("12345-jinan", receiver=receiver, code_map="12345")
    told = case(client, category="劳动人事/拖欠工资", nature="投诉", urgency="一般", disclosure="union")
    # 12345 keeps the name; what its operator wrote down holds it all the same.
    number = client.call("create", {**told, "text": f"{NAME}，{PHONE}，三个月没发工资"}).json()["number"]
    desk, dispatcher, union = (house.browser(who) for who in ("operator", "dispatcher", "lixia"))
    ticket = desk.patch(
        f"/api/tickets/{number}", json={"version": 1, "caller": {"name": NAME, "phone": PHONE}}
    ).json()
    ticket = commanded(desk, ticket, "accept")
    ticket = commanded(
        dispatcher,
        ticket,
        "dispatch",
        union_id=house.world.union("370102"),
        override_reason="测试指定",
    )
    ticket = commanded(union, read(union, number), "sign_for", **partnership.people(union))
    ticket = commanded(
        union,
        ticket,
        "record_first_contact",
        at=house.clock().isoformat(),
        means="phone",
        outcome=f"{NAME}说共六人",
    )
    ticket = commanded(union, ticket, "add_progress", text=f"已约谈负责人，请打{PHONE}")
    asked = (house.clock() + timedelta(days=20)).isoformat()
    ticket = commanded(
        union, ticket, "request_extension", reason="需调取工资台账", due_at=asked, caller_told=True
    )
    commanded(dispatcher, read(dispatcher, number), "decide_extension", approved=True, reason="同意")
    ticket = commanded(union, read(union, number), "report_result", **RESULT)
    commanded(dispatcher, read(dispatcher, number), "review", approved=True)
    assert partnership.deliver() >= 7
    assert receiver.kinds() == [
        "ticket.accepted",
        *["ticket.progress"] * 4,
        "ticket.extended",
        "ticket.result",
    ], "each in its turn"
    result = receiver.last("ticket.result")
    assert (result["external_id"], result["number"], result["state"]) == (
        "JN20261125000123",
        number,
        "reported",
    )
    assert (result["solved"], result["amount_cents"]) == ("solved", 1_860_000)
    assert receiver.last("ticket.extended")["due_at"].startswith(asked[:10])
    # 12345 has the worker's ear: it asks, and its answer closes our ticket.
    answer = client.call("callback", client.document.example("callback"), number=number).json()
    assert (answer["state"], answer["ticket_state"]) == ("closed", "closed")
    assert read(dispatcher, number)["outcome"] == "solved"
    said = "".join([*receiver.raw, *client.answers])
    assert NAME not in said
    assert PHONE not in said
    with house.database.reading() as session:
        rows = [*session.scalars(select(PartnerEvent.facts)), *session.scalars(select(Outbox.payload))]
        assert not any(NAME in repr(row) or PHONE in repr(row) for row in rows)
        actors = session.execute(select(Event.kind).where(Event.actor_kind == "partner")).scalars().all()
        assert actors == ["TicketOpened", "PartnerLinked", "CallbackRecorded"]
    # Both lists of the day agree, and a difference would be named.
    day = {"day": f"{house.clock():%Y-%m-%d}"}
    (line,) = client.call("list", query=day).json()["items"]
    theirs = {name: line[name] for name in ("number", "external_id", "state", "hash")}
    found = client.call("compare", {**day, "items": [theirs]}).json()
    assert found == {"agreed": 1, "differences": []}
    wrong = [{**theirs, "state": "reported"}, {**theirs, "number": "37-1"}]
    kinds = {
        each["number"]: each["kind"]
        for each in client.call("compare", {**day, "items": wrong}).json()["differences"]
    }
    assert kinds == {number: "state", "37-1": "missing_here"}
    empty = client.call("compare", {**day, "items": []}).json()["differences"]
    assert [each["kind"] for each in empty] == ["missing_there"]


def test_a_node_below_us_takes_what_is_dispatched_to_its_union_and_works_on_our_clocks(
    house_on_each_engine: House, receiver: Receiver
) -> None:
    house, partnership = house_on_each_engine, Partnership(house_on_each_engine)
    node = partnership.add("node-qingdao", PartnerKind.CENTRE, receiver=receiver, union_code="3702")
    desk, dispatcher = house.browser("operator"), house.browser("dispatcher")
    first = dispatched(house, desk, to="3702", disclosure="union", region_code="370202")
    partnership.deliver()
    offered = receiver.last("ticket.created")
    assert offered["number"] == first["number"]
    # The caller agreed that the union may know his name: the union is at the other end.
    assert (offered["consent_basis"], offered["caller"]["name"]) == ("consent", "测试诉求人")
    number = offered["number"]
    taken = node.call("accept", {"text": "已受理"}, number=number)
    assert (taken.status_code, taken.json()["ticket_state"]) == (200, "in_progress")
    contact = {"at": house.clock().isoformat(), "means": "phone", "outcome": "已核实"}
    assert node.call("progress", {"text": "已联系", "contact": contact}, number=number).status_code == 200
    assert node.call("progress", {"text": "已约谈"}, number=number).status_code == 200
    due = (house.clock() + timedelta(days=20)).isoformat()
    more = {"reason": "台账", "due_at": due}
    untold = node.call("extended", more, number=number)
    assert (untold.status_code, list(untold.json()["fields"])) == (422, ["caller_told"])
    assert node.call("extended", {**more, "caller_told": True}, number=number).status_code == 200
    commanded(dispatcher, read(dispatcher, number), "decide_extension", approved=True, reason="同意")
    result = node.document.example("result")
    assert node.call("result", result, number=number).json()["ticket_state"] == "reported"
    commanded(dispatcher, read(dispatcher, number), "review", approved=False, reason="数额不清")
    assert node.call("result", result, number=number).status_code == 200
    commanded(dispatcher, read(dispatcher, number), "review", approved=True)
    callback = house.browser("callback")
    closed = commanded(
        callback,
        callback.get("/api/callbacks").json()[0]
        | {"number": number, "version": read(dispatcher, number)["version"]},
        "record_callback",
        reached=True,
        solved="solved",
        satisfied="satisfied",
    )
    assert closed["state"] == "closed"
    partnership.deliver()
    assert receiver.kinds() == ["ticket.created", "ticket.extended", "ticket.appended", "ticket.callback"]
    assert "数额不清" in receiver.last("ticket.appended")["text"]
    with house.database.reading() as session:
        kinds = session.execute(
            select(Clock.kind, Clock.state).join(Ticket, Ticket.id == Clock.ticket_id)
        ).all()
        assert {("sign", "met"), ("first_contact", "met"), ("resolve", "met")} <= {
            tuple(row) for row in kinds
        }
        assert session.scalars(select(PartnerLink.state)).all() == ["closed"]


def test_what_a_node_refuses_goes_back_to_the_dispatcher_and_elsewhere(
    house: House, receiver: Receiver
) -> None:
    partnership = Partnership(house)
    node = partnership.add("node-qingdao", PartnerKind.CENTRE, receiver=receiver, union_code="3702")
    desk, dispatcher = house.browser("operator"), house.browser("dispatcher")
    number = dispatched(house, desk, to="3702", region_code="370202")["number"]
    partnership.deliver()
    assert "name" not in receiver.last("ticket.created")["caller"], "nobody agreed to be named"
    reason = {"reason_code": "wrong_region", "reason": "用工地在市南区以外"}
    refused = node.call("reject", reason, number=number).json()
    assert (refused["state"], refused["ticket_state"]) == ("rejected", "returned")
    # Denied, it is the node's all the same: offered again, under a number of its own.
    commanded(dispatcher, read(dispatcher, number), "decide_objection", upheld=False, reason="属本地")
    partnership.deliver()
    assert receiver.last("ticket.created")["number"] == f"{number}.2"
    assert node.call("accept", {}, number=number).status_code == 409
    # Taken from it, it is told so.
    commanded(
        dispatcher,
        read(dispatcher, number),
        "dispatch",
        union_id=house.world.union("370202"),
        reason="改派",
        override_reason="改派",
    )
    partnership.deliver()
    assert receiver.last("ticket.withdrawn")["number"] == f"{number}.2"


def test_another_body_is_asked_beside_the_union_and_its_words_stand_in_the_ticket(
    house: House, receiver: Receiver
) -> None:
    partnership = Partnership(house)
    inspection = partnership.add("inspection-jinan", PartnerKind.LABOUR_INSPECTION, receiver=receiver)
    desk, dispatcher = house.browser("operator"), house.browser("dispatcher")
    ticket = dispatched(
        house, desk, disclosure="none", text=f"{NAME}，{PHONE}", caller={"name": NAME, "phone": PHONE}
    )
    number = ticket["number"]
    named = [each["code"] for each in dispatcher.get("/api/partners").json()]
    assert named == ["inspection-jinan"]
    ask = {"partner": "inspection-jinan", "reason": "欠薪线索移送"}
    assert dispatcher.post(f"/api/tickets/{number}/referrals", json=ask).status_code == 201
    again = dispatcher.post(f"/api/tickets/{number}/referrals", json=ask)
    assert (again.status_code, list(again.json()["fields"])) == (422, ["partner"])
    assert inspection.call("accept", {}, number=number).status_code == 200
    assert inspection.call("progress", {"text": "已立案"}, number=number).status_code == 200
    done = inspection.call("result", inspection.document.example("result"), number=number)
    assert (done.json()["state"], done.json()["ticket_state"]) == ("reported", "dispatched")
    shown = str(read(dispatcher, number)["events"])
    assert "已立案" in shown
    assert "协作inspection-jinan办理结果" in shown
    commanded(desk, read(desk, number), "nudge", text="请加快")
    partnership.deliver()
    assert receiver.kinds() == ["ticket.created", "ticket.appended"]
    assert NAME not in "".join(receiver.raw)
    assert PHONE not in "".join(receiver.raw)
    sealed = created(desk, category="sexual_harassment")
    commanded(desk, sealed, "accept")
    leader = house.browser("supervisor")
    assert (
        leader.post(f"/api/tickets/{sealed['number']}/break_glass", json={"reason": "核对"}).status_code
        == 200
    )
    kept = leader.post(f"/api/tickets/{sealed['number']}/referrals", json=ask)
    assert kept.status_code == 403


def test_a_deaf_partner_is_told_again_later_and_then_a_person_sends_what_is_left(
    house: House, receiver: Receiver
) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan", receiver=receiver)
    desk = house.browser("operator")
    number = client.call("create", case(client)).json()["number"]
    receiver.refuse_with = [500, 503]
    ticket = commanded(desk, read(desk, number), "accept")
    commanded(desk, ticket, "add_progress", text="补充")
    partnership.deliver()
    assert (receiver.refused, receiver.taken) == (1, []), "what comes later waits for its turn"
    for wait in (5, 30, 5):
        house.clock.advance(timedelta(seconds=wait))
        partnership.deliver()
    assert receiver.kinds() == ["ticket.accepted", "ticket.progress"]
    # Refused for good: nothing is repeated until a person says so.
    receiver.refuse_with = [400]
    commanded(desk, read(desk, number), "add_progress", text="再补充")
    partnership.deliver()
    house.clock.advance(timedelta(hours=1))
    partnership.deliver()
    assert receiver.refused == 3
    receiver.refuse_with = [500] * 8
    commanded(desk, read(desk, number), "add_progress", text="最后")
    for _ in range(10):
        partnership.deliver()
        house.clock.advance(timedelta(hours=7))
    assert receiver.refuse_with == [], "eight tries, and no more"
    dispatcher = house.browser("dispatcher")
    dead = dispatcher.get("/api/partner-events/dead").json()["items"]
    assert [(each["kind"], each["state"], each["error"]) for each in dead] == [
        ("ticket.progress", "failed", "8次都没有送达：HTTP 500"),
        ("ticket.progress", "failed", "HTTP 400"),
    ]
    assert {each["number"] for each in dead} == {number}
    for each in dead:
        url = f"/api/partner-events/{each['id']}/resend"
        assert dispatcher.post(url).status_code == 204
        assert dispatcher.post(url).status_code == 409
    partnership.deliver()
    house.clock.advance(timedelta(seconds=5))
    partnership.deliver()
    assert len(receiver.taken) == 4
    assert len(set(receiver.ids)) == 4
    assert dispatcher.get("/api/partner-events/dead").json()["items"] == []
    with house.database.reading() as session:
        assert len(session.scalars(select(Event).where(Event.kind == "PartnerEventResent")).all()) == 2


def test_nothing_is_sent_into_the_house_itself(house: House, receiver: Receiver) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan", receiver=receiver)
    desk = house.browser("operator")
    commanded(desk, read(desk, client.call("create", case(client)).json()["number"]), "accept")
    # The shipped configuration allows no address of this machine.
    Deliveries(house.services, queues=("slow",)).run_once()
    assert receiver.raw == []
    (dead,) = house.browser("dispatcher").get("/api/partner-events/dead").json()["items"]
    assert dead["error"] == "地址指向内部网络"


PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


def offered(receiver: Receiver, path: str, content: bytes, **more: Any) -> dict[str, Any]:
    receiver.files[path] = content
    whole = {
        "name": "工资条",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "url": receiver.url + path,
        "expires_at": "2026-11-24T00:00:00Z",
    }
    return {**whole, **more}


def test_files_are_fetched_from_where_it_is_allowed_to_ask_and_nowhere_else(
    house: House, receiver: Receiver
) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan", receiver=receiver)
    page = b"<html><script>alert(1)</script></html>"
    files = [
        offered(receiver, "/pay.pdf", PDF, name="../../工资条.pdf"),
        offered(receiver, "/page", page),
        offered(receiver, "/changed", PDF, sha256="0" * 64),
        offered(receiver, "/longer", PDF + b"more", size=len(PDF)),
        offered(receiver, "/moved", PDF),
        offered(receiver, "/gone", PDF, url=f"{receiver.url}/nothing"),
        offered(receiver, "/m", PDF, url="http://169.254.169.254/latest/meta-data"),
        offered(receiver, "/i", PDF, url="http://[::1]:1/"),
        offered(receiver, "/p", PDF, url="http://user:word@127.0.0.1/"),
    ]
    answer = client.call("create", case(client, attachments=files))
    number = answer.json()["number"]
    for scheme in ("file:///etc/passwd", "gopher://127.0.0.1/", "//127.0.0.1/x"):
        odd = client.call(
            "append", {"text": "x", "attachments": [{**files[0], "url": scheme}]}, number=number
        )
        assert odd.status_code == 422, scheme
    late = {**files[0], "expires_at": "2026-11-22T00:00:00Z"}
    assert client.call("append", {"text": "x", "attachments": [late]}, number=number).status_code == 422
    partnership.deliver()
    with house.database.reading() as session:
        rows = session.execute(select(PartnerFile.state, PartnerFile.reason).order_by(PartnerFile.id)).all()
    assert [state for state, _ in rows] == ["fetched", *["refused"] * 8]
    assert [reason for _, reason in rows[2:]] == [
        "内容与所报的哈希不符",
        f"超过{len(PDF)}字节",
        "对方答复HTTP 302",
        "对方答复HTTP 404",
        "地址指向内部网络",
        "地址指向内部网络",
        "不是可以访问的地址",
    ]
    desk = house.browser("operator")
    (kept,) = desk.get(f"/api/tickets/{number}/attachments").json()
    assert (kept["name"], kept["media_type"]) == ("工资条.pdf", "application/pdf")
    assert len(house.browser("dispatcher").get("/api/notices").json()["items"]) >= 8


def test_a_node_is_offered_the_evidence_by_an_address_that_expires(house: House, receiver: Receiver) -> None:
    partnership = Partnership(house)
    partnership.add("node-qingdao", PartnerKind.CENTRE, receiver=receiver, union_code="3702")
    desk = house.browser("operator")
    draft = created(desk, disclosure="union", region_code="370202")
    url = f"/api/tickets/{draft['number']}/attachments"
    kept = desk.post(url, files={"file": ("工资条.pdf", PDF, "application/pdf")}).json()
    private = desk.post(url, files={"file": ("身份.pdf", PDF + b"%", "application/pdf")}).json()
    assert desk.post(f"{url}/{kept['key']}/release").status_code in (200, 204)
    ticket = commanded(desk, read(desk, draft["number"]), "accept")
    commanded(desk, ticket, "dispatch", union_id=house.world.union("3702"), override_reason="测试指定")
    partnership.deliver()
    (file,) = receiver.last("ticket.created")["attachments"]
    assert (file["sha256"], file["size"]) == (hashlib.sha256(PDF).hexdigest(), len(PDF))
    stranger = house.browser()
    path = file["url"].removeprefix(house.url)
    assert stranger.get(path).content == PDF
    assert stranger.get(path.replace(kept["key"], private["key"])).status_code == 404
    assert stranger.get(path[:-1]).status_code == 404
    house.clock.advance(timedelta(hours=25))
    assert stranger.get(path).status_code == 404
