"""The seam to whatever carries a message: one protocol for text messages, mail and group robots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hotline.carriers.base import CarrierError


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way; `text` holds a ticket's number, a deadline and a link, and nothing of any person."""

    subject: str
    text: str
    key: str
    """The delivery's own name: the same for every try, so that a receiver could tell them apart."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes: a telephone number, a mailbox, or a robot's address with its signing secret."""

    to: str
    secret: str | None = None


class ChannelError(CarrierError):
    """The channel refused or could not be reached; what may be tried again is told as by a carrier."""


class Channel(Protocol):
    """One way to people. `send` blocks, never repeats by itself, and returns what the other side calls the message.

    Raises `ChannelError` (a carrier's own `CarrierError` too): `unknown_outcome` where it may have gone out.
    """

    def send(self, address: Address, message: Message) -> str | None: ...
