"""The sandbox makes the trouble a real network makes, and reacts to an application's trouble as Twilio does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.responses import Response
from twilio.request_validator import RequestValidator

from hotline.carriers.sandbox.faults import Fault
from hotline.carriers.sandbox.interpreter import APOLOGY
from hotline.carriers.sandbox.webhooks import Courier
from tests.calls.sandbox_app import BASE, Stage, open_stage

MENU = '<Gather numDigits="1" action="/chosen"><Say>请按1</Say></Gather>'


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage(fallback=True) as opened:
        opened.app.says("/voice", MENU)
        opened.app.says("/chosen", "<Say>好</Say>")
        opened.app.says("/fallback", "<Say>系统忙，请稍后再拨</Say>")
        yield opened


def test_the_signature_is_that_of_twilio_s_published_example(stage: Stage) -> None:
    """twilio.com/docs/usage/security: auth token 12345, the example of a POST from a call."""
    courier = Courier(auth_token="12345", clock=stage.exchange.clock, post=None, faults=stage.exchange.faults)
    parameters = (
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    )

    signature = courier.signature("https://mycompany.com/myapp.php?foo=1&bar=2", parameters)

    assert signature == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_a_repeated_key_is_signed_as_the_validator_reads_it(stage: Stage) -> None:
    parameters = (("Digits", "2"), ("Digits", "1"), ("Empty", ""))

    signature = stage.exchange.courier.signature(f"{BASE}/voice", parameters)

    class Form(dict[str, list[str]]):
        def getlist(self, name: str) -> list[str]:
            return self[name]

    validator = RequestValidator("12345678901234567890123456789012")
    assert validator.validate(f"{BASE}/voice", Form(Digits=["2", "1"], Empty=[""]), signature)


@pytest.mark.parametrize("concurrently", [False, True])
@pytest.mark.parametrize("copies", [2, 4])
def test_a_turn_can_be_sent_several_times_and_the_call_goes_on_once(
    stage: Stage, copies: int, concurrently: bool
) -> None:
    stage.add_fault(Fault("repeat", path="/chosen", copies=copies, concurrently=concurrently))

    phone = stage.phone().dial().presses("1").hears("好").was_hung_up()

    assert len(stage.app.at("/chosen")) == copies
    assert len({str(seen.form) for seen in stage.app.at("/chosen")}) == 1
    assert phone.transcript.count("machine: 好") == 1


def test_a_status_callback_can_be_dropped_late_or_doubled(stage: Stage) -> None:
    stage.add_fault(Fault("drop", webhook="status"))
    stage.add_fault(Fault("late", webhook="status", seconds=90))
    stage.add_fault(Fault("repeat", webhook="status", copies=2))

    stage.phone().dial().hears("请按1").hangs_up()
    assert stage.app.at("/status") == []

    stage.phone().dial().hears("请按1").hangs_up().waits(89)
    assert stage.app.at("/status") == []
    stage.line.wait(1)
    assert len(stage.app.at("/status")) == 1

    stage.phone().dial().hears("请按1").hangs_up()
    assert len(stage.app.at("/status")) == 3


def test_status_callbacks_can_overtake_each_other(stage: Stage) -> None:
    stage.add_fault(Fault("after_next", webhook="status", parameters={"CallStatus": "ringing"}))
    worker = stage.phone()

    stage.carrier().originate(
        worker.number, from_="12351", url=f"{BASE}/chosen", status_callback=f"{BASE}/status/out"
    )
    worker.answers().hears("好").was_hung_up()

    order = [str(form["SequenceNumber"]) for form in stage.app.forms("/status/out")]
    assert sorted(order) == ["0", "1", "2", "3"]
    assert order.index("2") < order.index("1")


def test_what_was_held_back_and_never_overtaken_can_be_released(stage: Stage) -> None:
    stage.add_fault(Fault("after_next", webhook="status"))
    stage.phone().dial().hears("请按1").hangs_up()
    assert stage.app.at("/status") == []

    stage.line.call(stage.exchange.courier.release_held)
    stage.line.settle()

    assert len(stage.app.at("/status")) == 1


def test_a_status_callback_for_an_unknown_call_is_signed_and_sent(stage: Stage) -> None:
    stage.line.call(lambda: stage.exchange.reports.unknown_status(f"{BASE}/status/out"))
    stage.line.settle()

    seen = stage.app.at("/status/out")[0]
    assert seen.is_signed
    assert str(seen.form["CallSid"]).startswith("CA")
    assert seen.form["CallStatus"] == "completed"


def test_a_server_error_goes_to_the_fallback_at_once(stage: Stage) -> None:
    stage.add_fault(Fault("error", path="/chosen", status=503))

    stage.phone().dial().presses("1").hears("系统忙")

    assert stage.app.at("/chosen") == []
    form = stage.app.forms("/fallback")[0]
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{BASE}/chosen")
    assert stage.app.at("/fallback")[0].is_signed


@pytest.mark.parametrize(
    ("overrides", "tries"), [("", 1), ("#rp=5xx", 2), ("#rp=5xx&amp;rc=3", 4), ("#rp=ct", 1)]
)
def test_an_error_is_tried_again_only_where_the_overrides_say_so(
    stage: Stage, overrides: str, tries: int
) -> None:
    stage.app.says("/voice", MENU.replace("/chosen", "/chosen" + overrides))
    stage.app.says("/chosen", Response(status_code=503))

    stage.phone().dial().presses("1").hears("系统忙")

    assert len(stage.app.at("/chosen")) == tries


def test_a_document_that_cannot_be_read_goes_to_the_fallback_too(stage: Stage) -> None:
    stage.app.says("/chosen", "<Sing>啊</Sing>")

    stage.phone().dial().presses("1").hears("系统忙")

    assert stage.app.forms("/fallback")[0]["ErrorCode"] == "12200"


def test_a_lost_reply_leads_to_the_fallback_after_fifteen_seconds(stage: Stage) -> None:
    stage.add_fault(Fault("lost_reply", path="/chosen"))

    phone = stage.phone().dial().presses("1")
    began = stage.exchange.clock.elapsed_s
    phone.hears("系统忙")

    assert stage.exchange.clock.elapsed_s - began == 15
    assert len(stage.app.at("/chosen")) == 1
    assert stage.app.forms("/fallback")[0]["ErrorCode"] == "11200"


def test_overrides_shorten_the_wait_and_ask_for_a_second_try(stage: Stage) -> None:
    stage.app.says("/voice", MENU.replace("/chosen", "/chosen#ct=3000&amp;rt=6000&amp;rc=1&amp;rp=all"))
    stage.add_fault(Fault("lost_reply", path="/chosen"))

    stage.phone().dial().presses("1").hears("系统忙")

    assert len(stage.app.at("/chosen")) == 2
    assert all(seen.is_signed for seen in stage.app.at("/chosen"))


def test_a_refused_connection_is_tried_once_more(stage: Stage) -> None:
    stage.add_fault(Fault("drop", path="/chosen"))

    stage.phone().dial().presses("1").hears("系统忙")

    assert stage.app.at("/chosen") == []
    assert stage.app.forms("/fallback")[0]["ErrorCode"] == "11205"


@pytest.mark.parametrize("when", ["before", "during", "after"])
@pytest.mark.parametrize("step", [0, 1])
def test_a_caller_can_hang_up_at_each_step(stage: Stage, when: str, step: int) -> None:
    stage.add_fault(Fault("hang_up", webhook="turn", skip=step, when=when))  # type: ignore[arg-type]  # parametrised

    phone = stage.phone().dial()
    if step:
        phone.presses("1")
    phone.was_hung_up("no_answer" if step == 0 else "completed")

    assert len(stage.app.at("/voice")) == (0 if (step, when) == (0, "before") else 1)
    assert len(stage.app.at("/chosen")) == (1 if step and when != "before" else 0)
    assert "好" not in phone.transcript
    assert len(stage.app.at("/status")) == 1


def test_without_a_working_fallback_the_caller_hears_an_apology(stage: Stage) -> None:
    stage.app.says("/fallback", Response(status_code=500))
    stage.add_fault(Fault("error", path="/voice"))

    stage.phone().dial().hears(APOLOGY).was_hung_up()

    assert stage.warning_codes == [11200, 11200]
