"""Which conversations are recorded, and what tells the parties of it (config/recordings.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.rules.policy import Fields

KNOWN: Final = (
    "conversations",
    "counselling",
    "notices",
    "outbound_notice",
    "declined_notice",
    "decline_words",
)


@dataclass(frozen=True, slots=True)
class RecordingPolicy:
    """The rules of recording a conversation."""

    conversations: bool
    """Whether this centre records at all."""
    counselling: bool
    """Whether lines on which people confide are recorded too."""
    notices: frozenset[str]
    """The flows' prompts in which a caller hears that the call is recorded."""
    outbound_notice: str
    """What somebody hears whom we call, before the operator."""
    declined_notice: str
    """What the machine answers who wants no recording."""
    decline_words: tuple[str, ...]
    """What a caller says to the machine who wants no recording."""

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> RecordingPolicy:
        """Read `talks` of recordings.yaml; raises PolicyError with the place of what cannot be read."""
        fields = Fields.of(data.get("talks"), where=("talks",), known=(*KNOWN, "source"))
        fields.text("source")
        return cls(
            conversations=fields.flag("conversations"),
            counselling=fields.flag("counselling"),
            notices=frozenset(fields.words("notices")),
            outbound_notice=fields.text("outbound_notice"),
            declined_notice=fields.text("declined_notice"),
            decline_words=tuple(fields.words("decline_words")),
        )

    def is_declined_by(self, words: str) -> bool:
        """Whether somebody who says this wants no recording."""
        return any(each in words for each in self.decline_words)
