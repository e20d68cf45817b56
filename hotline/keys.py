"""The programme's own secrets: given by the environment, or made at the first start and kept in the data folder."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

SECRET_FILE = "secret.key"  # noqa: S105  # a file name


@dataclass(frozen=True, slots=True)
class Keys:
    """One master secret; every use has a key of its own, derived from it."""

    master: bytes

    def derive(self, use: str) -> bytes:
        """Return the 32-byte key of one use: HMAC-SHA-256 over its name."""
        return hmac.new(self.master, b"hotline-12351/" + use.encode(), hashlib.sha256).digest()


def load_keys(given: str, data_dir: Path) -> Keys:
    """Return the keys from `given`, else from the data folder, where the first start makes them (mode 0600)."""
    if given:
        return Keys(given.encode())
    path = data_dir / SECRET_FILE
    try:
        return Keys(path.read_text(encoding="ascii").strip().encode())
    except FileNotFoundError:
        data_dir.mkdir(parents=True, exist_ok=True)
    made = secrets.token_urlsafe(48)
    # Written aside and linked into place: of two first starts at once both then read the same secret.
    aside = data_dir / f".{SECRET_FILE}.{secrets.token_hex(8)}"
    with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123  # the mode must be right from the start
        file.write(made + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        made = path.read_text(encoding="ascii").strip()
    finally:
        aside.unlink()
    return Keys(made.encode())
