"""Recordings: how long they are, and a WAV of that length made when somebody asks for the sound."""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hotline.carriers.sandbox.legs import new_sid

SAMPLE_RATE = 8000
_TONE_HZ = 440


@dataclass(eq=False, slots=True)
class Recording:
    """One recording; `words` is what was said, since the sandbox has captions instead of sound."""

    account_sid: str
    call_sid: str
    conference_sid: str
    source: Literal["RecordVerb", "StartCallRecordingAPI", "Conference", "DialVerb"]
    started_at: datetime
    callback: str = ""
    callback_events: frozenset[str] = frozenset({"completed"})
    sid: str = field(default_factory=lambda: new_sid("RE"))
    status: Literal["in-progress", "paused", "completed", "absent"] = "in-progress"
    duration_s: int = 0
    words: list[str] = field(default_factory=list)
    _running_since: float | None = None
    _seconds: float = 0.0

    def run(self, at_s: float) -> None:
        """Begin or go on writing; `at_s` is the clock's `elapsed_s`."""
        self._count(at_s)
        self.status, self._running_since = "in-progress", at_s

    def pause(self, at_s: float, *, skip: bool = True) -> None:
        """Stop writing for a while; unless it is skipped, the pause stays in the recording as silence."""
        self._count(at_s)
        if not skip:
            self._running_since = at_s
        self.status = "paused"

    def finish(self, at_s: float) -> None:
        """Close the recording."""
        self._count(at_s)
        self.duration_s = max(round(self._seconds), 0)
        self.status = "completed"

    def _count(self, at_s: float) -> None:
        if self._running_since is not None:
            self._seconds += at_s - self._running_since
            self._running_since = None


def sound_of(duration_s: int) -> bytes:
    """Return a WAV (8 kHz, 16 bit, mono): a tenth of a second of tone in each second, silence between."""
    tone = b"".join(
        struct.pack("<h", round(6000 * math.sin(2 * math.pi * _TONE_HZ * n / SAMPLE_RATE)))
        for n in range(SAMPLE_RATE // 10)
    )
    second = tone + bytes(2 * SAMPLE_RATE - len(tone))
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(second * duration_s)
    return target.getvalue()
