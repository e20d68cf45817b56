"""What a webhook says, freed of the carrier's words: who calls, which turn it is, and what the caller did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ivr_flows.outputs import Digits, Input, NoInput, Recorded, Resumed, Speech, Started

LONGEST_DIGITS: Final = 64
LONGEST_SPEECH: Final = 20_000
LONGEST_SID: Final = 64


class Mark(StrEnum):
    """Why a turn was asked for, where the fields alone do not say it."""

    SILENCE = "silence"
    """The prompt and its time were over."""
    LEFT = "left"
    """The caller is out of the conversation."""
    JOIN = "join"
    """Our own redirect: the operator is there."""
    LINE = "line"
    """Our own redirect: back into the waiting line."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One question of the carrier about one caller."""

    sid: str
    from_raw: str
    to_raw: str
    n: int
    """Number of the turn, from our own address; 0 is the first."""
    given: Input
    mark: Mark | None = None


class Malformed(ValueError):
    """A signed webhook without what every one of its kind has."""


def event_of(form: Mapping[str, str], *, n: int, mark: str | None) -> CallEvent:
    """Return the event of a form; unknown fields are ignored, over-long ones are cut. Raises Malformed."""
    sid = form.get("CallSid", "")
    if not 0 < len(sid) <= LONGEST_SID or not sid.isascii() or not sid.isprintable():
        raise Malformed("no CallSid")
    known = Mark(mark) if mark in set(Mark) else None
    return CallEvent(
        sid=sid,
        from_raw=_clean(form.get("From", "")),
        to_raw=_clean(form.get("To", "")),
        n=n,
        given=_given(form, n, known),
        mark=known,
    )


def _given(form: Mapping[str, str], n: int, mark: Mark | None) -> Input:
    if n == 0:
        return Started()
    if mark is Mark.LEFT:
        return Resumed()
    if mark is not None:
        return NoInput()
    if form.get("RecordingSid"):
        return Recorded(form["RecordingSid"][:LONGEST_SID], _seconds(form.get("RecordingDuration", "")))
    if form.get("SpeechResult", "").strip():
        text = _clean(form["SpeechResult"])[:LONGEST_SPEECH]
        return Speech(text, _confidence(form.get("Confidence", "")))
    if form.get("Digits"):
        return Digits(_clean(form["Digits"])[:LONGEST_DIGITS])
    return NoInput()


def _clean(text: str) -> str:
    """Drop what no column holds and no screen shows: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()


def _seconds(text: str) -> int:
    return min(int(text), 86_400) if text.isascii() and text.isdecimal() else 0


def _confidence(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None
