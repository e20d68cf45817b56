"""Where files lie: a folder of blobs under random names, each encrypted and bound to its name."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_LENGTH: Final = 12


class FileDamaged(RuntimeError):
    """What lies in the vault is missing, or is not what was put there."""


@dataclass(frozen=True, slots=True)
class Vault:
    """A folder that every process of the centre reaches; `key` has 32 bytes (AES-256-GCM)."""

    folder: Path
    key: bytes

    @staticmethod
    def new_name() -> str:
        """Return a name that nobody can guess."""
        return secrets.token_urlsafe(18)

    def put(self, name: str, content: bytes) -> None:
        """Keep content under its name; it is whole on the disk before this returns."""
        nonce = secrets.token_bytes(NONCE_LENGTH)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, content, name.encode())
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def get(self, name: str) -> bytes:
        """Return what was put there; raises FileDamaged."""
        try:
            sealed = self._path(name).read_bytes()
            return AESGCM(self.key).decrypt(sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:], name.encode())
        except (OSError, InvalidTag, ValueError) as error:
            raise FileDamaged(name) from error

    def remove(self, name: str) -> None:
        """Let content go for good; what is not there is gone already."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / f"{name}.sealed"
