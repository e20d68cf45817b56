"""Callers, operators and what goes wrong between them: stories at virtual time, on both engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import func, select
from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

from dispatch.database import Database
from dispatch.errors import NotFound
from hotline.calls.models import Call, StatusReport, Turn
from hotline.carriers.sandbox.faults import Fault
from hotline.line import offers
from hotline.line.models import Offer
from hotline.line.presence import State
from tests.calls.centre import BASE, Centre, open_centre
from tests.phone import Phone


@pytest.fixture
def centre(database: Database, tmp_path: Path) -> Iterator[Centre]:
    with open_centre(database, tmp_path) as opened:
        yield opened


def accept(centre: Centre, name: str) -> None:
    """Take the offer that rings at this operator."""
    offer = centre.offer_at(name)
    assert offer is not None
    with centre.services.database.writing() as session:
        offers.accept(
            session,
            offer.id,
            user_id=centre.world.actor(name).user_id or 0,
            now=centre.services.now(),
        )
    centre.line.settle()


def hang_up(centre: Centre, name: str) -> None:
    """Put this operator's telephone down by the console's button."""
    browser = centre.browser(name)
    sid = browser.get("/api/presence").json()["call_sid"]
    assert browser.post(f"/api/calls/{sid}/hang_up").status_code == 200
    centre.line.settle()


def test_a_caller_reaches_an_operator_and_rates_the_service(centre: Centre) -> None:
    desk = centre.seat("supervisor")
    caller = centre.phone()
    caller.dial().hears("按9").presses("0").hears("正在为您转接")
    accept(centre, "supervisor")
    caller.is_in_conference()
    desk.is_in_conference()
    assert centre.state_of("supervisor") == State.TALKING
    hang_up(centre, "supervisor")
    caller.hears("请为本次服务打分").presses("1").hears("再见").was_hung_up()
    assert centre.state_of("supervisor") == State.WRAP_UP
    assert [call.outcome for call in centre.calls()] == ["conversation"]
    centre.all_is_settled()


def talking(centre: Centre) -> tuple[Phone, Phone]:
    """Let a caller and an operator talk; return both telephones."""
    desk, caller = centre.seat("supervisor"), centre.phone()
    caller.dial().hears("按9").presses("0").hears("正在为您转接")
    accept(centre, "supervisor")
    caller.is_in_conference()
    desk.is_in_conference()
    return desk, caller


def test_an_operator_who_falls_out_is_rung_back_and_the_two_talk_on(centre: Centre) -> None:
    desk, caller = talking(centre)
    # A reloaded page: the telephone is gone without a word, and is there again a moment later.
    desk.hangs_up()
    caller.is_on_hold()
    assert [call.conversation_state for call in centre.calls()] == ["connected"]
    centre.pass_time(1)
    centre.line.settle()
    desk.is_in_conference()
    caller.is_off_hold()
    desk.says("刚才断了一下，您请继续")
    caller.hears("您请继续")
    assert centre.state_of("supervisor") == State.TALKING
    hang_up(centre, "supervisor")
    caller.hears("请为本次服务打分").presses("1").was_hung_up()
    assert centre.state_of("supervisor") == State.WRAP_UP
    centre.all_is_settled()


def test_an_operator_who_does_not_come_back_keeps_nobody_waiting(centre: Centre) -> None:
    desk, caller = talking(centre)
    desk.lets_it_ring().hangs_up()
    caller.is_on_hold()
    # Refused, as by a browser that is not there yet: tried again.
    for rung in (2, 3):
        centre.pass_time(1)
        desk.listens(until=partial(has_rung, desk, rung)).declines()
        caller.waits(1)
    assert rings_of(desk) == 3
    assert [call.conversation_state for call in centre.calls()] == ["connected"]
    centre.pass_time(15)
    caller.hears("请为本次服务打分").presses("1").was_hung_up()
    assert centre.state_of("supervisor") == State.WRAP_UP
    centre.all_is_settled()


def rings_of(desk: Phone) -> int:
    return sum(event["event"] == "ringing" for event in desk.events)


def has_rung(desk: Phone, times: int) -> bool:
    return rings_of(desk) == times


def test_a_caller_need_not_wait_for_an_operator_who_hangs_up_while_being_rung_back(centre: Centre) -> None:
    desk, caller = talking(centre)
    desk.hangs_up()
    hang_up(centre, "supervisor")
    caller.hears("请为本次服务打分").presses("1").was_hung_up()
    centre.pass_time(1)
    assert centre.state_of("supervisor") == State.WRAP_UP
    centre.all_is_settled()


def test_who_hangs_up_in_the_line_is_owed_a_call_once_a_day(centre: Centre) -> None:
    for _ in range(2):
        centre.seat("supervisor")
        centre.phone().dial().presses("0").hears("正在为您转接").hangs_up()
        centre.line.settle()
    assert [call.outcome for call in centre.calls()] == ["abandoned", "abandoned"]
    assert [(task.reason, task.state) for task in centre.return_calls()] == [("abandoned", "due")]
    centre.all_is_settled()


@pytest.mark.parametrize("keys", ["", "1", "11", "0"])
def test_hanging_up_anywhere_leaves_a_recorded_reason_and_a_task(centre: Centre, keys: str) -> None:
    caller = centre.phone().dial().hears("12351")
    for key in keys:
        caller.presses(key)
    caller.hangs_up()
    centre.line.settle()
    (call,) = centre.calls()
    assert call.outcome in ("missed", "abandoned")
    assert [task.state for task in centre.return_calls()] == ["due"]
    centre.all_is_settled()


def test_a_message_opens_one_draft_however_often_the_carrier_repeats_itself(centre: Centre) -> None:
    assert centre.programme.exchange is not None
    centre.programme.exchange.faults.add(Fault("repeat", path="/voice/turns", copies=3, times=100))
    caller = centre.phone().dial().presses("1").presses("1").hears("没有话务员").presses("3")
    caller.hears("请在提示音后").leaves_message("三个月没发工资", 9).hears("已经收到").was_hung_up()
    (call,) = centre.calls()
    assert call.outcome == "voicemail"
    assert centre.tickets_of(call) == 1
    assert [task.reason for task in centre.return_calls()] == ["voicemail"]
    centre.all_is_settled()


def test_a_return_call_is_booked_by_key_and_keeps_the_place(centre: Centre) -> None:
    centre.seat("supervisor")
    centre.phone("+8613800000009").dial().presses("0").hears("正在为您转接")
    accept(centre, "supervisor")
    caller = centre.phone("+8613800000008").dial().presses("0").hears("您是下一位").presses("2")
    caller.hears("已为您登记").was_hung_up()
    (task,) = [each for each in centre.return_calls() if each.phone == "+8613800000008"]
    assert task.reason == "requested"
    assert task.place_at is not None


def test_nobody_takes_the_ring_and_the_caller_keeps_the_time_he_came(centre: Centre) -> None:
    centre.seat("supervisor")
    caller = centre.phone().dial().presses("0").hears("正在为您转接")
    first = centre.offer_at("supervisor")
    assert first is not None
    centre.pass_time(21)
    second = centre.offer_at("supervisor")
    assert second is not None
    assert second.id != first.id
    centre.pass_time(21)
    assert centre.state_of("supervisor") == State.UNREACHABLE
    assert centre.offer_at("supervisor") is None
    caller.hangs_up()
    centre.line.settle()
    centre.all_is_settled()


def test_two_operators_cannot_take_one_call(centre: Centre) -> None:
    centre.seat("supervisor")
    caller = centre.phone().dial().presses("0").hears("正在为您转接")
    offer = centre.offer_at("supervisor")
    assert offer is not None
    stranger = centre.world.actor("operator").user_id or 0
    with centre.services.database.writing() as session, pytest.raises(NotFound):
        offers.accept(session, offer.id, user_id=stranger, now=centre.services.now())
    accept(centre, "supervisor")
    caller.is_in_conference()
    with centre.services.database.reading() as session:
        taken = session.scalar(select(func.count()).select_from(Offer).where(Offer.state == "connected"))
    assert taken == 1
    caller.hangs_up()
    centre.line.settle()
    assert centre.state_of("supervisor") == State.WRAP_UP
    centre.all_is_settled()


# The carrier's doors, attacked


def post(
    centre: Centre,
    path: str,
    form: Mapping[str, str] | Sequence[tuple[str, str]],
    *,
    signature: str | None = None,
) -> httpx.Response:
    """Send a webhook; signed as the carrier would unless a signature is given."""
    pairs = list(form.items()) if isinstance(form, Mapping) else list(form)
    if signature is None:
        validator = RequestValidator(centre.services.webhook_secret)
        signature = validator.compute_signature(
            BASE + path, FormData([(name, value) for name, value in pairs])
        )
    headers = {
        b"X-Twilio-Signature": signature.encode(),
        b"Content-Type": b"application/x-www-form-urlencoded",
    }
    body = urlencode(pairs).encode()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(centre.programme.app), base_url=BASE)

    async def send() -> httpx.Response:
        async with client:
            return await client.post(path, content=body, headers=headers)

    return centre.line.portal.call(send)


INCOMING = {"CallSid": "CA" + "1" * 32, "From": "+8613800000001", "To": "12351", "CallStatus": "ringing"}


def rows(centre: Centre) -> int:
    with centre.services.database.reading() as session:
        return sum(
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Call, Turn, StatusReport)
        )


@pytest.mark.parametrize(
    "path",
    ["/voice/incoming", "/voice/status", "/voice/turns/1", "/voice/conference", "/voice/warnings/1"],
)
@pytest.mark.parametrize("signature", ["", "AAAA", "é"])
def test_a_forged_webhook_is_refused_and_writes_nothing(centre: Centre, path: str, signature: str) -> None:
    answer = post(centre, path, INCOMING, signature=signature)
    assert answer.status_code == 403
    assert rows(centre) == 0


def test_a_changed_field_breaks_the_signature(centre: Centre) -> None:
    validator = RequestValidator(centre.services.webhook_secret)
    signature = validator.compute_signature(f"{BASE}/voice/incoming", INCOMING)
    for changed in ({"From": "+8613800000002"}, {"Extra": ""}, {"CallSid": "CA2"}):
        assert (
            post(centre, "/voice/incoming", {**INCOMING, **changed}, signature=signature).status_code == 403
        )
    assert rows(centre) == 0


def test_a_body_is_nobodys_word_when_its_digest_in_the_address_is_not_its_own(centre: Centre) -> None:
    body = urlencode(INCOMING).encode()
    validator = RequestValidator(centre.services.webhook_secret)

    def ask(digest: str) -> int:
        path = f"/voice/incoming?bodySHA256={digest}"
        headers = {
            b"X-Twilio-Signature": validator.compute_signature(BASE + path, {}).encode(),
            b"Content-Type": b"application/x-www-form-urlencoded",
        }
        client = httpx.AsyncClient(transport=httpx.ASGITransport(centre.programme.app), base_url=BASE)

        async def send() -> httpx.Response:
            async with client:
                return await client.post(path, content=body, headers=headers)

        return centre.line.portal.call(send).status_code

    assert ask(sha256(b"another").hexdigest()) == 403
    assert rows(centre) == 0
    assert ask(sha256(body).hexdigest()) == 200


def test_unknown_blank_and_repeated_fields_are_signed_and_tolerated(centre: Centre) -> None:
    form = [*INCOMING.items(), ("NewThing", "x"), ("Blank", ""), ("Twice", "1"), ("Twice", "2")]
    answer = post(centre, "/voice/incoming", form)
    assert answer.status_code == 200
    assert "12351工会服务职工热线" in answer.text


def test_a_repeated_webhook_gets_the_same_words(centre: Centre) -> None:
    first = post(centre, "/voice/incoming", INCOMING)
    assert first.text == post(centre, "/voice/incoming", INCOMING).text
    pressed = {**INCOMING, "Digits": "1"}
    second = post(centre, "/voice/turns/1", pressed)
    assert second.text == post(centre, "/voice/turns/1", pressed).text
    assert "欠薪请按1" in second.text
    assert len(centre.calls()) == 1


@pytest.mark.parametrize("digits", ["*#", "7" * 50, "１", "abc", "\u202e1", "1\x00"])
def test_odd_digits_are_answered_with_a_sentence(centre: Centre, digits: str) -> None:
    post(centre, "/voice/incoming", INCOMING)
    answer = post(centre, "/voice/turns/1", {**INCOMING, "Digits": digits})
    assert answer.status_code == 200
    assert "<Say" in answer.text


@pytest.mark.parametrize(
    "number",
    [
        "",
        "anonymous",
        "+266696687",
        "sip:worker@example.com",
        "１３８００００００００１",
        "008613800000001",
        "0531-12351",
        "x" * 200,
        "\u202e+86138",
    ],
)
def test_odd_numbers_are_kept_and_the_caller_is_served(centre: Centre, number: str) -> None:
    answer = post(centre, "/voice/incoming", {**INCOMING, "From": number})
    assert answer.status_code == 200
    assert "<Say" in answer.text
    post(centre, "/voice/status", {**INCOMING, "From": number, "CallStatus": "completed"})
    (call,) = centre.calls()
    assert call.outcome == "missed"


def test_a_status_for_a_call_nobody_knows_makes_a_call_with_a_reason(centre: Centre) -> None:
    assert post(centre, "/voice/status", {**INCOMING, "CallStatus": "no-answer"}).status_code == 204
    (call,) = centre.calls()
    assert (call.carrier_status, call.outcome) == ("no_answer", "missed")
    # Late reports change nothing.
    post(centre, "/voice/status", {**INCOMING, "CallStatus": "ringing", "SequenceNumber": "9"})
    assert centre.calls()[0].carrier_status == "no_answer"
    centre.all_is_settled()


def test_ten_thousand_characters_of_speech_are_kept_as_text(centre: Centre) -> None:
    post(centre, "/voice/incoming", INCOMING)
    said = "工资" * 5_000
    answer = post(centre, "/voice/turns/1", {**INCOMING, "SpeechResult": said, "Confidence": "0.9"})
    assert "<Say" in answer.text
    assert centre.calls()[0].said == [said]
