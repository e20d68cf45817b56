"""Broken flows are refused with the line and the reason; the shipped ones pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_flows.check import Finding, check
from ivr_flows.parse import FlowError, load_flow

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.yaml"))
SHIPPED = sorted((HERE.parents[1] / "ivr_flows" / "flows").glob("*.yaml"))


def _expected(path: Path) -> tuple[int, str, str]:
    """Read the first line of a broken flow: `# expect LINE CODE` or `# expect LINE parse WORDS`."""
    _, _, line, code, *words = path.read_text(encoding="utf-8").splitlines()[0].split(" ", 4)
    return int(line), code, " ".join(words)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_flow_has_no_finding(path: Path) -> None:
    assert check(load_flow(path)) == []


def test_the_flow_that_the_broken_ones_are_made_of_is_sound() -> None:
    assert check(load_flow(HERE / "sound.yaml")) == []


def test_there_are_more_than_a_dozen_broken_flows() -> None:
    assert len(BROKEN) > 12


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_flow_is_refused_with_line_and_reason(path: Path) -> None:
    line, code, words = _expected(path)
    if code.startswith("parse"):
        with pytest.raises(FlowError) as refused:
            load_flow(path)
        problems = refused.value.problems
        assert any(
            words in each.reason and (each.line == line or code == "parse-any") for each in problems
        ), problems
        return
    findings: list[Finding] = check(load_flow(path))
    assert (line, code) in {(each.line, each.code) for each in findings}, findings
    assert all(each.reason for each in findings)
