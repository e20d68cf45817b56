"""A flow can be drawn and walked without a telephone."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from ivr_flows.diagram import edges, to_mermaid, to_svg
from ivr_flows.parse import load_flow
from ivr_flows.trying import walk

ROOT = Path(__file__).parents[2]
DAY = load_flow(ROOT / "ivr_flows" / "flows" / "day.yaml")


def test_every_node_is_drawn_once_and_every_arrow_has_both_ends() -> None:
    svg = ET.fromstring(to_svg(DAY))  # noqa: S314  # our own text
    heads = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text") if text.get("font-weight")]
    assert sorted(head.split(" · ")[1] for head in heads if head) == sorted(DAY.nodes)
    assert all(source in DAY.nodes and target in DAY.nodes for source, target, _ in edges(DAY))


def test_no_two_nodes_lie_on_each_other() -> None:
    svg = ET.fromstring(to_svg(DAY))  # noqa: S314  # our own text
    boxes = [
        (box.get("x"), box.get("y")) for box in svg.iter("{http://www.w3.org/2000/svg}rect") if box.get("rx")
    ]
    assert len(boxes) == len(set(boxes)) == len(DAY.nodes)


def test_mermaid_names_the_keys() -> None:
    text = to_mermaid(DAY)
    assert 'main -->|"1 劳动权益"| rights' in text
    assert 'rights -->|"1 欠薪' in text


def test_the_drawing_in_the_documents_is_the_flow_that_is_shipped() -> None:
    assert (ROOT / "docs" / "flows" / "day.svg").read_text(encoding="utf-8") == to_svg(DAY)


def test_a_walk_in_the_terminal_reads_like_a_call() -> None:
    transcript = "\n".join(walk(DAY, ["1", "1", "3", "老板欠我三个月工资"]))
    assert "欠薪请按1" in transcript
    assert "您前面还有2位" in transcript
    assert transcript.endswith("〔挂机：voicemail〕")
