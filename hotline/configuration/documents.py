"""The documents by which the hotline behaves: what each is called, and what stands in it before anybody changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CALENDAR: Final = "calendar.yaml"
SLA: Final = "sla.yaml"
ROUTING_RULES: Final = "routing_rules.yaml"
CATEGORIES: Final = "categories.yaml"
MESSAGES: Final = "messages.yaml"
READINGS: Final = "readings.yaml"
POLICIES: Final[Mapping[str, str]] = {
    CALENDAR: "日历",
    SLA: "时限",
    ROUTING_RULES: "派单规则",
    CATEGORIES: "诉求类别",
    MESSAGES: "短信与警示语",
    READINGS: "播报内容",
}
FLOWS: Final = "flows/"
MOST_CHARACTERS: Final = 200_000
"""The shipped catalogue has 25,000; more is not a policy but a mistake."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a text; `line` is None where only the whole is."""

    document: str
    line: int | None
    reason: str
    """A Chinese sentence."""


class ConfigRefused(Exception):
    """A text is not taken, and nothing of it was written."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=lambda each: (each.document, each.line or 0)))
        super().__init__(
            "\n".join(f"{each.document}:{each.line or 1}: {each.reason}" for each in self.findings)
        )


def label_of(document: str) -> str:
    """Return a document's Chinese name."""
    if document in POLICIES:
        return POLICIES[document]
    name = document.removeprefix(FLOWS)
    return f"语音流程 {name}"
