"""Checks what a flow says and hears: prompts, translations, values, promised keys, words and slots."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from ivr_flows.findings import Finding
from ivr_flows.model import (
    BACK,
    EFFECT_REFERENCES,
    EFFECT_VALUES,
    FROM_THE_START,
    PLACEHOLDER,
    READINGS,
    REFERENCES,
    REPEAT,
    USED_BY_THE_TELEPHONE,
    AnyNode,
    CollectNode,
    EffectNode,
    Flow,
    LineNode,
    MenuNode,
    ReturnCallNode,
    SayNode,
    VoicemailNode,
    plain_words,
    prompts_of,
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
    yield from _mute_keys(flow)
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


def _placeholders(flow: Flow) -> Iterator[Finding]:
    supplied = _supplied(flow)
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            known = supplied.get(node.id, frozenset()) | FROM_THE_START
            if isinstance(node, LineNode):
                waiting = prompt in (node.waiting_prompt, node.next_prompt)
                known = (known & REFERENCES.keys()) | (EFFECT_VALUES["line_status"] if waiting else set())
            texts = flow.prompts.get(prompt, {})
            for name in sorted({name for text in texts.values() for name in PLACEHOLDER.findall(text)}):
                if not _is_known(name, known):
                    line = flow.prompt_lines.get(prompt, node.line)
                    reason = f"提示语“{prompt}”里的{{{name}}}在节点“{node.id}”没有值"
                    yield Finding(line, node.id, "unknown_value", reason)


def _is_known(name: str, known: Collection[str]) -> bool:
    row, _, field = name.partition(".")
    if not field:
        return name in known
    return row in READINGS or (row in known and field in REFERENCES.get(row, frozenset()))


def _supplied(flow: Flow) -> dict[str, frozenset[str]]:
    """Map each node to the values that every way into it supplies.

    An effect's answer supplies its values, what only speaks hands them on, and every other way supplies none.
    A reference stays with the call once it has been found.
    """
    everything = frozenset[str]().union(*EFFECT_VALUES.values(), REFERENCES)
    supplied = dict.fromkeys(flow.nodes, everything)
    for start in (flow.entry, flow.after_conversation, flow.after_abuse, flow.crisis, flow.rescue):
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
    kept = here & REFERENCES.keys()
    if isinstance(node, ReturnCallNode):
        return kept | (EFFECT_VALUES["request_return_call"] if how == "result booked" else frozenset())
    if isinstance(node, EffectNode):
        brought = EFFECT_REFERENCES.get((node.effect, how.removeprefix("result ")), frozenset())
        return kept | brought | EFFECT_VALUES.get(node.effect, frozenset())
    return kept


def _promises(flow: Flow) -> Iterator[Finding]:
    """A prompt may not send a caller to a key that does nothing."""
    for node in flow.nodes.values():
        if not isinstance(node, MenuNode | LineNode):
            continue
        languages = (node.language,) if node.language else flow.languages
        for prompt in _announced(flow, node):
            texts = flow.prompts.get(prompt, {})
            text = " ".join(texts.get(language, "") for language in languages)
            for key in sorted(_keys_in(text) - set(node.options)):
                line = flow.prompt_lines.get(prompt, node.line)
                reason = f"提示语“{prompt}”请人按{key}，“{node.id}”没有这个按键"
                yield Finding(line, node.id, "empty_promise", reason)


def _announced(flow: Flow, node: MenuNode | LineNode) -> Iterator[str]:
    """Yield what is said while a key may be pressed here: also what is spoken on the way to a menu."""
    yield from node.prompts
    if isinstance(node, LineNode):
        yield from (node.waiting_prompt, node.next_prompt)
        return
    before, seen = [node.id], {node.id}
    while before:
        target = before.pop()
        for other in flow.nodes.values():
            if isinstance(other, SayNode) and other.goto == target and other.id not in seen:
                seen.add(other.id)
                before.append(other.id)
                yield from other.prompts


def _keys_in(text: str) -> set[str]:
    found = (match.group(1) or match.group(2) for match in PROMISED.finditer(text))
    return {KEY_NAMES.get(key.lower(), key) for key in found}


def _languages(flow: Flow) -> Iterator[Finding]:
    for node in flow.nodes.values():
        if node.language and node.language not in (*flow.languages, *flow.dialects):
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


def _mute_keys(flow: Flow) -> Iterator[Finding]:
    """Where a menu listens to words, every choice can be said."""
    for node in flow.nodes.values():
        if isinstance(node, MenuNode) and node.speech:
            for key, option in node.options.items():
                if not option.words and option.target not in (REPEAT, BACK):
                    reason = f"菜单“{node.id}”听得懂话，按键{key}却没有可以说的词"
                    yield Finding(node.line, node.id, "mute_key", reason)


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
        elif isinstance(node, EffectNode):
            for result in node.results:
                for slot in EFFECT_REFERENCES.get((node.effect, result), ()):
                    written.setdefault(slot, node)
    read: dict[str, AnyNode] = {}
    for node in flow.nodes.values():
        if isinstance(node, EffectNode):
            for slot in node.arguments.values():
                read.setdefault(slot, node)
        elif isinstance(node, VoicemailNode) and node.about:
            read.setdefault(node.about, node)
    for slot, node in written.items():
        if slot not in read and slot not in USED_BY_THE_TELEPHONE and slot not in REFERENCES:
            yield Finding(node.line, node.id, "unused_slot", f"“{node.id}”记下的“{slot}”没有任何地方使用")
    for slot, node in read.items():
        if slot not in written:
            yield Finding(node.line, node.id, "unknown_slot", f"“{node.id}”要用的“{slot}”没有任何地方记下")
