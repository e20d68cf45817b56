"""A flow can be drawn and walked without a telephone."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ivr_flows.diagram import edges, name_of, to_mermaid, to_svg
from ivr_flows.parse import load_flow
from ivr_flows.trying import walk

ROOT = Path(__file__).parents[2]
DAY = load_flow(ROOT / "ivr_flows" / "flows" / "day.yaml")


def test_every_node_is_drawn_once_and_every_arrow_has_both_ends() -> None:
    svg = ET.fromstring(to_svg(DAY))  # noqa: S314  # our own text
    heads = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text") if text.get("font-weight")]
    names = [name_of(node) for node in DAY.nodes.values()]
    assert len(set(names)) == len(names)
    assert sorted(head.split(" · ")[1] for head in heads if head and " · " in head) == sorted(names)
    assert all(source in DAY.nodes and target in DAY.nodes for source, target, _ in edges(DAY))


def test_no_two_nodes_lie_on_each_other() -> None:
    svg = ET.fromstring(to_svg(DAY))  # noqa: S314  # our own text
    boxes = [
        tuple(int(box.get(name, "0")) for name in ("x", "y", "width", "height"))
        for box in svg.iter("{http://www.w3.org/2000/svg}rect")
        if box.get("rx")
    ]
    assert len(boxes) == len(DAY.nodes) + 1
    for (x1, y1, w1, h1), (x2, y2, w2, h2) in itertools.combinations(boxes, 2):
        assert x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1


def test_every_way_out_is_written_with_the_name_of_where_it_leads() -> None:
    svg = ET.fromstring(to_svg(DAY))  # noqa: S314  # our own text
    for card in svg.iter("{http://www.w3.org/2000/svg}g"):
        texts = [text.text or "" for text in card.iter("{http://www.w3.org/2000/svg}text")]
        if texts[0] == "菜单 · 劳动权益":
            assert texts[texts.index("1 欠薪") + 1] == "→ 劳动权益专线"
            assert texts[texts.index("三次没有选择") + 1] == "→ 人工"
            return
    raise AssertionError("no card for the rights menu")


def test_a_sentence_is_broken_between_words_and_cut_with_dots() -> None:
    card = next(part for part in to_svg(DAY).split("<g>") if "菜单 · 英语服务" in part)
    assert ">Trade union service line 12351. For<" in card
    assert "…</text>" in card


def test_mermaid_names_the_keys() -> None:
    text = to_mermaid(DAY)
    assert 'main -->|"1 劳动权益"| rights' in text
    assert 'rights -->|"1 欠薪' in text


@pytest.mark.parametrize(
    "path", sorted((ROOT / "ivr_flows" / "flows").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_drawing_in_the_documents_is_the_flow_that_is_shipped(path: Path) -> None:
    drawn = (ROOT / "docs" / "flows" / f"{path.stem}.svg").read_text(encoding="utf-8")
    assert drawn == to_svg(load_flow(path)), "run: hotline flows draw-all docs/flows"


def test_a_walk_in_the_terminal_reads_like_a_call() -> None:
    transcript = "\n".join(walk(DAY, ["1", "1", "3", "老板欠我三个月工资"]))
    assert "欠薪请按1" in transcript
    assert "您前面还有2位" in transcript
    assert transcript.endswith("〔挂机：voicemail〕")
