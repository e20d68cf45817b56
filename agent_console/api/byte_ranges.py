"""One part of a body, as players ask for it when somebody jumps (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import Final

_ONE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class OutOfRange(Exception):  # the fact
    """Nothing of the body lies in the part that was asked for."""


def part_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and the last byte that is asked for, or None for the whole; raises OutOfRange.

    Several parts at once, and what is no range at all, are answered with the whole, as the standard allows.
    """
    asked = _ONE.fullmatch((header or "").replace(" ", ""))
    if asked is None or asked.groups() == ("", ""):
        return None
    begin, end = asked.groups()
    if not begin:
        # The last so many bytes.
        first, last = max(0, size - int(end)), size - 1
    else:
        first, last = int(begin), min(int(end) if end else size - 1, size - 1)
        if end and int(end) < int(begin):
            return None
    if first > last:
        raise OutOfRange(f"bytes */{size}")
    return first, last
