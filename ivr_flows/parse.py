"""Reads a flow from YAML and says, line by line, what cannot be understood."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ivr_flows.model import (
    AnyNode,
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

EVERYWHERE: Final = "everywhere"


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


def load_flow(path: Path) -> Flow:
    """Read the flow in a file; raises FlowError with every problem found."""
    return parse_flow(path.read_text(encoding="utf-8"), file=path.name)


def parse_flow(text: str, *, file: str) -> Flow:
    """Read a flow from YAML text; raises FlowError with every problem found."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise FlowError(file, [Problem(line, f"不是有效的YAML：{error}".splitlines()[0])]) from None
    reader = _Reader(file)
    flow = reader.flow(root, hashlib.sha256(text.encode()).hexdigest()[:12])
    if flow is None or reader.problems:
        raise FlowError(file, reader.problems or [Problem(1, "文件为空")])
    return flow


class _Map:
    """One YAML mapping: its values by key, each with its line; unknown keys are problems."""

    def __init__(self, reader: _Reader, node: yaml.Node, known: tuple[str, ...] | None, what: str) -> None:
        self.reader, self.line, self.what = reader, node.start_mark.line + 1, what
        self.items: dict[str, yaml.Node] = {}
        self.key_lines: dict[str, int] = {}
        if not isinstance(node, yaml.MappingNode):
            reader.problem(self.line, f"{what}应是键值表")
            return
        for key_node, value in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in self.items:
                reader.problem(line, f"{what}里“{key}”写了两次")
            if known is not None and key not in known:
                reader.problem(line, f"{what}里没有“{key}”这个项目，可用：{'、'.join(known)}")
                continue
            self.items[key] = value
            self.key_lines[key] = line

    def line_of(self, key: str) -> int:
        return self.items[key].start_mark.line + 1 if key in self.items else self.line

    def text(self, key: str, default: str | None = None) -> str:
        node = self.items.get(key)
        if node is None:
            if default is None:
                self.reader.problem(self.line, f"{self.what}缺少“{key}”")
            return default or ""
        if not isinstance(node, yaml.ScalarNode):
            self.reader.problem(self.line_of(key), f"“{key}”应是一个词")
            return ""
        return str(node.value)

    def number(self, key: str, default: int, low: int, high: int) -> int:
        if key not in self.items:
            return default
        text = self.text(key)
        if not text.isdecimal() or not low <= int(text) <= high:
            self.reader.problem(self.line_of(key), f"“{key}”应是{low}到{high}之间的整数，现在是“{text}”")
            return default
        return int(text)

    def flag(self, key: str) -> bool:
        text = self.text(key, "false")
        if text not in ("true", "false"):
            self.reader.problem(self.line_of(key), f"“{key}”应是true或false")
        return text == "true"

    def words(self, key: str) -> tuple[str, ...]:
        node = self.items.get(key)
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode):
            self.reader.problem(self.line_of(key), f"“{key}”应是列表")
            return ()
        return tuple(str(each.value) for each in node.value)

    def map(self, key: str, known: tuple[str, ...] | None = None) -> _Map | None:
        node = self.items.get(key)
        return None if node is None else _Map(self.reader, node, known, f"“{key}”")

    def table(self, key: str) -> dict[str, str]:
        inner = self.map(key)
        return {} if inner is None else {name: inner.text(name) for name in inner.items}


class _Reader:
    """Collects problems while it reads, so that an editor sees all of them at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.everywhere: dict[str, Option] = {}
        self.defaults: dict[str, str] = {}
        self.kinds: Mapping[str, Callable[[str, int, _Map, dict[str, Any]], AnyNode]] = {
            "say": self._say,
            "menu": self._menu,
            "collect": self._collect,
            "line": self._line,
            "return_call": self._return_call,
            "voicemail": self._voicemail,
            "effect": self._effect,
            "hang_up": self._hang_up,
        }

    def problem(self, line: int, reason: str) -> None:
        self.problems.append(Problem(line, reason))

    def flow(self, root: yaml.Node | None, version: str) -> Flow | None:
        if root is None:
            return None
        known = (
            "flow", "languages", "entry", "after_conversation", "crisis", "rescue",
            "menus", EVERYWHERE, "prompts", "nodes",
        )  # fmt: skip
        top = _Map(self, root, known, "流程")
        crisis = top.map("crisis", ("goto", "words", "except"))
        if crisis is None:
            self.problem(top.line, "流程缺少“crisis”：危机用语必须有去处")
        self.defaults = {} if "menus" not in top.items else top.table("menus")
        self.everywhere = self._options(top.map(EVERYWHERE))
        prompts = top.map("prompts")
        nodes = top.map("nodes")
        return Flow(
            id=top.text("flow"),
            version=version,
            languages=top.words("languages") or ("zh-CN",),
            entry=top.text("entry"),
            after_conversation=top.text("after_conversation"),
            crisis=crisis.text("goto") if crisis else "",
            crisis_words=crisis.words("words") if crisis else (),
            not_crisis=crisis.words("except") if crisis else (),
            rescue=top.text("rescue"),
            nodes={} if nodes is None else {name: self._node(name, nodes) for name in nodes.items},
            prompts={} if prompts is None else {key: prompts.table(key) for key in prompts.items},
            prompt_lines={} if prompts is None else {key: prompts.key_lines[key] for key in prompts.items},
            file=self.file,
        )

    def _node(self, name: str, nodes: _Map) -> AnyNode:
        line = nodes.key_lines[name]
        body = _Map(self, nodes.items[name], None, f"节点“{name}”")
        kinds = [kind for kind in self.kinds if kind in body.items]
        if len(kinds) != 1:
            self.problem(line, f"节点“{name}”应恰好是一种：{'、'.join(self.kinds)}")
            return HangUpNode(id=name, line=line, outcome="failed")
        common: dict[str, Any] = {
            "prompts": body.words("prompts"),
            "language": body.text("language", "") or None,
        }
        extra = set(body.items) - {kinds[0], "prompts", "language"}
        for key in sorted(extra):
            self.problem(body.line_of(key), f"节点“{name}”里没有“{key}”这个项目")
        return self.kinds[kinds[0]](name, line, body, common)

    def _say(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "say", ("goto",))
        return SayNode(id=name, line=line, goto=inner.text("goto"), **common)

    def _menu(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        known = ("keys", "give_up", "give_up_prompt", "bad_prompt", "timeout_s", "speech", "may_end")
        inner = self._inner(body, "menu", known)
        own = self._options(inner.map("keys"))
        return MenuNode(
            id=name,
            line=line,
            options={**self.everywhere, **own},
            give_up=inner.text("give_up", self.defaults.get("give_up")),
            give_up_prompt=inner.text("give_up_prompt", self.defaults.get("give_up_prompt")),
            bad_prompt=inner.text("bad_prompt", self.defaults.get("bad_prompt")),
            timeout_s=inner.number("timeout_s", 6, 2, 30),
            speech=inner.flag("speech"),
            may_end=inner.flag("may_end"),
            **common,
        )

    def _collect(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        known = (
            "slot",
            "min_digits",
            "max_digits",
            "goto",
            "give_up",
            "give_up_prompt",
            "bad_prompt",
            "timeout_s",
        )
        inner = self._inner(body, "collect", known)
        return CollectNode(
            id=name,
            line=line,
            slot=inner.text("slot"),
            min_digits=inner.number("min_digits", 1, 1, 20),
            max_digits=inner.number("max_digits", 20, 1, 20),
            goto=inner.text("goto"),
            give_up=inner.text("give_up", self.defaults.get("give_up")),
            give_up_prompt=inner.text("give_up_prompt", self.defaults.get("give_up_prompt")),
            bad_prompt=inner.text("bad_prompt", self.defaults.get("bad_prompt")),
            timeout_s=inner.number("timeout_s", 10, 2, 30),
            **common,
        )

    def _line(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        known = (
            "queue",
            "skill",
            "keys",
            "on",
            "waiting_prompt",
            "give_up",
            "after",
            "round_s",
            "max_rounds",
            "announce_every",
        )
        inner = self._inner(body, "line", known)
        return LineNode(
            id=name,
            line=line,
            queue=inner.text("queue"),
            skill=inner.text("skill", ""),
            options=self._options(inner.map("keys")),
            results=inner.table("on"),
            waiting_prompt=inner.text("waiting_prompt"),
            give_up=inner.text("give_up"),
            after=inner.text("after"),
            round_s=inner.number("round_s", 20, 5, 60),
            max_rounds=inner.number("max_rounds", 30, 1, 90),
            announce_every=inner.number("announce_every", 3, 1, 10),
            **common,
        )

    def _return_call(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "return_call", ("on",))
        return ReturnCallNode(id=name, line=line, results=inner.table("on"), **common)

    def _voicemail(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "voicemail", ("on", "again_prompt", "max_s"))
        return VoicemailNode(
            id=name,
            line=line,
            results=inner.table("on"),
            again_prompt=inner.text("again_prompt"),
            max_s=inner.number("max_s", 180, 10, 600),
            **common,
        )

    def _effect(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "effect", ("name", "arguments", "on"))
        return EffectNode(
            id=name,
            line=line,
            effect=inner.text("name"),
            arguments=inner.table("arguments"),
            results=inner.table("on"),
            **common,
        )

    def _hang_up(self, name: str, line: int, body: _Map, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "hang_up", ("outcome",))
        return HangUpNode(id=name, line=line, outcome=inner.text("outcome"), **common)

    def _inner(self, body: _Map, key: str, known: tuple[str, ...]) -> _Map:
        return _Map(self, body.items[key], known, f"“{key}”")

    def _options(self, keys: _Map | None) -> dict[str, Option]:
        if keys is None:
            return {}
        options = {}
        for key, node in keys.items.items():
            if key not in tuple("0123456789*#"):
                self.problem(node.start_mark.line + 1, f"“{key}”不是电话按键")
            if isinstance(node, yaml.ScalarNode):
                options[key] = Option(str(node.value))
                continue
            inner = _Map(self, node, ("goto", "label", "set", "words"), f"按键“{key}”")
            slots = inner.table("set")
            options[key] = Option(inner.text("goto"), inner.text("label", ""), slots, inner.words("words"))
        return options
