"""How recordings lie on the disk: encrypted with a key that is derived from the programme's own secret."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet


def recording_cipher(key: bytes) -> Fernet:
    """Return the cipher of a 32-byte key (AES-128-CBC with HMAC-SHA-256, as Fernet fixes it)."""
    return Fernet(base64.urlsafe_b64encode(key))
