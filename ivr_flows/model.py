"""What a voice flow is: nodes, the keys that lead between them, and every prompt in each language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

REPEAT: Final = "repeat"
BACK: Final = "back"
WAIT_ON: Final = "wait_on"
SPECIAL_TARGETS: Final = frozenset({REPEAT, BACK, WAIT_ON})
"""Targets that are not nodes: hear the menu again, go one menu up, stay in the waiting line with one's place."""

USED_BY_THE_TELEPHONE: Final = frozenset({"category", "skill", "urgency", "purpose"})
"""Slots that the engine, the screen pop and the draft ticket read; every other slot needs an effect that takes it."""

ATTEMPTS: Final = 3
"""Bad or empty inputs at one menu before the caller is given to a person [docs/domain.md §8]."""

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")

REFERENCES: Final[Mapping[str, frozenset[str]]] = {
    "ticket": frozenset({"state", "union", "expected"}),
    "incident": frozenset({"text"}),
}
"""What `{ticket.state}` may ask of a row. A flow carries only the row's id; whoever renders the words reads the row anew,
so that nothing of a case lies in a turn."""

READINGS: Final = frozenset({"faq", "materials"})
"""What the centre reads out from its configuration, as `{materials.hospital}`."""

FROM_THE_START: Final = frozenset({"incident"})
"""References that a call may bring along; a sentence about one that it did not bring is left out."""


class Kind(StrEnum):
    """Whom a flow speaks to, and so what the checker asks of it."""

    INBOUND = "inbound"
    """A caller: every menu leads to a person."""
    OUTBOUND = "outbound"
    """Somebody whom the machine has called: silence may end the call."""
    RESTRICTED = "restricted"
    """A caller who is told why nobody can take the call; only distress still reaches a person by key."""


@dataclass(frozen=True, slots=True)
class Option:
    """What one key of a menu does; `words` said aloud do the same."""

    target: str
    label: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes have: a name, the line of the file, and prompts spoken on entry."""

    id: str
    line: int
    title: str = ""
    """A short Chinese name for drawings."""
    prompts: tuple[str, ...] = ()
    language: str | None = None
    """Switches the call to this language from here on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SayNode(Node):
    """Speaks and goes on."""

    goto: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuNode(Node):
    """Offers keys; after `ATTEMPTS` bad or empty inputs speaks `give_up_prompt` and goes to `give_up`."""

    options: Mapping[str, Option]
    give_up: str
    give_up_prompt: str
    bad_prompt: str
    timeout_s: int = 6
    speech: bool = False
    may_end: bool = False
    """Nobody is there, or the conversation is over: giving up need not lead to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectNode(Node):
    """Takes a number of `min_digits` to `max_digits` digits, ended by #, into a slot."""

    slot: str
    min_digits: int
    max_digits: int
    goto: str
    give_up: str
    give_up_prompt: str
    bad_prompt: str
    timeout_s: int = 10
    speech: bool = False
    secret: bool = False
    """Kept in no turn, and forgotten as soon as the next effect has answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNode(Node):
    """A waiting line: rounds of announcement and music until a person answers or `max_rounds` have passed."""

    queue: str
    """The waiting line's code, such as `rights`."""
    options: Mapping[str, Option]
    results: Mapping[str, str]
    """Targets for `closed` and `full`."""
    waiting_prompt: str
    give_up: str
    after: str
    """Where a caller goes who is still there when the conversation has ended."""
    next_prompt: str = ""
    """Spoken instead of `waiting_prompt` to the first in line."""
    skill: str = ""
    """What the operator must be able to do; empty leaves it to the keys pressed before."""
    round_s: int = 20
    max_rounds: int = 30
    announce_every: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCallNode(Node):
    """Books a call back that keeps the caller's place."""

    results: Mapping[str, str]
    """Targets for `booked`, `no_number` and `connecting`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailNode(Node):
    """Records a message; an empty one is asked for once more, then `empty` is final."""

    results: Mapping[str, str]
    """Targets for `saved`, `empty` and `connecting`."""
    again_prompt: str
    max_s: int = 180
    about: str = ""
    """A slot with the ticket that the message adds to; empty for a message that begins a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectNode(Node):
    """Asks the record for something and goes on by its answer."""

    effect: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    results: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUpNode(Node):
    """Speaks and ends the call."""

    outcome: str


AnyNode: TypeAlias = (
    SayNode | MenuNode | CollectNode | LineNode | ReturnCallNode | VoicemailNode | EffectNode | HangUpNode
)


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole voice menu; `version` is a digest of its content, so that a call ends with the flow it began with."""

    id: str
    version: str
    languages: tuple[str, ...]
    """The first is the one a call begins in."""
    entry: str
    after_conversation: str
    crisis: str
    """Where crisis words lead."""
    crisis_words: tuple[str, ...]
    not_crisis: tuple[str, ...]
    """Everyday phrases that contain a crisis word and mean none."""
    rescue: str
    """A voicemail or return call for what should never happen: a caller is never dropped."""
    nodes: Mapping[str, AnyNode]
    prompts: Mapping[str, Mapping[str, str]]
    """Prompt key → language → text with {placeholders}."""
    prompt_lines: Mapping[str, int]
    top_lines: Mapping[str, int]
    """The line of each top-level item, such as `crisis`."""
    file: str = ""
    kind: Kind = Kind.INBOUND
    after_abuse: str = ""
    """Where a caller goes whose conversation was ended after the warnings."""
    dialects: tuple[str, ...] = ()
    """Languages without texts of their own: the first language's words in another voice."""
    features: tuple[str, ...] = ()
    """What the centre may have or not have (`when`)."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Nodes and prompts that came from another file, by name."""

    def text(self, prompt: str, language: str, values: Mapping[str, str]) -> str:
        """Return what is spoken; a value that is missing is left out rather than read as a brace."""
        return PLACEHOLDER.sub(lambda found: values.get(found.group(1), ""), self.text_of(prompt, language))

    def text_of(self, prompt: str, language: str) -> str:
        """Return a prompt's text with its {placeholders}, in the first language where it has none of its own."""
        texts = self.prompts[prompt]
        return texts.get(language) or texts[self.languages[0]]

    @property
    def crisis_line(self) -> LineNode | None:
        """Return the waiting line of callers in distress."""
        name = self.crisis
        for _ in range(len(self.nodes)):
            node = self.nodes.get(name)
            if isinstance(node, LineNode):
                return node
            if not isinstance(node, SayNode):
                return None
            name = node.goto
        return None

    @property
    def secret_slots(self) -> frozenset[str]:
        """Return the slots that are forgotten after use."""
        return frozenset(
            node.slot for node in self.nodes.values() if isinstance(node, CollectNode) and node.secret
        )

    def says_crisis(self, text: str) -> bool:
        """True when the caller's words need a person at once; the person decides, not the machine."""
        heard = plain_words(text)
        for phrase in self.not_crisis:
            # A mark in its place, so that what stood around it does not grow together into another word.
            heard = heard.replace(plain_words(phrase), "|")
        return any(plain_words(word) in heard for word in self.crisis_words)


def plain_words(text: str) -> str:
    """Return speech as words are matched: recognisers put spaces between words, and write letters in any case."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


EFFECT_RESULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "open_draft": ("ok",),
    "enter_line": ("waiting", "connecting", "closed", "full"),
    "line_status": ("waiting", "connecting"),
    "leave_line": ("left", "connecting"),
    "request_return_call": ("booked", "no_number", "connecting"),
    "save_voicemail": ("saved", "empty"),
    "flag_crisis": ("ok",),
    "record_survey": ("ok",),
    "opening_hours": ("day", "night", "holiday"),
    "find_ticket": ("found", "sealed", "wrong", "locked", "ambiguous"),
    "nudge_ticket": ("ok", "refused"),
    "record_follow_up": ("ok",),
}
"""What each effect may answer.

`enter_line` takes the caller out of any other line and keeps his place in this one; `request_return_call` books and
takes him out of the line. `connecting` means that an operator has already taken the call: the engine waits.
"""

EFFECT_VALUES: Final[Mapping[str, frozenset[str]]] = {
    "enter_line": frozenset({"ahead", "wait"}),
    "line_status": frozenset({"ahead", "wait"}),
    "request_return_call": frozenset({"by"}),
    "opening_hours": frozenset({"opens"}),
}
"""The placeholders that each effect's answer fills."""

EFFECT_REFERENCES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("find_ticket", "found"): frozenset({"ticket"}),
    ("find_ticket", "sealed"): frozenset({"ticket"}),
}
"""The references that an effect's result brings; from then on they stay with the call."""


def successors(node: AnyNode) -> Iterator[tuple[str, str]]:
    """Yield (how, target) for every way out of a node; special targets included."""
    if isinstance(node, SayNode | CollectNode):
        yield "goto", node.goto
    if isinstance(node, MenuNode | LineNode):
        for key, option in node.options.items():
            yield f"key {key}", option.target
    if isinstance(node, LineNode | ReturnCallNode | VoicemailNode | EffectNode):
        for result, target in node.results.items():
            yield f"result {result}", target
    if isinstance(node, MenuNode | CollectNode | LineNode):
        yield "give_up", node.give_up
    if isinstance(node, LineNode):
        yield "after", node.after


def silent_successors(node: AnyNode) -> Iterator[str]:
    """Yield where a caller goes who says and presses nothing."""
    if isinstance(node, SayNode):
        yield node.goto
    elif isinstance(node, MenuNode | CollectNode):
        yield node.give_up
    elif isinstance(node, LineNode):
        yield node.give_up
        yield from node.results.values()
        yield node.after
    elif isinstance(node, ReturnCallNode | VoicemailNode | EffectNode):
        yield from (target for result, target in node.results.items() if result != "connecting")


def prompts_of(node: AnyNode) -> tuple[str, ...]:
    """Return every prompt that a node may speak."""
    names = ("waiting_prompt", "next_prompt", "again_prompt", "give_up_prompt", "bad_prompt")
    named = [getattr(node, name, "") for name in names]
    return (*node.prompts, *(prompt for prompt in named if prompt))
