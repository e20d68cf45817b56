"""What every verb shares: the document it stands in, speaking, and waiting for a person."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from hotline.carriers.sandbox.grammar import spoken
from hotline.carriers.sandbox.legs import Goto, Leg
from hotline.carriers.sandbox.scripts import Fetch, Signal, TimedOut, Wait

if TYPE_CHECKING:
    from hotline.carriers.sandbox.exchange import Exchange

MUSIC_S = 3.0
"""How long an unknown sound file lasts."""

Step: TypeAlias = Generator[Wait | Fetch, Signal, Goto | None]
Prompt: TypeAlias = Generator[Wait | Fetch, Signal, Signal | None]


class Turn:
    """One document being carried out for one leg."""

    def __init__(self, exchange: Exchange, leg: Leg, url: str) -> None:
        self.exchange = exchange
        self.leg = leg
        self.url = url

    def address(self, written: str) -> str:
        """Return an absolute address; relative ones start from this document's."""
        return urljoin(self.url, written.strip())

    def action(self, element: ET.Element) -> Goto:
        """Return where `action` leads; without it, to this document again."""
        written = element.get("action")
        return Goto(self.address(written) if written else self.url, element.get("method", "POST"))


def prompt(turn: Turn, element: ET.Element, *, busy: bool = True, heeds: tuple[type, ...] = ()) -> Prompt:
    """Speak, play or pause; return the signal among `heeds` that interrupted it."""
    exchange, leg = turn.exchange, turn.leg
    if element.tag == "Pause":
        seconds = float(element.get("length", "1"))
        return (yield from hold_on(exchange, seconds, heeds=heeds, busy=busy and seconds <= 5))
    rounds = int(element.get("loop", "1")) or 1000
    for _ in range(rounds):
        if element.tag == "Say":
            text = spoken(element)
            exchange.tell(leg, "caption", who="machine", text=text, language=element.get("language", "en-US"))
            seconds = exchange.speech_s(text)
        else:
            exchange.tell(leg, "music", url=(element.text or "").strip(), digits=element.get("digits", ""))
            seconds = MUSIC_S
        signal = yield from hold_on(exchange, seconds, heeds=heeds, busy=busy and rounds <= 10)
        if signal is not None:
            return signal
        if leg.far is not None and (keys := element.get("digits", "")):
            exchange.press(leg.far, keys.replace("w", "").replace("W", ""))
    return None


def hold_on(
    exchange: Exchange, seconds: float | None, *, heeds: tuple[type, ...] = (), busy: bool = False
) -> Prompt:
    """Wait; return the first signal among `heeds`, or None when the time is over. Others are lost."""
    began = exchange.clock.elapsed_s
    left = seconds
    while True:
        signal = yield Wait(left, busy)
        if isinstance(signal, TimedOut):
            return None
        if isinstance(signal, heeds):
            return signal
        if seconds is not None:
            left = max(seconds - (exchange.clock.elapsed_s - began), 0.0)
