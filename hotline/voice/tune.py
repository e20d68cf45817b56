"""The tune for callers who wait: eight seconds of soft notes, computed once, nobody's property but ours."""

from __future__ import annotations

import array
import io
import math
import wave
from functools import cache
from typing import Final

from hotline.voice.twiml import TUNE_S

RATE_HZ: Final = 8_000
NOTES_HZ: Final = (392.0, 493.9, 587.3, 659.3, 587.3, 493.9, 440.0, 493.9)
"""One a second: a pentatonic turn that joins its own beginning."""
LOUDNESS: Final = 0.12


@cache
def tune() -> bytes:
    """Return the tune as WAV, 16 bit, mono, 8 kHz."""
    samples = array.array("h", (_sample(place) for place in range(RATE_HZ * TUNE_S)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return buffer.getvalue()


def _sample(place: int) -> int:
    second, within = divmod(place / RATE_HZ, 1.0)
    # Up in a twentieth of a second and slowly down, so that no note clicks.
    swell = min(within * 20, 1.0) * (1.0 - within)
    note = NOTES_HZ[int(second) % len(NOTES_HZ)]
    return int(32_767 * LOUDNESS * swell * math.sin(2 * math.pi * note * within))
