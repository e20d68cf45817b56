"""The flow's engine: one input and a state in, the next state and what to do out; pure and total."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ivr_flows.hearing import ENTRY_KEYS, digits_of, key_of, plain_keys
from ivr_flows.model import (
    ATTEMPTS,
    BACK,
    PLACEHOLDER,
    READINGS,
    REFERENCES,
    REPEAT,
    WAIT_ON,
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
from ivr_flows.state import FlowState

MAX_TURNS: Final = 80
"""Turns outside the waiting line before a caller who goes round in circles is given to a person."""
CONNECTING_S: Final = 5
"""A short round: the conference is about to begin, or the operator has missed it."""
MAX_MENUS: Final = 8
"""Menus remembered for #; more would only be a caller going round in circles."""
MAX_SAID: Final = 20
"""Utterances kept; the text of a long one is kept whole, up to the carrier's limit."""


def start(flow: Flow) -> FlowState:
    """Return the state of a call that has not been answered yet."""
    return FlowState(node=flow.entry, language=flow.languages[0], after=flow.after_conversation)


def stand_in_line(flow: Flow, state: FlowState, queue: str) -> FlowState:
    """Return the state of a caller whom a person has put into a waiting line; who has a place there keeps it."""
    here = flow.nodes.get(state.line or state.node)
    if isinstance(here, LineNode) and here.queue == queue:
        return state
    nodes = [each for each in flow.nodes.values() if isinstance(each, LineNode)]
    found = next((each for each in nodes if each.queue == queue), nodes[0] if nodes else None)
    if found is None:
        return state
    turn = _Turn(
        flow, replace(state, node=found.id, line=found.id, awaiting="", ended="", rounds=0, announced="")
    )
    turn.stand(found)
    return turn.state


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
        if self.state.node not in self.flow.nodes:
            # The flow was edited under a running call: begin again rather than fail.
            self._set(node=self.flow.entry, menus=(), awaiting="")
            given = Started()
        if isinstance(given, Resumed):
            self._resume(given)
        elif self.state.ended:
            self.outputs.append(HangUp(self.state.ended))
        elif isinstance(given, Started):
            self._set(slots={**self.state.slots, **given.references})
            self._enter(self.flow.entry)
        elif isinstance(given, EffectDone):
            self._answer(given)
        elif self.state.awaiting:
            # The telephone died between an effect and its answer: ask again, with the same words.
            self._ask(self.state.awaiting, **self.state.asked)
        else:
            self._input(given)
        return self.state, tuple(self.outputs)

    # Inputs

    def _resume(self, given: Resumed) -> None:
        line = self.flow.crisis_line
        distressed = self.state.distressed or given.why == "distress"
        after = self.state.after or self.flow.after_conversation
        if given.why == "abuse" and self.flow.after_abuse and not distressed:
            after = self.flow.after_abuse
        elif distressed and line is not None:
            after = line.after
        self._set(ended="", awaiting="", resume_at="", line="", menus=(), distressed=distressed)
        self._enter(after)

    def _input(self, given: Input) -> None:
        node = self.flow.nodes[self.state.node]
        if isinstance(given, Speech) and given.text.strip():
            if not (isinstance(node, CollectNode) and node.secret):
                self._set(said=(*self.state.said, given.text.strip())[-MAX_SAID:])
            if self.flow.says_crisis(given.text):
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
                self._recorded(node, given)
            case _:
                self._enter(node.id)

    def _menu_input(self, node: MenuNode, given: Input) -> None:
        key = key_of(node, given)
        option = node.options.get(key) if key else None
        if option is None or self.state.turns > MAX_TURNS:
            self._try_again(node, said_something=not isinstance(given, NoInput))
            return
        if option.target == REPEAT:
            self._listen(node)
            return
        if option.target == WAIT_ON:
            self._enter(self.state.line or node.give_up)
            return
        self._set(path=(*self.state.path, f"{key} {option.label}".strip()))
        self._choose(node, option)

    def _choose(self, node: MenuNode, option: Option) -> None:
        self._set(tries=0, slots={**self.state.slots, **option.slots})
        if option.target == BACK:
            above, last = self.state.menus[:-1], self.state.menus[-1:]
            menu, _, language = last[0].partition(" ") if last else (node.id, "", self.state.language)
            # A key pressed by mistake must not leave a caller in a language he does not speak.
            self._set(menus=above, language=language)
            self._enter(menu, push=False)
            return
        self._enter(option.target)

    def _collected(self, node: CollectNode, given: Input) -> None:
        digits = digits_of(node, given)
        if node.min_digits > 1 and digits in ENTRY_KEYS:
            self._left_entry(node, digits)
            return
        if digits.isascii() and digits.isdecimal() and node.min_digits <= len(digits) <= node.max_digits:
            self._set(tries=0, slots={**self.state.slots, node.slot: digits})
            self._enter(node.goto)
            return
        self._try_again(node, said_something=not isinstance(given, NoInput))

    def _left_entry(self, node: CollectNode, key: str) -> None:
        """Follow the keys that mean the same in every entry: a person, hear it again, somebody to talk to."""
        if key == "*":
            self._listen(node)
            return
        self._set(tries=0)
        self._enter(node.give_up if key == "0" else self.flow.crisis)

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
        key = plain_keys(given.digits) if isinstance(given, Digits) else ""
        option = node.options.get(key)
        if option is not None and self.state.turns < MAX_TURNS:
            label = f"{key} {option.label}".strip()
            slots = {**self.state.slots, **option.slots}
            self._set(path=(*self.state.path, label), turns=self.state.turns + 1, slots=slots)
            self._enter(option.target)
        elif self.state.rounds >= node.max_rounds:
            self._enter(node.give_up)
        else:
            self._ask("line_status")

    def _recorded(self, node: VoicemailNode, given: Input) -> None:
        recorded = given if isinstance(given, Recorded) else Recorded("", 0)
        about = {"about": self.state.slots.get(node.about, "")} if node.about else {}
        sid, seconds = recorded.recording_sid, str(recorded.duration_s)
        self._ask("save_voicemail", recording_sid=sid, duration_s=seconds, **about)

    # Answers

    def _answer(self, done: EffectDone) -> None:
        if done.name != self.state.awaiting:
            # An answer that nobody asked for: begin the node again rather than guess.
            self._enter(self.state.node, push=False)
            return
        self._take_values(done)
        node = self.flow.nodes[self.state.node]
        if done.name == "flag_crisis":
            # Whatever became of the alert, the caller goes to a person.
            self._set(distressed=True)
            self._enter(self.flow.crisis)
        elif done.result == "connecting" and (self.state.line or isinstance(node, LineNode)):
            self._connect(self.state.line or node.id)
        elif done.name == "leave_line":
            self._set(line="")
            self._enter(self.state.resume_at or self.flow.rescue)
        elif isinstance(node, LineNode) and done.result == "waiting":
            self._set(line=node.id)
            self._wait(node)
        elif isinstance(node, VoicemailNode) and done.result == "empty" and self.state.tries == 0:
            self._set(tries=1)
            self.outputs.append(RecordVoicemail(self._says((node.again_prompt,)), node.max_s))
        elif isinstance(node, LineNode | ReturnCallNode | VoicemailNode | EffectNode):
            if isinstance(node, LineNode) or done.result == "booked":
                self._set(line="")
            self._enter(node.results.get(done.result, self.flow.rescue))
        else:
            self._enter(self.flow.rescue)

    def _take_values(self, done: EffectDone) -> None:
        """Keep what an answer brings: values for the next words, references for the rest of the call."""
        kept = {name: value for name, value in self.state.slots.items() if name not in self.flow.secret_slots}
        kept |= {name: value for name, value in done.values.items() if name in REFERENCES}
        values = {name: value for name, value in done.values.items() if name not in REFERENCES}
        self._set(awaiting="", asked={}, values=values, slots=kept)

    def _connect(self, line: str) -> None:
        """An operator has taken the call: back to the line for the moment until the telephone joins the two."""
        rounds = self.state.rounds if self.state.node == line else 0
        self._set(node=line, line=line, rounds=rounds + 1, resume_at="")
        self.outputs.append(Wait((), CONNECTING_S))

    def _wait(self, node: LineNode) -> None:
        ahead = self.state.values.get("ahead", "")
        rounds = self.state.rounds
        fresh = ahead != self.state.announced or rounds % node.announce_every == 0
        prompt = node.next_prompt if ahead == "0" and node.next_prompt else node.waiting_prompt
        self._set(rounds=rounds + 1, announced=ahead)
        self.outputs.append(Wait(self._says((prompt,)) if fresh else (), node.round_s))

    # Entering nodes

    def _enter(self, target: str, *, push: bool = True) -> None:
        """Walk from `target` to the next node that hands control over; `check` proves that there is one."""
        for _ in range(len(self.flow.nodes) + 1):
            if target not in self.flow.nodes:
                target = self.flow.rescue
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
            self._set(menus=(*self.state.menus, f"{came_from} {self.state.language}")[-MAX_MENUS:])

    def _hand_over(self) -> None:
        node = self.flow.nodes[self.state.node]
        match node:
            case MenuNode() | CollectNode():
                self._listen(node)
            case LineNode():
                self._say(*node.prompts)
                self.stand(node)
                skill = node.skill or self.state.slots.get("skill", "")
                category = self.state.slots.get("category", "")
                self._ask("enter_line", line=node.queue, skill=skill, category=category)
            case ReturnCallNode():
                self._say(*node.prompts)
                self._ask("request_return_call")
            case VoicemailNode() | HangUpNode() if self.state.line:
                self._set(resume_at=node.id)
                self._ask("leave_line", reason="voicemail" if isinstance(node, VoicemailNode) else "hang_up")
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

    def stand(self, node: LineNode) -> None:
        """Remember what follows for a caller of this line."""
        line = self.flow.crisis_line
        distressed = self.state.distressed or (line is not None and line.id == node.id)
        after = line.after if distressed and line is not None else node.after
        self._set(after=after, distressed=distressed)

    def _listen(self, node: MenuNode | CollectNode) -> None:
        # What was said on the way belongs to the same breath, so that a key interrupts all of it.
        before = tuple(each for each in self.outputs if isinstance(each, Say))
        self.outputs = [each for each in self.outputs if not isinstance(each, Say)]
        prompts = (*before, *self._says(node.prompts))
        if isinstance(node, CollectNode):
            self.outputs.append(Listen(prompts, node.max_digits, "#", node.timeout_s, node.speech))
            return
        # One digit, and no key ends the entry: # and * are choices like the others.
        hints = (
            tuple(word for option in node.options.values() for word in option.words) if node.speech else ()
        )
        self.outputs.append(Listen(prompts, 1, "", node.timeout_s, node.speech, hints))

    # Small things

    def _ask(self, name: str, **arguments: str) -> None:
        self._set(awaiting=name, asked=arguments)
        self.outputs.append(Effect(name, arguments))

    def _say(self, *prompts: str) -> None:
        self.outputs.extend(self._says(prompts))

    def _says(self, prompts: tuple[str, ...]) -> tuple[Say, ...]:
        says = (Say(prompt, self.state.language, self._values_of(prompt)) for prompt in prompts)
        # Rather nothing than "there are callers ahead of you" without the number.
        return tuple(say for say in says if all(say.values.values()))

    def _values_of(self, prompt: str) -> dict[str, str]:
        text = self.flow.text_of(prompt, self.state.language)
        values: dict[str, str] = {}
        for name in PLACEHOLDER.findall(text):
            row, _, field = name.partition(".")
            if not field:
                values[name] = self.state.values.get(name, "")
            elif row not in READINGS:
                values[row] = self.state.slots.get(row, "")
        return values

    def _set(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
