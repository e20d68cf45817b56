"""Draws the table of a ticket's life as SVG, without any other program; docs/ticket-states.svg is this, word for word."""

from __future__ import annotations

from html import escape
from typing import Final

from dispatch.rules.ticket_state import ENDED_STATES, TRANSITIONS, Command, State

COLUMN: Final[dict[State, tuple[int, int]]] = {
    State.DRAFT: (0, 1),
    State.PENDING_DISPATCH: (1, 1),
    State.DISPATCHED: (2, 1),
    State.IN_PROGRESS: (3, 1),
    State.REPORTED: (4, 1),
    State.PENDING_CALLBACK: (5, 1),
    State.CLOSED: (6, 1),
    State.VOID: (0, 0),
    State.ANSWERED: (1, 0),
    State.RETURNED: (2, 0),
    State.AWAITING_CALLER: (3, 0),
    State.REOPENED: (5, 0),
    State.DECLINED: (0, 2),
    State.SUSPENDED: (3, 2),
    State.TERMINATED: (4, 2),
    State.MERGED: (1, 3),
    State.WITHDRAWN: (3, 3),
    State.ARCHIVED: (5, 3),
}
"""Where each state stands: column and row of the grid."""

WIDTH, HEIGHT = 112, 38
STEP_X, STEP_Y = 196, 118
MARGIN = 30
OPEN_FILL, ENDED_FILL, INK, SOFT = "#e3edfb", "#eef1f5", "#1f2328", "#57606a"
FROM_ANY: Final = frozenset({Command.MERGE, Command.WITHDRAW, Command.ARCHIVE, Command.ESCALATE_LEVEL})
"""Drawn as one note each: an arrow from every state would hide the others."""


def to_svg() -> str:
    """Return the picture; the same table gives the same text."""
    columns = max(x for x, _ in COLUMN.values()) + 1
    rows = max(y for _, y in COLUMN.values()) + 1
    width = MARGIN * 2 + (columns - 1) * STEP_X + WIDTH
    height = MARGIN * 2 + (rows - 1) * STEP_Y + HEIGHT + 96
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f"height=\"{height}\" role=\"img\" font-family=\"'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',"
        'sans-serif">',
        "<title>工单的状态与命令</title>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="{SOFT}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    arrows = _arrows()
    labels: list[str] = []
    for (source, target), names in arrows.items():
        path, label = _arrow(source, target, "、".join(names))
        parts.append(path)
        labels.append(label)
    parts += [_box(state) for state in State]
    parts += labels
    parts += _notes(height - 78)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _arrows() -> dict[tuple[State, State], list[str]]:
    found: dict[tuple[State, State], list[str]] = {}
    for row in TRANSITIONS:
        if row.to_state is None or row.command in FROM_ANY:
            continue
        for state in sorted(row.from_states):
            names = found.setdefault((state, row.to_state), [])
            if row.command.label not in names:
                names.append(row.command.label)
    return dict(sorted(found.items()))


def _place(state: State) -> tuple[int, int]:
    x, y = COLUMN[state]
    return MARGIN + x * STEP_X, MARGIN + y * STEP_Y


def _box(state: State) -> str:
    x, y = _place(state)
    fill = ENDED_FILL if state in ENDED_STATES else OPEN_FILL
    dash = ' stroke-dasharray="4 3"' if state in ENDED_STATES else ""
    return (
        f'<g><rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" stroke="{SOFT}"{dash}/>'
        f'<text x="{x + WIDTH // 2}" y="{y + 17}" text-anchor="middle" font-size="14" fill="{INK}">'
        f"{escape(state.label)}</text>"
        f'<text x="{x + WIDTH // 2}" y="{y + 31}" text-anchor="middle" font-size="10" fill="{SOFT}">'
        f"{state.value}</text></g>"
    )


def _arrow(source: State, target: State, label: str) -> tuple[str, str]:
    """Return the line and its words; two states that lead to each other get lines of their own."""
    (ax, ay), (bx, by) = _place(source), _place(target)
    if source is target:
        start, end = (ax + 30, ay + HEIGHT), (ax + WIDTH - 30, ay + HEIGHT)
        middle = (ax + WIDTH // 2, ay + HEIGHT + 44)
    elif ay == by:
        forward = bx > ax
        start = (ax + WIDTH if forward else ax, ay + (13 if forward else 27))
        end = (bx if forward else bx + WIDTH, by + (13 if forward else 27))
        far = abs(bx - ax) > STEP_X
        middle = ((start[0] + end[0]) // 2, start[1] + (74 if far else 0))
        if not forward and not far:
            middle = (middle[0], middle[1] + 16)
    else:
        down = by > ay
        shift = 22 if down else -22
        start = (ax + WIDTH // 2 + shift, ay + HEIGHT if down else ay)
        end = (bx + WIDTH // 2 + shift, by if down else by + HEIGHT)
        middle = ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2)
    path = (
        f'<path d="M{start[0]} {start[1]} Q{middle[0]} {middle[1]} {end[0]} {end[1]}" fill="none" '
        f'stroke="{SOFT}" marker-end="url(#head)"/>'
    )
    at_x = (start[0] + 2 * middle[0] + end[0]) // 4
    at_y = (start[1] + 2 * middle[1] + end[1]) // 4 - 4
    text = (
        f'<text x="{at_x}" y="{at_y}" text-anchor="middle" font-size="11" fill="{INK}" stroke="#ffffff" '
        f'stroke-width="3" paint-order="stroke">{escape(label)}</text>'
    )
    return path, text


def _notes(y: int) -> list[str]:
    lines = []
    for command in sorted(FROM_ANY):
        rows = [row for row in TRANSITIONS if row.command is command and row.to_state is not None]
        states = sorted({state for row in rows for state in row.from_states}, key=list(State).index)
        target = rows[0].to_state
        label = target.label if target is not None else ""
        lines.append(f"{command.label}：{'、'.join(state.label for state in states)} → {label}")
    lines.append("虚线框为结束状态；不改变状态的命令（催办、督办、延期、协办、发函等）未画出。")
    return [
        f'<text x="{MARGIN}" y="{y + 17 * index}" font-size="12" fill="{SOFT}">{escape(line)}</text>'
        for index, line in enumerate(lines)
    ]
