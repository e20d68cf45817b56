"""The flow's engine: one input and a state in, the next state and what to do out; pure and total."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ivr_flows.model import (
    ATTEMPTS,
    BACK,
    PLACEHOLDER,
    REPEAT,
    CollectNode,
    EffectNode,
    Flow,
    HangUpNode,
    LineNode,
    MenuNode,
    Option,
    ReturnCallNode,
    SayNode,
    VoicemailNode,
)
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
)

MAX_TURNS: Final = 80
"""Turns outside the waiting line before a caller who goes round in circles is given to a person."""
MAX_SAID: Final = 20
"""Utterances kept; the text of a long one is kept whole, up to the carrier's limit."""


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where one call stands in its flow."""

    node: str
    language: str
    menus: tuple[str, ...] = ()
    """The menus above this one; # goes back to the last."""
    tries: int = 0
    rounds: int = 0
    turns: int = 0
    awaiting: str = ""
    """The effect whose answer is due."""
    resume_at: str = ""
    """The node to go to after `leave_line`, or the crisis node after `flag_crisis`."""
    after: str = ""
    announced: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    """What was pressed, with its label: `1 劳动权益`."""
    said: tuple[str, ...] = ()
    ended: str = ""
    """The outcome once the flow has hung up."""

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON-ready data."""
        return {
            name: (
                list(value)
                if isinstance(value, tuple)
                else dict(value)
                if isinstance(value, Mapping)
                else value
            )
            for name in self.__slots__
            for value in (getattr(self, name),)
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FlowState:
        """Return the state that `to_json` wrote."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**fields)


def start(flow: Flow) -> FlowState:
    """Return the state of a call that has not been answered yet."""
    return FlowState(node=flow.entry, language=flow.languages[0], after=flow.after_conversation)


def step(flow: Flow, state: FlowState, given: Input) -> tuple[FlowState, tuple[Output, ...]]:
    """Take one input; the last output hands control over: Listen, Wait, RecordVoicemail, HangUp or Effect.

    After an Effect the telephone calls again with its EffectDone; the turn's outputs are all of them in order.
    Any input in any state leads on: what does not fit is treated as silence, and nobody is dropped.
    """
    return _Turn(flow, state).take(given)


class _Turn:
    """One step under way: the state so far and the outputs so far."""

    def __init__(self, flow: Flow, state: FlowState) -> None:
        self.flow = flow
        self.state = state
        self.outputs: list[Output] = []

    def take(self, given: Input) -> tuple[FlowState, tuple[Output, ...]]:
        if isinstance(given, Resumed):
            self._resume()
        elif self.state.ended:
            self.outputs.append(HangUp(self.state.ended))
        elif isinstance(given, Started):
            self._enter(self.flow.entry)
        elif isinstance(given, EffectDone):
            self._answer(given)
        elif self.state.awaiting:
            # The telephone died between an effect and its answer: ask again.
            self._enter(self.state.node)
        else:
            self._input(given)
        return self.state, tuple(self.outputs)

    # Inputs

    def _resume(self) -> None:
        self._set(ended="", awaiting="", resume_at="")
        self._enter(self.state.after or self.flow.after_conversation)

    def _input(self, given: Input) -> None:
        node = self.flow.nodes[self.state.node]
        if isinstance(given, Speech) and given.text.strip():
            self._set(said=(*self.state.said, given.text.strip())[-MAX_SAID:])
            if self.flow.says_crisis(given.text):
                self._set(resume_at=self.flow.crisis)
                self._ask("flag_crisis", text=given.text[:500])
                return
        if not isinstance(node, LineNode):
            self._set(turns=self.state.turns + 1)
        match node:
            case MenuNode():
                self._menu_input(node, given)
            case CollectNode():
                self._collected(node, given)
            case LineNode():
                self._line_input(node, given)
            case VoicemailNode():
                self._recorded(given)
            case _:
                self._enter(node.id)

    def _menu_input(self, node: MenuNode, given: Input) -> None:
        key = _key_of(node, given)
        option = node.options.get(key) if key else None
        if option is None or self.state.turns > MAX_TURNS:
            self._try_again(node, said_something=not isinstance(given, NoInput))
            return
        if option.target == REPEAT:
            self._listen(node)
            return
        self._set(path=(*self.state.path, f"{key} {option.label}".strip()))
        self._choose(node, option)

    def _choose(self, node: MenuNode, option: Option) -> None:
        self._set(tries=0, slots={**self.state.slots, **option.slots})
        if option.target == BACK:
            above, menu = self.state.menus[:-1], self.state.menus[-1:]
            self._set(menus=above)
            self._enter(menu[0] if menu else node.id, push=False)
            return
        self._enter(option.target)

    def _collected(self, node: CollectNode, given: Input) -> None:
        digits = _plain(given.digits) if isinstance(given, Digits) else ""
        if digits.isdecimal() and node.min_digits <= len(digits) <= node.max_digits:
            self._set(tries=0, slots={**self.state.slots, node.slot: digits})
            self._enter(node.goto)
            return
        self._try_again(node, said_something=not isinstance(given, NoInput))

    def _try_again(self, node: MenuNode | CollectNode, *, said_something: bool) -> None:
        tries = self.state.tries + 1
        if tries >= ATTEMPTS or self.state.turns > MAX_TURNS:
            self._set(tries=0)
            self._say(node.give_up_prompt)
            self._enter(node.give_up)
            return
        self._set(tries=tries)
        if said_something:
            self._say(node.bad_prompt)
        self._listen(node)

    def _line_input(self, node: LineNode, given: Input) -> None:
        option = node.options.get(_plain(given.digits)) if isinstance(given, Digits) else None
        if option is not None:
            self._set(path=(*self.state.path, f"{_plain(given.digits)} {option.label}".strip()))  # type: ignore[union-attr]  # an option comes of digits
            self._leave(option.target)
            return
        if self.state.rounds >= node.max_rounds:
            self._leave(node.give_up)
            return
        self._ask("line_status")

    def _leave(self, target: str) -> None:
        self._set(resume_at=target)
        if self._books_return_call(target):
            # Booking takes the caller out of the line and keeps the place, in one step.
            self._enter(target)
            return
        self._ask("leave_line", reason="voicemail")

    def _books_return_call(self, target: str) -> bool:
        node = self.flow.nodes[target]
        for _ in range(len(self.flow.nodes)):
            if not isinstance(node, SayNode):
                break
            node = self.flow.nodes[node.goto]
        return isinstance(node, ReturnCallNode)

    def _recorded(self, given: Input) -> None:
        if isinstance(given, Recorded):
            self._ask("save_voicemail", recording_sid=given.recording_sid, duration_s=str(given.duration_s))
            return
        self._ask("save_voicemail", recording_sid="", duration_s="0")

    # Answers

    def _answer(self, done: EffectDone) -> None:
        if done.name != self.state.awaiting:
            # An answer that nobody asked for: begin the node again rather than guess.
            self._enter(self.state.node, push=False)
            return
        self._set(awaiting="", values=dict(done.values))
        node = self.flow.nodes[self.state.node]
        if done.name in ("flag_crisis", "leave_line") and done.result in ("ok", "left"):
            self._enter(self.state.resume_at or self.flow.rescue)
        elif done.result == "connecting":
            self.outputs.append(Wait((), 5))
        elif isinstance(node, LineNode) and done.result == "waiting":
            self._wait(node)
        elif isinstance(node, VoicemailNode) and done.result == "empty" and self.state.tries == 0:
            self._set(tries=1)
            self.outputs.append(RecordVoicemail(self._says((node.again_prompt,)), node.max_s))
        elif isinstance(node, LineNode | ReturnCallNode | VoicemailNode | EffectNode):
            self._enter(node.results.get(done.result, self.flow.rescue))
        else:
            self._enter(self.flow.rescue)

    def _wait(self, node: LineNode) -> None:
        ahead = self.state.values.get("ahead", "")
        rounds = self.state.rounds
        fresh = ahead != self.state.announced or rounds % node.announce_every == 0
        self._set(rounds=rounds + 1, announced=ahead)
        self.outputs.append(Wait(self._says((node.waiting_prompt,)) if fresh else (), node.round_s))

    # Entering nodes

    def _enter(self, target: str, *, push: bool = True) -> None:
        """Walk from `target` to the next node that hands control over; `check` proves that there is one."""
        for _ in range(len(self.flow.nodes) + 1):
            node = self.flow.nodes[target]
            if push and isinstance(node, MenuNode) and self.state.node != target:
                self._push(self.state.node)
            self._set(
                node=target,
                awaiting="",
                tries=0,
                rounds=0,
                announced="",
                language=node.language or self.state.language,
            )
            if not isinstance(node, SayNode):
                break
            self._say(*node.prompts)
            target = node.goto
        self._hand_over()

    def _push(self, came_from: str) -> None:
        if isinstance(self.flow.nodes[came_from], MenuNode):
            self._set(menus=(*self.state.menus, came_from)[-4:])

    def _hand_over(self) -> None:
        node = self.flow.nodes[self.state.node]
        match node:
            case MenuNode() | CollectNode():
                self._listen(node)
            case LineNode():
                self._say(*node.prompts)
                self._set(after=node.after)
                skill = node.skill or self.state.slots.get("skill", "")
                category = self.state.slots.get("category", "")
                self._ask("enter_line", line=node.queue, skill=skill, category=category)
            case ReturnCallNode():
                self._say(*node.prompts)
                self._ask("request_return_call")
            case VoicemailNode():
                self.outputs.append(RecordVoicemail(self._says(node.prompts), node.max_s))
            case EffectNode():
                self._say(*node.prompts)
                slots = {name: self.state.slots.get(slot, "") for name, slot in node.arguments.items()}
                self._ask(node.effect, **slots)
            case HangUpNode():
                self._say(*node.prompts)
                self._set(ended=node.outcome)
                self.outputs.append(HangUp(node.outcome))
            case _:
                self._set(ended="failed")
                self.outputs.append(HangUp("failed"))

    def _listen(self, node: MenuNode | CollectNode) -> None:
        # What was said on the way belongs to the same breath, so that a key interrupts all of it.
        before = tuple(each for each in self.outputs if isinstance(each, Say))
        self.outputs = [each for each in self.outputs if not isinstance(each, Say)]
        prompts = (*before, *self._says(node.prompts))
        if isinstance(node, CollectNode):
            self.outputs.append(Listen(prompts, node.max_digits, "#", node.timeout_s))
            return
        # One digit, and no key ends the entry: # and * are choices like the others.
        hints = (
            tuple(word for option in node.options.values() for word in option.words) if node.speech else ()
        )
        self.outputs.append(Listen(prompts, 1, "", node.timeout_s, node.speech, hints))

    # Small things

    def _ask(self, name: str, **arguments: str) -> None:
        self._set(awaiting=name)
        self.outputs.append(Effect(name, arguments))

    def _say(self, *prompts: str) -> None:
        self.outputs.extend(self._says(prompts))

    def _says(self, prompts: tuple[str, ...]) -> tuple[Say, ...]:
        return tuple(Say(prompt, self.state.language, self._values_of(prompt)) for prompt in prompts)

    def _values_of(self, prompt: str) -> dict[str, str]:
        text = self.flow.prompts[prompt][self.flow.languages[0]]
        return {name: self.state.values.get(name, "") for name in PLACEHOLDER.findall(text)}

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)


def _key_of(node: MenuNode, given: Input) -> str:
    if isinstance(given, Digits):
        return _plain(given.digits)
    if isinstance(given, Speech) and node.speech:
        matches = [
            (len(word), key)
            for key, option in node.options.items()
            for word in option.words
            if word in given.text
        ]
        # The longest word decides: 工伤保险 is about injury, not about insurance.
        return max(matches)[1] if matches else ""
    return ""


def _plain(digits: str) -> str:
    """Return keys as ASCII: some handsets and input methods send full-width digits."""
    return unicodedata.normalize("NFKC", digits).strip()
