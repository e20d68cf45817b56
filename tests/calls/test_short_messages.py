"""Short messages from workers: told once, taken in once, answered with nothing personal, and a cry for help at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, select
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from dispatch.audit import verify
from dispatch.database import Database
from dispatch.models.history import Event, Notice
from dispatch.models.progress import QueryTry
from dispatch.models.tickets import Caller, Ticket
from dispatch.parties import phone_key
from dispatch.rules.numbering import TicketNumber, query_code
from dispatch.rules.ticket_state import Command
from hotline.carriers.sandbox.endpoints import Endpoint
from hotline.carriers.sandbox.endpoints import Event as Told
from hotline.carriers.sandbox.phone_api import NotUnderstood, _Handset
from hotline.jobs.sms import compose
from hotline.jobs.ticker import look_at_itself
from hotline.public import replies
from hotline.public.models import IncomingMessage, PublicUse, SentText
from hotline.public.receipts import note_sent, take_receipt
from tests.builders import WAGES, give, make_ticket
from tests.calls.centre import BASE, Centre, open_centre

DOOR = "/messages/incoming"
WORKER = "+8613977776666"
NAME = "鲲鹏翰墨"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Where the database is not the matter."""


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield opened


def delivered(
    centre: Centre, fields: Sequence[tuple[str, str]], *, signature: str | None = None, door: str = DOOR
) -> httpx.Response:
    """Post a message as a carrier would, signed unless a signature is given."""
    if signature is None:
        validator = RequestValidator(centre.services.webhook_secret)
        signature = validator.compute_signature(BASE + door, FormData(list(fields)))
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    client = httpx.AsyncClient(transport=httpx.ASGITransport(centre.programme.app), base_url=BASE)

    async def send() -> httpx.Response:
        async with client:
            return await client.post(door, content=urlencode(list(fields)), headers=headers)

    return centre.line.portal.call(send)


def message(body: str, *, sid: str = "SM1", from_: str = WORKER, **more: str) -> list[tuple[str, str]]:
    return [("MessageSid", sid), ("From", from_), ("To", "12351"), ("Body", body), *more.items()]


def tickets(centre: Centre) -> list[Ticket]:
    with centre.services.database.reading() as session:
        found = list(session.scalars(select(Ticket).order_by(Ticket.id)))
        session.expunge_all()
        return found


def kinds(centre: Centre) -> list[str]:
    with centre.services.database.reading() as session:
        return list(session.scalars(select(IncomingMessage.kind).order_by(IncomingMessage.id)))


def known(centre: Centre, *, sealed: bool = False) -> tuple[str, str]:
    """Return number and code of a ticket that Lixia has."""
    world = centre.world
    with centre.services.database.writing() as session:
        ticket = make_ticket(session, world, **WAGES, secondary_categories=[])
        give(session, world, "operator", ticket, Command.ACCEPT)
        give(session, world, "operator", ticket, Command.DISPATCH, union_id=world.union("370102"))
        ticket.sealed = sealed
        code = query_code(centre.services.policy.secret, ticket.number, ticket.query_code_generation)
        return TicketNumber.parse(ticket.number).spoken, code


def test_a_message_becomes_a_draft_and_the_sender_gets_number_and_code(centre: Centre) -> None:
    phone = centre.phone(WORKER)
    phone.texts(f"我叫{NAME}，老板三个月没发工资，找谁")
    (ticket,) = tickets(centre)
    assert (ticket.state, ticket.channel) == ("draft", "sms")
    assert ticket.text == f"我叫{NAME}，老板三个月没发工资，找谁"
    number = TicketNumber.parse(ticket.number).spoken
    code = query_code(centre.services.policy.secret, ticket.number, 1)
    phone.reads(number).reads(code)
    phone.texts("一共六个人，在历下区的工地")
    assert kinds(centre) == ["received", "joined"]
    # The same number and code ask by message as they would by telephone.
    phone.texts(f"{number} {code}").reads("草稿")
    phone.texts(f"补充 {number} {code} 还有两个月加班费").reads("已记入")
    centre.pass_time(3600)
    phone.texts("另外一件事，社保也没交")
    assert len(tickets(centre)) == 2
    with centre.services.database.reading() as session:
        notes = [
            each.personal["text"]
            for each in session.scalars(select(Event).where(Event.kind == "ProgressAdded"))
            if each.personal is not None
        ]
        assert notes == [
            "诉求人短信续：一共六个人，在历下区的工地",
            "诉求人短信补充：还有两个月加班费",
        ]
        assert list(verify(session)) == []
        assert session.scalars(select(Caller.phone)).all() == [WORKER, WORKER]
    said = "".join(str(each["text"]) for each in phone.events if each["event"] == "message")
    for leak in (NAME, WORKER, WORKER[3:], "工资", "历下", "工地"):
        assert leak not in said


@ON_SQLITE
def test_progress_names_state_and_day_and_a_wrong_number_is_answered_as_a_wrong_code(
    centre: Centre,
) -> None:
    number, code = known(centre)
    phone = centre.phone(WORKER)
    phone.texts(f"查询{number} {code}").reads(f"查询号{number}：待签收，预计11月30日前答复")
    assert "历下" not in phone.latest_message
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    phone.texts(f"{number}，{code}".translate(wide)).reads("待签收")
    phone.texts(number).reads("同时发送")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    asked = (f"{number} {wrong}", f"{number[:4]}777777 {code}")
    answers = [phone.texts(each).latest_message for each in asked]
    assert answers[0] == answers[1]
    assert "不正确" in answers[0]
    for _ in range(3):
        phone.texts(f"{number} {wrong}")
    phone.reads("错误次数过多")
    phone.texts(f"{number} {code}").reads("错误次数过多")


@ON_SQLITE
def test_of_a_sealed_ticket_nothing_is_said(centre: Centre) -> None:
    number, code = known(centre, sealed=True)
    phone = centre.phone(WORKER)
    phone.texts(f"{number} {code}").reads("按保密要求办理")
    for word in ("待签收", "11月", "历下"):
        assert word not in phone.latest_message


@ON_SQLITE
@pytest.mark.parametrize("words", ["我不想活了", "站在楼顶，一了百了"])
def test_words_of_despair_alarm_people_at_once_whatever_the_limit(centre: Centre, words: str) -> None:
    phone = centre.phone(WORKER)
    limit = centre.services.public.limits["texts_per_number_a_day"]
    for each in range(limit + 1):
        phone.texts(f"第{each}次问，什么时候发工资")
    phone.reads("短信较多")
    phone.texts("再问一次")
    phone.texts(words).reads("按9")
    phone.texts(f"真的，{words}")
    with centre.services.database.reading() as session:
        alarms = session.scalars(select(Notice).where(Notice.kind == "alarm")).all()
        roles = [(each.role, each.ticket_id is not None) for each in alarms]
        assert roles == [("supervisor", True), ("counsellor", True)] * 2
        crises = session.scalars(
            select(IncomingMessage.ticket_id).where(IncomingMessage.crisis.is_(True))
        ).all()
        assert len(set(crises)) == 1
        assert session.get_one(Ticket, crises[0]).text == words
    counted = kinds(centre)
    assert counted.count("too_many") == 1
    assert counted[-3:] == ["dropped", "crisis", "crisis"]


@ON_SQLITE
def test_a_repeated_delivery_makes_one_ticket_and_one_answer(centre: Centre) -> None:
    phone = centre.phone(WORKER)
    for _ in range(3):
        assert delivered(centre, message("工资没发")).status_code == 200
    centre.settle()
    assert len(tickets(centre)) == 1
    assert [each["event"] for each in phone.events].count("message") == 1


@ON_SQLITE
def test_a_message_that_nobody_signed_writes_nothing(centre: Centre) -> None:
    good = message("工资没发")
    right = RequestValidator(centre.services.webhook_secret).compute_signature(
        BASE + DOOR, FormData(list(good))
    )
    for fields, signature in (
        (good, ""),
        (good, "AAAA"),
        (message("工资没发了"), right),
        (message("工资没发", from_="+8613900000009"), right),
        ([*good, ("Extra", "")], right),
    ):
        assert delivered(centre, fields, signature=signature).status_code == 403
    assert (kinds(centre), tickets(centre)) == ([], [])
    assert delivered(centre, good, signature=right).status_code == 200


def test_strange_messages_do_no_harm_and_what_was_said_is_kept(centre: Centre) -> None:
    assert delivered(centre, [("From", WORKER), ("Body", "没有编号")]).status_code == 400
    odd = [
        message("", sid="SM10"),
        message("？", sid="SM11"),
        message(
            "<script>alert(1)</script>{{7*7}}\u202e\u200b\x00工资", sid="SM12", Unknown="1", NumMedia="x"
        ),
        message("看图", sid="SM13", from_="anonymous", NumMedia="2", MediaUrl0="http://169.254.169.254/"),
        message("话费账单", sid="SM14", from_="10086"),
        message("套餐优惠", sid="SM15", from_="SHOP"),
        message("工" * 10_000, sid="SM16", from_="+8613900000001"),
        message("工资", sid="SM17", from_="sip:someone@example.invalid"),
    ]
    for fields in odd:
        assert delivered(centre, fields).status_code == 200
    centre.settle()
    assert kinds(centre) == [
        "help",
        "help",
        "received",
        "received",
        "dropped",
        "dropped",
        "received",
        "received",
    ]
    found = {each.text for each in tickets(centre)}
    assert "<script>alert(1)</script>{{7*7}}工资" in found
    assert "看图（随短信有2个彩信附件，未接收）" in found
    assert "工" * 10_000 in found
    with centre.services.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Caller)) == 3


@ON_SQLITE
def test_a_test_phone_texts_through_its_socket(centre: Centre) -> None:
    assert centre.programme.exchange is not None
    handset = _Handset.__new__(_Handset)
    told: list[Told] = []
    handset.exchange, handset.endpoint = centre.programme.exchange, Endpoint("", told.append)
    centre.line.call(lambda: handset.obey("text", {"from": WORKER, "to": "12351", "body": "三个月没发工资"}))
    centre.line.settle()
    assert [each["event"] for each in told] == ["plugged_in", "texted", "message"]
    for bad in (
        {"from": WORKER, "to": "12351", "body": " "},
        {"from": WORKER, "to": "12399", "body": "x"},
        "x",
    ):
        with pytest.raises(NotUnderstood):
            handset.obey("text", bad)


@ON_SQLITE
def test_counts_of_yesterday_are_forgotten_by_the_clock(centre: Centre) -> None:
    centre.phone(WORKER).texts("工资没发").texts("1123777777 123456").reads("不正确")
    assert counts(centre) == 4
    look_at_itself(centre.services)
    assert counts(centre) == 4
    centre.clock.ahead += timedelta(days=3)
    look_at_itself(centre.services)
    assert counts(centre) == 0


def test_four_deliveries_at_once_are_one_message(centre: Centre) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: delivered(centre, message("工资没发")), range(4)))
    assert {each.status_code for each in answers} == {200}
    assert (kinds(centre), len(tickets(centre))) == (["received"], 1)


def counts(centre: Centre) -> int:
    with centre.services.database.reading() as session:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (PublicUse, QueryTry)
        )


def receipt(centre: Centre, sid: str, state: str, **more: str) -> int:
    """Report what became of a message, signed as the carrier does; return the answer's status."""
    fields = [("MessageSid", sid), ("MessageStatus", state), *more.items()]
    return delivered(centre, fields, door="/messages/status").status_code


def sent_texts(centre: Centre) -> list[tuple[str, str, str, str | None]]:
    with centre.services.database.reading() as session:
        rows = session.scalars(select(SentText).order_by(SentText.at, SentText.sid)).all()
        return [(row.sid, row.purpose, row.state, row.error) for row in rows]


def test_a_receipt_is_kept_in_whatever_order_it_comes_and_never_moves_back(centre: Centre) -> None:
    centre.phone(WORKER).texts("三个月没发工资").reads("查询号")
    centre.line.settle()
    ((sid, purpose, state, _),) = sent_texts(centre)
    assert (purpose, state) == ("reply", "delivered"), "the sandbox reports as a carrier does"
    for late in ("sent", "undelivered", "failed", "nonsense", "delivered"):
        assert receipt(centre, sid, late) == 204
        assert [each[2] for each in sent_texts(centre)] == ["delivered"], late
    # One that comes before our own row is kept for it.
    assert receipt(centre, "SMearly", "sent") == 204
    assert ("SMearly", "", "sent", None) in sent_texts(centre)
    assert receipt(centre, "", "sent") == 400
    fields = [("MessageSid", sid), ("MessageStatus", "read")]
    assert delivered(centre, fields, door="/messages/status", signature="forged").status_code == 403
    assert [each[2] for each in sent_texts(centre) if each[0] == sid] == ["delivered"]


def test_a_message_that_did_not_arrive_is_told_to_the_desk_once(centre: Centre) -> None:
    now = centre.services.now()
    with centre.services.database.writing() as session:
        ticket = make_ticket(session, centre.world, **WAGES, secondary_categories=[])
        number, ticket_id = ticket.number, ticket.id
        # The report is quicker than the sender's own note.
        assert take_receipt(session, "SM9", "undelivered", error="30003", now=now)
        note_sent(session, "SM9", purpose="accepted", ticket_id=ticket_id, now=now)
    for state in ("failed", "undelivered", "sent"):
        receipt(centre, "SM9", state)
    with centre.services.database.reading() as session:
        (text,) = session.scalars(select(Notice.text).where(Notice.text.contains("没有送达"))).all()
        assert number in text
        events = session.scalars(select(Event).where(Event.kind == "TextNotDelivered")).all()
        assert [(each.ticket_id, each.payload) for each in events] == [(ticket_id, {"error": "30003"})]
        assert list(verify(session)) == []


@ON_SQLITE
def test_whoever_wants_no_messages_gets_none_until_he_wants_them_again(centre: Centre) -> None:
    phone = centre.phone(WORKER)
    phone.texts("退订").reads("已退订")
    world, services = centre.world, centre.services
    with services.database.writing() as session:
        ticket = make_ticket(session, world, **WAGES, secondary_categories=[])
        caller = session.scalars(select(Caller).where(Caller.ticket_id == ticket.id)).one()
        caller.phone, caller.phone_key = WORKER, phone_key(services.policy.secret, WORKER)
        caller_id = caller.id

    def wanted() -> bool:
        with services.database.reading() as session:
            found = compose(
                session,
                caller_id,
                messages=services.messages,
                outbound=services.outbound,
                policy=services.policy,
            )
            web = replies.compose(
                session,
                {"caller_id": caller_id},
                policy=services.policy,
                public=services.public,
                outbound=services.outbound,
            )
        assert (found is None) == (web is None)
        return found is not None

    assert not wanted()
    # His own question is answered all the same.
    phone.texts("帮助").reads("直接发送")
    phone.texts(" hf。").reads("已恢复")
    assert wanted()
    phone.texts("td")
    assert not wanted()
    assert kinds(centre) == ["quiet", "help", "resumed", "quiet"]
    assert len(tickets(centre)) == 1, "none of these words is a request"
