"""What the public pages refuse before any use case is asked; no refusal says more than the next one."""

from __future__ import annotations


class PublicError(Exception):
    """Base of what the public pages refuse."""


class NotProven(PublicError):
    """The number or the code is wrong; nobody is told which, nor whether there is such a ticket."""


class TriesUsedUp(PublicError):
    """Too many wrong tries today, by whoever asks or about this number."""


class AskAPerson(PublicError):
    """Number and code fit more than one ticket: a person tells them apart."""


class NotOpen(PublicError):
    """No ticket is open in this browser, or not any more."""


class TooMany(PublicError):
    """More than one address, number or day is allowed; another try makes sense in `retry_after_s` seconds."""

    def __init__(self, what: str, retry_after_s: int) -> None:
        super().__init__(f"{what}: again in {retry_after_s} s")
        self.what = what
        self.retry_after_s = retry_after_s


class TooFast(PublicError):
    """A form came back faster than a person reads it."""
