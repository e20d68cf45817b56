"""Which voice speaks each language, and how speech of that language is recognised (config/voices.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.rules.policy import Fields, PolicyError


@dataclass(frozen=True, slots=True)
class Voice:
    """One language: the carrier's names for speaking and for hearing it."""

    say_language: str
    voice: str
    gather_language: str


@dataclass(frozen=True, slots=True)
class Voices:
    """Every language of the flows."""

    by_language: Mapping[str, Voice]
    fallback: str

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> Voices:
        """Read the content of voices.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=("voices",))
        voices: dict[str, Voice] = {}
        for place, value in top.each("voices"):
            fields = Fields.of(value, where=place, known=("code", "say_language", "voice", "gather_language"))
            code = fields.text("code")
            if code in voices:
                raise PolicyError(f"{code!r} is defined twice", where=place)
            voices[code] = Voice(
                fields.text("say_language"), fields.text("voice"), fields.text("gather_language")
            )
        if not voices:
            raise top.fail("voices", "there must be at least one voice")
        return cls(voices, next(iter(voices)))

    def get(self, language: str) -> Voice:
        """Return the language's voice; an unknown one is spoken by the first rather than not at all."""
        return self.by_language.get(language) or self.by_language[self.fallback]
