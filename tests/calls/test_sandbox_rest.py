"""Twilio's own SDK, through `TwilioCarrier`, commands the sandbox: calls, conferences, recordings, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from hotline.carriers.base import (
    CallGone,
    Carrier,
    CarrierError,
    CarrierStatus,
    NotSupported,
    Originated,
)
from tests.calls.sandbox_app import BASE, Stage, open_stage
from tests.phone import Phone

WORKER, OPERATOR = "+8613800000001", "jinan-lixia"
ROOM = """<Dial action="/after"><Conference startConferenceOnEnter="{start}" endConferenceOnExit="{end}"
 beep="false" participantLabel="{label}" statusCallback="/status/room"
 statusCallbackEvent="start end join leave mute hold">room-1</Conference></Dial>"""


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        opened.app.says("/voice", "<Say>请稍候</Say><Pause length='600'/>")
        opened.app.says("/join", ROOM.format(start="false", end="false", label="caller"))
        opened.app.says("/desk", ROOM.format(start="true", end="false", label="operator"))
        opened.app.says("/after", "<Say>请打分</Say><Pause length='60'/>")
        opened.app.says("/hello", "<Say>这里是12351</Say><Pause length='60'/>")
        yield opened


def ring(stage: Stage, to: str, path: str = "/hello") -> Originated:
    carrier = stage.carrier()
    return carrier.originate(
        to, from_="12351", url=BASE + path, status_callback=f"{BASE}/status/out", timeout_s=20
    )


def connected(stage: Stage) -> tuple[Phone, Phone]:
    """Return a caller and an operator in conversation."""
    caller = stage.phone(WORKER).dial("12351").hears("请稍候")
    operator = stage.line.device(OPERATOR)
    ring(stage, f"client:{OPERATOR}", "/desk")
    operator.answers().is_in_conference()
    stage.carrier().join(caller.call_sid, conference="room-1", url=f"{BASE}/join")
    caller.is_in_conference().is_off_hold()
    return caller, operator


def statuses(stage: Stage, path: str = "/status/out") -> list[tuple[str, str]]:
    return [(str(f["SequenceNumber"]), str(f["CallStatus"])) for f in stage.app.forms(path)]


def test_the_carrier_seam_is_kept(stage: Stage) -> None:
    carrier: Carrier = stage.carrier()

    assert carrier.capabilities.pulls_instructions
    with pytest.raises(NotSupported):
        carrier.perform("CA1", ())


def test_a_return_call_rings_a_handset_and_speaks_once_it_is_answered(stage: Stage) -> None:
    worker = stage.phone(WORKER)

    originated = ring(stage, WORKER)

    worker.rings().answers().hears("这里是12351").hangs_up().was_hung_up()
    assert originated.carrier_status is CarrierStatus.QUEUED
    assert statuses(stage) == [("0", "initiated"), ("1", "ringing"), ("2", "in-progress"), ("3", "completed")]
    assert all(seen.is_signed for seen in stage.app.at("/status/out"))
    last = stage.app.forms("/status/out")[-1]
    assert last["CallbackSource"] == "call-progress-events"
    assert last["Direction"] == "outbound-api"
    assert last["Timestamp"]


def test_a_number_nobody_answers_ends_as_no_answer(stage: Stage) -> None:
    originated = ring(stage, "+8613900000009")

    stage.line.wait(21)

    call = stage.carrier().fetch_call(originated.call_sid)
    assert call is not None
    assert call.carrier_status is CarrierStatus.NO_ANSWER
    assert [status for _, status in statuses(stage)] == ["initiated", "ringing", "no-answer"]


def test_a_handset_in_a_call_is_busy_and_a_declined_call_too(stage: Stage) -> None:
    busy = stage.phone(WORKER).dial("12351").hears("请稍候")
    ring(stage, WORKER)
    stage.line.wait(1)
    assert statuses(stage)[-1][1] == "busy"
    busy.hangs_up()

    ring(stage, WORKER)
    busy.declines()

    assert statuses(stage)[-1][1] == "busy"


def test_a_device_that_is_not_registered_is_not_there(stage: Stage) -> None:
    ring(stage, "client:nobody")
    stage.line.wait(1)

    assert [status for _, status in statuses(stage)] == ["initiated", "no-answer"]


def test_a_device_told_to_answers_by_itself(stage: Stage) -> None:
    operator = stage.line.device(OPERATOR, auto_answer=True)

    ring(stage, f"client:{OPERATOR}")

    operator.hears("这里是12351")


def test_when_one_tab_answers_the_other_stops_ringing(stage: Stage) -> None:
    first, second = stage.line.device(OPERATOR), stage.line.device(OPERATOR)
    ring(stage, f"client:{OPERATOR}")

    second.rings()
    first.answers().hears("这里是12351")

    second.was_hung_up("answered_elsewhere")


def test_a_ringing_call_can_be_withdrawn(stage: Stage) -> None:
    worker = stage.phone(WORKER)
    originated = ring(stage, WORKER)
    worker.rings()

    stage.carrier().hangup(originated.call_sid)

    worker.was_hung_up("canceled")


def test_a_redirect_interrupts_what_is_spoken(stage: Stage) -> None:
    stage.app.says("/voice", f"<Say>{'很长' * 200}尾声</Say><Say>后来</Say>")
    caller = stage.phone().dial().hears("很长")

    stage.carrier().redirect(caller.call_sid, url=f"{BASE}/hello")

    caller.hears("这里是12351")
    assert "后来" not in caller.transcript


def test_a_redirect_of_an_ended_call_is_refused_as_gone(stage: Stage) -> None:
    caller = stage.phone().dial().hears("请稍候").hangs_up()

    with pytest.raises(CallGone) as gone:
        stage.carrier().redirect(caller.call_sid, url=f"{BASE}/hello")

    assert gone.value.code == 21220
    stage.carrier().hangup(caller.call_sid)
    with pytest.raises(TwilioRestException) as refused:
        stage.carrier()._client.calls(caller.call_sid).update(status="completed")
    assert (refused.value.status, refused.value.code) == (400, 21220)


def test_caller_and_operator_hear_each_other(stage: Stage) -> None:
    caller, operator = connected(stage)

    caller.says("老板不发工资")
    operator.hears("老板不发工资").says("多久了")

    caller.hears("多久了")
    assert "caller: 老板不发工资" in operator.transcript
    assert "operator: 多久了" in caller.transcript


def test_who_is_first_waits_for_the_one_who_starts_the_conversation(stage: Stage) -> None:
    caller = stage.phone().dial().hears("请稍候")
    stage.carrier().join(caller.call_sid, conference="room-1", url=f"{BASE}/join")
    caller.is_in_conference().is_on_hold()

    operator = stage.line.device(OPERATOR, auto_answer=True)
    ring(stage, f"client:{OPERATOR}", "/desk")
    operator.is_in_conference()

    caller.is_off_hold()


def test_the_wait_music_plays_until_the_conversation_starts(stage: Stage) -> None:
    stage.app.says("/music", "<Say>请耐心等候</Say>")
    stage.app.says(
        "/join",
        '<Dial><Conference startConferenceOnEnter="false" waitUrl="/music">room-1</Conference></Dial>',
    )
    caller = stage.phone().dial().hears("请稍候")
    stage.carrier().join(caller.call_sid, conference="room-1", url=f"{BASE}/join")

    caller.waits(1).hears("请耐心等候").waits(10).hears("请耐心等候")


def test_each_event_of_a_conference_is_reported_in_order(stage: Stage) -> None:
    caller, operator = connected(stage)
    stage.carrier().mute(operator.call_sid, conference="room-1", on=True)
    stage.carrier().hold(caller.call_sid, conference="room-1", on=True)
    stage.carrier().hold(caller.call_sid, conference="room-1", on=False)
    operator.hangs_up()
    caller.hangs_up()

    forms = stage.app.forms("/status/room")
    assert [form["StatusCallbackEvent"] for form in forms] == [
        "participant-join",
        "participant-join",
        "conference-start",
        "participant-mute",
        "participant-hold",
        "participant-unhold",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert [int(str(form["SequenceNumber"])) for form in forms] == list(range(1, 10))
    assert forms[0]["ParticipantLabel"] == "operator"
    assert forms[1]["CallSid"] == caller.call_sid
    assert forms[-1]["ReasonConferenceEnded"] == "last-participant-left"
    assert all(seen.is_signed for seen in stage.app.at("/status/room"))


def test_a_held_caller_hears_nothing_and_is_not_heard(stage: Stage) -> None:
    caller, operator = connected(stage)
    carrier = stage.carrier()

    carrier.hold(caller.call_sid, conference="room-1", on=True)
    caller.is_on_hold()
    operator.says("这句听不到")
    caller.does_not_hear("这句听不到").says("也听不到")
    operator.does_not_hear("也听不到")

    carrier.hold(caller.call_sid, conference="room-1", on=False)
    operator.says("您好")
    caller.is_off_hold().hears("您好")


def test_a_muted_operator_is_not_heard(stage: Stage) -> None:
    caller, operator = connected(stage)

    stage.carrier().mute(operator.call_sid, conference="room-1", on=True)
    operator.says("这句听不到")
    caller.does_not_hear("这句听不到")

    members = {each.call_sid: each for each in stage.carrier().conference_members("room-1")}
    assert members[operator.call_sid].muted
    assert not members[caller.call_sid].muted


def test_a_coach_is_heard_only_by_the_one_who_is_coached(stage: Stage) -> None:
    caller, operator = connected(stage)
    supervisor = stage.line.device("lixia-leader", auto_answer=True)
    ring(stage, "client:lixia-leader", "/desk")
    supervisor.is_in_conference()
    carrier = stage.carrier()

    carrier.coach(supervisor.call_sid, conference="room-1", coached_call_sid=operator.call_sid)
    supervisor.says("问他的合同")
    operator.hears("问他的合同")
    caller.does_not_hear("问他的合同")

    carrier.coach(supervisor.call_sid, conference="room-1", coached_call_sid=None)
    supervisor.says("我是班长")
    caller.hears("我是班长")


def test_a_removed_caller_goes_on_with_the_next_instructions(stage: Stage) -> None:
    caller, _ = connected(stage)

    stage.carrier().remove(caller.call_sid, conference="room-1")

    caller.hears("请打分")
    assert stage.app.forms("/after")[0]["DialCallStatus"] == "answered"
    stage.carrier().remove(caller.call_sid, conference="room-1")


def test_an_ended_conference_lets_everybody_out(stage: Stage) -> None:
    caller, operator = connected(stage)

    stage.carrier().end_conference("room-1")

    caller.hears("请打分")
    operator.hears("请打分")
    assert stage.carrier().conference_members("room-1") == ()
    stage.carrier().end_conference("room-1")
    with pytest.raises(CallGone):
        stage.carrier().mute(caller.call_sid, conference="room-1", on=True)


def test_one_who_ends_the_conference_on_exit_ends_it_but_not_from_hold(stage: Stage) -> None:
    stage.app.says("/desk", ROOM.format(start="true", end="true", label="operator"))
    caller, operator = connected(stage)
    operator.hangs_up()
    caller.hears("请打分").hangs_up()

    caller, operator = connected(stage)
    stage.carrier().hold(operator.call_sid, conference="room-1", on=True)
    operator.hangs_up()

    caller.is_in_conference().does_not_hear("请打分")


def test_an_announcement_is_heard_by_one_leg_only(stage: Stage) -> None:
    stage.app.says("/notice", "<Say>录音已暂停</Say>")
    caller, operator = connected(stage)

    stage.carrier().play_to(operator.call_sid, conference="room-1", url=f"{BASE}/notice")

    operator.hears("录音已暂停")
    caller.does_not_hear("录音已暂停")


def test_a_call_is_recorded_paused_fetched_and_deleted(stage: Stage) -> None:
    caller, _ = connected(stage)
    carrier = stage.carrier()

    sid = carrier.start_recording(caller.call_sid, status_callback=f"{BASE}/status/recording")
    caller.waits(10)
    carrier.pause_recording(caller.call_sid, recording_sid=sid, on=True)
    caller.waits(30)
    carrier.pause_recording(caller.call_sid, recording_sid=sid, on=False)
    caller.waits(5).hangs_up()

    began, form = stage.app.forms("/status/recording")
    assert (began["RecordingStatus"], form["RecordingStatus"]) == ("in-progress", "completed")
    assert (form["RecordingSid"], form["RecordingDuration"]) == (sid, "15")
    media = carrier.fetch_recording(sid)
    assert media.content.startswith(b"RIFF")
    assert media.content_type == "audio/wav"
    carrier.delete_recording(sid)
    carrier.delete_recording(sid)
    with pytest.raises(CarrierError, match="HTTP 404"):
        carrier.fetch_recording(sid)


def test_the_reconciler_can_list_calls_by_time_status_and_number(stage: Stage) -> None:
    carrier, began = stage.carrier(), stage.exchange.now()
    first = stage.phone(WORKER).dial().hears("请稍候").waits(30).hangs_up()
    middle = stage.exchange.now()
    second = stage.phone("+8613800000002").dial().hears("请稍候")

    everything = carrier.list_calls(started_after=began - timedelta(minutes=1))

    assert [call.call_sid for call in everything] == [second.call_sid, first.call_sid]
    assert everything[1].carrier_status is CarrierStatus.COMPLETED
    assert everything[1].duration_s == 30
    assert everything[1].direction == "inbound"
    assert [c.call_sid for c in carrier.list_calls(started_after=middle)] == [second.call_sid]
    running = carrier.list_calls(started_after=began, carrier_status=CarrierStatus.IN_PROGRESS)
    assert [c.call_sid for c in running] == [second.call_sid]
    assert [c.call_sid for c in carrier.list_calls(started_after=began, from_=WORKER)] == [first.call_sid]
    assert carrier.fetch_call("CA" + "0" * 32) is None


def test_long_lists_come_page_by_page(stage: Stage) -> None:
    for _ in range(205):
        stage.phone(WORKER).dial("10086")

    began = stage.exchange.now() - timedelta(minutes=1)

    assert len({call.call_sid for call in stage.carrier().list_calls(started_after=began)}) == 205


def test_a_message_is_taken_on_and_its_delivery_reported(stage: Stage) -> None:
    sid = stage.carrier().send_sms(WORKER, from_="12351", body="查询码", status_callback=f"{BASE}/status/sms")
    stage.line.settle()

    assert [m.sid for m in stage.exchange.messages] == [sid]
    assert [f["MessageStatus"] for f in stage.app.forms("/status/sms")] == ["sent", "delivered"]


def test_dialling_a_colleague_bridges_two_telephones(stage: Stage) -> None:
    stage.app.says(
        "/voice",
        f'<Dial action="/after" timeout="10"><Client>{OPERATOR}</Client><Number>+8613900000009</Number></Dial>',
    )
    operator, mobile = stage.line.device(OPERATOR), stage.line.phone("+8613900000009")

    caller = stage.phone(WORKER).dial()
    mobile.rings()
    operator.answers()
    mobile.was_hung_up("canceled")
    operator.hangs_up()

    caller.hears("请打分")
    form = stage.app.forms("/after")[0]
    assert (form["DialCallStatus"], form["DialBridged"]) == ("completed", "true")


def test_a_dialled_telephone_nobody_answers_leads_on(stage: Stage) -> None:
    stage.app.says("/voice", '<Dial action="/after" timeout="10">+8613900000009</Dial>')

    stage.phone(WORKER).dial().waits(11).hears("请打分")

    assert stage.app.forms("/after")[0]["DialCallStatus"] == "no-answer"


def test_machine_detection_says_who_answered_and_only_where_it_was_asked_for() -> None:
    with open_stage() as stage:
        stage.app.says("/who", "<Hangup/>")
        phone, carrier = stage.phone(), stage.carrier()
        for is_machine, asked in ((False, True), (True, True), (True, False)):
            if is_machine:
                phone.is_a_machine()
            carrier.originate(
                phone.number,
                from_="12351",
                url=f"{BASE}/who",
                status_callback=f"{BASE}/status",
                detect_machine=asked,
            )
            stage.line.settle()
            phone.answers().was_hung_up()
        assert [form.get("AnsweredBy") for form in stage.app.forms("/who")] == [
            "human",
            "machine_start",
            None,
        ]


def test_a_message_reaches_the_phone_and_one_that_cannot_be_sent_is_refused() -> None:
    with open_stage() as stage:
        phone, carrier = stage.phone(), stage.carrier()
        carrier.send_sms(phone.number, from_="12351", body="查询号1123000001")
        stage.line.settle()
        texts = [event["text"] for event in phone.events if event["event"] == "message"]
        assert texts == ["查询号1123000001"]
        for to, body in ((phone.number, "x" * 1601), ("12345", "x")):
            with pytest.raises(CarrierError) as refused:
                carrier.send_sms(to, from_="12351", body=body)
            assert not refused.value.retryable
