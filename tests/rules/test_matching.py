"""Who is rung for a caller: four ways of choosing, the deputy of a post first, and helpers only when it is time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from config.load import load_policy
from config.settings import SHIPPED_CONFIG
from dispatch.rules.policy import PolicyError
from hotline.line.lines import Lines, Order, Strategy
from hotline.line.models import Waiting
from hotline.line.waiting import Operator, best_for
from hotline.voice.spoken import spoken_wait
from tests.builders import NOW

LINES = load_policy(SHIPPED_CONFIG / "lines.yaml", Lines.from_mapping)


def with_strategy(strategy: Strategy) -> Lines:
    return replace(LINES, by_code={each.code: replace(each, strategy=strategy) for each in LINES})


def seat(number: int, *skills: str, minutes_ago: int = 0, taken: int = 0) -> Operator:
    return Operator(
        number,
        "operator",
        frozenset({"legal", *skills}),
        frozenset(),
        "ready",
        NOW - timedelta(minutes=minutes_ago) if minutes_ago else None,
        taken,
    )


def waiting(line: str = "legal", *, skill: str | None = None, seconds: int = 0) -> Waiting:
    return Waiting(line=line, skill=skill, priority=2, entered_at=NOW - timedelta(seconds=seconds))


# Ordered by longest idle, as `on_duty` gives them.
READY = (
    seat(1, "english", "rights", minutes_ago=2, taken=5),
    seat(2, "english", minutes_ago=9, taken=7),
    seat(3, minutes_ago=4, taken=3),
)


@pytest.mark.parametrize(
    ("strategy", "chosen"),
    [
        (Strategy.LONGEST_IDLE, 1),
        (Strategy.ROUND_ROBIN, 2),
        (Strategy.FEWEST_CALLS, 3),
        (Strategy.BY_SKILL, 3),
    ],
)
def test_each_strategy_has_its_own_choice(strategy: Strategy, chosen: int) -> None:
    lines = with_strategy(strategy)
    found = best_for(waiting(), READY, READY, lines=lines, now=NOW)
    assert found is not None
    assert found.user_id == chosen


def test_a_skill_that_the_caller_needs_comes_before_the_strategy() -> None:
    found = best_for(waiting(skill="english"), READY, READY, lines=with_strategy(Strategy.BY_SKILL), now=NOW)
    assert found is not None
    assert found.user_id == 2


def test_the_deputy_of_whoever_did_not_take_it_is_rung_next() -> None:
    found = best_for(waiting(), READY, READY, lines=LINES, now=NOW, deputy_id=3)
    assert found is not None
    assert found.user_id == 3
    # A deputy who cannot serve the line is no deputy for it.
    stranger = Operator(4, "operator", frozenset(), frozenset(), "ready")
    found = best_for(waiting(), (*READY, stranger), READY, lines=LINES, now=NOW, deputy_id=4)
    assert found is not None
    assert found.user_id == 1


def test_helpers_of_another_line_are_rung_only_after_the_longest_wait() -> None:
    busy = replace(seat(1), state="talking")
    helper = Operator(9, "operator", frozenset({"rights"}), frozenset(), "ready")
    early = best_for(waiting(seconds=179), (helper,), (busy, helper), lines=LINES, now=NOW)
    late = best_for(waiting(seconds=180), (helper,), (busy, helper), lines=LINES, now=NOW)
    assert early is None
    assert late is helper


LINE = {"code": "a", "label": "a", "priority": 1, "max_wait_s": 60, "return_call_s": 60}


@pytest.mark.parametrize(
    ("defaults", "where"),
    [({"strategy": "by_luck"}, "defaults.strategy"), ({"order": "alphabet"}, "defaults.order")],
)
def test_what_nobody_knows_is_refused_with_its_place(defaults: dict[str, str], where: str) -> None:
    with pytest.raises(PolicyError, match=where):
        Lines.from_mapping({"defaults": defaults, "lines": [LINE]})


def test_a_line_may_have_its_own_strategy() -> None:
    lines = Lines.from_mapping(
        {
            "defaults": {"strategy": "fewest_calls", "order": "longest_waiting"},
            "lines": [LINE, {**LINE, "code": "b", "strategy": "round_robin"}],
        }
    )
    assert [each.strategy for each in lines] == [Strategy.FEWEST_CALLS, Strategy.ROUND_ROBIN]
    assert lines.order is Order.LONGEST_WAITING


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (59, "1分钟以内", "less than a minute"),
        (61, "约2分钟", "about 2 minutes"),
        (1800, "约30分钟", "about 30 minutes"),
        (1801, "半小时以上", "more than half an hour"),
    ],
)
def test_a_wait_is_said_in_round_minutes(seconds: int, chinese: str, english: str) -> None:
    assert spoken_wait(seconds, language="zh-CN") == chinese
    assert spoken_wait(seconds, language="en-US") == english
