"""Bursts of events from partners: kept whole or not at all, done once, in order, and none is lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from dispatch import exchange_intake
from dispatch.models.history import Notice, Outbox
from dispatch.models.partners import PartnerIntake
from dispatch.models.tickets import Ticket
from dispatch.partners import disable_partner
from hotline.jobs.loop import forget_requests, wake_forgotten_events
from tests.partner_client import PartnerClient
from tests.partnership import MACHINE, Partnership
from tests.web.house import House
from tests.web.test_partner_api import case

NAME, PHONE = "鲲鹏翰墨", "13977776666"


def event(n: int, act: str, data: Any, **about: Any) -> dict[str, Any]:
    return {"id": f"E{n}", "act": act, "data": data, **about}


def outcomes(client: PartnerClient, after: int = 0) -> list[dict[str, Any]]:
    answer = client.call("outcomes", query={"after": str(after)})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def kept(house: House) -> list[PartnerIntake]:
    with house.database.reading() as session:
        found = list(session.scalars(select(PartnerIntake).order_by(PartnerIntake.id)))
        session.expunge_all()
        return found


def test_a_burst_is_done_in_its_order_and_each_event_says_what_became_of_it(
    house_on_each_engine: House,
) -> None:
    house, partnership = house_on_each_engine, Partnership(house_on_each_engine)
    client, stranger = partnership.add("12345-jinan"), partnership.add("12345-other")
    told = case(
        client, external_id="A1", consent_basis="statutory_duty", caller={"name": NAME, "phone": PHONE}
    )
    burst = [
        event(1, "create", told),
        event(2, "append", {"text": "还有两个人"}, external_id="A1"),
        event(3, "result", client.document.example("result"), external_id="A1"),
        event(4, "create", {**told, "external_id": "A2", "category": "nobody-knows"}),
        event(5, "append", {"text": "没有这件"}, external_id="A9"),
        event(6, "withdrawn", {"reason": "诉求人要求撤回"}, external_id="A1"),
    ]
    answer = client.call("burst", {"events": burst})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 6, "repeated": []})
    assert [each["state"] for each in outcomes(client)] == ["accepted"] * 6
    partnership.deliver()
    found = outcomes(client)
    assert [(each["id"], each["state"]) for each in found] == [
        ("E1", "applied"),
        ("E2", "applied"),
        ("E3", "refused"),
        ("E4", "refused"),
        ("E5", "refused"),
        ("E6", "applied"),
    ]
    assert [each["problem"] and each["problem"]["code"] for each in found] == [
        *(None, None, "wrong_state", "invalid", "not_found", None)
    ]
    number = found[0]["number"]
    assert [found[at]["number"] for at in (1, 5)] == [number, number]
    shown = client.call("read", number=number).json()
    assert (shown["external_id"], shown["state"], shown["ticket_state"]) == ("A1", "withdrawn", "withdrawn")
    # What was told is in the ticket now, and nowhere beside it.
    assert [each.data for each in kept(house)] == [None] * 6
    assert outcomes(client, after=found[3]["position"]) == found[4:]
    # The same burst under a new key does nothing twice; nobody else sees any of it.
    again = client.call("burst", {"events": burst})
    assert again.json() == {"accepted": 0, "repeated": ["E1", "E2", "E3", "E4", "E5", "E6"]}
    partnership.deliver()
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
    assert outcomes(stranger) == []


@pytest.mark.parametrize(
    ("events", "where"),
    [
        ([], "events"),
        ([event(1, "append", {"text": "好"}, external_id="A1")] * 2, "events"),
        ([event(1, "append", {"text": "好"})], "events.0"),
        ([event(1, "append", {"text": "好"}, external_id="A1", number="37-1")], "events.0"),
        ([event(1, "append", {"text": "好"}, external_id="A1"), event(2, "append", {}, external_id="A1")], "events.1"),
        ([event(1, "gossip", {"text": "好"}, external_id="A1")], "events.0"),
        ([event(n, "append", {"text": "好"}, external_id="A1") for n in range(101)], "events"),
    ],
    ids=["none", "one id twice", "no case", "two cases", "a bad one", "unknown act", "too many"],
)  # fmt: skip
def test_a_burst_with_anything_wrong_is_refused_whole_and_says_where(
    house: House, events: list[dict[str, Any]], where: str
) -> None:
    client = Partnership(house).add("12345-jinan")
    answer = client.call("burst", {"events": events})
    assert answer.status_code == 422, answer.text
    assert any(name.startswith(where) for name in answer.json()["fields"]), answer.text
    assert kept(house) == []


def test_an_id_for_something_else_is_a_mistake_and_nothing_of_its_burst_is_kept(house: House) -> None:
    client = Partnership(house).add("12345-jinan")
    first = event(1, "create", case(client, external_id="A1"))
    assert client.call("burst", {"events": [first]}).json()["accepted"] == 1
    other = [
        event(2, "create", case(client, external_id="A2")),
        event(1, "create", case(client, external_id="A3")),
    ]
    answer = client.call("burst", {"events": other})
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert [each.event_id for each in kept(house)] == ["E1"]


def test_an_event_whose_delivery_was_lost_is_done_all_the_same_and_then_forgotten(house: House) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan")
    client.call("burst", {"events": [event(1, "create", case(client, external_id="A1"))]})
    with house.database.writing() as session:
        session.execute(update(Outbox).where(Outbox.kind == "apply_partner_events").values(state="unknown"))
    assert wake_forgotten_events(house.services) == 0, "it may still be on its way"
    house.clock.advance(timedelta(minutes=2))
    assert wake_forgotten_events(house.services) == 1
    assert wake_forgotten_events(house.services) == 0, "it was ordered just now"
    partnership.deliver()
    assert [each["state"] for each in outcomes(client)] == ["applied"]
    house.clock.advance(house.services.partners.keep_answers + timedelta(minutes=1))
    forget_requests(house.services)
    assert kept(house) == []


def test_a_partner_that_is_shut_out_has_nothing_done_until_it_is_back(house: House) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan")
    client.call("burst", {"events": [event(1, "create", case(client, external_id="A1"))]})
    with house.database.writing() as session:
        disable_partner(session, "12345-jinan", by=MACHINE, now=house.clock())
    partnership.deliver()
    house.clock.advance(timedelta(minutes=2))
    assert wake_forgotten_events(house.services) == 0
    assert [each.state for each in kept(house)] == ["accepted"]


def test_a_fault_of_ours_alarms_people_and_holds_up_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    partnership = Partnership(house)
    client = partnership.add("12345-jinan")
    burst = [event(n, "create", case(client, external_id=f"A{n}")) for n in (1, 2)]
    client.call("burst", {"events": burst})
    apply = exchange_intake.apply

    def faulty(here: Any, row: PartnerIntake) -> Any:
        if row.event_id == "E1":
            raise KeyError("a fault")
        return apply(here, row)

    monkeypatch.setattr(exchange_intake, "apply", faulty)
    partnership.deliver()
    assert [(each["state"], (each["problem"] or {}).get("code")) for each in outcomes(client)] == [
        ("refused", "internal"),
        ("applied", None),
    ]
    with house.database.reading() as session:
        alarms = session.scalars(select(Notice.text).where(Notice.kind == "alarm")).all()
    assert [each for each in alarms if "协作单位" in each]
