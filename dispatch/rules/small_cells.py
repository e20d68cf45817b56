"""Small cells: a number that stands on fewer than five cases could point at a worker, and is not shown to a union.

A union reads whole months only, each month is hidden or shown by itself, and every sum is of shown months: whatever is
put beside whatever else, nothing can be had by subtraction that no single cell says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

LEAST: Final = 5
"""Cases under a number that a union may read [D]; none at all may be said."""
EVERYTHING: Final = 1
"""What the centre itself reads: nothing is hidden."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted, and of how many cases; of a plain count both are the same."""

    numerator: int = 0
    base: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.numerator + other.numerator, self.base + other.base)


def is_small(tally: Tally, least: int) -> bool:
    """Whether so few cases stand under a number that it must not be shown."""
    return 0 < tally.base < least


def sum_of_shown(tallies: Iterable[Tally], least: int) -> Tally:
    """Return the sum of what may be shown; what is hidden is in no sum."""
    total = Tally()
    for tally in tallies:
        if not is_small(tally, least):
            total += tally
    return total
