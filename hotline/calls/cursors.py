"""Cursors of lists: a few whole numbers that say where the next page begins, opaque to whoever carries them."""

from __future__ import annotations

import base64
import json

from dispatch.errors import Invalid

_BIGGEST = 2**63


def write_cursor(*parts: int) -> str:
    """Return the cursor of these numbers."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


def read_cursor(cursor: str, *, length: int) -> tuple[int, ...]:
    """Return the numbers of a cursor; raises Invalid for anything else."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (ValueError, RecursionError) as error:
        raise Invalid({"cursor": "翻页标记无效"}) from error
    whole = isinstance(parts, list) and len(parts) == length and all(type(each) is int for each in parts)
    if not whole or any(abs(each) >= _BIGGEST for each in parts):
        raise Invalid({"cursor": "翻页标记无效"})
    return tuple(parts)
