"""How recordings lie on the disk: AES-256-GCM under a named key, so that keys can be changed one after another."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

OWN: Final = "own"
"""The key that is derived from the programme's own secret."""
_NONCE: Final = 12
_GIVEN = re.compile(r"([A-Za-z0-9_-]{1,16}):([0-9A-Fa-f]{64})")


class CannotOpen(Exception):  # the fact
    """No key opens it: the key is gone, or what lies on the disk is not what was put there."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Every key that is known; new recordings are sealed under `current`."""

    current: str
    keys: Mapping[str, bytes]

    @classmethod
    def of(cls, given: str, own: bytes) -> KeyRing:
        """Read `id:hex,id:hex`, the current one first; raises ValueError. The own key always opens what it sealed."""
        found: dict[str, bytes] = {}
        for part in (each.strip() for each in given.split(",") if each.strip()):
            read = _GIVEN.fullmatch(part)
            if read is None or read[1] == OWN or read[1] in found:
                raise ValueError("each recording key is ID:64 hexadecimal digits, and each ID stands once")
            found[read[1]] = bytes.fromhex(read[2])
        return cls(next(iter(found), OWN), {OWN: own, **found})

    def seal(self, sound: bytes, name: str) -> tuple[str, bytes]:
        """Return the current key's id and the sealed bytes; `name` is authenticated, so no file passes for another."""
        nonce = secrets.token_bytes(_NONCE)
        return self.current, nonce + AESGCM(self.keys[self.current]).encrypt(nonce, sound, name.encode())

    def open(self, key_id: str | None, sealed: bytes, name: str) -> bytes:
        """Return the sound; raises CannotOpen. Without a key's id it is a Fernet token, as the first version wrote."""
        try:
            if key_id is None:
                return recording_cipher(self.keys[OWN]).decrypt(sealed)
            return AESGCM(self.keys[key_id]).decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (KeyError, ValueError, InvalidTag, InvalidToken) as error:
            raise CannotOpen(f"{name}: key {key_id}") from error


def recording_cipher(key: bytes) -> Fernet:
    """Return the cipher of a 32-byte key by which the first version kept recordings, and small secrets still are."""
    return Fernet(base64.urlsafe_b64encode(key))
