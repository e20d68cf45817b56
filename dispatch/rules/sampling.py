"""Which quiet tickets are looked at: drawn by number, so that everybody can check the draw and nobody can steer it."""

from __future__ import annotations

import hashlib


def drawn(number: str, percent: int) -> bool:
    """Whether the ticket of this number belongs to the sample of `percent` in a hundred."""
    digest = hashlib.sha256(number.encode()).digest()
    return int.from_bytes(digest[:4]) % 100 < percent
