"""Draws a flow: Mermaid text for documents, and SVG without any other program."""

from __future__ import annotations

from collections import deque
from html import escape
from typing import Final

from ivr_flows.model import (
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
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 190, 62, 36, 74, 24


def to_mermaid(flow: Flow) -> str:
    """Return the flow as a Mermaid flowchart; keys that every menu has are drawn once, from the entry."""
    lines = ["flowchart TD"]
    for node in flow.nodes.values():
        label = f"{KIND_NAMES[type(node)]} {node.id}<br/>{_first_words(flow, node)}".replace('"', "'")
        lines.append(f'    {node.id}["{label}"]')
    lines += [f'    {source} -->|"{label}"| {target}' for source, target, label in edges(flow)]
    return "\n".join(lines) + "\n"


def edges(flow: Flow) -> list[tuple[str, str, str]]:
    """Return (from, to, label) of each way, several ways between two nodes joined into one label."""
    common = _common_keys(flow)
    drawn: dict[tuple[str, str], list[str]] = {}
    for node in flow.nodes.values():
        for how, target in successors(node):
            if target in SPECIAL_TARGETS or (
                how in common
                and common[how] == target
                and isinstance(node, MenuNode)
                and not _first_menu(flow, node)
            ):
                continue
            drawn.setdefault((node.id, target), []).append(_label(node, how))
    return [
        (source, target, " / ".join(label for label in labels if label))
        for (source, target), labels in drawn.items()
    ]


def to_svg(flow: Flow) -> str:
    """Return the flow as an SVG image: one row a step away from the entry."""
    place = _places(flow)
    columns = max(x for x, _ in place.values()) + 1
    rows = max(y for _, y in place.values()) + 1
    width = 2 * MARGIN + columns * WIDTH + (columns - 1) * GAP_X
    height = 2 * MARGIN + rows * HEIGHT + (rows - 1) * GAP_Y
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="PingFang SC, Microsoft YaHei, WenQuanYi Zen Hei, sans-serif" font-size="13">',
        f"<title>{escape(flow.id)}</title>",
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#667"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    parts += [_svg_edge(place[source], place[target], label) for source, target, label in edges(flow)]
    parts += [_svg_node(flow, node, place[node.id]) for node in flow.nodes.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _places(flow: Flow) -> dict[str, tuple[int, int]]:
    """Give each node a column and a row: rows by distance from the entry, columns in order of arrival."""
    row: dict[str, int] = {}
    queue: deque[str] = deque()
    for start in (flow.entry, flow.crisis, flow.after_conversation, flow.rescue, *flow.nodes):
        if start not in row:
            row[start] = (
                0 if start == flow.entry else max(row.values()) + 1 if start == flow.after_conversation else 1
            )
            queue.append(start)
        while queue:
            here = queue.popleft()
            for _, target in successors(flow.nodes[here]):
                if target in flow.nodes and target not in row:
                    row[target] = row[here] + 1
                    queue.append(target)
    used: dict[int, int] = {}
    place = {}
    for name, y in row.items():
        place[name] = (used.get(y, 0), y)
        used[y] = used.get(y, 0) + 1
    return place


def _corner(place: tuple[int, int]) -> tuple[int, int]:
    return MARGIN + place[0] * (WIDTH + GAP_X), MARGIN + place[1] * (HEIGHT + GAP_Y)


def _svg_node(flow: Flow, node: AnyNode, place: tuple[int, int]) -> str:
    x, y = _corner(place)
    head = escape(f"{KIND_NAMES[type(node)]} · {node.id}")
    body = escape(_first_words(flow, node))
    return (
        f'<g><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{COLOURS[type(node)]}" stroke="#99a"/>'
        f'<text x="{x + 10}" y="{y + 24}" font-weight="600">{head}</text>'
        f'<text x="{x + 10}" y="{y + 46}" fill="#445">{body}</text></g>'
    )


def _svg_edge(source: tuple[int, int], target: tuple[int, int], label: str) -> str:
    (x1, y1), (x2, y2) = _corner(source), _corner(target)
    down = y2 > y1
    x1, y1 = x1 + WIDTH // 2, y1 + (HEIGHT if down else 0)
    x2, y2 = x2 + WIDTH // 2, y2 + (0 if down else HEIGHT)
    bend = GAP_Y // 2 if down else -GAP_Y // 2
    middle_x, middle_y = (x1 + x2) // 2, (y1 + y2) // 2
    text = escape(label)
    return (
        f'<path d="M{x1} {y1}C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}" fill="none" stroke="#667" '
        f'marker-end="url(#to)"/><text x="{middle_x + 4}" y="{middle_y}" font-size="11" fill="#334" '
        f'paint-order="stroke" stroke="#fff" stroke-width="3">{text}</text>'
    )


def _label(node: AnyNode, how: str) -> str:
    kind, _, rest = how.partition(" ")
    if kind == "key" and isinstance(node, MenuNode | LineNode):
        return f"{rest} {node.options[rest].label}".strip()
    return {"goto": "", "give_up": "无输入", "after": "通话结束后"}.get(kind, rest)


def _first_words(flow: Flow, node: AnyNode) -> str:
    if not node.prompts:
        return ""
    text = flow.text(node.prompts[0], flow.languages[0], {})
    return text if len(text) <= 12 else f"{text[:12]}…"


def _common_keys(flow: Flow) -> dict[str, str]:
    menus = [node for node in flow.nodes.values() if isinstance(node, MenuNode)]
    if not menus:
        return {}
    first = menus[0].options
    return {
        f"key {key}": option.target
        for key, option in first.items()
        if all(key in menu.options and menu.options[key].target == option.target for menu in menus)
    }


def _first_menu(flow: Flow, node: MenuNode) -> bool:
    return node.id == next(name for name, each in flow.nodes.items() if isinstance(each, MenuNode))
