"""The engine leads every caller on, whatever they press, say or leave out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows.engine import start, step
from ivr_flows.hearing import spoken_digits
from ivr_flows.model import EFFECT_RESULTS, PLACEHOLDER, Flow, MenuNode, SayNode, successors
from ivr_flows.outputs import (
    Digits,
    Effect,
    EffectDone,
    HangUp,
    Input,
    Listen,
    NoInput,
    Output,
    Recorded,
    RecordVoicemail,
    Resumed,
    Say,
    Speech,
    Started,
    Wait,
    input_from_json,
    input_to_json,
    output_from_json,
    output_to_json,
)
from ivr_flows.parse import load_flow, parse_flow
from ivr_flows.state import FlowState

HERE = Path(__file__).parent
FLOWS = {
    (path.stem, feature): load_flow(path, features=[feature])
    for path in (HERE.parents[1] / "ivr_flows" / "flows").glob("*.yaml")
    for feature in ("", "dialect")
}
DAY = FLOWS["day", ""]
ANY_FLOW = st.sampled_from(list(FLOWS.values()))
STORIES = sorted((HERE / "golden").glob("*.yaml"))
WRITES = os.environ.get("HOTLINE_GOLDEN") == "write"
QUERY = parse_flow(
    """
flow: query
languages: [zh-CN]
entry: ask
after_conversation: bye
rescue: bye
crisis: {goto: bye, words: [不想活]}
nodes:
  ask:
    prompts: [ask]
    collect:
      {slot: number, min_digits: 10, max_digits: 10, goto: hand, give_up: bye, give_up_prompt: bye, bad_prompt: again}
  hand:
    effect: {name: record_survey, arguments: {number: number}, "on": {ok: bye}}
  bye:
    hang_up: {outcome: completed}
prompts:
  ask: {zh-CN: 请输入查询号。}
  again: {zh-CN: 请再输入一次。}
  bye: {zh-CN: 再见。}
""",
    file="query.yaml",
)
"""A number entry, as the progress query will need one; smaller than a flow that may be published."""
HANDING_OVER = {"listen", "wait", "record_voicemail", "hang_up", "effect"}


def spoken(flow: Flow, outputs: tuple[Output, ...]) -> list[str]:
    """Return the sentences of a step's outputs."""
    says = [
        say for each in outputs for say in ([each] if isinstance(each, Say) else getattr(each, "prompts", ()))
    ]
    return [_said(flow, say) for say in says]


def _said(flow: Flow, say: Say) -> str:
    """Return a sentence; what is only read when it is spoken shows its name."""
    names = PLACEHOLDER.findall(flow.text_of(say.prompt, say.language))
    unread = {name: f"〈{name}〉" for name in names if "." in name}
    return flow.text(say.prompt, say.language, {**unread, **say.values})


def walk(*inputs: Input) -> tuple[FlowState, tuple[Output, ...]]:
    """Feed a call's inputs to the day flow and return the last state and outputs."""
    state, outputs = step(DAY, start(DAY), Started())
    for each in inputs:
        state, outputs = step(DAY, state, each)
    return state, outputs


def _input(line: str) -> Input:
    """Read an input of a golden transcript: `key 1`, `say …`, `silence`, `recorded 12`, `EFFECT RESULT k=v`."""
    word, _, rest = line.partition(" ")
    match word:
        case "key":
            return Digits(rest)
        case "say":
            return Speech(rest)
        case "silence":
            return NoInput()
        case "recorded":
            return Recorded("RE1", int(rest))
        case "resumed":
            return Resumed(rest)
        case _:
            result, *values = rest.split()
            return EffectDone(word, result, dict(pair.split("=", 1) for pair in values))


def _story(path: Path) -> tuple[Flow, dict[str, Any]]:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return FLOWS[told.get("flow", "day"), told.get("feature", "")], told


def _heard(flow: Flow, outputs: tuple[Output, ...]) -> list[str]:
    last = outputs[-1]
    ended = f"[{last.name}]" if isinstance(last, Effect) else f"[{last.type}]"
    return [*spoken(flow, outputs), ended]


def _played(flow: Flow, told: dict[str, Any]) -> dict[str, Any]:
    """Return the story as this flow tells it."""
    state, outputs = step(flow, start(flow), Started(told.get("brings", {})))
    played = {**told, "answered": _heard(flow, outputs), "turns": []}
    for turn in told["turns"]:
        state, outputs = step(flow, state, _input(turn["given"]))
        played["turns"].append({"given": turn["given"], "heard": _heard(flow, outputs)})
    found = {"slots": dict(state.slots), "path": list(state.path)}
    left = {name: each for name, each in found.items() if each}
    return {name: each for name, each in played.items() if name not in found} | left


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_flow_speaks_as_written(path: Path) -> None:
    flow, told = _story(path)
    played = _played(flow, told)
    if WRITES:
        text = yaml.safe_dump(played, allow_unicode=True, sort_keys=False, width=200)
        path.write_text(text, encoding="utf-8")
        flow, told = _story(path)
    assert played == told


@pytest.mark.parametrize("name", sorted({name for name, _ in FLOWS}))
def test_the_golden_transcripts_pass_every_node_and_press_every_own_key(name: str) -> None:
    passed, pressed = set(), set()
    for path in STORIES:
        flow, told = _story(path)
        if told.get("flow", "day") != name:
            continue
        state, outputs = step(flow, start(flow), Started())
        passed |= {state.node, *_said_nodes(flow, outputs)}
        for turn in told["turns"]:
            if turn["given"].startswith("key "):
                pressed.add((state.node, turn["given"].removeprefix("key ")))
            state, outputs = step(flow, state, _input(turn["given"]))
            passed |= {state.node, *_said_nodes(flow, outputs)}
    whole = FLOWS[name, "dialect"]
    own = {
        (node.id, key)
        for node in whole.nodes.values()
        if isinstance(node, MenuNode)
        for key in set(node.options) - set("0*#89")
    }
    # What is only for what should never happen is reached by no story of a caller.
    never = _reached_from(whole, whole.rescue) - _reached_from(whole, whole.entry, whole.after_conversation)
    assert passed >= set(whole.nodes) - never
    assert own <= pressed | {(node, key) for node, key in own if node in never}


def _said_nodes(flow: Flow, outputs: tuple[Output, ...]) -> set[str]:
    """Return the nodes that only speak, as far as their words were among the outputs."""
    said = {
        say.prompt
        for each in outputs
        for say in ([each] if isinstance(each, Say) else getattr(each, "prompts", ()))
    }
    return {
        node.id
        for node in flow.nodes.values()
        if isinstance(node, SayNode) and node.prompts and said & set(node.prompts)
    }


def _reached_from(flow: Flow, *starts: str) -> set[str]:
    found: set[str] = set()
    queue = list(starts)
    while queue:
        name = queue.pop()
        if name in flow.nodes and name not in found:
            found.add(name)
            queue += [target for _, target in successors(flow.nodes[name])]
    return found


@pytest.mark.parametrize("digits", ["", "*#", "5" * 50, "7", "12", "abc", "\x00", "١"])
def test_bad_keys_are_answered_and_the_third_leads_to_a_person(digits: str) -> None:
    state, outputs = walk(Digits(digits))
    assert "请再选一次" in spoken(DAY, outputs)[0]
    state, outputs = step(DAY, state, Digits(digits))
    assert isinstance(outputs[-1], Listen)
    state, outputs = step(DAY, state, Digits(digits))
    assert "转接人工" in spoken(DAY, outputs)[0]
    assert outputs[-1] == Effect("enter_line", {"line": "general", "skill": "", "category": ""})


def test_full_width_keys_are_keys() -> None:
    state, _ = walk(Digits("１"), Digits("１"))
    assert state.slots["category"] == "wage_arrears"


def test_star_repeats_and_hash_goes_back() -> None:
    state, outputs = walk(Digits("1"), Digits("*"))
    assert "欠薪请按1" in spoken(DAY, outputs)[-1]
    _, outputs = step(DAY, state, Digits("#"))
    assert "人工服务请按0" in spoken(DAY, outputs)[-1]


def test_words_choose_like_keys_and_the_longest_word_decides() -> None:
    state, outputs = walk(Digits("1"), Speech("老板不发工资三个月了"))
    assert state.slots["category"] == "wage_arrears"
    assert state.said == ("老板不发工资三个月了",)
    assert outputs[-1] == Effect(
        "enter_line", {"line": "rights", "skill": "rights", "category": "wage_arrears"}
    )


@pytest.mark.parametrize(
    "where", [(), (Digits("1"),), (Digits("1"), Digits("1"), EffectDone("enter_line", "waiting"))]
)
def test_crisis_words_alert_a_person_from_anywhere(where: tuple[Input, ...]) -> None:
    state, outputs = walk(*where, Speech("我不想活了"))
    assert outputs == (Effect("flag_crisis", {"text": "我不想活了"}),)
    _, outputs = step(DAY, state, EffectDone("flag_crisis", "ok"))
    assert "我们一直在" in spoken(DAY, outputs)[0]
    entered = outputs[-1]
    assert isinstance(entered, Effect)
    assert (entered.name, entered.arguments["line"], entered.arguments["skill"]) == (
        "enter_line",
        "care",
        "counselling",
    )


def test_tired_to_death_is_not_a_crisis() -> None:
    _, outputs = walk(Speech("天天加班累死了"))
    assert isinstance(outputs[-1], Listen)


def test_english_stays_english_until_the_end() -> None:
    state, outputs = walk(Digits("8"), Digits("2"))
    assert state.language == "en-US"
    assert spoken(DAY, outputs)[0].startswith("After the tone")


def test_who_waits_and_presses_nothing_is_called_back() -> None:
    state, outputs = walk(Digits("0"), EffectDone("enter_line", "waiting", {"wait": "约6分钟", "ahead": "3"}))
    rounds = 0
    for _ in range(200):
        last = outputs[-1]
        if isinstance(last, Effect) and last.name == "request_return_call":
            assert rounds == 30
            return
        rounds += isinstance(last, Wait)
        silent = (
            EffectDone(last.name, "waiting", {"wait": "约6分钟", "ahead": "3"})
            if isinstance(last, Effect)
            else NoInput()
        )
        state, outputs = step(DAY, state, silent)
    raise AssertionError("the wait never ended")


def test_connecting_that_never_connects_comes_to_an_end_too() -> None:
    state, outputs = walk(Digits("0"), EffectDone("enter_line", "connecting"))
    for _ in range(60):
        if isinstance(outputs[-1], Listen):
            assert "让您久等了" in spoken(DAY, outputs)[0]
            return
        state, outputs = step(DAY, state, NoInput())
        if isinstance(outputs[-1], Effect):
            state, outputs = step(DAY, state, EffectDone("line_status", "connecting"))
    raise AssertionError("still connecting")


def test_a_caller_who_waited_long_keeps_the_place_until_he_chooses() -> None:
    state, outputs = walk(Digits("0"), EffectDone("enter_line", "waiting", {"wait": "约6分钟", "ahead": "3"}))
    while not isinstance(outputs[-1], Listen):
        state, outputs = step(DAY, state, NoInput())
        if isinstance(outputs[-1], Effect):
            state, outputs = step(
                DAY, state, EffectDone("line_status", "waiting", {"wait": "约6分钟", "ahead": "3"})
            )
    assert state.line == "person"
    _, outputs = step(DAY, state, Digits("0"))
    assert outputs[-1] == Effect("enter_line", {"line": "general", "skill": "", "category": ""})
    _, outputs = step(DAY, state, Digits("3"))
    assert outputs[-1] == Effect("leave_line", {"reason": "voicemail"})


def test_the_position_is_spoken_when_it_changed_and_every_third_round() -> None:
    state, outputs = walk(Digits("0"), EffectDone("enter_line", "waiting", {"wait": "约6分钟", "ahead": "3"}))
    heard = [spoken(DAY, outputs)]
    for ahead in ("3", "3", "3", "2", "2"):
        state, _ = step(DAY, state, NoInput())
        state, outputs = step(
            DAY, state, EffectDone("line_status", "waiting", {"wait": "约6分钟", "ahead": ahead})
        )
        heard.append(spoken(DAY, outputs))
    assert [bool(each) for each in heard] == [True, False, False, True, True, False]


def test_a_number_that_the_line_did_not_tell_is_not_spoken_around() -> None:
    _, outputs = walk(Digits("0"), EffectDone("enter_line", "waiting"))
    assert outputs == (Wait((), 20),)


def test_a_crisis_reaches_a_person_whatever_became_of_the_alert() -> None:
    state, _ = walk(Speech("我 不 想 活 了"))
    state, outputs = step(DAY, state, NoInput())
    assert outputs == (Effect("flag_crisis", {"text": "我 不 想 活 了"}),)
    _, outputs = step(DAY, state, EffectDone("flag_crisis", "failed"))
    assert isinstance(outputs[-1], Effect)
    assert outputs[-1].arguments["line"] == "care"


def test_an_effect_whose_answer_was_lost_is_asked_again_with_the_same_arguments() -> None:
    state, _ = walk(Digits("8"), Digits("2"))
    state, outputs = step(DAY, state, Recorded("RE7", 12))
    asked = outputs[-1]
    _, outputs = step(DAY, state, NoInput())
    assert outputs == (asked,) == (Effect("save_voicemail", {"recording_sid": "RE7", "duration_s": "12"}),)


def test_back_from_english_speaks_chinese_again() -> None:
    state, _ = walk(Digits("1"), Digits("8"))
    assert state.language == "en-US"
    state, outputs = step(DAY, state, Digits("#"))
    assert state.language == "zh-CN"
    assert spoken(DAY, outputs) == [DAY.prompts["rights_menu"]["zh-CN"]]


@pytest.mark.parametrize("lost", ["node", "line", "after"])
def test_a_flow_edited_under_a_running_call_still_leads_on(lost: str) -> None:
    state, _ = walk(Digits("0"), EffectDone("enter_line", "waiting", {"wait": "约6分钟", "ahead": "1"}))
    for given_ in (NoInput(), Digits("3"), Speech("喂"), Resumed()):
        _, outputs = step(DAY, FlowState.from_json({**state.to_json(), lost: "renamed"}), given_)
        assert outputs[-1].type in HANDING_OVER


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_caller_who_presses_keys_without_end_reaches_an_end(data: st.DataObject) -> None:
    keys = data.draw(st.lists(st.sampled_from("0123456789*#"), min_size=1, max_size=8))
    flow = data.draw(ANY_FLOW)
    state, outputs = step(flow, start(flow), Started())
    for turn in range(8_000):
        last: Output = outputs[-1]
        if isinstance(last, HangUp):
            return
        each: Input = Digits(keys[turn % len(keys)])
        if isinstance(last, Effect):
            each = EffectDone(
                last.name, EFFECT_RESULTS[last.name][0], {"wait": "约6分钟", "ahead": "1", "by": "10:30"}
            )
        elif isinstance(last, RecordVoicemail):
            each = Recorded("RE1", 9)
        state, outputs = step(flow, state, each)
    raise AssertionError(f"still at {state.node}")


@pytest.mark.parametrize("digits", ["", "12", "1a", "١٢٣٤٥٦٧٨٩٠", "12345678901"])
def test_a_number_that_is_too_short_long_or_odd_is_asked_for_again(digits: str) -> None:
    state, outputs = step(QUERY, start(QUERY), Started())
    assert outputs[-1] == Listen((Say("ask", "zh-CN"),), 10, "#", 10)
    _, outputs = step(QUERY, state, Digits(digits))
    assert spoken(QUERY, outputs) == ["请再输入一次。", "请输入查询号。"]


def test_a_number_is_collected_and_handed_to_the_effect() -> None:
    state, _ = step(QUERY, start(QUERY), Started())
    _, outputs = step(QUERY, state, Digits("１１２２000123#"))
    assert outputs == (Effect("record_survey", {"number": "1122000123"}),)


def test_an_operator_who_has_taken_the_call_wins_over_a_late_key() -> None:
    state, _ = walk(Digits("0"), EffectDone("enter_line", "waiting", {"ahead": "0"}))
    state, outputs = step(DAY, state, Digits("2"))
    assert outputs[-1] == Effect("request_return_call", {})
    _, outputs = step(DAY, state, EffectDone("request_return_call", "connecting"))
    assert isinstance(outputs[-1], Wait)


def test_after_the_conversation_comes_the_survey_but_not_after_distress() -> None:
    state, _ = walk(Digits("0"), EffectDone("enter_line", "waiting", {"ahead": "0"}))
    _, outputs = step(DAY, state, Resumed())
    assert "请为本次服务打分" in spoken(DAY, outputs)[-1]
    state, _ = walk(Digits("9"), EffectDone("enter_line", "waiting", {"ahead": "0"}))
    _, outputs = step(DAY, state, Resumed())
    assert isinstance(outputs[-1], HangUp)
    assert not any("打分" in sentence for sentence in spoken(DAY, outputs))


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("一一二三零零零零零一", "1123000001"),
        ("幺幺二三，洞洞洞洞洞幺", "1123000001"),
        ("1 1 2 3 0 0 0 0 0 1", "1123000001"),
        ("１１２３", "1123"),
        ("两拐勾", "279"),
        ("十一月二十三", ""),
        ("", ""),
    ],
)
def test_numbers_are_understood_digit_by_digit(said: str, digits: str) -> None:
    assert spoken_digits(said) == digits


def test_a_secret_is_neither_kept_as_said_nor_after_its_effect() -> None:
    state, _ = walk(Digits("5"), Speech("一一二三零零零零零一"), Speech("一二三四五六"))
    assert state.said == ()
    assert state.asked == {"number": "1123000001", "code": "123456"}
    state, _ = step(DAY, state, EffectDone("find_ticket", "found", {"ticket": "7"}))
    assert dict(state.slots) == {"ticket": "7"}
    assert dict(state.asked) == {}


def test_crisis_words_said_instead_of_a_code_are_heard() -> None:
    _, outputs = walk(Digits("5"), Digits("1123000001"), Speech("我不想活了"))
    assert outputs == (Effect("flag_crisis", {"text": "我不想活了"}),)


INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.builds(Digits, st.text(alphabet="0123456789*#１ab", max_size=60)),
    st.builds(Speech, st.text(max_size=40)),
    st.sampled_from([NoInput(), Started(), Resumed(), Recorded("RE1", 0), Recorded("RE1", 9)]),
    st.sampled_from([EffectDone(n, r) for n, results in EFFECT_RESULTS.items() for r in (*results, "odd")]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(INPUTS, max_size=60), st.data())
def test_any_input_in_any_state_is_answered(inputs: list[Input], data: st.DataObject) -> None:
    flow = data.draw(ANY_FLOW)
    state, outputs = step(flow, start(flow), Started())
    for each in inputs:
        last = outputs[-1]
        if isinstance(last, Effect) and data.draw(st.booleans()):
            each = EffectDone(
                last.name, data.draw(st.sampled_from(EFFECT_RESULTS[last.name]))
            )  # the honest answer
        state, outputs = step(flow, state, each)
        assert outputs[-1].type in HANDING_OVER
        assert not any(output.type in HANDING_OVER for output in outputs[:-1])
        spoken(flow, outputs)
        assert FlowState.from_json(state.to_json()) == state
        assert [output_from_json(output_to_json(output)) for output in outputs] == list(outputs)
        assert input_from_json(input_to_json(each)) == each


@settings(max_examples=60, deadline=None)
@given(st.lists(INPUTS, max_size=15), ANY_FLOW)
def test_a_caller_who_falls_silent_is_never_left_in_the_machine(inputs: list[Input], flow: Flow) -> None:
    state, outputs = step(flow, start(flow), Started())
    for each in inputs:
        state, outputs = step(flow, state, each)
    for _ in range(250):
        last: Output = outputs[-1]
        if isinstance(last, HangUp):
            assert last.outcome
            return
        silent: Input = (
            EffectDone(last.name, EFFECT_RESULTS[last.name][0]) if isinstance(last, Effect) else NoInput()
        )
        state, outputs = step(flow, state, silent)
    raise AssertionError(f"still at {state.node}")
