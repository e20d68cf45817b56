"""Hashes and checks passwords with argon2, on threads of its own so that no command waits behind it."""

from __future__ import annotations

import secrets
import threading

import anyio
import anyio.to_thread
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

THREADS = 2
"""One check takes 64 MiB and tens of milliseconds of a core; more at once only evict each other."""


class Passwords:
    """One hasher and its threads; make one a process."""

    def __init__(self, hasher: Argon2Hasher | None = None) -> None:
        self._hash = PasswordHash((hasher or Argon2Hasher(),))
        self._limiter: anyio.CapacityLimiter | None = None
        self._nobody: str | None = None
        self._making = threading.Lock()

    def hash(self, password: str) -> str:
        """Return the encoded hash that the account keeps; slow on purpose."""
        return self._hash.hash(password)

    async def matches(self, password: str, encoded: str | None) -> tuple[bool, str | None]:
        """Return whether it is the account's password, and a new hash where the old one has become too weak."""
        if self._limiter is None:
            # Made here: a limiter belongs to the event loop that first uses it.
            self._limiter = anyio.CapacityLimiter(THREADS)
        found, renewed = await anyio.to_thread.run_sync(
            self._verify, password, encoded, limiter=self._limiter
        )
        return (found, renewed) if encoded else (False, None)

    def _verify(self, password: str, encoded: str | None) -> tuple[bool, str | None]:
        # Checked where the account does not exist, so that the answer takes as long as for one that does. It is made
        # at the first sign-in, whoever's that is: at the start it would take a tenth of a second.
        with self._making:
            if self._nobody is None:
                self._nobody = self._hash.hash(secrets.token_urlsafe(32))
        try:
            return self._hash.verify_and_update(password, encoded or self._nobody)
        except UnknownHashError:
            # An account whose password was taken away keeps a mark that is no hash.
            return False, None
