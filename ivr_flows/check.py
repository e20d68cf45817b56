"""The static checker: proves, before a flow is published, that no caller can get lost in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from ivr_flows.model import (
    EFFECT_RESULTS,
    EFFECT_VALUES,
    PLACEHOLDER,
    SPECIAL_TARGETS,
    AnyNode,
    CollectNode,
    EffectNode,
    Flow,
    HangUpNode,
    LineNode,
    MenuNode,
    ReturnCallNode,
    SayNode,
    VoicemailNode,
    silent_successors,
    successors,
)

REQUIRED_KEYS = {"0": "人工", "*": "重听", "#": "返回", "8": "英语", "9": "心理关怀"}
"""In every menu [docs/domain.md §8]."""
MAX_LEVELS = 2
Kind = TypeVar("Kind", bound=AnyNode)


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason not to publish a flow."""

    line: int
    node: str
    code: str
    reason: str
    """A Chinese sentence."""


def check(flow: Flow) -> list[Finding]:
    """Return everything that is wrong, by line; empty means that the flow may be published."""
    broken = list(_targets(flow))
    if not broken:
        broken = [
            *_unreachable(flow),
            *_keys(flow),
            *_levels(flow),
            *_silence(flow),
            *_ends(flow),
            *_persons(flow),
            *_rescue_and_crisis(flow),
        ]
    found = [*broken, *_results(flow), *_prompts(flow), *_placeholders(flow)]
    return sorted(found, key=lambda each: (each.line, each.code))


def _targets(flow: Flow) -> Iterator[Finding]:
    top = {
        "entry": flow.entry,
        "after_conversation": flow.after_conversation,
        "crisis": flow.crisis,
        "rescue": flow.rescue,
    }
    for name, target in top.items():
        if target not in flow.nodes:
            yield Finding(1, name, "missing_target", f"“{name}”指向不存在的节点“{target}”")
    for node in flow.nodes.values():
        for how, target in successors(node):
            special = target in SPECIAL_TARGETS and isinstance(node, MenuNode) and how.startswith("key")
            if not special and target not in flow.nodes:
                yield Finding(node.line, node.id, "missing_target", f"{how} 指向不存在的节点“{target}”")


def _unreachable(flow: Flow) -> Iterator[Finding]:
    reached = _reach(flow, (flow.entry, flow.after_conversation, flow.crisis, flow.rescue))
    for node in flow.nodes.values():
        if node.id not in reached:
            yield Finding(node.line, node.id, "unreachable", f"没有任何路径到达节点“{node.id}”")


def _keys(flow: Flow) -> Iterator[Finding]:
    for node in _of(flow, MenuNode):
        for key, meaning in REQUIRED_KEYS.items():
            if key not in node.options:
                yield Finding(node.line, node.id, "missing_key", f"菜单“{node.id}”没有按键{key}（{meaning}）")


def _levels(flow: Flow) -> Iterator[Finding]:
    """Menus from the entry by their own keys; the keys that every menu has do not count as going deeper."""
    level = {flow.entry: 0}
    queue = deque([flow.entry])
    while queue:
        node = flow.nodes[queue.popleft()]
        here = level[node.id] + (1 if isinstance(node, MenuNode) else 0)
        if isinstance(node, MenuNode) and here > MAX_LEVELS:
            yield Finding(node.line, node.id, "too_deep", f"菜单“{node.id}”是第{here}层，最多{MAX_LEVELS}层")
        for how, target in successors(node):
            common = isinstance(node, MenuNode) and how[4:] in REQUIRED_KEYS
            if target not in SPECIAL_TARGETS and not common and target not in level:
                level[target] = here
                queue.append(target)


def _silence(flow: Flow) -> Iterator[Finding]:
    """A caller who does nothing must come to an end: the silent steps may not form a ring."""
    done: set[str] = set()
    for start in flow.nodes:
        trail: list[str] = []
        yield from _walk_silently(flow, start, trail, done)


def _walk_silently(flow: Flow, name: str, trail: list[str], done: set[str]) -> Iterator[Finding]:
    if name in done:
        return
    if name in trail:
        ring = "→".join([*trail[trail.index(name) :], name])
        yield Finding(flow.nodes[name].line, name, "endless", f"不按键会无限循环：{ring}")
        return
    trail.append(name)
    for target in dict.fromkeys(silent_successors(flow.nodes[name])):
        yield from _walk_silently(flow, target, trail, done)
    trail.pop()
    done.add(name)


def _ends(flow: Flow) -> Iterator[Finding]:
    """From everywhere a caller can still reach a person, a return call, a voicemail or an end."""
    for node in flow.nodes.values():
        reach = _reach(flow, (node.id,))
        if not any(
            isinstance(flow.nodes[name], LineNode | ReturnCallNode | VoicemailNode | HangUpNode)
            for name in reach
        ):
            yield Finding(node.line, node.id, "no_end", f"从节点“{node.id}”到不了人工、回电、留言或挂机")
    for line in _of(flow, LineNode):
        exits = {option.target for option in line.options.values()} | {line.give_up}
        kinds = {type(flow.nodes[target]) for target in exits}
        if not {ReturnCallNode, VoicemailNode} <= kinds:
            yield Finding(line.line, line.id, "no_exit", f"排队“{line.id}”必须能选回电，也能选留言")


def _persons(flow: Flow) -> Iterator[Finding]:
    """Three bad inputs lead to a person, and so does 0; only a menu that says `may_end` may end instead."""
    for node in flow.nodes.values():
        if isinstance(node, MenuNode | CollectNode):
            may_end = isinstance(node, MenuNode) and node.may_end
            if not may_end and not _leads_to_person(flow, node.give_up):
                yield Finding(node.line, node.id, "no_person", f"“{node.id}”三次无效输入后没有转人工")
        if (
            isinstance(node, MenuNode)
            and "0" in node.options
            and not _leads_to_person(flow, node.options["0"].target)
        ):
            yield Finding(node.line, node.id, "no_person", f"菜单“{node.id}”的按键0没有转人工")


def _leads_to_person(flow: Flow, name: str) -> bool:
    for _ in range(len(flow.nodes)):
        node = flow.nodes.get(name)
        if isinstance(node, LineNode):
            return True
        if isinstance(node, SayNode):
            name = node.goto
        elif isinstance(node, EffectNode) and len(set(node.results.values())) == 1:
            name = next(iter(node.results.values()))
        else:
            return False
    return False


def _rescue_and_crisis(flow: Flow) -> Iterator[Finding]:
    rescue = flow.nodes[flow.rescue]
    if not isinstance(rescue, VoicemailNode | ReturnCallNode):
        yield Finding(rescue.line, rescue.id, "bad_rescue", "“rescue”必须是留言或回电：出错时也不能丢掉来电")
    if not flow.crisis_words:
        yield Finding(1, flow.crisis, "no_crisis_words", "没有危机用语")
    if not _leads_to_person(flow, flow.crisis):
        yield Finding(flow.nodes[flow.crisis].line, flow.crisis, "crisis_no_person", "危机用语没有直接转人工")


def _results(flow: Flow) -> Iterator[Finding]:
    for node in flow.nodes.values():
        needed = set(_expected_results(node))
        given = set(getattr(node, "results", {}))
        for result in sorted(needed - given):
            yield Finding(node.line, node.id, "missing_result", f"“{node.id}”没有处理结果“{result}”")
        for result in sorted(given - needed):
            yield Finding(node.line, node.id, "unknown_result", f"“{node.id}”不会有结果“{result}”")
        if isinstance(node, EffectNode) and node.effect not in EFFECT_RESULTS:
            yield Finding(node.line, node.id, "unknown_effect", f"没有“{node.effect}”这种操作")


def _expected_results(node: AnyNode) -> tuple[str, ...]:
    match node:
        case LineNode():
            return ("closed", "full")
        case ReturnCallNode():
            return ("booked", "no_number")
        case VoicemailNode():
            return ("saved", "empty")
        case EffectNode():
            return EFFECT_RESULTS.get(node.effect, tuple(node.results))
        case _:
            return ()


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
    named = [
        getattr(node, name, "") for name in ("waiting_prompt", "again_prompt", "give_up_prompt", "bad_prompt")
    ]
    return (*node.prompts, *(prompt for prompt in named if prompt))


def _placeholders(flow: Flow) -> Iterator[Finding]:
    supplied = _supplied(flow)
    for node in flow.nodes.values():
        for prompt in prompts_of(node):
            known = supplied.get(node.id, frozenset())
            if isinstance(node, LineNode):
                known = EFFECT_VALUES["line_status"] if prompt == node.waiting_prompt else frozenset()
            texts = flow.prompts.get(prompt, {})
            for name in sorted({name for text in texts.values() for name in PLACEHOLDER.findall(text)}):
                if name not in known:
                    line = flow.prompt_lines.get(prompt, node.line)
                    reason = f"提示语“{prompt}”里的{{{name}}}在节点“{node.id}”没有值"
                    yield Finding(line, node.id, "unknown_value", reason)


def _supplied(flow: Flow) -> dict[str, frozenset[str]]:
    """Map a node to the values that every way into it supplies."""
    ways: dict[str, list[frozenset[str]]] = {}
    for node in flow.nodes.values():
        for how, target in successors(node):
            values: frozenset[str] = frozenset()
            if isinstance(node, ReturnCallNode) and how == "result booked":
                values = EFFECT_VALUES["request_return_call"]
            ways.setdefault(target, []).append(values)
    return {target: frozenset.intersection(*all_ways) for target, all_ways in ways.items()}


def _reach(flow: Flow, starts: tuple[str, ...]) -> set[str]:
    reached, queue = set(starts), deque(starts)
    while queue:
        for _, target in successors(flow.nodes[queue.popleft()]):
            if target in flow.nodes and target not in reached:
                reached.add(target)
                queue.append(target)
    return reached


def _of(flow: Flow, kind: type[Kind]) -> Iterator[Kind]:
    for node in flow.nodes.values():
        if isinstance(node, kind):
            yield node
