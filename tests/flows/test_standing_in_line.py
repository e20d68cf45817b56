"""A caller whom a person puts into a line: where his flow goes on, and what he keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hotline.wiring import SHIPPED_FLOWS
from ivr_flows.engine import stand_in_line, start, step
from ivr_flows.model import Flow, LineNode
from ivr_flows.outputs import Effect, EffectDone, NoInput, Wait
from ivr_flows.parse import load_flow


@pytest.fixture(scope="module")
def day() -> Flow:
    return load_flow(SHIPPED_FLOWS / "day.yaml")


def test_whoever_was_never_in_the_line_stands_in_the_one_he_is_sent_to(day: Flow) -> None:
    state = stand_in_line(day, start(day), "legal")
    node = day.nodes[state.node]
    assert isinstance(node, LineNode)
    assert node.queue == "legal"
    assert state.after == node.after
    state, (asked,) = step(day, state, NoInput())
    assert isinstance(asked, Effect)
    assert asked.name == "line_status"
    _, outputs = step(day, state, EffectDone("line_status", "waiting", {"ahead": "0"}))
    assert isinstance(outputs[-1], Wait)


def test_a_place_that_is_there_is_kept_and_one_elsewhere_is_not(day: Flow) -> None:
    standing = replace(stand_in_line(day, start(day), "general"), rounds=2, announced="1")
    assert stand_in_line(day, standing, "general") == standing
    moved = stand_in_line(day, standing, "care")
    assert (moved.rounds, moved.announced, moved.distressed) == (0, "", True)
    # A line that no flow knows is still a line.
    assert isinstance(day.nodes[stand_in_line(day, start(day), "nowhere").node], LineNode)


def test_a_flow_without_lines_is_left_alone(day: Flow) -> None:
    nodes = {name: each for name, each in day.nodes.items() if not isinstance(each, LineNode)}
    bare = replace(day, nodes=nodes)
    assert stand_in_line(bare, start(bare), "general") == start(bare)
