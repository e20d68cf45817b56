"""The partner API at its door: signatures, repetitions, strangers, codes, and every example of its own document."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from dispatch.models.partners import PartnerLink, PartnerRequest
from dispatch.models.tickets import Caller, Ticket
from dispatch.partner_requests import forget
from dispatch.partners import disable_partner, partner_named, set_secret
from dispatch.rules.partner_terms import Act, PartnerKind
from tests.partner_client import PartnerClient, signature
from tests.partnership import MACHINE, Partnership
from tests.web.house import House
from tests.web.test_api_tickets import commanded

NAME, PHONE = "鲲鹏翰墨", "13977776666"


@pytest.fixture
def partnership(house: House) -> Partnership:
    return Partnership(house)


def case(client: PartnerClient, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = client.document.example("create")
    body.pop("attachments")
    return {**body, **fields}


def given(client: PartnerClient, **fields: Any) -> dict[str, Any]:
    answer = client.call("create", case(client, **fields))
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def tickets(house: House) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Ticket)) or 0


def test_the_document_teaches_how_to_sign_and_its_examples_are_taken_as_they_stand(
    partnership: Partnership,
) -> None:
    client = partnership.add("12345-jinan")
    shown = client.document.worked_example()
    body, gives = shown.pop("body"), shown.pop("gives")
    assert signature(**shown, body=body.encode()) == gives
    first = client.call("create", client.document.example("create"))
    assert first.status_code == 201, first.text
    number = first.json()["number"]
    # What only the side that handles a case may say is refused for the state it is in, not for its form.
    expected = dict.fromkeys(("append", "progress", "extended", "callback"), 200)
    expected |= dict.fromkeys(("accept", "reject", "result"), 409)
    for name, status in expected.items():
        answer = client.call(name, client.document.example(name), number=number)
        assert answer.status_code == status, (name, answer.text)
    assert client.call("read", number=number).json()["external_id"] == "JN20261125000123"
    found = client.call("find", query={"external_id": "JN20261125000123"}).json()["items"]
    assert [each["number"] for each in found] == [number]
    assert client.call("compare", client.document.example("compare")).status_code == 200
    assert client.call("burst", client.document.example("burst")).json() == {"accepted": 2, "repeated": []}
    partnership.deliver()
    assert [each["state"] for each in client.call("outcomes").json()["items"]] == ["applied", "applied"]
    gone = client.call("withdrawn", client.document.example("withdrawn"), number=number)
    assert (gone.json()["state"], gone.json()["ticket_state"]) == ("withdrawn", "withdrawn")
    again = client.call("append", {"text": "还有补充"}, number=number)
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    documented = client.document.operations()
    assert set(documented) == {
        *("create", "find", "read", "append", "accept", "reject", "progress", "extended", "result"),
        *("callback", "withdrawn", "list", "compare", "burst", "outcomes"),
    }
    for name, (method, _, operation) in documented.items():
        good = next(status for status in operation["responses"] if status.startswith("2"))
        assert "example" in operation["responses"][good]["content"]["application/json"], name
        assert method == "GET" or "example" in operation["requestBody"]["content"]["application/json"], name


FORGERIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "another body": lambda r: r.update(body=r["body"].replace("六个".encode(), "七个".encode())),
    "no body": lambda r: r.update(body=b""),
    "another path": lambda r: r.update(path=r["path"] + "?a=1"),
    "another partner": lambda r: r.update({"Hotline-Partner": "12348-jinan"}),
    "nobody": lambda r: r.update({"Hotline-Partner": "x" * 5000}),
    "another moment": lambda r: r.update({"Hotline-Timestamp": str(int(r["Hotline-Timestamp"]) + 1)}),
    "no moment": lambda r: r.update({"Hotline-Timestamp": None}),
    "a moment in words": lambda r: r.update({"Hotline-Timestamp": "now"}),
    "another nonce": lambda r: r.update({"Hotline-Nonce": "0" * 20}),
    "a short nonce": lambda r: r.update({"Hotline-Nonce": "0"}),
    "no signature": lambda r: r.update({"Hotline-Signature": None}),
    "half a signature": lambda r: r.update({"Hotline-Signature": r["Hotline-Signature"][:40]}),
    "not JSON, and not signed": lambda r: r.update(body=b"{", **{"Hotline-Signature": "v1=0"}),
}


def test_whatever_is_changed_after_the_signature_is_refused_and_writes_nothing(
    partnership: Partnership,
) -> None:
    client, other = partnership.add("12345-jinan"), partnership.add("12348-jinan", PartnerKind.LINE_12348)
    refusals = set()
    for what, forge in FORGERIES.items():
        answer = client.call("create", case(client), forge=forge)
        assert answer.status_code == 401, (what, answer.text)
        refusals.add(answer.text)
    assert len(refusals) == 1, "no refusal says more than another"
    for minutes in (-6, 6):
        client.clock = lambda: partnership.house.clock() + timedelta(minutes=minutes)  # noqa: B023  # called at once
        assert client.call("create", case(client)).status_code == 401
    client.clock = partnership.house.clock
    client.secret, secret = other.secret, client.secret
    assert client.call("create", case(client)).status_code == 401
    client.secret = secret
    assert tickets(partnership.house) == 0
    with partnership.house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PartnerRequest)) == 0


def test_a_request_that_somebody_repeats_is_refused_whether_it_was_good_or_not(
    partnership: Partnership,
) -> None:
    client = partnership.add("12345-jinan")
    taken: list[dict[str, Any]] = []
    keep = lambda request: taken.append(dict(request))  # noqa: E731  # one word for three uses
    assert client.call("create", case(client), forge=keep).status_code == 201
    assert client.call("create", case(client, category="nonsense"), forge=keep).status_code == 422
    assert client.call("find", query={"external_id": "x"}, forge=keep).status_code == 200
    for request in taken:
        played = client.call("find", forge=lambda r, request=request: r.update(request))  # type: ignore[misc]
        assert (played.status_code, played.json()["code"]) == (401, "not_signed")
    assert tickets(partnership.house) == 1


def test_a_repeated_key_gets_the_first_answer_and_another_request_under_it_is_refused(
    house_on_each_engine: House,
) -> None:
    partnership = Partnership(house_on_each_engine)
    client = partnership.add("12345-jinan")
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(client.call, "create", case(client), key="once-0001") for _ in range(6)]
        answers = [each.result() for each in asked]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert tickets(house_on_each_engine) == 1
    assert sum(answer.headers.get("Idempotent-Replayed") == "true" for answer in answers) == 5
    number = answers[0].json()["number"]
    for _ in range(2):
        client.call("append", {"text": "一次"}, number=number, key="append-0001")
    other = client.call("append", {"text": "两次"}, number=number, key="append-0001")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    events = house_on_each_engine.browser("supervisor").get(f"/api/tickets/{number}").json()["events"]
    assert [each["kind"] for each in events].count("ProgressAdded") == 1
    # Another key for the same number of theirs: it is there already, and nothing is written.
    twice = client.call("create", case(client))
    assert (twice.status_code, twice.json()["fields"]) == (422, {"external_id": "这个编号已经登记过"})
    short = client.call("append", {"text": "x"}, number=number, key="short")
    assert short.status_code == 422
    with house_on_each_engine.database.writing() as session:
        old, policy = house_on_each_engine.clock() + timedelta(days=31), partnership.services.partners
        assert forget(session, now=old, window=policy.window, keep=policy.keep_answers) > 8


def test_a_partner_sees_and_touches_only_what_was_exchanged_with_it(partnership: Partnership) -> None:
    mine, other = partnership.add("12345-jinan"), partnership.add("12345-qingdao")
    number = given(mine)["number"]
    # Two partners may use the same number of their own.
    theirs = given(other)["number"]
    assert theirs != number
    with partnership.house.database.reading() as session:
        assert session.scalars(select(Ticket.channel)).all() == ["line_12345"] * 2
    nowhere = "37-20261123-000099-1"
    for name in ("append", "progress", "extended", "callback", "withdrawn", "accept", "reject", "result"):
        body = mine.document.example(name)
        foreign = other.call(name, body, number=number)
        missing = other.call(name, body, number=nowhere)
        assert (foreign.status_code, foreign.text) == (404, missing.text), name
    assert other.call("read", number=number).status_code == 404
    found = other.call("find", query={"external_id": "JN20261125000123"}).json()["items"]
    assert [each["number"] for each in found] == [theirs]
    day = f"{partnership.house.clock():%Y-%m-%d}"
    listed = other.call("list", query={"day": day}).json()["items"]
    assert [each["number"] for each in listed] == [theirs]
    with partnership.house.database.writing() as session:
        partner_named(session, "12345-qingdao").may = [Act.CREATE.value]
    refused = other.call("append", {"text": "x"}, number=theirs)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")


def test_a_secret_is_changed_without_a_gap_and_a_disabled_partner_is_out_at_once(
    partnership: Partnership,
) -> None:
    client, house = partnership.add("12345-jinan"), partnership.house
    old, key = client.secret, partnership.services.partner_key
    with house.database.writing() as session:
        partner, overlap = partner_named(session, "12345-jinan"), timedelta(hours=24)
        fresh = set_secret(
            session, partner, "inbound", key=key, by=MACHINE, now=house.clock(), overlap=overlap
        )
    for secret in (fresh, old):
        client.secret = secret
        assert client.call("find", query={"external_id": "x"}).status_code == 200
    house.clock.advance(timedelta(hours=25))
    assert client.call("find", query={"external_id": "x"}).status_code == 401
    client.secret = fresh
    assert client.call("find", query={"external_id": "x"}).status_code == 200
    with house.database.writing() as session:
        disable_partner(session, "12345-jinan", by=MACHINE, now=house.clock())
    assert client.call("find", query={"external_id": "x"}).status_code == 401
    with house.database.reading() as session:
        kept = session.connection().exec_driver_sql("SELECT * FROM partner_secret").all()
    assert not any(secret in repr(row) for row in kept for secret in (old, fresh))


def test_the_partners_codes_become_ours_and_what_nobody_knows_is_named(partnership: Partnership) -> None:
    client = partnership.add("12345-jinan", code_map="12345")
    codes = {"category": "劳动人事/农民工工资", "nature": "投诉", "urgency": "紧急"}
    number = given(client, **codes)["number"]
    desk = partnership.house.browser("operator")
    ticket = desk.get(f"/api/tickets/{number}").json()
    assert (ticket["category"], ticket["nature"], ticket["urgency"]) == (
        "construction_wage_arrears",
        "petition",
        "P1",
    )
    assert ticket["channel"] == "line_12345"
    # Whoever sits at the desk takes it up: nothing is typed a second time.
    assert commanded(desk, ticket, "accept")["state"] == "pending_dispatch"
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "category": ({"category": "没有的类别"}, "category"),
        "nature": ({"nature": "没有的性质"}, "nature"),
        "urgency": ({"urgency": "P9"}, "urgency"),
        "region": ({"region_code": "999999"}, "region_code"),
        "uscc": ({"employers": [{"name": "某厂", "uscc": "91370102XXXX000198"}]}, "employers.0.uscc"),
        "unknown field": ({"surprise": 1}, "surprise"),
        "NUL": ({"text": "a\x00b"}, "text"),
        "too many": ({"headcount": 10**9}, "headcount"),
        "too long": ({"wish": "字" * 301}, "wish"),
        "not a date": ({"due_at": "9999-12-31T23:59:59"}, "due_at"),
    }
    for what, (fields, named) in wrong.items():
        answer = client.call("create", case(client, external_id="other", **{**codes, **fields}))
        assert answer.status_code == 422, (what, answer.text)
        assert named in answer.json()["fields"], what
    far = client.call("create", case(client, external_id="o", **codes, due_at="9999-12-31T23:59:59-23:59"))
    assert far.status_code == 422
    large = client.call("create", case(client, external_id="o", text="字" * 400_000))
    assert large.status_code == 413
    script = given(client, external_id="s", **{**codes, "text": "<script>alert(1)</script>{{7*7}}\u202e"})
    assert "<script>" in desk.get(f"/api/tickets/{script['number']}").json()["text"]
    assert tickets(partnership.house) == 2


def test_a_name_comes_in_only_on_a_recorded_basis_and_never_goes_back_out(partnership: Partnership) -> None:
    client, house = partnership.add("12345-jinan"), partnership.house
    who = {"name": NAME, "phone": PHONE, "contact_token": "T-1"}
    bare = client.call("create", case(client, caller=who))
    assert (bare.status_code, list(bare.json()["fields"])) == (422, ["consent_basis"])
    number = given(client, caller=who, consent_basis="consent", disclosure="union")["number"]
    masked = given(client, external_id="m", caller={"masked_name": "鲲**", "contact_token": "T-2"})["number"]
    with house.database.reading() as session:
        rows = session.execute(
            select(Caller.name, Caller.phone, PartnerLink.consent_basis, PartnerLink.contact_token)
            .join(PartnerLink, PartnerLink.ticket_id == Caller.ticket_id)
            .order_by(PartnerLink.id)
        ).all()
        assert rows == [(NAME, f"+86{PHONE}", "consent", "T-1"), ("鲲**", None, None, "T-2")]
        assert not any(NAME in repr(each) for each in session.scalars(select(PartnerRequest.answer)))
    client.call("append", {"text": f"请打{PHONE}找{NAME}"}, number=number)
    for each in (number, masked):
        client.call("read", number=each)
    client.call("list", query={"day": f"{house.clock():%Y-%m-%d}"})
    assert not any(NAME in text or PHONE in text for text in client.answers)
