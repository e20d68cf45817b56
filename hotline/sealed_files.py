"""A file sealed with a passphrase: scrypt, then AES-256-GCM piece by piece, so that any size fits into little memory."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC: Final = b"HOTLINE-SEALED-1"
_SALT: Final = 16
_PIECE: Final = 1 << 20
_TAG: Final = 16
_LAST, _MORE = b"\x01", b"\x00"


class WrongPassphrase(Exception):  # the fact
    """The passphrase is another one, or the file is damaged or cut off."""


def is_sealed(path: Path) -> bool:
    """Return whether a file begins as sealed ones do."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def seal(source: Path, target: Path, passphrase: str) -> None:
    """Write the sealed form of a file."""
    salt = secrets.token_bytes(_SALT)
    cipher = _cipher(passphrase, salt)
    with source.open("rb") as plain, target.open("wb") as sealed:
        target.chmod(0o600)
        sealed.write(MAGIC + salt)
        n, piece = 0, plain.read(_PIECE)
        while True:
            following = plain.read(_PIECE)
            # The mark of the last piece is authenticated: a file that was cut off does not open.
            sealed.write(cipher.encrypt(_nonce(n), piece, _MORE if following else _LAST))
            if not following:
                return
            n, piece = n + 1, following


def unseal(source: Path, target: Path, passphrase: str) -> None:
    """Write the plain form of a sealed file; raises WrongPassphrase."""
    with source.open("rb") as sealed, target.open("wb") as plain:
        target.chmod(0o600)
        sealed.read(len(MAGIC))
        cipher = _cipher(passphrase, sealed.read(_SALT))
        try:
            _open_pieces(sealed, plain, cipher)
        except InvalidTag as error:
            raise WrongPassphrase from error


def _open_pieces(sealed: BinaryIO, plain: BinaryIO, cipher: AESGCM) -> None:
    n, piece = 0, sealed.read(_PIECE + _TAG)
    while True:
        following = sealed.read(_PIECE + _TAG)
        plain.write(cipher.decrypt(_nonce(n), piece, _MORE if following else _LAST))
        if not following:
            return
        n, piece = n + 1, following


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))


def _nonce(n: int) -> bytes:
    # The key is of this file alone, by its salt: a counter never repeats under it.
    return n.to_bytes(12, "big")
