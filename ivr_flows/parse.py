"""Reads a flow from YAML and says, line by line, what cannot be understood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import yaml

from ivr_flows.model import (
    AnyNode,
    CollectNode,
    EffectNode,
    Flow,
    HangUpNode,
    Kind,
    LineNode,
    MenuNode,
    Option,
    ReturnCallNode,
    SayNode,
    VoicemailNode,
)
from ivr_flows.parts import Part, joined
from ivr_flows.yaml_lines import FlowError, LineMap, Problem, compose, content_version, digest_of

__all__ = ["FlowError", "Problem", "load_flow", "parse_flow"]

EVERYWHERE: Final = "everywhere"
SHIPPED: Final = Path(__file__).parent / "flows"
ReadPart = Callable[[str], str]


def load_flow(path: Path, *, features: Collection[str] = ()) -> Flow:
    """Read the flow in a file as a centre with these features runs it; raises FlowError with every problem found.

    Parts that it includes lie beside it, or are the shipped ones.
    """

    def read_part(name: str) -> str:
        own = path.parent / name
        return _read(own if own.exists() else SHIPPED / name)

    return parse_flow(_read(path), file=path.name, features=features, read_part=read_part)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FlowError(path.name, [Problem(line, "不是UTF-8编码")]) from None


def _no_parts(name: str) -> str:
    raise FileNotFoundError(name)


def parse_flow(
    text: str, *, file: str, features: Collection[str] = (), read_part: ReadPart = _no_parts
) -> Flow:
    """Read a flow from YAML text; raises FlowError with every problem found."""
    root = _compose(text, file)
    reader = _Reader(file, frozenset(features), read_part)
    flow = reader.flow(root)
    if flow is None or reader.problems:
        raise FlowError(file, reader.problems or [Problem(1, "文件为空")])
    return flow


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        return compose(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise FlowError(file, [Problem(line, _yaml_reason(error))]) from None
    except RecursionError:
        raise FlowError(file, [Problem(1, "嵌套太深")]) from None


def _yaml_reason(error: yaml.YAMLError) -> str:
    detail = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"不是有效的YAML，请检查缩进、引号、括号和冒号：{detail}"


class _Reader:
    """Collects problems while it reads, so that an editor sees all of them at once."""

    def __init__(self, file: str, features: frozenset[str], read_part: ReadPart) -> None:
        self.file = file
        self.features = features
        self.read_part = read_part
        self.known_features: tuple[str, ...] = ()
        self.problems: list[Problem] = []
        self.everywhere: dict[str, Option] = {}
        self.defaults: dict[str, str] = {}
        self.kinds: Mapping[str, Callable[[str, int, LineMap, dict[str, Any]], AnyNode]] = {
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

    def flow(self, root: yaml.Node | None) -> Flow | None:
        if root is None:
            return None
        known = (
            "flow", "kind", "languages", "dialects", "features", "include", "entry", "after_conversation",
            "after_abuse", "crisis", "rescue", "menus", EVERYWHERE, "prompts", "nodes",
        )  # fmt: skip
        top = LineMap(self.problems, root, known, "流程")
        self.known_features = top.words("features")
        crisis = top.map("crisis", ("goto", "words", "except"))
        if crisis is None:
            self.problem(top.line, "流程缺少“crisis”：危机用语必须有去处")
        self.defaults = {} if "menus" not in top.items else top.table("menus")
        self.everywhere = self._options(top.map(EVERYWHERE))
        prompts = top.map("prompts")
        nodes = top.map("nodes")
        kind = top.text("kind", Kind.INBOUND.value)
        if kind not in set(Kind):
            self.problem(top.line_of("kind"), f"没有“{kind}”这种流程，可用：{'、'.join(Kind)}")
            kind = Kind.INBOUND.value
        own = Flow(
            id=top.text("flow"),
            version="",
            languages=top.words("languages") or ("zh-CN",),
            entry=top.text("entry"),
            after_conversation=top.text("after_conversation"),
            crisis=crisis.text("goto") if crisis else "",
            crisis_words=crisis.words("words") if crisis else (),
            not_crisis=crisis.words("except") if crisis else (),
            rescue=top.text("rescue"),
            nodes=self._nodes(nodes),
            prompts=self._prompts(prompts),
            prompt_lines={} if prompts is None else {key: prompts.key_lines[key] for key in prompts.items},
            top_lines=top.key_lines,
            file=self.file,
            kind=Kind(kind),
            after_abuse=top.text("after_abuse", ""),
            dialects=top.words("dialects"),
            features=self.known_features,
        )
        return self._with_parts(own, top.words("include"), root)

    def _nodes(self, nodes: LineMap | None) -> dict[str, AnyNode]:
        read = {} if nodes is None else {name: self._node(name, nodes) for name in nodes.items}
        return {name: node for name, node in read.items() if node is not None}

    def _prompts(self, prompts: LineMap | None) -> dict[str, dict[str, str]]:
        found = {}
        for key in {} if prompts is None else prompts.items:
            inner = prompts.map(key) if prompts is not None else None
            if inner is not None and self._is_on(inner):
                found[key] = {name: inner.text(name) for name in inner.items if name != "when"}
        return found

    def _is_on(self, items: LineMap) -> bool:
        """Whether the centre has what `when` asks for."""
        wanted = items.text("when", "")
        if wanted and wanted not in self.known_features:
            self.problem(items.line_of("when"), f"“features”里没有“{wanted}”")
        return not wanted or wanted in self.features

    def _with_parts(self, own: Flow, names: tuple[str, ...], root: yaml.Node) -> Flow:
        """Add what the flow reaches of the files that it includes; what it says itself comes first."""
        parts = [part for name in names if (part := self._part(name, own)) is not None]
        digest = content_version(root)
        chosen = sorted(self.features & set(self.known_features))
        if names or self.known_features:
            digest = digest_of("-".join([digest, *(part.version for part in parts), *chosen]))
        # A prompt that the centre does not have is not spoken; one that nobody wrote is for the checker to find.
        return joined(replace(own, version=digest), parts, off=_all_prompts(root) - own.prompts.keys())

    def _part(self, name: str, own: Flow) -> Part | None:
        try:
            root = _compose(self.read_part(name), name)
        except FileNotFoundError:
            self.problem(own.top_lines.get("include", 1), f"没有“{name}”这个文件")
            return None
        if root is None:
            return None
        before = len(self.problems)
        items = LineMap(self.problems, root, ("nodes", "prompts"), f"“{name}”")
        told = items.map("prompts")
        nodes, prompts = self._nodes(items.map("nodes")), self._prompts(told)
        self.problems[before:] = [Problem(p.line, f"（{name}）{p.reason}") for p in self.problems[before:]]
        lines = {} if told is None else {key: told.key_lines[key] for key in prompts}
        return Part(name, nodes, prompts, lines, content_version(root))

    def _node(self, name: str, nodes: LineMap) -> AnyNode | None:
        line = nodes.key_lines[name]
        body = LineMap(self.problems, nodes.items[name], None, f"节点“{name}”")
        if not self._is_on(body):
            return None
        kinds = [kind for kind in self.kinds if kind in body.items]
        if len(kinds) != 1:
            self.problem(line, f"节点“{name}”应恰好是一种：{'、'.join(self.kinds)}")
            return HangUpNode(id=name, line=line, outcome="failed")
        common: dict[str, Any] = {
            "title": body.text("title", ""),
            "prompts": body.words("prompts"),
            "language": body.text("language", "") or None,
        }
        extra = set(body.items) - {kinds[0], "title", "prompts", "language", "when"}
        for key in sorted(extra):
            self.problem(body.line_of(key), f"节点“{name}”里没有“{key}”这个项目")
        return self.kinds[kinds[0]](name, line, body, common)

    def _say(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "say", ("goto",))
        return SayNode(id=name, line=line, goto=inner.text("goto"), **common)

    def _menu(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
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
            speech=self._speech(inner),
            may_end=inner.flag("may_end"),
            **common,
        )

    def _collect(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        known = (
            "slot",
            "min_digits",
            "max_digits",
            "goto",
            "give_up",
            "give_up_prompt",
            "bad_prompt",
            "timeout_s",
            "speech",
            "secret",
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
            speech=self._speech(inner),
            secret=inner.flag("secret"),
            **common,
        )

    def _speech(self, inner: LineMap) -> bool:
        return inner.flag("speech") if "speech" in inner.items else self.defaults.get("speech") == "true"

    def _line(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        known = (
            "queue",
            "skill",
            "keys",
            "on",
            "waiting_prompt",
            "next_prompt",
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
            next_prompt=inner.text("next_prompt", ""),
            give_up=inner.text("give_up"),
            after=inner.text("after"),
            round_s=inner.number("round_s", 20, 5, 60),
            max_rounds=inner.number("max_rounds", 30, 1, 90),
            announce_every=inner.number("announce_every", 3, 1, 10),
            **common,
        )

    def _return_call(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "return_call", ("on",))
        return ReturnCallNode(id=name, line=line, results=inner.table("on"), **common)

    def _voicemail(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "voicemail", ("on", "again_prompt", "max_s", "about"))
        return VoicemailNode(
            id=name,
            line=line,
            results=inner.table("on"),
            again_prompt=inner.text("again_prompt"),
            max_s=inner.number("max_s", 180, 10, 600),
            about=inner.text("about", ""),
            **common,
        )

    def _effect(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "effect", ("name", "arguments", "on"))
        return EffectNode(
            id=name,
            line=line,
            effect=inner.text("name"),
            arguments=inner.table("arguments"),
            results=inner.table("on"),
            **common,
        )

    def _hang_up(self, name: str, line: int, body: LineMap, common: dict[str, Any]) -> AnyNode:
        inner = self._inner(body, "hang_up", ("outcome",))
        return HangUpNode(id=name, line=line, outcome=inner.text("outcome"), **common)

    def _inner(self, body: LineMap, key: str, known: tuple[str, ...]) -> LineMap:
        return LineMap(self.problems, body.items[key], known, f"“{key}”")

    def _options(self, keys: LineMap | None) -> dict[str, Option]:
        if keys is None:
            return {}
        options = {}
        for key, node in keys.items.items():
            if key not in tuple("0123456789*#"):
                self.problem(node.start_mark.line + 1, f"“{key}”不是电话按键")
            if isinstance(node, yaml.ScalarNode):
                options[key] = Option(str(node.value))
                continue
            inner = LineMap(self.problems, node, ("goto", "label", "set", "words", "when"), f"按键“{key}”")
            if not self._is_on(inner):
                continue
            slots = inner.table("set")
            options[key] = Option(inner.text("goto"), inner.text("label", ""), slots, inner.words("words"))
        return options


def _all_prompts(root: yaml.Node) -> frozenset[str]:
    """Return the keys of all prompts that a file writes, whether the centre has them or not."""
    if not isinstance(root, yaml.MappingNode):
        return frozenset()
    told = next((value for key, value in root.value if key.value == "prompts"), None)
    return (
        frozenset(str(key.value) for key, _ in told.value)
        if isinstance(told, yaml.MappingNode)
        else frozenset()
    )
