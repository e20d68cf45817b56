"""YAML read so that every value keeps its line, and every mistake is told with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import yaml

try:
    # Ten times as fast; a PyYAML built without libyaml lacks it.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]  # the same interface


DEEPEST = 40
"""Levels of nesting; the shipped flows have six."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a flow file."""

    line: int
    reason: str
    """A Chinese sentence for the administrator who edits flows."""


class FlowError(Exception):
    """A flow file cannot be read; `problems` say where and why."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda each: each.line))
        super().__init__("\n".join(f"{file}:{each.line}: {each.reason}" for each in self.problems))


def compose(text: str) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            # The composer's own stack ends long before: the process would.
            raise yaml.MarkedYAMLError(problem="嵌套太深", problem_mark=event.start_mark)  # type: ignore[arg-type]  # the stubs forget that both marks are alike
        if isinstance(event, yaml.AliasEvent):
            # A few anchors that name each other grow without bound, and hide from the reader what a node does.
            raise yaml.MarkedYAMLError(problem="不支持别名（&与*）", problem_mark=event.start_mark)  # type: ignore[arg-type]  # the stubs forget that both marks are alike
    return yaml.compose(text, Loader=SafeLoader)


def content_version(root: yaml.Node | None) -> str:
    """Return a digest of the content; comments, quotes and the order of keys do not change it."""
    return digest_of(json.dumps(_content(root), ensure_ascii=False, sort_keys=True))


def digest_of(text: str) -> str:
    """Return twelve hex digits that change with the text."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _content(node: yaml.Node | None) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {_scalar(key): _content(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_content(each) for each in node.value]
    return None if node is None else str(node.value)


def _scalar(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


class LineMap:
    """One YAML mapping: its values by key, each with its line; unknown keys are problems."""

    def __init__(
        self, problems: list[Problem], node: yaml.Node, known: tuple[str, ...] | None, what: str
    ) -> None:
        self.problems, self.line, self.what = problems, node.start_mark.line + 1, what
        self.items: dict[str, yaml.Node] = {}
        self.key_lines: dict[str, int] = {}
        if not isinstance(node, yaml.MappingNode):
            self.problem(self.line, f"{what}应是键值表")
            return
        for key_node, value in node.value:
            key = _scalar(key_node)
            line = key_node.start_mark.line + 1
            if key in self.items:
                self.problem(line, f"{what}里“{key}”写了两次")
            if known is not None and key not in known:
                self.problem(line, f"{what}里没有“{key}”这个项目，可用：{'、'.join(known)}")
                continue
            self.items[key] = value
            self.key_lines[key] = line

    def problem(self, line: int, reason: str) -> None:
        self.problems.append(Problem(line, reason))

    def line_of(self, key: str) -> int:
        return self.items[key].start_mark.line + 1 if key in self.items else self.line

    def text(self, key: str, default: str | None = None) -> str:
        node = self.items.get(key)
        if node is None:
            if default is None:
                self.problem(self.line, f"{self.what}缺少“{key}”")
            return default or ""
        if not isinstance(node, yaml.ScalarNode):
            self.problem(self.line_of(key), f"“{key}”应是一个词")
            return ""
        return str(node.value)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        if key not in self.items:
            return default
        text = self.text(key)
        if not text.isdecimal() or not low <= int(text) <= high:
            self.problem(self.line_of(key), f"“{key}”应是{low}到{high}之间的整数，现在是“{text}”")
            return default
        return int(text)

    def flag(self, key: str) -> bool:
        text = self.text(key, "false")
        if text not in ("true", "false"):
            self.problem(self.line_of(key), f"“{key}”应是true或false")
        return text == "true"

    def words(self, key: str) -> tuple[str, ...]:
        node = self.items.get(key)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.problem(self.line_of(key), f"“{key}”应是列表")
            return ()
        for each in node.value:
            if not _scalar(each):
                self.problem(each.start_mark.line + 1, f"“{key}”的每一项应是一个词")
        return tuple(_scalar(each) for each in node.value)

    def map(self, key: str, known: tuple[str, ...] | None = None) -> LineMap | None:
        node = self.items.get(key)
        return None if node is None else LineMap(self.problems, node, known, f"“{key}”")

    def table(self, key: str) -> dict[str, str]:
        inner = self.map(key)
        return {} if inner is None else {name: inner.text(name) for name in inner.items}
