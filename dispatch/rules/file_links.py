"""An address of one file that is good for a while: whoever has it may fetch the file, and nobody can make another."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

GOOD_FOR: Final = timedelta(days=1)
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{8,64})\.(\d{9,11})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class FileLinks:
    """Makes and reads such addresses."""

    key: bytes = field(repr=False)
    public_url: str = ""

    def address(self, name: str, *, expires_at: datetime) -> str:
        """Return the address of a file by its name in the vault."""
        until = int(expires_at.timestamp())
        return f"{self.public_url}/api/partner/v1/files/{name}.{until}.{self._mark(name, until)}"

    def name_in(self, token: str, *, now: datetime) -> str | None:
        """Return the name of the file that a token opens; None for one that is old or not ours."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        name, until, mark = parts[1], int(parts[2]), parts[3]
        if not hmac.compare_digest(self._mark(name, until), mark) or until <= now.timestamp():
            return None
        return name

    def _mark(self, name: str, until: int) -> str:
        return hmac.new(self.key, f"{name}|{until}".encode(), hashlib.sha256).hexdigest()
