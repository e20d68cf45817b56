"""Files on tickets: who may send, know of and open them, on record, and damaged or foreign ones refused."""

from __future__ import annotations

import httpx
import pytest
from sqlalchemy import select

from agent_console.front_door import UPLOAD_LIMIT
from dispatch.actors import caller_of
from dispatch.attachments import FROM_CALLER, attach, attachments_of
from dispatch.errors import Invalid
from dispatch.models.attachments import Attachment
from dispatch.models.history import Event
from dispatch.models.tickets import Ticket
from dispatch.rules.files import take_in
from tests.builders import NOW
from tests.rules.test_files import picture
from tests.web.house import House
from tests.web.test_api_calls import as_role
from tests.web.test_api_tickets import commanded, created, dispatched


def send(browser: httpx.Client, number: str, content: bytes, name: str = "工资条.jpg") -> httpx.Response:
    return browser.post(f"/api/tickets/{number}/attachments", files={"file": (name, content, "text/html")})


def kinds(house: House) -> list[str]:
    with house.database.reading() as session:
        query = select(Event.kind).where(Event.kind.like("Attachment%")).order_by(Event.id)
        return list(session.scalars(query))


def test_evidence_goes_to_a_union_only_after_somebody_has_looked_at_it(house_on_each_engine: House) -> None:
    house = house_on_each_engine
    operator = house.browser("operator")
    number = dispatched(house, operator)["number"]
    union, other = house.browser("lixia"), house.browser("qingdao")
    path = f"/api/tickets/{number}/attachments"
    kept = send(operator, number, picture())
    assert kept.status_code == 201, kept.text
    key = kept.json()["key"]
    assert union.get(path).json() == []
    assert union.get(f"{path}/{key}").status_code == 404
    assert operator.post(f"{path}/{key}/release").json()["for_union"] is True
    shown = union.get(path).json()
    assert [each["key"] for each in shown] == [key]
    opened = union.get(f"{path}/{key}")
    assert opened.content == take_in("", picture()).content
    assert other.get(path).status_code == other.get(f"{path}/{key}").status_code == 404
    assert kinds(house) == ["AttachmentAdded", "AttachmentReleased", "AttachmentOpened"]


def test_a_file_is_given_out_as_nothing_but_a_file(house: House) -> None:
    operator = house.browser("operator")
    number = created(operator)["number"]
    key = send(operator, number, picture(), "工资条\r\nX: y.html").json()["key"]
    answer = operator.get(f"/api/tickets/{number}/attachments/{key}")
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E5%B7%A5")
    assert "\n" not in answer.headers["content-disposition"]
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" in answer.headers["content-security-policy"]
    # Whoever sent it in sees his own without a line on record.
    assert kinds(house) == ["AttachmentAdded"]


def test_what_a_union_adds_the_centre_sees_and_the_same_file_twice_is_one(house: House) -> None:
    number = dispatched(house, house.browser("operator"))["number"]
    union = house.browser("lixia")
    first, again = send(union, number, picture()), send(union, number, picture(), "other-name.jpg")
    assert first.json()["key"] == again.json()["key"]
    listed = house.browser("supervisor").get(f"/api/tickets/{number}/attachments").json()
    assert [(each["name"], each["for_union"]) for each in listed] == [("工资条.jpg", True)]


def test_a_foreign_key_and_an_invisible_ticket_are_not_found(house: House) -> None:
    operator = house.browser("operator")
    one, other = created(operator)["number"], created(operator)["number"]
    key = send(operator, one, picture()).json()["key"]
    assert operator.get(f"/api/tickets/{other}/attachments/{key}").status_code == 404
    assert operator.get(f"/api/tickets/{one}/attachments/guess").status_code == 404
    assert send(house.browser("lixia"), one, picture()).status_code == 404


def test_posts_that_read_masked_know_that_it_is_there_and_open_nothing(house: House) -> None:
    as_role(house, "dispatcher", "auditor")
    operator, auditor = house.browser("operator"), house.browser("dispatcher")
    number = created(operator)["number"]
    key = send(operator, number, picture()).json()["key"]
    (listed,) = auditor.get(f"/api/tickets/{number}/attachments").json()
    assert (listed["may_open"], listed["may_remove"]) == (False, False)
    assert auditor.get(f"/api/tickets/{number}/attachments/{key}").status_code == 403
    assert send(auditor, number, picture()).status_code == 403
    assert kinds(house) == ["AttachmentAdded"]


def test_a_file_that_does_not_belong_is_taken_away_and_that_it_was_there_stays(house: House) -> None:
    operator, leader = house.browser("operator"), house.browser("supervisor")
    number = created(operator)["number"]
    path = f"/api/tickets/{number}/attachments"
    key = send(operator, number, picture()).json()["key"]
    assert (
        house.browser("other-operator").post(f"{path}/{key}/remove", json={"reason": "x"}).status_code == 403
    )
    assert leader.post(f"{path}/{key}/remove", json={"reason": " "}).status_code == 422
    assert leader.post(f"{path}/{key}/remove", json={"reason": "误传"}).status_code == 204
    assert operator.get(path).json() == []
    assert operator.get(f"{path}/{key}").status_code == 404
    assert not list((house.services.data_dir / "attachments").rglob("*.sealed"))
    assert kinds(house) == ["AttachmentAdded", "AttachmentRemoved"]


def test_a_damaged_file_says_so(house: House) -> None:
    operator = house.browser("operator")
    number = created(operator)["number"]
    key = send(operator, number, picture()).json()["key"]
    (file,) = (house.services.data_dir / "attachments").rglob("*.sealed")
    sealed = bytearray(file.read_bytes())
    sealed[20] ^= 1
    file.write_bytes(sealed)
    answer = operator.get(f"/api/tickets/{number}/attachments/{key}")
    assert (answer.status_code, answer.json()["code"]) == (500, "file_damaged")


def test_refused_files_leave_nothing_behind(house: House) -> None:
    operator = house.browser("operator")
    number = created(operator)["number"]
    path = f"/api/tickets/{number}/attachments"
    assert send(operator, number, b"<svg/>").json()["fields"]["file"].startswith("只能上传")
    assert send(operator, number, bytes(UPLOAD_LIMIT + 1)).status_code == 413
    assert send(operator, number, b"%PDF-" + bytes(UPLOAD_LIMIT - 90_000)).status_code == 422
    assert operator.post(path).status_code == 422
    assert operator.post(path, json={"file": "x"}).status_code == 422
    voided = commanded(
        operator, operator.get(f"/api/tickets/{number}").json(), "void", reason_code="wrong_number"
    )
    assert send(operator, voided["number"], picture()).status_code == 409
    assert operator.get(path).json() == []
    assert not (house.services.data_dir / "attachments").exists()


def test_a_caller_sends_in_twenty_files_and_his_own_are_all_he_knows_of(house: House) -> None:
    operator = house.browser("operator")
    number = created(operator)["number"]
    send(operator, number, picture())
    vault = house.services.vault
    with house.database.writing() as session:
        found = session.scalars(select(Ticket).where(Ticket.number == number)).one()
        caller = caller_of(found.id)
        for count in range(FROM_CALLER):
            source = picture(size=(40, 10 + count))
            attach(session, caller, number, take_in("证据.jpg", source), source=source, vault=vault, now=NOW)
        with pytest.raises(Invalid, match="已满"):
            attach(session, caller, number, take_in("a.jpg", picture()), source=b"more", vault=vault, now=NOW)
        assert len(attachments_of(session, caller, number)) == FROM_CALLER
        # He wants to be known to the employer only by what the centre gives on.
        assert {row.for_union for row in session.scalars(select(Attachment))} == {False}


def test_a_file_whose_ticket_is_not_saved_does_not_stay(house: House) -> None:
    operator = house.browser("operator")
    number = created(operator)["number"]
    source = picture()

    def interrupted() -> None:
        taken, vault = take_in("a.jpg", source), house.services.vault
        with house.database.writing() as session:
            attach(session, house.actor("operator"), number, taken, source=source, vault=vault, now=NOW)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert not list((house.services.data_dir / "attachments").rglob("*.sealed"))
    assert operator.get(f"/api/tickets/{number}/attachments").json() == []
