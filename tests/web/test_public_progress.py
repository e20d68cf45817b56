"""The worker's page over HTTP: opened by two numbers, silent where it must be, and everything on record as the caller's."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime, timedelta
from typing import Any

import httpx
import pypdf
import pytest
from sqlalchemy import event, select, update

from dispatch.audit import verify
from dispatch.models.history import Event, Notice
from dispatch.models.tickets import Ticket
from hotline.public.models import ClaimRecord, OpenedTicket
from tests.rules.test_files import picture
from tests.web.house import House
from tests.web.strangers import number_and_code, words_of, wrong
from tests.web.test_api_tickets import commanded, created

PAGE = "/api/public/progress"


def at_the_union(house: House, **fields: Any) -> dict[str, Any]:
    """Return a ticket that Lixia has signed for."""
    operator, dispatcher, union = (house.browser(name) for name in ("operator", "dispatcher", "lixia"))
    ticket = commanded(operator, created(operator, **fields), "accept")
    ticket = commanded(dispatcher, ticket, "dispatch", union_id=house.world.union("370102"))
    people = {
        "handler_id": house.actor("lixia").user_id,
        "deputy_id": house.actor("lixia-deputy").user_id,
    }
    return commanded(union, ticket, "sign_for", **people)


def to_be_called_back(house: House) -> dict[str, Any]:
    union, supervisor = house.browser("lixia"), house.browser("supervisor")
    ticket = at_the_union(house)
    at = house.clock().isoformat()
    ticket = commanded(union, ticket, "record_first_contact", at=at, means="phone", outcome="reached")
    ticket = commanded(
        union,
        ticket,
        "report_result",
        true_claim=True,
        done="约谈单位",
        solved="solved",
        reply_text="单位已补发三个月工资，有疑问请打13977776666。",
    )
    return commanded(supervisor, ticket, "review", approved=True)


def opened(house: House, number: str) -> httpx.Client:
    stranger = house.browser()
    answer = stranger.post(PAGE, json=number_and_code(house, number))
    assert answer.status_code == 200, answer.text
    return stranger


def history(house: House, number: str) -> list[tuple[str, str, Any]]:
    with house.database.reading() as session:
        rows = session.scalars(
            select(Event).join(Ticket, Ticket.id == Event.ticket_id).where(Ticket.number == number)
        )
        return [(each.kind, each.actor_kind, each.personal) for each in rows]


def test_two_numbers_open_the_steps_of_a_case_and_nothing_of_it_is_in_an_address(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    ticket = at_the_union(house)
    stranger = house.browser()
    known = number_and_code(house, ticket["number"])
    answer = stranger.post(PAGE, json=known)
    page = answer.json()
    assert page["headline"] == "历下区总工会正在办理，预计11月30日前答复您"
    assert [step["text"] for step in page["steps"]] == [
        "12351收到了您的诉求",
        "您的诉求已受理",
        "已转历下区总工会办理，等待签收",
        "历下区总工会已签收，开始办理",
    ]
    assert page["commands"] == ["add_progress", "nudge", "withdraw"]
    cookie = answer.headers["set-cookie"]
    for mark in ("HttpOnly", "SameSite=strict", "Path=/api/public/progress", "Max-Age="):
        assert mark in cookie
    assert answer.headers["cache-control"] == "no-store"
    assert known["code"] not in cookie
    assert stranger.get(PAGE).json() == {**page, "server_time": page["server_time"]}
    # Typed as people type: full width, with gaps.
    wide = {"number": f"{known['number'][:4]} {known['number'][4:]}", "code": " ".join(known["code"])}
    assert house.browser().post(PAGE, json=wide).status_code == 200
    with house.database.reading() as session:
        assert known["code"] not in repr(session.scalars(select(OpenedTicket.token_sha256)).all())


def test_a_wrong_number_and_a_wrong_code_are_told_alike_and_cost_the_same(
    house_on_each_engine: House,
) -> None:
    house = house_on_each_engine
    ticket = at_the_union(house)
    known = number_and_code(house, ticket["number"])
    wrong_code = {**known, "code": wrong(known["code"])}
    wrong_number = {**known, "number": f"{known['number'][:4]}777777"}
    asked: list[str] = []
    engine = house.database.engine()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2].split("(")[0][:60]))

    def costs(given: dict[str, str]) -> tuple[str, list[str]]:
        asked.clear()
        answer = house.browser().post(PAGE, json=given)
        assert answer.status_code in (403, 429)
        # A connection's own upkeep depends on what it was used for before.
        return words_of(answer), [each for each in asked if not each.startswith("PRAGMA")]

    # The first of each writes rows that the later ones find.
    for _ in range(7):
        told = [costs(each) for each in (wrong_code, wrong_number)]
        assert told[0] == told[1]
        assert len(told[0][1]) > 3
    assert told[0][0].startswith("429")
    assert house.browser().post(PAGE, json=known).status_code == 429


def test_the_page_closes_by_itself_by_its_button_and_by_a_new_code(house: House) -> None:
    ticket = at_the_union(house)
    public = house.services.public
    used = opened(house, ticket["number"])
    for _ in range(3):
        house.clock.advance(public.open_for - timedelta(seconds=1))
        assert used.get(PAGE).status_code == 200
    house.clock.advance(public.open_for)
    gone = used.get(PAGE)
    assert (gone.status_code, gone.json()["code"]) == (401, "not_open")

    left = opened(house, ticket["number"])
    token = left.cookies["hotline_ticket"]
    assert left.delete(PAGE).status_code == 204
    stolen = house.browser()
    stolen.cookies.set("hotline_ticket", token, path=PAGE)
    assert stolen.get(PAGE).status_code == 401

    again = opened(house, ticket["number"])
    first = again.cookies["hotline_ticket"]
    assert again.post(PAGE, json=number_and_code(house, ticket["number"])).status_code == 200
    stolen.cookies.set("hotline_ticket", first, path=PAGE)
    assert stolen.get(PAGE).status_code == 401
    assert again.get(PAGE).status_code == 200

    renewed = opened(house, ticket["number"])
    with house.database.writing() as session:
        session.execute(update(Ticket).values(query_code_generation=Ticket.query_code_generation + 1))
    assert renewed.get(PAGE).status_code == 401
    assert house.browser().get(PAGE).status_code == 401
    for command in ("nudge", "claim_record"):
        assert house.browser().post(f"{PAGE}/{command}").status_code == 401


def test_a_sealed_ticket_is_silent_even_where_it_was_open_before(house: House) -> None:
    ticket = at_the_union(house)
    before = opened(house, ticket["number"])
    with house.database.writing() as session:
        session.execute(update(Ticket).values(sealed=True))
    assert before.get(PAGE).status_code == 401
    stranger = house.browser()
    answer = stranger.post(PAGE, json=number_and_code(house, ticket["number"]))
    page = answer.json()
    spoken = {name: value for name, value in page.items() if name not in ("number", "sealed", "server_time")}
    assert (page["sealed"], [value for value in spoken.values() if value]) == (True, [])
    assert "set-cookie" not in answer.headers
    assert stranger.post(f"{PAGE}/nudge").status_code == 401


def test_what_a_caller_does_is_in_the_history_as_his_own(house: House) -> None:
    ticket = at_the_union(house)
    stranger, union = opened(house, ticket["number"]), house.browser("lixia")
    assert stranger.post(f"{PAGE}/nudge").json()["ticket"]["nudged_today"]
    assert stranger.post(f"{PAGE}/nudge").status_code == 200
    note = stranger.post(f"{PAGE}/add_progress", json={"text": "<b>老板\u202e昨天</b>又说下月发 {{x}}"})
    assert note.json()["ticket"]["steps"][-1]["text"] == "您补充了情况"
    now = union.get(f"/api/tickets/{ticket['number']}").json()
    due = (house.clock() + timedelta(days=2)).isoformat()
    commanded(union, now, "await_caller", missing="工资条和考勤，打13977776666", due_at=due)
    waiting = stranger.get(PAGE).json()
    assert waiting["headline"] == "历下区总工会在等您补充材料"
    assert waiting["steps"][-1]["detail"] == "工资条和考勤，打139****6666"
    stranger.post(f"{PAGE}/add_progress", json={"text": "工资条已交"})
    assert stranger.get(PAGE).json()["headline"].startswith("历下区总工会正在办理")
    gone = stranger.post(f"{PAGE}/withdraw", json={"reason": "已经发了"}).json()["ticket"]
    assert (gone["headline"], gone["commands"]) == ("已撤回", [])
    refused = stranger.post(f"{PAGE}/add_progress", json={"text": "再说一句"})
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
    told = history(house, ticket["number"])
    his = [(kind, personal) for kind, actor, personal in told if actor == "caller"]
    assert his == [
        ("TicketNudged", None),
        ("ProgressAdded", {"text": "诉求人网上补充：<b>老板昨天</b>又说下月发 {{x}}"}),
        ("ProgressAdded", {"text": "诉求人网上补充：工资条已交"}),
        ("TicketResumed", {"reason": "诉求人已补充"}),
        ("TicketWithdrawn", {"reason": "诉求人在网上撤回：已经发了"}),
    ]
    with house.database.reading() as session:
        assert list(verify(session)) == []
        notices = session.scalars(select(Notice).where(Notice.kind == "caller_added")).all()
        assert [each.user_id for each in notices] == [house.actor("lixia").user_id] * 2


def test_evidence_is_told_by_its_content_and_ends_a_wait(house: House) -> None:
    ticket = at_the_union(house)
    stranger, union = opened(house, ticket["number"]), house.browser("lixia")
    due = (house.clock() + timedelta(days=2)).isoformat()
    commanded(union, ticket, "await_caller", missing="工资条", due_at=due)
    path = f"{PAGE}/attachments"

    def sends(name: str, content: bytes) -> httpx.Response:
        return stranger.post(path, files={"file": (name, content, "image/jpeg")})

    for name, content in (
        ("a.jpg", b"<html><script>alert(1)</script>"),
        ("b.svg", b"<svg onload='x()'/>"),
        ("c.jpg", b""),
        ("d.jpg", b"\xff\xd8\xff" + b"x" * 100),
    ):
        refused = sends(name, content)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["file"]), name
    assert stranger.get(PAGE).json()["state"] == "awaiting_caller"
    kept = sends("../工资条\r\nX: y.jpg", picture())
    assert kept.status_code == 201
    assert "/" not in kept.json()["name"]
    assert sends("again.jpg", picture()).json() == kept.json()
    assert stranger.get(path).json() == [kept.json()]
    page = stranger.get(PAGE).json()
    assert (page["state"], page["steps"][-2]["text"]) == ("in_progress", "您提交了一份材料")
    # What shows a worker's face goes to a union only with his name, or when the centre has looked at it.
    at_the_desk = f"/api/tickets/{ticket['number']}/attachments"
    assert len(house.browser("supervisor").get(at_the_desk).json()) == 1
    assert union.get(at_the_desk).json() == []
    assert house.browser().get(path).status_code == 401
    assert house.browser().post(path, files={"file": ("x.jpg", picture())}).status_code == 401


def test_a_good_rating_closes_the_case_and_the_answer_is_shown_with_numbers_masked(house: House) -> None:
    ticket = to_be_called_back(house)
    stranger = opened(house, ticket["number"])
    page = stranger.get(PAGE).json()
    assert page["reply"] == "单位已补发三个月工资，有疑问请打139****6666。"
    assert page["commands"] == ["add_progress", "nudge", "record_callback", "withdraw", "reopen"]
    rated = stranger.post(f"{PAGE}/record_callback", json={"solved": "solved", "satisfied": "satisfied"})
    assert (rated.json()["called_first"], rated.json()["ticket"]["state"]) == (False, "closed")
    seen = house.browser("supervisor").get(f"/api/tickets/{ticket['number']}").json()
    assert (seen["state"], seen["outcome"]) == ("closed", "solved")
    again = stranger.post(f"{PAGE}/record_callback", json={"solved": "solved", "satisfied": "satisfied"})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("record_callback", {"solved": "unsolved", "satisfied": "dissatisfied", "text": "一分没有"}),
        ("record_callback", {"solved": "solved", "satisfied": "satisfied", "money_received": False}),
        ("reopen", {"reason": "钱没到账"}),
    ],
)
def test_what_is_not_solved_closes_nothing_and_a_person_calls(
    house: House, path: str, given: dict[str, Any]
) -> None:
    ticket = to_be_called_back(house)
    stranger = opened(house, ticket["number"])
    done = stranger.post(f"{PAGE}/{path}", json=given).json()
    assert (done["called_first"], done["ticket"]["state"]) == (True, "pending_callback")
    with house.database.reading() as session:
        notice = session.scalars(select(Notice).where(Notice.kind == "callback")).one()
        assert notice.role == "callback_operator"


def test_who_disagrees_with_an_answer_has_it_taken_up_again(house: House) -> None:
    operator = house.browser("operator")
    ticket = commanded(operator, created(operator), "direct_answer", answer="请申请仲裁", knowledge_id="k1")
    stranger = opened(house, ticket["number"])
    assert stranger.get(PAGE).json()["steps"][-1] == {
        **stranger.get(PAGE).json()["steps"][-1],
        "text": "已直接答复您",
        "detail": "请申请仲裁",
    }
    done = stranger.post(f"{PAGE}/reopen", json={"reason": "已经仲裁过，单位不执行"}).json()
    assert (done["called_first"], done["ticket"]["state"]) == (False, "pending_dispatch")


def test_a_claim_record_is_dated_names_nobody_and_answers_for_itself(house: House) -> None:
    ticket = at_the_union(house, text="我叫鲲鹏，电话13977776666，<script>三个月没发工资")
    stranger = opened(house, ticket["number"])
    answer = stranger.post(f"{PAGE}/claim_record")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"].startswith('attachment; filename="12351-')
    assert answer.headers["cache-control"] == "no-store"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    words = "".join(page.extract_text() for page in pages)
    for expected in ("139****6666", "<script>三个月没发工资", "历下区总工会已签收", "2026-11-23 10:00"):
        assert expected in words
    assert "13977776666" not in words
    assert "13800000001" not in words
    code = words.split("核验码")[1].split()[0]
    checked = house.browser().post("/api/public/claim_records/check", json={"code": code.lower()}).json()
    assert checked == {
        "number": number_and_code(house, ticket["number"])["number"],
        "issued_at": checked["issued_at"],
        "state_label": "办理中",
        "steps": 4,
        "sha256": hashlib.sha256(answer.content).hexdigest(),
        "intact": True,
    }
    assert datetime.fromisoformat(checked["issued_at"]) == house.clock()
    nobody = house.browser().post("/api/public/claim_records/check", json={"code": "ABCDEFGHJKMNPQRS"})
    assert nobody.status_code == 404
    with house.database.reading() as session:
        assert "ClaimRecordIssued" in [kind for kind, *_ in history(house, ticket["number"])]
        assert code.replace("-", "") not in session.scalars(select(ClaimRecord.code_sha256)).one()
    with house.database.writing() as session:
        session.execute(update(Event).where(Event.seq == 4).values(hash="0" * 64))
    changed = house.browser().post("/api/public/claim_records/check", json={"code": code}).json()
    assert changed["intact"] is False


def test_floods_meet_an_upper_end_that_time_moves(house: House) -> None:
    ticket = at_the_union(house)
    limits = house.services.public.limits
    known = number_and_code(house, ticket["number"])
    stranger = house.browser()
    answers = [stranger.post(PAGE, json=known) for _ in range(limits["opens_per_address_an_hour"] + 3)]
    refused = [each for each in answers if each.status_code == 429]
    assert [each.json()["code"] for each in refused] == ["too_many"] * 3
    assert int(refused[0].headers["retry-after"]) <= 3600
    house.clock.advance(timedelta(hours=1))
    assert stranger.post(PAGE, json=known).status_code == 200
    notes = limits["notes_per_ticket_a_day"]
    told = [
        stranger.post(f"{PAGE}/add_progress", json={"text": f"第{n}条"}).status_code for n in range(notes + 1)
    ]
    assert told == [*[200] * notes, 429]
    house.clock.advance(timedelta(days=1))
    stranger = opened(house, ticket["number"])
    assert stranger.post(f"{PAGE}/add_progress", json={"text": "又一天"}).status_code == 200
