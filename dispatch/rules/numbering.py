"""Ticket numbers with a check digit, the ten digits a caller is told, and the code that opens a ticket to its caller."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from dispatch.rules.working_time import SHANGHAI

_NUMBER = re.compile(r"(\d{2})-?(\d{8})-?(\d{6})-?(\d)")
_SPOKEN = re.compile(r"(\d{2})(\d{2})-?(\d{6})")
LAST_SEQUENCE = 999_999
FIRST_YEAR = 2000


class NumberError(ValueError):
    """Not a number of ours: wrong form, impossible day or wrong check digit."""


@dataclass(frozen=True, slots=True)
class TicketNumber:
    """`37-20261122-000123-1`: province, Shanghai day, daily sequence, ISO 7064 MOD 11,10 digit."""

    province: str
    day: date
    sequence: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{2}", self.province):
            raise NumberError(f"province {self.province!r} is not two digits")
        if not 1 <= self.sequence <= LAST_SEQUENCE:
            raise NumberError(f"sequence {self.sequence} is not between 1 and {LAST_SEQUENCE}")

    def __str__(self) -> str:
        return f"{self.province}-{self.day:%Y%m%d}-{self.sequence:06d}-{self.check_digit}"

    @property
    def check_digit(self) -> int:
        return check_digit(f"{self.province}{self.day:%Y%m%d}{self.sequence:06d}")

    @property
    def spoken(self) -> str:
        """MMDD and sequence: the ten digits that the caller is told."""
        return f"{self.day:%m%d}{self.sequence:06d}"

    @classmethod
    def issue(cls, province: str, sequence: int, *, now: datetime) -> TicketNumber:
        return cls(province, now.astimezone(SHANGHAI).date(), sequence)

    @classmethod
    def parse(cls, text: str) -> TicketNumber:
        """Read a number as people type it (full width, spaces, without dashes); raises NumberError."""
        found = _NUMBER.fullmatch(_typed(text))
        if found is None:
            raise NumberError(f"{text[:40]!r} has not the form 37-20261122-000123-1")
        province, day, sequence, check = found.groups()
        number = cls(province, _day(day), int(sequence))
        if number.check_digit != int(check):
            raise NumberError(f"{text[:40]!r} has a wrong check digit")
        return number


@dataclass(frozen=True, slots=True)
class SpokenNumber:
    """What a caller keys in; it names no year, so it may fit several tickets."""

    month: int
    day: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> SpokenNumber:
        """Read ten digits MMDD + sequence; raises NumberError."""
        found = _SPOKEN.fullmatch(_typed(text))
        if found is None:
            raise NumberError("not ten digits")
        month, day, sequence = map(int, found.groups())
        # A leap year, so that 29 February is a day; which year it was is the caller's to find out.
        _day(f"2024{month:02d}{day:02d}")
        if sequence < 1:
            raise NumberError("sequences begin at 1")
        return cls(month, day, sequence)

    def days(self, *, today: date, years: int = 10) -> tuple[date, ...]:
        """Return the days this may mean, newest first, none in the future: tickets are kept ten years."""
        possible = []
        for year in range(today.year, today.year - years - 1, -1):
            try:
                day = date(year, self.month, self.day)
            except ValueError:
                continue
            if day <= today:
                possible.append(day)
        return tuple(possible)


def check_digit(digits: str) -> int:
    """Return the ISO 7064 MOD 11,10 digit, which finds every single wrong digit and most swapped ones."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10


def query_code(secret: bytes, number: str, generation: int) -> str:
    """Return six digits that prove knowledge of a ticket; a higher generation makes a new code.

    Uniform: values over the largest multiple of a million are drawn again, not folded back.
    """
    if len(secret) < 16:
        raise ValueError("the secret of query codes needs at least 16 bytes")
    ceiling = 2**64 - 2**64 % 1_000_000
    draw = 0
    while True:
        message = f"query-code|{number}|{generation}|{draw}".encode()
        value = int.from_bytes(hmac.digest(secret, message, hashlib.sha256)[:8])
        if value < ceiling:
            return f"{value % 1_000_000:06d}"
        draw += 1


def _typed(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text[:80])
    kept = "".join(sign for sign in folded if unicodedata.category(sign)[0] not in "CZ")
    return re.sub(r"[‐-―−]", "-", kept) if kept.isascii() is False else kept


def _day(text: str) -> date:
    # No ticket is older than the hotline; and years before 1000 lose their leading noughts when they are written.
    if text < f"{FIRST_YEAR}":
        raise NumberError(f"{text} is before {FIRST_YEAR}")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise NumberError(f"{text} is no day") from None
