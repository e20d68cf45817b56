"""The engine leads every caller on, whatever they press, say or leave out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows.engine import FlowState, start, step
from ivr_flows.model import EFFECT_RESULTS, Flow
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
from ivr_flows.parse import load_flow

HERE = Path(__file__).parent
DAY = load_flow(HERE.parents[1] / "ivr_flows" / "flows" / "day.yaml")
HANDING_OVER = {"listen", "wait", "record_voicemail", "hang_up", "effect"}


def spoken(flow: Flow, outputs: tuple[Output, ...]) -> list[str]:
    """Return the sentences of a step's outputs."""
    says = [
        say for each in outputs for say in ([each] if isinstance(each, Say) else getattr(each, "prompts", ()))
    ]
    return [flow.text(say.prompt, say.language, say.values) for say in says]


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
            return Resumed()
        case _:
            result, *values = rest.split()
            return EffectDone(word, result, dict(pair.split("=", 1) for pair in values))


@pytest.mark.parametrize("path", sorted((HERE / "golden").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_day_flow_speaks_as_written(path: Path) -> None:
    story = yaml.safe_load(path.read_text(encoding="utf-8"))
    state, outputs = step(DAY, start(DAY), Started())
    assert [*spoken(DAY, outputs), f"[{outputs[-1].type}]"] == story["answered"]
    for turn in story["turns"]:
        state, outputs = step(DAY, state, _input(turn["given"]))
        last = outputs[-1]
        ended = f"[{last.name}]" if isinstance(last, Effect) else f"[{last.type}]"
        assert [*spoken(DAY, outputs), ended] == turn["heard"], turn["given"]
    assert dict(state.slots) == story.get("slots", {})
    assert list(state.path) == story.get("path", [])


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


def test_waiting_has_an_end_and_keeps_the_place() -> None:
    state, _ = walk(Digits("0"), EffectDone("enter_line", "waiting", {"ahead": "3"}))
    for _ in range(100):
        state, outputs = step(DAY, state, NoInput())
        effect = outputs[-1]
        assert isinstance(effect, Effect)
        if effect.name == "request_return_call":
            return
        state, outputs = step(DAY, state, EffectDone("line_status", "waiting", {"ahead": "3"}))
        assert isinstance(outputs[-1], Wait)
    raise AssertionError("the wait never ended")


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


INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.builds(Digits, st.text(alphabet="0123456789*#１ab", max_size=60)),
    st.builds(Speech, st.text(max_size=40)),
    st.sampled_from([NoInput(), Started(), Resumed(), Recorded("RE1", 0), Recorded("RE1", 9)]),
    st.sampled_from([EffectDone(n, r) for n, results in EFFECT_RESULTS.items() for r in (*results, "odd")]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(INPUTS, max_size=60), st.data())
def test_any_input_in_any_state_is_answered(inputs: list[Input], data: st.DataObject) -> None:
    state, outputs = step(DAY, start(DAY), Started())
    for each in inputs:
        last = outputs[-1]
        if isinstance(last, Effect) and data.draw(st.booleans()):
            each = EffectDone(
                last.name, data.draw(st.sampled_from(EFFECT_RESULTS[last.name]))
            )  # the honest answer
        state, outputs = step(DAY, state, each)
        assert outputs[-1].type in HANDING_OVER
        assert not any(output.type in HANDING_OVER for output in outputs[:-1])
        spoken(DAY, outputs)
        assert FlowState.from_json(state.to_json()) == state
        assert [output_from_json(output_to_json(output)) for output in outputs] == list(outputs)
        assert input_from_json(input_to_json(each)) == each


@settings(max_examples=60, deadline=None)
@given(st.lists(INPUTS, max_size=15))
def test_a_caller_who_falls_silent_is_never_left_in_the_machine(inputs: list[Input]) -> None:
    state, outputs = step(DAY, start(DAY), Started())
    for each in inputs:
        state, outputs = step(DAY, state, each)
    for _ in range(120):
        last: Output = outputs[-1]
        if isinstance(last, HangUp):
            assert last.outcome
            return
        silent: Input = (
            EffectDone(last.name, EFFECT_RESULTS[last.name][0]) if isinstance(last, Effect) else NoInput()
        )
        state, outputs = step(DAY, state, silent)
    raise AssertionError(f"still at {state.node}")
