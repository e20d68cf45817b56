"""Whom operators may bring in, as the file says it, and what is wrong with a file that cannot be read."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from config.load import read_yaml
from config.settings import SHIPPED_CONFIG
from dispatch.rules.policy import PolicyError
from hotline.calls.talk_policy import TalkPolicy

SHIPPED: dict[str, Any] = read_yaml(SHIPPED_CONFIG / "conversation.yaml")


def test_the_shipped_file_names_the_lines_of_others() -> None:
    policy = TalkPolicy.from_mapping(SHIPPED)
    assert policy.recall_after == timedelta(seconds=60)
    assert set(policy.parties) == {"lawyer", "line_12345", "line_12348", "line_12356"}
    assert [each.code for each in policy.parties.values() if each.restricted] == ["line_12356"]


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        (("parties", 0, "number"), "call me", "cannot be dialled"),
        (("parties", 1, "code"), "lawyer", "defined twice"),
        (("parties", 0, "colour"), "red", "没有“colour”"),
        (("hold", "recall_s"), 1, "不能小于10"),
        (("outside_s",), 0, "不能小于5"),
        (("greeting",), "", "不能为空"),
    ],
)
def test_a_wrong_file_says_where(place: tuple[str | int, ...], value: object, why: str) -> None:
    told: Any = deepcopy(SHIPPED)
    inner = told
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(PolicyError, match=why):
        TalkPolicy.from_mapping(told)
