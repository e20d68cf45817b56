"""The static checker: proves, before a flow is published, that no caller can get lost in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from ivr_flows.check_text import check_text
from ivr_flows.findings import Finding
from ivr_flows.model import (
    BACK,
    EFFECT_RESULTS,
    REPEAT,
    SPECIAL_TARGETS,
    WAIT_ON,
    AnyNode,
    CollectNode,
    EffectNode,
    Flow,
    HangUpNode,
    Kind,
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
OF_RESTRICTED = frozenset({"*", "9"})
"""What is left of them where nobody can take the call: hear it again, and distress."""
N = TypeVar("N", bound=AnyNode)


def check(flow: Flow) -> list[Finding]:
    """Return everything that is wrong, by line; empty means that the flow may be published."""
    broken = list(_targets(flow))
    if not broken:
        broken = [
            *_unreachable(flow),
            *_keys(flow),
            *_meanings(flow),
            *(() if flow.kind is not Kind.INBOUND else _after_a_line_only(flow)),
            *_levels(flow),
            *_silence(flow),
            *_ends(flow),
            *_persons(flow),
            *_rescue_and_crisis(flow),
            *_left_alone(flow),
        ]
    found = [
        replace(each, part=flow.parts.get(each.node, ""))
        for each in (*broken, *_results(flow), *check_text(flow))
    ]
    return sorted(found, key=lambda each: (each.line, each.code))


def _targets(flow: Flow) -> Iterator[Finding]:
    top = {
        "entry": flow.entry,
        "after_conversation": flow.after_conversation,
        "crisis": flow.crisis,
        "rescue": flow.rescue,
        "after_abuse": flow.after_abuse or flow.entry,
    }
    for name, target in top.items():
        if target not in flow.nodes:
            yield Finding(
                flow.top_lines.get(name, 1), name, "missing_target", f"“{name}”指向不存在的节点“{target}”"
            )
    for node in flow.nodes.values():
        for how, target in successors(node):
            special = target in SPECIAL_TARGETS and isinstance(node, MenuNode) and how.startswith("key")
            if not special and target not in flow.nodes:
                yield Finding(node.line, node.id, "missing_target", f"{how} 指向不存在的节点“{target}”")


def _unreachable(flow: Flow) -> Iterator[Finding]:
    starts = (flow.entry, flow.after_conversation, flow.crisis, flow.rescue)
    reached = _reach(flow, (*starts, *([flow.after_abuse] if flow.after_abuse else [])))
    for node in flow.nodes.values():
        if node.id not in reached:
            yield Finding(node.line, node.id, "unreachable", f"没有任何路径到达节点“{node.id}”")


def _keys(flow: Flow) -> Iterator[Finding]:
    needed = OF_RESTRICTED if flow.kind is Kind.RESTRICTED else REQUIRED_KEYS.keys()
    for node in _of(flow, MenuNode):
        for key, meaning in REQUIRED_KEYS.items():
            if key in needed and key not in node.options:
                yield Finding(node.line, node.id, "missing_key", f"菜单“{node.id}”没有按键{key}（{meaning}）")


def _meanings(flow: Flow) -> Iterator[Finding]:
    """The same key does the same thing in every menu, so that a caller in distress can rely on it."""
    for node in _of(flow, MenuNode):
        for key, meaning in (("*", REPEAT), ("#", BACK)):
            if key in node.options and node.options[key].target != meaning:
                yield Finding(node.line, node.id, "wrong_key", f"菜单“{node.id}”的按键{key}必须是{meaning}")
        if "9" in node.options and not _leads_to(flow, node.options["9"].target, flow.crisis):
            yield Finding(node.line, node.id, "no_care", f"菜单“{node.id}”的按键9到不了“{flow.crisis}”")
        if "8" in node.options and not _changes_language(flow, node.options["8"].target):
            yield Finding(node.line, node.id, "no_english", f"菜单“{node.id}”的按键8没有切换语言")


def _leads_to(flow: Flow, name: str, goal: str) -> bool:
    return goal in {node.id for node in _spoken_through(flow, name)}


def _changes_language(flow: Flow, name: str) -> bool:
    # A flow in one language has nothing to change to: its 8 may lead to a person.
    return len(flow.languages) == 1 or any(node.language for node in _spoken_through(flow, name))


def _spoken_through(flow: Flow, name: str) -> list[AnyNode]:
    """Return a target and, while it only speaks, what follows it."""
    passed: list[AnyNode] = []
    while name in flow.nodes and len(passed) <= len(flow.nodes):
        node = flow.nodes[name]
        passed.append(node)
        if not isinstance(node, SayNode):
            break
        name = node.goto
    return passed


def _after_a_line_only(flow: Flow) -> Iterator[Finding]:
    """Only who has been offered a person may be let go by silence, or asked to wait on."""
    first, queue = {flow.entry}, deque([flow.entry])
    while queue:
        node = flow.nodes[queue.popleft()]
        ways = () if isinstance(node, LineNode) else successors(node)
        for _, target in ways:
            if target in flow.nodes and target not in first:
                first.add(target)
                queue.append(target)
    for node in _of(flow, MenuNode):
        if node.id not in first:
            continue
        if node.may_end:
            yield Finding(node.line, node.id, "ends_too_early", f"菜单“{node.id}”在转人工之前，不能设may_end")
        if any(option.target == WAIT_ON for option in node.options.values()):
            yield Finding(node.line, node.id, "not_waiting", f"菜单“{node.id}”在排队之前，没有可以继续的等待")


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
        kinds = {type(node) for target in exits for node in _spoken_through(flow, target)}
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
            and flow.kind is not Kind.RESTRICTED
            and not _leads_to_person(flow, node.options["0"].target)
        ):
            yield Finding(node.line, node.id, "no_person", f"菜单“{node.id}”的按键0没有转人工")


def _leads_to_person(flow: Flow, name: str) -> bool:
    for _ in range(len(flow.nodes)):
        node = flow.nodes.get(name)
        if isinstance(node, LineNode) or name == WAIT_ON:
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
        yield Finding(flow.top_lines.get("crisis", 1), flow.crisis, "no_crisis_words", "没有危机用语")
    if not _leads_to_person(flow, flow.crisis):
        yield Finding(flow.nodes[flow.crisis].line, flow.crisis, "crisis_no_person", "危机用语没有直接转人工")


def _left_alone(flow: Flow) -> Iterator[Finding]:
    """Who was in distress is asked for nothing afterwards: no survey, no menu."""
    line = flow.crisis_line
    after = _reach(flow, (line.after,)) if line is not None else set()
    if line is not None and any(isinstance(flow.nodes[name], MenuNode | CollectNode) for name in after):
        yield Finding(line.line, line.id, "asks_after_distress", f"“{line.id}”之后只能道别，不能再问什么")


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


def _reach(flow: Flow, starts: tuple[str, ...]) -> set[str]:
    reached, queue = set(starts), deque(starts)
    while queue:
        for _, target in successors(flow.nodes[queue.popleft()]):
            if target in flow.nodes and target not in reached:
                reached.add(target)
                queue.append(target)
    return reached


def _of(flow: Flow, kind: type[N]) -> Iterator[N]:
    for node in flow.nodes.values():
        if isinstance(node, kind):
            yield node
