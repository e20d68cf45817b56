"""The web form over HTTP: kept, sent once, answered once; and what strangers, robots and floods get instead."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from dispatch.audit import verify
from dispatch.models.attachments import Attachment
from dispatch.models.history import Notice, Outbox
from dispatch.models.tickets import Caller, Ticket
from dispatch.rules.files import take_in
from dispatch.vault import FileDamaged
from hotline.public import replies
from hotline.public.keeping import forget_old
from hotline.public.models import RequestDraft, RequestFile
from tests.rules.test_files import picture
from tests.web.house import House
from tests.web.strangers import FORM, filled_in, sent, ticket_of
from tests.web.test_api_tickets import commanded

DRAFT = "/api/public/request"
SEND = f"{DRAFT}/send"


def texts(house: House) -> list[str]:
    """Return what would be sent now."""
    services = house.services
    with house.database.reading() as session:
        rows = session.scalars(select(Outbox).where(Outbox.kind == "send_public_text").order_by(Outbox.id))
        found = [
            replies.compose(
                session,
                row.payload,
                policy=services.policy,
                public=services.public,
                outbound=services.outbound,
            )
            for row in rows
        ]
    return [each.body for each in found if each is not None]


def count_of(house: House, table: type) -> int:
    with house.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_form_becomes_a_draft_for_an_operator_and_its_answer_is_shown_once(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    stranger = house.browser()
    answer = sent(house, stranger)
    assert (answer["texted"], answer["crisis"], answer["sealed"]) == (True, False, False)
    (text,) = texts(house)
    assert answer["number"] in text
    assert answer["code"] in text
    for leak in ("13800000001", "测试诉求人", "建筑", "工资"):
        assert leak not in text
    # Sent again after a lost answer: the same, and no second ticket.
    again = stranger.post(SEND, json={"version": 1}).json()
    assert (again["number"], again["code"]) == (answer["number"], answer["code"])
    assert count_of(house, Ticket) == 1
    # Its page is open in this browser, and only there.
    assert stranger.get(DRAFT).status_code == 401
    page = stranger.get("/api/public/progress").json()
    assert page["headline"] == "12351已收到，等待话务员受理"
    assert page["commands"] == ["add_progress", "withdraw"]
    assert house.browser().get("/api/public/progress").status_code == 401
    # The words stand in the ticket alone, where an operator takes them up.
    with house.database.reading() as session:
        draft = session.scalars(select(RequestDraft)).one()
        assert draft.content == {}
        assert list(verify(session)) == []
    operator = house.browser("operator")
    ticket = operator.get(f"/api/tickets/{ticket_of(house, answer['number'])}").json()
    assert (ticket["channel"], ticket["category"], ticket["urgency"]) == ("web", "wage_arrears", "P1")
    assert ticket["employers"][0]["name"] == "济南某建筑公司"
    assert commanded(operator, ticket, "accept")["state"] == "pending_dispatch"
    house.clock.advance(house.services.public.answer_kept)
    assert stranger.post(SEND, json={"version": 1}).status_code == 401


def test_sent_four_times_at_once_it_is_one_request(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    stranger = house.browser()
    version = filled_in(stranger)
    house.clock.advance(timedelta(seconds=5))
    cookies = dict(stranger.cookies)

    def send(_: int) -> httpx.Response:
        with httpx.Client(base_url=house.url, cookies=cookies, timeout=60) as tab:
            return tab.post(SEND, json={"version": version})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["code"] for each in answers}) == 1
    assert count_of(house, Ticket) == 1
    assert len(texts(house)) == 1


def test_a_draft_follows_its_browser_and_two_tabs_do_not_overwrite_each_other(house: House) -> None:
    stranger = house.browser()
    begun = stranger.post(DRAFT, json={"form": {"text": "老板拖欠工资"}})
    cookie = begun.headers["set-cookie"]
    for mark in ("HttpOnly", "SameSite=strict", "Path=/api/public/request"):
        assert mark in cookie
    assert [each["code"] for each in begun.json()["suggestions"]] == ["wage_arrears"]
    form = {**begun.json()["form"], "wish": "要回工资"}
    saved = stranger.put(DRAFT, json={"version": 1, "form": form})
    assert saved.json()["version"] == 2
    late = stranger.put(DRAFT, json={"version": 1, "form": form})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert stranger.get(DRAFT).json()["form"]["wish"] == "要回工资"
    assert house.browser().get(DRAFT).status_code == 401
    assert stranger.delete(DRAFT).status_code == 204
    assert stranger.get(DRAFT).status_code == 401
    filled_in(stranger)
    house.clock.advance(house.services.public.draft_kept)
    assert stranger.get(DRAFT).status_code == 401
    with house.database.writing() as session:
        forget_old(session, vault=house.services.vault, now=house.clock())
    assert count_of(house, RequestDraft) == 0


def test_evidence_waits_with_its_draft_and_goes_onto_the_ticket_even_of_a_sealed_matter(
    house: House,
) -> None:
    stranger, vault = house.browser(), house.services.vault
    version = filled_in(stranger, category="sexual_harassment")

    def sends(browser: httpx.Client, content: bytes, name: str = "聊天.jpg") -> httpx.Response:
        return browser.post(f"{DRAFT}/attachments", files={"file": (name, content, "image/jpeg")})

    first = sends(stranger, picture())
    assert first.status_code == 201, first.text
    assert sends(stranger, picture(), "again.jpg").json() == first.json()
    second = sends(stranger, picture(size=(30, 40)), "工牌.jpg").json()
    assert {each["name"] for each in stranger.get(DRAFT).json()["files"]} == {"聊天.jpg", "工牌.jpg"}
    assert sends(stranger, b"<svg onload='x()'/>", "x.svg").status_code == 422
    assert sends(house.browser(), picture()).status_code == 401
    other = house.browser()
    filled_in(other)
    assert other.delete(f"{DRAFT}/attachments/{second['key']}").status_code == 404
    assert stranger.delete(f"{DRAFT}/attachments/{second['key']}").status_code == 204
    with pytest.raises(FileDamaged):
        vault.get(second["key"])
    house.clock.advance(timedelta(seconds=5))
    told = stranger.post(SEND, json={"version": version}).json()
    assert told["sealed"] is True
    with house.database.reading() as session:
        row = session.scalars(select(Attachment)).one()
        assert (row.key, row.name, row.by_kind) == (first.json()["key"], "聊天.jpg", "caller")
        key = row.key
        assert session.scalars(select(RequestFile)).all() == []
        assert list(verify(session)) == []
    assert vault.get(key) == take_in("", picture()).content
    # What was never sent goes with its draft.
    left = sends(other, picture()).json()["key"]
    assert vault.get(left)
    house.clock.advance(house.services.public.draft_kept)
    with house.database.writing() as swept:
        forget_old(swept, vault=vault, now=house.clock())
    with pytest.raises(FileDamaged):
        vault.get(left)
    assert vault.get(key)


def test_what_is_missing_is_named_and_nothing_is_lost(house: House) -> None:
    stranger = house.browser()
    version = filled_in(stranger, **dict.fromkeys(("text", "wish", "phone"), " "), notice_read=False)
    house.clock.advance(timedelta(seconds=10))
    refused = stranger.post(SEND, json={"version": version})
    assert refused.status_code == 422
    assert set(refused.json()["fields"]) == {"text", "wish", "phone", "notice_read"}
    assert stranger.get(DRAFT).json()["form"]["employer"] == "济南某建筑公司"
    assert count_of(house, Ticket) == 0


@pytest.mark.parametrize(
    ("fields", "callers", "mode"),
    [
        ({"confidentiality": "anonymous"}, [], "anonymous"),
        ({"contact_mode": "anonymous"}, [], "anonymous"),
        ({"contact_mode": "query_code"}, [("测试诉求人", None)], "query_code"),
        (
            {"representatives": [{"name": "代表一", "phone": "13800000002"}]},
            [("测试诉求人", "+8613800000001"), ("代表一", "+8613800000002")],
            "phone",
        ),
    ],
)
def test_who_wants_to_stay_unknown_leaves_no_name(
    house: House, fields: dict[str, Any], callers: list[tuple[str, str | None]], mode: str
) -> None:
    answer = sent(house, house.browser(), **fields)
    assert answer["texted"] == (mode == "phone")
    with house.database.reading() as session:
        found = [(each.name, each.phone) for each in session.scalars(select(Caller).order_by(Caller.ordinal))]
        assert found == callers
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.contact_mode == mode
        if mode == "anonymous":
            assert (ticket.confidentiality, ticket.disclosure, ticket.callback_wanted) == (
                "anonymous",
                "none",
                False,
            )


def test_a_sealed_matter_opens_no_page_and_sends_no_message(house: House) -> None:
    stranger = house.browser()
    answer = sent(house, stranger, category="sexual_harassment")
    assert (answer["sealed"], answer["texted"]) == (True, False)
    assert texts(house) == []
    assert stranger.get("/api/public/progress").status_code == 401
    given = {"number": answer["number"], "code": answer["code"]}
    assert stranger.post("/api/public/progress", json=given).json()["sealed"] is True


def test_words_of_despair_show_help_while_they_are_written_and_alarm_people_when_they_are_sent(
    house: House,
) -> None:
    stranger = house.browser()
    assert stranger.post(DRAFT, json={"form": {"text": "欠薪半年，我不想活了"}}).json()["crisis"]
    assert sent(house, stranger, text="欠薪半年，我不想活了")["crisis"]
    with house.database.reading() as session:
        alarms = session.scalars(select(Notice.role).where(Notice.kind == "alarm")).all()
    assert alarms == ["supervisor", "counsellor"]


def test_robots_floods_and_second_thoughts_of_a_carrier_meet_an_upper_end(house: House) -> None:
    stranger, limits = house.browser(), house.services.public.limits
    version = filled_in(stranger)
    too_fast = stranger.post(SEND, json={"version": version})
    assert (too_fast.status_code, too_fast.json()["code"]) == (429, "too_fast")
    house.clock.advance(timedelta(seconds=5))
    robot = stranger.post(SEND, json={"version": version, "website": "https://example.invalid"})
    assert (robot.status_code, list(robot.json()["fields"])) == (422, ["website"])
    assert count_of(house, Ticket) == 0
    of_one_phone = limits["requests_per_phone_a_day"]
    for _ in range(of_one_phone):
        sent(house, house.browser())
    late = house.browser()
    version = filled_in(late)
    house.clock.advance(timedelta(seconds=5))
    refused = late.post(SEND, json={"version": version})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    # What was written is still there, for tomorrow or to be read out on the telephone.
    assert late.get(DRAFT).json()["form"]["text"] == FORM["text"]
    sent(house, house.browser(), phone="13800000009")
    for _ in range(limits["requests_per_address_a_day"] - of_one_phone - 1):
        sent(house, house.browser(), contact_mode="anonymous")
    other = house.browser()
    version = filled_in(other, contact_mode="anonymous")
    house.clock.advance(timedelta(seconds=5))
    assert other.post(SEND, json={"version": version}).status_code == 429
    house.clock.advance(timedelta(days=1))
    assert other.post(SEND, json={"version": version}).status_code == 200
    assert count_of(house, Ticket) == limits["requests_per_address_a_day"] + 1


BAD: list[tuple[str, Any, int]] = [
    ("script", {"text": "<script>alert(1)</script><svg onload=x>{{7*7}}"}, 201),
    ("zero width", {"text": "工\u200b资\u202e没发"}, 201),
    ("too long", {"text": "工" * 20_001}, 422),
    ("NUL", {"text": "工资\x00"}, 422),
    ("NUL in a phone", {"phone": "138\x00"}, 422),
    ("unknown field", {"role": "supervisor"}, 422),
    ("unknown choice", {"confidentiality": "public"}, 422),
    ("huge number", {"headcount": 10**30}, 422),
    ("too many people", {"representatives": [{}] * 5}, 422),
    ("wrong type", {"text": {"$ne": 1}}, 422),
]


def test_bad_input_is_refused_with_a_reason_or_kept_as_words(house: House) -> None:
    stranger = house.browser()
    for what, fields, status in BAD:
        answer = stranger.post(DRAFT, json={"form": fields})
        assert answer.status_code == status, what
    for content, status in ((b"{", 422), (b"[]", 422), (b"x" * 1_000_001, 413)):
        headers = {"content-type": "application/json"}
        assert stranger.post(DRAFT, content=content, headers=headers).status_code == status
    assert (
        stranger.post(DRAFT, json={"form": {}}, headers={"Origin": "https://example.invalid"}).status_code
        == 403
    )
    made = sent(
        house, stranger, text="<script>alert(1)</script>\u202e工\u200b资没发", wish="\u200b要\r\n工资"
    )
    with house.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.text, ticket.wish) == ("<script>alert(1)</script>工资没发", "要\n工资")
    for fields in (
        {"category": "no_such"},
        {"region_code": "999999"},
        {"employer_uscc": "91370000000000000X"},
    ):
        version = filled_in(stranger, **fields)
        house.clock.advance(timedelta(seconds=5))
        refused = stranger.post(SEND, json={"version": version})
        assert refused.status_code == 422, fields
    assert made["number"]


def test_the_form_offers_categories_and_places_to_anybody(house: House) -> None:
    stranger: httpx.Client = house.browser()
    choices = stranger.get("/api/public/choices").json()
    codes = {each["code"] for each in choices["categories"]}
    assert "wage_arrears" in codes
    assert not codes & {"void_call", "crisis", "mass_incident"}
    provinces = {each["code"] for each in stranger.get("/api/public/regions").json()}
    assert choices["province"] in provinces
    assert {"3701", "3702"} <= {each["code"] for each in stranger.get("/api/public/regions?parent=37").json()}
