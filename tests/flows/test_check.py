"""Broken flows are refused with the line and the reason; the shipped ones pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr_flows.check import check
from ivr_flows.model import CollectNode, LineNode, MenuNode
from ivr_flows.parse import FlowError, load_flow, parse_flow

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.yaml"))
ROOM = HERE.parents[1] / "ivr_flows"
FLOWS = ROOM / "flows"
SHIPPED = sorted(FLOWS.glob("*.yaml"))
CODES = {
    code
    for path in (ROOM / "check.py", ROOM / "check_text.py")
    for code in re.findall(
        r'yield Finding\(.{5,80}?, "([a-z_]+)", (?:f?"|reason)', path.read_text("utf-8"), re.S
    )
}
"""Every code that the checker's source yields."""
LANGUAGES = {"english", "dialect"}
"""Skills of operators that no line asks for: they are preferred, not required."""


def _expected(path: Path) -> list[tuple[int, str, str]]:
    """Read the first line of a broken flow: `# expect LINE CODE`, or `LINE parse WORDS`, several between `; `."""
    head = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect ")
    parts = (each.split(" ", 2) for each in head.split("; "))
    return [(int(line), code, " ".join(words)) for line, code, *words in parts]


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _codes(data: Any) -> set[str]:
    """Return every `code` anywhere in YAML data."""
    if isinstance(data, list):
        return {code for each in data for code in _codes(each)}
    if not isinstance(data, dict):
        return set()
    return {str(data.get("code", ""))} | {code for each in data.values() for code in _codes(each)}


def _found(path: Path) -> list[tuple[int, str, str]]:
    try:
        return [(each.line, each.code, each.reason) for each in check(load_flow(path))]
    except FlowError as refused:
        return [(each.line, "parse", each.reason) for each in refused.problems]


@pytest.mark.parametrize("features", [(), ("dialect",)], ids=["plain", "dialect"])
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_flow_has_no_finding_whatever_the_centre_has(path: Path, features: tuple[str, ...]) -> None:
    assert check(load_flow(path, features=features)) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_menu_and_number_entry_can_be_answered_by_speech(path: Path) -> None:
    flow = load_flow(path, features=["dialect"])
    listening = [node for node in flow.nodes.values() if isinstance(node, MenuNode | CollectNode)]
    assert all(node.speech for node in listening), [node.id for node in listening if not node.speech]


def test_a_finding_in_an_included_part_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    part = (
        (FLOWS / "parts" / "care.yaml")
        .read_text("utf-8")
        .replace("zh-CN: 您好，我们一直在。", "zh-TW: 您好。")
    )
    (tmp_path / "parts" / "care.yaml").write_text(part, encoding="utf-8")
    flow = tmp_path / "day.yaml"
    flow.write_text((FLOWS / "day.yaml").read_text("utf-8"), encoding="utf-8")
    found = {(each.code, each.part) for each in check(load_flow(flow))}
    assert found == {("untranslated", "parts/care.yaml"), ("unknown_language", "parts/care.yaml")}


def test_a_change_in_a_part_is_a_new_version_of_the_flow(tmp_path: Path) -> None:
    whole = load_flow(FLOWS / "day.yaml")
    (tmp_path / "parts").mkdir()
    part = (FLOWS / "parts" / "care.yaml").read_text("utf-8").replace("我们一直在", "我们都在")
    (tmp_path / "parts" / "care.yaml").write_text(part, encoding="utf-8")
    (tmp_path / "day.yaml").write_text((FLOWS / "day.yaml").read_text("utf-8"), encoding="utf-8")
    changed = load_flow(tmp_path / "day.yaml")
    assert changed.version != whole.version
    assert changed.prompts["care"]["zh-CN"].startswith("您好，我们都在")
    # What is not beside the flow is taken from the shipped parts.
    assert changed.prompts["survey"] == whole.prompts["survey"]


def test_a_dialect_is_spoken_from_the_first_languages_text() -> None:
    flow = load_flow(FLOWS / "day.yaml", features=["dialect"])
    assert flow.nodes["dialect"].language == "yue-HK"
    assert flow.text("survey", "yue-HK", {}) == flow.prompts["survey"]["zh-CN"]
    main = load_flow(FLOWS / "day.yaml").nodes["main"]
    assert isinstance(main, MenuNode)
    assert "7" not in main.options


def test_the_flow_that_the_broken_ones_are_made_of_is_sound() -> None:
    assert check(load_flow(HERE / "sound.yaml")) == []


def test_there_are_more_than_a_dozen_broken_flows() -> None:
    assert len(BROKEN) > 12


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_flow_is_refused_with_the_line_and_the_reason_and_nothing_else(path: Path) -> None:
    expected, found = _expected(path), _found(path)
    assert [each[:2] for each in found] == [each[:2] for each in expected], found
    for (_, _, words), (_, _, reason) in zip(expected, found, strict=True):
        assert reason
        assert words in reason


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_rule_of_the_checker_has_a_flow_that_breaks_it(code: str) -> None:
    assert code in {each for path in BROKEN for _, each, _ in _expected(path)}


def test_the_version_is_of_the_content_and_not_of_comments_or_quotes() -> None:
    text = (HERE / "sound.yaml").read_text(encoding="utf-8")
    same = parse_flow("# note\n" + text.replace("goto: main", 'goto: "main"'), file="a.yaml")
    other = parse_flow(text.replace("您好。", "你好。"), file="a.yaml")
    assert same.version == parse_flow(text, file="b.yaml").version
    assert other.version != same.version


@pytest.mark.parametrize(
    "text",
    ["", "[]", "x", "nodes: 3", "nodes: {a: [1]}", "prompts: {a: b}", "? [a]\n: b", "\x00", "[" * 5000],
)
def test_what_is_no_flow_is_refused_and_never_crashes(text: str) -> None:
    with pytest.raises(FlowError):
        parse_flow(text, file="odd.yaml")


def test_a_file_in_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "gbk.yaml"
    path.write_bytes("flow: day\nlanguages: [中文]\n".encode("gbk"))
    with pytest.raises(FlowError, match=r"gbk\.yaml:2: 不是UTF-8编码"):
        load_flow(path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_flow_with_lines_lost_or_moved_is_read_or_refused_and_never_crashes(data: st.DataObject) -> None:
    lines = (HERE / "sound.yaml").read_text(encoding="utf-8").splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines.pop(at)
        if data.draw(st.booleans()):
            lines.insert(data.draw(st.integers(0, len(lines))), line)
    try:
        flow = parse_flow("\n".join(lines), file="cut.yaml")
        told = [(each.line, each.reason) for each in check(flow)]
    except FlowError as refused:
        told = [(each.line, each.reason) for each in refused.problems]
    assert all(1 <= line <= len(lines) + 1 and reason for line, reason in told)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_flow_names_only_categories_lines_and_skills_that_exist(path: Path) -> None:
    flow = load_flow(path, features=["dialect"])
    config = HERE.parents[1] / "config"
    catalogue = _load(config / "categories.yaml")
    lines = {each["code"]: each for each in _load(config / "lines.yaml")["lines"]}
    options = [
        option
        for node in flow.nodes.values()
        if isinstance(node, MenuNode)
        for option in node.options.values()
    ]
    categories = {option.slots["category"] for option in options if "category" in option.slots}
    skills = {option.slots["skill"] for option in options if "skill" in option.slots}
    queues = [node for node in flow.nodes.values() if isinstance(node, LineNode)]
    assert categories <= _codes(catalogue)
    assert {queue.queue for queue in queues} <= set(lines)
    known = {skill for line in lines.values() for skill in line["skills"]} | LANGUAGES
    assert skills | {queue.skill for queue in queues if queue.skill} <= known
