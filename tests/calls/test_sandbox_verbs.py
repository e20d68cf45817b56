"""The sandbox carries out each verb as Twilio does, and refuses what Twilio's grammar does not know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.responses import Response

from hotline.carriers.sandbox.faults import Fault
from hotline.carriers.sandbox.interpreter import APOLOGY
from tests.calls.sandbox_app import Stage, open_stage
from tests.phone import StoryBroken

MENU = """
<Gather numDigits="1" timeout="5" action="/chosen"><Say language="cmn-CN">欠薪请按1</Say></Gather>
<Say>没有听到</Say>"""


@pytest.fixture
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def test_a_caller_hears_the_menu_and_the_key_reaches_the_action(stage: Stage) -> None:
    stage.app.says("/voice", MENU)
    stage.app.says("/chosen", lambda form: f"<Say>您按了{form['Digits']}</Say>")

    stage.phone().dial("12351").hears("欠薪请按1").presses("1").hears("您按了1").was_hung_up()

    assert stage.warning_codes == []


def test_a_turn_carries_the_fields_which_twilio_posts_with_blanks_and_a_good_signature(stage: Stage) -> None:
    stage.app.says("/voice", MENU)

    phone = stage.phone().dial("12351").hears("欠薪")

    seen = stage.app.at("/voice")[0]
    assert seen.is_signed
    assert seen.form["CallSid"] == phone.call_sid
    assert len(phone.call_sid) == 34
    assert (seen.form["From"], seen.form["To"]) == ("+8613800000001", "12351")
    assert (seen.form["CallStatus"], seen.form["Direction"]) == ("ringing", "inbound")
    assert seen.form["FromCity"] == ""
    assert "ForwardedFrom" not in seen.form


def test_keys_interrupt_the_prompt_of_a_gather(stage: Stage) -> None:
    stage.app.says(
        "/voice",
        f'<Gather numDigits="1" action="/chosen"><Say>{"很长的话" * 50}</Say><Say>尾声</Say></Gather>',
    )
    stage.app.says("/chosen", "<Say>好</Say>")

    phone = stage.phone().dial().hears("很长的话").presses("2").hears("好")

    assert "尾声" not in phone.transcript


def test_keys_pressed_while_nothing_listens_are_lost(stage: Stage) -> None:
    stage.app.says("/voice", f"<Say>您好</Say>{MENU}")

    stage.phone().dial().hears("您好").presses("1", at_once=True).hears("欠薪请按1").waits(10)

    assert stage.app.at("/chosen") == []


def test_silence_in_a_gather_runs_the_next_verb_and_asks_no_action(stage: Stage) -> None:
    stage.app.says("/voice", MENU)

    stage.phone().dial().hears("欠薪请按1").does_not_hear("没有听到").waits(5).hears("没有听到").was_hung_up()

    assert stage.app.at("/chosen") == []


def test_the_time_out_begins_anew_with_each_key(stage: Stage) -> None:
    stage.app.says("/voice", '<Gather timeout="5" action="/chosen"/>')
    stage.app.says("/chosen", "<Say>好</Say>")

    stage.phone().dial().presses("1").waits(4).presses("2").waits(4).presses("3").waits(5).hears("好")

    assert stage.app.forms("/chosen")[0]["Digits"] == "123"


def test_the_finishing_key_ends_an_entry_and_is_not_part_of_it(stage: Stage) -> None:
    stage.app.says("/voice", '<Gather numDigits="10" action="/chosen"/>')
    stage.app.says("/chosen", "<Say>好</Say>")

    stage.phone().dial().presses("12#").hears("好")

    form = stage.app.forms("/chosen")[0]
    assert (form["Digits"], form["FinishedOnKey"]) == ("12", "#")


def test_the_finishing_key_first_is_no_input(stage: Stage) -> None:
    stage.app.says("/voice", MENU)

    stage.phone().dial().presses("#").hears("没有听到")

    assert stage.app.at("/chosen") == []


def test_an_empty_finish_on_key_makes_every_key_an_entry(stage: Stage) -> None:
    stage.app.says("/voice", '<Gather numDigits="2" finishOnKey="" action="/chosen"/>')
    stage.app.says("/chosen", "<Say>好</Say>")

    stage.phone().dial().presses("*#").hears("好")

    assert stage.app.forms("/chosen")[0]["Digits"] == "*#"


def test_an_empty_result_is_posted_when_the_gather_asks_for_it(stage: Stage) -> None:
    stage.app.says("/voice", '<Gather timeout="3" actionOnEmptyResult="true" action="/chosen"/>')
    stage.app.says("/chosen", "<Say>什么也没按</Say>")

    stage.phone().dial().waits(3).hears("什么也没按")

    assert stage.app.forms("/chosen")[0]["Digits"] == ""


def test_a_gather_without_action_asks_its_own_document_again(stage: Stage) -> None:
    stage.app.says("/voice", lambda form: f"<Gather numDigits='1'/><Say>{form.get('Digits', '无')}</Say>")

    stage.phone().dial().presses("7").waits(6).hears("7")

    assert len(stage.app.at("/voice")) == 2


def test_speech_is_heard_where_the_gather_listens_for_it(stage: Stage) -> None:
    stage.app.says(
        "/voice",
        '<Gather input="dtmf speech" language="cmn-Hans-CN" speechTimeout="2" action="/chosen"><Say>请说</Say></Gather>',
    )
    stage.app.says("/chosen", lambda form: f"<Say>您说的是{form['SpeechResult']}</Say>")

    stage.phone().dial().hears("请说").says("老板不发工资").hears("您说的是老板不发工资")

    assert 0 < float(str(stage.app.forms("/chosen")[0]["Confidence"])) <= 1


def test_speech_is_not_heard_where_only_keys_count(stage: Stage) -> None:
    stage.app.says("/voice", MENU)

    stage.phone().dial().hears("欠薪").says("欠薪").waits(7).hears("没有听到")

    assert stage.app.at("/chosen") == []


def test_redirect_and_pause_take_the_caller_on_in_order(stage: Stage) -> None:
    stage.app.says(
        "/voice",
        '<Say>一</Say><Pause length="20"/><Redirect method="GET">/next?step=2</Redirect><Say>不说</Say>',
    )
    stage.app.says("/next", "<Say>二</Say><Hangup/><Say>不说</Say>")

    phone = stage.phone().dial().hears("一").does_not_hear("二").waits(20).hears("二").was_hung_up()

    seen = stage.app.at("/next")[0]
    assert "CallSid=" + phone.call_sid in seen.query
    assert seen.query.startswith("step=2&")
    assert seen.is_signed
    assert "不说" not in phone.transcript


def test_a_played_file_is_reported_and_the_next_verb_follows(stage: Stage) -> None:
    stage.app.says("/voice", "<Play>http://app.test/music.wav</Play><Say>完</Say>")

    phone = stage.phone().dial().hears("完")

    assert any(e["event"] == "music" and e["url"].endswith("music.wav") for e in phone.events)


def test_an_empty_document_ends_the_call(stage: Stage) -> None:
    stage.app.says("/voice", "")

    stage.phone().dial().was_hung_up()

    assert stage.app.forms("/status")[0]["CallStatus"] == "completed"


@pytest.mark.parametrize(
    ("verb", "reason"), [('<Reject reason="busy"/>', "busy"), ("<Reject/>", "no_answer")]
)
def test_a_rejected_call_is_never_answered(stage: Stage, verb: str, reason: str) -> None:
    stage.app.says("/voice", verb)

    phone = stage.phone().dial().was_hung_up(reason)

    assert "connected" not in phone.transcript


def test_a_message_is_recorded_until_the_key_and_its_sound_has_that_length(stage: Stage) -> None:
    stage.app.says(
        "/voice",
        '<Say>请留言</Say><Record action="/recorded" finishOnKey="#" recordingStatusCallback="/status/recording"/>',
    )
    stage.app.says("/recorded", "<Say>已记录</Say>")

    stage.phone().dial().hears("请留言").leaves_message("三个月没发工资", seconds=12).hears(
        "已记录"
    ).was_hung_up()

    form = stage.app.forms("/recorded")[0]
    assert (form["RecordingDuration"], form["Digits"]) == ("12", "#")
    callback = stage.app.forms("/status/recording")[0]
    assert (callback["RecordingSid"], callback["RecordingStatus"]) == (form["RecordingSid"], "completed")
    assert len(stage.carrier().fetch_recording(str(form["RecordingSid"])).content) == 44 + 12 * 8000 * 2


def test_a_recording_in_which_nothing_is_said_runs_the_next_verb(stage: Stage) -> None:
    stage.app.says("/voice", '<Record action="/recorded" timeout="5"/><Say>没有录到</Say>')

    stage.phone().dial().waits(5).hears("没有录到")

    assert stage.app.at("/recorded") == []


def test_a_recording_ends_by_itself_with_silence_and_at_its_limit(stage: Stage) -> None:
    stage.app.says("/voice", '<Record action="/recorded" timeout="4" maxLength="60"/>')
    stage.app.says("/recorded", "<Say>好</Say>")

    stage.phone("+8613800000001").dial().leaves_message("话", seconds=10, finish_with="").waits(4).hears("好")
    stage.phone("+8613800000002").dial().leaves_message("长话", seconds=90, finish_with="").hears("好")

    durations = [form["RecordingDuration"] for form in stage.app.forms("/recorded")]
    assert durations == ["14", "60"]
    assert "Digits" not in stage.app.forms("/recorded")[0]


def test_a_caller_who_hangs_up_while_recording_still_leaves_the_message(stage: Stage) -> None:
    stage.app.says("/voice", '<Record action="/recorded"/>')
    stage.app.says("/recorded", "<Say>没人听</Say>")

    stage.phone().dial().leaves_message("话", seconds=8, finish_with="").hangs_up().was_hung_up()

    form = stage.app.forms("/recorded")[0]
    assert (form["Digits"], form["CallStatus"], form["RecordingDuration"]) == ("hangup", "completed", "8")


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("<Sing>啊</Sing>", 12200),
        ('<Say tone="high">啊</Say>', 12200),
        ('<Say voice="Nobody">啊</Say>', 12200),
        ('<Say language="zh">啊</Say>', 12200),
        ("<Say></Say>", 12200),
        ('<Gather numDigits="many"/>', 12200),
        ("<Gather><Record/></Gather>", 12200),
        ('<Gather language="cmn-CN"/>', 12200),
        ('<Dial><Conference beep="loud">房间</Conference></Dial>', 12200),
        ("<Dial/>", 12200),
        ("loose words", 12200),
        ("<Say>unfinished", 12100),
        ("</Response><Response>", 12100),
        (Response("<Other/>", media_type="text/xml"), 12100),
        (Response("<!DOCTYPE a><Response/>", media_type="text/xml"), 12100),
        (Response("<Response/>", media_type="text/html"), 12300),
        (Response("<Response/>", media_type="application/json"), 12300),
        (Response("<Response>" + " " * 65536 + "</Response>", media_type="text/xml"), 11750),
        (Response(status_code=500), 11200),
    ],
)
def test_a_reply_which_cannot_be_carried_out_apologises_and_is_noted(
    stage: Stage, document: str | Response, code: int
) -> None:
    stage.app.says("/voice", document)

    stage.phone().dial().hears(APOLOGY).was_hung_up()

    assert stage.warning_codes == [code]


@pytest.mark.parametrize(
    "document",
    [
        '<Say voice="Polly.Zhiyu-Neural" language="cmn-CN"><say-as interpret-as="digits">1</say-as><break/></Say>',
        '<Say voice="Polly.Hiujin-Neural" language="yue-HK" loop="2">粤语</Say>',
        '<Gather input="speech dtmf" language="cmn-Hans-CN" hints="欠薪,工伤" speechTimeout="3" speechModel="phone_call"/>',
        '<Play digits="ww12"/><Pause/><Hangup/>',
    ],
)
def test_what_the_grammar_allows_is_carried_out(stage: Stage, document: str) -> None:
    stage.app.says("/voice", document)

    stage.phone().dial().waits(20).was_hung_up()

    assert stage.warning_codes == []


def test_a_call_to_a_number_nobody_has_fails(stage: Stage) -> None:
    stage.phone().dial("10086").was_hung_up("failed")


def test_hanging_up_before_the_answer_is_no_answer_and_never_completed(stage: Stage) -> None:
    stage.app.says("/voice", "<Say>您好</Say>")
    stage.add_fault(Fault("hang_up", webhook="turn", when="during"))
    phone = stage.phone().dial().was_hung_up("no_answer")

    assert "您好" not in phone.transcript
    assert [form["CallStatus"] for form in stage.app.forms("/status")] == ["no-answer"]


def test_a_story_that_goes_otherwise_shows_the_whole_transcript(stage: Stage) -> None:
    stage.app.says("/voice", MENU)

    with pytest.raises(StoryBroken, match="欠薪请按1"):
        stage.phone().dial().hears("没有的话")


def test_a_story_hears_each_sentence_once_and_in_order(stage: Stage) -> None:
    stage.app.says("/voice", "<Say>甲，乙</Say>")

    phone = stage.phone().dial().hears("甲").hears("乙")

    with pytest.raises(StoryBroken):
        phone.hears("甲")
