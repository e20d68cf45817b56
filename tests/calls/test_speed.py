"""`HOTLINE_SANDBOX_SPEED` hurries the sandbox's telephones and nothing else, and `hotline check` says so."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.settings import Settings
from hotline.app import build
from hotline.preflight import check_all


@pytest.mark.parametrize("speed", [0, -1, "inf", "nan", "fast"])
def test_a_speed_that_no_clock_can_have_is_refused(speed: Any) -> None:
    with pytest.raises(ValidationError):
        Settings(sandbox_speed=speed)


def test_an_hour_on_a_hurried_exchange_is_over_in_a_moment(tmp_path: Path) -> None:
    programme = build(Settings(data_dir=tmp_path, sandbox_speed=100_000.0), deliver=False, clock=False)
    exchange = programme.exchange
    assert exchange is not None

    async def an_hour() -> float:
        over, began_s = asyncio.Event(), exchange.clock.elapsed_s
        exchange.clock.after(3600, over.set)
        await asyncio.wait_for(over.wait(), timeout=60)
        return exchange.clock.elapsed_s - began_s

    # In a thread of its own: a browser's driver may have its loop in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(lambda: asyncio.run(an_hour())).result() >= 3600


@pytest.mark.parametrize(
    ("told", "is_warned_of"),
    [
        ({}, False),
        ({"sandbox_speed": 10.0, "demo": True}, False),
        ({"sandbox_speed": 10.0}, True),
        ({"sandbox_speed": 10.0, "demo": True, "carrier": "twilio"}, True),
    ],
)
def test_a_speed_is_warned_of_outside_a_demonstration(
    tmp_path: Path, told: dict[str, Any], is_warned_of: bool
) -> None:
    problems = check_all(Settings(data_dir=tmp_path, **told), environment={})
    assert [each.warning for each in problems if each.code == "sandbox_speed"] == [True] * is_warned_of
