"""Whom operators may bring into a conversation, and how long a caller may be kept on hold (config/conversation.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dispatch.rules.policy import Fields, PolicyError

_NUMBER: Final = re.compile(r"\+?[0-9]{3,20}")
_KNOWN: Final = ("hold", "colleague_s", "outside_s", "greeting", "parties")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody outside whom operators bring in by name."""

    code: str
    label: str
    number: str
    restricted: bool
    """Whether a caller in distress may be taken there."""


@dataclass(frozen=True, slots=True)
class TalkPolicy:
    """The rules of a conversation."""

    recall_after: timedelta
    recalls: int
    recall_text: str
    colleague_s: int
    outside_s: int
    greeting: str
    parties: Mapping[str, Party]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> TalkPolicy:
        """Read the content of conversation.yaml; raises PolicyError with the place of what cannot be read."""
        top = Fields.of(data, where=(), known=_KNOWN)
        hold = Fields.of(data.get("hold"), where=("hold",), known=("recall_s", "recalls", "text", "source"))
        hold.text("source")
        parties: dict[str, Party] = {}
        for place, value in top.each("parties"):
            known = ("code", "label", "number", "restricted", "source")
            party = _party(Fields.of(value, where=place, known=known))
            if party.code in parties:
                raise PolicyError(f"{party.code!r} is defined twice", where=place)
            parties[party.code] = party
        return cls(
            recall_after=timedelta(seconds=hold.number("recall_s", least=10)),
            recalls=hold.number("recalls", least=1),
            recall_text=hold.text("text"),
            colleague_s=top.number("colleague_s", least=5),
            outside_s=top.number("outside_s", least=5),
            greeting=top.text("greeting"),
            parties=parties,
        )


def _party(fields: Fields) -> Party:
    fields.text("source")
    number = fields.text("number")
    if _NUMBER.fullmatch(number) is None:
        raise fields.fail("number", f"{number!r} cannot be dialled")
    return Party(fields.text("code"), fields.text("label"), number, fields.flag("restricted"))
