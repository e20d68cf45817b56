"""Walks a flow without a telephone: what a caller would hear for the keys given, with the world's answers assumed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ivr_flows.engine import start, step
from ivr_flows.model import PLACEHOLDER, Flow, VoicemailNode
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
    Say,
    Speech,
    Started,
    Wait,
)
from ivr_flows.state import FlowState

ANSWERS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "enter_line": ("waiting", {"ahead": "2", "wait": "约6分钟"}),
    "line_status": ("waiting", {"ahead": "1", "wait": "约4分钟"}),
    "leave_line": ("left", {}),
    "request_return_call": ("booked", {"by": "上午10点"}),
    "save_voicemail": ("saved", {}),
    "opening_hours": ("night", {"opens": "明天上午9点"}),
    "find_ticket": ("found", {"ticket": "1"}),
}
"""What the line and the record are assumed to answer."""


class Walk:
    """One trial call; `take` returns the lines of its transcript as they come."""

    def __init__(self, flow: Flow, answers: Mapping[str, tuple[str, Mapping[str, str]]] = ANSWERS) -> None:
        self._flow = flow
        self._answers = answers
        self.state: FlowState = start(flow)
        self.ended = False

    def begin(self) -> list[str]:
        """Answer the call."""
        return list(self._step(Started()))

    def take(self, word: str) -> list[str]:
        """Take what the caller does: keys, `…` for silence, or words said aloud."""
        if self.ended:
            return []
        return list(self._step(self._input(word)))

    def _input(self, word: str) -> Input:
        if word in ("", "…", "..."):
            return NoInput()
        if isinstance(self._flow.nodes[self.state.node], VoicemailNode):
            return Recorded("RE-trial", max(1, len(word) // 4))
        return Digits(word) if all(each in "0123456789*#" for each in word) else Speech(word)

    def _step(self, given: Input) -> Iterator[str]:
        self.state, outputs = step(self._flow, self.state, given)
        for output in outputs:
            yield from self._lines(output)
        last = outputs[-1]
        if isinstance(last, Effect):
            result, values = self._answers.get(last.name, ("ok", {}))
            yield f"    〔{last.name} {dict(last.arguments)} → {result}〕"
            yield from self._step(EffectDone(last.name, result, values))

    def _lines(self, output: Output) -> Iterator[str]:
        says = (output,) if isinstance(output, Say) else getattr(output, "prompts", ())
        for say in says:
            yield f"机器：{self._said(say)}"
        if isinstance(output, Listen):
            yield f"    〔等待按键，{output.timeout_s}秒〕"
        elif isinstance(output, Wait):
            yield f"    〔排队音乐，{output.seconds}秒〕"
        elif isinstance(output, RecordVoicemail):
            yield "    〔“嘀”，开始录音〕"
        elif isinstance(output, HangUp):
            self.ended = True
            yield f"    〔挂机：{output.outcome}〕"

    def _said(self, say: Say) -> str:
        """Return a sentence; what the telephone would read from the record or the configuration shows its name."""
        names = PLACEHOLDER.findall(self._flow.text_of(say.prompt, say.language))
        unread = {name: f"〔{name}〕" for name in names if "." in name}
        return self._flow.text(say.prompt, say.language, {**unread, **say.values})


def walk(flow: Flow, words: Iterable[str]) -> list[str]:
    """Return the transcript of a call in which the caller does `words` one after another."""
    trial = Walk(flow)
    lines = trial.begin()
    for word in words:
        lines.append(f"诉求人：{word or '…'}")
        lines += trial.take(word)
    return lines
