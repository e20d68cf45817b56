"""Whether the time of an answer tells a wrong number from a wrong code; printed, never asserted on."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from dispatch import progress
from dispatch.database import Database
from dispatch.rules.numbering import TicketNumber
from hotline.migrations.metadata import metadata
from tests.builders import NOW, build_world, make_ticket

TICKETS = 100
TRIES = 4
"""Of each number: after the fifth it would be locked, which is another answer."""


@pytest.mark.bench
def test_a_wrong_number_takes_as_long_as_a_wrong_code(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    metadata.create_all(database.engine())
    world = build_world(database)
    with database.writing() as session:
        known = [TicketNumber.parse(make_ticket(session, world).number).spoken for _ in range(TICKETS)]
    took: dict[str, list[float]] = {"code": [], "number": []}
    for each in range(TICKETS * TRIES):
        number = known[each % TICKETS]
        for what, asked in (("code", number), ("number", f"{number[:4]}7{number[5:]}")):
            with database.writing() as session:
                began = time.perf_counter()
                found = progress.look_up(
                    session,
                    number=asked,
                    code="x",
                    caller=f"{each}-{what}",
                    policy=world.policy,
                    now=NOW,
                )
                took[what].append(time.perf_counter() - began)
            assert found.result is progress.Lookup.WRONG
    code, nobody = (statistics.median(took[what]) for what in ("code", "number"))
    print(f"\nwrong code {code * 1e6:.0f} µs, wrong number {nobody * 1e6:.0f} µs, ratio {nobody / code:.2f}")
    database.dispose()
