"""How much the public pages take from one address, one number and one day (config/public_pages.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dispatch.rules.policy import Fields

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")

LIMITS: Final = (
    "opens_per_address_an_hour",
    "drafts_per_address_an_hour",
    "draft_files_per_address_a_day",
    "saves_per_address_an_hour",
    "requests_per_address_a_day",
    "requests_per_phone_a_day",
    "requests_a_day",
    "notes_per_ticket_a_day",
    "records_per_ticket_a_day",
    "files_per_ticket_a_day",
    "checks_per_address_an_hour",
    "texts_per_number_a_day",
    "texts_a_day",
)

TEXTS: Final[Mapping[str, frozenset[str]]] = {
    "received": frozenset({"number", "code"}),
    "added": frozenset({"number"}),
    "progress": frozenset({"number", "state", "until"}),
    "sealed": frozenset({"number"}),
    **dict.fromkeys(
        (
            "wrong",
            "locked",
            "person",
            "need_code",
            "help",
            "crisis",
            "refused",
            "too_many",
            "quiet",
            "resumed",
        ),
        frozenset(),
    ),
}
"""Every short message and what it names; nothing else may stand in one."""


@dataclass(frozen=True, slots=True)
class PublicPolicy:
    """Times, tries and upper ends of what strangers may send."""

    open_for: timedelta
    """A ticket that was opened by number and code closes when nobody has looked at it for so long."""
    open_longest: timedelta
    wrong_tries_per_address: int
    """A whole dormitory may sit behind one address; of a ticket itself five wrong tries remain the limit."""
    draft_kept: timedelta
    answer_kept: timedelta
    """How long a sent form still answers with its number and code, to whoever lost the first answer."""
    least_time: timedelta
    joined_within: timedelta
    """Short messages of one number within so long of each other are one story."""
    limits: Mapping[str, int]
    texts: Mapping[str, str]

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> PublicPolicy:
        """Read the content of public_pages.yaml; raises PolicyError with the place of what cannot be read."""
        minutes = ("open_min", "open_longest_min", "answer_kept_min", "joined_within_min")
        known = (
            *minutes,
            "wrong_tries_per_address",
            "draft_kept_days",
            "least_time_s",
            "limits",
            "texts",
            "source",
        )
        top = Fields.of(data, where=(), known=known)
        top.text("source")
        limits = Fields.of(data.get("limits"), where=("limits",), known=LIMITS)
        open_min, longest, answer, joined = (timedelta(minutes=top.number(each, least=1)) for each in minutes)
        return cls(
            open_for=open_min,
            open_longest=longest,
            wrong_tries_per_address=top.number("wrong_tries_per_address", least=5),
            draft_kept=timedelta(days=top.number("draft_kept_days", least=1)),
            answer_kept=answer,
            least_time=timedelta(seconds=top.number("least_time_s", least=0)),
            joined_within=joined,
            limits={name: limits.number(name, least=1) for name in LIMITS},
            texts=_texts(data.get("texts")),
        )


def _texts(data: object) -> dict[str, str]:
    fields = Fields.of(data, where=("texts",), known=tuple(TEXTS))
    found = {}
    for name, allowed in TEXTS.items():
        text = fields.text(name)
        named = frozenset(PLACEHOLDER.findall(text))
        if named != allowed:
            raise fields.fail(name, f"must name {sorted(allowed)} and nothing else, not {sorted(named)}")
        found[name] = text
    return found
