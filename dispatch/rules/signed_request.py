"""How a request between partners is signed: over its method, path, body, moment and a number used once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

SCHEME: Final = "12351-v1"
PARTNER_HEADER: Final = "Hotline-Partner"
TIMESTAMP_HEADER: Final = "Hotline-Timestamp"
NONCE_HEADER: Final = "Hotline-Nonce"
SIGNATURE_HEADER: Final = "Hotline-Signature"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # how every secret begins
"""Secrets are written as Standard Webhooks writes them."""

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SECONDS: Final = re.compile(r"[0-9]{9,11}")


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What a signature covers; `path` is as it was sent, with its query."""

    method: str
    path: str
    timestamp: str
    nonce: str
    body: bytes

    def text(self) -> str:
        """Return the six lines that are signed."""
        digest = hashlib.sha256(self.body).hexdigest()
        return "\n".join((SCHEME, self.method.upper(), self.path, self.timestamp, self.nonce, digest))


def sign(request: SignedRequest, secret: str) -> str:
    """Return the value of the signature header: `v1=` and HMAC-SHA-256 in hexadecimal."""
    return "v1=" + hmac.new(secret_bytes(secret), request.text().encode(), hashlib.sha256).hexdigest()


def is_signed(request: SignedRequest, signature: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets made this signature; takes the same time for every wrong one."""
    given = signature.encode("utf-8", "replace")
    # Each is tried: which of two secrets fits is nobody's business.
    tried = [hmac.compare_digest(sign(request, secret).encode(), given) for secret in secrets]
    return any(tried)


def is_fresh(request: SignedRequest, *, now: datetime, window: timedelta) -> bool:
    """Whether the timestamp is near enough to now, and the nonce of a form that can be kept."""
    if not _SECONDS.fullmatch(request.timestamp) or not _NONCE.fullmatch(request.nonce):
        return False
    return abs(now.timestamp() - int(request.timestamp)) <= window.total_seconds()


def secret_bytes(secret: str) -> bytes:
    """Return the key that a written secret stands for; raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if len(key) < 24:
        raise ValueError("a secret has at least 24 bytes")
    return key
