"""Checks what a flow says and hears: prompts, translations, values, promised keys, words and slots."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ivr_flows.findings import Finding
from ivr_flows.model import (
    EFFECT_VALUES,
    PLACEHOLDER,
    USED_BY_THE_TELEPHONE,
    AnyNode,
    CollectNode,
    EffectNode,
    Flow,
    LineNode,
    MenuNode,
    ReturnCallNode,
    SayNode,
    plain_words,
    successors,
)

PROMISED: Final = re.compile(r"请按([0-9]|星号|井号)|press (?:the )?([0-9]|star|pound)", re.IGNORECASE)
KEY_NAMES: Final = {"星号": "*", "井号": "#", "star": "*", "pound": "#"}


def check_text(flow: Flow) -> Iterator[Finding]:
    """Yield everything wrong with the flow's words."""
    yield from _prompts(flow)
    yield from _placeholders(flow)
    yield from _promises(flow)
    yield from _languages(flow)
    yield from _words(flow)
    yield from _slots(flow)


def _prompts(flow: Flow) -> Iterator[Finding]:
    used = {prompt: node for node in flow.nodes.values() for prompt in prompts_of(node)}
    for prompt, node in used.items():
        if prompt not in flow.prompts:
            yield Finding(node.line, node.id, "missing_prompt", f"“{node.id}”用到的提示语“{prompt}”不存在")
    for prompt, texts in flow.prompts.items():
        line = flow.prompt_lines[prompt]
        if prompt not in used:
            yield Finding(line, prompt, "unused_prompt", f"提示语“{prompt}”没有用到")
        for language in flow.languages:
            if not texts.get(language, "").strip():
                yield Finding(line, prompt, "untranslated", f"提示语“{prompt}”缺少语言{language}")
        for language in texts:
            if language not in flow.languages:
                yield Finding(line, prompt, "unknown_language", f"提示语“{prompt}”有流程没有的语言{language}")


def prompts_of(node: AnyNode) -> tuple[str, ...]:
    """Return every prompt that a node may speak."""
    names = ("waiting_prompt", "next_prompt", "again_prompt", "give_up_prompt", "bad_prompt")
    named = [getattr(node, name, "") for name in names]
    return (*node.prompts, *(prompt for prompt in named if prompt))


def _placeholders(flow: Flow) -> Iterator[Finding]:
    supplied = _supplied(flow)
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            known = supplied.get(node.id, frozenset())
            if isinstance(node, LineNode):
                waiting = prompt in (node.waiting_prompt, node.next_prompt)
                known = EFFECT_VALUES["line_status"] if waiting else frozenset()
            texts = flow.prompts.get(prompt, {})
            for name in sorted({name for text in texts.values() for name in PLACEHOLDER.findall(text)}):
                if name not in known:
                    line = flow.prompt_lines.get(prompt, node.line)
                    reason = f"提示语“{prompt}”里的{{{name}}}在节点“{node.id}”没有值"
                    yield Finding(line, node.id, "unknown_value", reason)


def _supplied(flow: Flow) -> dict[str, frozenset[str]]:
    """Map each node to the values that every way into it supplies.

    An effect's answer supplies its values, what only speaks hands them on, and every other way supplies none.
    """
    everything = frozenset[str]().union(*EFFECT_VALUES.values())
    supplied = dict.fromkeys(flow.nodes, everything)
    for start in (flow.entry, flow.after_conversation, flow.crisis, flow.rescue):
        supplied[start] = frozenset()
    changed = True
    while changed:
        changed = False
        for node in flow.nodes.values():
            for how, target in successors(node):
                if target not in flow.nodes:
                    continue
                meet = supplied[target] & _handed_on(node, how, supplied[node.id])
                changed = changed or meet != supplied[target]
                supplied[target] = meet
    return supplied


def _handed_on(node: AnyNode, how: str, here: frozenset[str]) -> frozenset[str]:
    if isinstance(node, SayNode):
        return here
    if isinstance(node, ReturnCallNode):
        return EFFECT_VALUES["request_return_call"] if how == "result booked" else frozenset()
    if isinstance(node, EffectNode):
        return EFFECT_VALUES.get(node.effect, frozenset())
    return frozenset()


def _promises(flow: Flow) -> Iterator[Finding]:
    """A prompt may not send a caller to a key that does nothing."""
    for node in flow.nodes.values():
        if not isinstance(node, MenuNode | LineNode):
            continue
        languages = (node.language,) if node.language else flow.languages
        announced = (
            (*node.prompts, node.waiting_prompt, node.next_prompt)
            if isinstance(node, LineNode)
            else node.prompts
        )
        for prompt in announced:
            texts = flow.prompts.get(prompt, {})
            text = " ".join(texts.get(language, "") for language in languages)
            for key in sorted(_keys_in(text) - set(node.options)):
                line = flow.prompt_lines.get(prompt, node.line)
                reason = f"提示语“{prompt}”请人按{key}，“{node.id}”没有这个按键"
                yield Finding(line, node.id, "empty_promise", reason)


def _keys_in(text: str) -> set[str]:
    found = (match.group(1) or match.group(2) for match in PROMISED.finditer(text))
    return {KEY_NAMES.get(key.lower(), key) for key in found}


def _languages(flow: Flow) -> Iterator[Finding]:
    for node in flow.nodes.values():
        if node.language and node.language not in flow.languages:
            yield Finding(
                node.line, node.id, "unknown_language", f"“{node.id}”切换到流程没有的语言{node.language}"
            )


def _words(flow: Flow) -> Iterator[Finding]:
    for node in flow.nodes.values():
        if not isinstance(node, MenuNode):
            continue
        owner: dict[str, str] = {}
        for key, option in node.options.items():
            for word in map(plain_words, option.words):
                if owner.setdefault(word, key) != key:
                    reason = f"菜单“{node.id}”里“{word}”同时属于按键{owner[word]}和{key}"
                    yield Finding(node.line, node.id, "same_word", reason)


def _slots(flow: Flow) -> Iterator[Finding]:
    """What is written down must be read by somebody, and what an effect takes must have been written down."""
    written: dict[str, AnyNode] = {}
    for node in flow.nodes.values():
        if isinstance(node, CollectNode):
            written.setdefault(node.slot, node)
        elif isinstance(node, MenuNode | LineNode):
            for option in node.options.values():
                for slot in option.slots:
                    written.setdefault(slot, node)
    read: dict[str, AnyNode] = {}
    for node in flow.nodes.values():
        if isinstance(node, EffectNode):
            for slot in node.arguments.values():
                read.setdefault(slot, node)
    for slot, node in written.items():
        if slot not in read and slot not in USED_BY_THE_TELEPHONE:
            yield Finding(node.line, node.id, "unused_slot", f"“{node.id}”记下的“{slot}”没有任何地方使用")
    for slot, node in read.items():
        if slot not in written:
            yield Finding(node.line, node.id, "unknown_slot", f"“{node.id}”要用的“{slot}”没有任何地方记下")
