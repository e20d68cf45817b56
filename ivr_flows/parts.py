"""Joins a flow with the files that it includes: it takes of them what it reaches, and what it says itself comes first."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from ivr_flows.model import AnyNode, Flow, prompts_of, successors


@dataclass(frozen=True, slots=True)
class Part:
    """One included file."""

    name: str
    nodes: Mapping[str, AnyNode]
    prompts: Mapping[str, Mapping[str, str]]
    prompt_lines: Mapping[str, int]
    version: str


def joined(own: Flow, parts: Sequence[Part], *, off: Collection[str]) -> Flow:
    """Return the whole flow; prompts in `off` are left out wherever they would be spoken."""
    nodes: dict[str, AnyNode] = dict(own.nodes)
    prompts: dict[str, Mapping[str, str]] = dict(own.prompts)
    lines, files = dict(own.prompt_lines), dict[str, str]()
    for part in parts:
        files |= {
            key: part.name for key in (*part.nodes, *part.prompts) if key not in nodes and key not in prompts
        }
        lines |= {key: line for key, line in part.prompt_lines.items() if key not in prompts}
        nodes, prompts = {**part.nodes, **nodes}, {**part.prompts, **prompts}
    used = _reached(replace(own, nodes=nodes))
    kept = {name: _without(node, off) for name, node in nodes.items() if name in own.nodes or name in used}
    spoken = {prompt for node in kept.values() for prompt in prompts_of(node)}
    said = {key: text for key, text in prompts.items() if key in own.prompts or key in spoken}
    return replace(
        own,
        nodes=kept,
        prompts=said,
        prompt_lines={key: lines[key] for key in said},
        parts={key: file for key, file in files.items() if key in kept or key in said},
    )


def _reached(flow: Flow) -> set[str]:
    """Return the nodes that can be reached from any of the flow's beginnings."""
    starts = (flow.entry, flow.after_conversation, flow.after_abuse, flow.crisis, flow.rescue)
    found = {name for name in starts if name in flow.nodes}
    queue = deque(found)
    while queue:
        for _, target in successors(flow.nodes[queue.popleft()]):
            if target in flow.nodes and target not in found:
                found.add(target)
                queue.append(target)
    return found


def _without(node: AnyNode, off: Collection[str]) -> AnyNode:
    kept = tuple(prompt for prompt in node.prompts if prompt not in off)
    return node if kept == node.prompts else replace(node, prompts=kept)
