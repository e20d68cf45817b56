"""Draws a flow: Mermaid text for documents, and SVG without any other program."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from ivr_flows.model import (
    BACK,
    REPEAT,
    SPECIAL_TARGETS,
    WAIT_ON,
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
    successors,
)

KIND_NAMES: Final = {
    SayNode: "播报",
    MenuNode: "菜单",
    CollectNode: "输入号码",
    LineNode: "排队转人工",
    ReturnCallNode: "回电",
    VoicemailNode: "留言",
    EffectNode: "处理",
    HangUpNode: "挂机",
}
COLOURS: Final = {
    SayNode: "#eef1f5",
    MenuNode: "#e3edfb",
    CollectNode: "#e3edfb",
    LineNode: "#e2f3e6",
    ReturnCallNode: "#fdf1d7",
    VoicemailNode: "#fdf1d7",
    EffectNode: "#efe7f7",
    HangUpNode: "#f7e3e3",
}
WAY_NAMES: Final = {
    "goto": "然后",
    "give_up": "三次没有选择",
    "after": "通话结束后",
    "closed": "无人在岗",
    "full": "排队已满",
    "booked": "已登记",
    "no_number": "没有来电号码",
    "saved": "已留言",
    "empty": "没有声音",
    "ok": "完成",
    "day": "工作时间",
    "night": "夜间",
    "holiday": "休息日",
    "found": "核对无误",
    "sealed": "保密诉求",
    "wrong": "不正确",
    "locked": "当日锁定",
    "ambiguous": "无法确定",
    "refused": "不能办理",
}
SPECIAL_NAMES: Final = {REPEAT: "重听", BACK: "返回上一级", WAIT_ON: "保留位置继续等待"}
EVERY_MENU: Final = "*"
"""The card of what every menu has; no node can bear this name, because keys are not node names."""
WIDTH, GAP_X, GAP_Y, MARGIN = 300, 70, 22, 24
HEAD, ROW, PAD = 28, 20, 10


@dataclass(frozen=True, slots=True)
class _Card:
    """A box of the drawing: a heading, what is spoken, and each way out with the name of where it leads."""

    id: str
    heading: str
    colour: str
    spoken: tuple[str, ...]
    ways: tuple[tuple[str, str], ...]
    """(how, target)."""

    @property
    def height(self) -> int:
        return HEAD + ROW * (len(self.spoken) + len(self.ways)) + PAD


def to_mermaid(flow: Flow) -> str:
    """Return the flow as a Mermaid flowchart; keys that every menu has are drawn once, from the first menu."""
    lines = ["flowchart TD"]
    for node in flow.nodes.values():
        label = f"{KIND_NAMES[type(node)]} {name_of(node)}<br/>{_cut(_text(flow, node), 180)}"
        lines.append(f'    {node.id}["{_mermaid(label)}"]')
    lines += [f'    {source} -->|"{_mermaid(label)}"| {target}' for source, target, label in edges(flow)]
    return "\n".join(lines) + "\n"


def edges(flow: Flow) -> list[tuple[str, str, str]]:
    """Return (from, to, label) of each way, several ways between two nodes joined into one label."""
    first = next((node.id for node in flow.nodes.values() if isinstance(node, MenuNode)), "")
    drawn: dict[tuple[str, str], list[str]] = {}
    for node in flow.nodes.values():
        common = {} if node.id == first else _common_keys(flow)
        for how, target in successors(node):
            if target not in SPECIAL_TARGETS and not _is_common(node, how, common):
                drawn.setdefault((node.id, target), []).append(_way(node, how))
    return [(source, target, " / ".join(labels)) for (source, target), labels in drawn.items()]


def name_of(node: AnyNode) -> str:
    """Return the node's Chinese name, or its id where it has none."""
    return node.title or node.id


def to_svg(flow: Flow) -> str:
    """Return the flow as an SVG image: a column for each step away from the entry.

    Every way out is written in its card by name; an arrow is drawn only where a node is first reached.
    """
    cards = _cards(flow)
    parents = _parents(flow, cards)
    place, width, height = _places(cards, parents)
    font = "PingFang SC, Microsoft YaHei, WenQuanYi Zen Hei, sans-serif"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="{font}" font-size="13">',
        f"<title>{escape(flow.id)}</title>",
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    parts += [
        line for child, parent in parents.items() if parent for line in _arrows(cards, place, parent, child)
    ]
    parts += [_svg_card(flow, card, *place[card.id]) for card in cards.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cards(flow: Flow) -> dict[str, _Card]:
    common = _common_keys(flow)
    cards: dict[str, _Card] = {}
    for node in flow.nodes.values():
        ways = tuple(
            (_way(node, how), to) for how, to in successors(node) if not _is_common(node, how, common)
        )
        heading = f"{KIND_NAMES[type(node)]} · {name_of(node)}"
        cards[node.id] = _Card(node.id, heading, COLOURS[type(node)], _wrap(_text(flow, node)), ways)
    if common:
        menu = next(node for node in flow.nodes.values() if isinstance(node, MenuNode))
        ways = (*((_way(menu, how), to) for how, to in common.items()), ("危机用语", flow.crisis))
        cards[EVERY_MENU] = _Card(EVERY_MENU, "每个菜单都有", "#fff", (), ways)
    return cards


def _parents(flow: Flow, cards: dict[str, _Card]) -> dict[str, str]:
    """Map each card to the one it is first reached from, breadth first; roots have none."""
    parents: dict[str, str] = {}
    for roots in ((flow.entry, EVERY_MENU), *((name,) for name in flow.nodes)):
        queue = deque(root for root in roots if root in cards and root not in parents)
        parents.update(dict.fromkeys(queue, ""))
        while queue:
            here = queue.popleft()
            for _, target in cards[here].ways:
                if target in cards and target not in parents:
                    parents[target] = here
                    queue.append(target)
    return parents


def _places(cards: dict[str, _Card], parents: dict[str, str]) -> tuple[dict[str, tuple[int, int]], int, int]:
    """Give each card its corner: columns by distance from its root, each filled from the top in order of arrival."""
    column: dict[str, int] = {}
    next_y: dict[int, int] = {}
    place: dict[str, tuple[int, int]] = {}
    for name, parent in parents.items():
        column[name] = column[parent] + 1 if parent else 0
        x = column[name]
        y = next_y.get(x, MARGIN)
        place[name] = (MARGIN + x * (WIDTH + GAP_X), y)
        next_y[x] = y + cards[name].height + GAP_Y
    width = 2 * MARGIN + (max(column.values()) + 1) * (WIDTH + GAP_X) - GAP_X
    return place, width, max(next_y.values()) - GAP_Y + MARGIN


def _arrows(
    cards: dict[str, _Card], place: dict[str, tuple[int, int]], parent: str, child: str
) -> Iterator[str]:
    card = cards[parent]
    x1, top = place[parent][0] + WIDTH, place[parent][1] + HEAD + ROW * len(card.spoken)
    x2, y2 = place[child][0], place[child][1] + HEAD // 2
    for row, (_, target) in enumerate(card.ways):
        if target == child:
            y1 = top + ROW * row + ROW // 2
            bend = GAP_X // 2
            yield (
                f'<path d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" fill="none" '
                'stroke="#667" marker-end="url(#to)"/>'
            )


def _svg_card(flow: Flow, card: _Card, x: int, y: int) -> str:
    lines = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{card.height}" rx="6" fill="{card.colour}" stroke="#99a"/>',
        f'<text x="{x + PAD}" y="{y + 20}" font-weight="600">{escape(_cut(card.heading, WIDTH - 2 * PAD))}</text>',
    ]
    at = y + HEAD + 14
    for spoken in card.spoken:
        lines.append(f'<text x="{x + PAD}" y="{at}" fill="#556">{escape(spoken)}</text>')
        at += ROW
    for how, target in card.ways:
        leads = SPECIAL_NAMES.get(target) or (name_of(flow.nodes[target]) if target in flow.nodes else target)
        lines.append(
            f'<text x="{x + PAD}" y="{at}">{escape(_cut(how, 160))}</text>'
            f'<text x="{x + WIDTH - PAD}" y="{at}" text-anchor="end" fill="#245">{escape(_cut(f"→ {leads}", 125))}</text>'
        )
        at += ROW
    return f"<g>{''.join(lines)}</g>"


def _way(node: AnyNode, how: str) -> str:
    kind, _, rest = how.partition(" ")
    if kind == "key" and isinstance(node, MenuNode | LineNode):
        return f"{rest} {node.options[rest].label}".strip()
    if kind == "give_up" and isinstance(node, LineNode):
        return "一直没有接通"
    return WAY_NAMES.get(rest or kind, rest or kind)


def _text(flow: Flow, node: AnyNode) -> str:
    language = node.language or flow.languages[0]
    texts = (flow.prompts.get(prompt, {}) for prompt in node.prompts)
    return "".join(text.get(language, "") for text in texts)


def _common_keys(flow: Flow) -> dict[str, str]:
    """Return the ways (`key 9` → target) that all menus share."""
    menus = [node for node in flow.nodes.values() if isinstance(node, MenuNode)]
    if not menus:
        return {}
    counted = {
        f"key {key}": (option.target, [menu.options.get(key) for menu in menus])
        for menu in menus[:1]
        for key, option in menu.options.items()
    }
    # One menu may mean something of its own by a key; it then writes that key itself.
    return {
        how: target
        for how, (target, options) in counted.items()
        if 2 * sum(option is not None and option.target == target for option in options) > len(menus)
    }


def _is_common(node: AnyNode, how: str, common: dict[str, str]) -> bool:
    if not isinstance(node, MenuNode) or how not in common:
        return False
    return node.options[how.removeprefix("key ")].target == common[how]


def _wrap(text: str, lines: int = 3) -> tuple[str, ...]:
    """Break a sentence into at most `lines` lines of a card's width."""
    wrapped: list[str] = []
    while text and len(wrapped) < lines:
        last = len(wrapped) == lines - 1
        line = _cut(text, WIDTH - 2 * PAD) if last else _fitting(text, WIDTH - 2 * PAD)
        if not last:
            line = _whole_words(line, text[len(line) :])
        wrapped.append(line)
        text = text[len(line) :].lstrip()
    return tuple(wrapped)


def _whole_words(line: str, rest: str) -> str:
    """Break before a Latin word, and let a Chinese stop hang at the end of the line."""
    if rest[:1] and rest[0] in "，。；、：":
        return line + rest[0]
    inside = rest[:1].isascii() and rest[:1].isalnum() and line[-1:].isascii() and line[-1:].isalnum()
    return line[: line.rindex(" ") + 1] if inside and " " in line else line


def _cut(text: str, width: int) -> str:
    fits = _fitting(text, width)
    return text if fits == text else f"{_fitting(text, width - 13)}…"


def _fitting(text: str, width: int) -> str:
    """Return the beginning of a text that is at most `width` wide: Chinese is as wide as high, letters half."""
    used = 0
    for at, letter in enumerate(text):
        used += 8 if ord(letter) < 0x2000 else 13
        if used > width:
            return text[:at]
    return text


def _mermaid(text: str) -> str:
    return text.replace('"', "'").replace("|", "/")
